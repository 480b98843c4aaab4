"""The board: runs side by side, every figure counted again from the episodes.

Runs are ranked only against runs of the same programme: the benchmark's declaration and the
declarations of its tasks, floors and ceilings included, must agree to the last byte. A run with
an invalid or missing episode, and one that came out otherwise when it was played again, are shown
without a rank.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..core.errors import BadArgument, RunDirectoryError
from ..core.files import write_atomically
from ..core.manifest import AgentRecord, Manifest
from ..core.specs import canonical_json
from .recount import recompute
from .result import Count, Digest, Estimate, Headline, Result, Share, Summary
from .validation import validate
from .verification import Status, beside, read_verification

FORMAT = 1
"""Version of ``leaderboard.json``."""


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scores of one task or family in a row.

    Attributes:
        n: episodes planned.
        n_valid: valid episodes.
        success: successes among them, with the Wilson interval.
        score: mean over tasks of the mean normalised score, with the stratified bootstrap interval.
    """

    n: Count
    n_valid: Count
    success: Estimate
    score: Estimate


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run on the board.

    Attributes:
        rank: place within the group, 1 first, equal figures equal; null where coverage is below 1
            or playing it again failed.
        agent: who played.
        submission: what its makers call it; empty for a run that was not packed.
        status: ``self-reported``: counted again from the episodes, not played again; ``verified``:
            episodes of it were played again without the agent, and match; ``failed``: they do not.
        checked: episodes of the submission that were played again.
        headline: the figure that is ranked.
        n: episodes planned.
        n_valid: valid episodes.
        coverage: ``n_valid / n``.
        families: scores by family.
        tasks: scores by task.
        created: UTC time of the run's first start, ISO 8601.
        polyathlon: version of this package that played the run; empty where unknown.
        packages: versions of the packages that can change a score.
        renderers: by family, what drew its pictures.
        episodes_digest: SHA-256 of what was played.
    """

    rank: int | None
    agent: AgentRecord
    submission: str = ""
    status: Status = "self-reported"
    checked: Count = 0
    headline: Headline
    n: Count
    n_valid: Count
    coverage: Share
    families: dict[str, Cell]
    tasks: dict[str, Cell]
    created: str
    polyathlon: str
    packages: dict[str, str]
    renderers: dict[str, dict[str, str]]
    episodes_digest: Digest


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The runs of one programme, best first.

    Attributes:
        benchmark: its name.
        title: a few words for people.
        benchmark_digest: SHA-256 of its declaration.
        tasks_digest: SHA-256 of the declarations of its tasks.
        metric: ``success`` or ``score``.
        aggregation: ``mean``, or ``iqm`` (over tasks).
        episodes_per_task: episodes of each task.
        tasks: its task ids.
        rows: ranked rows by rank, then the unranked by headline.
    """

    benchmark: str
    title: str
    benchmark_digest: Digest
    tasks_digest: Digest
    metric: Literal["success", "score"]
    aggregation: Literal["mean", "iqm"]
    episodes_per_task: Count
    tasks: tuple[str, ...]
    rows: tuple[Row, ...]


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``leaderboard.json``.

    Attributes:
        format: version of this file's format.
        groups: one a programme, by name, then by digest.
    """

    format: Literal[1] = 1
    groups: tuple[Group, ...]


def build_board(runs: Sequence[Path]) -> Board:
    """The board of some runs; the same whatever their order.

    Args:
        runs: run directories and submissions. Their ``result.json`` is compared, never believed,
            and may be missing in a directory. A submission's verification is read beside it.

    Raises:
        BadArgument: no run, or the same run twice.
        RunDirectoryError: a directory that is not a run, or whose manifest or ``result.json``
            contradicts its episodes; names the run and the field.
        JournalCorrupt: a journal that is not what was written.
        SubmissionRefused: a submission that is not valid.
    """
    if not runs:
        raise BadArgument("a board needs at least one run directory")
    read = [run for path in runs for run in _read(Path(path))]
    _refuse_duplicates(read)
    groups: dict[tuple[str, str, str], list[_Entry]] = defaultdict(list)
    for run in read:
        groups[run.programme].append(run)
    return Board(groups=tuple(_rank(programme, groups[programme]) for programme in sorted(groups)))


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and what is known of the submission that it came in."""

    where: Path
    manifest: Manifest
    result: Result
    programme: tuple[str, str, str]
    submission: str = ""
    status: Status = "self-reported"
    checked: int = 0


