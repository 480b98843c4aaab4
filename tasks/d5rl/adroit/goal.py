"""When a task of the hand is done: what is measured, and the bound that counts.

Bounds: D5RL's binary Adroit tasks (github.com/d5rlbenchmark/d5rl). gymnasium-robotics' own flags
have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np


def pen_is_turned(distance: float, cosine: float) -> bool:
    """Whether the pen is where it belongs and points as the other does.

    Args:
        distance: from its middle to where it belongs [m].
        cosine: of the angle between the pens.
    """
    return distance < 0.075 and cosine > 0.95


def door_is_open(hinge: float) -> bool:
    """Whether the door is open.

    Args:
        hinge: its angle [rad].
    """
    return hinge >= 1.35


def nail_is_in(distance: float) -> bool:
    """Whether the nail is in the board.

    Args:
        distance: of its head from where it ends [m].
    """
    return distance < 0.01


def ball_is_there(distance: float) -> bool:
    """Whether the ball is at the target.

    Args:
        distance: between their middles [m].
    """
    return distance < 0.1


def _pen(data: Any) -> dict[str, float]:
    def along(thing: str) -> Any:
        way = data.site(f"{thing}_top").xpos - data.site(f"{thing}_bottom").xpos
        return way / np.linalg.norm(way)

    return {
        "distance": _apart(data.body("Object").xpos, data.site("eps_ball").xpos),
        "cosine": float(along("object") @ along("target")),
    }


def _door(data: Any) -> dict[str, float]:
    return {"hinge": float(data.joint("door_hinge").qpos[0])}


def _hammer(data: Any) -> dict[str, float]:
    return {"distance": _apart(data.site("S_target").xpos, data.site("nail_goal").xpos)}


def _relocate(data: Any) -> dict[str, float]:
    return {"distance": _apart(data.body("Object").xpos, data.site("target").xpos)}


def _apart(one: Any, other: Any) -> float:
    return float(np.linalg.norm(one - other))


@dataclass(frozen=True)
class Goal:
    """What a task is judged by.

    Attributes:
        measure: named figures of a ``mujoco.MjData``.
        reached: whether such figures are enough.
    """

    measure: Callable[[Any], dict[str, float]]
    reached: Callable[..., bool]


GOALS: Mapping[str, Goal] = MappingProxyType(
    {
        "pen": Goal(_pen, pen_is_turned),
        "door": Goal(_door, door_is_open),
        "hammer": Goal(_hammer, nail_is_in),
        "relocate": Goal(_relocate, ball_is_there),
    }
)
"""By task."""


def reward_of(reached: bool) -> float:
    """Nothing at the goal, -1 elsewhere."""
    return 0.0 if reached else -1.0
