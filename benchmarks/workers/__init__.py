"""The supervised processes in which environments live: one a slot.

``channel`` is the shared memory and the doorbells between the two sides, ``message`` what goes
over the control socket, ``process`` the program inside a worker, ``slot`` the parent's view of
one, ``pool`` all of them and what happens when one fails.
"""
