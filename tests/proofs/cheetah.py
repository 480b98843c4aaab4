"""Medium data of HalfCheetah-v5: what a policy does whose training was stopped early.

So D4RL makes its "medium" data (arXiv 2004.07219): a policy is trained online, stopped when it is
middling, and its play is recorded. There Soft Actor-Critic is the teacher, whose actions are drawn;
here it is TD3, to whose actions noise is added: of what was done in a state some must be better
than the rest, or nothing could be learnt of which.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
import torch
from comparison import Act, Plan
from gymnasium import spaces
from numpy.typing import NDArray

from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.td3_bc import TD3BC, TD3BCConfig
from polyathlon.agents.offline.transition import Frame, Transitions, fit_frame
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter, describe_space

WORLD, STEPS = "HalfCheetah-v5", 1_000
"""The world, and how many steps each of its episodes has."""

RANDOM = 10
"""Episodes of random play before the first update: TD3's 10,000 steps (arXiv 1802.09477, 6.1)."""

PRACTICE_NOISE = 0.1
"""Deviation of what is added while the teacher learns: TD3's, as above."""

MIDDLING = 3_000.0
"""Mean return of the last three episodes of training at which the teacher is stopped: a third, as
in D4RL, of what it is published to reach, 9,637 after a million steps (arXiv 1802.09477, table 1).
"""

MOST = 300
"""Episodes after which a teacher that is not middling never will be."""

EPISODES, NOISE = 100, 0.3
"""Of the data: episodes of the teacher's, and the deviation of what is added to its actions."""

SMALL = {"hidden": (128, 128), "batch_size": 128, "learning_rate": 1e-3}
"""For a processor and few updates; the teacher's as well as the learners'."""

TEACHER = configured(
    TD3BCConfig,
    {**SMALL, "alpha": 1e4, "normalise": False},
)
"""TD3 is TD3+BC where cloning counts for next to nothing."""


def rollout(
    env: gymnasium.Env[Any, Any], act: Callable[[NDArray[Any]], NDArray[Any]], seed: int
) -> Trajectory:
    """One episode."""
    seen, _ = env.reset(seed=seed)
    states, actions, told, over = [seen], [], [], False
    while not over:
        action = np.clip(act(seen), -1, 1).astype(np.float32)
        seen, reward, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
        states.append(seen)
        actions.append(action)
        told.append((reward, terminated, truncated and not terminated))
    rewards, ends, cuts = zip(*told, strict=True)
    return Trajectory(
        observations={"state": np.asarray(states, np.float32)},
        actions=np.asarray(actions),
        rewards=np.asarray(rewards, np.float32),
        terminated=np.asarray(ends, bool),
        truncated=np.asarray(cuts, bool),
        seed=seed,
    )


class Teacher:
    """TD3 in its world, an episode and then as many updates as it had steps.

    Args:
        env: the world.
        seed: of networks, batches, noise and episodes.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int) -> None:
        box = env.action_space
        assert isinstance(box, spaces.Box)
        torch.manual_seed(seed)
        self._env, self._seed, self._dice = env, seed, np.random.default_rng(seed)
        played = [
            rollout(env, lambda _: self._dice.uniform(box.low, box.high), seed + number)
            for number in range(RANDOM)
        ]
        self._frame: Frame = fit_frame(played, box.low, box.high, TEACHER.normalise)
        self._data = Transitions(played, self._frame, TEACHER.discount)
        size = self._data.observation_size
        self._learner = TD3BC(TEACHER, size, self._data.action_size, steps=0)
        self._updates = 0

    def act(self, noise: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What it does, and something beside."""
        dice = torch.Generator()

        def act(seen: NDArray[Any]) -> NDArray[Any]:
            state = torch.from_numpy(self._frame.observe(seen)[None])
            action = self._learner.act(state, dice)[0].numpy()
            return action + noise * self._dice.standard_normal(len(action))

        return act

    def returns(self) -> Iterator[float]:
        """Learns for ever; the return of each episode of practice."""
        while True:
            for _ in range(STEPS):
                batch = self._data.sample(TEACHER.batch_size, self._dice)
                self._learner.update(batch, self._updates)
                self._updates += 1
            number = len(self._data.starts) - 1
            one = rollout(self._env, self.act(PRACTICE_NOISE), self._seed + number)
            self._data.append(one)
            yield one.total_reward


def teach(env: gymnasium.Env[Any, Any], seed: int) -> Teacher:
    """A teacher that is middling.

    Raises:
        RuntimeError: it never was.
    """
    teacher, last = Teacher(env, seed), []
    for number, earned in enumerate(teacher.returns(), RANDOM + 1):
        last = [*last[-2:], earned]
        print(f"the teacher's episode {number} earns {earned:.0f}", flush=True)
        if len(last) == 3 and np.mean(last) >= MIDDLING:
            return teacher
        if number >= MOST:
            break
    raise RuntimeError(f"after {MOST} episodes the teacher of seed {seed} is not middling")


UPDATES, PLAYED = 30_000, 10

VALUED = {**SMALL, "follow": 0.01}
"""In a million updates targets may follow by 0.005 each; in a few thousand they would be late."""

LEARNERS = {
    "bc": SMALL,
    "bc-10": SMALL,
    "td3-bc": VALUED,
    "iql": {**VALUED, "reward_scale": 0.2},
    "idql": {**VALUED, "reward_scale": 0.2, "blocks": 1, "samples": 16, "average": 0.005},
}
"""One configuration a method, for all seeds; otherwise as they are declared. Rewards are scaled as
IQL's authors do, so that returns are of the order of 1,000."""

PUBLISHED = MappingProxyType({"bc": 42.4, "bc-10": 42.5, "td3-bc": 48.1, "iql": 48.3, "idql": 49.7})
"""Of 100, on D4RL's ``halfcheetah-medium-v2``: last scores of github.com/corl-team/CORL (its
README, Feb 2024); IDQL's with one configuration for all tasks (arXiv 2304.10573)."""

APART = 4.0
"""Methods that are published further apart than this have an order; no others here have."""


def plan(folder: Path) -> Plan:
    """The comparison; the data set is made in the folder. A score is an episode's return."""
    out = folder / f"{WORLD}-medium"
    env = gymnasium.make(WORLD)
    if not (out / "data" / "metadata.json").is_file():
        _record(out, env)
    kept = Dataset(out)

    def play(act: Act, seed: int) -> float:
        return rollout(env, lambda seen: act(seen.astype(np.float32)), seed).total_reward

    episodes = list(kept.trajectories(states_only=True))
    return Plan(episodes, kept.low, kept.high, play, UPDATES, PLAYED)


def _record(out: Path, env: gymnasium.Env[Any, Any]) -> None:
    """Writes the teacher's play as a data set in Minari's layout."""
    torch.set_num_threads(1)
    writer, teacher = DatasetWriter(out), teach(env, seed=0)
    for number in range(EPISODES):
        writer.put(number, rollout(env, teacher.act(NOISE), 100_000 + number))
    seen = spaces.Dict({"state": env.observation_space})
    writer.finish(
        EPISODES,
        {
            "dataset_id": f"polyathlon/{WORLD}/medium-v0",
            "observation_space": json.dumps(describe_space(seen)),
            "action_space": json.dumps(describe_space(env.action_space)),
            "description": f"{WORLD}, TD3 stopped at {MIDDLING:.0f}, noise of {NOISE}",
            "algorithm_name": "TD3",
        },
    )
