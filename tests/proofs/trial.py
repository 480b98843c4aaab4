"""What a trial of the fault matrix is, and what came of one.

Whoever imports it finds the folders of tests whose worlds, servers and command lines trials use.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

for folder in ("faults", "remote", "worlds", "small"):  # Each has a conftest: the first is meant.
    sys.path.append(str(Path(__file__).resolve().parents[1] / folder))


class Seen(NamedTuple):
    """What came of one trial.

    Attributes:
        equal: every score, reward and digest is that of an undisturbed run.
        invalid: episodes given up.
        lost: attempts that did not count.
        noticed: from the fault to when it was noticed [s]; None where nothing has to be.
        left: processes, and episodes of a server, that outlived it.
    """

    equal: bool
    invalid: int
    lost: int
    noticed: float | None
    left: int

    @property
    def green(self) -> bool:
        """Whether it was as promised."""
        return self.equal and not self.invalid and not self.left


class Row(NamedTuple):
    """A fault, what is promised, and how it is tried."""

    engine: str
    fault: str
    promise: str
    trial: Callable[[random.Random], Seen]

    def play(self, number: int) -> Seen:
        """One of its trials; the number says when the fault comes."""
        return self.trial(random.Random(f"{self.engine} {self.fault} {number}"))


def words(seen: Sequence[Seen]) -> tuple[str, ...]:
    """A row's figures: trials, as promised, INVALID, lost, noticed (median and most), left."""
    times = [one.noticed for one in seen if one.noticed is not None]
    noticed = f"{statistics.median(times):.2f}, at most {max(times):.2f}" if times else "-"
    return (str(len(seen)), str(sum(one.green for one in seen)),
            str(sum(one.invalid for one in seen)), str(sum(one.lost for one in seen)), noticed,
            str(sum(one.left for one in seen)))  # fmt: skip
