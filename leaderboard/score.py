"""Which episodes enter a run's figures, and those figures: of all its tasks, or of some of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from ..core.episode import EpisodeResult, Outcome
from ..core.manifest import Manifest
from . import intervals
from .resample import Floats
from .result import Estimate

NOTHING = Estimate(value=None, low=None, high=None, n=0)
"""The figure of no episode."""

Choice: TypeAlias = tuple[str, ...]
"""The ids of tasks that are summed up together."""


class Figures(NamedTuple):
    """What the scored episodes of some tasks come to.

    Attributes:
        success: successes among them, with the Wilson interval.
        score: mean over tasks of their mean normalised score, with the bootstrap interval.
        score_iqm: interquartile mean of the scores of all episodes, likewise.
        score_iqm_over_tasks: interquartile mean of the tasks' mean scores, likewise.
        task_success: mean over tasks of their success, likewise.
        success_iqm_over_tasks: interquartile mean of the tasks' success, likewise.
    """

    success: Estimate
    score: Estimate
    score_iqm: Estimate
    score_iqm_over_tasks: Estimate
    task_success: Estimate
    success_iqm_over_tasks: Estimate


_OF_SCORES = (intervals.mean_over_tasks, intervals.pooled_iqm, intervals.iqm_over_tasks)
_OF_WINS = (intervals.mean_over_tasks, intervals.iqm_over_tasks)


def counts(manifest: Manifest, one: EpisodeResult) -> bool:
    """Whether an episode is valid, and what its task is about took place in it."""
    table = manifest.metrics_of(one.plan.task)
    return one.valid and (table is None or table.counts(one.metrics))


def counted(manifest: Manifest, episodes: Sequence[EpisodeResult]) -> list[EpisodeResult]:
    """Those of one task's episodes that count."""
    table = manifest.metrics_of(episodes[0].plan.task) if episodes else None
    return [one for one in episodes if one.valid and (table is None or table.counts(one.metrics))]


class _Table(NamedTuple):
    """Scores and wins of the chosen tasks that have any, an array a task; wins where they differ.

    Where success is what is scored, the two are one figure with one interval.
    """

    scores: list[Floats]
    wins: list[Floats] | None

    @property
    def statistics(self) -> list[tuple[list[Floats], tuple[intervals.Statistic, ...]]]:
        """What is to be computed of what."""
        found: list[tuple[list[Floats], tuple[intervals.Statistic, ...]]] = []
        found.append((self.scores, _OF_SCORES))
        if self.wins is not None:
            found.append((self.wins, _OF_WINS))
        return found


class Scores:
    """The scores of a run, by task.

    A task without a reference or a notion of success has returns, and enters no score.

    Args:
        manifest: what was to be played.
        by_task: the episodes played of each task.
    """

    def __init__(self, manifest: Manifest, by_task: Mapping[str, Sequence[EpisodeResult]]) -> None:
        self._scores: dict[str, Floats] = {}
        self._wins: dict[str, Floats] = {}
        for task, episodes in by_task.items():
            found = [one for one in counted(manifest, episodes) if one.score is not None]
            won = [one.outcome is Outcome.SUCCESS for one in found]
            self._scores[task] = np.array([one.score for one in found], np.float64)
            self._wins[task] = np.array(won, np.float64)

    @classmethod
    def of_run(cls, manifest: Manifest, results: Iterable[EpisodeResult]) -> Scores:
        """The scores of a run's episodes, in whatever order they stand."""
        by_task: dict[str, list[EpisodeResult]] = {task: [] for task in manifest.benchmark.tasks}
        for one in results:
            by_task[one.plan.task].append(one)
        return cls(manifest, by_task)

    def of(self, tasks: Choice) -> list[Floats]:
        """The scores of those of the tasks that have any, an array a task."""
        return [self._scores[task] for task in tasks if len(self._scores[task])]

    def figures(self, choices: Iterable[Choice]) -> dict[Choice, Figures]:
        """The figures of each choice of tasks; a task without a scored episode is left out.

        Choices with the same numbers of episodes share their draws, which changes none of them.
        """
        found: dict[Choice, Figures] = {}
        alike: dict[tuple[int, ...], dict[Choice, _Table]] = defaultdict(dict)
        for tasks in choices:
            table = self._table(tasks)
            if table.scores:
                alike[tuple(map(len, table.scores))][tasks] = table
            else:
                found[tasks] = Figures(*[NOTHING] * len(Figures._fields))
        for sizes, tables in alike.items():
            # One episode of a task cannot show how its episodes differ: no interval, not a false
            # one.
            found |= _estimate(tables, has_spread=min(sizes) > 1)
        return found

    def _table(self, tasks: Choice) -> _Table:
        scores = self.of(tasks)
        wins = [self._wins[task] for task in tasks if len(self._wins[task])]
        same = all(map(np.array_equal, scores, wins))
        return _Table(scores, None if same else wins)


def _estimate(tables: Mapping[Choice, _Table], has_spread: bool) -> dict[Choice, Figures]:
    asked = [one for table in tables.values() for one in table.statistics]
    ends: Sequence[Sequence[tuple[float, float] | tuple[None, None]]]
    if has_spread:
        ends = intervals.bootstrap_together(asked)
    else:
        ends = [[(None, None)] * len(statistics) for _, statistics in asked]
    estimates = iter(
        [
            Estimate(value=value, low=low, high=high, n=sum(map(len, strata)))
            for value, (low, high) in zip(intervals.points(strata, statistics), found, strict=True)
        ]
        for (strata, statistics), found in zip(asked, ends, strict=True)
    )
    figures = {}
    for tasks, table in tables.items():
        mean, pooled, over_tasks = next(estimates)
        wins, wins_over_tasks = (mean, over_tasks) if table.wins is None else next(estimates)
        success = _success(table.wins or table.scores)
        figures[tasks] = Figures(success, mean, pooled, over_tasks, wins, wins_over_tasks)
    return figures


def _success(wins: Sequence[Floats]) -> Estimate:
    n = sum(map(len, wins))
    successes = int(sum(one.sum() for one in wins))
    low, high = intervals.wilson(successes, n)
    return Estimate(value=successes / n, low=low, high=high, n=n)
