"""The fault matrix: every fault at random moments, what was scored, lost, noticed and left behind.

Rows of the local engine inject into real workers and real command lines; rows of served policies
are those of ``outage``; rows of Ray lose actors and nodes of a real cluster.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

sys.path.append(str(Path(__file__).resolve().parents[1] / "faults"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "worlds"))

import outage
from conftest import CommandLine, alive, wait_until

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, EpisodeResult
from polyathlon.core.specs import derive_seed

SLOTS, EPISODES = 2, 4
STEP = 1.0
"""Deadline of a step in these rows [s]."""


class Seen(NamedTuple):
    """What came of one trial.

    Attributes:
        equal: every score, reward and digest is that of an undisturbed run.
        invalid: episodes given up.
        lost: attempts that did not count.
        noticed: from the fault to when it was noticed [s]; None where nothing has to be.
        left: processes that outlived it.
    """

    equal: bool
    invalid: int
    lost: int
    noticed: float | None
    left: int


class Row(NamedTuple):
    """A fault, what is promised, and how it is tried."""

    engine: str
    fault: str
    promise: str
    trial: Callable[[random.Random], Seen]


class _Watching(Runner):
    """Remembers when the first fault came to its ears."""

    noticed = 0.0

    def _fail(self, slot: Any, fault: Any) -> None:
        self.noticed = self.noticed or time.time()
        super()._fail(slot, fault)


def _worlds(name: str, marker: Path, film: bool = False) -> tuple[dict[Any, Any], float, int]:
    """Plays a world that fails once unless the marker says that it has."""
    import faulty_worlds

    os.environ["FAULTY_MARKER"] = str(marker)
    os.environ["FAULTY_GRANDCHILD"] = str(marker / "grandchild")
    (spec,) = [task for task in faulty_worlds.FAMILY.tasks if task.id == f"faulty.{name}-v0"]
    found: dict[Any, EpisodeResult] = {}
    pids: set[int] = set()
    plans = [
        EpisodePlan(task=spec.id, index=index, seed=derive_seed("matrix", index))
        for index in range(EPISODES)
    ]
    kwargs = {"render_mode": "rgb_array"} if film else {}
    with Pool(SLOTS, Limits(startup=6.0, step=STEP)) as pool:

        def finished(entry: Any) -> None:
            found[entry.result.plan.index] = (entry.result, entry.digest)

        def prepared(*_: Any) -> None:
            pids.update(slot.process.pid for slot in pool.slots if slot.process)

        runner = _Watching(
            pool, RandomAgent(), {spec.id: spec}, {spec.id: kwargs}, 3, finished, prepared,
            media=lambda plan: str(marker / f"film-{plan.index}") if film else "",
        )  # fmt: skip
        runner.run(plans)
    grandchild = marker / "grandchild"
    if grandchild.exists():
        pids.add(int(grandchild.read_text()))
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not alive(pids), 5.0)
    return found, runner.noticed, len(alive(pids))


def _evidence(result: EpisodeResult, digest: str) -> tuple[Any, ...]:
    return (result.outcome, result.total_reward, result.steps, result.reward_digest,
            result.start_digest, result.end_digest, digest)  # fmt: skip


def _in_worker(name: str, film: bool = False) -> Callable[[random.Random], Seen]:
    """A world that fails once, in whichever slot comes first."""

    def trial(_: random.Random) -> Seen:
        with tempfile.TemporaryDirectory() as folder:
            marker = Path(folder)
            disturbed, noticed, left = _worlds(name, marker, film)
            injected = (marker / name).stat().st_mtime
            undisturbed, _, _ = _worlds(name, marker, film)
        return Seen(
            equal={key: _evidence(*one) for key, one in disturbed.items()}
            == {key: _evidence(*one) for key, one in undisturbed.items()},
            invalid=sum(not one.valid for one, _ in disturbed.values()),
            lost=sum(one.attempts - 1 for one, _ in disturbed.values()),
            noticed=noticed - injected,
            left=left,
        )

    return trial


def _clock(dice: random.Random) -> Seen:
    """The wall clock jumps by up to a day, back and forth, at every look at it."""
    real = time.time
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder)
        jumping = mock.Mock(side_effect=lambda: real() + dice.uniform(-86400, 86400))
        with mock.patch("time.time", jumping):
            disturbed, _, left = _worlds("sound", marker)
        undisturbed, _, _ = _worlds("sound", marker)
    return Seen(
        {key: _evidence(*one) for key, one in disturbed.items()}
        == {key: _evidence(*one) for key, one in undisturbed.items()},
        sum(not one.valid for one, _ in disturbed.values()),
        sum(one.attempts - 1 for one, _ in disturbed.values()), None, left,
    )  # fmt: skip


COMMAND = ("eval", "faulty.sound,faulty.sound-discrete", "--episodes", "6", "--video", "0",
           "--slots", str(SLOTS), "--set", "step_seconds=0.02")  # fmt: skip
LINES = 12

HANGING = """
import pathlib, time
from polyathlon.agents.uniform import RandomAgent

