"""Asks a question of a throw-away process, which may crash, hang or babble without harm."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

import msgspec

ANSWER_LIMIT = 1 << 20
"""Bytes of output that are looked at, from the end [bytes]."""

GRACE = 5.0
"""How long a killed process may take to be gone [s]."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a throw-away process said, or what became of it.

    Attributes:
        values: the last line of its output that is a JSON object; empty where none is.
        trouble: why there is no answer, in a few words; empty where there is one.
        seconds: how long it took [s].
    """

    values: Mapping[str, Any] = {}
    trouble: str = ""
    seconds: float = 0.0


def ask(arguments: Sequence[str], timeout: float, environment: Mapping[str, str] = {}) -> Answer:
    """Runs this Python with ``arguments`` in a process of its own and reads its answer.

    Args:
        arguments: what follows ``python -P`` on the command line.
        timeout: how long it may take [s].
        environment: variables to set beside the present ones.
    """
    command = [sys.executable, "-P", *arguments]
    return ask_program(command, timeout, {**os.environ, **environment})


def ask_program(
    command: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None
) -> Answer:
    """Runs a program and reads its answer.

    It leads a session of its own, so that a time-out ends its children too. Its output goes to
    files: no amount of it can block either side.

    Args:
        command: the whole command line.
        timeout: how long it may take [s].
        environment: all of its variables; None for those of this process.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            return Answer(trouble=f"it does not start: {error.strerror or error}")
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            return Answer(trouble=f"no answer within {timeout:g} s", seconds=timeout)
        finally:
            _end(process)
        seconds = round(time.monotonic() - started, 3)
        values = _last_object(_tail(output))
        if values is not None:
            return Answer(values=values, seconds=seconds)
        return Answer(trouble=_what_became(code, _tail(errors)), seconds=seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    # The leader may be gone and its children not: the group is killed either way.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process stuck in a driver cannot be waited for; it is left to the system.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ANSWER_LIMIT))
    return file.read().decode(errors="replace")


def _last_object(text: str) -> dict[str, Any] | None:
    for line in reversed(text.splitlines()):
        try:
            found = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        if isinstance(found, dict):
            return found
    return None


def _what_became(code: int, errors: str) -> str:
    if code < 0:
        try:
            return f"the process was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"the process was ended by signal {-code}"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return f"the process ended with code {code}" + (f": {lines[-1][:300]}" if lines else "")
