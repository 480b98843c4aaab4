"""Policies that run elsewhere: a server for any agent, and agents that ask a server.

``wire`` is what the two say to each other, ``link`` carries it for the evaluator, ``server`` for
the policy. ``openpi`` and ``vlaeval`` speak the protocols of other suites.
"""
