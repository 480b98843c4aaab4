"""Frames on the wire between polyathlon and the process of habitat-sim: JSON, then raw arrays.

Both sides take them from here, so this module works with Python 3.8 and needs numpy alone. Nothing
that is received is ever executed: a header is JSON, arrays are bytes and shapes of few types.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

MAGIC = b"PLYH"
"""The first bytes of every frame; anything else is garbage."""

PREFIX = struct.Struct("<4sIQ")
"""Magic, length of the JSON header, length of the arrays behind it [bytes]."""

LONGEST_HEADER = 1 << 20
"""[bytes]"""

LONGEST_BODY = 1 << 28
"""[bytes]"""

DTYPES = ("|u1", "<f4", "<f8")
"""What arrays may hold."""


class BadFrame(Exception):
    """What came is not a frame."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, Any] = {}) -> bytes:
    """One frame: a JSON header that names the arrays, and their bytes one after the other."""
    listed, parts = [], []
    for name, array in arrays.items():
        whole = np.ascontiguousarray(array)
        if whole.dtype.str not in DTYPES:
            raise BadFrame(f"arrays of {whole.dtype} are not sent")
        listed.append({"name": name, "dtype": whole.dtype.str, "shape": list(whole.shape)})
        parts.append(whole.tobytes())
    text = json.dumps(dict(header, arrays=listed)).encode()
    body = b"".join(parts)
    return PREFIX.pack(MAGIC, len(text), len(body)) + text + body


def measure(prefix: bytes) -> tuple[int, int]:
    """The lengths of header and body that a frame's first bytes announce.

    Raises:
        BadFrame: they are not those of a frame, or announce too much.
    """
    magic, header, body = PREFIX.unpack(prefix)
    if magic != MAGIC or header > LONGEST_HEADER or body > LONGEST_BODY:
        raise BadFrame(f"{prefix[:16]!r} does not begin a frame")
    return header, body


def unpack(text: bytes, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and arrays of a frame; the arrays are the reader's own.

    Raises:
        BadFrame: the header is no JSON object, or its arrays do not fill the body exactly.
    """
    try:
        header = json.loads(text)
        arrays, start = {}, 0
        for one in header.pop("arrays"):
            shape = [int(side) for side in one["shape"]]
            if one["dtype"] not in DTYPES or min(shape, default=0) < 0:
                raise ValueError(one)
            dtype = np.dtype(one["dtype"])
            end = start + math.prod(shape) * dtype.itemsize
            arrays[str(one["name"])] = np.frombuffer(body[start:end], dtype).reshape(shape).copy()
            start = end
        if start != len(body):
            raise ValueError(f"{len(body) - start} bytes more than announced")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFrame(f"a frame does not hold what it announces: {error}") from error
    return header, arrays


def receive(line: socket.socket, size: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        EOFError: the other side is gone.
    """
    parts = []
    while size:
        part = line.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
