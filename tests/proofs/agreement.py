"""Our statistics beside those of rliable and statsmodels, on many matrices.

These need an old pandas, so that they have an environment of their own (``pip install rliable
statsmodels "pandas<3"``), whose Python ``RLIABLE_PYTHON`` names.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rival_statistics import RESAMPLES
from scipy.stats import binom

from polyathlon.core.errors import BadArgument
from polyathlon.leaderboard.comparison import sign_flip
from polyathlon.leaderboard.intervals import (
    mean_over_tasks,
    point,
    pooled_iqm,
    stratified_bootstrap,
    wilson,
)
from polyathlon.leaderboard.performance import (
    average_profile,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
)

VARIABLE = "RLIABLE_PYTHON"

THRESHOLDS = np.linspace(-0.5, 1.5, 21)

COUNTS = [(won, n) for n in (1, 7, 10, 50, 500, 20_000) for won in (0, n // 3, n // 2, n)]
PAIRS = [(10, 2), (35, 15), (0, 6), (32, 18), (1, 1), (150, 120)]


class Row(NamedTuple):
    """A figure: on how many numbers, and how far apart they are at most."""

    figure: str
    numbers: int
    apart: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether they are as near as they should be."""
        return self.apart <= self.allowed


def matrices() -> list[np.ndarray]:
    """Scores `[runs, tasks]` of four kinds and three sizes."""
    dice = np.random.default_rng(20_240_229)
    found = []
    for shape in ((3, 5), (10, 26), (20, 50)):
        real = dice.normal(0.5, 0.4, shape)
        won = (dice.random(shape) < dice.random(shape[1])).astype(float)
        found += [real, won, real.round(1), np.exp(2 * real)]
    return found


def agreement() -> list[Row]:
    """A row a figure.

    Raises:
        BadArgument: nobody says where rliable is.
    """
    if VARIABLE not in os.environ:
        raise BadArgument(f"name a Python that has rliable and statsmodels: {VARIABLE}=...")
    tables = matrices()
    asked = {
        "matrices": [one.tolist() for one in tables],
        "thresholds": THRESHOLDS.tolist(),
        "counts": COUNTS,
        "pairs": PAIRS,
    }
    script = Path(__file__).with_name("rival_statistics.py")
    done = subprocess.run(
        [os.environ[VARIABLE], "-P", str(script)],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    theirs = json.loads(done.stdout)
    ours: dict[str, Callable[[], Any]] = {
        "mean": lambda: [point(one.T, mean_over_tasks) for one in tables],
        "interquartile mean": lambda: [point(one.T, pooled_iqm) for one in tables],
        "optimality gap": lambda: [point(one.T, optimality_gap) for one in tables],
        "probability of improvement": lambda: [
            probability_of_improvement(one.T, (0.9 * one[::-1] + 0.1).T) for one in tables
        ],
        "profile of episodes": lambda: [performance_profile(one.T, THRESHOLDS) for one in tables],
        "profile of tasks": lambda: [average_profile(one.T, THRESHOLDS) for one in tables],
        "Wilson": lambda: [wilson(won, n) for won, n in COUNTS],
        # Ours counts ties half: it is less by the probability of what was seen.
        "McNemar": lambda: [
            sign_flip([np.repeat([1.0, -1.0], [b, c])])
            + (1.0 if b != c else 0.5) * binom.pmf(b, b + c, 0.5)
            for b, c in PAIRS
        ],
    }
    rows = []
    for name, compute in ours.items():
        mine, other = np.asarray(compute(), float), np.asarray(theirs[name], float)
        rows.append(Row(name, mine.size, float(np.abs(mine - other).max()), 1e-12))
    for name, statistic in (
        ("interval of the mean", mean_over_tasks),
        ("interval of the interquartile mean", pooled_iqm),
    ):
        mine = np.array([stratified_bootstrap(one.T, statistic, resamples=RESAMPLES)
                         for one in tables])  # fmt: skip
        other = np.asarray(theirs[name], float)
        # Other dice: ends wander by a few per cent of the width; where there is none, not at all.
        width = np.ptp(other, axis=1)
        apart = np.abs(mine - other).max(axis=1) / np.where(width > 0, width, 1.0)
        rows.append(Row(f"{name}, in widths", mine.size, float(apart.max()), 0.1))
    return rows
