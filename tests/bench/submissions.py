"""What it takes to check a large submission, and to redraw many scores.

rliable needs an old pandas, so that it has an environment of its own (``pip install rliable
"pandas<3"``): ``RLIABLE_PYTHON=/path/to/its/python python tests/bench submissions``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure
import numpy as np
from rival_resamples import RESAMPLES, scores

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome, TraceRef
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.intervals import pooled_iqm, stratified_bootstrap
from polyathlon.leaderboard.submission import PackedRun, pack
from polyathlon.leaderboard.summary import summarise

VARIABLE = "RLIABLE_PYTHON"

TASKS, ACTIONS = 10, 64
"""Half of the tasks are scored by success, half by return; each episode takes so many steps."""

KINDS = 500
"""Different blocks of actions: packing is not what is measured."""


def submission(episodes: int) -> bytes:
    """A submission of so many made-up episodes that holds together."""
    dice = np.random.default_rng(0)
    names = [f"arm.task-{number}-v0" for number in range(TASKS)]
    tasks = tuple(
        TaskSpec(
            id=name, entry_point="nowhere:Nothing", instruction="", max_episode_steps=ACTIONS,
            embodiment=Embodiment(id="none", kind="discrete"),
            score="success" if number % 2 else "return",
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    benchmark = Benchmark(
        id="large", title="Large", tasks=tuple(names), episodes_per_task=episodes // TASKS
    )
    manifest = Manifest(
        benchmark=benchmark, benchmark_digest=benchmark.digest(), tasks=tasks, max_attempts=3,
        agent=AgentRecord(name="a", path="some:One", dialect="native"),
    )  # fmt: skip
    blocks = [pack_actions(dice.integers(0, 7, ACTIONS).tolist()) for _ in range(KINDS)]
    results, actions = [], bytearray()
    for spec in tasks:
        for index in range(benchmark.episodes_per_task):
            packed, digest = blocks[int(dice.integers(KINDS))]
            won, total = bool(dice.random() < 0.6), float(dice.random())
            hashes = [dice.bytes(32).hex() for _ in range(3)]
            results.append(
                EpisodeResult(
                    plan=EpisodePlan(
                        task=spec.id, index=index, seed=benchmark.seed_of(spec.id, index)
                    ),
                    outcome=Outcome.SUCCESS if won else Outcome.FAILURE,
                    total_reward=total, score=spec.normalise(total, won), steps=ACTIONS,
                    metrics={"distance": float(dice.random()), "collisions": float(index % 3)},
                    instruction="go to the red ball", wall_time=float(dice.random()),
                    trace=TraceRef(offset=len(actions), length=len(packed), digest=digest),
                    reward_digest=hashes[0], start_digest=hashes[1], end_digest=hashes[2],
                )
            )  # fmt: skip
            actions += packed
    result = summarise(manifest, results)
    run = PackedRun(
        manifest=manifest, results=tuple(results), actions=bytes(actions), result=result
    )
    return write_archive(pack("Large", [run]))


PROGRAM = """
import re, sys, time
from pathlib import Path
from polyathlon.leaderboard.validation import validate
begun = time.process_time()
checked = validate(Path(sys.argv[1]))
spent = time.process_time() - begun
# Not ru_maxrss: that begins with the memory of whoever started this process.
most = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(sum(len(run.results) for run in checked.runs), spent, most)
"""


def validating(pairs: int, episodes: int = 100_000) -> tuple[list[tuple], list[tuple]]:
    """Processor seconds, and the most memory [MB], of a process that validates it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.zip"
        path.write_bytes(submission(episodes))
        size = path.stat().st_size >> 20
        seconds, memory = [], []
        for _ in range(pairs):
            command = [sys.executable, "-c", PROGRAM, str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            count, spent, most = map(float, done.stdout.split())
            assert count == episodes
            seconds.append(spent)
            memory.append(most)
    name = f"validate {episodes:,} episodes ({size} MiB)"
    return [(name, *_spread(seconds))], [(name, *_spread(memory))]


def _spread(found: list[float]) -> tuple[float, float, float]:
    return float(np.median(found)), min(found), max(found)


def resampling(pairs: int) -> list[measure.Ratio]:
    """Resamples a second of the interval of the interquartile mean, by processor time."""
    name = "10 runs x 200 tasks, 2,000 resamples: ours / rliable"
    return [measure.ratio(name, _ours, _rival, pairs)]


def _ours() -> float:
    table = scores().T
    begun = time.process_time()
    stratified_bootstrap(table, pooled_iqm, resamples=RESAMPLES)
    return RESAMPLES / (time.process_time() - begun)


def _rival() -> float | None:
    if VARIABLE not in os.environ:
        return None
    script = Path(__file__).with_name("rival_resamples.py")
    command = [os.environ[VARIABLE], "-P", str(script)]
    alone = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=alone)
    return float(done.stdout.splitlines()[-1])
