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

BATCH = 256

PASSES = 10
"""Over the data, in the row that loads it once: an hour of training makes hundreds."""


def reading(pairs: int) -> list[Ratio]:
    """Ratios of transitions a second, by processor time.

    The other sides read every array of every episode once, and do nothing with it. Ours delivers
    as many transitions in random batches, normalised, as tensors.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = _write(Path(place) / "walk-v0")
        theirs = minari.MinariDataset(folder / "data")
        loaded, dice = _load(folder), np.random.default_rng(0)

        def drawn(data: Transitions) -> None:
            for _ in range(-(-len(data) // BATCH)):
                data.sample(BATCH, dice)

        def first() -> float:
            return _rate(lambda: drawn(_load(folder)))

        def further() -> float:
            return _rate(lambda: [drawn(loaded) for _ in range(PASSES)], PASSES)

        def several() -> float:
            def work() -> None:
                data = _load(folder)
                for _ in range(PASSES):
                    drawn(data)

            return _rate(work, PASSES)

        def iterator() -> float:
            return _rate(lambda: sum(len(one.actions) for one in theirs.iterate_episodes()))

        def bare() -> float:
            return _rate(lambda: _read(folder))

        ours = {
            "first pass, from disk to batches": first,
            "further passes": further,
            f"{PASSES} passes, loading included": several,
        }
        others = {"Minari's iterator": iterator, "bare h5py": bare}
        return [
            measure.ratio(f"{ours_name} / {name}", one, other, pairs)
            for ours_name, one in ours.items()
            for name, other in others.items()
        ]


def _load(folder: Path) -> Transitions:
    """All that a training does before its first batch."""
    dataset = Dataset(folder)
    episodes = list(dataset.trajectories(states_only=True))
    frame = fit_frame(episodes, dataset.low, dataset.high, normalise=True)
    return Transitions(episodes, frame, 0.99)


def _read(folder: Path) -> None:
    """Every array that a learner needs, and nothing done with it."""
    with h5py.File(folder / "data" / "main_data.hdf5") as file:
        for group in file.values():
            for name in ("actions", "rewards", "terminations", "truncations"):
                group[name][()]
            group["observations"]["state"][()]


def _rate(work: Callable[[], object], passes: int = 1) -> float:
    begun = time.process_time()
    work()
    return passes * EPISODES * STEPS / max(time.process_time() - begun, 1e-9)


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
