"""BridgeData V2 in its four layouts, each read as episodes: raw, numpy, TFRecord and RLDS.

Source of names and of the time convention: ``bridgedata_raw_to_numpy.py``,
``bridgedata_numpy_to_tfrecord.py`` and ``bridge_dataset.py`` of
github.com/rail-berkeley/bridge_data_v2; of the last layout: google-research/rlds, README.

A state is the position of the gripper [m], its roll, pitch and yaw [rad], and how far it is open;
an action is the change of the first six and how far it is to be open. Of the cameras the first is
kept, which all have, and which alone the official learners see. Nobody gave rewards: they are zero.
Every episode is a demonstration that the recording cut off.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import BadArgument
from ...core.trajectory import EXPORT, Trajectory, as_numbers, checked
from .inert_pickle import load_inert
from .official import load_listed
from .tensor import parse_tensor
from .tfrecord import read_examples

SIDE = 128
"""Pictures of the raw layout are squeezed to this many pixels, as the official script does."""

SIZE = 7
"""Numbers to a state and to an action."""

LATE_BEFORE = datetime.datetime(2021, 7, 23)
"""Until then a picture came a step late: it belongs to the action before."""

DATED = "%Y-%m-%d_%H-%M-%S"

MOST_SIDE = 4096
"""A picture with more pixels to a side is no camera's."""

_SHAPELESS = (KeyError, ValueError, TypeError, IndexError, AttributeError)


def read_raw(folder: Path) -> Iterator[Trajectory]:
    """The episode in a folder ``traj*`` of the raw layout.

    Args:
        folder: with ``obs_dict.pkl``, ``policy_out.pkl`` and ``images0``, below a dated folder.

    Raises:
        BadArgument: something is missing, cut off, or of another layout.
    """
    where = str(folder)
    observed, decided = (load_inert(folder / f"{one}.pkl") for one in ("obs_dict", "policy_out"))
    try:
        states = as_numbers(observed["full_state"], "full_state", where)
        decisions = [one["actions"] if isinstance(one, dict) else one for one in decided]
        actions = as_numbers(decisions, "actions", where)
    except _SHAPELESS as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(
            f"{where} holds pickles of another layout: {_cause(error)}; get them anew"
        ) from error
    count = len(list((folder / "images0").glob("im_*.jpg")))
    if not count:
        raise BadArgument(f"{where} has no pictures images0/im_*.jpg")
    pictures = np.stack([_squeezed(folder / "images0" / f"im_{step}.jpg") for step in range(count)])
    rows = min(count, len(states))  # The official script takes as many as both have.
    pictures, states = pictures[:rows], states[:rows]
    if len(actions) != rows - 1:
        raise BadArgument(f"{where} has {len(actions)} actions for {rows} observations")
    if _date_of(folder) < LATE_BEFORE:
        pictures, states, actions = pictures[1:], states[1:], actions[:-1]
    yield _demonstration(pictures, states, actions, _instruction_in(folder), where)


def read_numpy(path: Path) -> Iterator[Trajectory]:
    """The episodes of the numpy layout.

    Args:
        path: ``out.npy``: a list of dicts of lists, saved as objects.

    Raises:
        BadArgument: it is cut off, or of another layout.
    """
    for number, one in enumerate(load_listed(path)):
        where = f"{path} trajectory {number}"
        try:
            rows = [*one["observations"], one["next_observations"][-1]]
            pictures = np.stack([np.asarray(row["images0"]) for row in rows])
            states = as_numbers([row["state"] for row in rows], "state", where)
            actions = as_numbers(one["actions"], "actions", where)
            words = "\n".join(map(str, one.get("language", ())))
        except _SHAPELESS as error:
            if isinstance(error, BadArgument):
                raise
            raise BadArgument(f"{where} is of another layout: {_cause(error)}; {EXPORT}") from error
        yield _demonstration(pictures, states, actions, words, where)


def read_tfrecord(path: Path) -> Iterator[Trajectory]:
    """The episodes of a shard: of the official TFRecord layout, or of RLDS.

    Args:
        path: a TFRecord file.

    Raises:
        BadArgument: it is cut off, damaged, or of another layout.
    """
    for number, example in enumerate(read_examples(path)):
        where = f"{path} record {number}"
        try:
            if "steps/is_first" in example:
                yield _of_rlds(example, where)
            else:
                yield _of_tensors(example, where)
        except BadArgument:
            raise
        except _SHAPELESS as error:
            raise BadArgument(f"{where} is of another layout: {_cause(error)}; {EXPORT}") from error


