"""How instructions are put into words: templates with blanks, by family and by use.

All sentences are of our own writing. Blanks of a template, for a category ``X``: ``{X}`` spoken
bare, ``{aX}`` with its indefinite article, ``{Xs}`` in the plural, ``{itX}`` and ``{isX}`` agreeing
with ``the {X}``. For a receptacle ``B``: ``{B}`` spoken bare, ``{onB}``, ``{ontoB}`` and ``{offB}``
with the preposition and article that suit it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from ...core.errors import BadArgument
from .families import THINGS
from .vocabulary import INSIDE, SPOKEN

Bucket = Literal["train", "eval", "distraction"]
"""What a wording is for: training; rephrasing and the families that only evaluation has; and
instructions with a clause beside the point."""

SPOKEN_CATEGORIES: Mapping[str, str] = MappingProxyType({"rubriks cube": "rubik's cube"})
"""Categories that are spoken otherwise than they are written."""

INDEFINITE: Mapping[str, str] = MappingProxyType({"scissors": "a pair of scissors"})
"""Categories that take more than ``a`` or ``an``."""

PLURALS: Mapping[str, str] = MappingProxyType(
    {
        "box": "boxes",
        "knife": "knives",
        "peach": "peaches",
        "scissors": "scissors",
        "strawberry": "strawberries",
        "wrench": "wrenches",
    }
)
"""Categories whose plural is not made with ``s`` alone."""

PAIRED = ("scissors",)
"""Categories of which one is spoken of as several."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences for one family that mean the same.

    Attributes:
        family: an id in ``families.FAMILIES``.
        bucket: what they are for.
        sentences: templates; each episode draws one.
        name: tells apart wordings of the same family and bucket; most have none.
        fixed: blanks that these sentences settle.
        places: receptacles to which they narrow blanks.
        relation: which relation of ``families.place_by_relation`` tells ``B``.
        bystander: whether they mention a thing ``O`` on a receptacle ``R`` that do not matter.
    """

    family: str
    bucket: Bucket
    sentences: tuple[str, ...]
    name: str = ""
    fixed: dict[str, str] = {}
    places: dict[str, tuple[str, ...]] = {}
    relation: str = ""
    bystander: bool = False


@functools.cache
def wordings() -> Mapping[tuple[str, str, str], Wording]:
    """All wordings, by family, bucket and name."""
    from . import phrasing_evaluation, phrasing_training

    found = (*phrasing_training.WORDINGS, *phrasing_evaluation.WORDINGS)
    return {(one.family, one.bucket, one.name): one for one in found}


def find_wording(family: str, bucket: str, name: str = "") -> Wording:
    """One wording.

    Raises:
        BadArgument: there is none.
    """
    known = wordings()
    if (family, bucket, name) not in known:
        raise BadArgument(f"langr's family {family} has no wording '{bucket}' '{name}'")
    return known[family, bucket, name]


def spoken(category: str) -> str:
    """What instructions call a category."""
    return SPOKEN_CATEGORIES.get(category, category)


def with_article(category: str) -> str:
    """A category with its indefinite article."""
    word = spoken(category)
    return INDEFINITE.get(category, f"{'an' if word[0] in 'aeiou' else 'a'} {word}")


def plural(category: str) -> str:
    """Several of a category."""
    return PLURALS.get(category, f"{spoken(category)}s")


def say(template: str, entities: Mapping[str, str]) -> str:
    """A template with its blanks filled, as a sentence.

    Raises:
        BadArgument: a blank of the template is not among the entities.
    """
    words: dict[str, str] = {}
    for blank, value in entities.items():
        if blank in THINGS:
            several = value in PAIRED
            words |= {
                blank: spoken(value),
                f"a{blank}": with_article(value),
                f"{blank}s": plural(value),
                f"it{blank}": "them" if several else "it",
                f"is{blank}": "are" if several else "is",
            }
        else:
            place, inside = SPOKEN[value], value in INSIDE
            words |= {
                blank: place,
                f"on{blank}": f"{'in' if inside else 'on'} the {place}",
                f"onto{blank}": f"{'into' if inside else 'onto'} the {place}",
                f"off{blank}": f"{'out of' if inside else 'off'} the {place}",
            }
    try:
        text = template.format_map(words)
    except KeyError as error:
        raise BadArgument(f"the template {template!r} has the unknown blank {error}") from error
    return text[0].upper() + text[1:]
