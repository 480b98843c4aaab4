"""What a mean does not tell: profiles, optimality gap, probability of improvement.

After Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice
(NeurIPS 2021), sections 4.2 and 4.3. Tasks may have different numbers of episodes; every task
counts alike, which for equal numbers is what the paper does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import BadArgument
from .intervals import (
    BOOTSTRAP_SEED,
    CONFIDENCE,
    RESAMPLES,
    Statistic,
    bootstrap_intervals,
    quantiles,
    resampled_means,
)
from .resample import Floats, Pool, Resample, strata

GAMMA = 1.0
"""The score above which nothing more is to be gained (section 4.3)."""


def performance_profile(scores_by_task: Sequence[ArrayLike], thresholds: ArrayLike) -> Floats:
    """The share of episodes that score above each threshold: ``[K]``, falling from left to right.

    Args:
        scores_by_task: one array ``[n_t]`` a task.
        thresholds: ``[K]``.
    """
    pool = Pool(scores_by_task)
    above = pool.values > np.asarray(thresholds, np.float64)[:, np.newaxis]
    return np.asarray(pool.task_means(above.astype(np.float64)).mean(axis=-1))


def average_profile(scores_by_task: Sequence[ArrayLike], thresholds: ArrayLike) -> Floats:
    """The share of tasks whose mean score is above each threshold: ``[K]``."""
    means = Pool(scores_by_task).whole().means
    return np.asarray((means > np.asarray(thresholds, np.float64)[:, np.newaxis]).mean(axis=1))


def average_band(
    scores_by_task: Sequence[ArrayLike],
    thresholds: Sequence[float] | Floats,
    *,
    resamples: int = RESAMPLES,
) -> tuple[Floats, Floats]:
    """The pointwise stratified bootstrap interval of ``average_profile``: its ends, each ``[K]``.

    Args:
        scores_by_task: one array ``[n_t]`` a task.
        thresholds: ``[K]``, rising.
        resamples: how many.
    """
    means = resampled_means(scores_by_task, resamples=resamples)
    # A mean is above so many thresholds, from the first on: at the next it falls below.
    falls = np.searchsorted(np.asarray(thresholds, np.float64), means, side="left")
    # Where no mean falls nothing changes; most thresholds are such.
    changes = np.bincount(falls.ravel(), minlength=len(thresholds) + 1) > 0
    changes[0] = True
    place = np.cumsum(changes) - 1
    width = int(place[-1]) + 1
    places = place[falls] + np.arange(len(means))[:, np.newaxis] * width
    falling = np.bincount(places.ravel(), minlength=len(means) * width).reshape(-1, width)
    above = 1 - falling.cumsum(axis=1) / means.shape[1]
    ends = np.array(quantiles(above.T, CONFIDENCE))[place[:-1]]
    return ends[:, 0], ends[:, 1]


def profile_band(
    scores_by_task: Sequence[ArrayLike], thresholds: ArrayLike, *, resamples: int = RESAMPLES
) -> list[tuple[float, float]]:
    """The pointwise stratified bootstrap interval of ``performance_profile`` at each threshold."""

    def share_above(threshold: float) -> Statistic:
        def statistic(drawn: Resample) -> Floats:
            above = (drawn.pool.values > threshold).astype(np.float64)
            return np.asarray(drawn.task_means(above).mean(axis=-1))

        return statistic

    statistics = [share_above(float(one)) for one in np.asarray(thresholds, np.float64)]
    return bootstrap_intervals(scores_by_task, statistics, resamples=resamples)


def optimality_gap(drawn: Resample) -> Floats:
    """Statistic: by how much episodes fall short of ``GAMMA``, what lies above it not counting."""
    short = GAMMA - np.minimum(drawn.pool.values, GAMMA)
    return np.asarray(drawn.task_means(short).mean(axis=-1))


def probability_of_improvement(
    scores_a: Sequence[ArrayLike], scores_b: Sequence[ArrayLike]
) -> float:
    """The chance that an episode of A scores higher than one of B, mean over tasks.

    A tie counts half: per task it is the Mann-Whitney statistic divided by the number of pairs.

    Args:
        scores_a: one array a task.
        scores_b: one array a task, the same tasks in the same order.

    Raises:
        BadArgument: no task, a task without episodes, or other numbers of tasks.
    """
    return float(np.mean([better.mean() for better in _wins(scores_a, scores_b)]))


def improvement_interval(
    scores_a: Sequence[ArrayLike],
    scores_b: Sequence[ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """The stratified bootstrap interval of ``probability_of_improvement``.

    Both sides' episodes are redrawn, task by task, independently of each other.
    """
    dice = np.random.Generator(np.random.PCG64(seed))
    found = np.zeros(resamples)
    tables = _wins(scores_a, scores_b)
    for better in tables:
        rows, columns = better.shape
        times_a = dice.multinomial(rows, np.full(rows, 1 / rows), size=resamples)
        times_b = dice.multinomial(columns, np.full(columns, 1 / columns), size=resamples)
        found += np.einsum("rb,rb->r", times_a @ better, times_b) / better.size
    return quantiles(found[np.newaxis] / len(tables), confidence)[0]


def _wins(scores_a: Sequence[ArrayLike], scores_b: Sequence[ArrayLike]) -> list[Floats]:
    """For each task ``[n_a, n_b]``: 1 where A's episode beats B's, one half where they tie."""
    strata(scores_a), strata(scores_b)  # Each refuses what is no list of tasks.
    if len(scores_a) != len(scores_b):
        raise BadArgument(f"{len(scores_a)} tasks against {len(scores_b)}")
    tables = []
    for one, other in zip(scores_a, scores_b, strict=True):
        mine, theirs = np.asarray(one, float)[:, None], np.asarray(other, float)[None]
        tables.append((mine > theirs) + 0.5 * (mine == theirs))
    return tables


def clustered_bootstrap(
    scores_by_task: Sequence[ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """An interval of the mean of all episodes in which whole tasks are redrawn with replacement.

    Episodes of a task resemble each other. This interval speaks of other tasks like these, where
    the stratified one speaks of the same tasks played again; it is the wider one unless tasks are
    alike. With few tasks it is too narrow: percentile intervals of k clusters are.

    Raises:
        BadArgument: fewer than two tasks, or a task without episodes.
    """
    pooled, starts, counts = strata(scores_by_task)
    tasks = len(counts)
    if tasks < 2:
        raise BadArgument("a clustered interval needs at least two tasks")
    sums = np.add.reduceat(pooled, starts)
    dice = np.random.Generator(np.random.PCG64(seed))
    drawn = (dice.random((resamples, tasks)) * tasks).astype(np.intp)
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return quantiles(means[np.newaxis], confidence)[0]
