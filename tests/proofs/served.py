"""The same benchmark here, from a server, and on Ray: every figure and every action."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from flips import Silent
from serving import process

from polyathlon.benchmarks.cluster.engine import RayEngine, Shape
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.cli.player import dismiss, load_player
from polyathlon.core.episode import EpisodeResult
from polyathlon.core.journal import read_journal


class Pair(NamedTuple):
    """A task, its episodes, and how many are the same from a server, and on Ray (-1: not there)."""

    task: str
    episodes: int
    same: int
    ray: int


def _told(result: EpisodeResult) -> tuple[Any, ...]:
    assert result.trace is not None
    return (result.outcome, result.score, result.total_reward, result.steps, result.trace.digest,
            result.reward_digest, result.start_digest, result.end_digest)  # fmt: skip


def _play(
    name: str, benchmark: str, episodes: int, folder: Path, on_ray: bool = False
) -> dict[Any, Any]:
    record, agent = load_player(name)
    where: Any = contextlib.nullcontext()
    if on_ray:
        loader = "polyathlon.cli.player:load_player"
        where = RayEngine("", Shape(2, 1), name, loader, record, Limits())
    try:
        with where as engine:
            evaluate(
                choose_benchmark(benchmark, episodes), record, agent, folder, Settings(slots=2),
                Silent(), engine=engine,
            )  # fmt: skip
    finally:
        dismiss(agent)
    return {one.plan.key: _told(one) for one in read_journal(folder)}


def pairs(benchmark: str, episodes: int, folder: Path) -> list[Pair]:
    """Each task of a benchmark, played by the random agent here, from a server, and on Ray."""
    here = _play("random", benchmark, episodes, folder / "here")
    with process("random") as server:
        there = _play(server.address, benchmark, episodes, folder / "there")
    has_ray = importlib.util.find_spec("ray") is not None
    spread = _play("random", benchmark, episodes, folder / "ray", True) if has_ray else {}
    tasks = dict.fromkeys(task for task, _ in here)
    found = []
    for task in tasks:
        keys = [key for key in here if key[0] == task]
        same = [sum(here[key] == one.get(key) for key in keys) for one in (there, spread)]
        found.append(Pair(task, len(keys), same[0], same[1] if has_ray else -1))
    return found
