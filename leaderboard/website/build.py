"""A folder of submissions becomes a site, whole or not at all.

Every submission is read, checked, written out and let go again before the next: what is kept of it
is its row and the text of its page. The site is made beside and put in place of the old one when
it is complete.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from ...core.errors import PolyathlonError, RunDirectoryError
from ...core.specs import canonical_json
from ..assembly import Assembly
from ..board import Board, is_board
from ..intake import Found, find, reason_of
from .difference import difference_page
from .dossier import Draft, dossier_page, standings_of
from .feed import Asset
from .home import home_page
from .page import script_assets
from .parcel import Parcel, prepare, put
from .ranking import group_key, ranking_page

BOARD = "leaderboard.json"

FEW = 8
"""Submissions that are not worth a process."""


def build_site(
    paths: Sequence[Path],
    out: Path,
    *,
    copies: bool = True,
    processes: int = 1,
    trusted: Mapping[str, str] | None = None,
) -> Board:
    """Makes ``leaderboard.json`` and the pages around it.

    The same submissions, verifications and pictures give the same bytes.

    Args:
        paths: submissions, run directories, and folders of them.
        out: the site's folder. If it exists it must be empty, or a site.
        copies: the submissions are put on the site as well, so that whoever doubts can check.
        processes: how many count at once. More than one are started anew, so that a script that
            asks for them must be importable.
        trusted: name by public key of those whose signature is known.

    Raises:
        BadArgument: no path, or one that was named holds a run that is there already.
        RunDirectoryError: ``out`` holds something else, or the disk refused.
        PolyathlonError: a submission that was named itself does not hold together.
    """
    found = find(paths)
    with _beside(out) as folder:
        job = functools.partial(prepare, folder=folder, copies=copies, trusted=trusted)
        with contextlib.closing(_prepared(found, job, processes)) as parcels:
            return _write(found, parcels, folder)


def _write(found: Sequence[Found], parcels: Iterable[Parcel | str], folder: Path) -> Board:
    assembly = Assembly()
    drafts: dict[str, Draft] = {}
    for one, parcel in zip(found, parcels, strict=True):
        if isinstance(parcel, str):
            assembly.refuse(one.label, parcel)
            continue
        key = parcel.source.key
        try:
            assembly.add(parcel.source, parcel.entries)
        except PolyathlonError as error:
            if one.named:
                raise
            assembly.refuse(one.label, reason_of(error, one))
            for path in () if key in drafts else parcel.paths:
                (folder / path).unlink()
            continue
        drafts[key] = parcel.draft
    board = assembly.board()
    _write_pages(board, drafts, folder)
    return board


def _prepared(
    found: Sequence[Found], job: Callable[[Found], Parcel | str], processes: int
) -> Generator[Parcel | str, None, None]:
    """What comes of each, in order: a parcel, or why it was refused."""
    if processes == 1 or len(found) <= FEW:
        yield from map(job, found)
        return
    # Started anew: a fork of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            yield from pool.map(job, found, chunksize=4)
        finally:
            pool.shutdown(cancel_futures=True)


def _write_pages(board: Board, drafts: Mapping[str, Draft], folder: Path) -> None:
    put(folder, Asset(BOARD, msgspec.json.format(canonical_json(board), indent=1)))
    put(folder, Asset("index.html", home_page(board)))
    for asset in script_assets():
        put(folder, asset)
    standings = standings_of(board)
    for group in board.groups:
        key = group_key(group)
        put(folder, Asset(f"board/{key}.html", ranking_page(board, group)))
        put(folder, Asset(f"difference/{key}.html", difference_page(board, group)))
    for source in board.sources:
        has_file = (folder / "file" / f"{source.key}.zip").exists()
        text = dossier_page(standings[source.key], source, drafts[source.key], has_file)
        put(folder, Asset(f"submission/{source.key}.html", text))


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``out`` if all goes well, and is gone if not."""
    if out.exists() and not _is_ours(out):
        raise RunDirectoryError(
            f"{out} exists and is no site of a leaderboard; it was left as it is. Use another --out"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise RunDirectoryError(f"cannot write {out}: {error.strerror or error}") from error
    try:
        yield folder
        os.chmod(folder, 0o755)
        _replace(folder, out)
    except OSError as error:
        raise RunDirectoryError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(out: Path) -> bool:
    return out.is_dir() and (not any(out.iterdir()) or is_board(out / BOARD))


def _replace(folder: Path, out: Path) -> None:
    """Two renames: between them, for a moment, neither site is there, but never half of one."""
    if not out.exists():
        os.replace(folder, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        os.replace(out, old / out.name)
        try:
            os.replace(folder, out)
        except OSError:
            os.replace(old / out.name, out)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
