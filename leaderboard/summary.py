"""A run in figures: episodes in, a result out; the same figures whatever their order.

An invalid episode says nothing about the agent and enters no score; it lowers the coverage.
Every definition stands in ``docs/formats.md``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ..core.episode import EpisodeResult, Outcome
from ..core.errors import JournalCorrupt
from ..core.manifest import Manifest
from ..core.specs import Benchmark, digest_of
from . import intervals
from .metric_means import metric_means
from .result import Estimate, Headline, InvalidEpisode, Result, Summary, read_result, write_result


def summarise(manifest: Manifest, results: Iterable[EpisodeResult]) -> Result:
    """Sums a run up.

    Args:
        manifest: what was to be played.
        results: the episodes played so far, in any order; at most one for each of the plan.

    Raises:
        JournalCorrupt: an episode that the benchmark does not hold, or that occurs twice.
    """
    played = sorted(results, key=lambda one: one.plan.key)
    by_task = _by_task(manifest.benchmark, played)
    planned = manifest.benchmark.episodes_per_task
    by_family: dict[str, list[list[EpisodeResult]]] = defaultdict(list)
    for task, episodes in by_task.items():
        by_family[task.partition(".")[0]].append(episodes)

    def sum_up(name: str, tasks: Sequence[Sequence[EpisodeResult]]) -> Summary:
        return _sum_up(name, tasks, planned, manifest)

    overall = sum_up("overall", list(by_task.values()))
    if len(by_family) == 1:  # It is the whole run: its intervals need not be drawn again.
        families = [msgspec.structs.replace(overall, name=name) for name in by_family]
    else:
        families = [sum_up(name, tasks) for name, tasks in by_family.items()]
    groups = {
        group.name: sum_up(group.name, [by_task[task] for task in group.tasks])
        for group in manifest.benchmark.groups
    }
    return Result(
        benchmark=manifest.benchmark.id,
        benchmark_digest=manifest.benchmark_digest,
        agent=manifest.agent,
        headline=_headline(manifest, by_task, {"": overall, **groups}),
        overall=overall,
        families=tuple(families),
        groups=tuple(groups.values()),
        tasks=tuple(sum_up(task, [episodes]) for task, episodes in by_task.items()),
        invalid=tuple(_describe_invalid(one) for one in played if not one.valid),
        episodes_digest=digest_of([_evidence(one) for one in played]),
    )


def _by_task(
    benchmark: Benchmark, played: Sequence[EpisodeResult]
) -> dict[str, list[EpisodeResult]]:
    by_task: dict[str, list[EpisodeResult]] = {task: [] for task in benchmark.tasks}
    previous = None
    for one in played:
        task, index = one.plan.key
        if task not in by_task or not 0 <= index < benchmark.episodes_per_task:
            raise JournalCorrupt(
                f"the journal holds {task} episode {index}, which the benchmark "
                f"'{benchmark.id}' does not plan; keep the runs of other plans elsewhere"
            )
        if one.plan.seed != benchmark.seed_of(task, index):
            raise JournalCorrupt(
                f"{task} episode {index} was played from seed {one.plan.seed}, which is not the "
                f"one that the benchmark '{benchmark.id}' plans; it is another episode"
            )
        if one.plan.key == previous:
            raise JournalCorrupt(f"{task} episode {index} occurs twice; count each episode once")
        previous = one.plan.key
        by_task[task].append(one)
    return by_task


def counts(manifest: Manifest, one: EpisodeResult) -> bool:
    """Whether an episode is valid, and what its task is about took place in it."""
    table = manifest.metrics_of(one.plan.task)
    return one.valid and (table is None or table.counts(one.metrics))


def _sum_up(
    name: str, tasks: Sequence[Sequence[EpisodeResult]], planned: int, manifest: Manifest
) -> Summary:
    """The summary of some tasks, each with the episodes played of it."""
    played = [one for episodes in tasks for one in episodes]
    valid = [one for one in played if one.valid]
    counted = [one for one in valid if counts(manifest, one)]
    # A task without a reference or a notion of success has returns, and enters no score.
    strata = [
        [(one, one.score) for one in episodes if one.score is not None and counts(manifest, one)]
        for episodes in tasks
    ]
    scores = [[score for _, score in stratum] for stratum in strata]
    wins = [[float(one.outcome is Outcome.SUCCESS) for one, _ in stratum] for stratum in strata]
    score, score_iqm, over_tasks = _estimate(
        scores, intervals.mean_over_tasks, intervals.pooled_iqm, intervals.iqm_over_tasks
    )
    # Where success is what is scored, the two are one figure with one interval.
    task_success = score if wins == scores else _estimate(wins, intervals.mean_over_tasks)[0]
    n = planned * len(tasks)
    return Summary(
        name=name,
        tasks=len(tasks),
        n=n,
        n_valid=len(valid),
        n_invalid=len(played) - len(valid),
        coverage=len(valid) / n if n else 0.0,
        success=_success([one for stratum in strata for one, _ in stratum]),
        task_success=task_success,
        score=score,
        score_iqm=score_iqm,
        score_iqm_over_tasks=over_tasks,
        mean_return=_mean([one.total_reward for one in counted]),
        n_left_out=len(valid) - len(counted),
        metrics=_mean_metrics(counted),
        figures=_figures(manifest, counted, valid),
        steps=sum(one.steps for one in valid),
        wall_time=math.fsum(one.wall_time for one in valid),
        attempts=sum(one.attempts for one in played),
        retried=sum(one.attempts > 1 for one in valid),
        invalid_utterances=(invalid := sum(one.invalid_utterances for one in valid)),
        invalid_rate=invalid / steps if (steps := sum(one.steps for one in valid)) else 0.0,
        spent=_spent(valid),
    )


def _spent(valid: Sequence[EpisodeResult]) -> dict[str, float]:
    names = sorted({name for one in valid for name in one.spent})
    return {name: math.fsum(one.spent.get(name, 0.0) for one in valid) for name in names}


def _success(scored: Sequence[EpisodeResult]) -> Estimate:
    n = len(scored)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0)
    successes = sum(one.outcome is Outcome.SUCCESS for one in scored)
    low, high = intervals.wilson(successes, n)
    return Estimate(value=successes / n, low=low, high=high, n=n)


def _estimate(
    by_task: Sequence[Sequence[float]], *statistics: intervals.Statistic
) -> list[Estimate]:
    """Each statistic with its bootstrap interval; tasks without a valid episode are left out."""
    strata = [one for one in by_task if one]
    n = sum(map(len, strata))
    if not n:
        return [Estimate(value=None, low=None, high=None, n=0) for _ in statistics]
    ends: Sequence[tuple[float, float] | tuple[None, None]]
    if min(map(len, strata)) > 1:
        ends = intervals.bootstrap_intervals(strata, statistics)
    else:
        # One episode of a task cannot show how its episodes differ: no interval, not a false one.
        ends = [(None, None)] * len(statistics)
    return [
        Estimate(value=intervals.point(strata, statistic), low=low, high=high, n=n)
        for statistic, (low, high) in zip(statistics, ends, strict=True)
    ]


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _mean_metrics(valid: Sequence[EpisodeResult]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for one in valid:
        for name, value in one.metrics.items():
            values[name].append(value)
    return {name: math.fsum(found) / len(found) for name, found in sorted(values.items())}


def _figures(
    manifest: Manifest, counted: Sequence[EpisodeResult], valid: Sequence[EpisodeResult]
) -> dict[str, Estimate]:
    """The declared figures of a summary; what an episode counts by is taken over all of them."""
    figures: dict[str, Estimate] = {}
    for family, table in manifest.metrics.items():
        mine = [one.metrics for one in counted if one.plan.task.partition(".")[0] == family]
        shares = {metric.key for metric in table.metrics if metric.share}
        if mine:
            weights = {metric.key: metric.weight for metric in table.metrics if metric.weight}
            keys = [metric.key for metric in table.metrics]
            figures |= metric_means(mine, shares, keys, weights)
        stated = [one.metrics for one in valid if table.counts_by in one.metrics]
        if stated:
            figures |= metric_means(stated, shares, [table.counts_by])
    return figures


def _headline(
    manifest: Manifest,
    by_task: Mapping[str, Sequence[EpisodeResult]],
    summaries: Mapping[str, Summary],
) -> Headline:
    """The headline figure, over the benchmark's headline group; all tasks are the group ``""``."""
    benchmark = manifest.benchmark
    overall = summaries[benchmark.headline_group]
    members = {group.name: group.tasks for group in benchmark.groups} | {"": benchmark.tasks}
    if benchmark.aggregation == "mean":
        chosen = overall.success if benchmark.headline == "success" else overall.score
    elif benchmark.headline == "score":
        chosen = overall.score_iqm_over_tasks
    else:
        wins = [
            [
                float(one.outcome is Outcome.SUCCESS)
                for one in by_task[task]
                if one.score is not None and counts(manifest, one)
            ]
            for task in members[benchmark.headline_group]
        ]
        chosen = _estimate(wins, intervals.iqm_over_tasks)[0]
    return Headline(
        metric=benchmark.headline,
        aggregation=benchmark.aggregation,
        group=benchmark.headline_group,
        value=chosen.value,
        low=chosen.low,
        high=chosen.high,
        n=chosen.n,
    )


def _describe_invalid(one: EpisodeResult) -> InvalidEpisode:
    return InvalidEpisode(
        task=one.plan.task,
        index=one.plan.index,
        attempts=one.attempts,
        faults=tuple(fault.kind for fault in one.faults),
    )


def _evidence(one: EpisodeResult) -> dict[str, Any]:
    """What an honest repetition must bring out again: not how fast, how often, or where on disk."""
    if not one.valid:
        return {"plan": msgspec.to_builtins(one.plan), "outcome": one.outcome.value}
    plain: dict[str, Any] = msgspec.to_builtins(one)
    for field in ("wall_time", "attempts", "faults", "spent"):
        del plain[field]
    if not one.invalid_utterances:  # A later field: what was played before it is the same.
        del plain["invalid_utterances"]
    plain["trace"] = one.trace.digest if one.trace else None
    return plain


__all__ = ["read_result", "summarise", "write_result"]
