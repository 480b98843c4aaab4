"""Every offline learner on a small world, several seeds each, beside cloning and the data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.past import Past
from polyathlon.agents.offline.transition import Transitions, fit_frame

sys.path.append(str(Path(__file__).resolve().parent.parent / "offline"))

from point_mass import mixed_data, play, towards_the_middle

EPISODES, UPDATES, PLAYED = 60, 600, 30

QUICK = {"hidden": (64, 64), "batch_size": 128, "discount": 0.8, "learning_rate": 1e-3}
"""The world is short: there is little to look ahead to, and few updates to do it in."""

OWN = {
    "iql": {"expectile": 0.9, "reward_scale": 10.0, "follow": 0.02},
    "td3-bc": {"follow": 0.02},
    "cql": {"follow": 0.02, "policy_rate": 1e-3},
    "cal-ql": {"follow": 0.02, "policy_rate": 1e-3},
    "ddpm-bc": {"blocks": 1, "average": 0.02},
    "dt": {
        "discount": 1.0,
        "batch_size": 64,
        "learning_rate": 3e-3,
        "width": 32,
        "layers": 1,
        "context": 5,
        "warm_up": 1,
        "dropout": 0.0,
    },
    "idql": {"tau": 0.9, "blocks": 1, "samples": 16, "average": 0.02, "follow": 0.02},
}


class Learnt(NamedTuple):
    """Mean returns of one learner, a seed each."""

    name: str
    returns: tuple[float, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """Least and greatest over the seeds."""
        return min(self.returns), max(self.returns)


def learn(name: str, seeds: range) -> Learnt:
    """Trains and plays with each seed; data, networks and play are the seed's own."""
    return Learnt(name, tuple(_learn(name, seed) for seed in seeds))


def _learn(name: str, seed: int) -> float:
    data = mixed_data(EPISODES, seed)
    kind = LEARNERS[name]
    config = configured(kind.kind, {**QUICK, **OWN.get(name, {})})
    torch.manual_seed(seed)
    learner = kind(config, 2, 2, UPDATES)
    frame = fit_frame(data, np.full(2, -1, np.float32), np.full(2, 1, np.float32), True)
    chosen = learner.choose(data)
    transitions = Transitions(chosen, frame, config.discount, config.reward_scale)
    dice, draws = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    learner.begin(transitions)
    for step in range(UPDATES):
        learner.update(learner.draw(transitions, dice), step)
    learner.train(False)

    starts = np.random.default_rng(1000 + seed)
    return float(np.mean([_episode(learner, frame, draws, starts) for _ in range(PLAYED)]))


def _episode(learner, frame, draws, starts) -> float:
    """One episode's return; the learner hears what it earns."""
    past = Past()

    def act(state):
        if past.actions:  # In this world a step costs the distance that it led to.
            past.earned(-float(np.linalg.norm(state)))
        past.see(torch.from_numpy(frame.observe(state)[None]))
        action = learner.play(past, draws)
        past.did(action[None])
        return frame.stretch(action.numpy())

    return play(act, starts).total_reward


def references(seeds: range) -> tuple[Learnt, Learnt]:
    """What is in the data, and what the best way there earns."""
    data = tuple(
        float(np.mean([one.total_reward for one in mixed_data(EPISODES, seed)])) for seed in seeds
    )
    best = []
    for seed in seeds:
        starts = np.random.default_rng(1000 + seed)
        played = [play(towards_the_middle, starts).total_reward for _ in range(PLAYED)]
        best.append(float(np.mean(played)))
    return Learnt("data", data), Learnt("best", tuple(best))
