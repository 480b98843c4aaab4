"""Data sets in Minari's layout: written episode by episode, read one episode at a time.

A folder with ``data/main_data.hdf5`` (a group ``episode_N`` each) and ``data/metadata.json``:
Minari 0.5, ``hdf5_storage.py`` and ``serialization.py``. It is written here rather than by Minari,
whose functions hold every episode in memory and cannot go on after a kill; Minari reads it.

An episode is put beside as soon as it is over; the two files are made of all of them at the end
and renamed into place, ``metadata.json`` last. The same episodes make the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.errors import BadArgument, EmbodimentMismatch, RunDirectoryError
from ...core.files import write_atomically
from ...core.specs import Embodiment, TaskSpec
from ...core.trajectory import EXPORT, Trajectory, checked
from ..storage import make_directory
from .episode_group import STEPS, UNUSUAL, StateReader, import_h5py, read_episode

METADATA, ARRAYS, PARTS = "metadata.json", "main_data.hdf5", "parts"

KINDS = {"Box": "continuous", "Discrete": "discrete", "Text": "text"}
"""What Minari calls the spaces of actions that are read, and the kind of body that has them."""

MINARI = "0.5.4"
"""The version of Minari whose layout this is."""

CODEC = {"compression": "gzip", "compression_opts": 4}
"""Of pictures, a chunk each: HDF5's own, without loss. Minari's JPEG would change every pixel."""


def describe_space(space: spaces.Space[Any]) -> dict[str, Any]:
    """A space as Minari writes it (``serialization.py``).

    Raises:
        BadArgument: neither a Box, a Discrete, a Text nor a Dict of them.
    """
    if isinstance(space, spaces.Dict):
        inside = {name: describe_space(one) for name, one in space.spaces.items()}
        return {"type": "Dict", "subspaces": inside}
    if isinstance(space, spaces.Discrete):
        counted = {"start": int(space.start), "n": int(space.n)}
        return {"type": "Discrete", "dtype": "int64", **counted}
    if isinstance(space, spaces.Text):
        lengths = {"max_length": space.max_length, "min_length": space.min_length}
        return {"type": "Text", **lengths, "charset": "".join(sorted(space.character_set))}
    if not isinstance(space, spaces.Box):
        raise BadArgument(f"a data set holds vectors, pictures, indices and texts, not {space}")
    return {
        "type": "Box",
        "dtype": str(space.dtype),
        "shape": list(space.shape),
        "low": space.low.tolist(),
        "high": space.high.tolist(),
    }


class DatasetWriter:
    """Takes episodes in any order, and makes a data set of them when all are there.

    Args:
        folder: made if need be; episodes of an earlier start are kept.

    Raises:
        RunDirectoryError: the folder holds a finished data set, or the disk refused.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if (folder / "data" / METADATA).exists():
            raise RunDirectoryError(f"{folder} holds a data set already; use another --out")
        self._parts = make_directory(folder / PARTS)

    def stands(self, number: int) -> bool:
        """Whether an episode is on the disk already."""
        return self.part(number).is_file()

    def put(self, number: int, one: Trajectory) -> None:
        """Puts an episode on the disk.

        Raises:
            BadArgument: it is unsound.
        """
        write_part(self.part(number), one, f"episode {number}")

    def get(self, number: int) -> Trajectory:
        """An episode that is on the disk.

        Raises:
            RunDirectoryError: it is damaged; says what to remove.
        """
        fields = self._read(number)
        observations = {
            name.partition("/")[2]: fields.pop(name)
            for name in list(fields)
            if name.startswith("observations/")
        }
        seed, words = fields.pop("seed", None), str(fields.pop("instruction", ""))
        number_or_none = None if seed is None else int(seed)
        return Trajectory(observations, **fields, seed=number_or_none, instruction=words)

    def success(self, number: int) -> NDArray[np.bool_] | None:
        """Step by step, of an episode that is on the disk; None where nobody said.

        Raises:
            RunDirectoryError: it is damaged; says what to remove.
        """
        return self._read(number, "success").get("success")

    def total_reward(self, number: int) -> float:
        """Of an episode that is on the disk.

        Raises:
            RunDirectoryError: it is damaged; says what to remove.
        """
        return float(self._read(number, "rewards")["rewards"].sum(dtype=np.float64))

    def _read(self, number: int, only: str = "") -> dict[str, NDArray[Any]]:
        """The arrays of an episode, or one of them; pictures are large."""
        path = self.part(number)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                return {name: found[name] for name in found.files if only in ("", name)}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise RunDirectoryError(f"{path} is damaged: {error}; remove it and go on") from error

    def finish(self, chosen: int | Sequence[int], metadata: Mapping[str, Any]) -> None:
        """Makes the data set, and removes what it was made of.

        Args:
            chosen: of the first so many episodes, or of these, in this order.
            metadata: what else is to stand beside the arrays.

        Raises:
            RunDirectoryError: the disk refused; the episodes stay.
        """
        h5py = import_h5py()
        numbers = range(chosen) if isinstance(chosen, int) else chosen
        data = make_directory(self._folder / "data")
        temporary = data / f".{ARRAYS}"
        steps = 0
        try:
            with h5py.File(temporary, "w", libver="latest") as file:
                for place, number in enumerate(numbers):
                    steps += _write_episode(file, place, self.get(number))
            os.replace(temporary, data / ARRAYS)
        except OSError as error:
            raise RunDirectoryError(f"cannot write {data / ARRAYS}: {error}") from error
        whole = {
            "data_format": "hdf5",
            "minari_version": MINARI,
            "jpeg_encoding": False,
            "total_episodes": len(numbers),
            "total_steps": steps,
            "dataset_size": round((data / ARRAYS).stat().st_size / 1e6, 1),
            **metadata,
        }
        text = json.dumps(whole, indent=1, sort_keys=True)
        write_atomically(data / METADATA, text.encode() + b"\n")
        shutil.rmtree(self._parts)

    def part(self, number: int) -> Path:
        """The file of an episode, from when it is put there until the data set is made."""
        return self._parts / f"episode-{number:07}.npz"


