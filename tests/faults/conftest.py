"""What the fault tests share: worlds that fail as planned, real workers, a real command line."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "small"))
from warm_python import PLAY, warm_python

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, EpisodeResult
from polyathlon.core.specs import TaskSpec, derive_seed

WORLDS = Path(__file__).resolve().parents[1] / "worlds"


class Played(NamedTuple):
    """What came of a play: results by key, and every worker's process id.

    ``patience`` is what closing gave each worker to end by itself [s]: so long it takes at most,
    beside what a busy machine adds.
    """

    results: dict[tuple[str, int], EpisodeResult]
    digests: dict[tuple[str, int], str]
    pids: set[int]
    patience: list[float]


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> dict[str, TaskSpec]:
    """The faulty family's tasks by short name, importable here and in the workers."""
    monkeypatch.syspath_prepend(str(WORLDS))
    import faulty_worlds

    return {
        task.id.removeprefix("faulty.").removesuffix("-v0"): task
        for task in faulty_worlds.FAMILY.tasks
    }


@pytest.fixture
def play(worlds: dict[str, TaskSpec]) -> Callable[..., Played]:
    """Plays some of the worlds on real workers, without a journal."""

    def played(
        names: Sequence[str],
        episodes: int = 2,
        slots: int = 1,
        agent: Any = "random",
        limits: Limits | None = None,
        max_attempts: int = 3,
        rewards: bool = False,
    ) -> Played:
        specs = {worlds[name].id: worlds[name] for name in names}
        plans = [
            EpisodePlan(task=task, index=index, seed=derive_seed("faults", task, index))
            for task in specs
            for index in range(episodes)
        ]
        results: dict[tuple[str, int], EpisodeResult] = {}
        digests: dict[tuple[str, int], str] = {}
        pids: set[int] = set()

        def finished(entry: Any) -> None:
            assert entry.result.plan.key not in results, "an episode was reported twice"
            results[entry.result.plan.key] = entry.result
            digests[entry.result.plan.key] = entry.digest
            pids.update(slot.process.pid for slot in pool.slots if slot.process)

        def prepared(spec: TaskSpec, info: Any) -> None:
            pids.update(slot.process.pid for slot in pool.slots if slot.process)

        chosen = RandomAgent() if agent == "random" else agent
        pool = Pool(slots, limits or Limits(startup=60.0, step=20.0))
        try:
            Runner(
                pool, chosen, specs, {task: {} for task in specs}, max_attempts, finished, prepared,
                rewards=rewards,
            ).run(plans)  # fmt: skip
        finally:
            patience = note_patience(pool)
            pool.close()
        return Played(results, digests, pids, patience)

    return played


def note_patience(pool: Pool) -> list[float]:
    """Where a pool is to note how long each of its workers may take from now on to end."""
    noted: list[float] = []
    for slot in pool.slots:

        def end(patience: float = 0.0, really: Callable[[float], None] = slot.end) -> None:
            noted.append(patience)
            really(patience)

        slot.end = end
    return noted


def alive(pids: set[int] | list[int]) -> list[int]:
    """Which of these processes still run."""
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def wait_until(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Waits until something holds, and returns it; the time is a net, not a promise."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


class CommandLine:
    """Starts ``polyathlon`` as a process of its own, with the faulty family on its path.

    Args:
        folder: in which it is typed.
        warm: what is run to its end is forked of a process that has its imports.
    """

    def __init__(self, folder: Path, warm: bool = False) -> None:
        self.folder, self._warm = folder, warm
        path = os.pathsep.join(filter(None, (str(WORLDS), os.environ.get("PYTHONPATH"))))
        self.environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}
        self.largest_file: int | None = None
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, nohup: bool = False) -> subprocess.Popen[str]:
        return self._start("-m", "polyathlon.cli", *arguments, nohup=nohup)

    def _start(self, *arguments: str, nohup: bool = False) -> subprocess.Popen[str]:
        limited = ["prlimit", f"--fsize={self.largest_file}"] if self.largest_file else []
        process = subprocess.Popen(
            [*(["nohup"] if nohup else []), *limited, sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell starts what is to run in the background deaf to an interrupt.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if self._warm and self.largest_file is None:
            python = warm_python(PLAY, self.environment["PYTHONPATH"])
            return python.run(arguments, self.folder, self.environment)
        process = self.start(*arguments)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self._start(*arguments)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def polyathlon(tmp_path: Path) -> Iterator[CommandLine]:
    """A command line whose working folder is the test's own."""
    line = CommandLine(tmp_path, warm=True)
    yield line
    line.close()


@pytest.fixture(scope="module")
def command_line() -> Callable[[Path], CommandLine]:
    """A command line for fixtures that outlive a test."""
    return functools.partial(CommandLine, warm=True)


@pytest.fixture
def still_alive() -> Callable[[Any], list[int]]:
    """``alive``, for tests."""
    return alive


@pytest.fixture
def until() -> Callable[..., Any]:
    """``wait_until``, for tests."""
    return wait_until
