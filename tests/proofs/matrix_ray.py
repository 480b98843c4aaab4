"""Rows of the fault matrix on a real Ray cluster of this machine, which stands for many trials."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from matrix_line import await_lines, go_on, line_in
from matrix_workers import moment, world
from trial import Row, Seen

from polyathlon.benchmarks.cluster.engine import RayEngine, Shape
from polyathlon.benchmarks.engine import Engine, LocalEngine, Work
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.cli.player import load_player
from polyathlon.core.episode import EpisodePlan
from polyathlon.core.manifest import Manifest, describe_machine, installed_versions
from polyathlon.core.specs import Benchmark, derive_seed

EPISODES, FEW = 40, 4
"""Of a play in which an actor or a node is lost, and of one in which a worker fails."""

REST = {"rest_seconds": 0.01}

NODES = 3
"""One more than there are actors, so that there is room when one is lost."""

HEALTH = {
    "health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000,
    "health_check_timeout_ms": 2000, "health_check_failure_threshold": 3,
}  # fmt: skip
"""Ray looks after its nodes oftener than it would, so that a silent one is missed soon."""

FAULTS = ("kill", "segfault", "memory", "make-hang", "reset-hang", "hang", "render-hang")
"""Worlds in which a worker of an actor fails: one after the other in one play."""

LIMITS = Limits(startup=40.0, step=2.0)
"""Deadlines of that play."""

Worlds = dict[str, dict[str, Any]]
"""Short name to the arguments of the environment."""


def _work(worlds: Worlds, episodes: int, folder: Path,
          finished: Callable[[Any], None], noted: Callable[[str], None]) -> Work:  # fmt: skip
    specs = {name: world(name) for name in worlds}
    tasks = tuple(spec.id for spec in specs.values())
    benchmark = Benchmark(id="matrix", title="", tasks=tasks, episodes_per_task=episodes)
    record, _ = load_player("random")
    manifest = Manifest(
        benchmark=benchmark, benchmark_digest=benchmark.digest(), tasks=tuple(specs.values()),
        agent=record, max_attempts=3, packages=installed_versions(), machine=describe_machine(),
    )  # fmt: skip
    return Work(
        plans=[
            EpisodePlan(task=task, index=k, seed=derive_seed("matrix", k))
            for task in tasks
            for k in range(episodes)
        ],
        manifest=manifest, specs={spec.id: spec for spec in specs.values()},
        task_kwargs={specs[name].id: kwargs for name, kwargs in worlds.items()},
        on_invalid="fail", rewards=False, interpreters={},
        films=episodes if "render-hang" in worlds else 0, records=False,
        directory=folder, finished=finished, prepared=lambda *_: None, noted=noted,
    )  # fmt: skip


class _Play:
    """What an engine makes of some work.

    Args:
        engine: plays it.
        worlds: in which.
        episodes: of each.
        disturb: happens, in a thread of its own, once so many episodes are over.
        after: so many.

    Attributes:
        found: by episode: evidence, whether it is valid, and attempts that did not count.
        begun: when it was disturbed [s since the epoch].
        noticed: when the engine spoke of a lost actor.
    """

    def __init__(self, engine: Engine, worlds: Worlds, episodes: int,
                 disturb: Callable[[], Any] = lambda: None, after: int = -1) -> None:  # fmt: skip
        self.found: dict[tuple[str, int], Any] = {}
        self.begun = self.noticed = 0.0
        self._disturb, self._after = disturb, after
        self._thread = threading.Thread(target=self._happen)
        with tempfile.TemporaryDirectory() as folder:
            engine.play(_work(worlds, episodes, Path(folder), self._finished, self._noted))
        if self._thread.ident:
            self._thread.join()

    def _happen(self) -> None:
        self.begun = time.time()
        self._disturb()

    def _finished(self, entry: Any) -> None:
        result = entry.result
        assert result.plan.key not in self.found, "an episode came twice"
        self.found[result.plan.key] = (
            (result.outcome, result.total_reward, result.end_digest, entry.digest),
            result.valid, result.attempts - 1,
        )  # fmt: skip
        if len(self.found) == self._after:
            self._thread.start()

    def _noted(self, text: str) -> None:
        if "an actor was lost" in text:
            self.noticed = self.noticed or time.time()

    def seen(self, expected: Any, noticed: float | None, left: int) -> Seen:
        """Compared with an undisturbed play of the same."""
        return Seen(
            {key: one[0] for key, one in self.found.items()}
            == {key: one[0] for key, one in expected.items()},
            sum(not valid for _, valid, _ in self.found.values()),
            sum(lost for *_, lost in self.found.values()),
            noticed, left,
        )  # fmt: skip


def _local() -> LocalEngine:
    return LocalEngine(load_player("random")[1], 2, Limits())


@functools.cache
def _undisturbed() -> Any:
    """By the local engine: what the engine on Ray must come to as well."""
    return _Play(_local(), {"sound": REST}, EPISODES).found


@functools.cache
def _undisturbed_workers() -> Any:
    """Likewise of the worlds that fail, when they have failed before."""
    with tempfile.TemporaryDirectory() as folder:
        for name in FAULTS:
            (Path(folder) / name).touch()
        filmed = {"marker": folder, "render_mode": "rgb_array"}
        return _Play(_local(), dict.fromkeys(FAULTS, filmed), FEW).found


@functools.cache
def _cluster() -> Any:
    """A cluster whose head plays nothing."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": False,
            "_system_config": HEALTH,
        },
    )
    atexit.register(made.shutdown)
    return made


