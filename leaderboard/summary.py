"""A run in figures: episodes in, a result out; the same figures whatever their order.

An invalid episode says nothing about the agent and enters no score; it lowers the coverage.
Every definition stands in ``docs/formats.md``.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from ..core.episode import EpisodePlan, EpisodeResult, Outcome
from ..core.errors import JournalCorrupt
from ..core.manifest import Manifest
from ..core.specs import Benchmark, canonical_struct
from .metric_means import metric_means
from .result import Estimate, Headline, InvalidEpisode, Result, Summary, read_result, write_result
from .score import Choice, Figures, Scores, counted


def summarise(manifest: Manifest, results: Iterable[EpisodeResult]) -> Result:
    """Sums a run up.

    Args:
        manifest: what was to be played.
        results: the episodes played so far, in any order; at most one for each of the plan.

    Raises:
        JournalCorrupt: an episode that the benchmark does not hold, or that occurs twice.
    """
    played = sorted(results, key=lambda one: one.plan.key)
    benchmark = manifest.benchmark
    by_task = _by_task(benchmark, played)
    families: dict[str, list[str]] = defaultdict(list)
    for task in by_task:
        families[task.partition(".")[0]].append(task)
    overall = _Part("overall", benchmark.tasks)
    by_family = [_Part(name, tuple(tasks)) for name, tasks in families.items()]
    groups = [_Part(group.name, group.tasks) for group in benchmark.groups]
    tasks = [_Part(task, (task,)) for task in by_task]
    choices = {part.tasks for part in (overall, *by_family, *groups, *tasks)}
    figures = Scores(manifest, by_task).figures(choices)
    tallies = {task: _tally(manifest, episodes) for task, episodes in by_task.items()}
    # Parts of the same tasks, such as a run of one family and that family, differ in name alone.
    summaries = {
        chosen: _sum_up([tallies[task] for task in chosen], figures[chosen], manifest)
        for chosen in choices
    }

    def sum_up(parts: Sequence[_Part]) -> tuple[Summary, ...]:
        return tuple(
            msgspec.structs.replace(summaries[part.tasks], name=part.name) for part in parts
        )

    return Result(
        benchmark=benchmark.id,
        benchmark_digest=manifest.benchmark_digest,
        agent=manifest.agent,
        headline=_headline(benchmark, figures),
        overall=sum_up([overall])[0],
        families=sum_up(by_family),
        groups=sum_up(groups),
        tasks=sum_up(tasks),
        invalid=tuple(_describe_invalid(one) for one in played if not one.valid),
        episodes_digest=_digest(played),
    )


class _Part(NamedTuple):
    """Tasks that are summed up together: the whole run, a family, a group, or one task."""

    name: str
    tasks: Choice


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


class _Tally(NamedTuple):
    """The episodes of one task, looked through once for all the parts that it belongs to.

    Attributes:
        played: all of them.
        valid: those that say something of the agent.
        counting: those that enter a figure.
        metrics: the values of each further figure in those that enter one.
        spent: what was used up in the valid ones, by name.
        times: where their time went, by name [s].
    """

    played: Sequence[EpisodeResult]
    valid: Sequence[EpisodeResult]
    counting: Sequence[EpisodeResult]
    metrics: _Columns
    spent: _Columns
    times: _Columns


def _tally(manifest: Manifest, played: Sequence[EpisodeResult]) -> _Tally:
    valid = [one for one in played if one.valid]
    counting = counted(manifest, played)
    return _Tally(
        played=played,
        valid=valid,
        counting=counting,
        metrics=_columns(one.metrics for one in counting),
        spent=_columns(one.spent for one in valid),
        times=_columns(one.times or {} for one in valid),
    )


_Columns: TypeAlias = Mapping[str, Sequence[float]]
"""Values by name, of those episodes that have one."""


def _columns(tables: Iterable[Mapping[str, float]]) -> _Columns:
    found: dict[str, list[float]] = defaultdict(list)
    for table in tables:
        for name, value in table.items():
            found[name].append(value)
    return found


def _together(columns: Sequence[_Columns]) -> dict[str, list[float]]:
    """The columns of several tasks one after the other, by name in their order."""
    names = sorted({name for one in columns for name in one})
    return {name: [value for one in columns for value in one.get(name, ())] for name in names}


def _sum_up(tallies: Sequence[_Tally], scored: Figures, manifest: Manifest) -> Summary:
    """The summary of some tasks, without a name."""
    played = [one for tally in tallies for one in tally.played]
    valid = [one for tally in tallies for one in tally.valid]
    counting = [one for tally in tallies for one in tally.counting]
    n = manifest.benchmark.episodes_per_task * len(tallies)
    steps = sum(one.steps for one in valid)
    invalid = sum(one.invalid_utterances for one in valid)
    return Summary(
        name="",
        tasks=len(tallies),
        n=n,
        n_valid=len(valid),
        n_invalid=len(played) - len(valid),
        coverage=len(valid) / n if n else 0.0,
        success=scored.success,
        task_success=scored.task_success,
        score=scored.score,
        score_iqm=scored.score_iqm,
        score_iqm_over_tasks=scored.score_iqm_over_tasks,
        mean_return=_mean([one.total_reward for one in counting]),
        n_left_out=len(valid) - len(counting),
        metrics=_means(_together([one.metrics for one in tallies])),
        figures=_figures(manifest, counting, valid),
        steps=steps,
        wall_time=math.fsum(one.wall_time for one in valid),
        attempts=sum(one.attempts for one in played),
        retried=sum(one.attempts > 1 for one in valid),
        invalid_utterances=invalid,
        invalid_rate=invalid / steps if steps else 0.0,
        spent=_sums(_together([one.spent for one in tallies])),
        times=_sums(_together([one.times for one in tallies])) or msgspec.UNSET,
    )


def _sums(columns: _Columns) -> dict[str, float]:
    return {name: math.fsum(values) for name, values in columns.items()}


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _means(columns: _Columns) -> dict[str, float]:
    return {name: math.fsum(values) / len(values) for name, values in columns.items()}


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


def _headline(benchmark: Benchmark, figures: Mapping[Choice, Figures]) -> Headline:
    """The headline figure, over the benchmark's headline group; all tasks are the group ``""``."""
    members = {group.name: group.tasks for group in benchmark.groups} | {"": benchmark.tasks}
    found = figures[members[benchmark.headline_group]]
    chosen = {
        ("success", "mean"): found.success,
        ("success", "iqm"): found.success_iqm_over_tasks,
        ("score", "mean"): found.score,
        ("score", "iqm"): found.score_iqm_over_tasks,
    }[benchmark.headline, benchmark.aggregation]
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
