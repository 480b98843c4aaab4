"""The splits of Language Rearrangement: which instructions, in which words, in which homes.

Names are the paper's. Two of the released files bear each other's name: ``multiple-rearrange``
(three named moves) is ``multiple_objects.pickle`` there, and ``multiple-objects`` (all of a kind)
is ``multiple_rearrangements.pickle``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import numpy as np

from ...core.errors import UnknownName
from ...core.specs import derive_seed
from .phrasing import Wording, find_wording
from .scenes import EVALUATION_PLANS, TRAINING_PLANS, homes_of
from .vocabulary import NOVEL_CATEGORIES

TRAINING_EPISODES = 150_000
"""Episodes of the split ``train``, as in the release."""

EVALUATION_EPISODES = 100
"""Episodes of every other split, as in the release."""


class Share(msgspec.Struct, frozen=True):
    """A part of a split.

    Attributes:
        family: an id in ``families.FAMILIES``.
        weight: how many of the split's episodes, out of the sum of all weights.
        bucket: which of the family's wordings.
        name: of the wording; most have none.
    """

    family: str
    weight: int
    bucket: str = "train"
    name: str = ""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One set of episodes.

    Attributes:
        name: the paper's.
        official: name of the released file, without its suffix.
        shares: what its episodes are of.
        episodes: how many there are.
        plans: floor plans of its homes.
        categories: what named things are drawn from, where not from all that their family knows.
    """

    name: str
    official: str
    shares: tuple[Share, ...]
    episodes: int = EVALUATION_EPISODES
    plans: tuple[str, ...] = EVALUATION_PLANS
    categories: tuple[str, ...] = ()

    @property
    def homes(self) -> tuple[str, ...]:
        """Ids of its homes."""
        return homes_of(self.plans)

    def share_of(self, index: int) -> Share:
        """Which share an episode belongs to.

        The shares come round as often as their weights say, in an order that is shuffled once.
        """
        order = _deck(self.name)
        return self.shares[order[index % len(order)]]

    def wording_of(self, share: Share) -> Wording:
        """In which words a share's instructions are put."""
        return find_wording(share.family, share.bucket, share.name)


@functools.cache
def _deck(split: str) -> tuple[int, ...]:
    """The number of each episode's share, for one round."""
    weights = [share.weight for share in SPLITS[split].shares]
    deck = np.repeat(np.arange(len(weights)), weights)
    np.random.default_rng(derive_seed("langr-deck", 1, split)).shuffle(deck)
    return tuple(deck.tolist())


def _named(family: str, bucket: str, weights: Mapping[str, int]) -> tuple[Share, ...]:
    return tuple(Share(family, weight, bucket, name) for name, weight in weights.items())


_ALL: tuple[Split, ...] = (
    Split(
        name="train",
        official="train",
        episodes=TRAINING_EPISODES,
        plans=TRAINING_PLANS,
        # 4 for the families that rearrange and 1 for all else, as in the released generator.
        shares=(
            Share("42f1b012", 4),
            Share("f0917e29", 4),
            Share("9a1dd6ee", 4),
            Share("fd8dd56c", 4),
            Share("6e7f4383", 4),
            Share("6e3da8a1", 1),
            Share("68216d8c", 1),
            Share("311525c5", 1),
            Share("2f2d797d", 1),
            Share("f0917e29", 1, name="plate"),
            Share("fd8dd56c", 1, name="cutlery"),
        ),
    ),
    Split(
        name="train-validation",
        official="train_validation",
        plans=TRAINING_PLANS,
        shares=(
            Share("f0917e29", 29),
            Share("fd8dd56c", 15),
            Share("6e3da8a1", 15),
            Share("42f1b012", 15),
            Share("311525c5", 14),
            Share("9a1dd6ee", 12),
        ),
    ),
    Split(
        name="scene",
        official="new_scenes",
        shares=(
            Share("f0917e29", 22),
            Share("f0917e29", 3, name="plate"),
            Share("42f1b012", 19),
            Share("fd8dd56c", 18),
            Share("9a1dd6ee", 14),
            Share("6e7f4383", 14),
            Share("68216d8c", 5),
            Share("6e3da8a1", 5),
        ),
    ),
    Split(
        name="instruct-rephrasing",
        official="rephrasing",
        shares=(
            Share("42f1b012", 29, "eval"),
            Share("9a1dd6ee", 25, "eval"),
            Share("fd8dd56c", 16, "eval"),
            Share("f0917e29", 15, "eval"),
            Share("6e3da8a1", 15, "eval"),
        ),
    ),
    Split(
        name="referring-expressions",
        official="referring_expressions",
        shares=_named("8a66dec9", "eval", {"lemon": 27, "plum": 25, "apple": 24, "banana": 24}),
    ),
    Split(
        name="context",
        official="context",
        shares=_named(
            "21e2ce5f",
            "eval",
            {"ball": 23, "screwdriver": 23, "scissors": 22, "mug": 19, "cleanser": 13},
        ),
    ),
    Split(
        name="spatial",
        official="spatial_relationships",
        # The release has the sink 70 times and the sofa 30 times; ours adds the counters, which
        # the place of the fridge tells apart.
        shares=_named(
            "93b2ef41",
            "eval",
            {
                "between-counters": 20,
                "beside-left-counter": 16,
                "beside-right-counter": 16,
                "by-fridge": 12,
                "away-from-fridge": 12,
                "facing-television": 24,
            },
        ),
    ),
    Split(
        name="irrelevant-text",
        official="irrelevant_text",
        shares=(Share("f0917e29", 100, "distraction"),),
    ),
    Split(
        name="novel-objects",
        official="novel_objects",
        shares=(Share("42f1b012", 53), Share("f0917e29", 47)),
        categories=NOVEL_CATEGORIES,
    ),
    Split(
        name="multiple-rearrange",
        official="multiple_objects",
        shares=(Share("db3119cd", 100, "eval"),),
    ),
    Split(
        name="multiple-objects",
        official="multiple_rearrangements",
        shares=(Share("92bcf9b3", 60, "eval"), Share("3ef02c70", 40, "eval")),
    ),
    Split(
        name="conditional-instructs",
        official="conditional_instructions",
        shares=(Share("e75d9d69", 53, "eval"), Share("5d5460d6", 47, "eval")),
    ),
)
"""Weights of the evaluation splits are the counts in the released files."""

SPLITS: Mapping[str, Split] = MappingProxyType({split.name: split for split in _ALL})
"""By the paper's name."""


def find_split(name: str) -> Split:
    """A split by its name.

    Raises:
        UnknownName: there is none.
    """
    if name not in SPLITS:
        raise UnknownName("langr split", name, SPLITS, f" Splits: {', '.join(SPLITS)}")
    return SPLITS[name]
