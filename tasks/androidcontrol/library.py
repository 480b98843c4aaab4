"""Where the episodes of a split come from: our generator, or the official files once imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .generator import SPLITS, VERSION, generate
from .screen import Episode

if TYPE_CHECKING:
    from .archive import StoredSplit

SOURCES = ("generated", "official")
"""Values of the argument ``episodes``."""


class Library:
    """The episodes of a split, made or read when asked for.

    Args:
        split: a name in ``generator.SPLITS``.
        source: one of ``SOURCES``.

    Attributes:
        origin: what they are, for the record of a run.

    Raises:
        BadArgument: the official episodes of the split were not imported.
    """

    def __init__(self, split: str, source: str) -> None:
        self._split = split
        self._stored: StoredSplit | None = None
        self._count = SPLITS[split].size
        self.origin = f"generated, version {VERSION}"
        if source == "official":
            from .archive import open_split

            self._stored = open_split(split)
            self._count = len(self._stored)
            self.origin = self._stored.origin

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Episode:
        """An episode.

        Raises:
            IndexError: there are not so many.
        """
        if not 0 <= index < self._count:
            raise IndexError(f"the split {self._split} has {self._count} episodes, no {index}")
        if self._stored is not None:
            return self._stored[index]
        return generate(self._split, index)
