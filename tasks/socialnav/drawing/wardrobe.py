"""Clothes, skin and hair of people, drawn from the seed of an episode."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .primitive import Triple

SKINS: Sequence[Triple] = (
    (0.95, 0.80, 0.69), (0.88, 0.70, 0.57), (0.78, 0.57, 0.42), (0.62, 0.43, 0.30),
    (0.46, 0.31, 0.22), (0.34, 0.23, 0.17),
)  # fmt: skip
HAIRS: Sequence[Triple] = (
    (0.12, 0.10, 0.09), (0.26, 0.17, 0.11), (0.42, 0.28, 0.16), (0.78, 0.62, 0.36),
    (0.58, 0.57, 0.56), (0.50, 0.22, 0.12),
)  # fmt: skip
SHIRTS: Sequence[Triple] = (
    (0.82, 0.25, 0.22), (0.20, 0.38, 0.66), (0.94, 0.93, 0.90), (0.24, 0.52, 0.38),
    (0.90, 0.70, 0.25), (0.36, 0.30, 0.52), (0.16, 0.18, 0.22), (0.80, 0.48, 0.36),
    (0.48, 0.66, 0.74), (0.86, 0.60, 0.66), (0.44, 0.44, 0.30), (0.12, 0.56, 0.58),
)  # fmt: skip
TROUSERS: Sequence[Triple] = (
    (0.19, 0.24, 0.36), (0.16, 0.16, 0.18), (0.56, 0.48, 0.36), (0.36, 0.37, 0.40),
    (0.28, 0.34, 0.28), (0.42, 0.30, 0.22),
)  # fmt: skip
SHOES: Sequence[Triple] = (
    (0.12, 0.11, 0.11), (0.88, 0.87, 0.85), (0.38, 0.24, 0.15), (0.30, 0.32, 0.40),
)  # fmt: skip
"""Colours; all of our own design."""

EYES: Triple = (0.10, 0.08, 0.08)


class Outfit(NamedTuple):
    """What one person looks like: a colour for each piece, None for a piece they do not have."""

    skin: Triple
    shirt: Triple
    trousers: Triple
    shins: Triple
    shoes: Triple
    forearms: Triple
    short_hair: Triple | None
    long_hair: Triple | None
    skirt: Triple | None
    pack: Triple | None
    eyes: Triple = EYES


def dress(seed: int, number: int) -> Outfit:
    """The outfit of a person, the same whoever else is there.

    Args:
        seed: of the episode.
        number: of the person.
    """
    key = [abs(int(seed)), zlib.crc32(b"wardrobe"), number]
    dice = np.random.default_rng(np.random.SeedSequence(key))

    def pick(colours: Sequence[Triple]) -> Triple:
        red, green, blue = np.clip(
            np.asarray(colours[int(dice.integers(len(colours)))]) * dice.uniform(0.92, 1.06), 0, 1
        )
        return float(red), float(green), float(blue)

    skin, hair, shirt = pick(SKINS), pick(HAIRS), pick(SHIRTS)
    trousers, shoes, pack = pick(TROUSERS), pick(SHOES), pick(SHIRTS)
    short, sleeves, skirt, bare, carries = dice.random(5) < (0.55, 0.55, 0.22, 0.12, 0.28)
    return Outfit(
        skin=skin,
        shirt=shirt,
        trousers=trousers,
        shins=skin if bare or skirt else trousers,
        shoes=shoes,
        forearms=shirt if sleeves else skin,
        short_hair=hair if short else None,
        long_hair=None if short else hair,
        skirt=trousers if skirt else None,
        pack=pack if carries else None,
    )
