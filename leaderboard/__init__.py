"""From episodes to a table: intervals, a run's summary, its report, and the board of many runs.

Reads run directories and nothing else: neither a simulator nor a learning framework is needed
to check a score. ``intervals`` holds the statistics, ``summary`` makes ``result.json``, ``report``
the HTML page of one run, ``board`` ranks several, and ``contracts`` writes the JSON Schemas of
``schema/`` from the types.
"""
