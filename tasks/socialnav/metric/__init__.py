"""Metrics of social navigation: step series of a log, and what they reduce to."""
