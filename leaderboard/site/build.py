"""A folder of submissions becomes a site, whole or not at all.

Every submission is read, checked, written out and let go again before the next: what is kept of it
is its row and the text of its page. The site is made beside and put in place of the old one when
it is complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ...core.errors import PolyathlonError, RunDirectoryError
from ...core.specs import canonical_json
from ..board import Assembly, Board, is_board
from ..intake import Found, find, read, reason_of
from .difference import difference_page
from .dossier import Draft, dossier_page, draft
from .evidence import Asset, evidence_of
from .home import home_page
from .page import script_assets
from .ranking import group_key, ranking_page

BOARD = "leaderboard.json"

Told = Callable[[Found], None]
"""Called before each submission is read."""


def build_site(
    paths: Sequence[Path], out: Path, *, copies: bool = True, told: Told = lambda found: None
) -> Board:
    """Makes ``leaderboard.json`` and the pages around it.

    The same submissions, verifications and pictures give the same bytes.

    Args:
        paths: submissions, run directories, and folders of them.
        out: the site's folder. If it exists it must be empty, or a site.
        copies: the submissions are put on the site as well, so that whoever doubts can check.
        told: called before each submission is read.

    Raises:
        BadArgument: no path, or one that was named holds a run that is there already.
        RunDirectoryError: ``out`` holds something else, or the disk refused.
        PolyathlonError: a submission that was named itself does not hold together.
    """
    found = find(paths)
    with _beside(out) as folder:
        board = _write(found, folder, copies, told)
    return board


def _write(found: Sequence[Found], folder: Path, copies: bool, told: Told) -> Board:
    assembly = Assembly()
    drafts: dict[str, Draft] = {}
    for one in found:
        told(one)
        try:
            intake = read(one)
            source = assembly.add(intake, named=one.named)
        except (PolyathlonError, OSError) as error:
            if one.named:
                raise
            assembly.refuse(one.label, reason_of(error))
            continue
        evidence = [evidence_of(intake, number) for number in range(len(intake.runs))]
        drafts[source.key] = draft(intake, evidence)
        for asset in (asset for files in evidence for asset in files.assets):
            _put(folder, asset)
        if copies and source.digest:
            target = folder / "file" / f"{source.key}.zip"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(one.path, target)
    board = assembly.board()
    _write_pages(board, drafts, folder)
    return board


def _write_pages(board: Board, drafts: dict[str, Draft], folder: Path) -> None:
    _put(folder, Asset(BOARD, msgspec.json.format(canonical_json(board), indent=1)))
    _put(folder, Asset("index.html", home_page(board)))
    for asset in script_assets():
        _put(folder, asset)
    for group in board.groups:
        key = group_key(group)
        _put(folder, Asset(f"board/{key}.html", ranking_page(board, group)))
        _put(folder, Asset(f"difference/{key}.html", difference_page(board, group)))
    for source in board.sources:
        has_file = (folder / "file" / f"{source.key}.zip").exists()
        text = dossier_page(board, source, drafts[source.key], has_file)
        _put(folder, Asset(f"submission/{source.key}.html", text))


def _put(folder: Path, asset: Asset) -> None:
    path = folder / asset.path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(asset.data)


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
