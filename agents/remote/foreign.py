"""Arrays as the protocols of other suites write them into msgpack: maps with marked keys.

openpi and RoboArena mark with bytes, vla-eval with text; either way dtype, shape and length are
checked before an array is made, and nothing but numbers is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from .wire import DTYPES, MOST_AXES, WireError


def pack(value: Any, binary: bool) -> bytes:
    """A value as msgpack.

    Args:
        value: maps, lists, texts, numbers and arrays.
        binary: whether the marks are bytes.
    """
    return msgspec.msgpack.encode(_to_plain(value, binary))


def _to_plain(value: Any, binary: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _to_plain(part, binary) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(part, binary) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        return value
    found = {
        "__ndarray__": True, "data": value.tobytes(), "dtype": value.dtype.str,
        "shape": list(value.shape),
    }  # fmt: skip
    return {name.encode(): part for name, part in found.items()} if binary else found


def unpack(data: bytes) -> Any:
    """What such bytes say.

    Raises:
        WireError: they are no msgpack, or an array in them is none.
    """
    try:
        return _from_plain(msgspec.msgpack.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        raise WireError(str(error)) from error


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    named = {name.decode("ascii", "replace") if isinstance(name, bytes) else name: part
             for name, part in value.items()}  # fmt: skip
    if "__ndarray__" in named:
        return _array(named)
    if "__npgeneric__" in named:
        return named.get("data")
    return {name: _from_plain(part) for name, part in named.items()}


def _array(named: Mapping[Any, Any]) -> Any:
    dtype, shape, data = (named.get(name) for name in ("dtype", "shape", "data"))
    if isinstance(dtype, bytes):
        dtype = dtype.decode("ascii", "replace")
    fits = isinstance(data, bytes) and isinstance(shape, list) and len(shape) <= MOST_AXES
    fits = fits and all(type(axis) is int and axis >= 0 for axis in shape or ())
    if not fits or not isinstance(dtype, str) or dtype not in DTYPES:
        raise WireError(f"an array of {dtype!r:.20} {shape!r:.60} is none of numbers")
    assert isinstance(data, bytes)
    assert isinstance(shape, list)
    if len(data) != math.prod(shape) * int(dtype[2]):
        raise WireError(f"an array of {dtype} {shape} does not have {len(data)} bytes")
    return np.frombuffer(data, dtype).reshape(shape).copy()
