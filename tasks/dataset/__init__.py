"""Recorded episodes on disk: our own and Minari's in one layout, others' through readers."""
