"""How well what is recorded plays: a name for a quality of data."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """A quality of data that a task's solver can make.

    Attributes:
        noise: deviation of what is added to the solver's actions, as a share of half their range;
            of a body that has a list of actions, the share of them drawn at random instead.
        random: share of the episodes that are played at random instead.
        successes: only episodes that succeed are kept.
        solver: further arguments of the task's oracle, by name.
        parts: tiers that take turns, episode by episode, in place of all this.
    """

    noise: float = 0.0
    random: float = 0.0
    successes: bool = False
    solver: Mapping[str, float] = {}
    parts: tuple[str, ...] = ()
