"""Benchmarks of MiniWoB++: every task, and those that are known to be solvable."""

from __future__ import annotations

from ..core.specs import Benchmark
from ..tasks import catalogue

EPISODES = 20
"""Episodes of each task."""


def miniwob_all() -> Benchmark:
    """Every task of the package that runs on one page, or on one within another."""
    return Benchmark(
        id="miniwob-all",
        title="MiniWoB++, every task",
        tasks=tuple(task.id for task in catalogue.match("miniwob.*")),
        episodes_per_task=EPISODES,
    )


def miniwob() -> Benchmark:
    """The tasks that an oracle of this suite solves from the elements of the page."""
    return Benchmark(
        id="miniwob",
        title="MiniWoB++, the tasks that an oracle solves",
        tasks=tuple(task.id for task in catalogue.match("tag:miniwob-oracle")),
        episodes_per_task=EPISODES,
    )
