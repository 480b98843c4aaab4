"""A run counted again from its episodes: what it states otherwise is named, never believed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..core.episode import EpisodeResult, Outcome
from ..core.errors import JournalCorrupt, RunDirectoryError
from ..core.journal import read_journal
from ..core.manifest import Manifest, read_manifest
from ..core.specs import TaskSpec
from .result import Result
from .summary import read_result, summarise

TOLERANCE = 1e-9
"""Relative difference of two figures put down to another processor's order of adding."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose figures have been counted again.

    Attributes:
        directory: where it lies.
        manifest: what was to be played.
        results: its episodes, in the order in which they ended.
        result: its figures, from the episodes.
    """

    directory: Path
    manifest: Manifest
    results: tuple[EpisodeResult, ...]
    result: Result


def recompute(directory: Path) -> Run:
    """A run summed up from its journal; anything it states otherwise is an error.

    Raises:
        RunDirectoryError: it is not a run, or contradicts its episodes; names the field.
        JournalCorrupt: its journal is not what was written.
    """
    manifest = read_manifest(directory)
    results = read_journal(directory)
    _check_scores(directory, manifest, results)
    try:
        result = summarise(manifest, results)
    except JournalCorrupt as error:
        raise JournalCorrupt(f"{directory}: {error}") from error
    stated = read_result(directory)
    if stated is not None:
        _compare(directory, stated, result)
    return Run(
        directory=directory,
        manifest=manifest,
        results=tuple(results),
        result=result,
    )


def _check_scores(directory: Path, manifest: Manifest, results: Sequence[EpisodeResult]) -> None:
    specs = {task.id: task for task in manifest.tasks}
    for one in results:
        found = wrong_score(specs[one.plan.task], one) if one.plan.task in specs else ""
        if found:
            raise RunDirectoryError(f"{directory}: {found}")


def wrong_score(spec: TaskSpec, one: EpisodeResult) -> str:
    """What is wrong with an episode's score, in words: it must follow from reward and outcome."""
    if not one.valid:
        return ""
    due = spec.normalise(one.total_reward, one.outcome is Outcome.SUCCESS)
    same = due == one.score  # Both may be None: the task has no score.
    if due is not None and one.score is not None:
        same = math.isclose(due, one.score, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if same:
        return ""
    return (
        f"{one.plan.task} episode {one.plan.index} states a score of {one.score}, "
        f"its reward and outcome give {due}"
    )


def _compare(directory: Path, stated: Result, counted: Result) -> None:
    found = difference(msgspec.to_builtins(stated), msgspec.to_builtins(counted))
    if found:
        raise RunDirectoryError(
            f"{directory}: result.json does not follow from the episodes: {found}. "
            "Delete it and sum the run up again"
        )


def difference(stated: Any, counted: Any) -> str:
    """The first field in which two plain values differ, in words; empty where they agree."""
    return next(differences(stated, counted), "")


def differences(stated: Any, counted: Any, where: str = "") -> Iterator[str]:
    """Every field in which two plain values differ, in words.

    Numbers agree within ``TOLERANCE``; everything else must be equal.
    """
    if isinstance(stated, dict) and isinstance(counted, dict):
        for key in sorted(stated.keys() | counted.keys()):
            inner = f"{where}.{key}" if where else str(key)
            if key not in stated or key not in counted:
                yield f"{inner} is {'missing' if key not in stated else 'unknown'}"
            else:
                yield from differences(stated[key], counted[key], inner)
    elif isinstance(stated, (list, tuple)) and isinstance(counted, (list, tuple)):
        if len(stated) != len(counted):
            yield f"{where} has {len(stated)} entries, the episodes give {len(counted)}"
            return
        for at, (mine, theirs) in enumerate(zip(stated, counted, strict=True)):
            yield from differences(mine, theirs, f"{where}[{at}]")
    elif not _agree(stated, counted):
        yield f"{where} is {stated}, the episodes give {counted}"


def _agree(stated: Any, counted: Any) -> bool:
    if isinstance(stated, float) and isinstance(counted, float):
        return math.isclose(stated, counted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(stated) is type(counted) and bool(stated == counted)