def write_part(path: Path, one: Trajectory, where: str) -> None:
    """Writes the file of one episode.

    Args:
        path: from ``DatasetWriter.part``, maybe of another process.
        one: the episode.
        where: names it in the message.

    Raises:
        BadArgument: it is unsound.
        RunDirectoryError: the disk refused.
    """
    checked(one, where)
    arrays: dict[str, Any] = {f"observations/{k}": v for k, v in one.observations.items()}
    for name in ("actions", "rewards", "terminated", "truncated", "success"):
        if getattr(one, name) is not None:
            arrays[name] = getattr(one, name)
    if one.seed is not None:
        arrays["seed"] = np.int64(one.seed)
    if one.instruction:
        arrays["instruction"] = np.array(one.instruction)
    packed = io.BytesIO()
    save = np.savez_compressed if any(map(_is_film, one.observations.values())) else np.savez
    save(packed, **arrays)
    write_atomically(path, packed.getvalue())


def _is_film(array: NDArray[Any]) -> bool:
    """Whether an array `[T + 1, H, W, C]` holds pictures."""
    return array.ndim == 4 and array.dtype == np.uint8


def _write_array(group: Any, name: str, array: NDArray[Any]) -> None:
    """Writes an array as Minari has it; pictures lose nothing and are read as any array is."""
    if array.dtype.kind == "U":
        texts = import_h5py().string_dtype()
        group.create_dataset(name, data=array.astype(object), dtype=texts)
    elif _is_film(array):
        group.create_dataset(name, data=array, chunks=(1, *array.shape[1:]), **CODEC)
    else:
        group.create_dataset(name, data=array)


def _write_episode(file: Any, number: int, one: Trajectory) -> int:
    group = file.create_group(f"episode_{number}")
    group.attrs["id"] = number
    group.attrs["total_steps"] = one.steps
    if one.seed is not None:
        group.attrs["seed"] = one.seed
    if one.instruction:
        group.attrs["instruction"] = one.instruction
    seen = group.create_group("observations")
    for name in sorted(one.observations):
        _write_array(seen, name, one.observations[name])
    _write_array(group, "actions", one.actions)
    for ours, theirs in STEPS.items():
        group.create_dataset(theirs, data=getattr(one, ours))
    infos = group.create_group("infos")
    if one.success is not None:
        # Minari keeps what reset told as well: then nothing was won.
        infos.create_dataset("success", data=np.concatenate([[False], one.success]))
    return one.steps


