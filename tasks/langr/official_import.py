"""Imports the official files into the archive, and tells what is there.

Two functions that ``polyathlon data`` calls by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.errors import BadArgument, PolyathlonError
from ..storage import Imported, Stored, family_directory
from .archive import FAMILY, Archive, Index, Source, Writer, read_index
from .official import read_official
from .official_home import Outside, Sightings, beyond_walls
from .official_split import family_of
from .splits import SPLITS

SUFFIX = ".pickle"

NAMED = 5
"""Objects outside their receptacles that are named one by one."""


def find_files(path: Path) -> tuple[Path, ...]:
    """The episode files below a folder, or the file itself.

    Where there are folders called ``datasets``, as in a clone of the release, only those count.

    Raises:
        BadArgument: there is none.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise BadArgument(f"{path} does not exist; give a clone, a folder of files, or a file")
    found = sorted(
        one
        for one in path.rglob(f"*{SUFFIX}")
        if one.is_file() and not any(part.startswith(".") for part in one.relative_to(path).parts)
    )
    chosen = [one for one in found if one.parent.name == "datasets"] or found
    if not chosen:
        raise BadArgument(
            f"{path} has no file {SUFFIX} in it or below; give a clone of the official repository, "
            "a folder of its datasets, or one of them"
        )
    return tuple(chosen)


def import_path(path: Path, directory: Path) -> Iterator[Imported]:
    """Imports all episode files at a path, one after the other.

    Args:
        path: a clone, a folder of files, or a file.
        directory: the data directory.

    Yields:
        What became of each file; and at the end, without facts, those that were not found.

    Raises:
        BadArgument: there are no files.
        RunDirectoryError: the disk refused.
    """
    files = find_files(path)
    taken: dict[str, Path] = {}
    for file in files:
        try:
            yield _import_file(file, directory, taken)
        except BadArgument as error:
            yield Imported(source=str(file), trouble=str(error))
    if path.is_dir():
        seen = {file.name for file in files}
        for split in SPLITS.values():
            # Only to say what is missing: names do not decide what a file holds.
            name = split.official + SUFFIX
            if split.name not in taken and name not in seen:
                yield Imported(source=name, name=split.name)


def _import_file(path: Path, directory: Path, taken: dict[str, Path]) -> Imported:
    file = read_official(path)
    if file.split in taken:
        raise BadArgument(f"{path} holds '{file.split}', as {taken[file.split]} does; remove one")
    sightings = Sightings()
    writer = Writer(file.split, Source(file=_shown(path.name), sha256=file.sha256, size=file.size))
    for number, episode in enumerate(file):
        writer.add(episode, family_of(episode.family))
        sightings.add(number, episode)
    try:
        layouts = sightings.new_layouts()
    except BadArgument as error:
        raise BadArgument(f"{path}: {error}") from error
    outside = sightings.outside(layouts)
    notes = [*_notes_outside(outside)]
    for home, layout in layouts.items():
        if names := beyond_walls(layout):
            notes.append(f"in {home}, beyond the walls of '{layout.shell}': {', '.join(names)}")
    index = writer.write(family_directory(FAMILY, directory), layouts.values())
    taken[file.split] = path
    return Imported(source=str(path), name=file.split, facts=_facts(index), notes=tuple(notes))


def _shown(name: str) -> str:
    """A file's name without what a terminal or JSON cannot show."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _notes_outside(outside: Sequence[Outside]) -> Iterator[str]:
    if outside:
        yield f"{len(outside)} objects lie outside what they are said to lie on; the furthest:"
    for one in outside[:NAMED]:
        yield (
            f"episode {one.episode}, object {one.object}: {one.distance:.2f} m outside "
            f"{one.receptacle}"
        )


def _facts(index: Index) -> dict[str, str]:
    objects = sorted({len(assets) for assets in index.assets})
    told = f"{objects[0]}" if len(objects) == 1 else f"{objects[0]}-{objects[-1]}"
    return {
        "episodes": str(len(index.lengths)),
        "homes": str(len(index.homes)),
        "objects": told,
        "source": index.source.file,
        "sha256": index.source.sha256,
    }


def list_stored(directory: Path) -> Iterator[Stored]:
    """What was imported, with a check of every byte.

    Args:
        directory: the data directory.
    """
    folder = family_directory(FAMILY, directory)
    for split in SPLITS:
        if not (folder / f"{split}.json").exists():
            continue
        try:
            index = read_index(folder, split)
            Archive(index, folder)  # Reads every byte.
            yield Stored(name=split, facts=_facts(index))
        except PolyathlonError as error:
            yield Stored(name=split, trouble=str(error))
