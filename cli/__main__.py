"""``python -m polyathlon.cli`` is ``polyathlon``."""

from . import main

main()
