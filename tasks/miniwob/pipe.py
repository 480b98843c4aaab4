"""Chromium's DevTools protocol over a pair of pipes: messages framed by a zero byte.

No port is opened, so nobody else on the machine can drive the browser; and when this process
ends, however it ends, the pipes close and the browser ends with them.
"""

from __future__ import annotations

import os
import select
import time
from typing import Any

import msgspec

from ...core.errors import BrowserFault

CHUNK = 1 << 16
"""Bytes asked for at a time, as much as a pipe holds [bytes]."""

LARGEST = 1 << 28
"""A message that is longer is a fault [bytes]."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Pipe:
    """One end of the pair.

    Args:
        reading: descriptor that the browser writes to.
        writing: descriptor that the browser reads from.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self._pieces = bytearray()
        self._scanned = 0

    def send(self, message: dict[str, Any], deadline: float) -> None:
        """Writes one message.

        Raises:
            BrowserFault: the browser is gone, or does not read before the deadline.
        """
        left = memoryview(_encoder.encode(message) + b"\0")
        while left:
            try:
                left = left[os.write(self._writing, left) :]
            except BlockingIOError:
                self._await(writing=True, deadline=deadline)
            except OSError as error:
                raise BrowserFault("the browser is gone") from error

    def receive(self, deadline: float) -> dict[str, Any]:
        """Waits for one message.

        Args:
            deadline: on the clock of ``time.monotonic`` [s].

        Raises:
            BrowserFault: the browser is gone, says nothing before the deadline, or says what is
                no message.
        """
        while True:
            end = self._pieces.find(b"\0", self._scanned)
            if end >= 0:
                message = bytes(self._pieces[:end])
                del self._pieces[: end + 1]
                self._scanned = 0
                return self._decoded(message)
            self._scanned = len(self._pieces)
            if self._scanned > LARGEST:
                raise BrowserFault("the browser sends a message without an end")
            self._fill(deadline)

    def is_heard(self, deadline: float) -> bool:
        """Whether anything is there, or comes before the deadline.

        Args:
            deadline: on the clock of ``time.monotonic`` [s].
        """
        left = max(deadline - time.monotonic(), 0.0)
        return bool(self._pieces) or _is_ready(self._reading, select.POLLIN, left)

    def _fill(self, deadline: float) -> None:
        try:
            piece = os.read(self._reading, CHUNK)
        except BlockingIOError:
            self._await(writing=False, deadline=deadline)
            return
        except OSError as error:
            raise BrowserFault("the browser is gone") from error
        if not piece:
            raise BrowserFault("the browser is gone")
        self._pieces += piece

    @staticmethod
    def _decoded(message: bytes) -> dict[str, Any]:
        try:
            decoded = _decoder.decode(message)
        except msgspec.DecodeError as error:
            raise BrowserFault(f"the browser said what is no message: {error}") from error
        if not isinstance(decoded, dict):
            raise BrowserFault("the browser said what is no message")
        return decoded

    def _await(self, *, writing: bool, deadline: float) -> None:
        left = deadline - time.monotonic()
        end = (self._writing, select.POLLOUT) if writing else (self._reading, select.POLLIN)
        if left <= 0 or not _is_ready(*end, left):
            raise BrowserFault("the browser does not answer")

    def close(self) -> None:
        """Closes both descriptors, which ends the browser; can be called twice."""
        for descriptor in (self._reading, self._writing):
            if descriptor >= 0:
                os.close(descriptor)
        self._reading = self._writing = -1


def _is_ready(descriptor: int, event: int, patience: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(1000 * patience))
