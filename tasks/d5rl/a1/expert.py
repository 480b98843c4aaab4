"""The oracle of the A1's tasks: a trot that steers by the bearing and hurries when it is late."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument
from .environment import A1
from .gait import Gait, joint_targets
from .pose import action_of
from .simulation import CONTROL_STEP

_SLOW = Gait(frequency=2.279, stride=0.142, lift=0.092, height=0.273, shift=-0.027)

GAITS: Mapping[str, Gait] = MappingProxyType(
    {
        "d5rl.a1-walk-v1": _SLOW,
    }
)
"""By task; found by ``tests/proofs/gaits.py``, which says from which seeds."""

SMOOTHING = 0.1
"""Share of the newest speed in the mean by which the expert hurries."""


def gait_for(env: A1) -> Gait:
    """The gait of the speed nearest to the one that a task asks for."""
    return _SLOW


class TrotExpert:
    """Trots.

    Args:
        env: an :class:`A1`, wrapped or not.
        gait: the trot; None for the one that suits the task best.

    Raises:
        BadArgument: another environment.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], gait: Gait | None = None) -> None:
        inner = env.unwrapped
        if not isinstance(inner, A1):
            raise BadArgument(f"the trot cannot play {type(inner).__name__}")
        self._env = inner
        self._gait = gait_for(inner) if gait is None else gait
        self._phase, self._speed = 0.0, 0.0

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """An episode begins."""
        self._phase, self._speed = 0.0, self._env.speed

    def act(self, observation: Mapping[str, Any]) -> NDArray[np.float32]:
        """The next action `[12]`; looks at the world, not at its argument."""
        forward = self._env.simulation.motion().forward
        self._speed += SMOOTHING * (forward - self._speed)
        lack = self._env.speed - self._speed
        joints = joint_targets(self._gait, self._phase, self._env.bearing, lack)
        self._phase += self._gait.frequency * CONTROL_STEP
        return action_of(joints).astype(np.float32)


def make_expert(env: gymnasium.Env[Any, Any]) -> TrotExpert:
    """The oracle of an A1 task."""
    return TrotExpert(env)
