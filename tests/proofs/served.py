"""The same benchmark here, from a server, on Ray, and on Ray from a server: every action."""

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

HERE, SERVED, RAY, BOTH = "here", "served", "on Ray", "on Ray, served"
"""Ways to play: the agent in the evaluator; behind a port; in actors; actors that ask the port."""


class Row(NamedTuple):
    """A task, its episodes, and how many are the same each other way; -1 where Ray is missing."""

    task: str
    episodes: int
    same: dict[str, int]


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


def rows(benchmark: str, episodes: int, folder: Path) -> list[Row]:
    """Each task of a benchmark, played by the random agent in every way."""
    found = {HERE: _play("random", benchmark, episodes, folder / "0")}
    with process("random") as server:
        found[SERVED] = _play(server.address, benchmark, episodes, folder / "1")
        if importlib.util.find_spec("ray") is not None:
            found[RAY] = _play("random", benchmark, episodes, folder / "2", True)
            found[BOTH] = _play(server.address, benchmark, episodes, folder / "3", True)
    here = found[HERE]
    rows = []
    for task in dict.fromkeys(task for task, _ in here):
        keys = [key for key in here if key[0] == task]
        same = {
            way: sum(here[key] == found[way].get(key) for key in keys) if way in found else -1
            for way in (SERVED, RAY, BOTH)
        }
        rows.append(Row(task, len(keys), same))
    return rows
