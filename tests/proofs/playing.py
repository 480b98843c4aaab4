"""Episodes of Language Rearrangement played without pictures, here or in processes beside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from crew import crew

from polyathlon.tasks.langr.environment import LanguageRearrangement
from polyathlon.tasks.langr.oracle import make_oracle
from polyathlon.tasks.langr.vocabulary import SKILLS

NOT_MOVING = ("6e3da8a1", "68216d8c", "311525c5", "2f2d797d")
"""Families that ask for no object to be moved: the fridge, going somewhere, finding something."""


class Played(NamedTuple):
    """One episode: which, whether it was won, in how many skills, for what reward."""

    split: str
    number: int
    family: str
    success: bool
    steps: int
    total: float


def oracle_plays(split: str, number: int) -> Played:
    """One episode by the planner, without pictures."""
    env = _environment(split)
    oracle = make_oracle(env)
    observation, info = env.reset(seed=number, options={"episode": number % env.number_of_episodes})
    oracle.reset(observation, info)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(oracle.act(observation))
        total, over = total + reward, terminated or truncated
    steps = int(info["metrics"]["num_steps"])
    return Played(split, number, env.episode.family, info["success"], steps, total)


def random_plays(split: str, number: int) -> Played:
    """One episode by a uniformly random agent, without pictures."""
    env, dice = _environment(split), np.random.default_rng(number)
    _, info = env.reset(seed=number, options={"episode": number % env.number_of_episodes})
    total, over = 0.0, False
    while not over:
        _, reward, terminated, truncated, info = env.step(int(dice.integers(len(SKILLS))))
        total, over = total + reward, terminated or truncated
    steps = int(info["metrics"]["num_steps"])
    return Played(split, number, env.episode.family, info["success"], steps, total)


_made: dict[str, LanguageRearrangement] = {}


def _environment(split: str) -> LanguageRearrangement:
    if split not in _made:
        _made[split] = LanguageRearrangement(split, observations=("instruction",))
    return _made[split]


def _train_chunk(bounds: tuple[int, int]) -> list[Played]:
    return [oracle_plays("train", number) for number in range(*bounds)]


def train(first: int, count: int, processes: int) -> Iterator[Played]:
    """A range of the training episodes by the planner."""
    edges = [*range(first, first + count, 500), first + count]
    chunks = list(itertools.pairwise(edges))
    with crew(processes) as pool:
        for found in pool.map(_train_chunk, chunks):
            yield from found
