"""Reads pickles of plain values and numpy arrays, and nothing else, from files of strangers.

A pickle is a program. Before it runs, all of its instructions are looked through: only those that
make plain values, containers and arrays are let pass, every length must fit into the file, and
tuples may not be nested deeply. While it runs, a name can only mean one of the few that numpy
writes for arrays, and those lead to functions of this module that check what they are given.
A file can thus neither call anything, nor ask for much more memory than it is long.
"""

from __future__ import annotations

import gc
import io
import math
import os
import pickle
import pickletools
import stat
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..core.errors import BadArgument

MOST_BYTES = 4 << 30
"""The longest file that is read [B]; the longest that is known has 834 million."""

MOST_DIMENSIONS = 8
"""Of an array."""

DEEPEST_TUPLE = 8
"""Tuples within tuples; Python takes the hash of a deeper one by recursion in C."""

POINTER = b"version https://git-lfs.github.com/spec/"
"""What a file begins with that Git LFS left in the place of the real one."""

CODES = frozenset(
    ["b1", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)), "f2", "f4", "f8"]
)
"""Element types of arrays; no objects, no text, no records."""

_MODULES = ("numpy.core", "numpy._core")

_GLOBALS = {
    ("numpy", "ndarray"): "class",
    ("numpy", "dtype"): "dtype",
    **{(f"{module}.multiarray", "_reconstruct"): "array" for module in _MODULES},
    **{(f"{module}.multiarray", "scalar"): "scalar" for module in _MODULES},
    **{(f"{module}.numeric", "_frombuffer"): "buffer" for module in _MODULES},
}
"""All names that a file may use: numpy 1 and 2 keep their functions in different modules."""


def load_arrays(path: Path, data: bytes | None = None) -> Any:
    """The value in a pickle file: plain values, containers, and numpy arrays.

    Args:
        path: of the file; named in errors.
        data: its content, where it is read already.

    Raises:
        BadArgument: the file cannot be read, is cut off, is no pickle, is the pointer of a file in
            Git LFS, or asks for something else than values and arrays.
    """
    if data is None:
        data = read_whole(path)
    if not data:
        raise BadArgument(f"{path} is empty; get the file anew")
    if data.startswith(POINTER):
        raise BadArgument(f"{path} is a Git LFS pointer; in its clone, type: git lfs pull")
    # Within one run, a great many small containers are made and none can be garbage.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _inspect(path, data)
        return _ArrayUnpickler(path, data).load()
    except BadArgument:
        raise
    except MemoryError as error:
        raise BadArgument(f"{path} does not fit into this machine's memory") from error
    except Exception as error:
        # What a program that was not written by a pickler may run into is open-ended.
        cause = "".join(letter if letter.isprintable() else " " for letter in str(error)[:200])
        raise BadArgument(f"{path} is no pickle of arrays: {cause}; get the file anew") from error
    finally:
        if collecting:
            gc.enable()


def read_whole(path: Path) -> bytes:
    """The content of a file that is not too long.

    Raises:
        BadArgument: it cannot be read, is no ordinary file, or is longer than ``MOST_BYTES``.
    """
    try:
        with open(path, "rb", opener=open_at_once) as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode):
                raise BadArgument(f"cannot read {path}: it is not an ordinary file")
            if told.st_size > MOST_BYTES:
                raise BadArgument(f"{path} has more than {MOST_BYTES} bytes, as no known file has")
            return file.read(MOST_BYTES)
    except MemoryError as error:
        raise BadArgument(f"{path} does not fit into this machine's memory") from error
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror or error}") from error


def open_at_once(path: str, flags: int) -> int:
    """Opens without waiting for the other end of a pipe, which may never come."""
    return os.open(path, flags | os.O_NONBLOCK)


# -- before it runs -----------------------------------------------------------------------------

_NAME = {ord(op.code): op.name for op in pickletools.opcodes}
_CODE = {op.name: ord(op.code) for op in pickletools.opcodes}

_ATOMS = {
    _CODE[name]: length
    for name, length in {
        "NONE": 0, "NEWTRUE": 0, "NEWFALSE": 0, "EMPTY_DICT": 0, "EMPTY_LIST": 0, "EMPTY_TUPLE": 0,
        "BININT": 4, "BININT1": 1, "BININT2": 2, "BINFLOAT": 8,
    }.items()
}  # fmt: skip
"""Instructions that make one value, and how many bytes of argument they have."""

_COUNTED = {
    _CODE[name]: length
    for name, length in {
        "SHORT_BINUNICODE": 1, "BINUNICODE": 4, "BINUNICODE8": 8,
        "SHORT_BINBYTES": 1, "BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8, "LONG1": 1,
    }.items()
}  # fmt: skip
"""Instructions that make one value out of as many bytes as their argument of that length says."""

