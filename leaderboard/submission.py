"""A submission: the evidence of some runs in one file that anybody can check.

Inside the archive lie ``submission.json``, which names the rest with its hash, and for each run
``runs/N/`` with ``manifest.json``, ``episodes.jsonl``, ``actions.bin`` and ``result.json``. The
same runs and card give the same bytes: episodes stand in the plan's order, their actions one
after the other, and every JSON file in canonical form. :mod:`.validation` holds a file to that.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from ..core.episode import EpisodeResult
from ..core.errors import BadArgument, RunDirectoryError
from ..core.journal import chained, read_block
from ..core.manifest import Manifest
from ..core.specs import canonical_json
from .foreign_text import check_all_text, check_name
from .recount import recompute
from .result import Count, Digest, Result

FORMAT = 1
"""Version of the submission's format. Readers refuse any other: figures must mean the same."""

INDEX = "submission.json"
MANIFEST, EPISODES = "manifest.json", "episodes.jsonl"
ACTIONS, RESULT = "actions.bin", "result.json"
PARTS = (MANIFEST, EPISODES, ACTIONS, RESULT)
"""The files of a run, in the archive's order."""

SIGNATURE = "signature.json"
"""Last in the archive, where somebody signed it."""

LARGEST: Mapping[str, int] = {
    INDEX: 1 << 20,
    MANIFEST: 16 << 20,
    EPISODES: 512 << 20,
    ACTIONS: 512 << 20,
    RESULT: 64 << 20,
    SIGNATURE: 1 << 10,
}
"""Most bytes of each file [bytes]."""

MOST_RUNS = 64
"""Runs in one submission."""

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern="^[^<>&]+$")]
Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=4000)]
Address: TypeAlias = Annotated[str, msgspec.Meta(max_length=400, pattern='^(https://[^\\s<>"]+)?$')]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file named by what is in it.

    Attributes:
        name: path within the archive, or within the folder of weights.
        size: [bytes].
        sha256: of its bytes, in hexadecimal.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    size: Count
    sha256: Digest


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the submitter says of the agent; nothing here is checked, and all of it is shown.

    Attributes:
        authors: who made it.
        description: what it is.
        url: where to read more, https.
        licence: of its weights, as an SPDX identifier where there is one.
        base_model: what it was made from.
        training_data: what it was trained on.
        parameters: how many numbers were fitted; null where it is no such thing.
    """

    authors: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    description: Words = ""
    url: Address = ""
    licence: Annotated[str, msgspec.Meta(max_length=80)] = ""
    base_model: Annotated[str, msgspec.Meta(max_length=200)] = ""
    training_data: Words = ""
    parameters: Count | None = None


class RunEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of a submission.

    Attributes:
        benchmark: what was played.
        benchmark_digest: digest of its declaration.
        tasks_digest: digest of the declarations of its tasks.
        episodes_digest: digest of what was played.
        files: the run's files, in the archive's order.
    """

    benchmark: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    benchmark_digest: Digest
    tasks_digest: Digest
    episodes_digest: Digest
    files: Annotated[tuple[File, ...], msgspec.Meta(min_length=4, max_length=4)]


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of ``submission.json``.

    Attributes:
        format: version of the submission's format.
        name: what the board calls the agent.
        card: what its makers say of it.
        weights: the agent's files, by hash; empty where it has none.
        runs: what it played, each programme once, all by the same agent.
    """

    format: Literal[1] = 1
    name: Name
    card: Card = Card()
    weights: Annotated[tuple[File, ...], msgspec.Meta(max_length=10_000)] = ()
    runs: Annotated[tuple[RunEntry, ...], msgspec.Meta(min_length=1, max_length=MOST_RUNS)]


class PackedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run in memory: what a submission holds of it.

    Attributes:
        manifest: what was to be played.
        results: its episodes, in the plan's order, traces pointing into ``actions``.
        actions: the blocks of actions, one after the other.
        result: its figures.
    """

    manifest: Manifest
    results: tuple[EpisodeResult, ...]
    actions: bytes
    result: Result


def plan_keys(manifest: Manifest) -> Iterator[tuple[str, int]]:
    """Task and index of every planned episode, in the plan's order."""
    benchmark = manifest.benchmark
    for task in benchmark.tasks:
        yield from ((task, index) for index in range(benchmark.episodes_per_task))


