"""Single bytes of a real submission changed at random: validating it must notice every one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polyathlon.core.errors import SubmissionRefused
from polyathlon.leaderboard.archive import read_archive
from polyathlon.leaderboard.submission import ACTIONS, EPISODES, RESULT
from polyathlon.leaderboard.validation import validate

REAL = Path(__file__).resolve().parents[2] / "leaderboard" / "submissions" / "random.zip"
"""Ours of random play."""

SEED = 20_240_229


class Row(NamedTuple):
    """Where bytes were changed, how many there are, and in how many tries it was noticed."""

    what: str
    size: int
    tries: int
    noticed: int


class Silent:
    """Watches an evaluation without a word."""

    def begin(self, total: int, done: Any) -> None: ...

    def recorded(self, result: Any) -> None: ...

    def noted(self, text: str) -> None: ...


def flipped(tries: int, first: int = 0) -> list[Row]:
    """Tries in the file as a whole, then in journal, actions and result by themselves.

    Args:
        tries: in each of them.
        first: of the dice: other bytes than with another number.
    """
    dice = np.random.default_rng([SEED, first])
    honest = REAL.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.zip"
        places = {"the whole file": (0, len(honest))}
        for name, data in read_archive(honest, "").items():
            if name.rpartition("/")[2] in (EPISODES, ACTIONS, RESULT):
                places[name] = (honest.index(data), len(data))
        rows = []
        for what, (start, size) in places.items():
            noticed = 0
            for at in dice.integers(start, start + size, tries):
                changed = bytearray(honest)
                changed[at] ^= int(dice.integers(1, 256))
                path.write_bytes(changed)
                noticed += _is_noticed(path)
            rows.append(Row(what, size, tries, noticed))
        path.write_bytes(honest)
        assert not _is_noticed(path), "the honest one is refused as well"
        return rows


def _is_noticed(path: Path) -> bool:
    try:
        validate(path)
    except SubmissionRefused:
        return True
    return False
