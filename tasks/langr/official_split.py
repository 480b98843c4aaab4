"""Which split an official file holds: told by the families of its instructions, not by its name.

Two of the files bear each other's name. The sets of families are those measured on the released
files; all of them differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from ...core.errors import BadArgument

FAMILIES_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        split: frozenset(families.split())
        for split, families in {
            "train": "42f1b012 f0917e29 9a1dd6ee fd8dd56c 6e7f4383 6e3da8a1 68216d8c 311525c5"
            " 2f2d797d",
            "train-validation": "f0917e29 fd8dd56c 6e3da8a1 42f1b012 311525c5 9a1dd6ee",
            "scene": "f0917e29 42f1b012 fd8dd56c 9a1dd6ee 6e7f4383 68216d8c 6e3da8a1",
            "instruct-rephrasing": "42f1b012 9a1dd6ee fd8dd56c f0917e29 6e3da8a1",
            "referring-expressions": "8a66dec9",
            "context": "21e2ce5f",
            "spatial": "93b2ef41",
            "irrelevant-text": "f0917e29",
            "novel-objects": "42f1b012 f0917e29",
            "multiple-rearrange": "db3119cd",
            "multiple-objects": "92bcf9b3 3ef02c70",
            "conditional-instructs": "e75d9d69 5d5460d6",
        }.items()
    }
)
"""The families in the file of each split, by the paper's names. Those of ``train``, whose file
is the only one that was not at hand, are the families with training phrasings."""

LARGE = 1000
"""A file of training families with more episodes than this is ``train``; the others have 100."""

ID = re.compile(r"[0-9a-f]{8}(_\w{1,40})?")
"""Of a family, perhaps with the suffix of a semantic variant, e.g. ``21e2ce5f_e767a83f``."""


def family_of(instruct_id: str) -> str:
    """A family's id without the suffix of a semantic variant, e.g. ``f0917e29``."""
    return instruct_id.partition("_")[0]


def split_of(families: Counter[str]) -> str:
    """The split whose file has just these families.

    Args:
        families: how many episodes are of each, without suffixes.

    Raises:
        BadArgument: there is none.
    """
    seen = frozenset(families)
    for split, expected in FAMILIES_OF.items():
        if seen == expected:
            return split
    # The full set of training families is our reading of the generator: allow for fewer.
    if seen and seen <= FAMILIES_OF["train"] and families.total() > LARGE:
        return "train"
    told = ", ".join(f"{family} {count}" for family, count in sorted(families.items())[:20])
    raise BadArgument(f"its families of instructions fit no split: {told or 'none'}")