def _read(path: Path) -> list[_Entry]:
    """The runs in a submission, or the one in a directory."""
    if not path.is_file():
        run = recompute(path)
        return [
            _Entry(where=path, manifest=run.manifest, result=run.result, programme=run.programme)
        ]
    checked = validate(path)
    found = read_verification(beside(path))
    # A verification of other bytes says nothing of these.
    known = found if found is not None and found.submission == checked.digest else None
    return [
        _Entry(
            where=path,
            manifest=run.manifest,
            result=run.result,
            programme=run.programme,
            submission=checked.submission.name,
            status=known.status if known else "self-reported",
            checked=known.checked if known else 0,
        )
        for run in checked.runs
    ]


def _refuse_duplicates(runs: Sequence[_Entry]) -> None:
    seen: dict[tuple[Any, ...], Path] = {}
    for run in runs:
        agent = run.manifest.agent
        key = (run.programme, agent.name, agent.path, run.result.episodes_digest)
        if key in seen:
            raise BadArgument(
                f"{run.where} is the same run as {seen[key]} (agent '{agent.name}', the same "
                "episodes); give each run once"
            )
        seen[key] = run.where


def _rank(programme: tuple[str, str, str], runs: Sequence[_Entry]) -> Group:
    ordered = sorted(runs, key=_place)
    benchmark = ordered[0].manifest.benchmark
    return Group(
        benchmark=benchmark.id,
        title=benchmark.title,
        benchmark_digest=programme[1],
        tasks_digest=programme[2],
        metric=benchmark.headline,
        aggregation=benchmark.aggregation,
        episodes_per_task=benchmark.episodes_per_task,
        tasks=benchmark.tasks,
        rows=tuple(_row(run, _rank_of(run, ordered)) for run in ordered),
    )


def _complete(run: _Entry) -> bool:
    overall = run.result.overall
    return overall.n_valid == overall.n > 0 and run.status != "failed"


def _value(run: _Entry) -> float:
    value = run.result.headline.value
    return -math.inf if value is None else value


def _place(run: _Entry) -> tuple[Any, ...]:
    """Complete runs first, then by figure; names and digests settle what is equal."""
    agent = run.manifest.agent
    return not _complete(run), -_value(run), agent.name, agent.path, run.result.episodes_digest


def _rank_of(run: _Entry, runs: Sequence[_Entry]) -> int | None:
    """One more than the number of complete runs with a better figure."""
    if not _complete(run):
        return None
    return 1 + sum(_complete(other) and _value(other) > _value(run) for other in runs)


def _row(run: _Entry, rank: int | None) -> Row:
    result, packages = run.result, dict(run.manifest.packages)
    return Row(
        rank=rank,
        agent=run.manifest.agent,
        submission=run.submission,
        status=run.status,
        checked=run.checked,
        headline=result.headline,
        n=result.overall.n,
        n_valid=result.overall.n_valid,
        coverage=result.overall.coverage,
        families=_cells(result.families),
        tasks=_cells(result.tasks),
        created=run.manifest.created,
        polyathlon=packages.pop("polyathlon", ""),
        packages=packages,
        renderers={family: dict(what) for family, what in run.manifest.renderers.items()},
        episodes_digest=result.episodes_digest,
    )


def _cells(summaries: Sequence[Summary]) -> dict[str, Cell]:
    return {
        one.name: Cell(n=one.n, n_valid=one.n_valid, success=one.success, score=one.score)
        for one in summaries
    }


def write_board(path: Path, board: Board) -> None:
    """Writes ``leaderboard.json``, whole or not at all.

    Raises:
        RunDirectoryError: the disk refused, or another kind of file stands there.
    """
    if path.exists() and not _is_board(path):
        raise RunDirectoryError(
            f"{path} exists and is not a leaderboard; it was left as it is. Use another --out"
        )
    write_atomically(path, msgspec.json.format(canonical_json(board), indent=1))


def _is_board(path: Path) -> bool:
    try:
        found: Mapping[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, RecursionError):
        return False
    return {"format", "groups"} <= found.keys()
