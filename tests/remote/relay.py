"""A bad network between a client and a server: messages come twice, late, and out of order."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class Relay:
    """Passes messages on, and old ones again before, between and after them.

    Args:
        port: of the server.
        seed: of its moods.

    Attributes:
        disorder: how often it did what a network should not.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._upstream, self._dice = f"ws://127.0.0.1:{port}", random.Random(seed)
        self.disorder = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(30)

    async def _run(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        async with serve(self._pass, "127.0.0.1", 0, compression=None, max_size=None,
                         close_timeout=0.2) as server:  # fmt: skip
            self.address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._ready.set()
            await self._stop.wait()

    async def _pass(self, client: Any) -> None:
        async with connect(self._upstream, compression=None, max_size=None, proxy=None) as server:
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

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)


@contextmanager
def relaying(port: int, seed: int) -> Iterator[Relay]:
    """A relay while the context lasts."""
    relay = Relay(port, seed)
    try:
        yield relay
    finally:
        relay.close()
