"""The official layouts of D5RL, each read as episodes, a file at a time.

Source of every name and of the time convention: the loaders of github.com/d5rlbenchmark/d5rl. Their
masks are not taken over where they say that no step has a future: an episode that was cut off by
the clock is truncated here, and its last value is still bootstrapped.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.trajectory import EXPORT, Trajectory, as_flags, as_numbers, checked
from ..array_pickle import load_arrays
from .episode_group import import_h5py
from .flat import COLUMNS, demand, episodes_of
from .inert_pickle import Record, load_inert

OBJECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("microwave", "kettle", "light switch", "slide cabinet"),
        "ood": ("microwave", "kettle", "bottom burner", "light switch"),
    }
)
"""The four objects that count, whose rewards are added up: in and out of distribution.

The latter are the goal of D4RL's ``kitchen-mixed``: each is moved in the data, never all four.
"""

_ELEMENTS = MappingProxyType(
    {
        "microwave": "microwave",
        "kettle": "kettle",
        "light switch": "switch",
        "slide cabinet": "slide",
        "bottom burner": "bottomknob",
    }
)
"""What the randomised kitchen calls them (KitchenShift)."""

WIDOWX_STATE = (
    "end_effector_pos", "right_finger_qpos", "right_finger_qvel", "left_finger_qpos",
    "left_finger_qvel", "task_id",
)  # fmt: skip
"""The parts of the state of a WidowX, in order."""


def read_kitchen_npz(path: Path, targets: str = "id") -> Iterator[Trajectory]:
    """One episode of the standard kitchen: an archive of arrays, of which row 0 is the reset's.

    Args:
        path: a ``.npz`` file.
        targets: a name in ``OBJECTS``.

    Raises:
        BadArgument: it is cut off, or of another layout.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            wanted = [name for name in archive.files if _is_kitchen(name)]
            columns = {name: archive[name] for name in wanted}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadArgument(f"{path} is cut off or no archive of arrays: {error}") from error
    demand(columns, ("action", "proprio"), str(path))
    rewards = _rewards(path, columns, targets, [f"reward {name}" for name in OBJECTS[targets]])
    cameras = sorted(name for name in columns if name.startswith("extra_image"))
    yield _shifted(path, columns, "proprio", rewards, cameras)


def _is_kitchen(name: str) -> bool:
    return name in ("action", "proprio", "reward") or name.startswith(("reward ", "extra_image_"))


def read_kitchen_pickle(path: Path, targets: str = "id") -> Iterator[Trajectory]:
    """One episode of the randomised kitchen: a pickled dict of arrays, row 0 the reset's.

    Args:
        path: a ``.pkl`` file.
        targets: a name in ``OBJECTS``.

    Raises:
        BadArgument: it is cut off, or of another layout.
    """
    columns = load_arrays(path)
    if not isinstance(columns, dict):
        raise BadArgument(f"{path} holds a {type(columns).__name__}, not a dict of arrays")
    demand(columns, ("action", "robot_qp"), str(path))
    names = [f"reward_{_ELEMENTS[name]}" for name in OBJECTS[targets]]
    rewards = _rewards(path, columns, targets, names)
    cameras = sorted(name for name in columns if str(name).startswith("camera_"))
    yield _shifted(path, columns, "robot_qp", rewards, cameras)


def _rewards(
    path: Path, columns: Mapping[str, Any], targets: str, names: list[str]
) -> NDArray[np.float32]:
    """The sum of the objects' rewards `[T + 1]`, or that which is stored."""
    found = [name for name in names if name in columns]
    if found:  # A stored sum may be that of another set of objects: the parts come first.
        demand(columns, ("action", *found), str(path))
        total: NDArray[np.float32] = np.sum(
            [as_numbers(columns[name], f"'{name}'", str(path)) for name in found], axis=0
        )
        return total
    if "reward" in columns and targets == "id":
        return as_numbers(columns["reward"], "'reward'", str(path))
    raise BadArgument(
        f"{path} has no reward for these targets: no '{names[0]}'"
        + (" and no 'reward'; " if targets == "id" else "; ")
        + EXPORT
    )


def _shifted(
    path: Path,
    columns: Mapping[str, Any],
    state: str,
    rewards: NDArray[np.float32],
    cameras: list[str],
) -> Trajectory:
    """Actions and rewards of row i lead from row i - 1 to row i; nothing ever terminates."""
    steps = len(columns["action"]) - 1
    seen: dict[str, NDArray[Any]] = {"state": as_numbers(columns[state], state, str(path))}
    if cameras:
        demand(columns, ("action", *cameras), str(path))
        seen["rgb"] = np.concatenate([columns[name] for name in cameras], -1)
    ends = np.zeros(max(steps, 0), bool)
    cut = ends.copy()
    cut[-1:] = True
    actions = as_numbers(columns["action"], "actions", str(path))[1:]
    return checked(Trajectory(seen, actions, rewards[1:], ends, cut), str(path))


