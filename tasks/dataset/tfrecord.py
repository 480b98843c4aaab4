"""TFRecord files of ``tf.train.Example`` without TensorFlow, a record at a time.

A file is one record after the other (``tensorflow/core/lib/io/record_writer.h``): its length
[8 B, little-endian], a checksum of the length, its bytes, a checksum of those. The checksum is
CRC-32C, rotated and shifted (``tensorflow/core/lib/hash/crc32c.h``). Every one is verified. A file
may be compressed as a whole by gzip, which is seen from its beginning.

A record is a protocol buffer (``tensorflow/core/example/feature.proto``) that maps names to lists
of bytes, of floats, or of whole numbers. Protocol buffers: protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument, MissingExtra

Values: TypeAlias = list[bytes] | NDArray[np.float32] | NDArray[np.int64]
"""What a feature holds: bytes, one after the other, or numbers `[N]`."""

MOST_BYTES = (1 << 31) - 1
"""The longest record [B]: what a protocol buffer may have at most."""

_CHUNK = 1 << 24
"""Read at once [B]: so a length that is a lie does not make the machine reserve it."""

_GZIP = b"\x1f\x8b\x08"
_MASK = 0xA282EAD8
"""Added to a rotated checksum: ``kMaskDelta`` in ``crc32c.h``."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types: how the value of a field is written."""

_KINDS = {1: "bytes", 2: "floats", 3: "whole numbers"}
"""Fields of ``Feature``, by number."""


def read_records(path: Path) -> Iterator[bytes]:
    """The records of a file, in order; one is held in memory at a time.

    Args:
        path: a TFRecord file, as it is or compressed by gzip.

    Raises:
        BadArgument: it cannot be read, is cut off, or a checksum does not hold; names the record.
        MissingExtra: the library that computes checksums is not installed.
    """
    checksum = _import_checksum()
    number = 0
    try:
        with path.open("rb") as file:
            start = file.read(12)
            file.seek(0)
            # A length may begin like gzip does; then the checksum behind it holds.
            is_plain = not start.startswith(_GZIP) or _holds(checksum, start[:8], start[8:])
            with file if is_plain else gzip.open(file) as stream:
                while header := stream.read(12):
                    yield _record(stream, header, f"{path} record {number}", checksum)
                    number += 1
    except EOFError as error:
        raise BadArgument(f"{path} record {number} is cut off; get the file anew") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadArgument(f"{path} is damaged in record {number}: {error}") from error
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror or error}") from error


def framed(record: bytes) -> bytes:
    """A record as it stands in a file: behind its length, each followed by its checksum.

    Raises:
        MissingExtra: the library that computes checksums is not installed.
    """
    checksum = _import_checksum()
    length = len(record).to_bytes(8, "little")
    return length + _masked(checksum, length) + record + _masked(checksum, record)


def read_examples(path: Path) -> Iterator[dict[str, Values]]:
    """The examples of a file, in order: feature to values; one is held in memory at a time.

    Raises:
        BadArgument: as of `read_records`, or a record is no example.
    """
    for number, record in enumerate(read_records(path)):
        yield parse_example(record, f"{path} record {number}")


def parse_example(record: bytes, where: str) -> dict[str, Values]:
    """The features of a ``tf.train.Example``.

    Args:
        record: what `read_records` gave.
        where: file and record, for messages.

    Raises:
        BadArgument: it is something else.
    """
    found: dict[str, Values] = {}
    try:
        for features in _inside(memoryview(record), 1):
            for entry in _inside(features, 1):
                # A map is a list of messages: field 1 is the key and 2 the value.
                parts = {number: value for number, _, value in fields_of(entry)}
                name = bytes(parts[1]).decode()
                found[name] = _values(parts.get(2, memoryview(b"")))
    except (KeyError, ValueError, TypeError) as error:
        raise BadArgument(f"{where} is no tf.train.Example: {error}") from error
    return found


def _record(stream: BinaryIO | gzip.GzipFile, header: bytes, where: str, checksum: Any) -> bytes:
    if len(header) < 12:
        raise EOFError
    if not _holds(checksum, header[:8], header[8:]):
        raise BadArgument(f"{where}: the checksum of its length does not hold; is it a TFRecord?")
    length = int.from_bytes(header[:8], "little")
    if length > MOST_BYTES:
        raise BadArgument(f"{where} has {length} bytes; a record has at most {MOST_BYTES}")
    data = _exactly(stream, length)
    if not _holds(checksum, data, _exactly(stream, 4)):
        raise BadArgument(f"{where}: its checksum does not hold; get the file anew")
    return data


def _exactly(stream: BinaryIO | gzip.GzipFile, count: int) -> bytes:
    parts = []
    while count:
        part = stream.read(min(count, _CHUNK))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _holds(checksum: Any, data: bytes, masked: bytes) -> bool:
    return _masked(checksum, data) == masked


def _masked(checksum: Any, data: bytes) -> bytes:
    found: int = checksum(data)
    rotated = (found >> 15 | found << 17) + _MASK & 0xFFFFFFFF
    return rotated.to_bytes(4, "little")


def _import_checksum() -> Any:
    try:
        import google_crc32c
    except ModuleNotFoundError as error:
        raise MissingExtra("recorded", "data", "google-crc32c") from error
    return google_crc32c.value


def fields_of(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of every field of a protocol buffer.

    Raises:
        ValueError: it is none.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            length, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"there is no wire type {wire}")
        if at + length > len(data):
            raise ValueError("a field is longer than what holds it")
        yield number, wire, data[at : at + length]
        at += length


def _inside(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """The messages in the fields of a number."""
    for number, wire, value in fields_of(data):
        if number == wanted:
            if wire != _BYTES:
                raise ValueError(f"field {number} is no message")
            yield value


def _values(feature: memoryview) -> Values:
    """The values of a ``Feature``; of several lists the last counts, as in every ``oneof``."""
    kind, inside = 1, memoryview(b"")
    for number, wire, value in fields_of(feature):
        if number in _KINDS and wire == _BYTES:
            kind, inside = number, value
    fields = [(wire, value) for number, wire, value in fields_of(inside) if number == 1]
    if kind == 1:
        return [bytes(value) for _, value in fields]
    single = _FIXED32 if kind == 2 else _VARINT
    if strange := {wire for wire, _ in fields} - {_BYTES, single}:
        raise ValueError(f"{_KINDS[kind]} are written as wire type {strange.pop()}")
    if kind == 2:
        return np.frombuffer(b"".join(value for _, value in fields), "<f4").astype(np.float32)
    lists = [_varints(v) if wire == _BYTES else np.array([v], np.uint64) for wire, v in fields]
    return np.concatenate([np.zeros(0, np.uint64), *lists]).view(np.int64)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, least first, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("a number has no end")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("a number has more than ten bytes")


def _varints(data: memoryview) -> NDArray[np.uint64]:
    """Numbers `[N]` of seven bits a byte, least first, one after the other."""
    digits = np.frombuffer(data, np.uint8)
    if not len(digits):
        return np.zeros(0, np.uint64)
    ends = np.flatnonzero(digits < 128)
    if not len(ends) or ends[-1] != len(digits) - 1:
        raise ValueError("a number has no end")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 10:
        raise ValueError("a number has more than ten bytes")
    shifts = 7 * (np.arange(len(digits)) - np.repeat(starts, lengths))
    return np.add.reduceat((digits & 127).astype(np.uint64) << shifts.astype(np.uint64), starts)
