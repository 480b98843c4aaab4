"""People who walk by ORCA and cannot see a robot through walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..dice import Dice
from ..percept import in_sight
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
        self._floor = scene.floor
        walkers = self.walkers
        if not self._floor.empty and self._seeing is not None and self._blind is None:
            self._blind = Simulation(scene, walkers.radius, walkers.speed, self._settings)

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody decides by what is seen now, and walks on; see ``CrowdModel``."""
        walkers = self.walkers
        if self._floor.empty or self._seeing is None:
            return super().step(robot_pos, robot_vel, dt)
        minded = walkers.aware
        walkers.aware = minded & in_sight(self._floor, robot_pos, walkers.pos)
        moved = super().step(robot_pos, robot_vel, dt)
        walkers.aware = minded
        return moved
