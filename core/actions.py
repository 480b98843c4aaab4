"""An episode's actions as one compact block of bytes, and back."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from .errors import JournalCorrupt
from .specs import canonical_json

LARGEST = 1 << 30
"""No block may unpack to more than this [bytes]."""

LARGEST_JSON = 16 << 20
"""No more may be JSON, which takes twenty times as much memory once it is read [bytes]."""

_DTYPES = {
    "|b1": 1, "|i1": 1, "|u1": 1, "<i2": 2, "<u2": 2, "<i4": 4, "<u4": 4, "<i8": 8, "<u8": 8,
    "<f2": 2, "<f4": 4, "<f8": 8,
}  # fmt: skip
"""The arrays that a block may hold, numbers in little-endian: their dtype, and its size [bytes]."""


class _Block(msgspec.Struct, frozen=True, kw_only=True):
    """Arrays as dtype, shape and bytes; anything else as canonical JSON."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    data: bytes = b""


def pack_actions(actions: Sequence[Any]) -> tuple[bytes, str]:
    """The compressed block of an episode's actions, and the SHA-256 of what it holds.

    Args:
        actions: one entry a step: arrays of one shape and dtype, whole numbers, or JSON values.
    """
    if actions and all(isinstance(action, (np.ndarray, int, np.integer)) for action in actions):
        array = np.ascontiguousarray(np.stack([np.asarray(action) for action in actions]))
        # Little-endian whatever the machine, so that the digest means the same everywhere.
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        block = _Block(dtype=array.dtype.str, shape=array.shape, data=array.tobytes())
    else:
        plain = [plain_action(action) for action in actions]
        block = _Block(dtype="json", shape=(len(plain),), data=canonical_json(plain))
    payload = msgspec.msgpack.encode(block)
    return zlib.compress(payload, 6), hashlib.sha256(payload).hexdigest()


def plain_action(action: Any) -> Any:
    """An action without numpy types, ready for JSON."""
    if isinstance(action, (np.ndarray, np.generic)):
        return action.tolist()
    if isinstance(action, dict):
        return {key: plain_action(value) for key, value in action.items()}
    if isinstance(action, (list, tuple)):
        return [plain_action(value) for value in action]
    return action


def unpack_actions(packed: bytes, digest: str, largest: int = LARGEST) -> list[Any]:
    """The actions of a block, which may come from a stranger.

    Args:
        packed: the compressed block, and nothing after it.
        digest: SHA-256 of what it holds.
        largest: most that it may unpack to [bytes].

    Raises:
        JournalCorrupt: the block is damaged, too large, or is not the one of that digest.
    """
    try:
        return _unpack(_checked_block(packed, digest, largest))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise JournalCorrupt(f"a block of actions holds something else: {error}") from error


class Size(NamedTuple):
    """How many actions a block holds, and to how many bytes it unpacks [bytes]."""

    actions: int
    unpacked: int


def measure_actions(packed: bytes, digest: str, largest: int = LARGEST) -> Size:
    """The size of a block; checks what ``unpack_actions`` checks, and makes no list of arrays.

    Raises:
        JournalCorrupt: as there.
    """
    try:
        block = _checked_block(packed, digest, largest)
        if block.dtype == "json":
            return Size(len(_unpack(block)), len(block.data))
        _check_shape(block)
        return Size(block.shape[0], len(block.data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise JournalCorrupt(f"a block of actions holds something else: {error}") from error


def _checked_block(packed: bytes, digest: str, largest: int) -> _Block:
    try:
        inflater = zlib.decompressobj()
        payload = inflater.decompress(packed, largest)
    except zlib.error as error:
        raise JournalCorrupt(f"a block of actions cannot be unpacked: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise JournalCorrupt("a block of actions is cut, too large, or goes on after its end")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise JournalCorrupt("a block of actions does not have the digest in the journal")
    return msgspec.msgpack.decode(payload, type=_Block)


def _unpack(block: _Block) -> list[Any]:
    if block.dtype == "json":
        if len(block.data) > LARGEST_JSON:
            raise ValueError(f"{len(block.data)} bytes of JSON; {LARGEST_JSON} are the most")
        actions = msgspec.json.decode(block.data)
        if not isinstance(actions, list):
            raise ValueError(f"{type(actions).__name__}, not a list")
        return actions
    array = _array(block)
    if array.ndim == 1 and array.dtype.kind in "iu":
        return [int(action) for action in array]
    return [action.copy() for action in array]


def _array(block: _Block) -> NDArray[Any]:
    """The array `[steps, ...]` of a block that holds one."""
    _check_shape(block)
    return np.frombuffer(block.data, np.dtype(block.dtype)).reshape(block.shape)


def _check_shape(block: _Block) -> None:
    size = _DTYPES.get(block.dtype)
    if size is None or not block.shape:
        raise ValueError(f"an array of {block.dtype:.20} {block.shape}")
    most = len(block.data)
    if not all(0 <= length <= most for length in block.shape):
        raise ValueError(f"an array of shape {block.shape} in {most} bytes")
    if math.prod(block.shape) * size != most:
        raise ValueError(f"{most} bytes for an array of {block.dtype} {block.shape}")
