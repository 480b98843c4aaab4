"""The parent's view of one worker: starts it, listens to it, and ends it for certain."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from ...core.errors import AgentFailed, PolyathlonError, WorkerFault
from ...core.spaces import Space, space_from_data
from ...core.specs import TaskSpec
from ...tasks import graphics_card, interpreter
from .channel import (
    BUSY,
    OVER,
    PARENT_SLEEPS,
    PROGRESS,
    REQUEST,
    RESPONSE,
    STATUS,
    WORKER_SLEEPS,
    Channel,
    make_memory,
)
from .message import Control, Finished, FromWorker, Play, Quit, Raised, Ready, Setup

WORKER = "polyathlon-worker"
"""The interpreter's option (``-X``) by which the package knows not to register its tasks."""

BOOT = """
import json, sys
path = json.loads(sys.argv.pop(1))
try:
    import polyathlon
except ImportError:
    sys.path[:] = path
from polyathlon.benchmarks.workers import process
sys.path[:] = path
process.main(sys.argv[1:])
"""
"""Starts a worker: first the package as it is installed, then the parent's whole import path, so
that a stray ``polyathlon.py`` in the current folder is not taken for it."""

BOOT_ELSEWHERE = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
from polyathlon.benchmarks.workers import process
process.main(sys.argv[1:])
"""
"""Starts one in another Python, which has an import path of its own."""

LAST_WORDS = 1500
"""How much of a dead worker's output goes into the fault [bytes]."""

LOG_LIMIT = 1 << 22
"""A worker's output is cut back to nothing when it exceeds this [bytes]."""


LEAVING = 0.5
"""Time that a worker has to end by itself when one of another Python takes its place [s]."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlines held by the parent [s]. ``episode`` counts the environment's time alone."""

    startup: float = 180.0
    step: float = 60.0
    episode: float = 3600.0


class State(enum.Enum):
    """What a slot is doing."""

    EMPTY = "no process"
    SETTING_UP = "making an environment"
    IDLE = "waiting for an episode"
    BUSY = "the environment is at work"
    WAITING = "waiting for an action"


class Event(NamedTuple):
    """Something a slot has to say: a message, an observation, or the fault that ended it."""

    slot: Slot
    what: Ready | Finished | WorkerFault | dict[str, Any]


