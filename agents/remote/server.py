"""A server for one agent: WebSockets for clients, two pages for whoever watches, on one port."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import http
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ...core.manifest import AgentRecord
from ...core.protocols import Agent
from .batching import Batcher
from .connection import RoomyConnection
from .desk import Desk
from .gauge import Gauges
from .hand import Hand
from .register import Busy, Register, Session
from .wire import (
    LARGEST,
    PROTOCOL,
    Hello,
    Refused,
    WireError,
    decode_request,
    encode,
)

OPENING = 5.0
"""A client that has not said who it is by then is sent away [s]."""

CLOSING = 5.0
"""When the server ends, what is being answered may take so long [s]."""

SWEEP = 0.25
"""Who has not come back is looked for so often [s]."""

log = logging.getLogger("polyathlon.serve")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On which a server serves.

    Attributes:
        host: address it listens at.
        port: likewise; 0 for any.
        max_batch: observations of a call of the agent.
        max_wait: for others to fill a batch [s].
        max_clients: at one time.
        max_episodes: likewise, over all clients.
        keep: for so long are the episodes of a connection that was cut kept [s].
        idle: a client that says nothing for so long is sent away [s].
    """

    host: str = "127.0.0.1"
    port: int = 8765
    max_batch: int = 32
    max_wait: float = 0.002
    max_clients: int = 64
    max_episodes: int = 1024
    keep: float = 30.0
    idle: float = 900.0


