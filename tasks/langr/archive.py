"""The official episodes on disk, in a format of our own.

Each split is two files: ``SPLIT-DIGEST.jsonl`` has an episode a line, and ``SPLIT.json`` says what
they are, where they come from and how long each line is. The latter is written last and names the
former, so that an import that is broken off changes nothing.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import mmap
import operator
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...core.errors import BadArgument, RunDirectoryError, UnknownName
from ...core.files import write_atomically
from ...core.specs import digest_of
from ..array_pickle import open_at_once, read_whole
from ..storage import family_directory, make_directory
from . import SPLITS
from .assets import ASSETS
from .episode import Episode, Placement, instance_names
from .expression import Goal, Predicate, predicates_of, variables_of
from .layout import Layout
from .official_goal import check_arguments
from .vocabulary import RECEPTACLES

FORMAT = 1
"""Version of both files; another is not read."""

FAMILY = "langr"
"""The folder below the data directory."""

_DATA = re.compile(r"[a-z-]+-[0-9a-f]{12}\.jsonl")

_Pose = tuple[float, float, float, float, float, float, float]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was when it was read or written.

    Attributes:
        file: its name, without folders.
        sha256: in hexadecimal.
        size: [B].
    """

    file: str
    sha256: str
    size: int


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What ``SPLIT.json`` holds.

    Attributes:
        format: ``FORMAT``.
        split: the paper's name.
        source: the official file.
        data: the file of episodes beside this one.
        families: how many episodes are of each, without suffixes.
        homes: how many are in each.
        assets: sets of objects, in order; an episode has one of them.
        layouts: of homes that are not in this package, inferred from the episodes.
        lengths: of each line, its end included [B].
    """

    format: int
    split: str
    source: Source
    data: Source
    families: dict[str, int]
    homes: dict[str, int]
    assets: tuple[tuple[str, ...], ...]
    layouts: tuple[Layout, ...]
    lengths: tuple[int, ...]

    def digest(self) -> str:
        """SHA-256 over all of it, and so over what it says of the episodes, in hexadecimal.

        The same official file gives the same digest wherever it is imported.
        """
        unnamed = msgspec.structs.replace(self.source, file="")
        return digest_of(msgspec.structs.replace(self, source=unnamed))


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """An episode on disk: what all episodes share is left to the index.

    Attributes:
        assets: number of its set of objects.
        places: number in ``RECEPTACLES`` of what each object lies on.
        poses: position and quaternion of each object.
    """

    id: str
    home: str
    instruction: str
    family: str
    goal: Goal
    start: tuple[Predicate, ...]
    entities: dict[str, str]
    assets: int
    places: tuple[int, ...]
    poses: tuple[_Pose, ...]


_ENCODER = msgspec.json.Encoder()
_LINES = msgspec.json.Decoder(_Line)
_INDICES = msgspec.json.Decoder(Index)
_PLACE_NUMBER = {name: number for number, name in enumerate(RECEPTACLES)}


# -- writing ------------------------------------------------------------------------------------


class Writer:
    """Collects the episodes of a split, and writes both files at the end.

    Args:
        split: the paper's name.
        source: the official file.
    """

    def __init__(self, split: str, source: Source) -> None:
        self._split, self._source = split, source
        self._content = bytearray()
        self._lengths: list[int] = []
        self._assets: dict[tuple[str, ...], int] = {}
        self._families: Counter[str] = Counter()
        self._homes: Counter[str] = Counter()

    def add(self, episode: Episode, family: str) -> None:
        """Takes an episode.

        Args:
            episode: the next of the split.
            family: its family's id without suffix, to be counted.
        """
        assets = tuple(thing.asset for thing in episode.objects)
        line = _Line(
            id=episode.id,
            home=episode.home,
            instruction=episode.instruction,
            family=episode.family,
            goal=episode.goal,
            start=episode.start,
            entities=episode.entities,
            assets=self._assets.setdefault(assets, len(self._assets)),
            places=tuple(_PLACE_NUMBER[thing.receptacle] for thing in episode.objects),
            poses=tuple((*thing.position, *thing.rotation) for thing in episode.objects),
        )
        before = len(self._content)
        _ENCODER.encode_into(line, self._content, before)
        self._content += b"\n"
        self._lengths.append(len(self._content) - before)
        self._families[family] += 1
        self._homes[episode.home] += 1

    def write(self, directory: Path, layouts: Iterable[Layout]) -> Index:
        """Puts both files into a folder, in the place of any earlier ones of the split.

        Args:
            directory: made if it does not exist.
            layouts: of the homes that are not in this package.

        Raises:
            RunDirectoryError: the disk refused; what was there before stays.
        """
        content = bytes(self._content)
        self._content.clear()
        digest = hashlib.sha256(content).hexdigest()
        data = Source(file=f"{self._split}-{digest[:12]}.jsonl", sha256=digest, size=len(content))
        index = Index(
            format=FORMAT,
            split=self._split,
            source=self._source,
            data=data,
            families=dict(sorted(self._families.items())),
            homes=dict(sorted(self._homes.items())),
            assets=tuple(self._assets),
            layouts=tuple(layouts),
            lengths=tuple(self._lengths),
        )
        make_directory(directory)
        target = directory / data.file
        is_new = not target.exists()
        write_atomically(target, content)
        try:
            write_atomically(_index_path(directory, self._split), _ENCODER.encode(index) + b"\n")
        except RunDirectoryError:
            if is_new:  # Nobody would ever read it.
                target.unlink(missing_ok=True)
            raise
        _remove_others(directory, index)
        return index


def _remove_others(directory: Path, index: Index) -> None:
    """Removes what earlier imports of a split have left; a reader that has it open keeps it."""
    for path in directory.iterdir():
        name = path.name
        ours = _DATA.fullmatch(name) is not None and name.rpartition("-")[0] == index.split
        if ours and name != index.data.file:
            with contextlib.suppress(OSError):
                path.unlink()


# -- reading ------------------------------------------------------------------------------------


class Archive(Sequence[Episode]):
    """The episodes of an imported split; each is read when asked for.

    Args:
        about: what is said of them.
        directory: the folder of both files.

    Raises:
        BadArgument: the file of episodes is missing or not what was written.
    """

    def __init__(self, about: Index, directory: Path) -> None:
        self.about = about
        """Where the episodes come from."""
        self._path = directory / about.data.file
        self._ends = list(itertools.accumulate(about.lengths))
        try:
            with open(self._path, "rb", opener=open_at_once) as file:
                told = os.fstat(file.fileno())
                self._check_size(told.st_size if stat.S_ISREG(told.st_mode) else 0)
                self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise BadArgument(
                f"cannot read {self._path}: {error.strerror or error}; {_advice(about.split)}"
            ) from error
        # All of it, each time: what was edited must not play under the official file's name. A
        # split has a megabyte, training less than one second's worth.
        if hashlib.sha256(self._content).hexdigest() != about.data.sha256:
            raise BadArgument(f"{self._path} is not what was written; {_advice(about.split)}")

    def _check_size(self, size: int) -> None:
        about = self.about
        sizes = min(about.lengths, default=0) > 0 and [size] == self._ends[-1:]
        if not sizes or size != about.data.size:
            raise _damaged(self._path, about.split)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[number] for number in range(*key.indices(len(self)))]
        number = operator.index(key)
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(f"episode {key} of {len(self)}")
        start = self._ends[number] - self.about.lengths[number]
        try:
            return self._episode(_LINES.decode(self._content[start : self._ends[number]]))
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            raise _damaged(self._path, self.about.split) from error

    def _episode(self, line: _Line) -> Episode:
        if min(line.assets, *line.places) < 0:
            raise LookupError("a number below 0")
        assets = self.about.assets[line.assets]
        things = frozenset(instance_names(assets))
        for predicate in predicates_of(line.goal):
            check_arguments(predicate, things | variables_of(line.goal))
        return Episode(
            id=line.id,
            split=self.about.split,
            source="official",
            home=line.home,
            instruction=line.instruction,
            family=line.family,
            goal=line.goal,
            objects=tuple(
                Placement(
                    asset=asset,
                    position=pose[:3],
                    rotation=pose[3:],
                    receptacle=RECEPTACLES[place],
                )
                for asset, place, pose in zip(assets, line.places, line.poses, strict=True)
            ),
            start=line.start,
            entities=line.entities,
        )


def official_episodes(split: str, directory: Path | None = None) -> Archive:
    """The official episodes of a split, as far as they were imported.

    Args:
        split: the paper's name, e.g. ``context``.
        directory: the data directory, if not the usual one.

    Raises:
        UnknownName: there is no such split.
        BadArgument: it was not imported, or its files are damaged; says what to type.
    """
    if split not in SPLITS:
        raise UnknownName("langr split", split, SPLITS)
    folder = family_directory(FAMILY, directory)
    if not _index_path(folder, split).exists():
        raise BadArgument(
            f"the official episodes of langr's split '{split}' are not in {folder}; "
            "type: polyathlon data import langr PATH_TO_CLONE"
        )
    return Archive(read_index(folder, split), folder)


def official_layouts(directory: Path | None = None) -> Mapping[str, Layout]:
    """Layouts of homes that are known from imported episodes only, by id.

    Raises:
        BadArgument: an index is damaged.
    """
    folder = family_directory(FAMILY, directory)
    found: dict[str, Layout] = {}
    for split in SPLITS:
        if _index_path(folder, split).exists():
            found |= {layout.id: layout for layout in read_index(folder, split).layouts}
    return found


def read_index(folder: Path, split: str) -> Index:
    """What is said of an imported split.

    Raises:
        BadArgument: the index cannot be read, or was written by another version.
    """
    path = _index_path(folder, split)
    try:
        told = path.stat()
        return _read_index(path, split, (told.st_mtime_ns, told.st_size, told.st_ino))
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror or error}") from error


@functools.lru_cache(maxsize=32)
def _read_index(path: Path, split: str, state: tuple[int, int, int]) -> Index:
    try:
        index = _INDICES.decode(read_whole(path))
    except msgspec.MsgspecError as error:
        raise _damaged(path, split) from error
    if index.format != FORMAT:
        raise BadArgument(f"{path} has format {index.format}, not {FORMAT}; {_advice(split)}")
    unknown = {asset for assets in index.assets for asset in assets} - ASSETS.keys()
    if index.split != split or not _DATA.fullmatch(index.data.file) or unknown:
        raise _damaged(path, split)
    return index


def _index_path(folder: Path, split: str) -> Path:
    return folder / f"{split}.json"


def _advice(split: str) -> str:
    return f"import '{split}' again: polyathlon data import langr PATH_TO_CLONE"


def _damaged(path: Path, split: str) -> BadArgument:
    return BadArgument(f"{path} is damaged; {_advice(split)}")
