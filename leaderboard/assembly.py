"""Runs become a board: every figure counted again from the episodes, rows ranked by programme."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..core.episode import EpisodeResult
from ..core.errors import BadArgument, PolyathlonError
from ..core.manifest import Manifest
from ..core.specs import Benchmark
from .board import Board, Cell, Group, Refusal, Row, Source
from .curve import profile_of
from .generalist import Generalist, generalist_score
from .intake import Intake, Played, find, read, reason_of
from .result import Summary
from .score import Scores


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A row before it is ranked, and what it may be ranked with.

    Attributes:
        where: the file it came in.
        programme: benchmark, its digest, and its tasks' digest.
        benchmark: its declaration.
        row: everything but the rank.
    """

    where: str
    programme: tuple[str, str, str]
    benchmark: Benchmark
    row: Row


def build_board(paths: Sequence[Path], trusted: Mapping[str, str] | None = None) -> Board:
    """The board of some runs; the same whatever their order.

    Args:
        paths: run directories, submissions, and folders of them. Their ``result.json`` is
            compared, never believed, and may be missing in a directory. A submission's
            verification is read beside it. What is found in a folder and does not hold together
            is listed; what was named itself raises.
        trusted: name by public key of those whose signature is known.

    Raises:
        BadArgument: no run, or the same run twice.
        RunDirectoryError: a directory that is not a run, or whose manifest or ``result.json``
            contradicts its episodes; names the run and the field.
        JournalCorrupt: a journal that is not what was written.
        SubmissionRefused: a submission that is not valid.
    """
    assembly = Assembly()
    for found in find(paths):
        try:
            intake = read(found, trusted)
            assembly.add(source_of(intake), entries_of(intake, found.named))
        except (PolyathlonError, OSError) as error:
            if found.named:
                raise
            assembly.refuse(found.label, reason_of(error, found))
    return assembly.board()


