"""One recorded episode: what data sets hold, whoever made them, and what learners learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import BadArgument

EXPORT = "export it anew"
"""What can be done about a file that is not as it should be."""


class Trajectory(NamedTuple):
    """An episode of T steps.

    Attributes:
        observations: field to array `[T + 1, ...]`: the last one is what the last step led to.
            What a screen says in writing is an array of texts.
        actions: float32 `[T, D]`; of a body that has a list of actions int64 `[T]`, their places
            in it; of one that takes commands in writing `[T]` of texts.
        rewards: `[T]`.
        terminated: `[T]` of bool: the world ended there, and nothing is to be hoped for after it.
        truncated: `[T]` of bool: the recording ended there, and the world would have gone on.
        success: `[T]` of bool, or None where nobody said.
        seed: of the episode, or None.
        instruction: what was to be done, in words, a line for each wording; empty where nobody
            said.
    """

    observations: Mapping[str, NDArray[Any]]
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    success: NDArray[np.bool_] | None = None
    seed: int | None = None
    instruction: str = ""

    @property
    def steps(self) -> int:
        """T."""
        return len(self.actions)

    @property
    def total_reward(self) -> float:
        """Undiscounted sum of the rewards, added up in double precision."""
        return float(self.rewards.sum(dtype=np.float64))


def as_numbers(values: Any, name: str, where: str) -> NDArray[np.float32]:
    """A column of an episode in single precision.

    Text is refused though numpy would make numbers of some: what a writer kept as text, it took for
    something else.

    Args:
        values: what a file holds.
        name: of the column, for the message.
        where: file and episode, for the message.

    Raises:
        BadArgument: it holds something else than numbers, or rows of different lengths.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadArgument(f"{where}: the rows of {name} differ in length; {EXPORT}") from error
    if array.dtype.kind not in "fiub":
        kind = "text" if array.dtype.kind in "SUT" else f"of type {array.dtype}"
        raise BadArgument(f"{where}: {name} are {kind}, not numbers; {EXPORT}")
    return array.astype(np.float32)


def as_flags(values: Any, name: str, where: str) -> NDArray[np.bool_]:
    """A column of flags `[T]`: 0 is no, any other number is yes.

    Raises:
        BadArgument: it holds something else than numbers, or one that is none.
    """
    array = as_numbers(values, name, where).ravel()
    if np.isnan(array).any():
        step = int(np.argmax(np.isnan(array)))
        raise BadArgument(f"{where} step {step}: {name} are not finite; {EXPORT}")
    flags: NDArray[np.bool_] = array != 0
    return flags


def checked(one: Trajectory, where: str) -> Trajectory:
    """The trajectory, if every array has its length and every number is one.

    Args:
        one: what was read or recorded.
        where: file and episode, for the message.

    Raises:
        BadArgument: lengths disagree, a number is NaN or infinite, an episode ends in its midst,
            or does not say how it ends.
    """
    steps = len(one.actions)
    if steps == 0:
        raise BadArgument(f"{where} has no step")
    wanted = "[steps, size]" if one.actions.dtype.kind == "f" else "[steps]"
    if one.actions.ndim != 1 + (one.actions.dtype.kind == "f"):
        raise BadArgument(f"{where}: actions have the shape {one.actions.shape}, not {wanted}")
    for name in ("rewards", "terminated", "truncated", "success"):
        array = getattr(one, name)
        if array is not None and array.shape != (steps,):
            raise BadArgument(f"{where}: {name} have the shape {array.shape}, not ({steps},)")
    for name, array in one.observations.items():
        if len(array) != steps + 1:
            raise BadArgument(
                f"{where}: {len(array)} observations '{name}' for {steps} actions; there must be "
                f"{steps + 1}"
            )
    named = {"actions": one.actions, "rewards": one.rewards, **one.observations}
    for name, array in named.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            step = int(np.argwhere(~np.isfinite(array))[0][0])
            raise BadArgument(f"{where} step {step}: {name} are not finite")
    ends = one.terminated | one.truncated
    if ends[:-1].any():
        raise BadArgument(f"{where} ends at step {int(np.argmax(ends))} of {steps}, in its midst")
    if not ends[-1]:
        raise BadArgument(f"{where} does not say how it ends: neither terminated nor truncated")
    return one


def digest_of_trajectories(trajectories: Iterable[Trajectory]) -> str:
    """SHA-256 over the bytes, shapes and types of every array, and the words, in hexadecimal."""
    digest = hashlib.sha256()
    for one in trajectories:
        parts = {f"observations/{name}": one.observations[name] for name in one.observations}
        for name in ("actions", "rewards", "terminated", "truncated", "success"):
            if getattr(one, name) is not None:
                parts[name] = getattr(one, name)
        for name in sorted(parts):
            array = np.ascontiguousarray(parts[name])
            digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
            digest.update(array.view(np.uint8).data if array.dtype.kind == "U" else array.data)
        if one.instruction:
            digest.update(f"instruction\0{one.instruction}\0".encode())
    return digest.hexdigest()
