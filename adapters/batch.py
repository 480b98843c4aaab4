"""What adapters ask of an action or an utterance, whether it comes alone or in a batch.

The last axis is the action's or the utterance's own; any axes before it are batch and are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, InvalidAction
from ..core.specs import Embodiment

Numbers = NDArray[Any]


def continuous_range(
    env_space: Space[Any], embodiment: Embodiment, name: str
) -> tuple[Numbers, Numbers]:
    """Lower and upper bound per dimension, `[D]` each, in the space's dtype and the body's units.

    The body's declared bounds hold where it declares any, else those of the space.

    Args:
        env_space: must be a flat Box of floats.
        embodiment: must be continuous and have as many dimensions.
        name: the adapter that asks, for the message.

    Raises:
        BadArgument: the space or the body is not one for continuous adapters, or they disagree.
    """
    flat = isinstance(env_space, spaces.Box) and len(env_space.shape) == 1
    if not isinstance(env_space, spaces.Box) or not flat or env_space.dtype.kind != "f":
        raise BadArgument(
            f"the {name} adapter needs a flat Box of floats as action space, not {env_space}"
        )
    if embodiment.kind != "continuous":
        raise BadArgument(
            f"the {name} adapter needs a continuous body; '{embodiment.id}' is {embodiment.kind}"
        )
    width = env_space.shape[0]
    for field in ("action_names", "low", "high"):
        declared = len(getattr(embodiment, field))
        if declared not in (0, width):
            raise BadArgument(
                f"the action space has {width} dimensions, the body '{embodiment.id}' declares "
                f"{declared} in {field}"
            )
    low = np.asarray(embodiment.low, env_space.dtype) if embodiment.low else env_space.low.copy()
    high = np.asarray(embodiment.high, env_space.dtype) if embodiment.high else env_space.high
    bad = ~((low <= high) & (low >= env_space.low) & (high <= env_space.high))
    if bad.any():
        worst = int(np.argmax(bad))
        raise BadArgument(
            f"dimension {worst} of the body '{embodiment.id}' ranges over [{low[worst]:g}, "
            f"{high[worst]:g}], which is no range inside the action space's "
            f"[{env_space.low[worst]:g}, {env_space.high[worst]:g}]"
        )
    return low, high.copy()


def discrete_range(env_space: Space[Any], embodiment: Embodiment, name: str) -> tuple[int, int]:
    """The first action of a discrete space, and how many there are.

    Raises:
        BadArgument: the space is not Discrete, or the body is not discrete.
    """
    if not isinstance(env_space, spaces.Discrete):
        raise BadArgument(f"the {name} adapter needs a Discrete action space, not {env_space}")
    if embodiment.kind != "discrete":
        raise BadArgument(
            f"the {name} adapter needs a discrete body; '{embodiment.id}' is {embodiment.kind}"
        )
    return int(env_space.start), int(env_space.n)


def finite_actions(action: Any, width: int, dtype: np.dtype[Any]) -> Numbers:
    """Actions as an array `[..., width]` of at least that precision, nothing in it NaN or infinite.

    Raises:
        InvalidAction: not numbers, another last axis, NaN or infinity; says where.
    """
    array = _numbers(action, "iuf", InvalidAction, "an action")
    if array.shape[-1:] != (width,):
        raise InvalidAction(
            f"actions of this body have {width} dimensions; the array given has the shape "
            f"{array.shape}"
        )
    if array.dtype.kind != "f" or array.dtype.itemsize < dtype.itemsize:
        array = array.astype(np.promote_types(dtype, np.float64))
    if not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise InvalidAction(
            f"dimension {place[-1]} of the action"
            + (f" at batch index {place[:-1]}" if len(place) > 1 else "")
            + f" is {array[tuple(place)]}; only finite numbers can be encoded"
        )
    return array


def clip_and_count(
    array: Numbers, low: Numbers, high: Numbers, dtype: np.dtype[Any]
) -> tuple[Numbers, int]:
    """Finite numbers `[..., D]` clipped to `[low, high]` in `dtype`, and how many lay outside.

    A number is outside if it is so after rounding to `dtype`: an action that is the bound itself
    in a higher precision is not counted. Where nothing is clipped the array itself may come back.
    """
    rounded = array
    if array.dtype != dtype:
        with np.errstate(over="ignore"):
            rounded = array.astype(dtype)
    outside = int(np.count_nonzero((rounded < low) | (rounded > high)))
    if not outside:
        return rounded, 0
    return np.minimum(np.maximum(rounded, low), high), outside


def codes_of(uttered: Any, counts: NDArray[np.int64], what: str = "tokens") -> Numbers:
    """Codes as a whole-number array `[..., m]`, each at least 0 and below its count.

    Args:
        uttered: what was said.
        counts: how many codes there are at each position, `[m]`.
        what: the word for them in messages.

    Raises:
        DecodeError: not whole numbers, another last axis, or a code that does not exist.
    """
    array = _numbers(uttered, "iu", DecodeError, f"an utterance of whole {what}")
    if array.shape[-1:] != counts.shape:
        raise DecodeError(
            f"an utterance of this body has {counts.size} {what}; the array given has the shape "
            f"{array.shape}"
        )
    if array.size and (array.min() < 0 or (array >= counts).any()):
        place = np.argwhere((array < 0) | (array >= counts))[0].tolist()
        raise DecodeError(
            f"token {place[-1]}"
            + (f" at batch index {place[:-1]}" if len(place) > 1 else "")
            + f" is {array[tuple(place)]}, outside [0, {counts[place[-1]] - 1}]"
        )
    return array.astype(np.int64, copy=False)


def indices_of(
    value: Any, first: int, count: int, error: type[InvalidAction] | type[DecodeError]
) -> Numbers:
    """Actions of a discrete space, `[...]`, as whole numbers in `[first, first + count)`.

    Raises:
        InvalidAction: (or DecodeError, as asked) not whole numbers, or none of the actions.
    """
    array = _numbers(value, "iu", error, "the number of an action")
    if array.size and (array.min() < first or array.max() >= first + count):
        wrong = array[(array < first) | (array >= first + count)].flat[0]
        raise error(f"action {wrong} is outside [{first}, {first + count - 1}]")
    return array.astype(np.int64, copy=False)


def alone_as_int(array: Numbers) -> Any:
    """A plain int for a single index, the array itself for a batch: what Discrete spaces take."""
    return int(array) if array.ndim == 0 else array


def rounding(low: Numbers, high: Numbers) -> NDArray[np.float64]:
    """What a few operations in the range's dtype can lose to rounding, per dimension `[D]`.

    Four units in the last place at the larger bound: of our own design, twice the three
    operations that any adapter here does.
    """
    return 4.0 * np.spacing(np.maximum(np.abs(low), np.abs(high))).astype(np.float64)


def _numbers(
    value: Any, kinds: str, error: type[InvalidAction] | type[DecodeError], what: str
) -> Numbers:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as cause:
        raise error(f"{value!r:.80} is not an array of numbers") from cause
    if array.dtype.kind not in kinds:
        raise error(f"{value!r:.80} is not {what}: its dtype is {array.dtype}")
    return array
