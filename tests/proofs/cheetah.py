"""Data of HalfCheetah-v5 as a search for a policy leaves them behind: from useless to middling.

The search is Augmented Random Search, V2 (Mania, Guy and Recht 2018, arXiv 1803.07055): a matrix is
moved along random directions by the difference of the returns that both ways along them bring.
A share of its episodes is kept, in order: a replay, as D4RL's "medium-replay" is one of SAC. And as
SAC's policies are stochastic, so are these: without, hardly any state would have two actions, and
nothing could be learnt of which is the better.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from comparison import Act, Plan
from gymnasium import spaces
from numpy.typing import NDArray

from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter, describe_space

WORLD = "HalfCheetah-v5"

Floats = NDArray[np.float64]


@dataclasses.dataclass
class Search:
    """What the search knows.

    Attributes:
        directions: tried each time, both ways.
        best: of them, those that are gone along.
        rate: how far; the paper's for HalfCheetah (table 9), as is the next one.
        reach: how far is tried.
        noise: deviation of what is added to actions.
    """

    directions: int = 8
    best: int = 4
    rate: float = 0.02
    reach: float = 0.03
    noise: float = 0.2


class Normaliser:
    """Running mean and deviation of the observations, after Welford."""

    def __init__(self, size: int) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(size), np.zeros(size)

    def add(self, rows: Floats) -> None:
        """Takes in observations `[N, D]`."""
        count = self.count + len(rows)
        shift = rows.mean(0) - self.mean
        self.squares += rows.var(0) * len(rows) + shift**2 * self.count * len(rows) / count
        self.mean += shift * len(rows) / count
        self.count = count

    @property
    def scale(self) -> Floats:
        """Deviations; 1 before anything was seen."""
        if self.count < 2:
            return np.ones_like(self.mean)
        return np.sqrt(self.squares / self.count) + 1e-6


def linear(
    matrix: Floats, mean: Floats, scale: Floats, noise: float, dice: np.random.Generator
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A policy that multiplies, and adds noise."""
    return lambda seen: matrix @ ((seen - mean) / scale) + noise * dice.standard_normal(len(matrix))


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


def replay(
    seed: int, iterations: int, keep_every: int, search: Search | None = None
) -> Iterator[Trajectory]:
    """Every so-manieth episode of a search, from its beginning to its end."""
    search = search or Search()
    env = gymnasium.make(WORLD)
    dice = np.random.default_rng(seed)
    size, width = env.observation_space.shape[0], env.action_space.shape[0]  # type: ignore[index]
    matrix, normaliser, number = np.zeros((width, size)), Normaliser(size), 0
    for _ in range(iterations):
        tried = dice.standard_normal((search.directions, width, size))
        returns = np.zeros((search.directions, 2))
        mean, scale = normaliser.mean.copy(), normaliser.scale
        for which, shift in enumerate(tried):
            for side, sign in enumerate((1, -1)):
                tilted = matrix + sign * search.reach * shift
                act = linear(tilted, mean, scale, search.noise, dice)
                played = rollout(env, act, seed + number)
                returns[which, side] = played.total_reward
                normaliser.add(played.observations["state"].astype(np.float64))
                if number % keep_every == 0:
                    yield played
                number += 1
        chosen = np.argsort(-returns.max(1))[: search.best]
        gained = returns[chosen, 0] - returns[chosen, 1]
        spread = max(float(returns[chosen].std()), 1e-6)
        matrix += search.rate / (search.best * spread) * np.tensordot(gained, tried[chosen], 1)
    env.close()


ITERATIONS, KEEP_EVERY = 60, 11

UPDATES, PLAYED = 3_000, 5

SMALL = {"hidden": (128, 128), "batch_size": 128, "learning_rate": 1e-3}

VALUED = {**SMALL, "follow": 0.02}
"""In a million updates targets may follow by 0.005 each; in a few thousand they would be late."""

LEARNERS = {
    "bc": SMALL,
    "bc-10": SMALL,
    "td3-bc": VALUED,
    "iql": {**VALUED, "reward_scale": 0.3},
    "idql": {**VALUED, "reward_scale": 0.3, "blocks": 1, "samples": 16, "average": 0.005},
}
"""One configuration a method, for all seeds; otherwise as they are declared. The scale of rewards
is IQL's for locomotion: 1000 by the distance between the best and the worst return."""


def plan(folder: Path) -> Plan:
    """The comparison; the data set is made in the folder. A score is an episode's return."""
    out = folder / WORLD
    env = gymnasium.make(WORLD)
    if not (out / "data" / "metadata.json").is_file():
        _record(out, env)
    kept = Dataset(out)

    def play(act: Act, seed: int) -> float:
        return rollout(env, lambda seen: act(seen.astype(np.float32)), seed).total_reward

    episodes = list(kept.trajectories(states_only=True))
    return Plan(episodes, kept.low, kept.high, play, UPDATES, PLAYED)


def _record(out: Path, env: gymnasium.Env[Any, Any]) -> None:
    """Writes the replay as a data set in Minari's layout."""
    writer, count = DatasetWriter(out), 0
    for count, one in enumerate(replay(0, ITERATIONS, KEEP_EVERY), 1):
        writer.put(count - 1, one)
    seen = spaces.Dict({"state": env.observation_space})
    writer.finish(
        count,
        {
            "dataset_id": f"polyathlon/{WORLD}/replay-v0",
            "observation_space": json.dumps(describe_space(seen)),
            "action_space": json.dumps(describe_space(env.action_space)),
            "description": f"{WORLD}, every {KEEP_EVERY}th episode of a random search",
            "algorithm_name": "ARS V2",
        },
    )
