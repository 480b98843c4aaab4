"""Single bytes of a real submission changed at random: validating it must notice every one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.core.errors import SubmissionRefused
from polyathlon.leaderboard.archive import read_archive, write_archive
from polyathlon.leaderboard.submission import ACTIONS, EPISODES, RESULT, pack, pack_run
from polyathlon.leaderboard.validation import validate

TASKS = "babyai.go-to-obj,metaworld.reach,atari.pong"
SEED = 20_240_229


class Row(NamedTuple):
    """Where bytes were changed, how many there are, and in how many tries it was noticed."""

    what: str
    size: int
    tries: int
    noticed: int


class Silent:
    """Watches an evaluation without a word."""

    def begin(self, total: int, done: Any) -> None: ...

    def recorded(self, result: Any) -> None: ...

    def noted(self, text: str) -> None: ...


def submission(folder: Path) -> bytes:
    """Ten episodes of each of three tasks, played at random and packed."""
    record, agent = load_agent("random", AGENTS)
    evaluate(choose_benchmark(TASKS, 10), record, agent, folder, Settings(slots=2), Silent())
    return write_archive(pack("Uniform play", [pack_run(folder)]))


def flipped(tries: int) -> list[Row]:
    """Tries in the file as a whole, then in journal, actions and result by themselves."""
    dice = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        honest = submission(Path(folder) / "run")
        path = Path(folder) / "submission.zip"
        places = {"the whole file": (0, len(honest))}
        for name, data in read_archive(honest, "").items():
            if name.rpartition("/")[2] in (EPISODES, ACTIONS, RESULT):
                places[name] = (honest.index(data), len(data))
        rows = []
        for what, (start, size) in places.items():
            noticed = 0
            for at in dice.integers(start, start + size, tries):
                changed = bytearray(honest)
                changed[at] ^= int(dice.integers(1, 256))
                path.write_bytes(changed)
                noticed += _is_noticed(path)
            rows.append(Row(what, size, tries, noticed))
        path.write_bytes(honest)
        assert not _is_noticed(path), "the honest one is refused as well"
        return rows


def _is_noticed(path: Path) -> bool:
    try:
        validate(path)
    except SubmissionRefused:
        return True
    return False
