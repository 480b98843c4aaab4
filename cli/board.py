"""``polyathlon leaderboard``: its commands, each from the module that it stands in."""

from __future__ import annotations

from . import signing, verification
from .leaderboard import leaderboard_group

__all__ = ["leaderboard_group", "signing", "verification"]
