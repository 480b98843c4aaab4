"""Observations and actions through shared memory, with a doorbell for whoever sleeps.

A hand-over is two counters in a shared page. The side that waits looks at its counter for a
while (a spin costs a fifth of a microsecond to notice) and then says that it sleeps and blocks
on a pipe, which the other side rings only if told so. The memory is an anonymous file that is
passed by descriptor: it has no name, so nothing is left behind however the processes end.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import struct
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ...core.actions import plain_action
from ...core.spaces import Space
from .message import Field

HEADER = 4096
"""Bytes of the page that holds the counters [bytes]."""

REQUEST, RESPONSE, WORKER_SLEEPS, PARENT_SLEEPS, STATUS, PROGRESS, BUSY, TEXT_VERSION, REWARD = (
    8 * line for line in range(9)
)
"""Positions of the counters, in 8-byte words, each on a cache line of its own. PROGRESS counts
steps; BUSY is the time spent inside the environment [ns], which alone counts for deadlines; REWARD
is the last step's, a double."""

WAITING, OVER = 1, 2
"""Values of STATUS: the environment waits for an action; a message lies on the socket."""

DOZE = 0.002
"""Longest sleep between two looks at the counter [s]: bounds the cost of a missed bell, which
two processors with their own store buffers can produce."""

TEXT_BYTES = 4
"""UTF-8 bytes a character of text may take."""

VARIABLE_ACTION = 1 << 20
"""Room for an action that is neither an array nor a number [bytes]."""


