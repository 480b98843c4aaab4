"""The A1 asked to walk at 1.0 m/s, from walkers of whom half keep 0.5 m/s, good and bad of each.

Every reward is that of the speed asked for: a walk's reward is a function of what ``state`` shows,
so what the slow ones did is judged anew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Act, Plan
from numpy.typing import NDArray

from polyathlon.benchmarks.making import Recipe, make_dataset
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks import catalogue
from polyathlon.tasks.d5rl.a1.reward import Motion, walk_reward
from polyathlon.tasks.dataset.layout import Dataset

TASK, SPEED = "d5rl.a1-walk-fast-v1", 1.0

TEACHERS = ("d5rl.a1-walk-v1", "d5rl.a1-walk-fast-v1")
"""Of 0.5 and of 1.0 m/s."""

EACH = 60
"""Episodes of each: a quarter expert, medium, noisy, random."""

UPDATES, PLAYED = 5_000, 10

SMALL = {"hidden": (128, 128), "batch_size": 128, "learning_rate": 1e-3}
"""For a processor and few updates; otherwise learners are as they are declared, but for what
follows."""

LEARNERS = {
    "bc": SMALL,
    "iql": {**SMALL, "expectile": 0.8, "reward_scale": 0.1},
    "idql": {**SMALL, "tau": 0.8, "reward_scale": 0.1, "blocks": 1, "samples": 16,
             "average": 0.005},
}  # fmt: skip
"""One configuration a method, for all seeds. Rewards go up to 10; scaled, they go up to 1."""


def teach(folder: Path) -> list[Path]:
    """Records the walkers, or finds what an earlier call recorded; the data sets."""
    found = []
    for task in TEACHERS:
        out = folder / task
        if not (out / "data" / "metadata.json").is_file():
            make_dataset(Recipe(task=task, episodes=EACH, tier="mixed", references=1), out)
        found.append(out)
    return found


def judged_anew(one: Trajectory, speed: float) -> Trajectory:
    """The same walk with the rewards of another speed asked for [m/s]."""
    states = one.observations["state"][1:].astype(np.float64)
    rewards = [walk_reward(motion_of(state), speed) for state in states]
    return one._replace(rewards=np.asarray(rewards, np.float32))


def asked_for(one: Trajectory, task: str) -> Trajectory:
    """A teacher's walk with the rewards of ``TASK``.

    Raises:
        RuntimeError: it was recorded in that task, and what was paid there is not what is reckoned.
    """
    found = judged_anew(one, SPEED)
    if task == TASK and not np.allclose(found.rewards, one.rewards, atol=1e-3):
        raise RuntimeError("rewards reckoned from states are not those that the world paid")
    return found


def motion_of(state: NDArray[np.float64]) -> Motion:
    """What rewards look at, from the 58 numbers of a walk's ``state``."""
    w, x, y, z = state[24:28] / np.linalg.norm(state[24:28])
    ahead = (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y))
    up = 1 - 2 * (x * x + y * y)
    return Motion(
        forward=float(state[31]),
        roll=float(np.arctan2(2 * (y * z + w * x), up)),
        pitch=float(np.arcsin(np.clip(-ahead[2], -1, 1))),
        yaw=float(np.arctan2(ahead[1], ahead[0])),
        up=float(up),
        joints=state[:12],
        speeds=state[12:24],
        torques=state[34:46],
    )


def plan(folder: Path) -> Plan:
    """The comparison; the data sets are made in the folder."""
    sets = [Dataset(one) for one in teach(folder)]
    walks = [
        asked_for(one, task)
        for task, each in zip(TEACHERS, sets, strict=True)
        for one in each.trajectories(states_only=True)
    ]
    env = catalogue.build(catalogue.find(TASK), observations=("state",))

    def play(act: Act, seed: int) -> float:
        observation, _ = env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(act(observation["state"]))
            total, over = total + float(reward), terminated or truncated
        return total

    return Plan(walks, sets[0].low, sets[0].high, play, UPDATES, PLAYED)
