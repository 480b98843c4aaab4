"""What an episode of MiniWoB++ leaves to the next: played pages beside pages just opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import Gesture, click, fill, hover, press
from polyathlon.tasks.miniwob.keyboard import NAMED
from polyathlon.tasks.miniwob.oracle import ORACLES, Solver
from polyathlon.tasks.miniwob.roster import CHORES

FIELDS = ("rgb", "instruction", "dom")
STEPS = 12
"""Gestures at random in an episode."""

REACH = 60.0
"""How far a drag or a scroll goes at most [px]."""


class Kept(NamedTuple):
    """What two episodes of one page showed, the first on a page that was played before.

    Attributes:
        task: the package's name.
        seeds: episodes that were compared.
        differences: fields in which they differ, with their seeds.
    """

    task: str
    seeds: int
    differences: tuple[str, ...]


def sweep(seeds: range, pages: slice) -> int:
    """Prints what each page keeps; 1 if any keeps something."""
    kept = 0
    for task in list(CHORES)[pages]:
        found = compared(task, seeds)
        kept += bool(found.differences)
        print(f"{task:28} {found.seeds:3} seeds  {', '.join(found.differences)}", flush=True)
    print(f"{kept} pages keep something")
    return int(kept > 0)


def compared(task: str, seeds: range) -> Kept:
    """Plays a page at random and by its oracle, and looks at it beside one just opened."""
    played, fresh = MiniWoB(task, observations=FIELDS), MiniWoB(task, observations=FIELDS)
    dice = np.random.default_rng(list(task.encode()))
    played.reset(seed=len(seeds))
    found = []
    for seed in seeds:
        _fumble(played, dice)
        if task in ORACLES:
            _solve(played, seed)
        again, _ = played.reset(seed=seed)
        fresh.close()
        first, _ = fresh.reset(seed=seed)
        found += [
            f"{name} of {seed}" for name in FIELDS if not np.array_equal(again[name], first[name])
        ]
    played.close()
    fresh.close()
    return Kept(task, len(seeds), tuple(found))


def _fumble(env: MiniWoB, dice: np.random.Generator) -> None:
    for gesture in _gestures(env, dice):
        if env.step(env.speech.say(gesture))[2]:
            break


def _gestures(env: MiniWoB, dice: np.random.Generator) -> Iterator[Gesture]:
    """Gestures at random, each of something that is there."""
    for _ in range(STEPS):
        one, other = (env.elements[int(at)] for at in dice.integers(len(env.elements), size=2))
        (x, y), (right, down) = one.centre, dice.uniform(-REACH, REACH, 2).round()
        kinds: list[Gesture] = [
            click(one.ref),
            click(one.ref),
            hover(one.ref),
            Gesture("double_click", refs=(one.ref,)),
            Gesture("drag_to", refs=(one.ref, other.ref)),
            Gesture("drag", points=((x, y), (x + right, y + down))),
            Gesture("scroll", points=((x, y),), shift=(right, down)),
            fill(one.ref, f"word {dice.integers(100)}"),
            press(str(dice.choice(list(NAMED)))),
        ]
        yield kinds[int(dice.integers(len(kinds)))]


def _solve(env: MiniWoB, seed: int) -> None:
    observation: dict[str, Any]
    observation, info = env.reset(seed=seed)
    solver = Solver(env)
    solver.reset(observation, info)
    over = False
    while not over:
        observation, _, over, _, _ = env.step(solver.act(observation))
