"""Whether a submission says what its episodes say: every figure counted again, in memory.

The same code runs on the submitter's machine and on the board's. It needs no simulator, writes
nothing and executes nothing that it reads. What it cannot know is whether the episodes happened:
that takes playing them again (``polyathlon leaderboard verify``).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..core.actions import unpack_actions
from ..core.episode import EpisodeResult
from ..core.errors import JournalCorrupt, PolyathlonError, SubmissionRefused
from ..core.manifest import FORMAT as MANIFEST_FORMAT
from ..core.manifest import Manifest, parse_manifest
from ..core.metric import MetricTable
from ..core.specs import TASK_ID
from .archive import load, read_archive
from .foreign_json import converted, hold_to_form, plain_json
from .foreign_text import check_name, check_path, one_line
from .plausibility import LARGEST_TRACE, check_actions, read_episodes
from .recount import differences
from .result import parse_result
from .signature import Signature, Signer, signer_of
from .submission import (
    ACTIONS,
    EPISODES,
    FORMAT,
    INDEX,
    LARGEST,
    MANIFEST,
    PARTS,
    RESULT,
    SIGNATURE,
    PackedRun,
    RunEntry,
    Submission,
    who,
)
from .summary import summarise

MOST_EPISODES = 1_000_000
"""Episodes that one run may hold."""

MOST_GROUPS = 200
"""Groups of tasks that are summed up by themselves: each has its own intervals."""

MOST_DECLARED = 20_000_000
"""Declared figures of all episodes of a run, together."""

NAMED = 5
"""So many differing figures are named; the others are counted."""

_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00))?", re.ASCII)
"""When a run began; runs of old do not say it."""

_ARGUMENT = re.compile(r"[\w.+-]{0,64}")
"""A text among the arguments of tasks: a word, never a path that another machine would follow."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that holds together.

    Attributes:
        submission: its index.
        runs: its runs, in its order.
        digest: SHA-256 of the whole file, which names the submission.
        members: its files as they are, for whoever signs or shows them.
        signer: who signed it, if anybody.
    """

    submission: Submission
    runs: tuple[PackedRun, ...]
    digest: str
    members: Mapping[str, bytes]
    signer: Signer = Signer()


def validate(path: Path, trusted: Mapping[str, str] | None = None) -> Checked:
    """Reads a submission and counts everything again.

    Args:
        path: the submission.
        trusted: name by public key of those whose signature is known; see ``read_trusted``.

    Raises:
        SubmissionRefused: anything is not as it must be; one line that names the file in it, the
            place, and what is wrong.
    """
    with _in_one_line(str(path)):
        whole = load(path)
        digest, members = hashlib.sha256(whole).hexdigest(), read_archive(whole, str(path))
        del whole  # The members are copies; a large journal need not be held twice.
        return msgspec.structs.replace(validate_members(members, trusted), digest=digest)


@contextlib.contextmanager
def _in_one_line(where: str) -> Iterator[None]:
    """Whatever is wrong becomes a refusal in one printable line."""
    try:
        yield
    except RecursionError as error:
        raise SubmissionRefused(f"{where}: a file in it is nested too deep") from error
    except (PolyathlonError, ValueError, OSError, OverflowError) as error:
        words = one_line(str(error))
        lead = "" if words.startswith(where) else f"{where}: "
        raise SubmissionRefused(lead + words) from error


def validate_members(
    members: Mapping[str, bytes], trusted: Mapping[str, str] | None = None
) -> Checked:
    """``validate`` of the files of an archive.

    Raises:
        PolyathlonError: anything is not as it must be.
    """
    if INDEX not in members:
        raise SubmissionRefused(f"there is no {INDEX} in it")
    for name, data in members.items():
        limit = LARGEST.get(name.rpartition("/")[2])
        if limit is None:
            raise SubmissionRefused(f"{name} is no file that a submission holds")
        if len(data) > limit:
            raise SubmissionRefused(f"{name} has {len(data)} bytes; {limit} are the most")
    submission = _read_index(members[INDEX])
    _check_files(submission, members)
    signer = signer_of(members[INDEX], _read_signature(members), trusted)
    runs = []
    for number, entry in enumerate(submission.runs):
        parts = {part: members[f"runs/{number}/{part}"] for part in PARTS}
        runs.append(_check_run(f"runs/{number}", parts, entry))
    if len({run.manifest.programme for run in runs}) < len(runs):
        raise SubmissionRefused("two of its runs are of the same programme")
    if len({who(run.manifest) for run in runs}) > 1:
        raise SubmissionRefused("its runs are of several agents")
    return Checked(
        submission=submission, runs=tuple(runs), digest="", members=members, signer=signer
    )


def _read_index(raw: bytes) -> Submission:
    plain = plain_json(raw, INDEX)
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != FORMAT or isinstance(found, bool):
        age = "older" if isinstance(found, int) and found < FORMAT else "newer or unknown"
        raise SubmissionRefused(
            f"{INDEX} is of format {repr(found)[:20]}, {age}; this version reads {FORMAT}. "
            "Pack the runs again with the polyathlon that checks them"
        )
    if isinstance(plain.get("name"), str):  # Its type refuses the same in fewer words.
        check_name(plain["name"], f"{INDEX}: name")
    submission = hold_to_form(raw, converted(plain, Submission, INDEX), INDEX)
    for file in submission.weights:
        check_path(file.name, f"{INDEX}: the weights {file.name[:40]!r}")
    for at, author in enumerate(submission.card.authors):
        check_name(author, f"{INDEX}: card.authors[{at}]")
    return submission


def _read_signature(members: Mapping[str, bytes]) -> Signature | None:
    raw = members.get(SIGNATURE)
    if raw is None:
        return None
    return hold_to_form(raw, converted(plain_json(raw, SIGNATURE), Signature, SIGNATURE), SIGNATURE)


def _check_files(submission: Submission, members: Mapping[str, bytes]) -> None:
    """The archive holds what the index names, in its order, byte for byte, and nothing else.

    Except for a signature, which the index cannot name: it is made of the index.
    """
    named = [file for entry in submission.runs for file in entry.files]
    due = [f"runs/{number}/{part}" for number in range(len(submission.runs)) for part in PARTS]
    if [file.name for file in named] != due:
        raise SubmissionRefused(f"{INDEX} does not name the files {', '.join(due[:4])} ... in turn")
    if list(members) not in ([INDEX, *due], [INDEX, *due, SIGNATURE]):
        strange = sorted((members.keys() ^ {INDEX, *due}) - {SIGNATURE})
        what = f", such as {strange[0]}" if strange else ", or stand in another order"
        raise SubmissionRefused(f"its files are not those that {INDEX} names{what}")
    for file in named:
        data = members[file.name]
        if len(data) != file.size or hashlib.sha256(data).hexdigest() != file.sha256:
            raise SubmissionRefused(f"{file.name} is not the file that {INDEX} names by its hash")


def _check_run(where: str, parts: Mapping[str, bytes], entry: RunEntry) -> PackedRun:
    manifest = _read_manifest(parts[MANIFEST], f"{where}/{MANIFEST}")
    results = read_episodes(manifest, parts[EPISODES], f"{where}/{EPISODES}")
    check_actions(results, parts[ACTIONS], f"{where}/{ACTIONS}")
    try:
        counted = summarise(manifest, results)
    except JournalCorrupt as error:
        raise SubmissionRefused(f"{where}/{EPISODES}: {error}") from error
    stated = plain_json(parts[RESULT], f"{where}/{RESULT}")
    result = parse_result(parts[RESULT], f"{where}/{RESULT}")
    found = list(itertools.islice(differences(stated, msgspec.to_builtins(counted)), 1000))
    if found:
        more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
        raise SubmissionRefused(
            f"{where}/{RESULT} does not follow from the episodes: "
            + "; ".join(found[:NAMED])
            + more
        )
    hold_to_form(parts[RESULT], result, f"{where}/{RESULT}")
    run = PackedRun(
        manifest=manifest, results=tuple(results), actions=parts[ACTIONS], result=counted
    )
    due = (*manifest.programme, counted.episodes_digest)
    if due != (
        entry.benchmark,
        entry.benchmark_digest,
        entry.tasks_digest,
        entry.episodes_digest,
    ):
        raise SubmissionRefused(f"{INDEX} describes {where} otherwise than its files do")
    return run


def _read_manifest(raw: bytes, where: str) -> Manifest:
    plain_json(raw, where)
    manifest = parse_manifest(raw, where)
    if manifest.format != MANIFEST_FORMAT:
        raise SubmissionRefused(
            f"{where} is of format {manifest.format}, older; this version reads {MANIFEST_FORMAT}"
        )
    if not _TIME.fullmatch(manifest.created):
        raise SubmissionRefused(f"{where}: created is {manifest.created[:40]!r}, no time in UTC")
    hold_to_form(raw, manifest, where)
    benchmark = manifest.benchmark
    names = [manifest.agent.name, benchmark.id, benchmark.title]
    names += [text for group in benchmark.groups for text in (group.name, group.title)]
    for name in names:
        check_name(name, f"{where}: the name {name[:40]!r}")
    _check_sizes(manifest, where)
    if len(set(benchmark.tasks)) < len(benchmark.tasks):
        raise SubmissionRefused(f"{where}: its benchmark names a task twice")
    _check_arguments(benchmark.task_kwargs, f"{where}: task_kwargs")
    for family, table in manifest.metrics.items():
        _check_metrics(table, f"{where}: metrics.{family:.40}")
    for spec in manifest.tasks:
        if not TASK_ID.fullmatch(spec.id):
            raise SubmissionRefused(f"{where}: '{spec.id:.80}' is no task id (family.name-vN)")
        if spec.score == "return" and spec.floor == spec.ceiling:
            raise SubmissionRefused(f"{where}: floor and ceiling of {spec.id} are the same")
    return manifest


def _check_sizes(manifest: Manifest, where: str) -> None:
    """Nothing is planned that would take hours, or more memory than there is, to count again."""
    benchmark = manifest.benchmark
    count = len(benchmark.tasks) * benchmark.episodes_per_task
    if not 1 <= count <= MOST_EPISODES or benchmark.episodes_per_task < 1:
        raise SubmissionRefused(f"{where} plans {count} episodes; from 1 to {MOST_EPISODES} may be")
    if len(benchmark.groups) > MOST_GROUPS:
        raise SubmissionRefused(
            f"{where} has {len(benchmark.groups)} groups of tasks; {MOST_GROUPS} are the most"
        )
    figures = sum(len(table.metrics) for table in manifest.metrics.values())
    if figures * count > MOST_DECLARED:
        raise SubmissionRefused(
            f"{where} declares {figures} figures of {count} episodes; {MOST_DECLARED} together are "
            "the most"
        )


def _check_metrics(table: MetricTable, where: str) -> None:
    """The figures of a family are declared once each, and none is named that is not declared."""
    keys = [metric.key for metric in table.metrics]
    if len(set(keys)) < len(keys):
        raise SubmissionRefused(f"{where} declares a figure twice")
    named = {*table.shown, table.counts_by, *(metric.weight for metric in table.metrics)}
    strange = sorted(named - {*keys, ""})
    if strange:
        raise SubmissionRefused(f"{where} names '{strange[0]:.40}', which it does not declare")


def _check_arguments(value: Any, where: str) -> None:
    """Arguments of tasks are numbers and words: they reach constructors where this is verified."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not str(key).isidentifier():
                raise SubmissionRefused(f"{where}: {key!r} is no name of an argument")
            _check_arguments(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_arguments(item, where)
    elif isinstance(value, str) and not _ARGUMENT.fullmatch(value):
        raise SubmissionRefused(f"{where} is {value[:80]!r}; only words and numbers are repeatable")


def actions_of(run: PackedRun, one: EpisodeResult) -> list[Any]:
    """The recorded actions of one episode of a run.

    Raises:
        SubmissionRefused: it is invalid, so that it has none.
    """
    if one.trace is None:
        raise SubmissionRefused(f"{one.plan.task} episode {one.plan.index} has no actions")
    block = run.actions[one.trace.offset : one.trace.offset + one.trace.length]
    return unpack_actions(block, one.trace.digest, LARGEST_TRACE)
