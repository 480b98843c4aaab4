"""The site of a board: static pages that open from a disk, load nothing else, and run in a cage.

``build`` makes it from a folder of submissions. ``page`` is what all pages share: the policy, the
style sheet, the loader. ``home`` lists the programmes, ``ranking`` is the page of one, ``dossier``
that of a submission, ``difference`` that of two side by side. ``feed`` writes what the scripts
of ``asset/`` read: episodes, recorded actions and pictures.
"""
