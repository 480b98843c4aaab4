"""How sure a score is: Wilson intervals, interquartile means, the stratified bootstrap.

Pure functions over numbers. Episodes are resampled within their task, never across tasks: the
intervals speak of the same tasks played again, not of tasks that nobody has written yet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import BadArgument
from .resample import Floats, Pool, Resample, draw, draw_times, trimmed_mean

CONFIDENCE = 0.95
"""Coverage of every interval unless said otherwise."""

RESAMPLES = 2000
"""Bootstrap resamples: the end points then wander by about 2% of the interval's width."""

BOOTSTRAP_SEED = 20_240_229
"""Seed of the bootstrap's dice: fixed, so that the same episodes give the same interval."""


def wilson(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927), without continuity correction.

    Args:
        successes: how many succeeded.
        n: out of how many; with none the interval is everything, (0, 1).
        confidence: coverage, between 0 and 1.

    Returns:
        Both ends, within [0, 1] and around ``successes / n``.

    Raises:
        BadArgument: not ``0 <= successes <= n``, or a confidence outside (0, 1).
    """
    if not 0 <= successes <= n:
        raise BadArgument(f"{successes} successes of {n}: give 0 <= successes <= n")
    z = _two_sided_z(confidence)
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    # At 0 and n the ends are exactly 0 and 1; rounding must not say otherwise.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def _two_sided_z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence {confidence} is not between 0 and 1")
    # Imported late: it costs 0.2 s, which commands that compute nothing need not pay.
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


def iqm(values: ArrayLike) -> float:
    """The interquartile mean: the mean of what is left after cutting a quarter from each end.

    Of N values, ``floor(N / 4)`` are cut at each end, as ``scipy.stats.trim_mean`` does.

    Args:
        values: numbers of any shape, pooled.

    Raises:
        BadArgument: no value.
    """
    flat = np.asarray(values, dtype=np.float64).reshape(1, -1)
    if flat.size == 0:
        raise BadArgument("the interquartile mean of no values is not defined")
    return float(trimmed_mean(flat)[0])


Statistic: TypeAlias = Callable[[Resample], Floats]
"""From resamples to one value each ``[R]``."""


def mean_over_tasks(drawn: Resample) -> Floats:
    """Statistic: every task counts alike, however many of its episodes are valid."""
    return np.asarray(drawn.means.mean(axis=-1), dtype=np.float64)


def pooled_iqm(drawn: Resample) -> Floats:
    """Statistic: interquartile mean of all episodes of all tasks, as rliable defines it."""
    return drawn.trimmed_mean()


def iqm_over_tasks(drawn: Resample) -> Floats:
    """Statistic: interquartile mean of the tasks' means.

    Of scores that are 0 or 1 the pooled one says little (at 80% success it is 1); this one
    drops the easiest and the hardest quarter of the tasks instead.
    """
    return trimmed_mean(drawn.means)


def point(scores_by_task: Sequence[ArrayLike], statistic: Statistic) -> float:
    """The value of a statistic on the episodes as they were played."""
    return points(scores_by_task, [statistic])[0]


def points(scores_by_task: Sequence[ArrayLike], statistics: Sequence[Statistic]) -> list[float]:
    """``point`` of several statistics, in their order."""
    played = Pool(scores_by_task).whole()
    return [float(statistic(played)[0]) for statistic in statistics]


def stratified_bootstrap(
    scores_by_task: Sequence[ArrayLike],
    statistic: Statistic,
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """A percentile bootstrap interval; each task's episodes are redrawn among themselves.

    A resample draws, for every task, as many episodes as the task has, with replacement. The
    interval runs between the ``(1 - confidence) / 2`` and ``(1 + confidence) / 2`` quantiles
    (interpolated linearly) of the statistic over the resamples. A task whose episodes all scored
    the same adds no spread, so an interval may be a single point: read it with its n.

    Args:
        scores_by_task: one array ``[n_t]`` a task; lengths may differ, none may be empty.
        statistic: e.g. ``mean_over_tasks``, ``pooled_iqm`` or ``iqm_over_tasks``.
        resamples: how many.
        seed: of the dice.
        confidence: coverage, between 0 and 1.

    Raises:
        BadArgument: no task, a task without episodes, or an argument out of range.
    """
    intervals = bootstrap_intervals(
        scores_by_task, [statistic], resamples=resamples, seed=seed, confidence=confidence
    )
    return intervals[0]


def bootstrap_intervals(
    scores_by_task: Sequence[ArrayLike],
    statistics: Sequence[Statistic],
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> list[tuple[float, float]]:
    """``stratified_bootstrap`` of several statistics over the same resamples, in their order."""
    (found,) = bootstrap_together(
        [(scores_by_task, statistics)], resamples=resamples, seed=seed, confidence=confidence
    )
    return found


def bootstrap_together(
    asked: Sequence[tuple[Sequence[ArrayLike], Sequence[Statistic]]],
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> list[list[tuple[float, float]]]:
    """``bootstrap_intervals`` of several lists of tasks, as many episodes in each: drawn once.

    Args:
        asked: scores by task, and what is to be computed of them; all have the same numbers of
            episodes, task by task.
        resamples: how many.
        seed: of the dice.
        confidence: coverage, between 0 and 1.

    Raises:
        BadArgument: as ``stratified_bootstrap``, or the numbers of episodes differ.
    """
    _check(resamples, confidence)
    pools = [Pool(scores) for scores, _ in asked]
    first = pools[0]
    if any(not np.array_equal(first.counts, other.counts) for other in pools):
        raise BadArgument("what is drawn together has as many episodes in each task")
    blocks: list[list[Floats]] = []
    for drawn in draw(pools, resamples, seed):
        blocks.append(
            [
                statistic(one)
                for one, (_, statistics) in zip(drawn, asked, strict=True)
                for statistic in statistics
            ]
        )
    ends = iter(quantiles(np.concatenate(blocks, axis=1), confidence))
    return [[next(ends) for _ in statistics] for _, statistics in asked]


def resampled_means(
    scores_by_task: Sequence[ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
) -> Floats:
    """The mean score of each task in every resample ``[R, T]``.

    Raises:
        BadArgument: as ``stratified_bootstrap``.
    """
    _check(resamples, CONFIDENCE)
    drawn = draw([Pool(scores_by_task)], resamples, seed)
    return np.concatenate([one.means for (one,) in drawn])


def bootstrap_means(
    table: ArrayLike,
    *,
    weights: ArrayLike = 1.0,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> list[tuple[float, float]]:
    """Percentile bootstrap intervals of the means of many figures of the same episodes.

    A resample redraws whole episodes, and the mean of each figure is over those in it that have
    the figure; a resample without any says nothing of it.

    Args:
        table: `[N, M]`, an episode a row and a figure a column; NaN where it is not defined. Each
            figure is defined somewhere.
        weights: `[N, M]`, how much each counts; not negative.
        resamples: how many.
        seed: of the dice.
        confidence: coverage, between 0 and 1.

    Raises:
        BadArgument: an argument out of range.
    """
    _check(resamples, confidence)
    values = np.asarray(table, np.float64)
    there = np.where(np.isnan(values), 0.0, weights)
    held = there * np.nan_to_num(values)
    means: list[Floats] = []
    for times in draw_times(len(values), resamples, seed):
        known = times @ there
        means.append(np.where(known > 0, times @ held, np.nan) / np.where(known > 0, known, 1.0))
    return [
        quantiles(column[~np.isnan(column)][np.newaxis], confidence)[0]
        for column in np.concatenate(means).T
    ]


def _check(resamples: int, confidence: float) -> None:
    if resamples < 1:
        raise BadArgument(f"{resamples} resamples: give at least 1")
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence {confidence} is not between 0 and 1")


def quantiles(values: Floats, confidence: float) -> list[tuple[float, float]]:
    """The ends of the percentile interval of each figure's resampled values.

    Args:
        values: ``[F, R]``, a figure a row.
        confidence: coverage, between 0 and 1.
    """
    low, high = np.quantile(values, ((1 - confidence) / 2, (1 + confidence) / 2), axis=1)
    return list(zip(low.tolist(), high.tolist(), strict=True))
