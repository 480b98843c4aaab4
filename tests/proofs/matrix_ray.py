"""Rows of the fault matrix on a real Ray cluster of this machine: actors and nodes are lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from matrix import Seen, alive, wait_until

from polyathlon.benchmarks.cluster.engine import RayEngine, Shape
from polyathlon.benchmarks.engine import Engine, LocalEngine, Work
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.cli.player import load_player
from polyathlon.core.episode import EpisodePlan
from polyathlon.core.manifest import Manifest, describe_machine, installed_versions
from polyathlon.core.specs import Benchmark, derive_seed

EPISODES = 60


def _work(folder: Path, finished: Callable[[Any], None]) -> Work:
    import faulty_worlds

    (spec,) = [task for task in faulty_worlds.FAMILY.tasks if task.id == "faulty.sound-v0"]
    benchmark = Benchmark(id="matrix", title="", tasks=(spec.id,), episodes_per_task=EPISODES)
    record, _ = load_player("random")
    manifest = Manifest(
        benchmark=benchmark, benchmark_digest=benchmark.digest(), tasks=(spec,), agent=record,
        max_attempts=3, packages=installed_versions(), machine=describe_machine(),
    )  # fmt: skip
    return Work(
        plans=[
            EpisodePlan(task=spec.id, index=k, seed=derive_seed("matrix", k))
            for k in range(EPISODES)
        ],
        manifest=manifest, specs={spec.id: spec}, task_kwargs={spec.id: {"step_seconds": 0.01}},
        on_invalid="fail", rewards=False, interpreters={}, films=0, records=False,
        directory=folder, finished=finished, prepared=lambda *_: None, noted=lambda _: None,
    )  # fmt: skip


def played(engine: Engine, disturb: Callable[[], Any] = lambda: None, after: int = -1) -> Any:
    """What an engine makes of the work; something happens once so many episodes are over."""
    found: dict[int, Any] = {}
    threads: list[threading.Thread] = []

    def finished(entry: Any) -> None:
        result = entry.result
        assert result.plan.index not in found, "an episode came twice"
        found[result.plan.index] = (
            (result.outcome, result.total_reward, result.end_digest, entry.digest),
            result.valid, result.attempts - 1,
        )  # fmt: skip
        if len(found) == after:
            threads.append(threading.Thread(target=disturb))
            threads[-1].start()

    with tempfile.TemporaryDirectory() as folder:
        engine.play(_work(Path(folder), finished))
    for thread in threads:
        thread.join()
    return found


@contextlib.contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """A cluster whose head plays nothing, and nodes with room for one actor each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        for _ in range(nodes):
            made.add_node(num_cpus=1)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


def engine_on(made: Any, slots: int) -> RayEngine:
    """An engine with one actor a slot."""
    record, _ = load_player("random")
    return RayEngine(
        made.address, Shape(slots, 1), "random", "polyathlon.cli.player:load_player", record,
        Limits(),
    )  # fmt: skip


def _actors() -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter(["name", "cmdline"]):
        told = " ".join([one.info["name"] or "", *(one.info["cmdline"] or [])])
        if "ray::Troupe" in told:
            found.append(one)
    return found


def _node_of(made: Any, actor: psutil.Process) -> Any:
    """The node whose raylet has started an actor."""
    return next(
        node
        for node in made.worker_nodes
        if node.all_processes["raylet"][0].process.pid == actor.ppid()
    )


def _seen(found: Any, expected: Any, left: int) -> Seen:
    return Seen(
        {k: v[0] for k, v in found.items()} == {k: v[0] for k, v in expected.items()},
        sum(not valid for _, valid, _ in found.values()),
        sum(lost for *_, lost in found.values()),
        None, left,
    )  # fmt: skip


def _lose(kind: str) -> Callable[[random.Random], Seen]:
    expected = played(LocalEngine(load_player("random")[1], 2, Limits()))

    def trial(dice: random.Random) -> Seen:
        # A third node stands by: Ray adds none but from the main thread, which plays.
        with cluster(3 if kind == "node" else 2) as made:
            workers: list[int] = []

            def disturb() -> None:
                victims = _actors()
                workers.extend(c.pid for one in victims for c in one.children(recursive=True))
                if kind == "actor":
                    os.kill(dice.choice(victims).pid, signal.SIGKILL)
                else:
                    made.remove_node(_node_of(made, dice.choice(victims)), allow_graceful=False)

            with engine_on(made, 2) as engine:
                found = played(engine, disturb, after=dice.randrange(4, EPISODES // 2))
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not alive(workers), 10.0)
        return _seen(found, expected, len(alive(workers)))

    return trial


def rows() -> list[tuple[str, str, Callable[[random.Random], Seen]]]:
    """Fault, promise, trial."""
    again = "another takes its place; equal"
    return [
        ("kill -9 of an actor", again, _lose("actor")),
        ("a node is lost", again, _lose("node")),
    ]
