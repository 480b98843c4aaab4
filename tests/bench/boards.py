"""What a site costs: a thousand submissions read, counted again and written; a page opened."""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome, TraceRef
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.archive import write_archive
from polyathlon.leaderboard.submission import PackedRun, pack
from polyathlon.leaderboard.summary import summarise

SUBMISSIONS = 1000
FAMILIES = ("arm", "grid", "game", "walk")
TASKS_A_FAMILY, EPISODES, STEPS = 3, 10, 20
"""As many tasks and episodes as the warm-up has, or a few more."""


def _manifest(number: int) -> Manifest:
    body = Embodiment(id="keys", kind="discrete", action_names=("left", "right", "ahead"))
    tasks = tuple(
        TaskSpec(
            id=f"{family}.task-{place}-v0",
            entry_point="nowhere:Nothing",
            embodiment=body,
            instruction="go there",
            max_episode_steps=STEPS,
            score="return" if family == "game" else "success",
            ceiling=20.0 if family == "game" else 1.0,
        )
        for family in FAMILIES
        for place in range(TASKS_A_FAMILY)
    )
    benchmark = Benchmark(
        id="bench",
        title="Made up, to be counted",
        tasks=tuple(task.id for task in tasks),
        episodes_per_task=EPISODES,
        headline="score",
    )
    return Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tasks,
        agent=AgentRecord(name=f"agent {number}", path="some:One", dialect="native"),
        max_attempts=3,
        packages={"polyathlon": "0.1.0"},
        created="2026-01-01T00:00:00Z",
    )


def submission(number: int) -> bytes:
    """One submission of an agent of its own, with made-up episodes."""
    manifest, dice = _manifest(number), np.random.default_rng(number)
    strength = dice.beta(2, 2)
    results, actions = [], bytearray()
    for spec in manifest.tasks:
        for index in range(EPISODES):
            packed, digest = pack_actions([int(one) for one in dice.integers(0, 3, STEPS)])
            won = bool(dice.random() < strength)
            reward = float(dice.integers(0, 20)) if spec.score == "return" else float(won)
            results.append(
                EpisodeResult(
                    plan=EpisodePlan(
                        task=spec.id, index=index, seed=manifest.benchmark.seed_of(spec.id, index)
                    ),
                    outcome=Outcome.SUCCESS if won else Outcome.FAILURE,
                    total_reward=reward,
                    score=spec.normalise(reward, won),
                    steps=STEPS,
                    instruction="go there",
                    trace=TraceRef(offset=len(actions), length=len(packed), digest=digest),
                    reward_digest=f"{index:064x}",
                    start_digest=f"{index:064x}",
                    end_digest=f"{number:064x}",
                    wall_time=0.5,
                )
            )
            actions += packed
    run = PackedRun(
        manifest=manifest,
        results=tuple(results),
        actions=bytes(actions),
        result=summarise(manifest, results),
    )
    return write_archive(pack(f"Agent {number}", [msgspec.structs.replace(run)]))


def submissions(folder: Path, count: int) -> None:
    """Writes so many submissions."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"agent-{number:04d}.zip").write_bytes(submission(number))


def _build(folder: Path, out: Path, answer: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    from polyathlon.leaderboard.site.build import build_site

    begun, spent = time.perf_counter(), time.process_time()
    build_site([folder], out)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.put((time.perf_counter() - begun, time.process_time() - spent, most))


def building(count: int = SUBMISSIONS) -> list[tuple[str, float]]:
    """Seconds and memory of building a site, in a process of its own, and what it weighs."""
    place = Path(tempfile.mkdtemp(prefix="polyathlon-board-"))
    try:
        submissions(place / "in", count)
        context = multiprocessing.get_context("spawn")
        answer = context.Queue()
        child = context.Process(target=_build, args=(place / "in", place / "site", answer))
        child.start()
        seconds, spent, most = answer.get()
        child.join()
        size = sum(path.stat().st_size for path in (place / "site").rglob("*") if path.is_file())
        rows: list[tuple[str, float]] = [
            (f"building a site of {count:,} submissions [s]", seconds),
            ("the same, processor time [s]", spent),
            ("greatest memory [MB]", most),
            ("the site [MB]", size / 1e6),
        ]
        return rows + opening(place / "site")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def opening(site: Path) -> list[tuple[str, float]]:
    """Seconds from an address to the load event and the last line drawn, by kind of page."""
    return []
