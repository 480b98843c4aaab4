"""LLaRP at small size: single moves in homes, by reinforcement alone, with and without a reader.

    python tests/proofs/tidying.py --reader models/minilm --seeds 3 --processes 2

Two agents that differ in one thing: what reads. One has a frozen encoder of sentences; the other
learns words from reward alone, and looks for things by them as a bag, or with
``--set 'reading="all"'`` by what the trunk makes of them in their order. Each training has a folder
below ``--out`` and goes on where it was cut short. Without ``--reader`` only the other is trained.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from polyathlon.agents.llarp.config import PRESETS, LlarpConfig
from polyathlon.agents.llarp.player import LlarpAgent
from polyathlon.agents.llarp.training import LlarpTraining, Progress
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.ledger import LOG
from polyathlon.agents.lm.stage import World
from polyathlon.core.files import write_atomically
from polyathlon.core.specs import Brief, derive_seed
from polyathlon.leaderboard.intervals import wilson
from polyathlon.tasks import catalogue

TRAINED = ("42f1b012", "f0917e29")
"""The families that ask for one thing to be moved: from a place to a place, or wherever it is."""

HELD_OUT = 500
"""The last episodes of the training split, which no training sees."""

SINGLE: Mapping[str, tuple[str, ...]] = {
    "langr.train": TRAINED,
    "langr.scene": TRAINED,
    "langr.instruct-rephrasing": TRAINED,
    "langr.context": ("21e2ce5f",),
    "langr.referring-expressions": ("8a66dec9",),
}
"""Where is played, and which families there ask for one move: training homes; homes that were
never seen, and there other words, things that a situation calls for, things by their looks."""

PASSED, KEPT = 0.6, 0.75
"""Success on training homes that each seed is to reach; the share of it in unseen homes that other
words are to leave."""


class Solved(NamedTuple):
    """Episodes won of those played."""

    won: int
    played: int

    @property
    def share(self) -> float:
        """Of those played."""
        return self.won / max(self.played, 1)

    def __str__(self) -> str:
        """The share with its 95% interval."""
        low, high = wilson(self.won, self.played)
        return f"{self.share:.2f} [{low:.2f}, {high:.2f}]"


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
    return [number for number in whole if declared.share_of(number).family in SINGLE[split]]


def make_worlds(count: int, fields: Sequence[str]) -> list[World]:
    """Training homes."""
    task = catalogue.find("langr.train")
    numbers = single_moves("langr.train", 0, task.numbered_episodes - HELD_OUT)
    return [
        World(SingleMoves(catalogue.build(task, observations=tuple(fields)), numbers), task)
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


class Lesson(NamedTuple):
    """One training.

    Attributes:
        name: of what reads.
        seed: of all dice.
        folder: of the training.
        minutes: after which it ends where it stands.
        changes: of the settings.
    """

    name: str
    seed: int
    folder: Path
    minutes: float
    changes: Mapping[str, Any]


PROOF = "proof.json"
"""What came of a training."""


class TimeUp(Exception):
    """A training has had its minutes."""


class Clock:
    """Seconds of a training, over all its parts: what is repeated after a kill counts twice."""

    def __init__(self, folder: Path) -> None:
        self._path, self._begun = folder / "seconds.json", time.monotonic()
        self._before = json.loads(self._path.read_text()) if self._path.is_file() else 0.0

    def read(self) -> float:
        """Notes and returns them."""
        seconds = self._before + time.monotonic() - self._begun
        write_atomically(self._path, json.dumps(round(seconds, 1)).encode())
        return seconds


def learn(lesson: Lesson) -> dict[str, Solved]:
    """Trains, and plays everywhere; what is complete is only read."""
    path = lesson.folder / PROOF
    if path.is_file():
        found = json.loads(path.read_text())
        return {split: Solved(*one) for split, one in found["solved"].items()}
    torch.set_num_threads(1)
    lesson.folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(lesson.folder)
    config: LlarpConfig = configure(PRESETS, "llarp-mini", {**lesson.changes, "seed": lesson.seed})

    def watch(progress: Progress) -> None:
        if progress.update % 20 == 0:
            told = {name: round(one, 3) for name, one in progress.figures.items()}
            who = f"{lesson.name} {lesson.seed}"
            print(who, progress.steps, round(clock.read()), told, flush=True)
            if clock.read() > 60 * lesson.minutes:
                raise TimeUp

    training = LlarpTraining(lesson.folder, config, make_worlds)
    with contextlib.closing(training.stage), contextlib.suppress(TimeUp):
        training.run(watch=watch)
    training.save()
    agent, seconds = training.agent(), clock.read()
    last = catalogue.find("langr.train").numbered_episodes
    solved = {}
    for split in SINGLE:
        first, count = (last - HELD_OUT, HELD_OUT) if split == "langr.train" else (0, 100)
        solved[split] = play(agent, split, single_moves(split, first, count))
    told = {"seconds": round(seconds), "steps": training.steps, "solved": solved}
    write_atomically(path, json.dumps(told, indent=1).encode())
    return solved


def course(folder: Path, size: int = 100_000) -> list[float]:
    """Success while it trained, by so many steps."""
    parts: dict[int, list[tuple[float, float]]] = {}
    for line in (folder / LOG).read_text().splitlines():
        told = json.loads(line)
        if "episodes" in told:
            part = parts.setdefault((told["steps"] - 1) // size, [])
            part.append((told["success"] * told["episodes"], told["episodes"]))
    return [float(np.divide(*np.sum(parts[number], 0))) for number in sorted(parts)]


def prove(lessons: Sequence[Lesson], processes: int) -> Iterator[tuple[Lesson, dict[str, Solved]]]:
    """All trainings, so many side by side; each as soon as it and those before are done."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from zip(lessons, pool.imap(learn, lessons), strict=True)


