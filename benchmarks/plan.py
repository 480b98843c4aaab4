"""From a benchmark to its exact episodes. Pure."""

from __future__ import annotations

from ..core.episode import EpisodePlan
from ..core.specs import Benchmark, derive_seed


def plan(benchmark: Benchmark) -> list[EpisodePlan]:
    """Every episode of a benchmark, task by task.

    A seed depends on the benchmark's id and base seed, the task and the index, and on nothing
    else: neither on the number of episodes, nor on what other tasks are played.
    """
    return [
        EpisodePlan(
            task=task,
            index=index,
            seed=derive_seed(benchmark.id, benchmark.base_seed, task, index),
        )
        for task in benchmark.tasks
        for index in range(benchmark.episodes_per_task)
    ]
