"""The standard kitchen, four things to do in an episode, from what its expert shows."""

from __future__ import annotations

from pathlib import Path

from comparison import Act, Plan

from polyathlon.benchmarks.making import Recipe, make_dataset
from polyathlon.tasks import catalogue
from polyathlon.tasks.dataset.layout import Dataset

TASK, SHOWN = "d5rl.kitchen-standard-v1", 60

UPDATES, PLAYED = 6_000, 20

LEARNERS = {"bc": {"batch_size": 128}}
"""One configuration, for all seeds; otherwise as it is declared."""


def plan(folder: Path) -> Plan:
    """The comparison; the data set is made in the folder. A score is the number of things done."""
    out = folder / TASK
    if not (out / "data" / "metadata.json").is_file():
        make_dataset(Recipe(task=TASK, episodes=SHOWN, tier="expert", references=5), out)
    shown = Dataset(out)
    env = catalogue.build(catalogue.find(TASK), observations=("state",))

    def play(act: Act, seed: int) -> float:
        observation, info = env.reset(seed=seed)
        over = False
        while not over:
            observation, _, terminated, truncated, info = env.step(act(observation["state"]))
            over = terminated or truncated
        return float(info["metrics"]["manipulated"])

    episodes = list(shown.trajectories(states_only=True))
    return Plan(episodes, shown.low, shown.high, play, UPDATES, PLAYED)