def read_a1(path: Path) -> Iterator[Trajectory]:
    """The episodes of a pickled replay buffer of the A1, of which no code is run.

    Args:
        path: ``buffer.pkl``.

    Raises:
        BadArgument: it is cut off, is not a replay buffer, or lacks a column.
    """
    buffer = load_inert(path)
    columns = buffer.attribute("dataset_dict") if isinstance(buffer, Record) else None
    if not isinstance(columns, dict):
        kind = buffer.name if isinstance(buffer, Record) else type(buffer).__name__
        raise BadArgument(f"{path} holds a {kind:.80}, not a replay buffer with a 'dataset_dict'")
    demand(columns, (*COLUMNS, "masks", "dones"), str(path))
    size = buffer.attribute("_size")
    if isinstance(size, int) and size < len(columns["masks"]):  # The rest was never filled.
        columns = {name: array[:size] for name, array in columns.items()}
    masks, dones = (as_flags(columns[name], name, str(path)) for name in ("masks", "dones"))
    yield from episodes_of(columns, ~masks, dones, str(path))


def read_widowx(path: Path) -> Iterator[Trajectory]:
    """The trajectories of a WidowX: a list of dicts of lists, saved by numpy as objects.

    Args:
        path: ``out.npy``.

    Raises:
        BadArgument: it is cut off, or of another layout.
    """
    for number, one in enumerate(load_listed(path)):
        where = f"{path} trajectory {number}"
        demand(one, (*COLUMNS, "terminals"), where)
        try:
            rows = [*one["observations"], one["next_observations"][-1]]
            states = [np.concatenate([np.ravel(row[k]) for k in WIDOWX_STATE]) for row in rows]
            seen: dict[str, NDArray[Any]] = {"state": np.stack(states).astype(np.float32)}
            if "pixels" in rows[0]:
                seen["rgb"] = np.stack([np.asarray(row["pixels"]).squeeze() for row in rows])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise BadArgument(
                f"{where}: its observations are of another layout: {error}; {EXPORT}"
            ) from error
        terminated = as_flags(one["terminals"], "terminals", where)
        terminated[:-1] = False  # A flag within an episode did not end it.
        cut = np.zeros_like(terminated)
        cut[-1] = not terminated[-1]
        yield checked(
            Trajectory(
                seen,
                as_numbers(one["actions"], "actions", where),
                as_numbers(one["rewards"], "rewards", where).ravel(),
                terminated,
                cut,
            ),
            where,
        )


def load_listed(path: Path) -> list[dict[Any, Any]]:
    """A list of dicts that numpy saved as objects, of which no code is run.

    Raises:
        BadArgument: the file is cut off, or holds something else.
    """
    found = load_inert(path, _npy_header(path))
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadArgument(f"{path} does not hold a list of trajectories")
    return found


def _npy_header(path: Path) -> int:
    """Bytes before the pickle in a ``.npy`` file of objects."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            reader = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
            _, _, dtype = reader(file)
            if dtype != np.dtype(object):
                raise ValueError(f"it holds {dtype}, not objects")
            return file.tell()
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, AttributeError) as error:
        raise BadArgument(f"{path} is no list of trajectories: {error}") from error


def read_adroit(path: Path) -> Iterator[Trajectory]:
    """The episodes of a flat HDF5 file of the Adroit hand; one is held in memory at a time.

    Args:
        path: a ``.hdf5`` file.

    Raises:
        BadArgument: it is cut off, or lacks a column.
    """
    h5py = import_h5py()
    try:
        with h5py.File(path, "r") as file:
            ends = "timeouts" if "timeouts" in file else "trajectory_ends"
            demand(file, (*COLUMNS, "terminals", ends), str(path))
            terminated, ended = (
                as_flags(file[name], name, str(path)) for name in ("terminals", ends)
            )
            yield from episodes_of(file, terminated, ended, str(path))
    except OSError as error:
        raise BadArgument(f"{path} is cut off or no HDF5: {error}") from error


READERS = MappingProxyType(
    {
        "kitchen-standard": read_kitchen_npz,
        "kitchen-randomized": read_kitchen_pickle,
        "a1": read_a1,
        "widowx": read_widowx,
        "adroit": read_adroit,
    }
)
"""Layout to its reader."""
