"""How sure a score is: Wilson intervals, interquartile means, the stratified bootstrap.

Pure functions over numbers. Episodes are resampled within their task, never across tasks: the
intervals speak of the same tasks played again, not of tasks that nobody has written yet.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.errors import BadArgument

CONFIDENCE = 0.95
"""Coverage of every interval unless said otherwise."""

RESAMPLES = 2000
"""Bootstrap resamples: the end points then wander by about 2% of the interval's width."""

BOOTSTRAP_SEED = 20_240_229
"""Seed of the bootstrap's dice: fixed, so that the same episodes give the same interval."""

TRIMMED = 0.25
"""Share cut from each end for the interquartile mean (Agarwal et al. 2021, section 4.3)."""

_BLOCK = 1 << 16
"""Drawn values held at once, where a row has no more: 512 kB an array, which a cache holds."""

_ROW = 4096
"""Values a row beyond which rows are better counted one by one."""

_SORT_UP_TO = 1000
"""Values a row up to which sorting them all is faster than parting them in three."""

Floats: TypeAlias = NDArray[np.float64]


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


def trimmed_mean(samples: Floats) -> Floats:
    """The interquartile mean of each row: ``[R, N]`` to ``[R]``."""
    n = samples.shape[-1]
    cut = int(TRIMMED * n)
    if n <= _SORT_UP_TO:
        ordered = np.sort(samples, axis=-1)
    else:
        ordered = np.partition(samples, (cut, n - cut - 1), axis=-1)
    return np.asarray(ordered[..., cut : n - cut].mean(axis=-1), dtype=np.float64)


class Pool:
    """The episodes of some tasks, task after task.

    Args:
        scores_by_task: one array ``[n_t]`` a task.

    Raises:
        BadArgument: no task, or a task without episodes.
    """

    def __init__(self, scores_by_task: Sequence[ArrayLike]) -> None:
        self.values, self.starts, self.counts = strata(scores_by_task)

    def whole(self) -> Resample:
        """All of them, each once."""
        return Resample(self, np.arange(len(self.values))[np.newaxis])

    @functools.cached_property
    def ranks(self) -> tuple[Floats, NDArray[np.intp]]:
        """The distinct values ``[D]``, and for each value which of them it is ``[N]``."""
        distinct, rank = np.unique(self.values, return_inverse=True)
        return distinct, rank

    @functools.cached_property
    def is_all_or_nothing(self) -> bool:
        """Whether every score is 0 or 1."""
        return bool(np.isin(self.ranks[0], (0.0, 1.0)).all())


class Resample:
    """Episodes drawn from a pool, each task's from its own; what statistics are computed of.

    Args:
        pool: what is drawn from.
        columns: which of the pool's values: ``[R, N]``, a resample a row.
    """

    def __init__(self, pool: Pool, columns: NDArray[np.intp]) -> None:
        self._pool, self._columns = pool, columns

    @functools.cached_property
    def scores(self) -> Floats:
        """Their scores ``[R, N]``."""
        # No column lies outside; to clip is quicker than to check.
        return self._pool.values.take(self._columns, mode="clip")

    @functools.cached_property
    def means(self) -> Floats:
        """The mean score of each task ``[R, T]``."""
        return self.task_means(self.scores)

    def task_means(self, values: Floats) -> Floats:
        """The mean of each task's columns: ``[R, N]`` to ``[R, T]``."""
        sums = np.add.reduceat(values, self._pool.starts, axis=-1)
        return np.asarray(sums / self._pool.counts, dtype=np.float64)

    def trimmed_mean(self) -> Floats:
        """The interquartile mean of all scores ``[R]``; their order is found once for the pool."""
        distinct, rank = self._pool.ranks
        rows, n = self._columns.shape
        cut = int(TRIMMED * n)
        kept = n - 2 * cut
        # Of zeros and ones, and of equal values, the mean is right to the last bit.
        if len(distinct) == 1:
            return np.full(rows, distinct[0])
        if self._pool.is_all_or_nothing:  # How many ones there are says it all.
            return np.asarray(np.clip(self.scores.sum(axis=1) - cut, 0, kept) / kept)
        if n > _ROW:
            sums = [_sum_between(row, rank, distinct, cut) for row in self._columns]
            return np.asarray(np.array(sums) / kept)
        width = len(distinct)
        places = rank.take(self._columns, mode="clip")
        places += np.arange(rows)[:, np.newaxis] * width
        times = np.bincount(places.ravel(), minlength=rows * width).reshape(rows, width)
        # How many of what is kept are at most as great as each of the distinct values.
        upto = np.clip(np.cumsum(times, axis=1) - cut, 0, kept)
        upto[:, 1:] -= upto[:, :-1].copy()
        return np.asarray((upto * distinct).sum(axis=1) / kept)


