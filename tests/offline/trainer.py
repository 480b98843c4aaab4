"""Trains some learners one after the other: what a process of its own does, until it is killed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from point_mass import Plane, mixed_data

from polyathlon.agents.chronicle import Played
from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.checkpoint import Identity
from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.player import TrainedAgent
from polyathlon.agents.offline.protocol import Protocol
from polyathlon.agents.offline.training import Training
from polyathlon.agents.offline.transition import Transitions, fit_frame
from polyathlon.core.specs import Brief, Embodiment

BODY = Embodiment(
    id="point", kind="continuous", action_names=("x", "y"), low=(-1.0, -1.0), high=(1.0, 1.0)
)

PROTOCOL = Protocol(
    offline=60, online=60, evaluate_every=30, episodes=1, final_episodes=1, save_every=10,
    log_every=5,
)  # fmt: skip

OWN = {
    "iql": {"hidden": (16,)},
    "idql": {"hidden": (16,), "blocks": 1, "samples": 4},
    "dt": {"width": 16, "layers": 1, "context": 4},
}


class Silent:
    """Watches nothing."""

    def begun(self, *_: object) -> None:
        pass

    logged = played = noted = begun


def play(agent: TrainedAgent, step: int, count: int) -> Played:
    """One episode in the plane."""
    agent.reset([0], [Brief(
        instruction="", embodiment=BODY, action_space=None, max_episode_steps=25, agent_seed=step
    )])  # fmt: skip
    world, earned, reward, over = Plane(), 0.0, 0.0, False
    observation, _ = world.reset(seed=step)
    while not over:
        (action,) = agent.act([{**observation, "reward": reward}], [0])
        observation, reward, _, over, _ = world.step(action)
        earned += reward
    return Played(0.0, earned)


def train(folder: Path, name: str) -> None:
    """Makes or resumes, and ends."""
    folder.mkdir(exist_ok=True)
    config = configured(LEARNERS[name].kind, {"batch_size": 16, **OWN[name]})
    data, ones = mixed_data(4, 0), np.ones(2, np.float32)
    frame = fit_frame(data, -ones, ones, config.normalise)
    identity = Identity(
        learner=name, config=msgspec.to_builtins(config), embodiment=BODY, observation_size=2,
        steps=PROTOCOL.steps, offline=PROTOCOL.offline, seed=0, dataset="0" * 64,
    )  # fmt: skip
    transitions = Transitions(data, frame, config.discount)
    Training(folder, identity, PROTOCOL, transitions, frame, Plane()).run(play, Silent())


def train_all(folder: Path, names: Sequence[str]) -> None:
    """Each in a folder of its own."""
    torch.set_num_threads(1)
    for each in names:
        train(folder / each, each)
