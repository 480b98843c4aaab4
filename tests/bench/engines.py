"""Engines: more slots, a cluster of one machine, the way to the first step, and back to a run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measure
from measure import Ratio, Work

from polyathlon.benchmarks import engine
from polyathlon.benchmarks.evaluate import choose_benchmark
from polyathlon.benchmarks.plan import plan
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.cli.player import load_player
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome, TraceRef
from polyathlon.core.journal import ACTIONS, EPISODES, Journal, chained
from polyathlon.core.manifest import Manifest, describe_machine, installed_versions
from polyathlon.core.specs import Benchmark

WORKS = (
    Work("faulty.timed-v0", {"step_seconds": 0.002, "length": 200}, 3200, "2 ms a step"),
    Work("metaworld.reach-v3", {"observations": ("state",)}, 4000, "state"),
)
FIRST_STEP = """
import os, pathlib, time
from polyathlon.agents.uniform import RandomAgent

class Agent(RandomAgent):
    def act(self, observations, slots):
        path = pathlib.Path("first")
        if not path.exists():
            path.write_text(repr(time.time()))
        return super().act(observations, slots)
"""
LONG = 100_000


def slots(pairs: int) -> list[Ratio]:
    """1, 2, 4 and 8 slots against one."""
    return [
        measure.ratio(
            f"{count} slots / 1 slot: {work.title}",
            lambda work=work, count=count: measure.harness(work, count),  # type: ignore[misc]
            lambda work=work: measure.harness(work, 1),  # type: ignore[misc]
            pairs,
        )
        for work in WORKS
        for count in (2, 4, 8)
    ]


def _order(work: Work, episodes: int, first: int, told: Callable[[Any], None]) -> engine.Work:
    task = work.task
    benchmark = Benchmark(id="bench", title="", tasks=(task.id,), episodes_per_task=1)
    record, _ = load_player("random")
    return engine.Work(
        plans=[EpisodePlan(task=task.id, index=k, seed=k) for k in range(first, first + episodes)],
        manifest=Manifest(
            benchmark=benchmark, benchmark_digest=benchmark.digest(), tasks=(task,), agent=record,
            max_attempts=1, packages=installed_versions(), machine=describe_machine(),
        ),
        specs={task.id: task}, task_kwargs={task.id: work.kwargs}, on_invalid="fail",
        rewards=False, interpreters={}, films=0, records=False, directory=Path("unused"),
        finished=told, prepared=lambda *_: None, noted=lambda _: None,
    )  # fmt: skip


def _rate(engine_: Any, work: Work, episodes: int) -> float:
    """Steps a second, from the first episode that is over to the last."""
    ends: list[tuple[float, int]] = []
    engine_.play(
        _order(work, episodes, 0, lambda e: ends.append((time.perf_counter(), e.result.steps)))
    )
    ends.sort()
    return sum(steps for _, steps in ends[2:]) / (ends[-1][0] - ends[1][0])


def ray(pairs: int) -> list[Ratio]:
    """Ray on this machine against the local engine: two slots each, everything standing."""
    try:
        import ray as _  # noqa: F401

        from polyathlon.benchmarks.cluster.engine import RayEngine, Shape
    except ImportError:
        return [Ratio("Ray / local", float("nan"), float("nan"), float("nan"), "not installed")]
    record, agent = load_player("random")
    rows = []
    for work in WORKS:
        episodes = 40 if work.task_id.startswith("faulty") else 24
        with RayEngine(
            "", Shape(2, 1), "random", "polyathlon.cli.player:load_player", record, Limits()
        ) as cluster:
            rows.append(
                measure.ratio(
                    f"Ray / local, 2 slots: {work.title}",
                    lambda c=cluster, w=work, e=episodes: _rate(c, w, e),  # type: ignore[misc]
                    lambda w=work, e=episodes: _rate(  # type: ignore[misc]
                        engine.LocalEngine(agent, 2, Limits()), w, e
                    ),
                    pairs,
                )
            )
    return rows


def first_step(pairs: int) -> list[tuple[Any, ...]]:
    """Seconds from ``polyathlon eval`` to the first question to the agent."""
    rows = []
    for task in ("babyai.go-to-red-ball", "metaworld.reach", "procgen.coinrun-easy-test"):
        found = []
        for _ in range(pairs):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "timed.py").write_text(FIRST_STEP)
                begun = time.time()
                subprocess.run(
                    [sys.executable, "-m", "polyathlon.cli", "eval", task, "--agent",
                     "timed:Agent", "--episodes", "1", "--video", "0", "--out", "run"],
                    cwd=folder, check=True, capture_output=True,
                )  # fmt: skip
                found.append(float((Path(folder) / "first").read_text()) - begun)
        rows.append((f"eval to first step: {task}", statistics.median(found), min(found),
                     max(found)))  # fmt: skip
    return rows


def resume(pairs: int) -> list[tuple[Any, ...]]:
    """Seconds and processor seconds from a journal of 100,000 episodes to what is missing."""
    benchmark = choose_benchmark("babyai.go-to-red-ball", LONG + 1000)
    plans = plan(benchmark)[:LONG]
    seconds, busy = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open(folder / EPISODES, "wb") as file:
            for line in chained(_result(one) for one in plans):
                file.write(line + b"\n")
        with open(folder / ACTIONS, "wb") as file:
            file.truncate(10 * LONG)
        for _ in range(pairs):
            begun, before = time.perf_counter(), time.process_time()
            with Journal(folder) as journal:
                journal.open()
                missing = journal.missing(plan(benchmark))
            assert len(missing) == 1000
            seconds.append(time.perf_counter() - begun)
            busy.append(time.process_time() - before)
    return [
        (f"resume of {LONG:,} episodes{what}", statistics.median(one), min(one), max(one))
        for what, one in (("", seconds), (", of a processor", busy))
    ]


def _result(one: EpisodePlan) -> EpisodeResult:
    return EpisodeResult(
        plan=one, outcome=Outcome.SUCCESS, total_reward=0.8125, score=1.0, steps=64,
        instruction="go to the red ball", wall_time=0.3512,
        trace=TraceRef(offset=10 * one.index, length=10, digest="a" * 64),
        reward_digest="b" * 64, start_digest="c" * 64, end_digest="d" * 64,
        times={"policy": 0.1, "environment": 0.2, "rendering": 0.0, "waiting": 0.0512},
    )  # fmt: skip
