"""Two agents on the same episodes: better, worse, or inconclusive, and what would settle it.

Episodes are paired by task, number and seed: both met the same world, so that what is easy or hard
about it cancels. The question is put to the dice of a sign-flip test: were the two alike, each
pair could as well have been the other way round (Fisher's randomisation test; for wins and losses
of one task it is McNemar's, with ties of the statistic counted half: the mid-p value of Lancaster,
Significance tests in discrete distributions, JASA 56, 1961).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from ..core.episode import EpisodeResult, Outcome
from ..core.errors import BadArgument
from ..core.manifest import Manifest
from . import intervals
from .performance import probability_of_improvement
from .resample import Floats
from .result import Count, Estimate
from .score import counts

LEVEL = 0.05
"""Chance of a verdict where there is no difference."""

POWER = 0.8
"""Chance of a verdict that the further episodes are to give."""

FLIPS = 10_000
"""Drawn sign flips: a p value near 0.05 then wanders by 0.002."""

FAR = 100
"""So many times as many episodes are as good as never."""

Verdict = Literal["better", "worse", "inconclusive"]


class TaskDifference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pairs of one task.

    Attributes:
        task: its id.
        pairs: episodes that both played validly.
        first: mean of the first agent.
        second: mean of the second.
        only_first: pairs in which the first did better.
        only_second: pairs in which the second did.
    """

    task: str
    pairs: Count
    first: float
    second: float
    only_first: Count
    only_second: Count


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What two runs say of two agents.

    Attributes:
        metric: what is compared: ``success`` or ``score``.
        verdict: whether the first is better or worse than the second at the 5% level.
        difference: mean over tasks of first less second, with the paired bootstrap interval.
        p_value: two-sided, of the sign-flip test.
        improvement: chance that an episode of the first scores higher than one of the second.
        detectable: difference that so many episodes find with a chance of 80%.
        further: episodes of each task, beyond these, that would give a verdict with a chance of
            80% if the difference is what it seems; null where there is a verdict, and where even
            a hundred times as many would not do.
        tasks: task by task.
    """

    metric: Literal["success", "score"]
    verdict: Verdict
    difference: Estimate
    p_value: float
    improvement: float
    detectable: float
    further: Count | None
    tasks: tuple[TaskDifference, ...]


def compare(
    first: tuple[Manifest, Sequence[EpisodeResult]],
    second: tuple[Manifest, Sequence[EpisodeResult]],
    metric: Literal["success", "score"] | None = None,
) -> Comparison:
    """Compares two runs of one programme.

    Args:
        first: manifest and episodes of a run.
        second: of another. It may have played other numbers of episodes.
        metric: what to compare; None for the benchmark's headline.

    Raises:
        BadArgument: the runs are of different programmes, or share no valid episode.
    """
    _check_alike(first[0], second[0])
    metric = metric or first[0].benchmark.headline
    mine, theirs = _scores(*first, metric), _scores(*second, metric)
    pairs: dict[str, list[tuple[float, float]]] = {}
    for key in sorted(mine.keys() & theirs.keys()):
        pairs.setdefault(key[0], []).append((mine[key], theirs[key]))
    if not pairs:
        raise BadArgument("the runs share no episode that both played validly")
    ordered = {task: np.array(pairs[task]) for task in first[0].benchmark.tasks if task in pairs}
    return compare_pairs(ordered, metric)


def are_alike(one: Manifest, other: Manifest) -> bool:
    """Whether two runs are of the same tasks and seeds, so that their episodes can be paired."""
    mine, theirs = (
        (run.benchmark.id, run.benchmark.base_seed, run.tasks_digest(), run.benchmark.task_kwargs)
        for run in (one, other)
    )
    return mine == theirs


def _check_alike(one: Manifest, other: Manifest) -> None:
    if not are_alike(one, other):
        raise BadArgument(
            f"the runs are of different programmes ('{one.benchmark.id}' from seed "
            f"{one.benchmark.base_seed}, '{other.benchmark.id}' from seed "
            f"{other.benchmark.base_seed}; tasks or their arguments may differ as well): only "
            "episodes of the same tasks and seeds are compared"
        )


def _scores(
    manifest: Manifest, results: Sequence[EpisodeResult], metric: str
) -> dict[tuple[str, int], float]:
    """By task and number, what counts of each episode that enters a figure."""
    found = {}
    for one in results:
        if one.score is not None and counts(manifest, one):
            won = float(one.outcome is Outcome.SUCCESS)
            found[one.plan.key] = won if metric == "success" else one.score
    return found


def compare_pairs(
    pairs: Mapping[str, Floats], metric: Literal["success", "score"] = "success"
) -> Comparison:
    """Compares agents by their paired scores.

    Args:
        pairs: for each task ``[n, 2]``: the first agent's score and the second's.
        metric: what the scores are.
    """
    differences = [both[:, 0] - both[:, 1] for both in pairs.values()]
    value = intervals.point(differences, intervals.mean_over_tasks)
    p_value = sign_flip(differences)
    low = high = None
    if min(map(len, differences)) > 1:
        low, high = intervals.stratified_bootstrap(differences, intervals.mean_over_tasks)
    verdict: Verdict = "inconclusive"
    if p_value < LEVEL:
        verdict = "better" if value > 0 else "worse"
    error = _standard_error(differences)
    detectable = reach() * error
    further = None
    if verdict == "inconclusive" and value and error:
        needed = (detectable / value) ** 2
        most = max(map(len, differences))
        further = max(1, math.ceil(most * (needed - 1))) if needed <= FAR else None
    return Comparison(
        metric=metric,
        verdict=verdict,
        difference=Estimate(value=value, low=low, high=high, n=sum(map(len, differences))),
        p_value=p_value,
        improvement=probability_of_improvement(
            [both[:, 0] for both in pairs.values()], [both[:, 1] for both in pairs.values()]
        ),
        detectable=detectable,
        further=further,
        tasks=tuple(_by_task(task, both) for task, both in pairs.items()),
    )


def _by_task(task: str, both: Floats) -> TaskDifference:
    return TaskDifference(
        task=task,
        pairs=len(both),
        first=float(both[:, 0].mean()),
        second=float(both[:, 1].mean()),
        only_first=int((both[:, 0] > both[:, 1]).sum()),
        only_second=int((both[:, 0] < both[:, 1]).sum()),
    )


def reach() -> float:
    """Standard errors that a difference must be long to be found with a chance of ``POWER``."""
    from scipy.special import ndtri

    return float(ndtri(1 - LEVEL / 2) + ndtri(POWER))


def _standard_error(differences: Sequence[Floats]) -> float:
    """Of the mean over tasks of the tasks' mean differences."""
    terms = [one.var(ddof=1) / len(one) if len(one) > 1 else 0.0 for one in differences]
    return math.sqrt(math.fsum(terms)) / len(differences)


