"""One figure for one agent over all worlds: every family counts alike, whatever its tasks.

Each task's score runs from its declared floor (0) to its declared ceiling (1); the interquartile
mean over a family's tasks is the family's figure; the mean over families is the generalist score.
It is refused where too much is missing: a mean over the families one is good at is no such figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from ..core.episode import EpisodeResult
from ..core.errors import BadArgument
from ..core.manifest import Manifest
from ..core.specs import digest_of
from .intervals import Statistic, bootstrap_intervals, iqm_over_tasks, point
from .resample import Floats, Resample, trimmed_mean
from .result import Count, Digest, Estimate, Share
from .score import counts

LEAST = 0.95
"""Share of the planned episodes that must be valid."""


class FamilyScore(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One spoke of the radar.

    Attributes:
        family: its name.
        tasks: scored tasks.
        coverage: valid episodes of those planned.
        score: interquartile mean over its tasks.
    """

    family: str
    tasks: Count
    coverage: Share
    score: Estimate


class Generalist(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generalist score.

    Attributes:
        score: mean over families, with the stratified bootstrap interval.
        families: family by family, in the order asked for.
        coverage: valid episodes of those planned.
        task_set: digest of the tasks and their declarations; rows in which it differs are never
            ranked together.
    """

    score: Estimate
    families: tuple[FamilyScore, ...]
    coverage: Share
    task_set: Digest


def generalist_score(
    runs: Sequence[tuple[Manifest, Sequence[EpisodeResult]]],
    families: Sequence[str],
    least: float = LEAST,
) -> Generalist:
    """The generalist score of one agent's runs.

    Args:
        runs: manifest and episodes of each; no task in two of them.
        families: all that the score is over; each must have been played.
        least: share of each family's planned episodes that must be valid.

    Raises:
        BadArgument: a family was not played, or too few of its episodes are valid, or a task
            occurs in two runs, or a family has no task with a score.
    """
    scores, valid, planned = _collect(runs)
    if not families:
        raise BadArgument("name at least one family for a generalist score")
    by_family = {name: [t for t in planned if t.partition(".")[0] == name] for name in families}
    missing = [name for name, tasks in by_family.items() if not tasks]
    if missing:
        raise BadArgument(
            f"{len(families) - len(missing)} of {len(families)} families were played; "
            f"{', '.join(missing)} are missing, so there is no generalist score"
        )
    rows = []
    for name, tasks in by_family.items():
        coverage = sum(valid[task] for task in tasks) / sum(planned[task] for task in tasks)
        rows.append(_row(name, [scores[task] for task in tasks], coverage, least))
    chosen = [task for tasks in by_family.values() for task in tasks if scores[task]]
    member = [families.index(task.partition(".")[0]) for task in chosen]
    value, low, high = _estimate([scores[task] for task in chosen], mean_over_families(member))
    return Generalist(
        score=Estimate(value=value, low=low, high=high, n=sum(one.score.n for one in rows)),
        families=tuple(rows),
        coverage=sum(valid[task] for task in chosen) / sum(planned[task] for task in chosen),
        task_set=_task_set(runs, chosen),
    )


def _collect(
    runs: Sequence[tuple[Manifest, Sequence[EpisodeResult]]],
) -> tuple[dict[str, list[float]], dict[str, int], dict[str, int]]:
    """By task that has a score: the scores that count, valid episodes, planned episodes."""
    scores: dict[str, list[float]] = {}
    valid: dict[str, int] = {}
    planned: dict[str, int] = {}
    for manifest, results in runs:
        for spec in manifest.tasks:
            if spec.id in planned:
                raise BadArgument(f"{spec.id} was played in two of these runs; give one of them")
            if spec.score != "none":
                planned[spec.id] = manifest.benchmark.episodes_per_task
                scores[spec.id], valid[spec.id] = [], 0
        for one in results:
            if one.plan.task not in scores:
                continue
            valid[one.plan.task] += one.valid
            if one.score is not None and counts(manifest, one):
                scores[one.plan.task].append(one.score)
    return scores, valid, planned


def _row(
    family: str, scores: Sequence[Sequence[float]], coverage: float, least: float
) -> FamilyScore:
    """The family's figure, if it stands on enough: an episode at least of every task."""
    played = sum(map(bool, scores))
    if coverage < least or played < len(scores):
        raise BadArgument(
            f"{coverage:.1%} of the episodes of {family} are valid, and {played} of its "
            f"{len(scores)} tasks have a score; a generalist score needs {least:.0%} and every task"
        )
    value, low, high = _estimate(scores, iqm_over_tasks)
    return FamilyScore(
        family=family,
        tasks=len(scores),
        coverage=coverage,
        score=Estimate(value=value, low=low, high=high, n=sum(map(len, scores))),
    )


def _estimate(
    scores: Sequence[Sequence[float]], statistic: Statistic
) -> tuple[float, float | None, float | None]:
    value = point(scores, statistic)
    if min(map(len, scores)) < 2:
        return value, None, None
    return value, *bootstrap_intervals(scores, [statistic])[0]


def mean_over_families(member: Sequence[int]) -> Statistic:
    """Statistic: interquartile mean over each family's tasks, then the mean over families.

    Args:
        member: for each task, the number of its family.
    """
    family = np.asarray(member)
    columns = [np.flatnonzero(family == one) for one in np.unique(family)]

    def statistic(drawn: Resample) -> Floats:
        spokes = [trimmed_mean(drawn.means[:, own]) for own in columns]
        return np.asarray(np.mean(spokes, axis=0), dtype=np.float64)

    return statistic


def _task_set(
    runs: Sequence[tuple[Manifest, Sequence[EpisodeResult]]], tasks: Sequence[str]
) -> str:
    """What two rows must agree in: tasks, declarations, episodes, seeds and arguments."""
    named = set(tasks)
    entries = []
    for manifest, _ in runs:
        mine = [spec.id for spec in manifest.tasks if spec.id in named]
        if mine:
            benchmark = manifest.benchmark
            entries.append(
                {
                    "benchmark": benchmark.id,
                    "seed": benchmark.base_seed,
                    "episodes": benchmark.episodes_per_task,
                    "arguments": benchmark.task_kwargs,
                    "tasks": manifest.tasks_digest(),
                }
            )
    return digest_of(sorted(entries, key=digest_of))
