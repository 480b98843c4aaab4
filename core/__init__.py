"""The words everyone speaks: errors, specs, episodes, protocols, the registry, the journal.

Imports no other room and no simulator.
"""
