"""What a board is made from: submissions and run directories, found, read, and told apart.

What is named is read or the error is raised; what is found in a folder is read, or listed with the
reason: one broken file must not keep a hundred others off the board.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..core.episode import EpisodeResult
from ..core.errors import BadArgument, PolyathlonError, RunDirectoryError
from ..core.journal import read_actions
from ..core.manifest import FILE_NAME as MANIFEST
from ..core.manifest import Manifest
from ..core.specs import digest_of
from . import media
from .foreign_text import one_line
from .recount import Run, recompute
from .result import Result
from .signature import Signer
from .submission import Card, File, PackedRun
from .validation import Checked, actions_of, validate
from .verification import Verification, verification_of

SUFFIX = ".zip"
"""What a submission's name ends with, where one is looked for."""

LONGEST_SLUG = 40
"""Letters of a name that enter the name of a page."""

FINGERPRINT = 32
"""Hexadecimal digits of a digest that enter the name of a page: 128 bits, so that nobody can make
a submission whose pages take the place of another's."""


class Found(NamedTuple):
    """Something to read: where it lies, what it is called, and whether it was named itself."""

    path: Path
    label: str
    named: bool


class Played(NamedTuple):
    """A run, whatever it came in.

    Attributes:
        manifest: what was to be played.
        results: its episodes.
        result: its figures, counted again.
        actions: gives the recorded actions of one of its episodes.
        media: the folder of its pictures; it may not exist.
    """

    manifest: Manifest
    results: tuple[EpisodeResult, ...]
    result: Result
    actions: Callable[[EpisodeResult], list[Any]]
    media: Path


class Intake(NamedTuple):
    """A submission or a run directory that holds together.

    Attributes:
        path: where it lies.
        label: what it is called in messages and on pages.
        key: names its pages and files: small letters, digits and hyphens.
        name: what its makers call it; empty for a directory.
        digest: SHA-256 of the submission; empty for a directory.
        size: of the submission [bytes]; 0 for a directory.
        card: what its makers say.
        weights: the agent's files, by hash.
        verification: what playing it again has shown, if it is of the same bytes.
        runs: what was played.
        signer: who signed the submission.
    """

    path: Path
    label: str
    key: str
    name: str
    digest: str
    size: int
    card: Card
    weights: tuple[File, ...]
    verification: Verification | None
    runs: tuple[Played, ...]
    signer: Signer = Signer()


def find(paths: Sequence[Path]) -> list[Found]:
    """Everything that a board is to be made from, in a stable order.

    Args:
        paths: submissions, run directories, and folders that hold either at any depth.

    Raises:
        BadArgument: no path.
        RunDirectoryError: a folder that holds neither.
    """
    if not paths:
        raise BadArgument("a board needs at least one run directory, submission or folder of them")
    found = []
    for path in map(Path, paths):
        if not path.is_dir() or (path / MANIFEST).exists():
            found.append(Found(path, path.name, named=True))
            continue
        inside = [Found(one, one.relative_to(path).as_posix(), False) for one in _inside(path)]
        if not inside:
            raise RunDirectoryError(
                f"{path} is not a run, and holds neither submissions (*{SUFFIX}) nor runs"
            )
        found += inside
    return found


def _inside(folder: Path) -> Iterator[Path]:
    """Submissions and run directories in a folder, sorted; links to folders are not followed."""
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if here != folder and MANIFEST in files:
            folders.clear()
            yield here
            continue
        folders[:] = sorted(
            one for one in folders if not one.startswith(".") and not one.endswith(media.BESIDE)
        )
        yield from (
            here / one for one in sorted(files) if one.endswith(SUFFIX) and not one.startswith(".")
        )


def read(found: Found, trusted: Mapping[str, str] | None = None) -> Intake:
    """Reads a submission or a run directory and counts it again.

    Args:
        found: where it lies.
        trusted: name by public key of those whose signature is known.

    Raises:
        PolyathlonError: it does not hold together; one line says why.
    """
    if found.path.is_dir():
        return _of_directory(found, recompute(found.path))
    return _of_submission(found, validate(found.path, trusted))


def _of_submission(found: Found, checked: Checked) -> Intake:
    pictures = media.folder_beside(found.path, checked.digest)
    return Intake(
        path=found.path,
        label=found.label,
        key=f"{slug(checked.submission.name)}-{checked.digest[:FINGERPRINT]}",
        name=checked.submission.name,
        digest=checked.digest,
        size=found.path.stat().st_size,
        card=checked.submission.card,
        weights=checked.submission.weights,
        verification=verification_of(found.path, checked.digest),
        runs=tuple(
            Played(run.manifest, run.results, run.result, _recorded(run), pictures / str(number))
            for number, run in enumerate(checked.runs)
        ),
        signer=checked.signer,
    )


def _recorded(run: PackedRun) -> Callable[[EpisodeResult], list[Any]]:
    return lambda one: actions_of(run, one)


def _of_directory(found: Found, run: Run) -> Intake:
    directory = run.directory

    def actions(one: EpisodeResult) -> list[Any]:
        if one.trace is None:
            raise RunDirectoryError(f"{one.plan.task} episode {one.plan.index} has no actions")
        return read_actions(directory, one.trace)

    agent = run.manifest.agent
    digest = digest_of(
        [*run.manifest.programme, agent.name, agent.path, run.result.episodes_digest]
    )
    played = Played(
        run.manifest,
        tuple(sorted(run.results, key=lambda one: one.plan.key)),
        run.result,
        actions,
        directory / media.FOLDER,
    )
    return Intake(
        path=found.path,
        label=found.label,
        key=f"{slug(agent.name)}-{digest[:FINGERPRINT]}",
        name="",
        digest="",
        size=0,
        card=Card(),
        weights=(),
        verification=None,
        runs=(played,),
    )


def slug(name: str) -> str:
    """A name in small letters, digits and hyphens, for the names of pages and files."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "agent"


def reason_of(error: PolyathlonError | OSError, found: Found) -> str:
    """Why something was refused, in one printable line.

    Where the folder lies on this machine is nobody's business, and must not change what is written.
    """
    return one_line(str(error).replace(str(found.path), found.label))
