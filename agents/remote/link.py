"""A WebSocket to a policy's server, held in one thread and with a deadline for everything.

The framing is that of ``websockets``' I/O-free protocol; sending and waiting are done here, since
the evaluator asks, waits and goes on: a thread or an event loop of its own would only cost time.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

CHUNK = 1 << 18
"""Bytes taken from the system at once."""

ANSWER = 1.0
"""An answer to a ping is taken within this, or the connection counts as gone [s]."""

PASSING = frozenset({429, 502, 503, 504})
"""States that pass: the server is full, ends, or is not there yet."""

TOLD = 200
"""Of what a server says of its trouble, this many characters are passed on."""


class LinkLost(ConnectionError):
    """The connection cannot be made or is gone; another try may help.

    Attributes:
        code: of WebSocket, with which the other side said goodbye; None where it did not.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class LinkRefused(Exception):
    """What is there is no policy's server, or it lets nobody in; another try is in vain."""


class Link:
    """One open connection.

    Args:
        address: ``ws://`` or ``wss://``.
        headers: besides the usual ones.
        largest: the longest message that is taken [bytes].
        deadline: until it must stand, by ``time.monotonic``.
        authority: a file of certificates to trust, besides the system's.

    Raises:
        LinkLost: nobody listens, or the connection broke off.
        LinkRefused: whoever listens is no WebSocket server, or says no.
        TimeoutError: it does not stand by the deadline.
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        largest: int,
        deadline: float,
        authority: str = "",
    ) -> None:
        try:
            uri = parse_uri(address)
        except InvalidURI as error:
            raise LinkRefused(str(error)) from None
        self._protocol = ClientProtocol(uri, max_size=largest)
        self._parts: list[bytes] = []
        self._messages: deque[bytes | str] = deque()
        try:
            self._socket = _connect(uri.host, uri.port, uri.secure, deadline, authority)
        except ssl.SSLError as error:
            raise LinkRefused(f"no trusted TLS: {error.reason or error}") from None
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkLost(error.strerror or str(error)) from None
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        try:
            self._shake_hands(headers, deadline)
        except BaseException:
            self._socket.close()
            raise

    def _shake_hands(self, headers: Mapping[str, str], deadline: float) -> None:
        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        self._flush(deadline)
        while self._protocol.state is State.CONNECTING:
            self._pump(deadline)
            trouble = self._protocol.handshake_exc
            if isinstance(trouble, InvalidStatus):
                passing = trouble.response.status_code in PASSING
                raise (LinkLost if passing else LinkRefused)(_explain(trouble.response))
            if isinstance(trouble, EOFError) or (trouble and _ended(trouble)):
                raise LinkLost("the connection was closed before it stood")
            if trouble is not None:
                raise LinkRefused(f"it speaks no WebSocket ({trouble})")

    def send(self, data: bytes, deadline: float) -> None:
        """Sends a message.

        Raises:
            LinkLost: the connection is gone.
            TimeoutError: the other side does not take it.
        """
        self.refresh()
        self._protocol.send_binary(data)
        self._flush(deadline)

    def receive(self, deadline: float) -> bytes | str:
        """The next message.

        Raises:
            LinkLost: the connection is gone.
            TimeoutError: there is none by the deadline.
        """
        while not self._messages:
            if self._protocol.state is not State.OPEN:
                raise self._farewell()
            self._pump(deadline)
        return self._messages.popleft()

    def refresh(self) -> None:
        """Takes in what has come unasked, such as a ping or a goodbye.

        Raises:
            LinkLost: the connection is gone.
        """
        with contextlib.suppress(TimeoutError):
            while self._protocol.state is State.OPEN and self._has_come():
                self._pump(time.monotonic() + ANSWER, wait=0.0)
        if self._protocol.state is not State.OPEN:
            raise self._farewell()

    def close(self) -> None:
        """Says goodbye, if that can be done at once, and closes."""
        with contextlib.suppress(Exception):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
                self._flush(time.monotonic() + 0.2)
        self._socket.close()

    def _has_come(self) -> bool:
        """Whether there is something to take in; looking costs a third of trying."""
        held = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
        return bool(held or self._arrivals.poll(0))

    def _pump(self, deadline: float, wait: float | None = None) -> None:
        """Waits for what comes, takes it in, and answers pings.

        Args:
            deadline: for all of it.
            wait: for something to come [s]; None for all the time there is.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left if wait is None else wait)
        try:
            data = self._socket.recv(CHUNK)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            raise TimeoutError from None
        except OSError as error:
            raise LinkLost(error.strerror or str(error)) from None
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        with contextlib.suppress(LinkLost):  # Goodbyes to somebody who has gone.
            self._flush(deadline)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if frame.fin:
            whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._messages.append(whole.decode(errors="replace") if self._text else whole)
            self._parts = []

    def _flush(self, deadline: float) -> None:
        try:
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
                    self._socket.sendall(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkLost(error.strerror or str(error)) from None

    def _farewell(self) -> LinkLost:
        said = self._protocol.close_rcvd
        if said is None:
            return LinkLost("the connection broke off")
        code = int(said.code)
        told = f"the connection was closed with {code} {shown(said.reason)}"
        return LinkLost(told.rstrip(), code)


def _ended(trouble: BaseException) -> bool:
    """Whether a handshake failed because the other side went away before it said anything."""
    return isinstance(trouble.__cause__, EOFError) and "status line" in str(trouble.__cause__)


def _connect(host: str, port: int, secure: bool, deadline: float, authority: str) -> socket.socket:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    made = socket.create_connection((host, port), timeout=left)
    try:
        # Not SO_SNDBUF: the system finds a size itself, and usually grants less to who asks.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not secure:
            return made
        context = ssl.create_default_context()
        if authority:
            context.load_verify_locations(authority)
        made.settimeout(max(deadline - time.monotonic(), 0.001))
        return context.wrap_socket(made, server_hostname=host)
    except BaseException:
        made.close()
        raise


def _explain(response: Response) -> str:
    """What an HTTP answer instead of a WebSocket says."""
    said = bytes(response.body or b"")[: 4 * TOLD].decode(errors="replace").strip()
    if said.startswith("<"):
        return f"it answers with a web page (HTTP {response.status_code}): no policy is served here"
    return f"it says HTTP {response.status_code}: {shown(said) or response.reason_phrase}"


def shown(text: str) -> str:
    """The beginning of what a server says, fit for a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:TOLD]).strip()