class PolicyServer:
    """Serves.

    Args:
        agent: that plays.
        record: of it.
        terms: on which.
        token: that a client must show; empty for none.
        tls: certificate and key, if there are any.
        adapter_digest: of the fitted adapter that its dialect names; else empty.
    """

    def __init__(
        self,
        agent: Agent,
        record: AgentRecord,
        terms: Terms,
        token: str = "",
        tls: ssl.SSLContext | None = None,
        adapter_digest: str = "",
    ) -> None:
        self._agent, self._record, self._terms = agent, record, terms
        self._token, self._tls = f"Bearer {token}".encode() if token else b"", tls
        self._adapter_digest = adapter_digest
        self._open = 0  # Connections.
        self._answering: set[asyncio.Task[Any]] = set()  # Connections, a request of each.
        self._ending = False

    async def run(self, stop: asyncio.Event, ready: Callable[[int], None]) -> None:
        """Serves until it is told to stop.

        Args:
            stop: ends it.
            ready: is told the port once it listens.

        Raises:
            OSError: it cannot listen there.
        """
        terms = self._terms
        self._gauges = Gauges()
        self._register = Register(terms.max_clients, terms.max_episodes)
        hand = Hand()
        batcher = self._batcher = Batcher(
            self._agent, hand, self._register, self._gauges,
            terms.max_batch, terms.max_wait, max(4 * terms.max_batch, terms.max_clients),
        )  # fmt: skip
        self._desk = Desk(
            self._agent, self._record, self._adapter_digest,
            self._register, batcher, hand, self._gauges,
        )  # fmt: skip
        tasks: list[asyncio.Future[Any]] = [batcher.fallen, asyncio.create_task(self._sweep())]
        try:
            async with self._listening() as server:
                ready(server.sockets[0].getsockname()[1])
                stopping: asyncio.Future[Any] = asyncio.create_task(stop.wait())
                # A batcher that fell would leave clients waiting for ever: better to end, loudly.
                done, _ = await asyncio.wait(
                    [stopping, *tasks], return_when=asyncio.FIRST_COMPLETED
                )
                await self._finish()
                await _end(hand, [stopping, *tasks])
                for task in done - {stopping}:
                    task.result()
        finally:
            await _end(hand, tasks)

    def _listening(self) -> contextlib.AbstractAsyncContextManager[Server]:
        silent = logging.getLogger("polyathlon.serve.connections")
        silent.addHandler(logging.NullHandler())
        silent.propagate = False  # A stranger's bad request is no matter for a traceback.
        listening: contextlib.AbstractAsyncContextManager[Server] = serve(
            self._converse,
            self._terms.host,
            self._terms.port,
            ssl=self._tls,
            process_request=self._admit,
            origins=[None],  # A page in a browser always names its origin: it has no business here.
            compression=None,
            max_size=LARGEST,
            max_queue=1,
            open_timeout=OPENING,
            close_timeout=1.0,
            ping_interval=None,  # An evaluator listens only while it waits for an answer.
            server_header=None,
            create_connection=RoomyConnection,
            logger=silent,
        )
        return listening

    async def _finish(self) -> None:
        """Takes nobody else, and answers what is being answered, if that can be done soon."""
        self._ending = True
        until = time.monotonic() + CLOSING
        while self._answering and time.monotonic() < until:
            await asyncio.sleep(0.01)
        for task in self._answering:
            task.cancel()  # It waits for the agent, or for room in the queue to it.

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP)
            self._register.sweep(loop.time())

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Pages, or who may come in."""
        path = request.path.partition("?")[0]
        if path == "/health":
            return _page(http.HTTPStatus.OK, b"ok\n")
        if not self._may_enter(request.headers):
            self._gauges.refused.labels("token").inc()
            return _page(
                http.HTTPStatus.UNAUTHORIZED,
                b"a token is needed, and this is not it: set POLYATHLON_REMOTE_TOKEN"
                b" or POLYATHLON_REMOTE_TOKEN_FILE\n",
            )
        if path == "/metrics":
            self._gauges.episodes.set(self._register.episodes)
            self._gauges.clients.set(self._open)
            self._gauges.waiting.set(self._batcher.waiting)
            return _page(http.HTTPStatus.OK, self._gauges.text())
        if self._ending:
            return _page(http.HTTPStatus.SERVICE_UNAVAILABLE, b"the server ends\n")
        if self._open >= self._terms.max_clients:
            self._gauges.refused.labels("busy").inc()
            return _page(http.HTTPStatus.SERVICE_UNAVAILABLE, b"too many clients\n")
        return None

    def _may_enter(self, headers: Headers) -> bool:
        if not self._token:
            return True
        shown = headers.get_all("Authorization")
        return len(shown) == 1 and hmac.compare_digest(
            shown[0].encode("utf-8", "surrogateescape"), self._token
        )

    async def _converse(self, connection: ServerConnection) -> None:
        """One connection, from its hello to its end."""
        self._open += 1
        session: Session | None = None
        kept = True
        _watch_peer(connection)
        try:
            session = await self._greet(connection)
            if session is None:
                return
            while True:
                async with asyncio.timeout(self._terms.idle):
                    frame = await connection.recv()
                if self._ending:
                    break  # Nobody would answer: it is asked again where the server is back.
                await self._answer(connection, session, frame)
        except WireError as error:
            await self._send_away(connection, "protocol", str(error))
        except TimeoutError:
            await self._send_away(connection, "protocol", "nothing was said for too long")
        except ConnectionClosed as error:
            kept = error.rcvd is None or error.rcvd.code not in (1000, 1001)
        except asyncio.CancelledError:
            await connection.close(1001)
            raise
        finally:
            self._open -= 1
            if session is not None and session.connection is connection:
                until = asyncio.get_running_loop().time() + self._terms.keep
                self._register.leave(session, until if kept else None)

    async def _answer(
        self, connection: ServerConnection, session: Session, frame: str | bytes
    ) -> None:
        if isinstance(frame, str):
            raise WireError("a message in letters")
        request = decode_request(frame)
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            reply = await self._desk.reply(session, request)
            await connection.send(encode(reply))
        finally:
            self._answering.discard(task)

    async def _greet(self, connection: ServerConnection) -> Session | None:
        async with asyncio.timeout(OPENING):
            frame = await connection.recv()
        try:
            hello = decode_request(frame) if isinstance(frame, bytes) else None
        except WireError:
            hello = None
        spoken = hello.protocol if isinstance(hello, Hello) else _version_in(frame)
        if not isinstance(hello, Hello) or spoken != PROTOCOL:
            told = f"version {spoken}" if spoken is not None else "something else"
            raise WireError(f"this server speaks version {PROTOCOL} of the protocol, not {told}")
        before = self._register.sessions.get(hello.session)
        if before is not None and isinstance(before.connection, ServerConnection):
            before.connection.transport.abort()  # The client has given that one up.
        try:
            session = self._register.enter(hello.session, connection)
        except Busy as error:
            await self._send_away(connection, "busy", str(error))
            return None
        if before is session and session.episodes:
            self._gauges.resumed.inc()
        await connection.send(encode(self._desk.welcome(session)))
        return session

    async def _send_away(self, connection: ServerConnection, code: str, message: str) -> None:
        self._gauges.refused.labels(code).inc()
        with contextlib.suppress(ConnectionClosed):
            await connection.send(encode(Refused(id=0, code=code, message=message)))
            await connection.close(1008, code)


async def _end(hand: Hand, tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Lets nothing be waited for any more."""
    hand.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _version_in(frame: str | bytes) -> Any:
    """The version that a hello of another one states, if it is one."""
    try:
        found = msgspec.msgpack.decode(frame) if isinstance(frame, bytes) else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    version = found.get("protocol") if isinstance(found, dict) else None
    return version if type(version) is int else None


def _page(status: http.HTTPStatus, body: bytes) -> Response:
    headers = Headers()
    headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    headers["X-Content-Type-Options"] = "nosniff"
    return Response(status.value, status.phrase, headers, body)


def _watch_peer(connection: ServerConnection) -> None:
    """Lets the system notice a client whose machine is gone: we do not ping."""
    found = connection.transport.get_extra_info("socket")
    if found is None:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
