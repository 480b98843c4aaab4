"""Reads tensors as ``tf.io.serialize_tensor`` writes them, without TensorFlow.

Source of the numbers of fields and types: ``tensorflow/core/framework/tensor.proto``,
``tensor_shape.proto`` and ``types.proto``.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tfrecord import fields_of

TYPES = MappingProxyType(
    {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?"}
)
"""Numbers of element types to numpy's; 7, text, is a list of bytes."""

TEXT = 7

_TYPE, _SHAPE, _CONTENT, _STRINGS = 1, 2, 4, 8


def parse_tensor(data: bytes) -> NDArray[Any] | list[bytes]:
    """The array in a serialized tensor, or the bytes of its texts, one after the other.

    Raises:
        ValueError: it is something else.
    """
    kind, content = 0, b""
    shape: tuple[int, ...] = ()
    texts = []
    for number, _, value in fields_of(memoryview(data)):
        if number == _TYPE:
            kind = value
        elif number == _SHAPE:
            shape = tuple(_size(v) for n, _, v in fields_of(value) if n == 2)
        elif number == _CONTENT:
            content = bytes(value)
        elif number == _STRINGS:
            texts.append(bytes(value))
    if kind == TEXT:
        return texts
    if kind not in TYPES:
        raise ValueError(f"tensors of type {kind} are not read")
    element = np.dtype(TYPES[kind])
    if math.prod(shape) * element.itemsize != len(content):
        raise ValueError(f"a tensor of shape {shape} has {len(content)} bytes")
    return np.frombuffer(content, element).reshape(shape)


def _size(dimension: memoryview) -> int:
    """The size in a ``TensorShapeProto.Dim``; 0 is left out by protocol buffers."""
    return next((int(value) for number, _, value in fields_of(dimension) if number == 1), 0)
