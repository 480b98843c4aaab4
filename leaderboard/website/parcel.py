"""One submission made ready for a site: read, checked, and written as far as it stands alone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...core.errors import PolyathlonError
from ..assembly import Entry, entries_of, source_of
from ..board import Source
from ..intake import Found, read, reason_of
from .dossier import Draft, draft
from .feed import Asset, feed_of


class Parcel(NamedTuple):
    """What is kept of a submission when its episodes have been let go.

    Attributes:
        source: what its rows came in.
        entries: its rows, not yet ranked.
        draft: the parts of its page that need its episodes.
        paths: the files that were written for it.
    """

    source: Source
    entries: tuple[Entry, ...]
    draft: Draft
    paths: tuple[str, ...]


def prepare(
    found: Found, folder: Path, copies: bool, trusted: Mapping[str, str] | None = None
) -> Parcel | str:
    """Reads one submission and writes what the scripts of its pages read.

    Args:
        found: where it lies.
        folder: of the site.
        copies: the submission itself is put on the site.
        trusted: name by public key of those whose signature is known.

    Returns:
        What is kept of it; or, where it was found in a folder and is refused, why.

    Raises:
        PolyathlonError: it was named itself and does not hold together.
        OSError: the site cannot be written.
    """
    try:
        intake = read(found, trusted)
    except (PolyathlonError, OSError) as error:
        if found.named:
            raise
        return reason_of(error, found)
    source = source_of(intake)
    feeds = [feed_of(intake, number) for number in range(len(intake.runs))]
    paths = []
    for asset in (asset for files in feeds for asset in files.assets):
        put(folder, asset)
        paths.append(asset.path)
    if copies and source.digest:
        paths.append(f"file/{source.key}.zip")
        (folder / "file").mkdir(exist_ok=True)
        shutil.copyfile(found.path, folder / paths[-1])
    drafted = draft(intake, feeds)
    return Parcel(source, entries_of(intake, found.named), drafted, tuple(paths))


def put(folder: Path, asset: Asset) -> None:
    """Writes a file of the site."""
    path = folder / asset.path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(asset.data)
