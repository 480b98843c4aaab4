"""A client's connection as the server reads it: the bytes of a picture go where they stay.

``websockets`` takes pieces as they come, appends them to what it has, cuts the message out of that,
and unmasks it into memory of its own. Here the pieces come straight into what is unmasked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.server import ServerProtocol
from websockets.streams import StreamReader

SPACE = 1 << 13
"""What is not known to be the inside of a message is taken in so much at once [bytes]: of a message
of pictures this much is copied twice, its beginning."""


class RoomyReader(StreamReader):
    """Takes what comes straight into the message that it belongs to, once its length is known."""

    def __init__(self) -> None:
        super().__init__()
        self._space = memoryview(bytearray(SPACE))
        self._body: memoryview | None = None
        self._filled = 0

    def room(self) -> memoryview:
        """Where the next bytes go, never empty."""
        return self._space if self._body is None else self._body[self._filled :]

    def fill(self, count: int) -> None:
        """So many bytes have come into that room."""
        if self._body is None:
            self.buffer += self._space[:count]
        else:
            self._filled += count

    def read_exact(self, n: int) -> Generator[None, None, Any]:
        """So many bytes, as ``StreamReader`` reads them; many of them without a copy."""
        if n - len(self.buffer) < SPACE:
            return (yield from super().read_exact(n))
        # Not zeroed: whoever announces much and sends nothing gets addresses, and no memory.
        body = np.empty(n, np.uint8).data
        self._filled = len(self.buffer)
        body[: self._filled] = self.buffer
        del self.buffer[:]
        self._body = body
        try:
            while self._filled < n:
                if self.eof:
                    raise EOFError(f"stream ends after {self._filled} bytes, expected {n} bytes")
                yield
        finally:
            self._body = None  # Also where the parser is dropped in the middle.
        return body


class RoomyConnection(ServerConnection, asyncio.BufferedProtocol):
    """A connection of ``websockets`` with such a reader; all else is as it was."""

    def __init__(self, protocol: ServerProtocol, *given: Any, **named: Any) -> None:
        super().__init__(protocol, *given, **named)
        self._reader = protocol.reader = RoomyReader()
        protocol.parser = protocol.parse()  # The one that has begun reads from the other reader.
        next(protocol.parser)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport puts what it reads."""
        return self._reader.room()

    def buffer_updated(self, nbytes: int) -> None:
        """It has put so much there."""
        self._reader.fill(nbytes)
        self.data_received(b"")
