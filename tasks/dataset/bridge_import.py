"""BridgeData V2, converted from the user's copy into our layout by the episode."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...core.errors import BadArgument
from ..storage import Imported, Stored
from . import intake
from .bridge import SIZE, read_numpy, read_raw, read_tfrecord
from .intake import Source, Told, Unit

FAMILY = "bridge"

VALIDATION_SHARE = 10
"""Of the raw layout every tenth episode or so is for validation: the official script's share."""

SPLITS = ("train", "val", "test")

RAW_PARTS = frozenset({"obs_dict.pkl", "policy_out.pkl", "images0"})
"""What is in the folder of a raw episode, and nowhere else."""

SKIPPED = "lmdb"
"""Raw folders with this in their name are skipped by the official script."""


def import_path(
    path: Path, directory: Path, *, most: int | None = None, told: Told | None = None
) -> Iterator[Imported]:
    """Converts everything at a path; what cannot be read is named, the rest converted.

    Args:
        path: a file, or a folder of files in one or several of the layouts.
        directory: the data directory.
        most: episodes of each file that are taken, or None for all.
        told: hears how many files of how many are read.

    Raises:
        BadArgument: nothing there is BridgeData.
        RunDirectoryError: the disk refused.
    """
    if not path.exists():
        raise BadArgument(f"{path} does not exist")
    found = _found(path)
    sources = [source for layout in _READERS for source in _sources(path, layout, found[layout])]
    if not sources:
        raise BadArgument(
            f"{path} holds no BridgeData: no raw/traj_group*/traj*/obs_dict.pkl, no out.npy and no "
            "*.tfrecord*"
        )
    for source in sources:
        yield from intake.take_in(source, FAMILY, directory, most, told)


def list_stored(directory: Path) -> Iterator[Stored]:
    """What was imported, read through and held against its hash."""
    return intake.list_stored(FAMILY, directory)


_READERS = {"raw": read_raw, "numpy": read_numpy, "tfrecord": read_tfrecord}


def _sources(path: Path, layout: str, found: list[tuple[Path, str]]) -> Iterator[Source]:
    """A data set for each split that is there."""
    stem = path.name.partition(".")[0] or "data"
    for split in dict.fromkeys(split for _, split in found):
        units = tuple(
            Unit(one, functools.partial(_READERS[layout], one))
            for one, its in found
            if its == split
        )
        yield Source(f"{layout}-{stem}-{split}", layout, units, (SIZE,), bounded=False)


def _found(path: Path) -> dict[str, list[tuple[Path, str]]]:
    """By layout, the files and raw episodes at a path, each with its split."""
    found: dict[str, list[tuple[Path, str]]] = {layout: [] for layout in _READERS}
    walk: Iterable[tuple[str, list[str], list[str]]] = os.walk(path)
    if path.is_file():
        walk = [(str(path.parent), [], [path.name])]
    for place, folders, names in walk:
        here = Path(place)
        if RAW_PARTS.intersection((*folders, *names)):
            folders.clear()  # Tens of pictures for each camera: nothing else is below.
            if SKIPPED not in str(here.relative_to(path.parent)):
                found["raw"].append((here, _raw_split_of(here)))
            continue
        folders.sort()
        for name in sorted(names):
            if name == "out.npy":
                found["numpy"].append((here / name, _split_of(here / name)))
            elif ".tfrecord" in name:
                found["tfrecord"].append((here / name, _split_of(here / name)))
    found["raw"].sort()
    return found


def _raw_split_of(folder: Path) -> str:
    """The split of a raw episode.

    It depends on where the episode lies below the folder of its task, and on nothing else: with
    more of the data, an episode stays on its side.
    """
    name = "/".join(folder.absolute().parts[-4:])
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return "train" if share % VALIDATION_SHARE else "val"


def _split_of(file: Path) -> str:
    """The split that a file's folder, or its name as of ``NAME-SPLIT.tfrecord-0-of-1``, tells."""
    words = (file.parent.name, file.name.partition(".")[0].rpartition("-")[2])
    return next((word for word in words if word in SPLITS), "train")