def pack_run(directory: Path) -> PackedRun:
    """A run directory as a submission holds it.

    Raises:
        RunDirectoryError: the directory is not a run, its ``result.json`` contradicts its
            episodes, or planned episodes have not been played.
        JournalCorrupt: journal or actions are not what was written.
    """
    run = recompute(directory)
    played = {one.plan.key: one for one in run.results}
    keys = list(plan_keys(run.manifest))
    missing = [key for key in keys if key not in played]
    if missing:
        raise RunDirectoryError(
            f"{directory} lacks {len(missing)} of its {len(keys)} episodes, e.g. {missing[0][0]} "
            f"#{missing[0][1]}; the command that began it plays them"
        )
    actions, results = bytearray(), []
    for key in keys:
        one = played[key]
        if one.trace is not None:
            block = read_block(directory, one.trace)
            trace = msgspec.structs.replace(one.trace, offset=len(actions))
            one = msgspec.structs.replace(one, trace=trace)
            actions += block
        results.append(one)
    return PackedRun(
        manifest=run.manifest, results=tuple(results), actions=bytes(actions), result=run.result
    )


def pack(
    name: str, runs: Sequence[PackedRun], card: Card | None = None, weights: Sequence[File] = ()
) -> dict[str, bytes]:
    """The files of a submission, ready for the archive.

    Args:
        name: what the board calls the agent.
        runs: what it played.
        card: what its makers say of it.
        weights: the agent's files.

    Raises:
        BadArgument: no run, two of one programme, or runs of several agents.
        SubmissionRefused: a text that no board would show.
    """
    _check_together(runs)
    name = unicodedata.normalize("NFC", name)
    check_name(name, "the name")
    members: dict[str, bytes] = {}
    entries = []
    for number, run in enumerate(runs):
        parts = {
            MANIFEST: canonical_json(run.manifest),
            EPISODES: b"".join(line + b"\n" for line in chained(run.results)),
            ACTIONS: run.actions,
            RESULT: canonical_json(run.result),
        }
        files = {f"runs/{number}/{part}": data for part, data in parts.items()}
        entries.append(_entry(run, files))
        members |= files
    index = Submission(name=name, card=card or Card(), weights=tuple(weights), runs=tuple(entries))
    try:  # What the types promise is held when they are read.
        msgspec.convert(msgspec.to_builtins(index), Submission)
    except msgspec.ValidationError as error:
        raise BadArgument(f"the submission's name or card: {error}") from error
    check_all_text(msgspec.to_builtins(index), INDEX)
    return {INDEX: canonical_json(index), **members}


def _check_together(runs: Sequence[PackedRun]) -> None:
    if not 1 <= len(runs) <= MOST_RUNS:
        raise BadArgument(f"a submission holds from 1 to {MOST_RUNS} runs, not {len(runs)}")
    if len({run.manifest.programme for run in runs}) < len(runs):
        raise BadArgument("two of these runs are of the same programme; a submission holds one")
    first = who(runs[0].manifest)
    for run in runs[1:]:
        if who(run.manifest) != first:
            raise BadArgument(
                f"the runs are of several agents, '{first[0]}' and '{who(run.manifest)[0]}'; "
                "pack each agent's by themselves"
            )


def who(manifest: Manifest) -> tuple[str, str, str]:
    """Name, class and digest of the agent: what makes two runs those of one agent."""
    return manifest.agent.name, manifest.agent.path, manifest.agent.source_digest


def _entry(run: PackedRun, files: Mapping[str, bytes]) -> RunEntry:
    benchmark, benchmark_digest, tasks_digest = run.manifest.programme
    return RunEntry(
        benchmark=benchmark,
        benchmark_digest=benchmark_digest,
        tasks_digest=tasks_digest,
        episodes_digest=run.result.episodes_digest,
        files=tuple(describe_file(name, data) for name, data in files.items()),
    )


def describe_file(name: str, data: bytes) -> File:
    """A file by its size and hash."""
    return File(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def weigh(path: Path) -> list[File]:
    """Size and hash of a file, or of every file below a folder, sorted by name.

    Raises:
        BadArgument: there is nothing, or it cannot be read.
    """
    if not path.exists():
        raise BadArgument(f"--weights {path}: there is no such file or folder")
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    found = []
    for one in files:
        try:
            with open(one, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadArgument(f"--weights: cannot read {one}: {error.strerror}") from error
        name = one.relative_to(path).as_posix() if path.is_dir() else one.name
        found.append(File(name=name, size=one.stat().st_size, sha256=digest))
    if not found:
        raise BadArgument(f"--weights {path} holds no file")
    return found
