"""Rows of the fault matrix in which the evaluator itself, its folder or its agent is struck."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from trial import Row, Seen  # It first: it finds the others.

from conftest import CommandLine, alive, wait_until  # isort: skip

LINES = 12
COMMAND = ("eval", "faulty.sound,faulty.sound-discrete", "--episodes", "6", "--video", "0",
           "--slots", "2", "--set", "rest_seconds=0.02", "--out", "run")  # fmt: skip

HANGING = """
import pathlib, time
from polyathlon.agents.uniform import RandomAgent

class Agent(RandomAgent):
    calls = 0
    def act(self, observations, slots):
        self.calls += 1
        marker = pathlib.Path("hung")
        if self.calls == int(pathlib.Path("moment").read_text()) and not marker.exists():
            marker.touch()
            time.sleep(600)
        return super().act(observations, slots)
"""

HOLDING = """
import pathlib, time
from polyathlon.agents.uniform import RandomAgent

class Agent(RandomAgent):
    def act(self, observations, slots):
        pathlib.Path("held").touch()
        while not pathlib.Path("released").exists():
            time.sleep(0.02)
        return super().act(observations, slots)
"""

LATEST = 100
"""A run asks the agent 120 times at least, for two slots at once."""

Told = dict[Any, Any]


def _lines(folder: Path) -> int:
    path = folder / "run" / "episodes.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def told(folder: Path) -> Told:
    """What the journal of a run is evidence of."""
    found: Told = {}
    for line in (folder / "run" / "episodes.jsonl").read_text().splitlines():
        one = json.loads(line)["episode"]
        key = one["plan"]["task"], one["plan"]["index"]
        found[key] = (one["outcome"], one["total_reward"], one["steps"], one["reward_digest"],
                      one["start_digest"], one["end_digest"], one["trace"]["digest"],
                      key in found)  # fmt: skip
    return found


@contextlib.contextmanager
def line_in(
    agent: str = "random", *more: str
) -> Iterator[tuple[CommandLine, Path, tuple[str, ...]]]:
    """A command line, its folder, and the command."""
    with tempfile.TemporaryDirectory() as folder:
        line = CommandLine(Path(folder), warm=True)
        (Path(folder) / "hanging.py").write_text(HANGING)
        (Path(folder) / "holding.py").write_text(HOLDING)
        try:
            yield line, Path(folder), (*COMMAND, "--agent", agent, *more)
        finally:
            line.close()


@functools.cache
def undisturbed() -> Told:
    """The same of a run that was left alone."""
    with line_in() as (line, folder, command):
        done = line.run(*command)
        assert done.returncode == 0, done.stderr
        return told(folder)


def lingering(folder: Path) -> list[int]:
    """Processes that stand in a folder: of a run that is over there is to be none."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(one.cwd()).is_relative_to(folder):
                found.append(one.pid)
    return alive(found)


def nothing() -> Sequence[int]:
    """No further processes."""
    return ()


def go_on(line: CommandLine, folder: Path, command: Sequence[str], noticed: float | None,
          equal: bool = True, more: Callable[[], Sequence[int]] = nothing) -> Seen:  # fmt: skip
    """The same command goes on; what has come of it in the end.

    Args:
        line: the command line.
        folder: where it stands.
        command: the command.
        noticed: after how long; None to wait for the processes of the folder to be gone.
        equal: whether all was as promised until now.
        more: further processes that are to be gone.
    """
    begun, elsewhere = time.monotonic(), more is not nothing
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not lingering(folder) and not more(), 30.0)
    noticed = time.monotonic() - begun if noticed is None else noticed
    left = len(lingering(folder)) + len(more())
    done = line.run(*command)
    found = told(folder)
    equal = equal and done.returncode == 0 and found == undisturbed()
    if elsewhere:  # Its actors are no children of the command, and end a moment after it.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not lingering(folder), 20.0)
    return Seen(equal, LINES - len(found), 0, noticed, left + len(lingering(folder)))


def await_lines(run: Any, folder: Path, wanted: int) -> None:
    """Until so many episodes are on the disk, and the run is not over."""
    wait_until(lambda: _lines(folder) >= wanted or run.poll() is not None, 120)
    assert run.poll() is None, "the run was over before the fault"


def _stopped(number: int) -> Callable[[random.Random], Seen]:
    """A signal to the evaluator, with some episodes on the disk, or none."""

    def trial(dice: random.Random) -> Seen:
        with line_in() as (line, folder, command):
            run = line.start(*command)
            await_lines(run, folder, dice.randrange(LINES - 4))
            time.sleep(dice.uniform(0, 0.3))
            begun = time.monotonic()
            run.send_signal(number)
            run.communicate()
            assert run.returncode, "the run was over before the fault"
            took = None if number == signal.SIGKILL else time.monotonic() - begun
            return go_on(line, folder, command, took)

    return trial


