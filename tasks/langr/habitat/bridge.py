"""Starts the process of habitat-sim, speaks with it, and is never left waiting or with it.

Every answer has a deadline; a process that dies, hangs or speaks nonsense is ended with all of its
children and named as a :class:`WorkerFault`, so that an evaluation tries the episode again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from ....core.errors import WorkerFault
from .frame import PREFIX, BadFrame, measure, pack, unpack
from .settings import ADD_PHYSICS, HabitatUnavailable, environment

LONGEST_LOG = 1 << 20
"""What the process printed is cut to nothing when it is longer than this [bytes]."""

GRACE = 5.0
"""How long a killed process may take to be gone [s]."""


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long the process may take, of our own design.

    Attributes:
        hello: to start and to import habitat-sim [s].
        load: to enter a scene; the first builds the simulator [s].
        draw: for one picture [s].
        close: to end by itself, before it is ended [s].
    """

    hello: float = 120.0
    load: float = 300.0
    draw: float = 60.0
    close: float = 3.0


class Bridge:
    """One process of habitat-sim. It starts at once and says what it is.

    Args:
        command: program and arguments; its standard input is the line.
        folder: where it runs.
        startup: how long it may take to answer for the first time [s].

    Attributes:
        about: what runs there: versions of ``python``, ``numpy`` and ``habitat_sim``.

    Raises:
        HabitatUnavailable: it cannot be started, or has no habitat-sim with physics.
        WorkerFault: it starts and does not answer as it should.
    """

    def __init__(self, command: Sequence[str], folder: Path, startup: float) -> None:
        ours, theirs = socket.socketpair()
        log = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - closed with the process
        try:
            process = subprocess.Popen(
                list(command),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            log.close()
            raise HabitatUnavailable(f"{command[0]} does not start: {error}") from error
        finally:
            theirs.close()
        self._process, self._line, self._log, self._number = process, ours, log, 0
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end, process, ours, log, self._owner)
        try:
            self.about, _ = self.call("hello", startup)
        except BaseException:
            self._end()
            raise
        if not self.about.get("bullet"):
            self._end()
            raise HabitatUnavailable(
                f"the habitat-sim of {command[0]} has no physics, which everything with joints "
                f"needs. Type: {ADD_PHYSICS}"
            )

    @property
    def pid(self) -> int:
        """The process's number, which is its group's too."""
        return int(self._process.pid)

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._end.alive

    def call(
        self,
        call: str,
        seconds: float,
        header: Mapping[str, Any] = {},
        arrays: Mapping[str, Any] = {},
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Asks, and waits for the answer.

        Args:
            call: ``hello``, ``load``, ``draw`` or ``close``.
            seconds: how long it may take [s].
            header: further words of the request, as for JSON.
            arrays: its arrays by name.

        Returns:
            Words and arrays of the answer.

        Raises:
            HabitatUnavailable: it was refused for a reason that can be mended.
            WorkerFault: the process died, kept silent, spoke nonsense or failed; it is ended.
        """
        if not self._end.alive:
            raise WorkerFault("worker-died", "habitat-sim's process has ended; reset to start anew")
        if os.getpid() != self._owner:
            raise WorkerFault("protocol", "habitat-sim's process is spoken with by another process")
        self._number += 1
        request = pack({**header, "call": call, "number": self._number}, arrays)
        try:
            answer, values = self._exchange(request, time.monotonic() + seconds)
            if answer.get("number") != self._number or not isinstance(answer.get("ok"), bool):
                raise BadFrame("it is no answer to what was asked")
        except TimeoutError:
            kind = "startup-timeout" if call == "hello" else "step-timeout"
            raise self._fault(kind, f"no answer to '{call}' within {seconds:g} s") from None
        except BadFrame as error:
            raise self._fault("protocol", f"the answer to '{call}' is broken: {error}") from error
        except (EOFError, ConnectionError):
            raise self._fault("worker-died", f"it ended during '{call}'") from None
        except BaseException:
            self._end()  # An answer that nobody took would be taken for the next.
            raise
        if answer["ok"]:
            return answer, values
        told = str(answer.get("error"))[:2000]
        if answer.get("refused"):
            raise HabitatUnavailable(f"habitat-sim: {told}")
        raise self._fault("env-raised", f"'{call}' failed: {told}")

    def close(self, seconds: float) -> None:
        """Asks it to end, and ends it; may be called twice.

        Args:
            seconds: how long it may take by itself [s].
        """
        if self._end.alive and os.getpid() == self._owner:
            until = time.monotonic() + seconds
            with contextlib.suppress(WorkerFault, HabitatUnavailable):
                self.call("close", seconds)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(until - time.monotonic(), 0.01))
        self._end()

    def _exchange(self, request: bytes, until: float) -> tuple[dict[str, Any], dict[str, Any]]:
        self._line.settimeout(_left(until))
        self._line.sendall(request)
        header, body = measure(self._receive(PREFIX.size, until))
        answer = unpack(self._receive(header, until), self._receive(body, until))
        if os.fstat(self._log.fileno()).st_size > LONGEST_LOG:
            os.ftruncate(self._log.fileno(), 0)
        return answer

    def _receive(self, size: int, until: float) -> bytes:
        parts = []
        while size:
            self._line.settimeout(_left(until))
            part = self._line.recv(min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _fault(self, kind: str, what: str) -> WorkerFault:
        """Ends the process and says what became of it."""
        if kind == "worker-died":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)
        code = self._process.poll()
        words = _last_words(self._log)
        self._end()
        told = f"habitat-sim: {what}{_became(code)}"
        return WorkerFault(kind, f"{told}; it said: {words}" if words else told)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _last_words(log: IO[bytes]) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
    return " / ".join(line for line in lines[-8:] if line)[-600:]


def _became(code: int | None) -> str:
    if code is None:
        return ""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f", by {signal.Signals(-code).name}"
    return f", with code {code}"


def _end(process: subprocess.Popen[bytes], line: socket.socket, log: IO[bytes], owner: int) -> None:
    """Ends the process with its children; runs once, at the latest when the interpreter ends."""
    line.close()
    log.close()
    if os.getpid() != owner:
        return  # A fork of the owner: the process is not its own.
    # The leader may be gone and its children not: the group is killed either way.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process stuck in a driver cannot be waited for; it is left to the system.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
