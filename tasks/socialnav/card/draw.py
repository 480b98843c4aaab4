"""What is drawn for one episode of a card: sizes, paces, places, each from dice of its own."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, did_you_mean
from ..crowd.visibility import Visibility
from ..dice import Dice
from ..floor import Floor
from ..log import Goal
from ..robot import Body
from ..scene import Person, Scene

Floats = NDArray[np.float64]

JITTER = 0.10
"""By how much of itself a size may be larger or smaller than the card says; our own choice."""

CELLS = 10
"""Equal cells into which the range of a jitter is cut; each belongs to one split."""

SPLITS = {"train": (0, 2, 4, 5, 7, 9), "dev": (3, 6), "test": (1, 8)}
"""The cells of each split: no two splits share a size, and each covers small and large ones."""

PACE, PACE_SPREAD, SLOWEST, FASTEST = 1.3, 0.2, 0.8, 1.8
"""People's walking speeds: normal, cut at either end [m/s]; our own choice."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw:
    """The dice of one episode, and what it is drawn for.

    Every draw is named, and its generator follows from the seed, the split, the card and that
    name: one draw more or less changes no other, and no two splits or cards share a stream.

    Attributes:
        card: its name.
        seed: of the episode.
        split: a name of ``SPLITS``.
        body: the robot's.
        track: whether people mind the robot.
        time_limit: of the episode [s].
        instruction: what the robot is asked to do.

    Raises:
        BadArgument: no such split.
    """

    card: str
    seed: int
    split: str
    body: Body
    track: Visibility
    time_limit: float
    instruction: str

    def __post_init__(self) -> None:
        """Refuses splits that do not exist."""
        if self.split not in SPLITS:
            raise BadArgument(
                f"there is no split '{self.split}'.{did_you_mean(self.split, SPLITS)} "
                f"Splits: {', '.join(SPLITS)}"
            )

    def dice(self, name: str) -> np.random.Generator:
        """The generator of that name; each call begins it anew."""
        return Dice(self.seed).of(f"{self.split}/{self.card}/{name}")

    def size(self, name: str, metres: float) -> float:
        """A size of the floor, within ``JITTER`` of what it is, in the cells of the split [m]."""
        dice = self.dice(f"size {name}")
        cell = dice.choice(SPLITS[self.split])
        share = (cell + dice.uniform(0.0, 1.0)) / CELLS
        return float(metres * (1.0 + JITTER * (2.0 * share - 1.0)))

    def uniform(self, name: str, low: float, high: float) -> float:
        """A number from a range."""
        return float(self.dice(name).uniform(low, high))

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.dice(name).integers(low, high + 1))

    def side(self, name: str) -> float:
        """One side or the other, -1 or 1."""
        return float(self.dice(name).choice((-1.0, 1.0)))

    def pace(self, name: str = "pace", low: float = SLOWEST, high: float = FASTEST) -> float:
        """The speed at which somebody likes to walk, within bounds [m/s]."""
        return float(np.clip(self.dice(name).normal(PACE, PACE_SPREAD), low, high))

    @property
    def sociable(self) -> bool:
        """Whether people do more about the robot than to stop before it."""
        return self.track.track in ("visible", "mixed")

    def scene(
        self,
        floor: Floor,
        start: Floats,
        goal: Goal,
        people: tuple[Person, ...],
        yaw: float = 0.0,
        **meta: object,
    ) -> Scene:
        """The start of the episode, checked.

        Args:
            floor: what stands about.
            start: of the robot, `[2]` [m].
            goal: of the robot.
            people: everybody.
            yaw: of the robot [rad].
            **meta: what the card's criteria need to know besides the tracks; JSON's values.

        Raises:
            BadScene: it cannot be played.
        """
        return Scene(
            body=self.body,
            start=np.asarray(start, np.float64),
            goal=goal,
            people=people,
            yaw=float(yaw),
            floor=floor,
            time_limit=self.time_limit,
            instruction=self.instruction,
            meta={"card": self.card, "split": self.split, **meta},
        ).checked()
