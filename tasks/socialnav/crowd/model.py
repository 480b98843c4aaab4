"""What a crowd is to the world: it is put on a scene, and takes steps beside a robot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..dice import Dice
from ..scene import Scene
from .visibility import Visibility
from .walker import Walkers

Floats = NDArray[np.float64]


class CrowdModel(Protocol):
    """A model of walking people.

    Attributes:
        name: its name in logs.
        visibility: the track.
        walkers: the people: where they are, where they want to go, who sees the robot.
    """

    name: str
    visibility: Visibility
    walkers: Walkers

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts the people of a scene on their places. All randomness comes from the dice."""
        ...

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody decides by what is seen now, and walks on.

        Args:
            robot_pos: where the robot is now, `[2]` [m]; it was set there, whatever the model
                thinks of it.
            robot_vel: its velocity now, `[2]` [m/s].
            dt: until the next step [s].

        Returns:
            the new positions `[H, 2]` [m] and the velocities that led there, `[H, 2]` [m/s];
            neither is written to afterwards.
        """
        ...

    def state(self) -> Mapping[str, Any]:
        """All that the next step depends on, copied."""
        ...
