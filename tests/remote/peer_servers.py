"""Servers that speak openpi's, RoboArena's and vla-eval's protocols, for those packages' lack.

Each follows the upstream file that it names, message for message. ``peer_servers.py vla-eval PORT``
and ``... openpi PORT`` serve the same policies with the projects' own packages, for the proof.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

CHUNK = 4


def chunk(state: Any) -> Any:
    """What every policy here says: seven numbers, four steps ahead, all from the state."""
    start = float(np.sum(state)) % 1.0
    return np.array([[start + 0.01 * row - 0.1 * column for column in range(7)]
                     for row in range(CHUNK)], np.float32)  # fmt: skip


class Peer:
    """Serves one connection after another, all at once.

    Attributes:
        said: every message of every client, unpacked.
    """

    def __init__(self, kind: str, metadata: dict[str, Any], ping: float | None) -> None:
        self.kind, self.metadata, self.ping = kind, metadata, ping
        self.said: list[Any] = []
        self.fail = ""
        self.connections: list[Any] = []
        self.authorizations: list[str | None] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(30)

    async def _run(self) -> None:
        from websockets.asyncio.server import serve
        from websockets.exceptions import ConnectionClosed

        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        handler = self._vlaeval if self.kind == "vlaeval" else self._openpi

        async def handle(socket: Any) -> None:
            with suppress(ConnectionClosed):
                await handler(socket)

        async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None,
                         close_timeout=0.2, ping_interval=self.ping,
                         ping_timeout=self.ping) as server:  # fmt: skip
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _openpi(self, socket: Any) -> None:
        """openpi's ``websocket_policy_server.py``, RoboArena's ``policy_server.py``."""
        from polyathlon.agents.remote.foreign import pack, unpack

        self.connections.append(socket)
        self.authorizations.append(socket.request.headers.get("Authorization"))
        await socket.send(pack(self.metadata, binary=True))
        async for frame in socket:
            seen = unpack(frame)
            self.said.append(seen)
            if self.fail:
                await socket.send(f"Traceback (most recent call last):\n  secret\n{self.fail}")
                await socket.close(1011)
                return
            if self.kind == "roboarena" and seen["endpoint"] == "reset":
                await socket.send("reset successful")
                continue
            actions = chunk(seen["observation/state"])
            arena = self.kind == "roboarena"
            timed = {"actions": actions, "server_timing": {"infer_ms": 0.1}}
            await socket.send(pack(actions if arena else timed, binary=True))

    async def _vlaeval(self, socket: Any) -> None:
        """vla-eval's ``model_servers/serve.py``, with a server that plays one action at a time."""
        from polyathlon.agents.remote.foreign import pack, unpack

        self.connections.append(socket)
        waiting: list[Any] = []

        async def say(kind: str, payload: Any, number: int) -> None:
            message = {"type": kind, "payload": payload, "seq": number, "timestamp": 0.0}
            await socket.send(pack(message, binary=False))

        async for frame in socket:
            said = unpack(frame)
            self.said.append(said)
            kind, number = said["type"], said["seq"]
            if kind == "hello":
                await say("hello", self.metadata, number)
            elif kind == "episode_start":
                waiting = []
            elif kind == "observation" and self.fail:
                await say("error", {"error": self.fail}, number)
            elif kind == "observation":
                waiting = waiting or list(chunk(said["payload"]["states"]))
                await say("action", {"actions": waiting.pop(0)}, number)

    def cut(self) -> None:
        """Breaks every connection."""
        done = threading.Event()

        def abort() -> None:
            for socket in self.connections:
                socket.transport.abort()
            done.set()

        self._loop.call_soon_threadsafe(abort)
        assert done.wait(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)


@contextmanager
def peer(kind: str, ping: float | None = 20.0, **metadata: Any) -> Iterator[Peer]:
    """A server while the context lasts."""
    made = Peer(kind, metadata, ping)
    try:
        yield made
    finally:
        made.close()


def _serve_vla_eval(port: int) -> None:
    """With vla-eval's own package."""
    from vla_eval.model_servers.predict import PredictModelServer
    from vla_eval.model_servers.serve import serve
    from vla_eval.specs import GRIPPER_CLOSE_POS, POSITION_DELTA, ROTATION_AA

    class Toy(PredictModelServer):
        def predict(self, obs: Any, ctx: Any) -> Any:
            return {"actions": chunk(obs["states"])}

        def get_action_spec(self) -> Any:
            return {"position": POSITION_DELTA, "rotation": ROTATION_AA,
                    "gripper": GRIPPER_CLOSE_POS}  # fmt: skip

        def get_observation_spec(self) -> Any:
            return {}

    serve(Toy(chunk_size=CHUNK), host="127.0.0.1", port=port)


def _serve_openpi(port: int) -> None:
    """With openpi-client's own codec, around the loop of openpi's server."""
    import websockets.asyncio.server
    from openpi_client import msgpack_numpy

    async def handle(socket: Any) -> None:
        packer = msgpack_numpy.Packer()
        await socket.send(packer.pack({"model": "toy"}))
        async for frame in socket:
            seen = msgpack_numpy.unpackb(frame)
            assert seen["observation/image"].shape == (224, 224, 3)
            assert isinstance(seen["prompt"], str)
            await socket.send(packer.pack({"actions": chunk(seen["observation/state"])}))

    async def run() -> None:
        async with websockets.asyncio.server.serve(
            handle, "127.0.0.1", port, compression=None, max_size=None
        ) as server:
            await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    {"vla-eval": _serve_vla_eval, "openpi": _serve_openpi}[sys.argv[1]](int(sys.argv[2]))
