"""Episodes drawn again, each task's from its own: what a bootstrap computes its statistics of.

Uniform draws need no mathematics library, so that every machine redraws the same episodes and a
board can compare intervals made elsewhere. (Drawing how often each occurs, by a binomial sampler,
would be faster, and goes through logarithms.)
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.errors import BadArgument

TRIMMED = 0.25
"""Share cut from each end for the interquartile mean (Agarwal et al. 2021, section 4.3)."""

_BLOCK = 1 << 16
"""Drawn values held at once: 512 kB an array, which a cache holds."""

_WIDE = 4096
"""Episodes beyond which a resample is held as how often each episode was drawn."""

_SPAN = 8192
"""Episodes of such a resample that are worked on at once, or more where a task has more: 64 kB an
array, which the nearest caches hold."""

_SORT_UP_TO = 1000
"""Values a row up to which sorting them all is faster than parting them in three."""

Floats: TypeAlias = NDArray[np.float64]

Times: TypeAlias = NDArray[np.unsignedinteger[Any]]
"""How often something was drawn."""


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
        return Drawn(self, np.arange(len(self.values))[np.newaxis])

    def task_means(self, of_each: Floats) -> Floats:
        """The mean over each task of what stands for each episode: ``[..., N]`` to ``[..., T]``."""
        sums = np.add.reduceat(of_each, self.starts, axis=-1)
        return np.asarray(sums / self.counts, dtype=np.float64)

    @functools.cached_property
    def ranks(self) -> tuple[Floats, NDArray[np.intp]]:
        """The distinct values ``[D]``, and for each value which of them it is ``[N]``."""
        distinct, rank = np.unique(self.values, return_inverse=True)
        return distinct, rank

    @functools.cached_property
    def order(self) -> tuple[Floats, NDArray[np.intp]]:
        """The values as they rise ``[N]``, and which of them each is."""
        places = np.argsort(self.values, kind="stable")
        return self.values[places], places

    @functools.cached_property
    def is_all_or_nothing(self) -> bool:
        """Whether every score is 0 or 1."""
        return bool(np.isin(self.values, (0.0, 1.0)).all())

    @functools.cached_property
    def is_all_the_same(self) -> bool:
        """Whether every score is the first one."""
        return bool((self.values == self.values[0]).all())


class Resample(ABC):
    """Episodes drawn from a pool; what statistics are computed of.

    Args:
        pool: what is drawn from.
        rows: resamples held here, R.
    """

    def __init__(self, pool: Pool, rows: int) -> None:
        self.pool, self._rows = pool, rows

    @abstractmethod
    def _task_sums(self, of_each: Floats) -> Floats:
        """The sums over each task's drawn episodes: ``[N]`` to ``[R, T]``."""

    @abstractmethod
    def _kept_sum(self, cut: int) -> Floats:
        """The sums of all drawn scores without ``cut`` of them at either end ``[R]``."""

    def task_means(self, of_each: Floats) -> Floats:
        """The means over each task's drawn episodes ``[R, T]``.

        Args:
            of_each: what stands for each episode of the pool ``[N]``.
        """
        return np.asarray(self._task_sums(of_each) / self.pool.counts, dtype=np.float64)

    @functools.cached_property
    def sums(self) -> Floats:
        """The sum of each task's scores ``[R, T]``."""
        return self._task_sums(self.pool.values)

    @functools.cached_property
    def means(self) -> Floats:
        """The mean score of each task ``[R, T]``."""
        return np.asarray(self.sums / self.pool.counts, dtype=np.float64)

    def trimmed_mean(self) -> Floats:
        """The interquartile mean of all drawn scores ``[R]``."""
        n = len(self.pool.values)
        cut = int(TRIMMED * n)
        kept = n - 2 * cut
        # Of zeros and ones, and of equal values, the mean is right to the last bit.
        if self.pool.is_all_the_same:
            return np.full(self._rows, self.pool.values[0])
        if self.pool.is_all_or_nothing:  # How many ones there are says it all.
            return np.asarray(np.clip(self.sums.sum(axis=1) - cut, 0, kept) / kept)
        return self._kept_sum(cut) / kept


class Drawn(Resample):
    """Resamples held as which of the pool's episodes they are.

    Args:
        pool: what is drawn from.
        columns: which of the pool's episodes: ``[R, N]``, a resample a row.
    """

    def __init__(self, pool: Pool, columns: NDArray[np.intp]) -> None:
        super().__init__(pool, len(columns))
        self._columns = columns

    def _task_sums(self, of_each: Floats) -> Floats:
        # No column lies outside; to clip is quicker than to check.
        drawn = of_each.take(self._columns, mode="clip")
        return np.asarray(np.add.reduceat(drawn, self.pool.starts, axis=-1))

    def _kept_sum(self, cut: int) -> Floats:
        distinct, rank = self.pool.ranks  # Their order is found once, for the pool.
        rows, n = self._columns.shape
        width = len(distinct)
        places = rank.take(self._columns, mode="clip")
        places += np.arange(rows)[:, np.newaxis] * width
        times = np.bincount(places.ravel(), minlength=rows * width).reshape(rows, width)
        # How many of what is kept are at most as great as each of the distinct values.
        upto = np.clip(np.cumsum(times, axis=1) - cut, 0, n - 2 * cut)
        upto[:, 1:] -= upto[:, :-1].copy()
        return np.asarray((upto * distinct).sum(axis=1))


class Span(NamedTuple):
    """Tasks next to each other that are drawn at once.

    Attributes:
        episodes: where theirs lie in the pool.
        starts: where each task's begin, from the span's first episode on.
        start: the same for each episode.
        size: for each episode, how many its task has.
    """

    episodes: slice
    starts: NDArray[np.intp]
    start: NDArray[np.intp]
    size: Floats


