"""The original's own apartments: ReplicaCAD, drawn by habitat-sim in a process of its own.

``world`` is what an environment holds, ``bridge`` starts the process and speaks with it,
``settings`` finds its interpreter and its assets. In the process runs ``worker``, with
``apartment``, ``simulator``, ``geometry`` and ``frame``: these work with Python 3.8.
"""