def claims_of(found: Mapping[str, Sequence[Mapping[str, Solved]]]) -> dict[str, bool]:
    """What is claimed of the agents, by what reads, and whether it holds."""

    def kept(name: str) -> float:
        won = [sum(one[split].won for one in found[name]) for split in (SCENE, REPHRASED)]
        played = [sum(one[split].played for one in found[name]) for split in (SCENE, REPHRASED)]
        return (won[1] / played[1]) / max(won[0] / played[0], 1e-9)

    claims = {}
    for name, told in ((READER, "with a reader"), (NOVICE, "without one")):
        if name in found:
            least = min(one["langr.train"].share for one in found[name])
            claims[f"{told}, above {PASSED} of single moves with every seed"] = least > PASSED
    if READER in found:
        words = f"other words leave the one with a reader {KEPT} of what it does in unseen homes"
        claims[words] = kept(READER) >= KEPT
    if NOVICE in found:
        words = f"they leave the one without less than {KEPT} of that: {kept(NOVICE):.2f}"
        claims[words] = kept(NOVICE) < KEPT
    return claims


READER, NOVICE = "reader", "own-words"
"""What reads: a frozen encoder of sentences, or words of its own, which reward alone teaches."""
SCENE, REPHRASED = "langr.scene", "langr.instruct-rephrasing"


def main() -> int:
    """Trains what is missing, prints the table; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/results/llarp-mini"))
    parser.add_argument("--reader", default="", help="folder of a frozen encoder of sentences")
    parser.add_argument("--only", choices=(READER, NOVICE), help="train one of the two")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="the most of a training")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    options = parser.parse_args()
    changes = {"steps": options.steps}
    for one in options.set:
        name, _, text = one.partition("=")
        changes[name] = json.loads(text)
    kinds = {READER: options.reader} if options.reader else {}
    kinds |= {NOVICE: ""}
    lessons = [
        Lesson(name, seed, options.out / f"{name}-{seed}", options.minutes,
               {**changes, "reader": reader})
        for seed in range(options.first_seed, options.first_seed + options.seeds)
        for name, reader in kinds.items()
        if options.only in (None, name)
    ]  # fmt: skip
    table = Table(title="llarp-mini, single moves; intervals 95%, over episodes")
    for column in (
        "what reads",
        "seed",
        "steps",
        "minutes",
        *(one.partition(".")[2] for one in SINGLE),
    ):
        table.add_column(column)
    found: dict[str, list[Mapping[str, Solved]]] = {}
    for lesson, solved in prove(lessons, options.processes):
        found.setdefault(lesson.name, []).append(solved)
        told = json.loads((lesson.folder / PROOF).read_text())
        trained = f"{told['steps']:,}", f"{told['seconds'] / 60:.0f}"
        table.add_row(lesson.name, str(lesson.seed), *trained, *map(str, solved.values()))
        print(lesson.name, lesson.seed, [round(one, 2) for one in course(lesson.folder)])
    Console(width=150).print(table)
    claims = claims_of(found)
    for words, holds in claims.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {words}")
    return int(not all(claims.values()))


STEPS, MINUTES = 600_000, 38.0
"""The most of each training, whichever comes first."""


if __name__ == "__main__":
    raise SystemExit(main())
