"""Streams of actions from a Minari data set on disk, read as HDF5 without the simulator it is of.

A data set is a folder with ``data/main_data.hdf5`` (a group ``episode_N`` each, with ``actions``)
and ``data/metadata.json`` (the spaces, as JSON inside JSON): Minari 0.5, ``hdf5_storage.py`` and
``serialization.py``. It says what numbers an action has and not what they mean: units, frame and
rate come from a file of the user's, or are left open.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..core.errors import BadArgument, MissingExtra
from ..core.specs import Embodiment
from .streams import Episode, Stream, checked

METADATA, ARRAYS = "metadata.json", "main_data.hdf5"


def is_minari(folder: Path) -> bool:
    """Whether a folder looks like a Minari data set."""
    return (_data(folder) / METADATA).is_file()


def read_minari(folder: Path, body: Embodiment | None = None) -> Stream:
    """The actions of a data set.

    Args:
        folder: with ``data`` in it, or that folder itself.
        body: what the actions mean; None for the little that the data set says.

    Raises:
        MissingExtra: ``h5py`` is not installed.
        BadArgument: it is no such data set, its actions fit no adapter, or the body is another's.
        InvalidAction: an action is NaN, infinite, or not of the body's kind.
    """
    data = _data(folder)
    metadata = _metadata(data / METADATA)
    space = _space(metadata, folder)
    name = folder.name if folder.name != "data" else folder.resolve().parent.name
    declared = _body(space, str(metadata.get("dataset_id") or name), folder)
    if body is not None:
        for field in ("kind", "low", "high"):
            mine, theirs = getattr(body, field), getattr(declared, field)
            if mine != theirs and (field == "kind" or mine):
                raise BadArgument(
                    f"the body '{body.id}' has {field} {mine}, the data set {folder} has {theirs}"
                )
    return checked(body or declared, _episodes(data / ARRAYS, declared.id, space["type"]))


def _data(folder: Path) -> Path:
    return folder / "data" if (folder / "data").is_dir() else folder


def _metadata(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadArgument(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadArgument(f"{path} is no metadata of a Minari data set")
    kind = found.get("data_format", "hdf5")
    if kind != "hdf5":
        raise BadArgument(
            f"{path.parent} keeps its arrays as '{kind}'; only hdf5 can be read: copy it with "
            "Minari, data_format='hdf5'"
        )
    return found


def _space(metadata: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The action space as the plain data that Minari writes."""
    try:
        space = metadata["action_space"]
        space = json.loads(space) if isinstance(space, str) else space
    except (KeyError, ValueError) as error:
        raise BadArgument(f"the metadata of {folder} does not say its action space") from error
    kind = space.get("type") if isinstance(space, dict) else None
    if kind not in ("Box", "Discrete") or (kind == "Box" and len(space.get("shape", ())) != 1):
        raise BadArgument(
            f"no adapter fits the actions of {folder}: they are a {kind}, not a flat Box or a "
            "Discrete"
        )
    return dict(space)


def _body(space: dict[str, Any], name: str, folder: Path) -> Embodiment:
    name = "minari-" + name.replace("/", "-").lower()
    try:
        if space["type"] == "Discrete":
            count = int(space["n"])
            if int(space.get("start", 0)) != 0:
                raise BadArgument(f"the actions of {folder} do not count from 0")
            return Embodiment(
                id=name, kind="discrete", action_names=tuple(f"action {n}" for n in range(count))
            )
        low, high = (np.ravel(np.asarray(space[end], float)) for end in ("low", "high"))
        size = int(space["shape"][0])
        low, high = np.broadcast_to(low, (size,)), np.broadcast_to(high, (size,))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(f"the action space in the metadata of {folder}: {error}") from error
    bounded = bool(np.isfinite(low).all() and np.isfinite(high).all())
    return Embodiment(
        id=name,
        kind="continuous",
        action_names=tuple(f"dimension {n}" for n in range(size)),
        action_units=("1",) * size,
        low=tuple(low.tolist()) if bounded else (),
        high=tuple(high.tolist()) if bounded else (),
    )


def _episodes(path: Path, source: str, kind: str) -> list[Episode]:
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingExtra("Minari", "data", "h5py") from error
    found = []
    try:
        with h5py.File(path, "r") as file:
            names = [name for name in file if name.startswith("episode_")]
            for name in sorted(names, key=lambda name: int(name.removeprefix("episode_"))):
                actions = np.asarray(file[name]["actions"])
                if kind == "Box":
                    actions = actions.astype(np.float32)
                found.append(Episode(source, int(name.removeprefix("episode_")), actions))
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadArgument(f"{path} is no data of a Minari data set: {error}") from error
    return found


def read_body(path: Path) -> Embodiment:
    """An embodiment from a JSON file, for data that do not say what their numbers mean.

    Raises:
        BadArgument: the file is missing or declares no embodiment.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Embodiment, strict=True)
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise BadArgument(f"{path} declares no embodiment: {error}") from error