def _sum_between(
    row: NDArray[np.intp], rank: NDArray[np.intp], distinct: Floats, cut: int
) -> float:
    """The sum of a resample's values without ``cut`` of them at either end.

    Args:
        row: `[N]`, which of the pool's values they are.
        rank: `[N]`, for each of the pool's values which of the distinct ones it is.
        distinct: `[D]`, in their order.
        cut: how many are left out at each end.
    """
    times = np.bincount(rank.take(row, mode="clip"), minlength=len(distinct))
    upto = np.cumsum(times)
    first, last = np.searchsorted(upto, (cut, len(row) - cut - 1), side="right")
    if first == last:
        return float(distinct[first] * (len(row) - 2 * cut))
    kept = distinct[first : last + 1] * times[first : last + 1]
    kept[0] = distinct[first] * (upto[first] - cut)
    kept[-1] = distinct[last] * (len(row) - cut - upto[last - 1])
    return float(kept.sum())  # A product of vectors would wake the threads of BLAS.


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
    for columns in _draw(first.starts, first.counts, resamples, seed):
        drawn = [Resample(pool, columns) for pool in pools]
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
    pool = Pool(scores_by_task)
    drawn = _draw(pool.starts, pool.counts, resamples, seed)
    return np.concatenate([Resample(pool, columns).means for columns in drawn])


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
    count = len(values)
    there = np.where(np.isnan(values), 0.0, weights)
    held = there * np.nan_to_num(values)
    means: list[Floats] = []
    one, all_ = np.zeros(1, np.intp), np.array([count], np.intp)
    for drawn in _draw(one, all_, resamples, seed):
        places = (drawn + np.arange(len(drawn))[:, None] * count).ravel()
        times = np.bincount(places, minlength=drawn.size).reshape(drawn.shape).astype(np.float64)
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


def strata(
    scores_by_task: Sequence[ArrayLike],
) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """All scores ``[N]``, the first column of each task ``[T]``, and each task's count ``[T]``.

    Raises:
        BadArgument: no task, or a task without episodes.
    """
    arrays = [np.asarray(scores, dtype=np.float64) for scores in scores_by_task]
    if not arrays or any(one.ndim != 1 or one.size == 0 for one in arrays):
        raise BadArgument("give at least one task, and for each a flat array of at least one score")
    counts = np.array([one.size for one in arrays], dtype=np.intp)
    return np.concatenate(arrays), np.cumsum(counts) - counts, counts


def _draw(
    starts: NDArray[np.intp], counts: NDArray[np.intp], resamples: int, seed: int
) -> Iterator[NDArray[np.intp]]:
    """Blocks ``[r, N]`` of drawn columns. The draws do not depend on the size of the blocks.

    Uniform draws need no mathematics library, so that every machine redraws the same episodes
    and a board can compare intervals made elsewhere. (A binomial sampler would be faster.)
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    # Floats hold counts exactly, and multiply faster.
    start, size = np.repeat(starts, counts), np.repeat(counts, counts).astype(np.float64)
    width = len(start)
    rows = max(1, _BLOCK // width)
    piece = width if rows > 1 else _BLOCK
    for done in range(0, resamples, rows):
        columns = np.empty((min(rows, resamples - done), width), np.intp)
        for at in range(0, width, piece):
            part = slice(at, at + piece)
            uniform = dice.random((len(columns), len(start[part])))
            # u < 1 keeps u * n below n in double arithmetic, so the index stays in its task.
            uniform *= size[part]
            columns[:, part] = uniform
            columns[:, part] += start[part]
        yield columns
