"""The oracle of the A1's tasks: a trot that steers by the bearing and hurries when it is late."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument
from .environment import A1, A1Walk
from .gait import Gait, joint_targets
from .pose import action_of
from .simulation import CONTROL_STEP

_AMBLE = Gait(
    frequency=2.2781,
    stride=0.0953,
    lift=0.0843,
    height=0.2702,
    shift=-0.0299,
    press=-0.0003,
    rear=-0.2438,
    steer=0.8068,
    hurry=0.5626,
)
_TROT = Gait(
    frequency=2.5604,
    stride=0.1695,
    lift=0.0835,
    height=0.2643,
    shift=-0.0458,
    press=-0.0069,
    rear=0.0,
    steer=0.4561,
    hurry=0.2323,
)
_BRISK = Gait(
    frequency=2.5021,
    stride=0.2018,
    lift=0.0776,
    height=0.265,
    shift=-0.0409,
    press=0.0,
    rear=-0.0032,
    steer=0.5415,
    hurry=0.2622,
)
_SWIFT = Gait(
    frequency=2.8293,
    stride=0.2134,
    lift=0.0798,
    height=0.2587,
    shift=-0.0342,
    press=0.0066,
    rear=0.0063,
    steer=0.2497,
    hurry=0.2098,
)
_STEADY = Gait(
    frequency=2.279, stride=0.142, lift=0.092, height=0.273, shift=-0.027, steer=0.6, hurry=0.3
)

GAITS: Mapping[float, Gait] = MappingProxyType(
    {0.25: _AMBLE, 0.5: _STEADY, 0.75: _TROT, 1.0: _BRISK, 1.25: _SWIFT}
)
"""By speed asked for [m/s]. Found by the searches in ``tests/proofs/gaits.py``, but for
that of 0.5 m/s, where they begin."""

HILLS = Gait(
    frequency=3.2,
    stride=0.19,
    lift=0.1,
    height=0.268,
    shift=-0.0342,
    press=0.0066,
    rear=0.0063,
    steer=0.2497,
    hurry=0.4,
    sway=0.3,
    right=-0.3,
    ease=2.0,
)
"""On the hill course and the field: that of 1.25 m/s with higher feet and quicker steps, and legs
that catch the trunk when it drifts. Set by hand; a search around it found none better."""

SMOOTHING = 0.1
"""Share of the newest speed in the mean by which the expert hurries."""

SHARPEST = 0.25
"""Bearing beyond which the expert does not turn more sharply [rad]; of our own choice, untuned."""


def gait_for(env: A1) -> Gait:
    """The gait of uneven ground, or that of the speed nearest to the one that is asked for."""
    if not isinstance(env, A1Walk):
        return HILLS
    return GAITS[min(GAITS, key=lambda speed: abs(speed - env.speed))]


class TrotExpert:
    """Trots.

    Args:
        env: an :class:`A1`, wrapped or not.
        gait: the trot; None for the one that suits the task.

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
        motion = self._env.simulation.motion()
        self._speed += SMOOTHING * (motion.forward - self._speed)
        lack = self._env.speed - self._speed
        bearing = min(SHARPEST, max(-SHARPEST, self._env.bearing))
        drift = self._env.simulation.drift()
        joints = joint_targets(self._gait, self._phase, bearing, lack, drift, motion.roll)
        self._phase += self._gait.frequency * CONTROL_STEP
        return action_of(joints).astype(np.float32)


def make_expert(env: gymnasium.Env[Any, Any]) -> TrotExpert:
    """The oracle of an A1 task."""
    return TrotExpert(env)
