"""Data sets of the robots' worlds: the same seed makes the same bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from polyathlon.benchmarks.inventory import take_inventory
from polyathlon.benchmarks.making import Recipe, make_dataset
from polyathlon.tasks.catalogue import find
from polyathlon.tasks.dataset.layout import Dataset


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


WORLDS = ("d5rl.a1-interpolate", "d5rl.kitchen-standard")
"""The first alone but for ``make laws``: a kitchen takes five times as long."""


@pytest.mark.parametrize("task", WORLDS if os.environ.get("LAWS") == "all" else WORLDS[:1])
def test_the_same_seed_makes_the_same_dataset(tmp_path: Path, task: str) -> None:
    recipe = Recipe(task=find(task).id, episodes=1, tier="medium", seed=3, references=1)
    make_dataset(recipe, tmp_path / "one")
    np.random.seed(0)  # noqa: NPY002 - what others draw from the global generator changes nothing.
    make_dataset(recipe, tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    inventory = take_inventory(tmp_path / "one")
    assert not inventory.trouble
    (one,) = Dataset(tmp_path / "one").trajectories()
    assert one.steps > 20
    assert one.terminated[-1] != one.truncated[-1]
    assert one.total_reward > 0
