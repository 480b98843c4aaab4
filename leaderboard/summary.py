"""A run in figures: episodes in, a result out; the same figures whatever their order.

An invalid episode says nothing about the agent and enters no score; it lowers the coverage.
Every definition stands in ``docs/formats.md``.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ..core.episode import EpisodePlan, EpisodeResult, Outcome
from ..core.errors import JournalCorrupt
from ..core.manifest import Manifest
from ..core.specs import Benchmark, canonical_struct
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
        episodes_digest=_digest(played),
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


def _counted(manifest: Manifest, episodes: Sequence[EpisodeResult]) -> list[EpisodeResult]:
    """Those of one task's episodes that count."""
    table = manifest.metrics_of(episodes[0].plan.task) if episodes else None
    return [one for one in episodes if one.valid and (table is None or table.counts(one.metrics))]


def _sum_up(
    name: str, tasks: Sequence[Sequence[EpisodeResult]], planned: int, manifest: Manifest
) -> Summary:
    """The summary of some tasks, each with the episodes played of it."""
    played = [one for episodes in tasks for one in episodes]
    valid = [one for one in played if one.valid]
    by_task = [_counted(manifest, episodes) for episodes in tasks]
    counted = [one for episodes in by_task for one in episodes]
    # A task without a reference or a notion of success has returns, and enters no score.
    scores = [[one.score for one in found if one.score is not None] for found in by_task]
    wins = [
        [float(one.outcome is Outcome.SUCCESS) for one in found if one.score is not None]
        for found in by_task
    ]
    figures = [intervals.mean_over_tasks, intervals.pooled_iqm, intervals.iqm_over_tasks]
    # Where success is what is scored, the two are one figure with one interval.
    asked = [(scores, figures)]
    asked += [] if wins == scores else [(wins, figures[:1])]
    (score, score_iqm, over_tasks), *other = _estimate(asked)
    task_success = other[0][0] if other else score
    n = planned * len(tasks)
    return Summary(
        name=name,
        tasks=len(tasks),
        n=n,
        n_valid=len(valid),
        n_invalid=len(played) - len(valid),
        coverage=len(valid) / n if n else 0.0,
        success=_success([won for stratum in wins for won in stratum]),
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
        spent=_sums([one.spent for one in valid]),
        times=_sums([one.times for one in valid]),
    )


def _sums(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = sorted({name for table in tables for name in table})
    return {name: math.fsum(table.get(name, 0.0) for table in tables) for name in names}


def _success(wins: Sequence[float]) -> Estimate:
    n = len(wins)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0)
    successes = int(sum(wins))
    low, high = intervals.wilson(successes, n)
    return Estimate(value=successes / n, low=low, high=high, n=n)


def _estimate(
    asked: Sequence[tuple[Sequence[Sequence[float]], Sequence[intervals.Statistic]]],
) -> list[list[Estimate]]:
    """Statistics of figures of the same episodes, with bootstrap intervals.

    Tasks without a valid episode are left out.

    Args:
        asked: by task what the episodes have, and what is to be computed of it.
    """
    tables = [([row for row in by_task if row], statistics) for by_task, statistics in asked]
    n = sum(map(len, tables[0][0]))
    if not n:
        nothing = Estimate(value=None, low=None, high=None, n=0)
        return [[nothing for _ in statistics] for _, statistics in tables]
    ends: Sequence[Sequence[tuple[float, float] | tuple[None, None]]]
    if min(map(len, tables[0][0])) > 1:
        ends = intervals.bootstrap_together(tables)
    else:
        # One episode of a task cannot show how its episodes differ: no interval, not a false one.
        ends = [[(None, None)] * len(statistics) for _, statistics in tables]
    return [
        [
            Estimate(value=intervals.point(strata, statistic), low=low, high=high, n=n)
            for statistic, (low, high) in zip(statistics, found, strict=True)
        ]
        for (strata, statistics), found in zip(tables, ends, strict=True)
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
        ((chosen,),) = _estimate([(wins, [intervals.iqm_over_tasks])])
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


class _Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What an honest repetition must bring out again: not how fast, how often, or where on disk."""

    plan: EpisodePlan
    outcome: Outcome
    total_reward: float
    score: float | None
    steps: int
    metrics: Mapping[str, float]
    instruction: str
    trace: str | None
    reward_digest: str
    start_digest: str
    end_digest: str
    # A later field: what was played before it is the same.
    invalid_utterances: int | msgspec.UnsetType = msgspec.UNSET


class _Spoiled(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of an invalid episode."""

    plan: EpisodePlan
    outcome: Outcome


def _digest(played: Sequence[EpisodeResult]) -> str:
    """``digest_of`` the list of what each episode is evidence of, without holding it at once."""
    hashed = hashlib.sha256(b"[")
    for number, one in enumerate(played):
        floats = (one.total_reward, one.score, *one.metrics.values())
        hashed.update(b"," * bool(number) + canonical_struct(_evidence(one), floats))
    hashed.update(b"]")
    return hashed.hexdigest()


def _evidence(one: EpisodeResult) -> _Evidence | _Spoiled:
    if not one.valid:
        return _Spoiled(plan=one.plan, outcome=one.outcome)
    return _Evidence(
        plan=one.plan,
        outcome=one.outcome,
        total_reward=one.total_reward,
        score=one.score,
        steps=one.steps,
        metrics=one.metrics,
        instruction=one.instruction,
        trace=one.trace.digest if one.trace else None,
        reward_digest=one.reward_digest,
        start_digest=one.start_digest,
        end_digest=one.end_digest,
        invalid_utterances=one.invalid_utterances or msgspec.UNSET,
    )


__all__ = ["read_result", "summarise", "write_result"]
