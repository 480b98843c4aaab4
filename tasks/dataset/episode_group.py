"""Reads an episode's group of an HDF5 file: with care, or states alone and fast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument, MissingExtra
from ...core.trajectory import EXPORT, Trajectory, as_flags, as_numbers

STATES = ("state", "observation", "observations")
"""What data sets call the vector that a policy is to see; the first that is there is taken."""

_STATE_PATHS = tuple(f"observations/{name}".encode() for name in STATES)
_WON = b"infos/success"

STEPS = {"rewards": "rewards", "terminated": "terminations", "truncated": "truncations"}
"""Our name of a column to Minari's."""

UNUSUAL = (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)
"""What h5py raises where a file is damaged, or not as it was expected."""


def read_episode(group: Any, where: str, states_only: bool = False) -> Trajectory:
    """An episode as it is, states made single precision.

    Args:
        group: of HDF5.
        where: file and episode, for the message.
        states_only: leave pictures, instructions and the like on the disk.

    Raises:
        BadArgument: a column is missing or holds no numbers; or there is no state, and nothing
            else is wanted.
    """
    lacking = [name for name in ("observations", "actions", *STEPS.values()) if name not in group]
    if lacking:
        raise BadArgument(
            f"{where} lacks {', '.join(lacking)}; it has {', '.join(group) or 'nothing'}; {EXPORT}"
        )
    seen = group["observations"]
    observations: dict[str, NDArray[Any]] = {}
    if hasattr(seen, "keys"):
        name = next((one for one in STATES if one in seen), None)
        if name is None and states_only:
            raise BadArgument(f"{where} has no state; its observations are {', '.join(seen)}")
        for key in seen:
            if key == name or not states_only:
                observations["state" if key == name else key] = _array_of(seen[key])
    else:
        observations["state"] = np.asarray(seen)
    if "state" in observations and observations["state"].dtype.kind == "f":
        observations["state"] = observations["state"].astype(np.float32)
    infos = group.get("infos", {})
    success = np.asarray(infos["success"], bool)[1:] if "success" in infos else None
    seed = group.attrs.get("seed")
    words = "" if states_only else str(group.attrs.get("instruction", ""))
    return Trajectory(
        observations=observations,
        actions=_actions_of(group["actions"], where),
        rewards=as_numbers(group["rewards"], "rewards", where),
        terminated=as_flags(group["terminations"], "terminations", where),
        truncated=as_flags(group["truncations"], "truncations", where),
        success=success,
        seed=int(seed) if isinstance(seed, (int, np.integer)) else None,
        instruction=words,
    )


def _array_of(stored: Any) -> NDArray[Any]:
    """An array as it is; texts as numpy has them."""
    if import_h5py().check_string_dtype(stored.dtype) is None:
        return np.asarray(stored)
    return np.asarray(stored.asstr()[()].tolist(), np.str_)


def _actions_of(stored: Any, where: str) -> NDArray[Any]:
    """Vectors in single precision, indices as whole numbers, commands as texts."""
    found = _array_of(stored)
    if found.ndim == 1 and found.dtype.kind in "iuU":
        return found if found.dtype.kind == "U" else found.astype(np.int64)
    return as_numbers(found, "actions", where)


class StateReader:
    """Reads what a learner of states needs, several times as fast as `read_episode`.

    To open an array by h5py and to look at its type takes longer than to read it, where it is as
    short as an episode is. Here HDF5 is asked for each by its path, and told the type that is
    wanted: it converts. What is not as expected is left to `read_episode`.

    Args:
        file: opened by h5py.
    """

    def __init__(self, file: Any) -> None:
        h5py = import_h5py()
        self._root, self._open, self._group = file.id, h5py.h5d.open, h5py.h5g.open
        self._whole = h5py.h5s.ALL
        self._types = {kind: h5py.h5t.py_create(np.dtype(kind)) for kind in (np.float32, np.bool_)}

    def read(self, name: str) -> Trajectory | None:
        """An episode without seed and instruction, or None where it is not as expected.

        Args:
            name: of its group.
        """
        try:
            group = self._group(self._root, name.encode())
            state = next((path for path in _STATE_PATHS if path in group), b"observations")
            return Trajectory(
                observations={"state": self._array(group, state, np.float32)},
                actions=self._array(group, b"actions", np.float32),
                rewards=self._array(group, b"rewards", np.float32),
                terminated=self._array(group, b"terminations", np.bool_),
                truncated=self._array(group, b"truncations", np.bool_),
                success=self._array(group, _WON, np.bool_)[1:] if _WON in group else None,
            )
        except UNUSUAL:
            return None

    def _array(self, group: Any, path: bytes, kind: type[Any]) -> NDArray[Any]:
        stored = self._open(group, path)
        found = np.empty(stored.shape, kind)
        stored.read(self._whole, self._whole, found, self._types[kind])
        # HDF5 makes no certain truth of whole numbers: a 2 stays one.
        return found.view(np.int8) != 0 if kind is np.bool_ else found


def import_h5py() -> Any:
    """The library that reads HDF5.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingExtra("recorded", "data", "h5py") from error
    return h5py
