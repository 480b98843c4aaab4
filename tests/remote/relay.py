"""Bad networks between a client and a server: slow, silent for a while, or out of order."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class _Between:
    """Stands between, in a thread of its own, until it is closed.

    Args:
        port: of the server.
        seed: of its moods.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port, self._dice = port, random.Random(seed)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(30)

    async def _run(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        async with await self._listen() as server:
            self.address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._ready.set()
            await self._stop.wait()

    async def _listen(self) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()


class Relay(_Between):
    """Passes messages on, and old ones again before, between and after them.

    Attributes:
        disorder: how often it did what a network should not.
    """

    def __init__(self, port: int, seed: int) -> None:
        self.disorder = 0
        super().__init__(port, seed)

    async def _listen(self) -> Any:
        return await serve(
            self._pass, "127.0.0.1", 0, compression=None, max_size=None, close_timeout=0.2
        )

    async def _pass(self, client: Any) -> None:
        upstream = f"ws://127.0.0.1:{self._port}"
        async with connect(upstream, compression=None, max_size=None, proxy=None) as server:
            down = asyncio.ensure_future(self._down(server, client))
            greeted = False
            try:
                async for message in client:
                    await server.send(message)
                    if greeted and self._dice.random() < 0.3:
                        self.disorder += 1
                        await server.send(message)
                    greeted = True
            except ConnectionClosed:
                pass
            finally:
                down.cancel()

    async def _down(self, server: Any, client: Any) -> None:
        old: list[Any] = []
        try:
            await client.send(await server.recv())
            async for message in server:
                if old and self._dice.random() < 0.5:
                    self.disorder += 1
                    await client.send(self._dice.choice(old))
                await asyncio.sleep(self._dice.choice([0, 0, 0.002]))
                await client.send(message)
                old = [*old[-5:], message]
        except ConnectionClosed:
            await client.close()


class Trickle(_Between):
    """A slow wire: bytes come in small pieces and late, both ways; it can fall silent.

    Attributes:
        pieces: so many have passed.
    """

    LARGEST, LATEST = 400, 0.004
    """Of a piece [bytes], and how late it is at most [s]."""

    def __init__(self, port: int, seed: int) -> None:
        self.pieces = 0
        super().__init__(port, seed)

    async def _listen(self) -> Any:
        self._flowing = asyncio.Event()
        self._flowing.set()
        return await asyncio.start_server(self._pass, "127.0.0.1", 0)

    async def _pass(self, reader: Any, writer: Any) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(self._flow(reader, back), self._flow(there, writer))
        except asyncio.CancelledError:
            pass  # All is over.
        finally:
            for one in (writer, back):
                one.close()
                with contextlib.suppress(ConnectionError):
                    await one.wait_closed()

    async def _flow(self, reader: Any, writer: Any) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(self._dice.randrange(1, self.LARGEST)):
                await asyncio.sleep(self._dice.uniform(0, self.LATEST))
                await self._flowing.wait()
                self.pieces += 1
                writer.write(piece)
                await writer.drain()
        writer.close()

    def silence(self) -> None:
        """Nothing passes, and nobody is told."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def go_on(self) -> None:
        """What was on its way passes after all."""
        self._loop.call_soon_threadsafe(self._flowing.set)


@contextmanager
def relaying(port: int, seed: int) -> Iterator[Relay]:
    """A relay while the context lasts."""
    relay = Relay(port, seed)
    try:
        yield relay
    finally:
        relay.close()


@contextmanager
def trickling(port: int, seed: int) -> Iterator[Trickle]:
    """A slow wire while the context lasts."""
    wire = Trickle(port, seed)
    try:
        yield wire
    finally:
        wire.close()
