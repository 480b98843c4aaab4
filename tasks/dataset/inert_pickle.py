"""Reads pickled objects of strangers without running any of their code.

Some official data sets are pickles of whole objects: a replay buffer with its spaces and random
generators. Here every name in a pickle means the same thing, an inert record of what was asked
for. What is asked of numpy is then done by this module: arrays and numbers are made of the bytes
that the records hold. All the rest stays a record, from which attributes can be read.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import BadArgument
from ...core.trajectory import EXPORT
from ..array_pickle import CODES, POINTER, read_whole

DEEPEST = 50
"""Containers within containers that are followed."""

_REFUSED = frozenset({"PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4"})
"""Instructions that would ask somebody outside of the file."""

_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


class Record:
    """An object of a pickle: what it was called, made of, and filled with.

    Attributes:
        name: ``module.Class``.
        arguments: what it was called with.
        state: what it was filled with, or None.
        items: what was appended or assigned to it by key.
    """

    name = ""

    def __new__(cls, *arguments: Any, **_: Any) -> Record:
        """Takes anything."""
        made = super().__new__(cls)
        made.arguments, made.state, made.items = arguments, None, []
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        self.arguments: tuple[Any, ...]
        self.state: Any
        self.items: list[Any]

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        """Takes one more."""
        self.items.append(value)

    def extend(self, values: Any) -> None:
        """Takes some more."""
        self.items.extend(values)

    def attribute(self, name: str) -> Any:
        """An attribute of the object, or None: pickles keep them as a dict, perhaps in a pair."""
        states = self.state if isinstance(self.state, tuple) else (self.state,)
        for state in states:
            if isinstance(state, dict) and name in state:
                return state[name]
        return None


class _Inert(pickle.Unpickler):
    """An unpickler in whose world there are only records."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        """A class of records of that name."""
        return type("Record", (Record,), {"name": f"{module_name}.{global_name}"})

    def persistent_load(self, pid: Any) -> Any:
        """Nothing outside of the file is asked."""
        raise pickle.UnpicklingError("it refers to something outside of itself")


def load_inert(path: Path, skip: int = 0) -> Any:
    """What a pickle holds: plain values, arrays, and records of everything else.

    Args:
        path: of the file.
        skip: bytes before the pickle.

    Raises:
        BadArgument: the file cannot be read, is cut off, is no pickle, or is a pointer of Git LFS.
    """
    data = read_whole(path)
    if data.startswith(POINTER):
        raise BadArgument(f"{path} is a Git LFS pointer; in its clone, type: git lfs pull")
    try:
        _inspect(data[skip:])
        loaded = _Inert(io.BytesIO(data[skip:])).load()
        return _resolved(loaded, 0)
    except MemoryError as error:
        raise BadArgument(f"{path} does not fit into this machine's memory") from error
    except Exception as error:
        # What a program that was not written by a pickler may run into is open-ended.
        cause = "".join(letter if letter.isprintable() else " " for letter in str(error)[:200])
        raise BadArgument(f"{path} is cut off or no pickle of data: {cause}") from error


def _inspect(data: bytes) -> None:
    """Refuses what reaches out of the file, or asks for more memory than it is long."""
    for code, argument, _ in pickletools.genops(data):
        if code.name in _REFUSED:
            raise pickle.UnpicklingError(f"instruction {code.name} is not admitted")
        if code.name in _PUTS and int(argument or 0) > len(data):
            raise pickle.UnpicklingError("it numbers more values than it can hold")


def _resolved(value: Any, depth: int) -> Any:
    """The value with every record of numpy's turned into an array or a number."""
    if depth > DEEPEST:
        raise ValueError(f"containers are nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        return {key: _entry(key, one, depth) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_resolved(one, depth + 1) for one in value)
    if not isinstance(value, Record):
        return value
    module, _, name = value.name.rpartition(".")
    if module.partition(".")[0] == "numpy":
        if name == "_reconstruct":
            return _array(value, depth)
        if name == "scalar":
            kind = _element(value.arguments[0])
            return np.frombuffer(value.arguments[1], kind, 1)[0]
        if name == "_frombuffer":
            data, element, shape, order = value.arguments
            return _shaped(data, _element(element), shape, order == "F")
    if value.name == "collections.OrderedDict":
        return {key: _entry(key, one, depth) for key, one in value.items}
    value.state = _resolved(value.state, depth + 1)
    return value


def _entry(key: Any, value: Any, depth: int) -> Any:
    """A value of a dict; what is wrong with it is said with its key."""
    try:
        return _resolved(value, depth + 1)
    except ValueError as error:
        raise ValueError(f"{key!r:.40}: {error}") from error


def _array(record: Record, depth: int) -> Any:
    """An array; one of objects becomes a list."""
    _, shape, element, is_fortran, data = record.state
    if isinstance(element, Record) and element.arguments[0] in ("O8", "O", "O4"):
        if len(shape) > 1:
            raise ValueError("an array of objects has more than one axis")
        items = [_resolved(one, depth + 1) for one in data]
        return items if shape else items[0]
    return _shaped(data, _element(element), shape, is_fortran)


def _element(record: Any) -> np.dtype[Any]:
    """An element type from its record."""
    code = record.arguments[0]
    if code not in CODES:
        raise ValueError(f"arrays of {code!r:.40} are no numbers; {EXPORT}")
    order = record.state[1] if record.state else "="
    kind: np.dtype[Any] = np.dtype(code).newbyteorder(order if order in ("<", ">") else "=")
    return kind


def _shaped(data: Any, kind: np.dtype[Any], shape: Any, is_fortran: bool) -> Any:
    count = math.prod(shape)
    if count * kind.itemsize != len(data):
        raise ValueError(f"an array of shape {shape} has {len(data)} bytes")
    return np.frombuffer(data, kind).reshape(shape, order="F" if is_fortran else "C")
