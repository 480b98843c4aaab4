"""Episodes as work items over the machines of a Ray cluster.

``message`` is what the two sides say, ``troupe`` the actor that plays on a node, ``engine`` the
evaluator's side, which deals, records, and hires anew what was lost.
"""
