"""LLaRP at small size: single moves in homes, by reinforcement alone, with and without a reader."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch

from polyathlon.agents.llarp.config import PRESETS, LlarpConfig
from polyathlon.agents.llarp.player import LlarpAgent
from polyathlon.agents.llarp.training import Progress, train
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.stage import World
from polyathlon.core.specs import Brief, derive_seed
from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks import catalogue

SINGLE = ("42f1b012", "f0917e29")
"""The families that ask for one thing to be moved: from a place to a place, or wherever it is."""

SPLITS = ("langr.scene", "langr.instruct-rephrasing")


class Solved(NamedTuple):
    """Episodes won of those played."""

    won: int
    played: int

    def __str__(self) -> str:
        """The share with its 95% interval."""
        low, high = wilson(self.won, self.played)
        return f"{self.won / max(self.played, 1):.2f} [{low:.2f}, {high:.2f}], {self.played}"


class SingleMoves(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Plays the episodes of a split that ask for one move; which, the seed says."""

    def __init__(self, env: gymnasium.Env[Any, Any], numbers: Sequence[int]) -> None:
        super().__init__(env)
        self._numbers = numbers

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, Any]:
        """An episode of those."""
        assert seed is not None
        number = self._numbers[int(np.random.default_rng(seed).integers(len(self._numbers)))]
        return self.env.reset(seed=seed, options=options or {"episode": number})


def single_moves(split: str, first: int, count: int) -> list[int]:
    """Numbers of the episodes that ask for one move, among so many."""
    from polyathlon.tasks.langr.splits import SPLITS as DECLARED

    declared = DECLARED[split.partition(".")[2]]
    whole = range(first, first + count)
    return [number for number in whole if declared.share_of(number).family in SINGLE]


def make_worlds(count: int, fields: Sequence[str]) -> list[World]:
    """Training homes; the last thousand episodes of the split are kept apart."""
    task = catalogue.find("langr.train")
    numbers = single_moves("langr.train", 0, task.numbered_episodes - 1000)
    return [
        World(
            SingleMoves(catalogue.build(task, observations=tuple(fields)), numbers),
            task,
        )
        for _ in range(count)
    ]


def play(agent: LlarpAgent, split: str, numbers: Sequence[int], slots: int = 32) -> Solved:
    """How many of those episodes an agent wins; as many at once as there are slots."""
    task = catalogue.find(split)
    fields = agent.observations
    envs = [catalogue.build(task, observations=fields) for _ in range(min(slots, len(numbers)))]
    won = 0
    for first in range(0, len(numbers), len(envs)):
        part = list(numbers[first : first + len(envs)])
        seen = {}
        for slot, number in enumerate(part):
            seed = derive_seed("tidying", split, number)
            seen[slot], _ = envs[slot].reset(seed=seed, options={"episode": number})
            agent.reset([slot], [
                Brief(
                    instruction=seen[slot]["instruction"], embodiment=task.embodiment,
                    action_space=envs[slot].action_space, agent_seed=seed,
                    max_episode_steps=task.max_episode_steps,
                )
            ])  # fmt: skip
        while seen:
            slots_now = list(seen)
            for slot, action in zip(
                slots_now, agent.act([seen[s] for s in slots_now], slots_now), strict=True
            ):
                seen[slot], _, terminated, truncated, info = envs[slot].step(action)
                if terminated or truncated:
                    won += bool(info["success"])
                    del seen[slot]
    return Solved(won, len(numbers))


def prove(folder: Path, changes: Mapping[str, Any]) -> dict[str, Solved]:
    """Trains, and plays training homes, unseen homes, and other words there."""
    torch.set_num_threads(1)
    config: LlarpConfig = configure(PRESETS, "llarp-mini", changes)
    begun = time.monotonic()

    def watch(progress: Progress) -> None:
        if progress.update % 20 == 0:
            told = {name: round(one, 3) for name, one in progress.figures.items()}
            print(progress.steps, round(time.monotonic() - begun), told, flush=True)

    agent = train(folder, config, make_worlds, None, watch)
    last = catalogue.find("langr.train").numbered_episodes
    found = {
        "langr.train": play(agent, "langr.train", single_moves("langr.train", last - 500, 500))
    }
    for split in SPLITS:
        found[split] = play(agent, split, single_moves(split, 0, 100))
    told = {"seconds": time.monotonic() - begun, **{k: v._asdict() for k, v in found.items()}}
    (folder / "proof.json").write_text(json.dumps(told, indent=1))
    return found


if __name__ == "__main__":
    import sys

    given = dict(one.split("=", 1) for one in sys.argv[2:])
    values = {}
    for name, text in given.items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    for split, solved in prove(Path(sys.argv[1]), values).items():
        print(split, solved, flush=True)
