"""Takes in others' episodes: a data set of ours out of many files, whatever their layout.

Files are read one after the other and episodes go to the disk one by one, so that memory does not
grow with a data set. What cannot be read is named and left out, a file as a whole; the data set is
written beside and put in its place when it is complete, so that an earlier one stays till then.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument, PolyathlonError
from ...core.specs import Embodiment
from ...core.trajectory import Trajectory, digest_of_trajectories
from ..storage import Imported, Stored, family_directory, make_directory
from .layout import METADATA, Dataset, DatasetWriter, describe_space

Told = Callable[[int, int], None]
"""Hears how many files of how many are read."""


class Unit(NamedTuple):
    """What is read at once: a file, or a folder that is one episode.

    Attributes:
        place: where it lies.
        read: gives its episodes.
    """

    place: Path
    read: Callable[[], Iterator[Trajectory]]


class Source(NamedTuple):
    """What becomes one data set.

    Attributes:
        name: of the data set.
        layout: how its files are laid out, in a word.
        units: its files, in order.
        action_sizes: how many numbers an action of that body may have.
        bounded: whether actions are from -1 to 1; otherwise their range is that of the data.
        facts: what else is to be said in its metadata.
        bodies: whose actions these are by the size of an action, where the layout tells.
    """

    name: str
    layout: str
    units: Sequence[Unit]
    action_sizes: tuple[int, ...]
    bounded: bool = True
    facts: Mapping[str, object] = MappingProxyType({})
    bodies: Mapping[int, Embodiment] = MappingProxyType({})


def take_in(
    source: Source, family: str, directory: Path, most: int | None = None, told: Told | None = None
) -> Iterator[Imported]:
    """Makes the data set of a source.

    Args:
        source: what is read.
        family: whose folder it goes to.
        directory: the data directory.
        most: episodes of each file that are taken, or None for all.
        told: hears how far it is.

    Yields:
        What could not be read, as it is found, and at last what was made.

    Raises:
        RunDirectoryError: the disk refused.
    """
    folder = make_directory(family_directory(family, directory))
    beside, target = folder / f".{source.name}", folder / source.name
    _recover(target)
    shutil.rmtree(beside, ignore_errors=True)
    writer, census = DatasetWriter(beside), _Census(source)
    count = 0
    for number, unit in enumerate(source.units):
        first, known = count, census.copy()
        try:
            for one in itertools.islice(_guarded(unit), most):
                census.admit(one, unit.place)
                writer.put(count, one)
                count += 1
        except BadArgument as error:
            count, census = first, known
            yield Imported(source=str(unit.place), trouble=str(error))
        if told:
            told(number + 1, len(source.units))
    if not count:
        shutil.rmtree(beside, ignore_errors=True)
        return
    content = digest_of_trajectories(writer.get(n) for n in range(count))
    writer.finish(count, census.metadata(family, content))
    _put_in_place(beside, target)
    place = str(source.units[0].place.parent)
    yield Imported(source=place, name=source.name, facts=_facts(Dataset(target)))


def _put_in_place(beside: Path, target: Path) -> None:
    """Renames a data set to where an earlier one may stand, which is removed last."""
    former = _former(target)
    if target.exists():
        os.replace(target, former)
    os.replace(beside, target)
    shutil.rmtree(former, ignore_errors=True)


def _recover(target: Path) -> None:
    """Puts an earlier data set back where a kill came between two renames."""
    former = _former(target)
    if former.exists() and not target.exists():
        os.replace(former, target)
    shutil.rmtree(former, ignore_errors=True)


def _former(target: Path) -> Path:
    return target.with_name(f".{target.name}.former")


def list_stored(family: str, directory: Path) -> Iterator[Stored]:
    """What was imported of a family, read through and held against its hash."""
    for path in sorted(family_directory(family, directory).glob(f"[!.]*/data/{METADATA}")):
        folder = path.parent.parent
        try:
            dataset = Dataset(folder)
            facts = _facts(dataset)
            found = digest_of_trajectories(dataset.trajectories())
        except BadArgument as error:
            yield Stored(name=folder.name, trouble=str(error))
            continue
        trouble = "" if found == facts["sha256"] else "it is not what was written"
        yield Stored(name=folder.name, trouble=trouble, facts=facts)


def _guarded(unit: Unit) -> Iterator[Trajectory]:
    """The episodes of a file; whatever it holds, it is the file that is wrong."""
    try:
        yield from unit.read()
    except MemoryError as error:
        raise BadArgument(f"{unit.place} does not fit into this machine's memory") from error
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        # Readers look for what is likely; what else a stranger's file may hold is open-ended.
        if isinstance(error, PolyathlonError):
            raise
        raise BadArgument(f"{unit.place} is of another layout: {error}") from error


class _Census:
    """What all episodes of a data set have in common."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._shapes: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        self._low: NDArray[np.float32] | None = None
        self._high: NDArray[np.float32] | None = None

    def copy(self) -> _Census:
        """The same, to go back to."""
        other = _Census(self._source)
        other._shapes, other._low, other._high = dict(self._shapes), self._low, self._high
        return other

    def admit(self, one: Trajectory, place: Path) -> None:
        """Takes note of an episode.

        Raises:
            BadArgument: it is of another body, or of another kind than those before it.
        """
        size, sizes = one.actions.shape[1], self._source.action_sizes
        if size not in sizes:
            told = " or ".join(map(str, sizes))
            raise BadArgument(
                f"{place}: actions have {size} numbers, those of {self._source.layout} {told}: "
                "it is of another body"
            )
        state = one.observations.get("state")
        if state is not None and state.ndim != 2:
            raise BadArgument(f"{place}: states have the shape {state.shape}, not [T + 1, size]")
        shapes = {name: (a.shape[1:], a.dtype) for name, a in one.observations.items()}
        shapes["actions"] = (one.actions.shape[1:], one.actions.dtype)
        self._shapes = self._shapes or shapes
        for name in sorted({*shapes, *self._shapes}):
            found, wanted = shapes.get(name), self._shapes.get(name)
            if found != wanted:
                raise BadArgument(
                    f"{place}: '{name}' is {_shown(found)}, and {_shown(wanted)} in those before it"
                )
        low, high = one.actions.min(0), one.actions.max(0)
        if self._low is not None and self._high is not None:
            low, high = np.minimum(low, self._low), np.maximum(high, self._high)
        self._low, self._high = low, high

    def metadata(self, family: str, content: str) -> dict[str, object]:
        """What is written beside the arrays."""
        seen: dict[str, spaces.Space[Any]] = {
            name: spaces.Box(0, 255, shape, np.uint8)
            if kind == np.uint8
            else spaces.Box(-np.inf, np.inf, shape, np.float32)
            for name, (shape, kind) in self._shapes.items()
            if name != "actions"
        }
        shape = self._shapes["actions"][0]
        low, high = (np.full(shape, end, np.float32) for end in (-1, 1))
        if not self._source.bounded and self._low is not None and self._high is not None:
            low, high = self._low, self._high
        body = self._source.bodies.get(shape[0])
        return {
            "dataset_id": f"{family}/{self._source.name}-v0",
            "observation_space": json.dumps(describe_space(spaces.Dict(seen))),
            "action_space": json.dumps(describe_space(spaces.Box(low, high, dtype=np.float32))),
            "polyathlon": {
                "layout": self._source.layout,
                "content_sha256": content,
                **({} if body is None else {"embodiment": msgspec.to_builtins(body)}),
                **self._source.facts,
            },
        }


def _shown(found: tuple[tuple[int, ...], np.dtype[Any]] | None) -> str:
    return f"{found[1]} {list(found[0])}" if found else "not there"


def _facts(dataset: Dataset) -> dict[str, str]:
    own = dataset.metadata.get("polyathlon", {})
    return {
        "episodes": str(len(dataset)),
        "steps": str(dataset.metadata.get("total_steps", "")),
        "sha256": str(own.get("content_sha256", "")),
    }