def make_memory() -> int:
    """The descriptor of an anonymous file of one header page."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("polyathlon", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, HEADER)
    return descriptor


def lay_out(action_space: Space, observation_space: spaces.Dict) -> tuple[Field, list[Field], int]:
    """Where the action and each part of the observation go, and how much memory it takes.

    Returns:
        The action's place, the observation's places, the size of the memory [bytes].
    """
    end = HEADER

    def place(name: str, dtype: str, shape: tuple[int, ...], size: int) -> Field:
        nonlocal end
        field = Field(name=name, dtype=dtype, shape=shape, offset=end, size=size)
        end += -(-size // 64) * 64
        return field

    action = _place_action(place, action_space)
    fields = []
    for name, part in observation_space.spaces.items():
        if isinstance(part, spaces.Text):
            fields.append(place(name, "", (), 4 + TEXT_BYTES * part.max_length))
        else:
            array = np.empty(part.shape or (), part.dtype)
            fields.append(place(name, array.dtype.str, array.shape, array.nbytes))
    return action, fields, -(-end // mmap.PAGESIZE) * mmap.PAGESIZE


def _place_action(place: Any, space: Space) -> Field:
    if isinstance(space, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
        array = np.empty(space.shape or (), space.dtype)
        field: Field = place("action", array.dtype.str, array.shape, array.nbytes)
    else:
        field = place("action", "", (), VARIABLE_ACTION)
    return field


class Channel:
    """One side's view of the shared memory.

    Args:
        memory: descriptor of the anonymous file.
        bell_out: descriptor of the pipe that wakes the other side.
        bell_in: descriptor of the pipe that wakes this side.
        mine: position of this side's "I sleep" counter.
        theirs: position of the other side's.
    """

    def __init__(self, memory: int, bell_out: int, bell_in: int, mine: int, theirs: int) -> None:
        self.memory, self._bell_out, self.bell_in = memory, bell_out, bell_in
        self._mine, self._theirs = mine, theirs
        self._map: mmap.mmap | None = None
        self._poller: select.poll | None = None
        self._views: dict[str, NDArray[Any]] = {}
        self._arrays: list[tuple[str, NDArray[Any]]] = []
        self.remap(HEADER)

    def remap(self, size: int, fields: Sequence[Field] = (), action: Field | None = None) -> None:
        """Maps the file anew at a size and finds the fields in it."""
        self.release()
        self._map = mmap.mmap(self.memory, size)
        self.words = memoryview(self._map).cast("Q")
        self.fields, self._action = tuple(fields), action
        self._views = {
            field.name: np.ndarray(field.shape, field.dtype, self._map, field.offset)
            for field in (*fields, *([action] if action else []))
            if field.dtype
        }
        self._arrays = [(field.name, self._views[field.name]) for field in fields if field.dtype]
        self._texts: dict[str, str] = {}
        self._text_version = -1

    def release(self) -> None:
        """Unmaps the memory."""
        if self._map is not None:
            self._views, self._arrays = {}, []
            self.words.release()
            self._map.close()
            self._map = None

    def signal(self, counter: int) -> None:
        """Raises a counter, and rings if the other side sleeps."""
        self.words[counter] += 1
        if self.words[self._theirs]:
            # Full: it has been rung already. Broken: the socket will tell.
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._bell_out, b"\0")

    def await_change(self, counter: int, seen: int, spin: float, also: int) -> bool:
        """Waits until a counter leaves a value: looks for ``spin`` seconds, then sleeps.

        Args:
            counter: position of the counter.
            seen: the value that is known already.
            spin: seconds to look before sleeping [s].
            also: a descriptor that ends the wait when it becomes readable.

        Returns:
            True if the counter changed, False if ``also`` is readable.
        """
        words = self.words
        if words[counter] != seen:
            return True
        deadline = time.perf_counter() + spin
        while time.perf_counter() < deadline:
            if words[counter] != seen:
                return True
            os.sched_yield()  # Where cores are short, whoever is waited for may need this one.
        if self._poller is None:
            self._poller = select.poll()
            self._poller.register(self.bell_in, select.POLLIN)
            self._poller.register(also, select.POLLIN | select.POLLHUP)
        words[self._mine] = 1
        doze = DOZE
        while words[counter] == seen:
            for descriptor, _ in self._poller.poll(doze * 1000):
                if descriptor == also:
                    words[self._mine] = 0
                    return words[counter] != seen
                self.drain()
            # A missed bell is rare and costs one short doze; a long wait is spared the rest.
            doze = min(doze * 2, 0.2)
        words[self._mine] = 0
        return True

    def drain(self) -> None:
        """Empties the bell pipe."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.bell_in, 4096)

    def write_observation(self, observation: Mapping[str, Any]) -> None:
        """Puts an observation into the memory."""
        for field in self.fields:
            value = observation[field.name]
            if field.dtype:
                self._views[field.name][...] = value
            elif self._texts.get(field.name) != value:
                self._write_bytes(field, str(value).encode())
                self._texts[field.name] = value
                self.words[TEXT_VERSION] += 1

    def read_observation(self) -> dict[str, Any]:
        """Takes an observation out of the memory; the arrays are the reader's own."""
        version = self.words[TEXT_VERSION]
        if version != self._text_version:
            self._texts = {
                field.name: self._read_bytes(field).decode()
                for field in self.fields
                if not field.dtype
            }
            self._text_version = version
        observation: dict[str, Any] = {name: view.copy() for name, view in self._arrays}
        observation.update(self._texts)
        return observation

    def write_reward(self, reward: float) -> None:
        """Puts what the last step brought into the memory."""
        assert self._map is not None
        struct.pack_into("<d", self._map, 8 * REWARD, reward)

    def read_reward(self) -> float:
        """What the last step brought."""
        assert self._map is not None
        return float(struct.unpack_from("<d", self._map, 8 * REWARD)[0])

    def write_action(self, action: Any) -> None:
        """Puts a checked action into the memory."""
        assert self._action is not None
        if self._action.dtype:
            self._views["action"][...] = action
        else:
            self._write_bytes(self._action, msgspec.json.encode(plain_action(action)))

    def read_action(self) -> Any:
        """Takes an action out of the memory: an array of its own, a whole number, or JSON."""
        assert self._action is not None
        if not self._action.dtype:
            return msgspec.json.decode(self._read_bytes(self._action))
        view = self._views["action"]
        return view.copy() if view.shape else view.item()

    def _write_bytes(self, field: Field, data: bytes) -> None:
        assert self._map is not None
        room = field.size - 4
        if len(data) > room:
            raise ValueError(f"{field.name} takes {len(data)} bytes, there is room for {room}")
        struct.pack_into("<I", self._map, field.offset, len(data))
        self._map[field.offset + 4 : field.offset + 4 + len(data)] = data

    def _read_bytes(self, field: Field) -> bytes:
        assert self._map is not None
        (size,) = struct.unpack_from("<I", self._map, field.offset)
        return self._map[field.offset + 4 : field.offset + 4 + min(size, field.size - 4)]