_TAKEN = {
    _CODE[name]: count
    for name, count in {
        "APPEND": 1, "SETITEM": 2, "REDUCE": 2, "BUILD": 1, "STACK_GLOBAL": 2,
    }.items()
}  # fmt: skip
"""Instructions that take values away; REDUCE and STACK_GLOBAL then make one."""

_TUPLES = {_CODE["TUPLE1"]: 1, _CODE["TUPLE2"]: 2, _CODE["TUPLE3"]: 3}
_MARKED = {_CODE["APPENDS"], _CODE["SETITEMS"]}
_PUTS = {_CODE["BINPUT"]: 1, _CODE["LONG_BINPUT"]: 4}
_GETS = {_CODE["BINGET"]: 1, _CODE["LONG_BINGET"]: 4}
_SKIPPED = {_CODE["PROTO"]: 1}
_MARK, _TUPLE, _MEMOIZE, _FRAME = (_CODE[name] for name in ("MARK", "TUPLE", "MEMOIZE", "FRAME"))
_STOP, _MADE = _CODE["STOP"], {_CODE["REDUCE"], _CODE["STACK_GLOBAL"]}
_NAMING = {_CODE["GLOBAL"], _CODE["INST"]}


class _Inspection:
    """Walks through the instructions of a pickle without doing any.

    Kept for every value on the stack is only how deeply it is a tuple of tuples.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data = path, data
        self._stack, self._memo = bytearray(), bytearray()
        self._marks: list[int] = []

    def run(self) -> None:
        """Reads to the end.

        Raises:
            BadArgument: an instruction is not admitted, or the file ends too early.
        """
        data, stack, memo, marks = self._data, self._stack, self._memo, self._marks
        at, end = 0, len(data)
        while at < end:
            code = data[at]
            at += 1
            if code in _ATOMS:
                at += _ATOMS[code]
                stack.append(0)
            elif code == _MEMOIZE:
                memo.append(stack[-1])
            elif code in _GETS:
                length = _GETS[code]
                stack.append(memo[int.from_bytes(data[at : at + length], "little")])
                at += length
            elif code in _COUNTED:
                at = self._past_counted(code, at)
                stack.append(0)
            elif code == _MARK:
                marks.append(len(stack))
            elif code in _TAKEN:
                del stack[len(stack) - _TAKEN[code] :]
                if code in _MADE:
                    stack.append(0)
            elif code in _MARKED:
                del stack[marks.pop() :]
            elif code in _TUPLES or code == _TUPLE:
                self._tuple(len(stack) - _TUPLES[code] if code in _TUPLES else marks.pop())
            elif code == _STOP:
                return
            else:
                at = self._rarely(code, at)
        self._cut_off()

    def _past_counted(self, code: int, at: int) -> int:
        width = _COUNTED[code]
        length = int.from_bytes(self._data[at : at + width], "little")
        if at + width + length > len(self._data):
            self._cut_off()
        if code == _CODE["LONG1"] and length > 8:
            self._refuse("a whole number beyond 64 bits")
        return at + width + length

    def _tuple(self, start: int) -> None:
        depth = 1 + max(self._stack[start:], default=0)
        if depth > DEEPEST_TUPLE:
            self._refuse(f"tuples nested more than {DEEPEST_TUPLE} deep")
        del self._stack[start:]
        self._stack.append(depth)

    def _rarely(self, code: int, at: int) -> int:
        """The instructions that a file has few of, and those that none may have."""
        data = self._data
        if code in _SKIPPED:
            return at + _SKIPPED[code]
        if code == _FRAME:
            if int.from_bytes(data[at : at + 8], "little") > len(data) - at:
                self._cut_off()
            return at + 8
        if code in _PUTS:
            # A place far beyond the last would make the unpickler reserve all before it.
            place = int.from_bytes(data[at : at + _PUTS[code]], "little")
            if place > len(self._memo):
                self._refuse(f"the place {place} of a memo of {len(self._memo)}")
            self._memo[place : place + 1] = self._stack[-1:]
            return at + _PUTS[code]
        if code in _NAMING:
            module, name, *_ = data[at : at + 1000].split(b"\n", 2)
            told = module.decode("utf-8", "replace"), name.decode("utf-8", "replace")
            if code == _CODE["INST"] or told not in _GLOBALS:
                self._refuse(".".join(told))
            self._stack.append(0)
            return at + len(module) + len(name) + 2
        if code not in _NAME:
            raise IndexError(f"there is no instruction {code}")
        if at == 1:
            raise IndexError("it begins like none")
        return self._refuse(f"the instruction {_NAME[code]}")

    def _cut_off(self) -> NoReturn:
        length = len(self._data)
        raise BadArgument(f"{self._path} is cut off after {length} bytes; get the file anew")

    def _refuse(self, what: str) -> NoReturn:
        _refuse(self._path, what)


def _inspect(path: Path, data: bytes) -> None:
    try:
        _Inspection(path, data).run()
    except (IndexError, ValueError) as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(f"{path} is no pickle of arrays; get the file anew") from error


def _refuse(path: Path, what: str) -> NoReturn:
    told = "".join(letter if letter.isprintable() else "?" for letter in what[:200])
    raise BadArgument(
        f"{path} asks for {told}; only plain values and arrays are read. Do not trust this file"
    )


# -- while it runs ------------------------------------------------------------------------------


class _ArrayUnpickler(pickle.Unpickler):
    """Runs a pickle in which names mean arrays or nothing."""

    def __init__(self, path: Path, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._path = path
        self._workshop = _Workshop(path, len(data))

    def find_class(self, module: str, name: str) -> Any:
        meaning = _GLOBALS.get((module, name))
        if meaning is None:
            _refuse(self._path, f"{module}.{name}")
        # Not the class itself: whoever has it can call it with any shape.
        return "numpy.ndarray" if meaning == "class" else _Maker(self._workshop, meaning)

    def persistent_load(self, pid: Any) -> Any:
        _refuse(self._path, "a persistent id")


class _Workshop:
    """Makes the arrays of one file; together they are no longer than it."""

    def __init__(self, path: Path, length: int) -> None:
        self.path, self.left = path, length

    def fill(self, shape: Any, element: Any, data: Any) -> tuple[tuple[int, ...], Any]:
        """Checks what an array is said to be; its shape and element type."""
        if not isinstance(element, _Element) or not isinstance(data, bytes | bytearray):
            _refuse(self.path, "an array of something else than numbers")
        if not isinstance(shape, tuple) or len(shape) > MOST_DIMENSIONS:
            _refuse(self.path, "an array of a strange shape")
        if any(type(size) is not int or not 0 <= size <= MOST_BYTES for size in shape):
            _refuse(self.path, "an array of a strange shape")
        if math.prod(shape) * element.numpy.itemsize != len(data):
            _refuse(self.path, f"an array of shape {shape} out of {len(data)} bytes")
        self.left -= len(data)
        if self.left < 0:
            _refuse(self.path, "arrays longer than the file")
        return shape, element.numpy


class _Sealed:
    """An object that a pickle cannot change."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise ValueError("a state where none belongs")


