"""``make proof``: what takes too long for ``make test``; its figures stand in the docs.

    python tests/proofs langr-oracle --episodes 1000
    python tests/proofs langr-train --first 0 --count 150000 --processes 2
    python tests/proofs langr-random --episodes 1000

Each prints a table with 95% Wilson intervals.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import itertools
import multiprocessing
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks.langr import SPLITS
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
    observation, info = env.reset(seed=number, options={"episode": number})
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
    _, info = env.reset(seed=number, options={"episode": number})
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
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        for found in pool.map(_train_chunk, chunks):
            yield from found


def main() -> None:
    """Plays and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proof", choices=["langr-oracle", "langr-train", "langr-random"])
    parser.add_argument("--episodes", type=int, default=1000, help="over all splits")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=150_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.proof == "langr-train":
        _print(
            options.proof, "family", list(train(options.first, options.count, options.processes))
        )
        return
    play = oracle_plays if options.proof == "langr-oracle" else random_plays
    each = -(-options.episodes // len(SPLITS))
    played = [play(split, number) for split in SPLITS for number in range(each)]
    _print(options.proof, "split", played)
    _print(options.proof, "family", played)


def _print(title: str, group: str, played: Sequence[Played]) -> None:
    groups: dict[str, list[Played]] = collections.defaultdict(list)
    for one in played:
        groups[getattr(one, group)].append(one)
        if title != "langr-random" and not one.success:
            print("lost:", one)
    groups["all"] = [one for found in list(groups.values()) for one in found]
    rearranging = [one for one in played if one.family[:8] not in NOT_MOVING]
    if group == "family":
        groups["rearranging"] = rearranging
    table = Table(title=title, title_justify="left")
    for column in (group, "episodes", "won", "95%", "skills, mean", "most", "reward, most"):
        table.add_column(column)
    for name, found in groups.items():
        won = sum(one.success for one in found)
        low, high = wilson(won, len(found))
        steps = [one.steps for one in found]
        table.add_row(
            name,
            f"{len(found):,}",
            f"{won:,}",
            f"[{low:.4f}, {high:.4f}]",
            f"{np.mean(steps):.1f}",
            str(max(steps)),
            f"{max(one.total for one in found):.3f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
