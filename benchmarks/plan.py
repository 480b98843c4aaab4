"""From a benchmark to its exact episodes. Pure."""

from __future__ import annotations

from ..core.episode import EpisodePlan
from ..core.specs import Benchmark


def plan(benchmark: Benchmark) -> list[EpisodePlan]:
    """Every episode of a benchmark, task by task."""
    return [
        EpisodePlan(task=task, index=index, seed=benchmark.seed_of(task, index))
        for task in benchmark.tasks
        for index in range(benchmark.episodes_per_task)
    ]