def _of_tensors(example: Mapping[str, Any], where: str) -> Trajectory:
    """An episode whose columns are tensors, with those of the next observations beside them."""
    columns = {name: parse_tensor(values[0]) for name, values in example.items()}
    pictures, states = (
        np.concatenate([columns[f"observations/{name}"], columns[f"next_observations/{name}"][-1:]])
        for name in ("images0", "state")
    )
    words = "\n".join(one.decode("utf-8", "replace") for one in columns.get("language", []))
    actions = as_numbers(columns["actions"], "actions", where)
    return _demonstration(pictures, as_numbers(states, "state", where), actions, words, where)


def _of_rlds(example: Mapping[str, Any], where: str) -> Trajectory:
    """An episode of steps: what the last one does leads to nothing that was seen."""
    steps = len(example["steps/is_first"])
    encoded = example["steps/observation/image_0"]
    if len(encoded) != steps:
        raise BadArgument(f"{where} has {len(encoded)} pictures for {steps} steps")
    pictures = np.stack([_picture(io.BytesIO(one), where) for one in encoded])
    states, actions = (
        as_numbers(example[f"steps/{name}"], name, where).reshape(steps, SIZE)
        for name in ("observation/state", "action")
    )
    words = example.get("steps/language_instruction", [b""])[0].decode("utf-8", "replace")
    return _demonstration(pictures, states, actions[:-1], words, where)


def _demonstration(
    pictures: NDArray[Any],
    states: NDArray[np.float32],
    actions: NDArray[np.float32],
    words: str,
    where: str,
) -> Trajectory:
    """An episode that was cut off, once its shapes are what they have to be."""
    if states.shape[1:] != (SIZE,) or pictures.ndim != 4 or pictures.dtype != np.uint8:
        raise BadArgument(
            f"{where}: states of shape {states.shape} and pictures of {pictures.dtype} "
            f"{pictures.shape}; they must be [T + 1, {SIZE}] and uint8 [T + 1, H, W, 3]"
        )
    steps = len(actions)
    cut = np.arange(steps) == steps - 1
    nothing = np.zeros(steps, np.float32)
    seen = {"state": states, "rgb": pictures}
    one = Trajectory(seen, actions, nothing, np.zeros(steps, bool), cut, instruction=words)
    return checked(one, where)


def _instruction_in(folder: Path) -> str:
    """The wordings in ``lang.txt``, a line each, without the confidence of who wrote them."""
    try:
        lines = (folder / "lang.txt").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""  # A part of the data has none.
    except OSError as error:
        raise BadArgument(f"cannot read {folder / 'lang.txt'}: {error.strerror}") from error
    return "\n".join(line.strip() for line in lines if line.strip() and "confidence" not in line)


def _date_of(folder: Path) -> datetime.datetime:
    """When the episode was recorded: ``DATE/raw/traj_group*/traj*``."""
    try:
        return datetime.datetime.strptime(folder.parents[2].name, DATED)
    except (IndexError, ValueError) as error:
        raise BadArgument(
            f"{folder} is not below a folder DATE/raw/traj_group*, DATE as in 2022-01-01_00-00-00: "
            "without the date nobody knows whether its pictures are late"
        ) from error


def _squeezed(path: Path) -> NDArray[np.uint8]:
    return _picture(path, str(path), SIDE)


def _picture(source: Path | io.BytesIO, where: str, side: int = 0) -> NDArray[np.uint8]:
    """A picture `[H, W, 3]`, squeezed to a square if there is a ``side``."""
    try:
        with Image.open(source, formats=("JPEG", "PNG")) as image:
            if max(image.size) > MOST_SIDE:
                raise ValueError(f"it has {image.size[0]} x {image.size[1]} pixels")
            shown = image.convert("RGB")
            if side:
                shown = shown.resize((side, side), Image.Resampling.LANCZOS)
            return np.asarray(shown, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadArgument(f"{where}: a picture is cut off or none: {error}") from error


def _cause(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)[:200]
