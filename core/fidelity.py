"""What action adapters keep of a body's actions, and for how many bits: one JSON, two floors.

Measured where adapters are (:mod:`polyathlon.benchmarks.fidelity`), shown where tables are
(:mod:`polyathlon.leaderboard.fidelity_page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from .errors import RunDirectoryError
from .files import write_atomically
from .specs import Embodiment, canonical_json

FORMAT = 1
"""Version of the file; readers refuse a newer one."""

FILE_NAME = "report.json"


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """One adapter on the held-out actions of one body.

    Errors are of actions normalised to [-1, 1] by the body's range, over its own dimensions alone.

    Attributes:
        adapter: its dialect, or ``tokenizer`` for the quantiser that all bodies share.
        setting: what it was made with, in words, e.g. ``512 bins``.
        tokens: mean tokens an action takes; 0 where none are spoken.
        bits: mean bits an action takes: tokens times the logarithm of how many there are; for a
            head that says numbers, 32 a dimension.
        mse: mean squared error, all dimensions alike.
        mse_by_dimension: of each.
        largest: the largest error of each dimension, in its own unit.
        usage: for adapters with codebooks, how often each code was said, level by level.
        refused: why it does not fit this body; empty where it does. Then nothing else counts.
    """

    adapter: str
    setting: str
    tokens: float = 0.0
    bits: float = 0.0
    mse: float = 0.0
    mse_by_dimension: tuple[float, ...] = ()
    largest: tuple[float, ...] = ()
    usage: tuple[tuple[int, ...], ...] = ()
    refused: str = ""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a held-out episode, and what came back of it.

    Attributes:
        source: the task or data set.
        episode: its number there.
        first: the stretch's first step.
        actions: as they were, a row a step, in their own unit.
        said: the same through some adapters, by their names.
    """

    source: str
    episode: int
    first: int
    actions: tuple[tuple[float, ...], ...]
    said: Mapping[str, tuple[tuple[float, ...], ...]]


class BodyReport(msgspec.Struct, frozen=True, kw_only=True):
    """One body: what its actions were, and what each adapter made of them.

    Attributes:
        body: the convention of its actions.
        sources: tasks and data sets the actions came from, and episodes of each.
        episodes: fitted on, held out.
        actions: fitted on, held out.
        clipped: numbers outside the body's range among all of them; clipped before anything else.
        numbers: how many numbers that is of.
        constant: dimensions that never changed.
        variance: of the held-out normalised actions: the error of always saying their mean.
        adapters: every one, in the order of the page.
        passage: None for discrete bodies.
    """

    body: Embodiment
    sources: Mapping[str, int]
    episodes: tuple[int, int]
    actions: tuple[int, int]
    clipped: int = 0
    numbers: int = 0
    constant: tuple[str, ...] = ()
    variance: float = 0.0
    adapters: tuple[Fidelity, ...] = ()
    passage: Passage | None = None


class FidelityReport(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of ``report.json``.

    Attributes:
        format: version of the file.
        seed: of the split and of all fits.
        held_out: share of the episodes that nothing was fitted on.
        recipe: how the learned quantisers were trained, and on how long chunks.
        bodies: continuous ones first.
        hashes: SHA-256 of each fitted adapter's manifest, by its folder.
        versions: of the packages that decide the result.
        command: the command line that fitted.
    """

    format: int = FORMAT
    seed: int
    held_out: float
    recipe: Mapping[str, float | int | bool]
    bodies: tuple[BodyReport, ...]
    hashes: Mapping[str, str] = {}
    versions: Mapping[str, str] = {}
    command: tuple[str, ...] = ()


def write_fidelity(path: Path, report: FidelityReport) -> None:
    """Writes the report as JSON, whole or not at all."""
    write_atomically(path, msgspec.json.format(canonical_json(report), indent=1))


def read_fidelity(path: Path) -> FidelityReport:
    """Reads a report.

    Raises:
        RunDirectoryError: the file is missing, no report, or of a newer format.
    """
    try:
        report = msgspec.json.decode(path.read_bytes(), type=FidelityReport)
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RunDirectoryError(f"{path} is no report on adapters: {error}") from error
    if report.format > FORMAT:
        raise RunDirectoryError(f"{path} is of format {report.format}; upgrade polyathlon")
    return report