class Agent(RandomAgent):
    calls = 0
    def act(self, observations, slots):
        self.calls += 1
        marker = pathlib.Path("hung")
        if self.calls == 30 and not marker.exists():
            marker.touch()
            time.sleep(600)
        return super().act(observations, slots)
"""


def _lines(folder: Path) -> int:
    path = folder / "run" / "episodes.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _told(folder: Path) -> dict[Any, Any]:
    """What the journal of a run is evidence of."""
    found = {}
    for line in (folder / "run" / "episodes.jsonl").read_text().splitlines():
        one = json.loads(line)["episode"]
        key = one["plan"]["task"], one["plan"]["index"]
        found[key] = (one["outcome"], one["total_reward"], one["steps"], one["reward_digest"],
                      one["start_digest"], one["end_digest"], one["trace"]["digest"],
                      key in found)  # fmt: skip
    return found


@contextlib.contextmanager
def _line(agent: str = "random") -> Iterator[tuple[CommandLine, Path, tuple[str, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        line = CommandLine(Path(folder))
        (Path(folder) / "hanging.py").write_text(HANGING)
        try:
            yield line, Path(folder), (*COMMAND, "--agent", agent, "--out", "run")
        finally:
            line.close()


def _undisturbed() -> dict[Any, Any]:
    with _line() as (line, folder, command):
        assert line.run(*command).returncode == 0
        return _told(folder)


def _gone(line: CommandLine, folder: Path, command: tuple[str, ...], expected: Any,
          pids: Sequence[int], noticed: float | None) -> Seen:  # fmt: skip
    """The same command goes on; what has come of it in the end."""
    begun = time.monotonic()
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not alive(list(pids)), 10.0)
    noticed = time.monotonic() - begun if noticed is None else noticed
    left = len(alive(list(pids)))
    done = line.run(*command)
    told = _told(folder)
    return Seen(done.returncode == 0 and told == expected, LINES - len(told), 0, noticed, left)


def _workers(process: Any) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


def _stopped(number: int) -> Callable[[Any], Callable[[random.Random], Seen]]:
    """A signal to the evaluator, with some episodes on the disk."""

    def row(expected: Any) -> Callable[[random.Random], Seen]:
        def trial(dice: random.Random) -> Seen:
            with _line() as (line, folder, command):
                run = line.start(*command)
                wanted = dice.randrange(0, LINES - 4)
                wait_until(lambda: _lines(folder) >= wanted or run.poll() is not None, 120)
                assert run.poll() is None, "the run was over before the fault"
                pids = _workers(run)
                run.send_signal(number)
                begun = time.monotonic()
                run.communicate()
                took = None if number == signal.SIGKILL else time.monotonic() - begun
                return _gone(line, folder, command, expected, pids, took)

        return trial

    return row


def _hung_agent(expected: Any) -> Callable[[random.Random], Seen]:
    def trial(_: random.Random) -> Seen:
        with _line("hanging:Agent") as (line, folder, command):
            run = line.start(*command)
            wait_until((folder / "hung").exists, 120)
            time.sleep(0.2)
            pids, begun = _workers(run), time.monotonic()
            run.send_signal(signal.SIGINT)
            run.communicate()
            took = time.monotonic() - begun
            return _gone(line, folder, command, expected, pids, took)

    return trial


def _torn(expected: Any) -> Callable[[random.Random], Seen]:
    """The end of the journal is cut at any byte of its last three lines."""

    def trial(dice: random.Random) -> Seen:
        with _line() as (line, folder, command):
            assert line.run(*command).returncode == 0
            path = folder / "run" / "episodes.jsonl"
            whole = path.read_bytes()
            last = sum(map(len, whole.splitlines(keepends=True)[-3:]))
            path.write_bytes(whole[: -dice.randrange(1, last)])
            (folder / "run" / "result.json").unlink()
            return _gone(line, folder, command, expected, [], 0.0)

    return trial


def _two(expected: Any) -> Callable[[random.Random], Seen]:
    def trial(_: random.Random) -> Seen:
        with _line() as (line, folder, command):
            first = line.start(*command)
            wait_until(lambda: _lines(folder) >= 1 or first.poll() is not None, 120)
            begun = time.monotonic()
            second = line.run(*command)
            took = time.monotonic() - begun
            refused = second.returncode == 2 and "another evaluation" in second.stderr
            first.communicate()
            equal = first.returncode == 0 and _told(folder) == expected
            return Seen(equal and (refused or second.returncode == 0), 0, 0, took, 0)

    return trial


DISK = """
mount -t tmpfs -o size={size} none {run} || exit 99
{command} > first.out 2>&1; echo $? > first.code
{between}
{command} > second.out 2>&1; echo $? > second.code
cp -r {run} kept
"""
"""In a mount namespace of its own, so that nobody else's disk is touched."""


