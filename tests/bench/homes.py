"""Language Rearrangement's measurements: pictures, symbols, episodes, resets, memory."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy as np

from polyathlon.tasks.langr.environment import LanguageRearrangement
from polyathlon.tasks.langr.generator import generate
from polyathlon.tasks.langr.vocabulary import NAVIGABLE

SIZES = (84, 128, 224)

GOING = tuple(range(len(NAVIGABLE)))
"""Skills that change the picture every time: going from place to place."""


def _per_call(call: Callable[[], Any], count: int) -> float:
    """Calls a second, by processor time: another process on the core must not count."""
    begun = time.process_time()
    for _ in range(count):
        call()
    return count / max(time.process_time() - begun, 1e-9)


class _Tour:
    """An environment that goes from place to place for ever."""

    def __init__(self, **kwargs: Any) -> None:
        self.env = LanguageRearrangement("train", **kwargs)
        self._places = itertools.cycle(GOING)
        self._left = 0
        self.step()

    def step(self) -> None:
        if not self._left:
            self.env.reset(seed=0, options={"episode": 3})
            self._left = 31
        self._left -= 1
        over = self.env.step(next(self._places))[2]
        self._left *= not over


def pictures(pairs: int) -> list[measure.Ratio]:
    """An ``rgb`` step, resets left out, against drawing the same views with nothing around."""
    rows = []
    for size in SIZES:
        tour = _Tour(observations=("rgb",), image_size=size)
        world: Any = tour.env.world
        state = tour.env.rules.state
        places = itertools.cycle(tour.env.rules.home.stands[place] for place in NAVIGABLE)

        def bare(world: Any = world, state: Any = state, places: Any = places) -> None:
            state.base = next(places)
            world.draw(state, "head")

        rows.append(
            measure.ratio(
                f"rgb step at {size} px / drawing alone",
                lambda tour=tour: _steps_alone(tour, 60),  # type: ignore[misc]
                lambda bare=bare: _per_call(bare, 60),  # type: ignore[misc]
                pairs,
            )
        )
        tour.env.close()
    return rows


def _steps_alone(tour: _Tour, count: int) -> float:
    """Steps a second without the resets between episodes."""
    spent, done = 0.0, 0
    while done < count:
        tour.env.reset(seed=0, options={"episode": 3})
        for place in GOING:
            begun = time.process_time()
            over = tour.env.step(place)[2]
            spent += time.process_time() - begun
            done += 1
            if over:
                break
    return done / spent


def symbols(pairs: int) -> list[measure.Ratio]:
    """A symbolic step against a picture's."""
    rows = []
    for size in SIZES:
        drawn = _Tour(observations=("rgb",), image_size=size)
        plain = _Tour(observations=("state", "instruction"))
        rows.append(
            measure.ratio(
                f"symbolic step / rgb step at {size} px",
                lambda plain=plain: _steps_alone(plain, 1000),  # type: ignore[misc]
                lambda drawn=drawn: _steps_alone(drawn, 60),  # type: ignore[misc]
                pairs,
            )
        )
        drawn.env.close()
    return rows


def resets(pairs: int) -> list[measure.Ratio]:
    """Renders in the time of a reset to another episode of the same home, picture included."""
    env = LanguageRearrangement("train", observations=("rgb",), image_size=224)
    env.reset(seed=0, options={"episode": 0})
    home = env.episode.home
    same = [number for number in range(2000) if generate("train", number).home == home][:12]
    numbers = itertools.cycle(same)

    def reset() -> None:
        env.reset(seed=1, options={"episode": next(numbers)})

    def draw() -> None:
        env.world.draw(env.rules.state, "head")

    for _ in same:
        reset()
    row = measure.ratio(
        "a picture at 224 px / a reset in the same home",
        lambda: _per_call(draw, 60),
        lambda: _per_call(reset, 24),
        pairs,
    )
    env.close()
    return [row]


def episodes(pairs: int) -> list[tuple[str, float, float, float]]:
    """Training episodes generated a second, after the homes are built."""
    dice = np.random.default_rng(0)
    for number in range(400):
        generate("train", number)
    rates = []
    for _ in range(pairs):
        numbers = iter(dice.integers(150_000, size=300).tolist())
        rates.append(_per_call(lambda numbers=numbers: generate("train", next(numbers)), 300))  # type: ignore[misc]
    return [("episodes generated", statistics.median(rates), min(rates), max(rates))]


MEMORY = """
import re, sys
import polyathlon
from polyathlon.tasks.langr.environment import LanguageRearrangement
size, count = int(sys.argv[1]), int(sys.argv[2])
kept = []
for number in range(count):
    env = LanguageRearrangement("train", observations=("rgb",) if size else ("state",),
                                image_size=size or 64)
    env.reset(seed=0, options={"episode": 3})
    kept.append(env)
print(int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


def memory() -> list[tuple[str, float, float, float]]:
    """What a further environment in one process takes [MB]."""

    def peak(size: int, count: int) -> float:
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(size), str(count)],
            check=True,
            capture_output=True,
            text=True,
        )
        return float(done.stdout)

    rows = []
    for size in (0, *SIZES):
        one, five = peak(size, 1), peak(size, 5)
        name = f"a further environment, rgb {size} px" if size else "a further environment, state"
        rows.append((name, (five - one) / 4, one, five))
    return rows
