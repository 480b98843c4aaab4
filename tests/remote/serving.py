"""Real servers on loopback, in a thread or as a process, and episodes played on them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from polyathlon.agents.remote import wire
from polyathlon.agents.remote.player import RemoteAgent
from polyathlon.agents.remote.server import PolicyServer, Terms
from polyathlon.agents.remote.setting import read_setting
from polyathlon.agents.remote.wire import Asked, Opening
from polyathlon.core.manifest import AgentRecord
from polyathlon.core.specs import Brief, Embodiment

HERE = Path(__file__).resolve().parent

BODY = Embodiment(
    id="toy", kind="continuous", action_names=("x", "y"), action_units=("m", "m"),
    low=(-1.0, -1.0), high=(1.0, 1.0),
)  # fmt: skip
SPACE = spaces.Box(-1, 1, (2,), np.float32)


def brief(seed: int, space: Any = SPACE, body: Embodiment = BODY) -> Brief:
    """What an episode begins with."""
    return Brief(
        instruction=f"episode {seed}", embodiment=body, action_space=space,
        max_episode_steps=100, agent_seed=seed,
    )  # fmt: skip


class Served:
    """A server that runs in a thread."""

    def __init__(self, agent: Any, terms: Terms, token: str, tls: Any) -> None:
        record = AgentRecord(
            name="toy", path=f"{type(agent).__module__}:{type(agent).__qualname__}",
            dialect="native", observations=getattr(agent, "observations", None),
        )  # fmt: skip
        self._server = PolicyServer(agent, record, terms, token, tls)
        self._ready = threading.Event()
        self._scheme = "wss" if tls else "ws"
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(30), self.error

    def _run(self) -> None:
        async def serve() -> None:
            self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
            await self._server.run(self._stop, self._listen)

        try:
            asyncio.run(serve())
        except BaseException as error:
            self.error = error
            self._ready.set()

    def _listen(self, port: int) -> None:
        self.port = port
        self._ready.set()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def cut(self) -> int:
        """Breaks every connection as a network does; how many there were."""
        cut = threading.Event()
        count = 0

        def abort() -> None:
            nonlocal count
            for session in self._server._register.sessions.values():
                if session.connection is not None:
                    session.connection.transport.abort()
                    count += 1
            cut.set()

        self._loop.call_soon_threadsafe(abort)
        assert cut.wait(30)
        return count

    @property
    def open_episodes(self) -> int:
        """Episodes that it has."""
        return self._server._register.episodes

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.error is None, self.error


@contextmanager
def serving(agent: Any, token: str = "", tls: Any = None, **terms: Any) -> Iterator[Served]:
    """A server while the context lasts."""
    served = Served(agent, Terms(port=0, **terms), token, tls)
    try:
        yield served
    finally:
        served.close()


def connect(address: str, **environment: str) -> RemoteAgent:
    """A client, with the environment's variables given by their last word."""
    named = {f"POLYATHLON_REMOTE_{name}": value for name, value in environment.items()}
    return RemoteAgent(read_setting(address, named))


class Process:
    """``polyathlon serve`` as a process of its own, at a port that stays through restarts."""

    def __init__(self, agent: str, *options: str, environment: Mapping[str, str] = {}) -> None:
        self._command = [sys.executable, "-P", "-m", "polyathlon.cli", "serve", agent, *options]
        self._environment = {**os.environ, **environment}
        path = [str(HERE), self._environment.get("PYTHONPATH", "")]
        self._environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        self.port = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*self._command, "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._environment,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"wss?://\S+:(\d+)", line)
        assert found, line + (self.process.communicate()[1] if not line else "")
        self.address, self.port = found[0], int(found[1])

    def kill(self) -> None:
        """As the out-of-memory killer does."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> tuple[int, str, str]:
        """As a batch system does: exit code, and what it printed."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextmanager
def process(agent: str, *options: str, environment: Mapping[str, str] = {}) -> Iterator[Process]:
    """A server process while the context lasts."""
    made = Process(agent, *options, environment=environment)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.kill()


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Waits until something holds, and returns it; the time is a net, not a promise."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


class Echo:
    """Remembers each episode: the action tells seed, turn, and the sum of all it was shown."""

    dialect = "native"
    observations: Any = None

    def __init__(self) -> None:
        self.episodes: dict[int, list[float]] = {}
        self.batches: list[int] = []

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        for slot, one in zip(slots, briefs, strict=True):
            self.episodes[slot] = [one.agent_seed, 0.0, 0.0]

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        self.batches.append(len(slots))
        actions = []
        for seen, slot in zip(observations, slots, strict=True):
            episode = self.episodes[slot]
            episode[1] += 1
            episode[2] += float(np.sum(seen["state"]))
            actions.append(np.array(episode, np.float64))
        return actions


class answering:  # noqa: N801 - used as a context
    """A port that says the same to everybody; None says nothing."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"ws://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        with connection:
            connection.recv(10_000)
            if self._answer is None:
                self._gone.wait(30)
            else:
                connection.sendall(self._answer)

    def __exit__(self, *_: Any) -> None:
        self._gone.set()
        self._thread.join()
        self._socket.close()


class Hanging(Echo):
    """Never answers."""

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        time.sleep(600)
        return []


class Raw:
    """A client that says what it likes."""

    def __init__(self, address: str) -> None:
        from websockets.sync.client import connect

        self._context = connect(address, compression=None, proxy=None)
        self.socket = self._context.__enter__()

    def say(self, message: Any) -> Any:
        """Sends a message, or a frame as it is, and returns the answer."""
        self.socket.send(message if isinstance(message, bytes | str) else wire.encode(message))
        return self.hear()

    def hear(self) -> Any:
        """What the server says next."""
        return wire.decode_reply(self.socket.recv(timeout=30))  # type: ignore[arg-type]

    def hello(self, session: str = "") -> Any:
        """Greets."""
        return self.say(wire.Hello(protocol=1, client="raw", session=session))

    def close(self) -> None:
        """Goes."""
        self._context.__exit__(None, None, None)


def seen(*numbers: float) -> dict[str, Any]:
    return {"state": np.array(numbers, np.float64), "instruction": "go"}


def page(address: str, path: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(address.replace("ws", "http", 1) + path)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def opening(number: int, space: Any = None, **layout: str) -> Opening:
    data = space or {"kind": "box", "dtype": "<f4", "shape": [2], "low": -1.0, "high": 1.0}
    return Opening(
        episode=number, instruction="go", embodiment=BODY, action_space=data,
        max_episode_steps=9, agent_seed=number, layout=layout or {"state": "<f8[1]"},
    )  # fmt: skip


def asked(number: int, turn: int, value: float = 1.0) -> Asked:
    return Asked(episode=number, turn=turn, observation={"state": np.array([value])})
