"""Updates a second of d3rlpy's IQL on the same sizes; runs where d3rlpy is installed.

``python rival_updates.py update`` learns from one batch again and again, ``drawn`` from new ones.
"""

from __future__ import annotations

import sys
import time

import numpy as np

EPISODES, LENGTH, STATE, ACTION = 50, 400, 58, 12
"""A small data set of the size of a walking robot's."""

BATCH, HIDDEN = 256, (256, 256)
STEPS = 100
"""Updates a measurement."""


def columns() -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """States `[T + 1, D]`, actions, rewards and ends of each episode."""
    dice = np.random.default_rng(0)
    states = [dice.normal(size=(LENGTH + 1, STATE)).astype(np.float32) for _ in range(EPISODES)]
    actions = [dice.uniform(-1, 1, (LENGTH, ACTION)).astype(np.float32) for _ in range(EPISODES)]
    rewards = [dice.normal(size=LENGTH).astype(np.float32) for _ in range(EPISODES)]
    ends = [np.arange(LENGTH) == LENGTH - 1 for _ in range(EPISODES)]
    return states, actions, rewards, ends


def main(what: str) -> None:
    """Prints the rate."""
    import d3rlpy
    import torch

    torch.set_num_threads(1)
    states, actions, rewards, ends = columns()
    dataset = d3rlpy.dataset.MDPDataset(
        np.concatenate([one[:-1] for one in states]),
        np.concatenate(actions),
        np.concatenate(rewards),
        np.zeros(EPISODES * LENGTH, np.float32),
        np.concatenate(ends).astype(np.float32),
    )
    seen = np.concatenate(states)
    scaler = d3rlpy.preprocessing.StandardObservationScaler(mean=seen.mean(0), std=seen.std(0))
    config = d3rlpy.algos.IQLConfig(batch_size=BATCH, observation_scaler=scaler)
    iql = config.create(device="cpu:0")
    iql.build_with_dataset(dataset)
    batch = dataset.sample_transition_batch(BATCH)

    def update() -> None:
        iql.update(dataset.sample_transition_batch(BATCH) if what == "drawn" else batch)

    update()
    begun = time.process_time()
    for _ in range(STEPS):
        update()
    print(STEPS / (time.process_time() - begun))


if __name__ == "__main__":
    main(sys.argv[1])
