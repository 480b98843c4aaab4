"""Honest runs of every family, played by several slots, packed, and played again one by one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from flips import Silent

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.benchmarks.replay import Replayer
from polyathlon.leaderboard.submission import pack, pack_run
from polyathlon.leaderboard.validation import actions_of, validate_members

TASKS = {
    "babyai": "babyai.go-to-obj,babyai.open",
    "atari": "atari.pong",
    "procgen": "procgen.coinrun-easy-test,procgen.bigfish-easy-test",
    "metaworld": "metaworld.reach,metaworld.drawer-open",
    "langr": "langr.train,langr.scene",
    "socialnav": "socialnav.crowdnav-circle,socialnav.exiting-room-mixed,socialnav.recorded-crowd",
    "d5rl": "d5rl.a1-walk,d5rl.kitchen-randomized-ood",
}


class Row(NamedTuple):
    """A family: how many of its episodes came out again, by which rule."""

    family: str
    slots: int
    episodes: int
    match: int
    by: str


def verified(episodes: int) -> list[Row]:
    """Every family, with one, two and three slots in turn."""
    record, agent = load_agent("random", AGENTS)
    rows = []
    for number, (family, tasks) in enumerate(TASKS.items()):
        slots = 1 + number % 3
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            benchmark = choose_benchmark(tasks, episodes)
            evaluate(benchmark, record, agent, run, Settings(slots=slots), Silent())
            (checked,) = validate_members(pack("Uniform play", [pack_run(run)])).runs
        with Replayer(checked.manifest) as replayer:
            found = [replayer.play(one, actions_of(checked, one)) for one in checked.results]
        rules = ", ".join(sorted({one.by for one in found}))
        rows.append(Row(family, slots, len(found), sum(one.matches for one in found), rules))
    return rows
