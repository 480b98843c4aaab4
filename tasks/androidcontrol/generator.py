"""Episodes of our own, in place of AndroidControl's: drawn screens, told goals, every action type.

A split and a number give one episode, for ever: raise ``VERSION`` where that changes. The splits
hold out what the dataset's do: for ``app-unseen`` an app of a known kind, for ``category-unseen``
a kind of app, for ``task-unseen`` something that is done with known apps; see ``SPLITS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ...core.errors import UnknownName
from ...core.specs import derive_seed
from . import errand
from .errand import Scene
from .screen import Episode

VERSION = 1

Errand = Callable[[Scene], Episode]

KNOWN: tuple[Errand, ...] = (
    errand.send_mail, errand.delete_mail, errand.flip_setting, errand.look_up, errand.add_event,
    errand.set_alarm,
)  # fmt: skip
"""What is done in training, and in the test of the same distribution."""


class Split(NamedTuple):
    """What a split is made of.

    Attributes:
        official: the dataset's name for it.
        errands: what is done in it.
        size: how many episodes the official one has.
    """

    official: str
    errands: tuple[Errand, ...]
    size: int


SUBSPLITS: Mapping[str, Split] = {
    "idd": Split("IDD", KNOWN, 721),
    "app-unseen": Split("app_unseen", (errand.write_note, errand.delete_note), 631),
    "task-unseen": Split(
        "task_unseen", (errand.star_mail, errand.run_timer, errand.read_about), 803
    ),
    "category-unseen": Split("category_unseen", (errand.buy, errand.empty_cart), 700),
}  # fmt: skip
"""The parts of the test split: ``test_subsplits.json``. Its counts are of August 2024."""

SPLITS: Mapping[str, Split] = {
    "train": Split("train", KNOWN, 13_603),
    "validation": Split("validation", KNOWN, 137),
    "test": Split("test", (), 1_543),
    **SUBSPLITS,
}
"""Every split; the first three stand in ``splits.json``."""


def generate(split: str, index: int, seed: int = 0) -> Episode:
    """An episode.

    Args:
        split: a name in ``SPLITS``; ``test`` takes the parts in turns.
        index: which, from 0.
        seed: of another world of episodes.

    Raises:
        UnknownName: no such split.
    """
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    if split == "test":
        parts = tuple(SUBSPLITS)
        return generate(parts[index % len(parts)], index // len(parts), seed)
    number = derive_seed("androidcontrol", VERSION, seed, split, index)
    dice = np.random.default_rng(number)
    errands = SPLITS[split].errands
    return errands[index % len(errands)](Scene(dice, number % 2**31))