def _hung_agent(dice: random.Random) -> Seen:
    with line_in("hanging:Agent") as (line, folder, command):
        (folder / "moment").write_text(str(dice.randrange(1, LATEST)))
        run = line.start(*command)
        wait_until(lambda: (folder / "hung").exists() or run.poll() is not None, 120)
        assert run.poll() is None, "it did not hang"
        begun = time.monotonic()
        run.send_signal(signal.SIGINT)
        run.communicate()
        return go_on(line, folder, command, time.monotonic() - begun, run.returncode == 130)


def _torn(dice: random.Random) -> Seen:
    """The end of the journal is cut at any byte of its last three lines."""
    with line_in() as (line, folder, command):
        assert line.run(*command).returncode == 0
        path = folder / "run" / "episodes.jsonl"
        whole = path.read_bytes()
        last = sum(map(len, whole.splitlines(keepends=True)[-3:]))
        path.write_bytes(whole[: -dice.randrange(1, last)])
        (folder / "run" / "result.json").unlink()
        return go_on(line, folder, command, 0.0)._replace(noticed=None)


def _two(dice: random.Random) -> Seen:
    """A second evaluator comes while the first has begun, and is held until it has gone."""
    with line_in("holding:Agent") as (line, folder, command):
        first = line.start(*command)
        wait_until(lambda: (folder / "held").exists() or first.poll() is not None, 120)
        time.sleep(dice.uniform(0, 0.5))
        begun = time.monotonic()
        second = line.run(*command)
        took = time.monotonic() - begun
        refused = second.returncode == 2 and "another evaluation" in second.stderr
        (folder / "released").touch()
        first.communicate()
        done = line.run(*command)
        found = told(folder)
        equal = refused and first.returncode == done.returncode == 0 and found == undisturbed()
        return Seen(equal, LINES - len(found), 0, took, len(lingering(folder)))


DISK = """
mount -t tmpfs -o size={size} none run || exit 99
{before}
date +%s.%N > begun
{command} > first.out 2>&1; echo $? > first.code
date +%s.%N > ended
{between}
{command} > second.out 2>&1; echo $? > second.code
cp -r run kept
"""
"""In a mount namespace of its own, so that nobody else's disk is touched."""

STOPPED = """
{command} > zeroth.out 2>&1 & pid=$!
while kill -0 $pid && [ "$(cat run/episodes.jsonl 2> /dev/null | wc -l)" -lt {lines} ]
do sleep 0.02; done
kill -TERM $pid; wait $pid
mount -o remount,ro run
"""
"""A run that is interrupted, whose disk can then only be read: such as one that was remounted."""


def _on_disk(size: str, before: str, between: str, ended: Callable[[Path], float]) -> Seen:
    """A run is refused by its disk, the disk is mended, and the same command goes on."""
    with line_in() as (line, folder, command):
        (folder / "run").mkdir()
        words = shlex.join([sys.executable, "-m", "polyathlon.cli", *command])
        script = DISK.format(size=size, before=before, between=between, command=words)
        subprocess.run(
            ["unshare", "-m", "sh", "-c", script.replace("{command}", words)],
            cwd=folder, env=line.environment, check=True, capture_output=True,
        )  # fmt: skip
        first, second = (int((folder / f"{n}.code").read_text()) for n in ("first", "second"))
        assert first, "the disk did not hinder it"
        printed = (folder / "first.out").read_text()
        named = first == 2 and "Traceback" not in printed and "polyathlon: cannot" in printed
        took = float((folder / "ended").read_text()) - ended(folder)
        shutil.rmtree(folder / "run")
        shutil.move(folder / "kept", folder / "run")
        found = told(folder)
        equal = named and second == 0 and found == undisturbed()
        return Seen(equal, LINES - len(found), 0, took, len(lingering(folder)))


def _full(dice: random.Random) -> Seen:
    """A disk of a few pages; it is full before the first episode, or somewhere on the way."""
    pages = dice.randrange(2, 7)  # A whole run needs seven.
    return _on_disk(
        f"{4 * pages}k", "", "mount -o remount,size=50m run",
        lambda folder: float((folder / "begun").read_text()),
    )  # fmt: skip


def _read_only(dice: random.Random) -> Seen:
    return _on_disk(
        "50m", STOPPED.replace("{lines}", str(dice.randrange(LINES - 4))),
        "mount -o remount,rw run", lambda folder: float((folder / "begun").read_text()),
    )  # fmt: skip


def rows() -> list[Row]:
    """The rows; those of disks only where one may mount."""
    goes_on = "the same command goes on; equal"
    found = [
        Row("local", "hang in act", "Ctrl-C ends it; " + goes_on, _hung_agent),
        Row("local", "kill -9 of the evaluator", goes_on, _stopped(signal.SIGKILL)),
        Row("local", "SIGTERM to the evaluator", goes_on, _stopped(signal.SIGTERM)),
        Row("local", "torn journal", goes_on, _torn),
        Row("local", "two evaluators, one folder", "the second is refused", _two),
    ]
    if os.geteuid() == 0 and shutil.which("unshare"):
        found += [
            Row("local", "disk full", "refused; " + goes_on, _full),
            Row("local", "read-only disk", "refused; " + goes_on, _read_only),
        ]
    return found
