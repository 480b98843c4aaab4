"""The scripted solver of social navigation: an ORCA robot that keeps some distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from ...core.errors import BadArgument
from .environment import SocialNavigation
from .policy import OrcaRobot

SAFETY = 0.15
"""Kept from everybody beyond the radii [m]: with people who do not see the robot it wins nine
crossings in ten, where without it it wins four."""


class OrcaOracle:
    """Plays with the world's state before it; for holonomic robots.

    Args:
        env: a :class:`SocialNavigation`, wrapped or not.

    Raises:
        BadArgument: another environment, or a robot that is not holonomic.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        inner = env.unwrapped
        if not isinstance(inner, SocialNavigation):
            raise BadArgument(f"the ORCA robot cannot play {type(inner).__name__}")
        self._env = inner
        self._policy = OrcaRobot(SAFETY)

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """An episode begins."""
        if self._env.world.scene.body.kinematics != "holonomic":
            raise BadArgument("the ORCA robot is holonomic; choose a robot that is")
        self._policy.reset(self._env.world)

    def act(self, observation: Mapping[str, Any]) -> Any:
        """The next action; looks at the world, not at its argument."""
        velocity = self._policy.velocity(self._env.world)
        if self._env.velocities is not None:
            off = self._env.velocities - velocity
            return np.int64(np.argmin((off * off).sum(axis=1)))
        space = self._env.action_space
        assert isinstance(space, gymnasium.spaces.Box)
        return np.clip(velocity.astype(np.float32), space.low, space.high)


def make_oracle(env: gymnasium.Env[Any, Any]) -> OrcaOracle:
    """The oracle of a social navigation task."""
    return OrcaOracle(env)
