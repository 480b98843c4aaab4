"""From a velocity that a robot would like to the action that its body takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from ...core.errors import BadArgument
from ...core.specs import Brief

TURNS: Mapping[tuple[str, ...], bool] = {("vx", "vy"): False, ("v", "omega"): True}
"""Names of a body's actions, and whether it drives: looks where it goes."""

STEERING = 0.5
"""Time in which a robot that drives turns into the direction it wants [s]; ours."""


class Drive:
    """What the brief says of a body.

    Args:
        brief: of an episode.

    Attributes:
        drives: whether it takes (v, omega), else (vx, vy).
        bounds: least and greatest action, each `[2]`.
        dt: between two actions [s].

    Raises:
        BadArgument: the body is not one of a robot on a floor, or takes no velocities.
    """

    def __init__(self, brief: Brief) -> None:
        body, space = brief.embodiment, brief.action_space
        moves = body.action_names in TURNS and isinstance(space, spaces.Box)
        if not moves or space.shape != (2,) or not body.control_hz:
            raise BadArgument(
                f"this robot gives velocities, (vx, vy) or (v, omega), to socialnav tasks; "
                f"body '{body.id}' takes {', '.join(body.action_names) or body.kind}"
            )
        self.drives, self.dt = TURNS[body.action_names], 1.0 / body.control_hz
        self.bounds = (space.low, space.high)

    def action(self, velocity: ArrayLike) -> NDArray[Any]:
        """The action nearest to a velocity.

        Args:
            velocity: `[2]` [m/s], in the frame of :class:`~.view.View`.
        """
        x, y = (float(part) for part in np.asarray(velocity))
        if self.drives:
            speed, off = math.hypot(x, y), math.atan2(y, x)
            # Whoever looks away turns first and goes then.
            ahead = speed * max(0.0, math.cos(off))
            x, y = ahead, off / STEERING if speed > 1e-6 else 0.0
        return self.command(x, y)

    def command(self, first: float, second: float) -> NDArray[Any]:
        """The action itself, within its space."""
        low, high = self.bounds
        return np.asarray(np.clip(np.array([first, second], low.dtype), low, high))
