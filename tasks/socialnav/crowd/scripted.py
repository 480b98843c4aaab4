"""People who go exactly where their scripts say: no avoidance, so that a card can rely on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dice import Dice
from ..scene import Scene
from .visibility import Visibility, halted
from .walker import Walkers

Floats = NDArray[np.float64]


class Scripted:
    """A crowd whose velocity is its wish, cut to the speed each one likes.

    Args:
        track: ``aware_no_yield`` makes them stop before the robot; on the others they do not
            mind it beyond what their scripts say.
        dither: see ``Walkers``.
    """

    name = "scripted"
    walkers: Walkers

    def __init__(self, track: str = "invisible", dither: float = 0.0) -> None:
        self.visibility, self._dither = Visibility.named(track), dither

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts the people of a scene on their places."""
        self.walkers = Walkers(scene, self.visibility, dice, self._dither)
        self._robot_radius = scene.body.radius

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody does what they wish; see ``CrowdModel``."""
        walkers = self.walkers
        vel = walkers.wish(robot_pos, robot_vel, dt)
        pace = np.hypot(vel[:, 0], vel[:, 1])
        vel = vel * np.minimum(walkers.speed / np.where(pace > 0, pace, 1.0), 1.0)[:, None]
        if walkers.halts:
            vel = halted(walkers.pos, vel, walkers.radius, robot_pos, self._robot_radius)
        walkers.walk(vel, dt)
        return walkers.pos, walkers.vel

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return self.walkers.state()
