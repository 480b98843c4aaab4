"""From episodes to a table: intervals, a run's summary, its report, and the board of many runs.

Reads run directories and nothing else: neither a simulator nor a learning framework is needed
to check a score. ``intervals`` holds the statistics, ``summary`` makes ``result.json``, ``report``
the HTML page of one run, ``intake`` finds and reads many, ``board`` ranks them, ``website`` makes
the pages around the board, and ``contracts`` writes the JSON Schemas of ``schema/`` from the types.
"""
