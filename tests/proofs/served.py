"""The same benchmark by an agent in the process and by a server: every figure and every action."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from flips import Silent
from serving import process

from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.cli.player import dismiss, load_player
from polyathlon.core.episode import EpisodeResult
from polyathlon.core.journal import read_journal


class Pair(NamedTuple):
    """A task, its episodes, and how many are the same played either way."""

    task: str
    episodes: int
    same: int


def _told(result: EpisodeResult) -> tuple[Any, ...]:
    assert result.trace is not None
    return (result.outcome, result.score, result.total_reward, result.steps, result.trace.digest,
            result.reward_digest, result.start_digest, result.end_digest)  # fmt: skip


def _play(name: str, benchmark: str, episodes: int, folder: Path) -> dict[Any, Any]:
    record, agent = load_player(name)
    try:
        evaluate(
            choose_benchmark(benchmark, episodes),
            record,
            agent,
            folder,
            Settings(slots=2),
            Silent(),
        )
    finally:
        dismiss(agent)
    return {one.plan.key: _told(one) for one in read_journal(folder)}


def pairs(benchmark: str, episodes: int, folder: Path) -> list[Pair]:
    """Each task of a benchmark, played by the random agent here and from a server."""
    here = _play("random", benchmark, episodes, folder / "here")
    with process("random") as server:
        there = _play(server.address, benchmark, episodes, folder / "there")
    tasks = dict.fromkeys(task for task, _ in here)
    found = []
    for task in tasks:
        keys = [key for key in here if key[0] == task]
        found.append(Pair(task, len(keys), sum(here[key] == there.get(key) for key in keys)))
    return found
