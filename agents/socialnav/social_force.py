"""A robot that is pulled by its goal and pushed by people and walls, as in CrowdNav++."""

from __future__ import annotations

from typing import Any

import numpy as np

from .drive import Drive
from .pilot import Pilot
from .straight import towards
from .view import Floats, View

STRENGTH, REACH, GAIN = 2.0, 1.0, 1.0
"""Push at touch [m/s^2], distance over which it falls by e [m], and rate at which the wished
velocity is taken up [1/s]: ``A``, ``B`` and ``KI`` of CrowdNav++'s ``social_force.py``."""

WALL_REACH = 0.2
"""The same distance for walls [m]; ours: they do not come nearer of themselves."""

RUSH = 1e-6
"""Time in which it would be at the goal: it never slows down, likewise [s]."""


class SocialForce(Pilot):
    """Moves by the sum of the forces; of walls only the nearest point of the scan pushes."""

    observations = ("state", "lidar")

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        pull = GAIN * (towards(view, RUSH) - view.velocity)
        push = _push(view.people, view.sizes + view.radius, REACH).sum(axis=0)
        if len(view.walls):
            nearest = view.walls[[np.argmin((view.walls**2).sum(axis=1))]]
            push = push + _push(nearest, np.array([view.radius]), WALL_REACH).sum(axis=0)
        velocity = view.velocity + (pull + push) * drive.dt
        size = float(np.hypot(*velocity))
        return drive.action(velocity * min(1.0, view.fastest / max(size, 1e-9)))


def _push(places: Floats, touch: Floats, reach: float) -> Floats:
    """Accelerations away from each place, `[N, 2]` [m/s^2].

    Args:
        places: `[N, 2]` [m].
        touch: distances at which there is contact, `[N]` [m].
        reach: over which the push falls by e [m].
    """
    away = np.hypot(places[:, 0], places[:, 1])
    size = STRENGTH * np.exp((touch - away) / reach) / np.maximum(away, 1e-9)
    return np.asarray(-size[:, None] * places)
