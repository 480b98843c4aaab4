"""What it costs to ask a policy's server on loopback instead of an agent in the process."""

from __future__ import annotations

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


def _median(ask: Callable[[], Any]) -> float:
    """Of a call [ms]."""
    taken = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(taken)


@contextmanager
def _bare() -> Iterator[Callable[[bytes], Callable[[], Any]]]:
    server = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = f"ws://127.0.0.1:{int(server.stdout.readline())}"
        with open_socket(address, compression=None, proxy=None) as socket:

            def asking(data: bytes) -> Callable[[], Any]:
                return lambda: (socket.send(data), socket.recv())

            yield asking
    finally:
        server.kill()
        server.communicate()


def added(pairs: int) -> list[tuple[Any, ...]]:
    """Milliseconds a step at the median, in turn: added by a server, and of bare WebSockets."""
    keep_freed_memory()  # As `eval` does.
    rows = []
    dice = np.random.default_rng(0)
    here = RandomAgent()
    with process("random") as server, _bare() as asking:
        there = connect(server.address)
        for side in SIDES:
            pictures = dice.integers(0, 256, (2, side, side, 3), np.uint8)
            seen: dict[str, Any] = {"state": np.zeros(39, np.float32)}
            if side:
                seen |= {"rgb": pictures[0], "wrist": pictures[1]}
            bare = asking(pictures.tobytes() + bytes(200))
            found = []
            for agent in (here, there):
                agent.reset([0], [brief(0)])
                agent.act([seen], [0])
            for _ in range(pairs):
                served = _median(lambda: there.act([seen], [0]))  # noqa: B023
                inside = _median(lambda: here.act([seen], [0]))  # noqa: B023
                found.append((served - inside, _median(bare)))
            what = f"two pictures {side} x {side}" if side else "39 numbers"
            for name, one in zip(("", ", bare WebSockets"), zip(*found, strict=True), strict=True):
                rows.append((what + name, statistics.median(one), min(one), max(one)))
        there.close()
    return rows
