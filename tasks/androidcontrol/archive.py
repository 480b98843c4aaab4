"""The official episodes on disk, in a form of our own: read one at a time, from anywhere.

``androidcontrol/`` below the data directory holds a file of episodes for each official one, and
``index.json``, which says where each episode stands in them and to which splits it belongs. The
index is written last: an import that is broken off changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ...core.errors import BadArgument, RunDirectoryError
from ...core.files import replacing, write_atomically
from ...core.specs import digest_of
from ..storage import family_directory, make_directory
from .action import UiAction
from .generator import SPLITS
from .official import RecordedScreen, make_screen
from .screen import Element, Episode

FORMAT = 1
"""Version of both kinds of files; another is not read."""

FAMILY, INDEX = "androidcontrol", "index.json"


class Place(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where an episode stands.

    Attributes:
        number: its ``episode_id``.
        offset: first byte in the file [B].
        length: [B].
        sha256: of those bytes, the first half, in hexadecimal.
    """

    number: int
    offset: int
    length: int
    sha256: str


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """A file of episodes.

    Attributes:
        source: the official file.
        sha256: of the official file, in hexadecimal.
        data: the file beside the index.
        places: of its episodes, in order.
        idle: episodes of the official file in which nothing is done, which were left out.
    """

    source: str
    sha256: str
    data: str
    places: tuple[Place, ...]
    idle: int = 0


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What ``index.json`` holds.

    Attributes:
        format: ``FORMAT``.
        shards: by the name of the official file.
        splits: episodes of each split by its official name, as the release lists them.
    """

    format: int
    shards: dict[str, Shard]
    splits: dict[str, tuple[int, ...]]


class _Line(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A screen on disk."""

    width: int
    height: int
    elements: tuple[Element, ...]
    png: bytes


class _Record(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An episode on disk."""

    number: int
    goal: str
    screens: tuple[_Line, ...]
    actions: tuple[UiAction, ...]
    step_instructions: tuple[str, ...]


_ENCODER = msgspec.msgpack.Encoder()
_RECORDS = msgspec.msgpack.Decoder(_Record)


def write_shard(
    folder: Path, source: str, sha256: str, episodes: Iterable[Episode | None]
) -> Shard:
    """Writes the episodes of one official file as they come: all of them, or no file.

    Args:
        folder: made if need be.
        source: name of the official file.
        sha256: of it, in hexadecimal.
        episodes: None in place of one that is left out.

    Raises:
        RunDirectoryError: the disk refused.
    """
    name = f"{source}.episodes"
    places: list[Place] = []
    offset = idle = 0
    with replacing(make_directory(folder) / name) as file:
        for episode in episodes:
            if episode is None:
                idle += 1
                continue
            data = _ENCODER.encode(_record(episode))
            file.write(data)
            places.append(
                Place(number=episode.number, offset=offset, length=len(data), sha256=_digest(data))
            )
            offset += len(data)
    return Shard(source=source, sha256=sha256, data=name, places=tuple(places), idle=idle)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _record(episode: Episode) -> _Record:
    screens = []
    for screen in episode.screens:
        assert isinstance(screen, RecordedScreen)
        screens.append(_Line(width=screen.width, height=screen.height, elements=screen.elements,
                             png=screen.png))  # fmt: skip
    return _Record(
        number=episode.number,
        goal=episode.goal,
        screens=tuple(screens),
        actions=episode.actions,
        step_instructions=episode.step_instructions,
    )


def write_index(folder: Path, index: Index) -> None:
    """Writes ``index.json``, whole or not at all.

    Raises:
        RunDirectoryError: the disk refused.
    """
    write_atomically(folder / INDEX, msgspec.json.encode(index) + b"\n")


def read_index(folder: Path) -> Index | None:
    """The index of a folder, or None where nothing was imported.

    Raises:
        RunDirectoryError: it cannot be read, or is not one of this version.
    """
    path = folder / INDEX
    try:
        index = msgspec.json.decode(path.read_bytes(), type=Index)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror or error}") from error
    except msgspec.DecodeError as error:
        raise RunDirectoryError(f"{path} is damaged: {error}. Import the data anew") from error
    if index.format != FORMAT:
        raise RunDirectoryError(f"{path} is of format {index.format}, not {FORMAT}; import anew")
    return index


class StoredSplit:
    """The episodes of a split that were imported, in the order of their numbers.

    Args:
        folder: where the index is.
        index: its contents.
        split: a name in ``generator.SPLITS``.

    Attributes:
        origin: what they are, for the record of a run.

    Raises:
        BadArgument: none was imported.
    """

    def __init__(self, folder: Path, index: Index, split: str) -> None:
        self._folder = folder
        wanted = frozenset(index.splits[SPLITS[split].official])
        self._places = sorted(
            ((place, shard.data) for shard in index.shards.values() for place in shard.places
             if place.number in wanted),
            key=lambda one: one[0].number,
        )  # fmt: skip
        if not self._places:
            raise BadArgument(
                f"no episode of androidcontrol's split '{split}' was imported; "
                "import more of the official files"
            )
        said = digest_of([(place.number, place.sha256) for place, _ in self._places])
        self.origin = f"official, {len(self)} of {len(wanted)}, SHA-256 {said[:32]}"

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Episode]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Episode:
        """An episode, read from the disk and checked.

        Raises:
            RunDirectoryError: it is not what was written.
        """
        if not 0 <= index < len(self._places):
            raise IndexError(f"there are {len(self._places)} episodes, no {index}")
        place, file = self._places[index]
        return read_stored(self._folder / file, place)


def read_stored(path: Path, place: Place) -> Episode:
    """The episode at a place of a file.

    Raises:
        RunDirectoryError: it is not what was written.
    """
    where = f"{path} episode {place.number}"
    try:
        with path.open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.length)
    except OSError as error:
        raise RunDirectoryError(f"cannot read {path}: {error.strerror or error}") from error
    if _digest(data) != place.sha256:
        raise RunDirectoryError(f"{where} is not what was imported; import the data anew")
    record = _RECORDS.decode(data)
    screens = tuple(
        make_screen(line.width, line.height, line.elements, line.png, where)
        for line in record.screens
    )
    return Episode(number=record.number, goal=record.goal, screens=screens, actions=record.actions,
                   step_instructions=record.step_instructions)  # fmt: skip


def open_split(split: str) -> StoredSplit:
    """The imported episodes of a split.

    Raises:
        BadArgument: the official data was not imported.
        RunDirectoryError: what was imported cannot be read.
    """
    folder = family_directory(FAMILY)
    index = read_index(folder)
    if index is None:
        raise BadArgument(
            f"the official episodes of androidcontrol are not in {folder}; type: polyathlon data "
            "import androidcontrol PATH, where PATH holds the files of the release"
        )
    return StoredSplit(folder, index, split)
