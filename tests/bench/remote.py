"""What it costs to ask a policy's server on loopback instead of an agent in the process."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from serving import brief, connect, process
from websockets.sync.client import connect as open_socket

from polyathlon.agents.uniform import RandomAgent
from polyathlon.core.memory import keep_freed_memory

STEPS = 200
SIDES = (0, 84, 224, 256)

BARE = """
import asyncio
from websockets.asyncio.server import serve

async def handle(socket):
    async for _ in socket:
        await socket.send(bytes(64))

async def main():
    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

asyncio.run(main())
"""
"""A server that answers whatever comes with 64 bytes: the transport, and nothing else."""

PLAIN = """
import socket, sys

with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    caller, _ = listening.accept()
caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    left = memoryview(bytearray(int.from_bytes(caller.recv(4, socket.MSG_WAITALL), "big")))
    while left:
        left = left[caller.recv_into(left):]
    caller.sendall(bytes(64))
"""
"""The same without WebSockets: four bytes of length, and the system's own copies."""


def _median(ask: Callable[[], Any]) -> float:
    """Of a call [ms]."""
    taken = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(taken)


@contextmanager
def _server(program: str) -> Iterator[int]:
    """The port of a program that serves and says where."""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


@contextmanager
def _bare() -> Iterator[Callable[[bytes], Callable[[], Any]]]:
    with (
        _server(BARE) as port,
        open_socket(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as bare,
    ):

        def asking(data: bytes) -> Callable[[], Any]:
            return lambda: (bare.send(data), bare.recv())

        yield asking


@contextmanager
def _plain() -> Iterator[Callable[[bytes], Callable[[], Any]]]:
    with _server(PLAIN) as port, socket.create_connection(("127.0.0.1", port)) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def asking(data: bytes) -> Callable[[], Any]:
            whole = len(data).to_bytes(4, "big") + data
            return lambda: (plain.sendall(whole), plain.recv(64))

        yield asking


def added(pairs: int) -> list[tuple[Any, ...]]:
    """Milliseconds a step at the median, in turn: added by a server, and of the bare transports."""
    keep_freed_memory()  # As `eval` does.
    rows = []
    dice = np.random.default_rng(0)
    here = RandomAgent()
    with process("random") as server, _bare() as asking, _plain() as plainly:
        there = connect(server.address)
        for side in SIDES:
            pictures = dice.integers(0, 256, (2, side, side, 3), np.uint8)
            seen: dict[str, Any] = {"state": np.zeros(39, np.float32)}
            if side:
                seen |= {"rgb": pictures[0], "wrist": pictures[1]}
            data = pictures.tobytes() + bytes(200)
            bare, plain = asking(data), plainly(data)
            found = []
            for agent in (here, there):
                agent.reset([0], [brief(0)])
                agent.act([seen], [0])
            for _ in range(pairs):
                served = _median(lambda: there.act([seen], [0]))  # noqa: B023
                inside = _median(lambda: here.act([seen], [0]))  # noqa: B023
                found.append((served - inside, _median(bare), _median(plain)))
            what = f"two pictures {side} x {side}" if side else "39 numbers"
            names = ("", ", bare WebSockets", ", a plain socket")
            for name, one in zip(names, zip(*found, strict=True), strict=True):
                rows.append((what + name, statistics.median(one), min(one), max(one)))
        there.close()
    return rows
