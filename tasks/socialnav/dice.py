"""Dice that do not mix: a generator of its own for every person and purpose of an episode."""

from __future__ import annotations

import zlib

import numpy as np


class Dice:
    """Where the randomness of one episode comes from.

    Every generator follows from the seed, a purpose and a number, and from nothing else: with
    one person more or less in the world, or a robot that moves otherwise, all others throw what
    they threw before.

    Args:
        seed: of the episode.
    """

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)

    def of(self, purpose: str, number: int = 0) -> np.random.Generator:
        """The generator for a purpose, e.g. ``of("person", 3)``; each call begins it anew."""
        key = [self.seed, zlib.crc32(purpose.encode()), number]
        return np.random.default_rng(np.random.SeedSequence(key))
