"""Commands in processes of their own that have their imports before they are asked for.

A start of ``polyathlon`` is a second of imports, several where torch is among them, and tests type
hundreds of commands. Here one process imports, and a fork of it runs each command: with a folder,
an environment and an output of its own, and with nothing left of the command before.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PLAY = ("polyathlon.cli.evaluate", "polyathlon.cli.report", "polyathlon.cli.replay")
"""What most commands import."""

LEARN = (*PLAY, "torch._dynamo", "polyathlon.cli.train", "polyathlon.agents.offline.player")
"""What those import that learn, or play what has learnt; the first is every optimizer's."""


class WarmPython:
    """A process that has imported some modules, and forks.

    Args:
        modules: their names.
        path: the variable PYTHONPATH under which they are found.
    """

    def __init__(self, modules: Sequence[str], path: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )
        atexit.register(self.close)

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; it is killed when its time is up [s]."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = (Path(folder) / name for name in ("out", "err"))
            order = {
                "arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment),
                "out": str(out), "err": str(err),
            }  # fmt: skip
            self._tell(order)
            timer = threading.Timer(timeout, os.kill, (int(self._answer()), signal.SIGKILL))
            timer.start()
            code = int(self._answer())
            timer.cancel()
            return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())

    def _tell(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks is gone"
        return line

    def close(self) -> None:
        """Ends the process; what it forked has ended before."""
        self._process.communicate()


@functools.cache
def warm_python(modules: tuple[str, ...], path: str) -> WarmPython:
    """The process with those modules, which all tests of this one share."""
    return WarmPython(modules, path)


def _fork_as_told() -> dict[str, Any]:
    """Forks for each line that comes in; returns in the fork alone, with what it is to do."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            order: dict[str, Any] = json.loads(line)
            return order
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    raise SystemExit


def _become(order: Mapping[str, Any]) -> None:
    """Takes on the folder, the environment and the output of a command."""
    opened = (
        os.open(os.devnull, os.O_RDONLY),
        *(os.open(order[name], os.O_WRONLY | os.O_CREAT) for name in ("out", "err")),
    )
    for standard, descriptor in enumerate(opened):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["polyathlon", *order["arguments"]]


if __name__ == "__main__":
    for module in sys.argv[1:]:
        importlib.import_module(module)
    from polyathlon.cli import main

    _become(_fork_as_told())
    main(sys.argv[1:])