def sign_flip(
    differences: Sequence[Floats], *, flips: int = FLIPS, seed: int = intervals.BOOTSTRAP_SEED
) -> float:
    """The two-sided mid-p value of the mean over tasks, had the signs been thrown.

    Args:
        differences: one array a task, first less second, pair by pair.
        flips: how often the signs are thrown.
        seed: of the dice.
    """
    weighed = np.concatenate([one / len(one) for one in differences]) / len(differences)
    weighed = weighed[weighed != 0]  # A pair that is equal is equal either way round.
    if not len(weighed):
        return 1.0
    if np.ptp(np.abs(weighed)) <= 1e-12 * np.abs(weighed).max():
        return _mid_p(int((weighed > 0).sum()), len(weighed))
    observed = abs(weighed.sum())
    # Sums of the same numbers in another order differ in their last bits, and are ties.
    slack = 1e-9 * np.abs(weighed).sum()
    dice = np.random.Generator(np.random.PCG64(seed))
    beyond = 0.0
    rows = max(1, 2_000_000 // len(weighed))
    for done in range(0, flips, rows):
        signs = dice.integers(0, 2, (min(rows, flips - done), len(weighed)), dtype=np.int8)
        thrown = np.abs((2.0 * signs - 1.0) @ weighed)
        tied = np.abs(thrown - observed) <= slack
        beyond += (thrown > observed + slack).sum() + 0.5 * tied.sum()
    # What was observed is one of the arrangements, and ties with itself.
    return float((beyond + 0.5) / (flips + 1))


def _mid_p(first: int, pairs: int) -> float:
    """McNemar's exact test, ties counted half: what all sign flips would give, for equal weights.

    Args:
        first: pairs that speak for the first.
        pairs: pairs that speak at all.
    """
    from scipy.special import bdtr

    fewer = min(first, pairs - first)
    upto, below = (float(bdtr(k, pairs, 0.5)) if k >= 0 else 0.0 for k in (fewer, fewer - 1))
    # Twice the chance of so few, less that of exactly so many: a tie counts half.
    return 1.0 - 0.5 * (upto - below) if 2 * fewer == pairs else upto + below