def _standing() -> Any:
    """The cluster with all its nodes, of two cores; those that were lost are made up for."""
    made = _cluster()
    while len(made.worker_nodes) < NODES:
        made.add_node(num_cpus=2)
    made.wait_for_nodes()
    return made


def _engine(made: Any, shape: Shape, limits: Limits) -> RayEngine:
    record, _ = load_player("random")
    loader = "polyathlon.cli.player:load_player"
    return RayEngine(made.address, shape, "random", loader, record, limits)


def _raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


def _below(node: Any, kind: str = "") -> list[psutil.Process]:
    """What a node has started, whatever it is or the actors alone, with all that these started."""
    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in psutil.Process(_raylet(node)).children():
            title = " ".join([one.name(), *one.cmdline()])
            if kind in title:
                found += [one, *one.children(recursive=True)]
    return found


def _playing(made: Any) -> list[Any]:
    """The nodes that have an actor."""
    return [node for node in made.worker_nodes if _below(node, "ray::Troupe")]


def _alive(processes: list[psutil.Process]) -> int:
    """How many of them are left after a while."""
    _, left = psutil.wait_procs(processes, timeout=20.0)
    return len([one for one in left if one.status() != psutil.STATUS_ZOMBIE])


def _lose(
    end: Callable[[Any, Any], Any], mend: Callable[[Any, Any], Any] = lambda *_: None
) -> Callable[[random.Random], Seen]:
    """Actors on two nodes play; one of the nodes is struck, and mended in the end."""

    def trial(dice: random.Random) -> Seen:
        made, ours, struck = _standing(), [], []

        def disturb() -> None:
            nodes = _playing(made)
            for node in nodes:
                ours.extend(_below(node, "ray::Troupe"))
            struck.append(dice.choice(sorted(nodes, key=_raylet)))
            end(made, struck[0])

        with _engine(made, Shape(2, 1), Limits()) as engine:
            after = dice.randrange(4, EPISODES // 2)
            play = _Play(engine, {"sound": REST}, EPISODES, disturb, after)
        mend(made, struck[0])
        assert play.noticed, "nobody noticed"
        return play.seen(_undisturbed(), play.noticed - play.begun, _alive(ours))

    return trial


def _kill_actor(_: Any, node: Any) -> None:
    os.kill(_below(node, "ray::Troupe")[0].pid, signal.SIGKILL)


def _kill_node(made: Any, node: Any) -> None:
    made.remove_node(node, allow_graceful=False)


def _silence_node(_: Any, node: Any) -> None:
    """All of it stands still, as if its cable were out."""
    for one in (psutil.Process(_raylet(node)), *_below(node)):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.suspend()


def _mend_silence(made: Any, node: Any) -> None:
    """It hears that it is out, and ends itself with its actors."""
    main = psutil.Process(_raylet(node))
    for one in (*_below(node), main):
        one.resume()
    psutil.wait_procs([main], timeout=30.0)
    made.remove_node(node, allow_graceful=False)


def _workers(dice: random.Random) -> Seen:
    """An actor with two slots plays seven worlds, each of which fails once."""
    made = _standing()
    ours: list[psutil.Process] = []
    with tempfile.TemporaryDirectory() as folder:
        worlds = {
            name: {**moment(dice, folder), "render_mode": "rgb_array"} for name in FAULTS
        }  # fmt: skip
        with _engine(made, Shape(2, 2), LIMITS) as engine:
            play = _Play(engine, worlds, FEW)
            for node in _playing(made):
                ours.extend(_below(node, "ray::Troupe"))
        failed = {file.name for file in Path(folder).iterdir()}
    assert ours, "nobody played"
    assert failed == set(FAULTS), f"not all of them failed: {failed}"
    return play.seen(_undisturbed_workers(), None, _alive(ours))


def _kill_evaluator(dice: random.Random) -> Seen:
    made = _standing()
    engine = ("--engine", "ray", "--address", made.address)
    with line_in("random", *engine) as (line, folder, command):
        run = line.start(*command)
        await_lines(run, folder, dice.randrange(1, 8))
        ours = [one for node in _playing(made) for one in _below(node, "ray::Troupe")]
        assert ours, "nobody played"
        run.kill()
        run.communicate()
        return go_on(
            line, folder, command, None, run.returncode == -signal.SIGKILL,
            lambda: [one.pid for one in ours if one.is_running()],
        )  # fmt: skip


def rows() -> list[Row]:
    """The rows."""
    elsewhere = "another takes its place; equal"
    goes_on = "its actors end; the same command goes on; equal"
    workers = "workers, one after the other: kill -9, segmentation fault, memory runs out, hangs"
    return [
        Row("ray", "kill -9 of an actor", elsewhere, _lose(_kill_actor)),
        Row("ray", "kill -9 of a node", elsewhere, _lose(_kill_node)),
        Row("ray", "network of a node cut: it falls silent", elsewhere,
            _lose(_silence_node, _mend_silence)),
        Row("ray", "kill -9 of the evaluator", goes_on, _kill_evaluator),
        Row("ray", workers + " in constructor, reset, step and render", "played again; equal",
            _workers),
    ]  # fmt: skip
