"""What an episode asks for: which objects belong into which bin, as numbers and as words.

The task id of upstream's WidowX is a matrix of 2 x 5 zeros and ones, in which each row marks one of
five objects. Upstream's class that draws the objects is not public. Read here as: a row is a bin, a
column the number of an object, and a one says that this object belongs into that bin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument

CATEGORIES = ("shoe", "toy")
"""One of each lies on the table (``category``, ``num_objects`` of upstream's ``BinsortTask``)."""

COLOURS = ("red", "green", "blue", "yellow", "purple")
"""Number of an object, in its category, and its colour."""

BINS = ("white", "black")
"""The bin of each category: shoes go left, as the robot sees it, toys go right."""

PAIRS = tuple(combinations(range(len(COLOURS)), 2))
"""Numbers of shoe and toy: the ten tasks that upstream's evaluation mixes."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Which objects there are, and where they belong.

    Attributes:
        pair: numbers of the shoe and of the toy, which differ.
        bins: the bin of each, 0 or 1; None for what stays where it is.
    """

    pair: tuple[int, int]
    bins: tuple[int | None, int | None]

    @property
    def task_id(self) -> NDArray[np.float32]:
        """Upstream's one-hot numbers `[10]`: by bin, then by object."""
        marks = np.zeros((len(BINS), len(COLOURS)), np.float32)
        for number, place in zip(self.pair, self.bins, strict=True):
            if place is not None:
                marks[place, number] = 1.0
        return marks.ravel()

    @property
    def instruction(self) -> str:
        """The words, such as ``Put the red shoe into the white bin.``."""
        parts = [
            f"the {COLOURS[number]} {category} into the {BINS[place]} bin"
            for category, number, place in zip(CATEGORIES, self.pair, self.bins, strict=True)
            if place is not None
        ]
        return f"Put {' and '.join(parts)}."


def sorting_goal(pair: tuple[int, int]) -> Goal:
    """Each object into the bin of its category."""
    return Goal(pair=pair, bins=(0, 1))


def picking_goal(pair: tuple[int, int], category: int, place: int) -> Goal:
    """One of the objects into one of the bins.

    Args:
        pair: numbers of shoe and toy.
        category: 0 for the shoe, 1 for the toy.
        place: number of the bin.
    """
    return Goal(pair=pair, bins=(place, None) if category == 0 else (None, place))


def parse_pair(pair: Sequence[int]) -> tuple[int, int]:
    """Numbers of shoe and toy.

    Raises:
        BadArgument: not two different numbers from 0 to 4.
    """
    numbers = tuple(pair) if isinstance(pair, Sequence) else ()
    whole = all(isinstance(n, (int, np.integer)) and n in range(len(COLOURS)) for n in numbers)
    if len(numbers) != 2 or not whole or numbers[0] == numbers[1]:
        raise BadArgument(
            f"pair is {pair!r}; give two different numbers from 0 to {len(COLOURS) - 1}: "
            "of the shoe, then of the toy"
        )
    return int(numbers[0]), int(numbers[1])


def parse_name(what: str, name: str, names: tuple[str, ...]) -> int:
    """The number of a name.

    Raises:
        BadArgument: it is none of them.
    """
    if name not in names:
        raise BadArgument(f"{what} is {name!r}; choose one of: {', '.join(names)}")
    return names.index(name)
