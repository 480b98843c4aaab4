"""People who walk by ORCA and cannot see a robot through walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..dice import Dice
from ..scene import Scene
from .orca import Orca, Simulation

Floats = NDArray[np.float64]


class SightedOrca(Orca):
    """ORCA as in ``Orca``, but whoever has a wall between them and the robot does not mind it.

    Around a blind corner two agents of plain ORCA make way for each other long before they could
    have met. Of each other people know all the same.
    """

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts the people of a scene on their places."""
        super().reset(scene, dice)
        self._segments = scene.floor.segments
        walkers = self.walkers
        if len(self._segments) and self._seeing is not None and self._blind is None:
            self._blind = Simulation(scene, walkers.radius, walkers.speed, self._settings)

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody decides by what is seen now, and walks on; see ``CrowdModel``."""
        walkers = self.walkers
        if not len(self._segments) or self._seeing is None:
            return super().step(robot_pos, robot_vel, dt)
        minded = walkers.aware
        walkers.aware = minded & in_sight(walkers.pos, robot_pos, self._segments)
        moved = super().step(robot_pos, robot_vel, dt)
        walkers.aware = minded
        return moved


def in_sight(places: Floats, target: Floats, segments: Floats) -> NDArray[np.bool_]:
    """Whether no wall lies between places and a target, `[H]`.

    Args:
        places: `[H, 2]` [m].
        target: `[2]` [m].
        segments: walls, ``x1 y1 x2 y2``, `[W, 4]` [m].
    """
    first, last = segments[None, :, :2], segments[None, :, 2:]
    here = places[:, None]
    across = _side(here, target, first) * _side(here, target, last) < 0
    along = _side(first, last, here) * _side(first, last, target[None, None]) < 0
    return np.asarray(~(across & along).any(axis=1))


def _side(begin: Floats, end: Floats, point: Floats) -> Floats:
    """Positive where a point lies to the left of a line, `[H, W]`."""
    way, off = end - begin, point - begin
    return np.asarray(way[..., 0] * off[..., 1] - way[..., 1] * off[..., 0])