def spans_of(counts: NDArray[np.intp]) -> list[Span]:
    """Whole tasks, together at least ``_SPAN`` episodes each but for the last.

    Args:
        counts: episodes of each task ``[T]``.
    """
    found: list[Span] = []
    task = begin = 0
    for at, held in enumerate(np.cumsum(counts).tolist()):
        if held - begin < _SPAN and at + 1 < len(counts):
            continue
        mine = counts[task : at + 1]
        starts = np.cumsum(mine) - mine
        found.append(
            Span(
                episodes=slice(begin, held),
                starts=starts,
                start=np.repeat(starts, mine),
                # Floats hold counts exactly, and multiply faster.
                size=np.repeat(mine, mine).astype(np.float64),
            )
        )
        task, begin = at + 1, held
    return found


class Counted(Resample):
    """Resamples held as how often each of the pool's episodes was drawn.

    Args:
        pool: what is drawn from.
        times: how often each of its episodes was drawn: ``[R, N]``, a resample a row.
        spans: of the pool.
    """

    def __init__(self, pool: Pool, times: Times, spans: Sequence[Span]) -> None:
        super().__init__(pool, len(times))
        self._times, self._spans = times, spans

    def _task_sums(self, of_each: Floats) -> Floats:
        sums = [
            np.add.reduceat(
                self._times[:, one.episodes] * of_each[one.episodes], one.starts, axis=1
            )
            for one in self._spans
        ]
        return np.concatenate(sums, axis=1)

    def _kept_sum(self, cut: int) -> Floats:
        ordered, places = self.pool.order
        return np.array(
            [_sum_between(row.take(places, mode="clip"), ordered, cut) for row in self._times]
        )


def _sum_between(times: Times, ordered: Floats, cut: int) -> float:
    """The sum of a resample's values without ``cut`` of them at either end.

    Args:
        times: how often each value was drawn ``[N]``.
        ordered: the values, rising ``[N]``.
        cut: how many are left out at each end.
    """
    upto = times.astype(np.intp).cumsum()  # To convert while adding up takes ten times as long.
    n = len(times)
    first, last = upto.searchsorted(np.array((cut, n - cut - 1)), side="right")
    if first == last:
        return float(ordered[first] * (n - 2 * cut))
    kept = times[first : last + 1].astype(np.float64)
    kept[0] = upto[first] - cut
    kept[-1] = n - cut - upto[last - 1]
    kept *= ordered[first : last + 1]
    return float(kept.sum())  # A product of vectors would wake the threads of BLAS.


def draw(pools: Sequence[Pool], resamples: int, seed: int) -> Iterator[list[Resample]]:
    """Resamples of some pools, as many episodes in each task of each: drawn once for all of them.

    Args:
        pools: what is drawn from.
        resamples: how many.
        seed: of the dice.

    Yields:
        One resample, or a block of them, of each pool.
    """
    counts = pools[0].counts
    if counts.sum() <= _WIDE:
        for columns in _draw_columns(counts, resamples, seed):
            yield [Drawn(pool, columns) for pool in pools]
        return
    spans = spans_of(counts)
    for times in _draw_times(spans, counts, resamples, seed):
        yield [Counted(pool, times, spans) for pool in pools]


def draw_times(count: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each episode of one task is drawn, in blocks ``[r, count]`` of resamples.

    Args:
        count: episodes.
        resamples: how many.
        seed: of the dice.
    """
    counts = np.array([count], np.intp)
    if count <= _WIDE:
        for columns in _draw_columns(counts, resamples, seed):
            places = (columns + np.arange(len(columns))[:, np.newaxis] * count).ravel()
            times = np.bincount(places, minlength=columns.size)
            yield times.reshape(columns.shape).astype(np.float64)
        return
    for drawn in _draw_times(spans_of(counts), counts, resamples, seed):
        yield drawn.astype(np.float64)


def _draw_columns(
    counts: NDArray[np.intp], resamples: int, seed: int
) -> Iterator[NDArray[np.intp]]:
    """Blocks ``[r, N]`` of drawn columns. The draws do not depend on the size of the blocks."""
    dice = np.random.Generator(np.random.PCG64(seed))
    start = np.repeat(np.cumsum(counts) - counts, counts)
    size = np.repeat(counts, counts).astype(np.float64)
    rows = max(1, _BLOCK // len(start))
    for done in range(0, resamples, rows):
        uniform = dice.random((min(rows, resamples - done), len(start)))
        # u < 1 keeps u * n below n in double arithmetic, so the index stays in its task.
        uniform *= size
        columns = uniform.astype(np.intp)
        columns += start
        yield columns


def _draw_times(
    spans: Sequence[Span], counts: NDArray[np.intp], resamples: int, seed: int
) -> Iterator[Times]:
    """The same draws as those of ``_draw_columns``, counted, in blocks ``[r, N]``."""
    dice = np.random.Generator(np.random.PCG64(seed))
    # No episode is drawn more often than its task has episodes.
    kind = np.min_scalar_type(int(counts.max()))
    rows = max(1, _BLOCK // max(len(one.size) for one in spans))
    for done in range(0, resamples, rows):
        times = np.empty((min(rows, resamples - done), int(counts.sum())), kind)
        for row in times:
            for one in spans:
                uniform = dice.random(len(one.size))
                uniform *= one.size
                columns = uniform.astype(np.intp)
                columns += one.start
                row[one.episodes] = np.bincount(columns, minlength=len(columns))
        yield times
