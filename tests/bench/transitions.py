"""Transitions a second: our reader and sampler against Minari's iterator and bare HDF5.

Run by itself: ``python tests/bench/transitions.py``.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import measure
import minari
import numpy as np
from gymnasium import spaces
from measure import Ratio

from polyathlon.agents.offline.transition import Transitions, fit_frame
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter, describe_space

EPISODES, STEPS, STATE, ACTION = 50, 400, 58, 12
"""A small data set of the size of a walking robot's."""

BATCH, BATCHES = 256, 400


def reading(pairs: int) -> list[Ratio]:
    """Ratios of transitions a second, by processor time."""
    with tempfile.TemporaryDirectory() as place:
        folder = _write(Path(place) / "walk-v0")
        dataset, theirs = Dataset(folder), minari.MinariDataset(folder / "data")
        episodes = list(dataset.trajectories())
        frame = fit_frame(episodes, dataset.low, dataset.high, normalise=True)
        data, dice = Transitions(episodes, frame, 0.99), np.random.default_rng(0)

        def sampler() -> float:
            return _rate(
                lambda: [data.sample(BATCH, dice) for _ in range(BATCHES)], BATCH * BATCHES
            )

        def reader() -> float:
            return _rate(lambda: sum(one.steps for one in dataset.trajectories()))

        def iterator() -> float:
            return _rate(lambda: sum(len(one.actions) for one in theirs.iterate_episodes()))

        def bare() -> float:
            return _rate(lambda: _read(folder))

        return [
            measure.ratio("sampler / Minari's iterator", sampler, iterator, pairs),
            measure.ratio("sampler / bare h5py", sampler, bare, pairs),
            measure.ratio("reader / Minari's iterator", reader, iterator, pairs),
            measure.ratio("reader / bare h5py", reader, bare, pairs),
        ]


def _read(folder: Path) -> None:
    """Every array that a learner needs, and nothing done with it."""
    with h5py.File(folder / "data" / "main_data.hdf5") as file:
        for group in file.values():
            for name in ("actions", "rewards", "terminations", "truncations"):
                group[name][()]
            group["observations"]["state"][()]


def _rate(work: Callable[[], object], count: int = EPISODES * STEPS) -> float:
    begun = time.process_time()
    work()
    return count / max(time.process_time() - begun, 1e-9)


def _write(folder: Path) -> Path:
    dice, writer = np.random.default_rng(0), DatasetWriter(folder)
    ends = np.zeros(STEPS, bool)
    cut = np.arange(STEPS) == STEPS - 1
    for number in range(EPISODES):
        states = dice.normal(size=(STEPS + 1, STATE)).astype(np.float32)
        actions = dice.uniform(-1, 1, (STEPS, ACTION)).astype(np.float32)
        rewards = dice.normal(size=STEPS).astype(np.float32)
        writer.put(number, Trajectory({"state": states}, actions, rewards, ends, cut))
    sides = {
        "observation_space": spaces.Dict({"state": spaces.Box(-9, 9, (STATE,), np.float32)}),
        "action_space": spaces.Box(-1, 1, (ACTION,), np.float32),
    }
    told = {name: json.dumps(describe_space(space)) for name, space in sides.items()}
    writer.finish(EPISODES, {"dataset_id": "bench/walk-v0", **told})
    return folder


if __name__ == "__main__":
    for row in reading(5):
        print(row)
