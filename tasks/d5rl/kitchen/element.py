"""The seven things of the kitchen that can be done, and when each counts as done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, did_you_mean

RADIUS = 0.3
"""Distance to the goal below which an element is done (``BONUS_THRESH``,
gymnasium_robotics/envs/franka_kitchen/kitchen_env.py). Radians, metres and parts of a quaternion
are added up as upstream adds them."""


@dataclass(frozen=True, kw_only=True)
class Element:
    """One thing to be done.

    Attributes:
        name: upstream's.
        words: what to do, as an instruction.
        indices: its coordinates in the model's ``qpos``.
        goal: their values when it is done.
        tight: coordinate, of ``indices``, that the strict rule looks at.
        bound: the strict rule: that coordinate is at least as far as this from 0, in the
            direction of the sign. 0 where the rule is a distance.
        reach: the strict rule of the kettle: distance to the goal's place [m].
    """

    name: str
    words: str
    indices: tuple[int, ...]
    goal: tuple[float, ...]
    tight: int = 0
    bound: float = 0.0
    reach: float = 0.0

    def distance(self, qpos: NDArray[np.float64]) -> float:
        """How far its coordinates are from the goal, in upstream's mixed norm."""
        return float(np.linalg.norm(qpos[list(self.indices)] - np.asarray(self.goal)))

    def done(self, qpos: NDArray[np.float64], strict: bool = False) -> bool:
        """Whether it is done.

        Args:
            qpos: of the model, `[30]`.
            strict: by the rule of the randomised kitchen, else by that of the standard one.
        """
        if not strict:
            return self.distance(qpos) < RADIUS
        if self.reach:
            place = qpos[list(self.indices[:3])] - np.asarray(self.goal[:3])
            return float(np.linalg.norm(place)) < self.reach
        value = float(qpos[self.indices[self.tight]])
        return value > self.bound if self.bound > 0 else value < self.bound


ELEMENTS: Mapping[str, Element] = MappingProxyType(
    {
        one.name: one
        for one in (
            Element(
                name="microwave",
                words="open the microwave",
                indices=(22,),
                goal=(-0.75,),
                bound=-0.55,
            ),
            Element(
                name="kettle",
                words="move the kettle to the burner behind it",
                indices=(23, 24, 25, 26, 27, 28, 29),
                goal=(-0.23, 0.75, 1.62, 0.99, 0.0, 0.0, -0.06),
                reach=0.1,
            ),
            Element(
                name="bottom burner",
                words="turn on the bottom burner",
                indices=(11, 12),
                goal=(-0.88, -0.01),
                bound=-0.65,
            ),
            Element(
                name="top burner",
                words="turn on the top burner",
                indices=(15, 16),
                goal=(-0.92, -0.01),
                bound=-0.65,
            ),
            Element(
                name="light switch",
                words="switch the light on",
                indices=(17, 18),
                goal=(-0.69, -0.05),
                bound=-0.45,
            ),
            Element(
                name="slide cabinet",
                words="slide the cabinet open",
                indices=(19,),
                goal=(0.37,),
                bound=0.25,
            ),
            Element(
                name="hinge cabinet",
                words="open the hinged cabinet",
                indices=(20, 21),
                goal=(0.0, 1.45),
                tight=1,
                bound=1.25,
            ),
        )
    }
)
"""Coordinates and goals are ``OBS_ELEMENT_INDICES`` and ``OBS_ELEMENT_GOALS`` of
gymnasium_robotics/envs/franka_kitchen/kitchen_env.py; strict bounds are those of the randomised
kitchen of D5RL (d4rl2/envs/kitchenshift of github.com/d5rlbenchmark/d5rl)."""

IN_DISTRIBUTION = ("microwave", "kettle", "light switch", "slide cabinet")
"""What D5RL's expert demonstrations do, in this order (github.com/d5rlbenchmark/d5rl)."""

OUT_OF_DISTRIBUTION = ("microwave", "kettle", "bottom burner", "light switch")
"""Each is in D5RL's data, the four together never (github.com/d5rlbenchmark/d5rl)."""


def parse_elements(names: Iterable[str]) -> tuple[Element, ...]:
    """The elements of those names.

    Raises:
        BadArgument: none is named, one is unknown, or one is named twice.
    """
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in ELEMENTS:
            raise BadArgument(
                f"the kitchen has no element '{name}'.{did_you_mean(name, ELEMENTS)} "
                f"It has: {', '.join(ELEMENTS)}"
            )
    if not chosen or len(set(chosen)) < len(chosen):
        raise BadArgument(f"elements is {chosen!r}; name one or more, each once")
    return tuple(ELEMENTS[name] for name in chosen)


def instruct(elements: Iterable[Element]) -> str:
    """What is to be done, as a sentence."""
    words = [one.words for one in elements]
    listed = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
    return listed[0].upper() + listed[1:] + "."