class Slot:
    """One worker process and the channel to it.

    Args:
        number: the slot's number, as agents know it.
        limits: the deadlines.
        interpreters: family to the Python that plays it, where it is not this one.
    """

    def __init__(self, number: int, limits: Limits, interpreters: Mapping[str, str] = {}) -> None:
        self.number, self.limits = number, limits
        self._interpreters, self._python = interpreters, sys.executable
        self.state = State.EMPTY
        self.spec: TaskSpec | None = None
        self.action_space: Space | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def _start(self, python: str) -> None:
        """Starts the process. Its output goes to an anonymous file, for its last words."""
        mine, theirs = socket.socketpair()
        wake_worker, wake_parent = os.pipe(), os.pipe()
        memory = make_memory()
        for descriptor in (*wake_worker, *wake_parent):
            os.set_blocking(descriptor, False)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        passed = (theirs.fileno(), memory, wake_parent[1], wake_worker[0])
        with theirs:
            self.process = subprocess.Popen(
                _command(python) + [str(number) for number in (os.getpid(), *passed)],
                pass_fds=passed,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
                env=worker_environment(_surroundings(python), self.number),
            )
        os.close(wake_parent[1])
        os.close(wake_worker[0])
        self.control = Control(mine, FromWorker)
        self.channel = Channel(
            memory, wake_worker[1], wake_parent[0], mine=PARENT_SLEEPS, theirs=WORKER_SLEEPS
        )
        self._descriptors = [memory, wake_worker[1], wake_parent[0]]
        self._seen = self.channel.words[RESPONSE]
        self.state, self.spec, self._python = State.IDLE, None, python

    def set_up(self, spec: TaskSpec, kwargs: Mapping[str, Any], spin: float) -> None:
        """Asks for an environment; the slot is busy until ``Ready`` comes.

        Where there is no process yet, or one of another Python than the family's, one is started.
        """
        python = self._interpreters.get(spec.family, sys.executable)
        if self.process is not None and python != self._python:
            self.ask_to_quit()
            self.end(LEAVING)
        if self.process is None:
            self._start(python)
        self.spec = spec
        self._order(Setup(spec=spec, kwargs=kwargs, spin=spin), State.SETTING_UP)

    def play(self, order: Play) -> None:
        """Asks for an episode."""
        if os.fstat(self._log.fileno()).st_size > LOG_LIMIT:
            self._log.truncate(0)
        self._order(order, State.BUSY)

    def _order(self, order: Setup | Play, state: State) -> None:
        self.state = state
        self._sign_of_life = time.monotonic()
        self._progress = self.channel.words[PROGRESS]
        with contextlib.suppress(OSError):  # A dead worker is noticed by look().
            self.control.send(order)

    def act(self, action: Any) -> None:
        """Hands over a checked action."""
        self.channel.write_action(action)
        self.state = State.BUSY
        self._sign_of_life = time.monotonic()
        self.channel.signal(REQUEST)

    @property
    def at_work(self) -> bool:
        """Whether something is to be expected of it."""
        return self.state is State.BUSY or self.state is State.SETTING_UP

    def has_spoken(self) -> bool:
        """Whether its counter moved; costs next to nothing."""
        return self.channel.words[RESPONSE] != self._seen

    def is_gone(self) -> bool:
        """Whether the process is dead or has hung up."""
        try:
            return not self.control.peek() or self._exit_code(patience=0.0) is not None
        except OSError:
            return True

    def listen(self) -> Event:
        """What it has said, or the fault that it is gone; after ``has_spoken`` or ``is_gone``."""
        try:
            if not self.has_spoken():
                return Event(self, self._death())
            self._seen = self.channel.words[RESPONSE]
            if self.channel.words[STATUS] != OVER:
                self.state = State.WAITING
                return Event(self, self.channel.read_observation())
            return self._hear(self.control.receive())
        except EOFError:
            return Event(self, self._death())
        except WorkerFault as fault:
            return Event(self, fault)

    def _hear(self, message: Ready | Finished | Raised) -> Event:
        self.state = State.IDLE
        if isinstance(message, Ready):
            self.channel.remap(message.memory, message.observation, message.action)
            self.action_space = space_from_data(message.action_space)
        elif isinstance(message, Raised):
            if message.user:
                raise PolyathlonError(message.message)
            where = f"{self.spec.id}: " if self.spec else ""
            if message.kind == "agent-raised":
                raise AgentFailed(f"{where}{message.message}", message.traceback)
            return Event(self, WorkerFault(message.kind, f"{where}{message.message}"))
        return Event(self, message)

    def overdue(self, now: float) -> WorkerFault | None:
        """The deadline that has passed, if one has. Called now and then, not every step."""
        if not self.at_work or self.has_spoken():
            return None  # It has answered; that the agent was slow to look is not its fault.
        progress = self.channel.words[PROGRESS]
        silent = now - self._sign_of_life
        name = self.spec.id if self.spec else "?"
        if self.state is State.SETTING_UP:
            if silent > self.limits.startup:
                return WorkerFault(
                    "startup-timeout", f"{name} not made in {self.limits.startup:g} s"
                )
            return None
        if progress != self._progress:  # The oracle plays in there: each step is a sign of life.
            self._progress, self._sign_of_life, silent = progress, now, 0.0
        if silent > self.limits.step:
            return WorkerFault("step-timeout", f"{name}: no answer in {self.limits.step:g} s")
        if self.channel.words[BUSY] * 1e-9 + silent > self.limits.episode:
            return WorkerFault(
                "episode-timeout", f"{name}: over {self.limits.episode:g} s in the world"
            )
        return None

    def _death(self) -> WorkerFault:
        code = self._exit_code(patience=2.0)
        if code is None:
            how = "closed its socket and lives on"
        elif code < 0:
            name = signal.Signals(-code).name
            how = f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        else:
            how = f"ended with exit code {code}"
        words = self.last_words()
        name = self.spec.id if self.spec else "the worker"
        how = f"{name}: its process {how}"
        return WorkerFault("worker-died", how + (f"; its last words: {words}" if words else ""))

    def last_words(self) -> str:
        """The end of what the worker printed."""
        size = os.fstat(self._log.fileno()).st_size
        tail = os.pread(self._log.fileno(), LAST_WORDS, max(0, size - LAST_WORDS))
        return tail.decode(errors="replace").strip()

    def _exit_code(self, patience: float) -> int | None:
        """The exit code, without reaping: until reaped its id, and its group's, stay its own."""
        assert self.process is not None
        deadline = time.monotonic() + patience
        while True:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            found = os.waitid(os.P_PID, self.process.pid, options)
            if found is not None:
                return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
            if time.monotonic() > deadline:
                return None
            time.sleep(0.005)

    def ask_to_quit(self) -> None:
        """Asks politely; ``end`` does not depend on an answer."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.control.send(Quit())

    def kill(self) -> None:
        """Kills the process, from any thread; who listens to it hears so, and ends the rest."""
        process = self.process
        if process is not None:
            process.kill()

    def end(self, patience: float = 0.0) -> None:
        """Ends the process and everything it started; can be called twice.

        SIGKILL goes to the whole process group: a worker that ignores SIGTERM has no say.

        Args:
            patience: time for it to end by itself [s].
        """
        if self.process is None:
            return
        self._exit_code(patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        self.control.close()
        self.channel.release()
        self._log.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self.state, self.spec = State.EMPTY, None


def _command(python: str) -> list[str]:
    if python == sys.executable:
        return [python, "-P", "-X", WORKER, "-c", BOOT, json.dumps(import_path())]
    return interpreter.command(python, BOOT_ELSEWHERE)


def _surroundings(python: str) -> Mapping[str, str]:
    return os.environ if python == sys.executable else interpreter.surroundings(python)


def worker_environment(environment: Mapping[str, str], slot: int) -> dict[str, str]:
    """The environment variables of a worker: one thread for each library, and its number.

    A slot is a core's worth of work; libraries that start a thread a core would only fight. By
    its number it takes its turn among the graphics cards.
    """
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**single, **environment, graphics_card.SLOT: str(slot)}


def import_path() -> list[str]:
    """This process's import path with the current folder by its name."""
    return [entry or os.getcwd() for entry in sys.path]
