"""An episode's actions as one compact block of bytes, and back."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from .errors import JournalCorrupt
from .specs import canonical_json

LARGEST = 1 << 30
"""No block may unpack to more than this [bytes]."""


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


def unpack_actions(packed: bytes, digest: str) -> list[Any]:
    """The actions of a block.

    Raises:
        JournalCorrupt: the block is damaged or is not the one of that digest.
    """
    try:
        inflater = zlib.decompressobj()
        payload = inflater.decompress(packed, LARGEST)
    except zlib.error as error:
        raise JournalCorrupt(f"a block of actions cannot be unpacked: {error}") from error
    if hashlib.sha256(payload).hexdigest() != digest:
        raise JournalCorrupt("a block of actions does not have the digest in the journal")
    block = msgspec.msgpack.decode(payload, type=_Block)
    if block.dtype == "json":
        return list(msgspec.json.decode(block.data))
    array = np.frombuffer(block.data, np.dtype(block.dtype)).reshape(block.shape)
    if array.ndim == 1 and array.dtype.kind in "iu":
        return [int(action) for action in array]
    return [action.copy() for action in array]
