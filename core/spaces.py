"""Gymnasium spaces as plain data, and the fast check that an action lies in one.

Spaces cross process borders as data, never as pickles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .command import CommandSpace
from .errors import BadArgument, InvalidAction

Space = spaces.Space[Any]


def space_to_data(space: Space) -> dict[str, Any]:
    """A space as JSON-ready data.

    Raises:
        BadArgument: a kind of space that has no data form.
    """
    if isinstance(space, spaces.Box):
        return {
            "kind": "box",
            "dtype": space.dtype.str,
            "shape": list(space.shape),
            "low": _bound_to_data(space.low),
            "high": _bound_to_data(space.high),
        }
    if isinstance(space, spaces.Discrete):
        return {"kind": "discrete", "n": int(space.n), "start": int(space.start)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"kind": "multi-discrete", "nvec": space.nvec.tolist()}
    if isinstance(space, spaces.MultiBinary):
        return {"kind": "multi-binary", "n": space.n if isinstance(space.n, int) else list(space.n)}
    if isinstance(space, CommandSpace):
        return {"kind": "command", "forms": list(space.forms), "max": space.max_length}
    if isinstance(space, spaces.Text):
        charset = "".join(sorted(space.character_set))
        return {"kind": "text", "min": space.min_length, "max": space.max_length, "chars": charset}
    if isinstance(space, spaces.Dict):
        parts = {key: space_to_data(part) for key, part in space.spaces.items()}
        return {"kind": "dict", "parts": parts}
    if isinstance(space, spaces.Tuple):
        return {"kind": "tuple", "parts": [space_to_data(part) for part in space.spaces]}
    raise BadArgument(f"spaces of type {type(space).__name__} cannot leave their process")


def _bound_to_data(bound: NDArray[Any]) -> Any:
    """One number where all are alike, else the flat list; infinities as text."""
    flat = [_number_to_data(value) for value in bound.reshape(-1).tolist()]
    return flat[0] if flat and all(value == flat[0] for value in flat) else flat


def _number_to_data(value: float) -> float | str:
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def space_from_data(data: Mapping[str, Any]) -> Space:
    """The space that ``space_to_data`` described.

    Raises:
        BadArgument: the description is of no known kind.
    """
    kind = data["kind"]
    if kind == "box":
        shape, dtype = tuple(data["shape"]), np.dtype(data["dtype"])
        low, high = (_bound_from_data(data[side], shape, dtype) for side in ("low", "high"))
        return spaces.Box(low, high, shape, dtype.type)
    if kind == "discrete":
        return spaces.Discrete(data["n"], start=data["start"])
    if kind == "multi-discrete":
        return spaces.MultiDiscrete(np.asarray(data["nvec"]))
    if kind == "multi-binary":
        return spaces.MultiBinary(data["n"])
    if kind == "command":
        return CommandSpace(data["forms"], data["max"])
    if kind == "text":
        return spaces.Text(data["max"], min_length=data["min"], charset=data["chars"])
    if kind == "dict":
        return spaces.Dict({key: space_from_data(part) for key, part in data["parts"].items()})
    if kind == "tuple":
        return spaces.Tuple([space_from_data(part) for part in data["parts"]])
    raise BadArgument(f"no space is of kind '{kind}'")


def _bound_from_data(data: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    values = np.array([float(v) if isinstance(v, str) else v for v in np.atleast_1d(data).tolist()])
    return (
        np.broadcast_to(values, (values.size,))
        .astype(dtype)
        .repeat(int(np.prod(shape)) // values.size)
        .reshape(shape)
    )


def action_check(space: Space) -> Callable[[Any], Any]:
    """A function that returns the action in the space's own dtype, or says what is wrong.

    It costs a few microseconds where ``space.contains`` costs ten: it runs every step.

    Returns:
        A function of one action that raises :class:`InvalidAction`.
    """
    if isinstance(space, spaces.Box):
        return _box_check(space)
    if isinstance(space, spaces.Discrete):
        return _discrete_check(space)

    def check(action: Any) -> Any:
        if not space.contains(action):
            raise InvalidAction(f"{action!r:.80} is not in {space}")
        return action

    return check


def _box_check(space: spaces.Box) -> Callable[[Any], Any]:
    # Copies: the space is shown to agents, and what one does to it must not widen the check.
    shape, dtype, low, high = space.shape, space.dtype, space.low.copy(), space.high.copy()
    bounded = bool(np.isfinite(low).all() and np.isfinite(high).all())
    whole = dtype.kind in "iu"

    def check(action: Any) -> Any:
        try:
            array = np.asarray(action)
            if array.dtype.kind not in ("iu" if whole else "iufb"):
                raise TypeError
            with np.errstate(over="ignore"):
                array = array.astype(dtype if not whole else array.dtype, copy=False)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidAction(f"{action!r:.80} is not an array of {dtype}") from error
        if array.shape != shape:
            raise InvalidAction(f"its shape is {array.shape}, the action space has {shape}")
        # A comparison with NaN is false, so this one test covers NaN as well.
        inside = ((array >= low) & (array <= high)).all()
        if not inside or not (bounded or np.isfinite(array).all()):
            raise InvalidAction(_out_of_box(array, low, high))
        return array.astype(dtype, copy=False)

    return check


def _out_of_box(array: NDArray[Any], low: NDArray[Any], high: NDArray[Any]) -> str:
    if not np.isfinite(array).all():
        return f"it has NaN or infinity: {array.tolist()}"
    worst = int(np.argmax(np.maximum(low - array, array - high)))
    return (
        f"dimension {worst} is {array.flat[worst]:g}, outside "
        f"[{low.flat[worst]:g}, {high.flat[worst]:g}]; clip it, if that is what is meant"
    )


def _discrete_check(space: spaces.Discrete) -> Callable[[Any], Any]:
    first, past = int(space.start), int(space.start + space.n)

    def check(action: Any) -> int:
        if isinstance(action, np.ndarray) and action.shape == ():
            action = action[()]
        if not isinstance(action, (int, np.integer)) or isinstance(action, bool):
            raise InvalidAction(f"{action!r:.80} is not a whole number")
        if not first <= action < past:
            raise InvalidAction(f"{int(action)} is outside [{first}, {past - 1}]")
        return int(action)

    return check
