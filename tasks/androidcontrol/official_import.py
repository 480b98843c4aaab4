"""Imports the official files into the archive, and tells what is there.

Two functions that ``polyathlon data`` calls by name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...core.errors import BadArgument, PolyathlonError
from ..storage import Imported, Stored, family_directory
from .archive import FAMILY, FORMAT, Index, Shard, read_index, read_stored, write_index, write_shard
from .generator import SPLITS
from .official import NAME, SPLITS_FILE, SUBSPLITS_FILE, read_episodes, read_splits
from .screen import Episode

_CHUNK = 1 << 24


def import_path(path: Path, directory: Path) -> Iterator[Imported]:
    """Imports all files of episodes at a path, one after the other, beside those imported before.

    Args:
        path: a folder of the release's files, or one of them; the two lists of splits must be in
            the same folder.
        directory: the data directory.

    Yields:
        What became of each file, and at the end what is not there.

    Raises:
        BadArgument: there are no files, or no lists of splits.
        RunDirectoryError: the disk refused.
    """
    files = _find_files(path)
    splits = {
        name: tuple(sorted(numbers)) for name, numbers in read_splits(files[0].parent).items()
    }
    folder = family_directory(FAMILY, directory)
    known = read_index(folder)
    if known is not None and known.splits != splits:
        raise BadArgument(
            f"{files[0].parent / SPLITS_FILE} lists other splits than what was imported before "
            f"into {folder}; remove that folder, or name another with --out"
        )
    shards = dict(known.shards) if known else {}
    for file in files:
        try:
            shard = _import_file(file, folder, shards.values())
        except BadArgument as error:
            yield Imported(source=str(file), trouble=str(error))
            continue
        shards[shard.source] = shard
        write_index(folder, Index(format=FORMAT, shards=shards, splits=splits))
        notes = (f"left out: {shard.idle} episodes in which nothing is done",) if shard.idle else ()
        yield Imported(source=str(file), name=shard.source, facts=_facts(shard), notes=notes)
    there = {place.number for shard in shards.values() for place in shard.places}
    for name, split in SPLITS.items():
        if there and not there & set(splits[split.official]):
            yield Imported(source=split.official, name=name)


def _find_files(path: Path) -> tuple[Path, ...]:
    if not path.exists():
        raise BadArgument(f"{path} does not exist; give a folder of the release's files, or a file")
    if path.is_file():
        return (path,)
    found = tuple(sorted(one for one in path.iterdir() if NAME.match(one.name) and one.is_file()))
    if not found:
        raise BadArgument(
            f"{path} has no file called like android_control-00000-of-00020; those of the release "
            f"go with {SPLITS_FILE} and {SUBSPLITS_FILE}"
        )
    return found


def _import_file(path: Path, folder: Path, others: Iterable[Shard]) -> Shard:
    matched = NAME.match(path.name)
    if matched is None:
        raise BadArgument(f"{path} is not called like android_control-00000-of-00020")
    # An episode that is there twice would count twice.
    home = {
        place.number: shard.source
        for shard in others
        for place in shard.places
        if shard.source != matched[0]
    }
    return write_shard(folder, matched[0], _digest(path), _checked(path, home))


def _checked(path: Path, home: dict[int, str]) -> Iterator[Episode | None]:
    """The episodes of a file: some, and each of them once.

    Args:
        path: of the file.
        home: files of the episodes that are there already; those of this one are added.

    Raises:
        BadArgument: there are none, or one is there already.
    """
    count = 0
    for episode in read_episodes(path):
        if episode is not None and episode.number in home:
            raise BadArgument(
                f"{path} record {count}: episode {episode.number} was in "
                f"{home[episode.number]} already; get the file anew"
            )
        if episode is not None:
            home[episode.number] = path.name
        yield episode
        count += 1
    if not count:
        raise BadArgument(f"{path} holds no record; get the file anew")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def _facts(shard: Shard) -> dict[str, str]:
    return {"episodes": str(len(shard.places)), "sha256": shard.sha256}


def list_stored(directory: Path) -> Iterator[Stored]:
    """What was imported, with a check of every byte.

    Args:
        directory: the data directory.
    """
    folder = family_directory(FAMILY, directory)
    try:
        index = read_index(folder)
    except PolyathlonError as error:
        yield Stored(name=FAMILY, trouble=str(error))
        return
    if index is None:
        return
    for shard in index.shards.values():
        try:
            for place in shard.places:
                read_stored(folder / shard.data, place)
        except PolyathlonError as error:
            yield Stored(name=shard.source, trouble=str(error))
        else:
            yield Stored(name=shard.source, facts={**_facts(shard), **_of_splits(shard, index)})


def _of_splits(shard: Shard, index: Index) -> dict[str, str]:
    """How many of a file's episodes are in each of the main splits."""
    home = {
        number: name for name in ("train", "validation", "test") for number in index.splits[name]
    }
    counts = Counter(home.get(place.number, "of no split") for place in shard.places)
    return {name: str(count) for name, count in sorted(counts.items())}