class _Maker(_Sealed):
    """Stands for a function of numpy while a file is read."""

    __slots__ = ("_meaning", "_workshop")

    def __init__(self, workshop: _Workshop, meaning: str) -> None:
        self._workshop, self._meaning = workshop, meaning

    def __call__(self, *arguments: Any) -> Any:
        if self._meaning == "dtype":
            return _Element(self._workshop.path, arguments[0])
        if self._meaning == "array":
            empty = np.ndarray.__new__(_Array, (0,), np.int8)
            empty.workshop = self._workshop
            return empty
        if self._meaning == "scalar":
            element, data = arguments
            _, element = self._workshop.fill((), element, data)
            return np.frombuffer(data, element)[0]
        data, element, shape, order = arguments
        if order not in ("C", "F"):
            _refuse(self._workshop.path, "an array in a strange order")
        shape, element = self._workshop.fill(shape, element, data)
        return np.frombuffer(data, element).reshape(shape, order=order).view(_Array)


class _Element(_Sealed):
    """Stands for a numpy.dtype while a file is read."""

    __slots__ = ("numpy",)

    def __init__(self, path: Path, code: Any) -> None:
        if not isinstance(code, str) or code not in CODES:
            _refuse(
                path, f"arrays of {code[:40]!r}" if isinstance(code, str) else "a strange dtype"
            )
        self.numpy = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        """Takes the byte order; anything else in a state is for records and objects."""
        version, order, *rest = state
        if version != 3 or order not in ("<", ">", "|", "=") or rest != [None] * 3 + [-1, -1, 0]:
            raise ValueError("the state of a dtype is not that of numbers")
        self.numpy = self.numpy.newbyteorder(order)


class _Array(np.ndarray[Any, Any]):
    """An array that is filled only by a state which fits it."""

    workshop: _Workshop | None = None

    def __setstate__(self, state: Any) -> None:
        if self.workshop is None or self.size:
            raise ValueError("an array is filled twice")
        _, shape, element, is_fortran, data = state
        shape, element = self.workshop.fill(shape, element, data)
        self.workshop = None
        # numpy's stubs ask for a numpy.bool here; its C code asks for Python's.
        super().__setstate__((1, shape, element, bool(is_fortran), bytes(data)))  # type: ignore[arg-type]
