"""Pages of MiniWoB++, played by their oracles and at random."""

from __future__ import annotations

from typing import NamedTuple

from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.oracle import Solver

ENOUGH = 0.95
"""Share of the seeds that an oracle has to win."""


class Solved(NamedTuple):
    """How often one page was won.

    Attributes:
        name: the package's.
        oracle: episodes that the oracle won.
        steps: that it took for an episode, on average.
        random: episodes that random commands won.
    """

    name: str
    oracle: int
    steps: float
    random: int


def solved(name: str, seeds: range) -> Solved:
    """Plays a page."""
    env = MiniWoB(name)
    try:
        by_oracle = [_by_oracle(env, seed) for seed in seeds]
        by_chance = [_at_random(env, seed) for seed in seeds]
    finally:
        env.close()
    won, steps = zip(*by_oracle, strict=True)
    return Solved(name, sum(won), sum(steps) / len(steps), sum(by_chance))


def _by_oracle(env: MiniWoB, seed: int) -> tuple[bool, int]:
    observation, info = env.reset(seed=seed)
    solver = Solver(env)
    solver.reset(observation, info)
    steps, over = 0, False
    while not over:
        observation, _, over, _, info = env.step(solver.act(observation))
        steps += 1
    return bool(info["success"]), steps


def _at_random(env: MiniWoB, seed: int) -> bool:
    env.action_space.seed(seed)
    env.reset(seed=seed)
    over = False
    while not over:
        _, _, over, _, info = env.step(env.action_space.sample())
    return bool(info["success"])
