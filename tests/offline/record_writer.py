"""Writes TFRecord files of ``tf.train.Example``, as TensorFlow does, for tests of the reader."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import google_crc32c
import numpy as np

Feature = Sequence[bytes] | np.ndarray
"""Bytes, or an array that is written flat: of floats, or of whole numbers."""


def write_examples(
    path: Path, examples: Iterable[Mapping[str, Feature]], compress: bool = False
) -> Path:
    """A file of examples."""
    data = b"".join(frame(example(one)) for one in examples)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if compress else data)
    return path


def frame(record: bytes) -> bytes:
    """A record between its length and its checksums."""
    length = struct.pack("<Q", len(record))
    return length + _masked(length) + record + _masked(record)


def example(features: Mapping[str, Feature]) -> bytes:
    """A ``tf.train.Example``."""
    entries = b"".join(
        message(1, message(1, name.encode()) + message(2, _feature(value)))
        for name, value in features.items()
    )
    return message(1, entries)


def tensor(value: np.ndarray | Sequence[bytes]) -> bytes:
    """What ``tf.io.serialize_tensor`` makes of an array, or of a vector of texts."""
    numbers = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int64": 9, "bool": 10}
    if not isinstance(value, np.ndarray):
        shape = message(2, varint(1 << 3) + varint(len(value)))
        texts = b"".join(message(8, one) for one in value)
        return varint(1 << 3) + varint(7) + message(2, shape) + texts
    sizes = b"".join(message(2, varint(1 << 3) + varint(size)) for size in value.shape)
    kind = varint(1 << 3) + varint(numbers[str(value.dtype)])
    return kind + message(2, sizes) + message(4, value.tobytes())


def _feature(value: Feature) -> bytes:
    if not isinstance(value, np.ndarray):
        return message(1, b"".join(message(1, one) for one in value))
    if value.dtype.kind == "f":
        return message(2, message(1, value.astype("<f4").tobytes()))
    return message(3, message(1, b"".join(varint(int(one)) for one in value.ravel())))


def message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def _masked(data: bytes) -> bytes:
    found = google_crc32c.value(data)
    rotated = ((found >> 15 | found << 17) & 0xFFFFFFFF) + 0xA282EAD8
    return struct.pack("<I", rotated & 0xFFFFFFFF)
