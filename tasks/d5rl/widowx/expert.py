"""The oracle of the WidowX's tasks: takes one object after the other to its bin.

It looks at where things are before every step, and at nothing that was: what it has lost it takes
hold of again, and what noise does to its actions it undoes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument
from ....core.tier import Tier
from . import body, scene
from .environment import WidowX
from .simulation import CONTROL_STEP, DOWN_LEFT_AHEAD

Floats = NDArray[np.float64]

TRAVEL = 0.08
"""Height of the tips where they pass above what stands about [m]."""

CARRY = 0.062
"""Height of the tips from which on what they hold clears the rim of a bin [m]."""

GRASP = (0.019, 0.018)
"""Height of the tips that take hold of a shoe or a toy [m]."""

DROP = 0.07
"""Height of the tips at which they let go [m]."""

NEAR = 0.03
"""Beside an object by more than this the tips stay above it [m]."""

CLOSE = 0.006
"""As near to where they take hold as this, the tips close [m]."""

ALIGNED = 0.25
"""As near to across a shoe as this, the tips go down to it [rad]."""

OVER = 0.025
"""As near to the middle of a bin as this, the tips let go [m]."""

HASTE = 0.9
"""Share of a distance that an action asks to be covered in a control step."""

TURNING = 3.0
"""The hand is slow to turn: how much farther than it is missing it is asked to."""


TIERS: Mapping[str, Tier] = MappingProxyType(
    {
        **{
            f"actionnoise{noise}-binnoise{astray}": Tier(noise=noise, solver={"bin_noise": astray})
            for noise in (0.0, 0.05)
            for astray in (0.0, 0.1)
        },
        "d5rl": Tier(
            parts=(
                "actionnoise0.0-binnoise0.0",
                "actionnoise0.0-binnoise0.1",
                "actionnoise0.05-binnoise0.0",
                "actionnoise0.05-binnoise0.1",
            )
        ),
    }
)
"""The qualities of upstream's data sets, by the names of its directories, and the four in turn.
What upstream's second noise does is not public; here it is the probability of the wrong bin."""


class PickingExpert:
    """Picks and places.

    Args:
        env: a :class:`WidowX`, wrapped or not.
        bin_noise: probability, for each object of an episode, that it is taken to the wrong bin.

    Raises:
        BadArgument: another environment, or no probability.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], bin_noise: float = 0.0) -> None:
        inner = env.unwrapped
        if not isinstance(inner, WidowX):
            raise BadArgument(f"the picking expert cannot play {type(inner).__name__}")
        if not 0 <= bin_noise <= 1:
            raise BadArgument(f"bin_noise is {bin_noise!r}; it is a probability, from 0 to 1")
        self._env, self._noise = inner, bin_noise
        self._aims: tuple[int | None, ...] = ()

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """An episode begins; its seed says which objects go astray."""
        dice = np.random.default_rng([self._env.np_random_seed, 2])
        astray = dice.random(len(self._env.goal.bins)) < self._noise
        self._aims = tuple(
            None if place is None else place ^ int(wrong)
            for place, wrong in zip(self._env.goal.bins, astray, strict=True)
        )

    def act(self, observation: Mapping[str, Any]) -> NDArray[np.float32]:
        """The next action `[7]`; looks at the world, not at its argument."""
        world = self._env.simulation
        waiting = [
            number
            for number, place in enumerate(self._aims)
            if place is not None and not world.rests_in(number, place)
        ]
        if not waiting:
            return self._towards(np.array([0.0, 0.18, TRAVEL]), 0.0, 1.0)
        held = [number for number in waiting if world.fingers_on(number) == 2]
        if held:
            return self._carry(held[0])
        tip = world.tip[:2]
        return self._fetch(min(waiting, key=lambda n: self._length(world.place_of(n)[:2] - tip)))

    def _fetch(self, number: int) -> NDArray[np.float32]:
        """Goes to an object and takes hold of it."""
        world = self._env.simulation
        thing, tip = world.place_of(number), world.tip
        yaw = self._across(number)
        beside = self._length(thing[:2] - tip[:2])
        aligned = abs(_half_turn(yaw - world.turned)) < ALIGNED
        height = thing[2] - self._middle(number) + GRASP[number]
        if beside > NEAR or not aligned:
            height = max(TRAVEL, tip[2]) if beside > 2 * NEAR else TRAVEL
        target = np.array([*thing[:2], height])
        grip = -1.0 if self._length(target - tip) < CLOSE and aligned else 1.0
        return self._towards(target, yaw, grip)

    def _carry(self, number: int) -> NDArray[np.float32]:
        """Takes what the fingers hold to its bin and lets go."""
        world, place = self._env.simulation, self._aims[number]
        assert place is not None
        middle, tip = np.array(scene.BIN_PLACES[place]), world.tip
        if self._length(middle - tip[:2]) < OVER:
            grip = 1.0 if tip[2] < DROP + CLOSE else -1.0
            return self._towards(np.array([*middle, DROP]), world.turned, grip)
        beside = middle if tip[2] > CARRY else tip[:2]
        return self._towards(np.array([*beside, TRAVEL]), world.turned, -1.0)

    def _across(self, number: int) -> float:
        """The turn of the hand that takes an object across, the nearest of two [rad]."""
        world = self._env.simulation
        if number == 1:  # a doll is round
            return 0.0
        _, left, ahead = DOWN_LEFT_AHEAD @ world.direction_of(number)
        return _half_turn(float(np.arctan2(ahead, left)) + np.pi / 2)

    @staticmethod
    def _middle(number: int) -> float:
        return (0.5 * scene.SHOE_HEIGHT, 0.5 * scene.TOY_HEIGHT)[number]

    @staticmethod
    def _length(way: Floats) -> float:
        return float(np.linalg.norm(way))

    def _towards(self, target: Floats, turn: float, grip: float) -> NDArray[np.float32]:
        world = self._env.simulation
        way = DOWN_LEFT_AHEAD @ (target - world.tip)
        speed = HASTE * way / CONTROL_STEP / body.SPEED
        angle = world.turned + TURNING * (turn - world.turned)
        action = np.array([*speed, angle / body.TURN, 0.0, 0.0, grip]).clip(-1.0, 1.0)
        return action.astype(np.float32)


def _half_turn(angle: float) -> float:
    """An angle of a line, from -pi/2 to pi/2 [rad]."""
    return (angle + np.pi / 2) % np.pi - np.pi / 2


def make_expert(env: gymnasium.Env[Any, Any], bin_noise: float = 0.0) -> PickingExpert:
    """The oracle of a WidowX task."""
    return PickingExpert(env, bin_noise)
