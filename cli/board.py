"""``polyathlon leaderboard``: its commands, each from the module that it stands in."""

from __future__ import annotations

from . import export, signing, verification
from .leaderboard import leaderboard_group

__all__ = ["export", "leaderboard_group", "signing", "verification"]
