"""Simulated comparisons: how often equal agents get a verdict, and unequal ones do not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyathlon.leaderboard.comparison import LEVEL, sign_flip

CASES = (
    ("equal", 1, 0.5, 0.0), ("equal", 1, 0.8, 0.0), ("equal", 10, 0.5, 0.0),
    ("20 points", 1, 0.4, 0.2), ("20 points", 1, 0.6, 0.2), ("20 points", 10, 0.4, 0.2),
)  # fmt: skip
"""What is to be found, tasks, success of the weaker agent (mean over tasks), and the difference."""

EPISODES = 100
"""Pairs of each comparison, over all tasks."""

SPREAD = 0.3
"""Tasks lie so far to either side of the mean."""


class Row(NamedTuple):
    """One case: how many of its comparisons gave a verdict."""

    what: str
    tasks: int
    share: float
    comparisons: int
    verdicts: int

    @property
    def holds(self) -> bool:
        """At most 5 in 100 verdicts on equal agents, at least 80 in 100 on unequal ones."""
        rate = self.verdicts / self.comparisons
        # Three standard errors of the simulation itself.
        slack = 3 * np.sqrt(max(rate, 0.05) * (1 - min(rate, 0.95)) / self.comparisons)
        return bool(rate <= LEVEL + slack if self.what == "equal" else rate >= 0.8 - slack)


def simulated(comparisons: int) -> list[Row]:
    """Every case, so many times."""
    dice = np.random.default_rng(20_240_229)
    rows = []
    for what, tasks, share, difference in CASES:
        each = EPISODES // tasks
        offsets = np.linspace(-SPREAD, SPREAD, tasks) if tasks > 1 else np.zeros(1)
        verdicts = 0
        for _ in range(comparisons):
            pairs = []
            for offset in offsets:
                weak = share + offset
                pairs.append(
                    (dice.random(each) < weak + difference).astype(float)
                    - (dice.random(each) < weak)
                )
            verdicts += sign_flip(pairs) < LEVEL
        rows.append(Row(what, tasks, share, comparisons, verdicts))
    return rows