class Dataset:
    """A data set on disk; nothing but its metadata is held in memory.

    Attributes:
        metadata: what stands beside the arrays.
        kind: of its actions, as ``Embodiment.kind``: vectors, indices or texts.
        low: least of each number of an action, empty where they are no vectors.
        high: greatest, likewise.

    Args:
        folder: with ``data`` in it, or that folder itself.

    Raises:
        BadArgument: it is no data set in Minari's layout, or its actions are of another kind.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data" if (folder / "data").is_dir() else folder
        self.metadata = _read_metadata(self._data / METADATA)
        space = self._space("action_space")
        self.kind = KINDS.get(space.get("type", ""), "")
        self.low = self.high = np.empty(0, np.float32)
        if self.kind in ("discrete", "text"):
            return
        try:
            shape = tuple(space["shape"])
            if not self.kind or len(shape) != 1:
                raise BadArgument(f"the actions of {folder} are no vectors: {space['type']}")
            self.low, self.high = (
                np.broadcast_to(np.asarray(space[end], np.float32), shape).copy()
                for end in ("low", "high")
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, BadArgument):
                raise
            raise BadArgument(f"{self._data / METADATA}: its action space is damaged") from error

    def __len__(self) -> int:
        return int(self.metadata.get("total_episodes", 0))

    @property
    def embodiment(self) -> Embodiment | None:
        """The body whose actions were recorded, if the data say so.

        Raises:
            BadArgument: what they say declares none.
        """
        own = self._own().get("embodiment")
        try:
            return None if own is None else msgspec.convert(own, Embodiment)
        except msgspec.ValidationError as error:
            raise BadArgument(f"{self._data / METADATA}: its embodiment: {error}") from error

    def demand_body(self, task: TaskSpec) -> None:
        """Refuses data whose actions follow another convention than a task's, as far as they say.

        Raises:
            EmbodimentMismatch: says in what.
        """
        body = self.embodiment
        differing = body.differences(task.embodiment) if body else ()
        if body and differing:
            raise EmbodimentMismatch(
                f"the actions in {self.folder} follow '{body.id}', {task.id} expects "
                f"'{task.embodiment.id}': {'; '.join(differing)}. Learn from data of this body: "
                f"polyathlon data make {task.id} --out DIR"
            )

    @property
    def task(self) -> str:
        """The id of the task that was recorded, or nothing where nobody says."""
        recipe = self._own().get("recipe")
        return str(recipe.get("task", "")) if isinstance(recipe, dict) else ""

    def _own(self) -> Mapping[str, Any]:
        own = self.metadata.get("polyathlon", {})
        return own if isinstance(own, dict) else {}

    def trajectories(self, states_only: bool = False) -> Iterator[Trajectory]:
        """The episodes, read one after the other.

        Args:
            states_only: leave pictures, seeds and the like on the disk.

        Raises:
            BadArgument: the file is damaged, or an episode is unsound; names the episode.
        """
        h5py = import_h5py()
        path = self._data / ARRAYS
        try:
            with h5py.File(path, "r") as file:
                names = [name for name in file if name.startswith("episode_")]
                fast = states_only and self.kind == "continuous"
                reader = StateReader(file) if fast else None
                for name in sorted(names, key=lambda name: int(name.removeprefix("episode_"))):
                    where = f"{path} {name}"
                    one = reader.read(name) if reader else None
                    yield checked(one or _carefully(file, name, where, states_only), where)
        except UNUSUAL as error:
            if isinstance(error, BadArgument):
                raise
            raise BadArgument(f"{path} is damaged or no data set of Minari's: {error}") from error

    def _space(self, name: str) -> dict[str, Any]:
        found = self.metadata.get(name)
        try:
            found = json.loads(found) if isinstance(found, str) else found
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise BadArgument(f"{self._data / METADATA} does not say its {name}")
        return found


def _carefully(file: Any, name: str, where: str, states_only: bool) -> Trajectory:
    """An episode; whatever its group holds, it is that episode that is wrong."""
    try:
        return read_episode(file[name], where, states_only)
    except UNUSUAL as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(f"{where} is damaged: {error}; get the file anew, or {EXPORT}") from error


def _read_metadata(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArgument(f"{path.parent} is no data set: {path.name}: {error.strerror}") from error
    except ValueError as error:
        raise BadArgument(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadArgument(f"{path} is no metadata of a data set")
    if found.get("data_format", "hdf5") != "hdf5":
        raise BadArgument(
            f"{path.parent} keeps its arrays as '{found['data_format']}'; only hdf5 can be read: "
            "copy it with Minari, data_format='hdf5'"
        )
    return found
