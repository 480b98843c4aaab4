"""The scripted solvers of the cards as players of their tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument
from ..environment import SocialNavigation
from ..policy import Policy
from ..robot import Robot
from . import CARDS
from .oracle import Guided, go

Floats = NDArray[np.float64]

GAIN = 2.5
"""With which a robot on wheels turns to where it wants to go [1/s]."""


class CardOracle:
    """Plays a card as it wants to be played, with the world's state before it.

    A robot on wheels turns to where a holonomic one would go at once, and is the worse for it.

    Args:
        env: a :class:`SocialNavigation`, wrapped or not.

    Raises:
        BadArgument: another environment.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        inner = env.unwrapped
        if not isinstance(inner, SocialNavigation):
            raise BadArgument(f"the oracle of a card cannot play {type(inner).__name__}")
        self._env = inner
        self._policy: Policy = Guided(go())

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """An episode begins."""
        name = str(self._env.world.scene.meta.get("card"))
        self._policy = CARDS[name].oracle() if name in CARDS else Guided(go(0.15))
        self._policy.reset(self._env.world)

    def act(self, observation: Mapping[str, Any]) -> Any:
        """The next action; looks at the world, not at its argument."""
        world = self._env.world
        wanted = self._policy.velocity(world)
        if world.scene.body.kinematics == "differential":
            wanted = steered(world.robot, wanted)
        if self._env.velocities is not None:
            off = self._env.velocities - wanted
            return np.int64(np.argmin((off * off).sum(axis=1)))
        space = self._env.action_space
        assert isinstance(space, gymnasium.spaces.Box)
        return np.clip(wanted.astype(np.float32), space.low, space.high)


def steered(robot: Robot, velocity: Floats) -> Floats:
    """The command of a robot on wheels that comes nearest to a velocity, (v, omega) `[2]`.

    Args:
        robot: where it looks now.
        velocity: that is wanted, `[2]` [m/s].
    """
    size = float(np.hypot(velocity[0], velocity[1]))
    if size < 1e-3:
        return np.zeros(2)
    off = math.atan2(velocity[1], velocity[0]) - robot.yaw
    off = (off + math.pi) % (2 * math.pi) - math.pi
    return np.array([size * max(math.cos(off), 0.0) ** 2, GAIN * off])


def make_oracle(env: gymnasium.Env[Any, Any]) -> CardOracle:
    """The oracle of a card's task."""
    return CardOracle(env)