def _disk(size: str, between: str, early: str = "") -> Callable[[Any], Callable[..., Seen]]:
    def row(expected: Any) -> Callable[[random.Random], Seen]:
        def trial(_: random.Random) -> Seen:
            import shlex
            import subprocess

            with _line() as (line, folder, command):
                (folder / "run").mkdir()
                words = shlex.join([sys.executable, "-m", "polyathlon.cli", *command])
                script = DISK.format(size=size, run="run", command=words, between=between)
                if early:
                    script = script.replace(words, f"{early}\n{words}", 1)
                subprocess.run(
                    ["unshare", "-m", "sh", "-c", script], cwd=folder, env=line.environment,
                    check=True,
                )  # fmt: skip
                first, second = (int((folder / f"{n}.code").read_text())
                                 for n in ("first", "second"))  # fmt: skip
                told = (folder / "first.out").read_text()
                named = first == 2 and "Traceback" not in told and "polyathlon: cannot" in told
                shutil.rmtree(folder / "run")
                shutil.move(folder / "kept", folder / "run")
                equal = named and second == 0 and _told(folder) == expected
                return Seen(equal, 0, 0, None, 0)

        return trial

    return row


def _served(fault: Callable[..., outage.Trial]) -> Callable[[random.Random], Seen]:
    expected, _ = outage._play(RandomAgent())

    def trial(dice: random.Random) -> Seen:
        one = fault(expected, dice)
        return Seen(not one.wrong, one.invalid, one.retried, None, one.left)

    return trial


def rows(engines: Sequence[str]) -> list[Row]:
    """The matrix, for some of ``workers``, ``evaluator``, ``remote`` and ``ray``."""
    again, goes_on = "played again; equal", "the same command goes on; equal"
    found: list[Row] = []
    if "workers" in engines:
        found += [
            Row("local", fault, again, _in_worker(name, name == "render-hang"))
            for fault, name in (
                ("kill -9 of a worker", "kill"), ("segmentation fault", "segfault"),
                ("exit of a worker", "exit"), ("exception in step", "raise"),
                ("memory runs out in step", "memory"), ("constructor raises", "make-raise"),
                ("hang in the constructor", "make-hang"), ("hang in reset", "reset-hang"),
                ("hang in step", "hang"), ("hang in step, SIGTERM ignored", "hang-stubborn"),
                ("hang in render", "render-hang"), ("kill -9, a child left", "grandchild-kill"),
            )
        ]  # fmt: skip
    if "evaluator" in engines:
        expected = _undisturbed()
        found += [
            Row("local", "the clock jumps by hours", "nothing happens", _clock),
            Row("local", "hang in act", "Ctrl-C ends it; " + goes_on, _hung_agent(expected)),
            Row("local", "kill -9 of the evaluator", goes_on, _stopped(signal.SIGKILL)(expected)),
            Row("local", "SIGTERM to the evaluator", goes_on, _stopped(signal.SIGTERM)(expected)),
            Row("local", "torn journal", goes_on, _torn(expected)),
            Row("local", "two evaluators, one folder", "the second is refused", _two(expected)),
        ]
        if os.geteuid() == 0 and shutil.which("unshare"):
            room = "mount -o remount,size=50m run"
            found += [
                Row("local", "disk full", "refused; " + goes_on, _disk("24k", room)(expected)),
                Row("local", "read-only disk", "refused; " + goes_on,
                    _disk("50m", "mount -o remount,rw run", "mount -o remount,ro run")(expected)),
            ]  # fmt: skip
    if "remote" in engines:
        found += [
            Row("remote", name, "goes on, or played again; equal", _served(fault))
            for name, fault in outage.FAULTS.items()
        ]
    if "ray" in engines:
        import matrix_ray

        found += [Row("ray", *row) for row in matrix_ray.rows()]
    return found


def tried(engines: Sequence[str], trials: int) -> Iterator[tuple[Row, list[Seen]]]:
    """Each row, and what came of its trials."""
    for row in rows(engines):
        dice = [random.Random(f"{row.engine} {row.fault} {number}") for number in range(trials)]
        yield row, [row.trial(one) for one in dice]


def words(seen: Sequence[Seen]) -> tuple[str, ...]:
    """A row's figures: trials, equal, INVALID, lost, noticed at the median and at most, left."""
    times = [one.noticed for one in seen if one.noticed is not None]
    noticed = f"{statistics.median(times):.2f}, at most {max(times):.2f}" if times else "-"
    return (str(len(seen)), str(sum(one.equal for one in seen)),
            str(sum(one.invalid for one in seen)), str(sum(one.lost for one in seen)), noticed,
            str(sum(one.left for one in seen)))  # fmt: skip