class Assembly:
    """Collects rows one submission after the other, so that none need be held whole."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._sources: dict[str, Source] = {}
        self._refused: list[Refusal] = []
        self._seen: dict[tuple[Any, ...], str] = {}
        self._benchmarks: dict[tuple[str, str, str], Benchmark] = {}

    def add(self, source: Source, entries: Sequence[Entry]) -> None:
        """Takes the rows of a submission or directory.

        Args:
            source: what they came in.
            entries: the rows.

        Raises:
            BadArgument: a run of it is on the board already.
        """
        for entry in entries:
            self._refuse_again(entry)
        for entry in entries:
            self._seen[_identity(entry)] = entry.where
            # A thousand rows of one programme need its declaration once.
            benchmark = self._benchmarks.setdefault(entry.programme, entry.benchmark)
            self._entries.append(msgspec.structs.replace(entry, benchmark=benchmark))
        self._sources[source.key] = source

    def refuse(self, file: str, reason: str) -> None:
        """Lists a file that is not on the board, and why."""
        self._refused.append(Refusal(file=file, reason=reason))

    def board(self) -> Board:
        """Everything so far, ranked."""
        groups: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
        for entry in self._entries:
            groups[entry.programme].append(entry)
        return Board(
            groups=tuple(_rank(programme, groups[programme]) for programme in sorted(groups)),
            sources=tuple(self._sources[key] for key in sorted(self._sources)),
            refused=tuple(sorted(self._refused, key=lambda one: (one.file, one.reason))),
        )

    def _refuse_again(self, entry: Entry) -> None:
        earlier = self._seen.get(_identity(entry))
        if earlier is not None:
            raise BadArgument(
                f"{entry.where} is the same run as {earlier} (agent '{entry.row.agent.name}', the "
                "same episodes); give each run once"
            )


def _identity(entry: Entry) -> tuple[Any, ...]:
    row = entry.row
    return entry.programme, row.agent.name, row.agent.path, row.episodes_digest


def entries_of(intake: Intake, named: bool = True) -> tuple[Entry, ...]:
    """The rows of a submission or directory, before they are ranked.

    Args:
        intake: read, and counted again.
        named: it was given by name: messages then say its whole path.
    """
    where = str(intake.path) if named else intake.label
    return tuple(
        Entry(
            where=where,
            programme=run.manifest.programme,
            benchmark=run.manifest.benchmark,
            row=_row(intake, run, number),
        )
        for number, run in enumerate(intake.runs)
    )


def source_of(intake: Intake) -> Source:
    """What is known of a submission or directory as a whole."""
    return Source(
        key=intake.key,
        name=intake.name or intake.runs[0].manifest.agent.name,
        file=intake.label,
        size=intake.size,
        digest=intake.digest,
        card=intake.card,
        weights=intake.weights,
        verification=intake.verification,
        generalist=_generalist(intake.runs),
        signer=intake.signer,
    )


def _generalist(runs: Sequence[Played]) -> Generalist | None:
    """The figure over the families that were played; None where it says nothing or is refused.

    Over all runs together; where two of them hold the same task, over the one of most families.
    """
    played = [(run.manifest, run.results) for run in runs]
    alone = sorted(([one] for one in played), key=lambda one: -len(_families(one)))
    for chosen in ([played] if len(played) > 1 else []) + alone[:1]:
        families = _families(chosen)
        if len(families) < 2:
            continue
        try:
            return generalist_score(chosen, families)
        except BadArgument:
            continue
    return None


def _families(played: Sequence[tuple[Manifest, Sequence[EpisodeResult]]]) -> list[str]:
    """The families that have a score, in the order of their tasks."""
    specs = (spec for manifest, _ in played for spec in manifest.tasks)
    return list(dict.fromkeys(spec.family for spec in specs if spec.score != "none"))


def _rank(programme: tuple[str, str, str], entries: Sequence[Entry]) -> Group:
    ordered = sorted((entry.row for entry in entries), key=_place)
    benchmark = entries[0].benchmark
    return Group(
        benchmark=benchmark.id,
        title=benchmark.title,
        benchmark_digest=programme[1],
        tasks_digest=programme[2],
        metric=benchmark.headline,
        aggregation=benchmark.aggregation,
        episodes_per_task=benchmark.episodes_per_task,
        tasks=benchmark.tasks,
        rows=tuple(_ranked(ordered)),
    )


def _complete(row: Row) -> bool:
    return row.n_valid == row.n > 0 and row.status != "failed"


def _value(row: Row) -> float:
    value = row.headline.value
    return -math.inf if value is None else value


def _place(row: Row) -> tuple[Any, ...]:
    """Complete runs first, then by figure; names and digests settle what is equal."""
    return not _complete(row), -_value(row), row.agent.name, row.agent.path, row.episodes_digest


def _ranked(rows: Sequence[Row]) -> Iterable[Row]:
    """The rows with their ranks: one more than the number of complete ones with a better figure."""
    rank = 1
    for at, row in enumerate(rows):
        if not _complete(row):
            yield row
            continue
        if at and _value(rows[at - 1]) > _value(row):
            rank = at + 1
        yield msgspec.structs.replace(row, rank=rank)


def _row(intake: Intake, run: Played, number: int) -> Row:
    result, packages = run.result, dict(run.manifest.packages)
    known, benchmark = intake.verification, run.manifest.benchmark
    return Row(
        rank=None,
        agent=run.manifest.agent,
        submission=intake.name,
        status=known.status if known else "self-reported",
        checked=known.checked if known else 0,
        source=intake.key,
        run=number,
        headline=result.headline,
        n=result.overall.n,
        n_valid=result.overall.n_valid,
        coverage=result.overall.coverage,
        families=_cells(result.families),
        tasks=_cells(result.tasks),
        profile=profile_of(Scores.of_run(run.manifest, run.results).of(benchmark.tasks)),
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
