"""From episodes to a table: a run's figures and report, submissions, and the board of many runs.

Neither a simulator nor a learning framework is needed to check a score. ``intervals`` and
``performance`` hold the statistics, ``score`` the figures of some tasks, ``summary`` makes
``result.json``, ``report`` the HTML page of one run. ``submission`` packs runs into a file that
``validation`` counts again; ``verification`` judges what playing it again has shown. ``intake``
finds and reads many, ``assembly`` ranks them as a ``board``, ``website`` makes the pages around
it, ``export`` writes the figures for others, and ``contracts`` the JSON Schemas of ``schema/`` from
the types.
"""
