"""Honest runs of every family, played by several slots, packed, and played again one by one.

Once as they were played, and once by a library of linear algebra that takes an old processor's
instructions and several threads: what a task promises must hold on all processors of one kind.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from flips import Silent

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.benchmarks.replay import Replayer
from polyathlon.core.errors import PolyathlonError
from polyathlon.leaderboard.submission import pack, pack_run
from polyathlon.leaderboard.validation import actions_of, validate_members

TASKS = {
    "babyai": "babyai.go-to-obj,babyai.open",
    "atari": "atari.pong",
    "procgen": "procgen.coinrun-easy-test,procgen.bigfish-easy-test",
    "metaworld": "metaworld.reach,metaworld.drawer-open",
    "langr": "langr.train,langr.scene",
    "socialnav": "socialnav.crowdnav-circle,socialnav.exiting-room-mixed,socialnav.recorded-crowd",
    "d5rl": "d5rl.a1-walk,d5rl.kitchen-randomized-ood,d5rl.widowx-sorting,d5rl.adroit-door",
    "miniwob": "miniwob.click-button,miniwob.enter-text",
    "androidcontrol": "androidcontrol.high",
}

MACHINES: Mapping[str, Mapping[str, str]] = {
    "as it is": {},
    # OpenBLAS's oldest kernels for x86-64, without AVX and FMA; elsewhere it takes no notice.
    "old kernels, 2 threads": {
        "OPENBLAS_CORETYPE": "Prescott",
        "OPENBLAS_NUM_THREADS": "2",
        "OMP_NUM_THREADS": "2",
        "MKL_NUM_THREADS": "2",
    },
}
"""What workers find in their environment, by what it stands for."""


class Row(NamedTuple):
    """A family: how many of its episodes came out again, by which rule."""

    family: str
    slots: int
    machine: str
    episodes: int
    match: int
    by: str


def verified(episodes: int, families: str = "") -> list[Row]:
    """Every family, with one, two and three slots in turn.

    Args:
        episodes: of each task.
        families: comma-separated; empty for all.
    """
    record, agent = load_agent("random", AGENTS)
    wanted = families.split(",") if families else list(TASKS)
    rows = []
    for number, (family, tasks) in enumerate(TASKS.items()):
        if family not in wanted:
            continue
        slots = 1 + number % 3
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            benchmark = choose_benchmark(tasks, episodes)
            try:
                evaluate(benchmark, record, agent, run, Settings(slots=slots), Silent())
            except PolyathlonError as error:
                rows.append(Row(family, slots, "not at all", 0, 0, str(error)[:60]))
                continue
            (checked,) = validate_members(pack("Uniform play", [pack_run(run)])).runs
        for machine, variables in MACHINES.items():
            with _environment(variables), Replayer(checked.manifest) as replayer:
                found = [replayer.play(one, actions_of(checked, one)) for one in checked.results]
            rules = ", ".join(sorted({one.by for one in found}))
            matching = sum(one.matches for one in found)
            rows.append(Row(family, slots, machine, len(found), matching, rules))
    return rows


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """What processes that are started meanwhile find in their environment besides ours."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
