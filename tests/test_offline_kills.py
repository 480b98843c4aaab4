"""Trainings in processes of their own, killed at random moments: the same weights in the end."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import numpy as np
import pytest
from trainer import train_all

from polyathlon.agents.offline.checkpoint import load_checkpoint

LEARNERS = ("iql", "idql", "dt")

OFFLINE, WHOLE = 12, 24
"""Lines of losses that a training logs in its offline part, and in all."""

KILLS = (("iql", True), ("idql", False), ("idql", True), ("dt", True))
"""In which training, and whether online."""


def lines(folder: Path) -> int:
    path = folder / "log.jsonl"
    return path.read_text().count('"losses"') if path.exists() else 0


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 starts the process that forks without this one's path."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))


def start(folder: Path) -> ForkServerProcess:
    """A process that is forked of one that has its imports, for they take longer than all else.

    The first optimizer imports ``torch._dynamo``.
    """
    folder.mkdir(exist_ok=True)
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["trainer", "torch._dynamo"])
    process = forking.Process(target=train_all, args=(folder, LEARNERS))
    process.start()
    return process


def finish(folder: Path) -> None:
    process = start(folder)
    process.join()
    assert process.exitcode == 0


def kill_at(folder: Path, learner: str, wanted: int, delay: float) -> int:
    """Goes on until so many lines are logged, and a little longer; how many there are then."""
    process = start(folder)
    try:
        while process.is_alive() and lines(folder / learner) < wanted:
            time.sleep(0.002)
        time.sleep(delay)
        assert process.is_alive(), "it ended before it could be killed"
    finally:
        process.kill()
        process.join()
    return lines(folder / learner)


def test_killed_trainings_end_with_the_same_bits(tmp_path: Path) -> None:
    finish(tmp_path / "whole")
    dice, killed_at = np.random.default_rng(0), []
    for learner, online in KILLS:
        first, past = (OFFLINE + 1, WHOLE - 2) if online else (1, OFFLINE)
        wanted, delay = int(dice.integers(first, past)), float(dice.uniform(0, 0.01))
        killed_at.append(kill_at(tmp_path / "killed", learner, wanted, delay))
    print("killed with so many lines logged:", killed_at)
    assert any(0 < count <= OFFLINE for count in killed_at)
    assert any(OFFLINE < count < WHOLE for count in killed_at)
    finish(tmp_path / "killed")
    for learner in LEARNERS:
        whole, resumed = (
            load_checkpoint(tmp_path / name / learner) for name in ("whole", "killed")
        )
        assert (resumed.digest, resumed.step) == (whole.digest, 120)
        assert files(tmp_path / "killed" / learner) == files(tmp_path / "whole" / learner)


def files(folder: Path) -> dict[str, bytes]:
    """Everything that a training leaves behind."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
