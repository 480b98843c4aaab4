"""Memory over many episodes of MiniWoB++: this process, its browser, and their open files."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

import psutil

from polyathlon.tasks.miniwob import browser
from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.oracle import ORACLES, Solver

SLOTS = 4
LOOKS = 10
"""How often the memory is looked at."""

GROWTH = 1.1
"""Largest memory over the second half of the episodes, on average, over that of the first."""


class Held(NamedTuple):
    """What is held after so many episodes.

    Attributes:
        episodes: played until then.
        process: memory of this process, shared parts by their share [B].
        browser: of the browser and its children, likewise [B].
        handles: open files of this process.
    """

    episodes: int
    process: int
    browser: int
    handles: int


def held(episodes: int) -> Iterator[Held]:
    """Plays with oracles, four slots at once, and says what is held ten times on the way.

    A slot takes another page after some episodes, as a worker does; all pages with an oracle are
    played, those that are loaded afresh among them.
    """
    leased = browser.lease()
    names = sorted(ORACLES)
    stay = max(1, episodes // len(names) // SLOTS)
    slots: list[MiniWoB] = []
    for episode in range(episodes):
        slot, turn = episode % SLOTS, episode // SLOTS
        if turn % stay == 0:
            name = names[(turn // stay * SLOTS + slot) % len(names)]
            env = MiniWoB(name, observations=("rgb", "instruction", "dom"))
            if turn == 0:
                slots.append(env)
            else:
                slots[slot].close()
                slots[slot] = env
        _play(slots[slot], episode)
        if (episode + 1) % (episodes // LOOKS) == 0:
            yield _look(leased, episode + 1)
    for env in slots:
        env.close()
    browser.release(leased)


def _play(env: MiniWoB, seed: int) -> None:
    observation, info = env.reset(seed=seed)
    solver = Solver(env)
    solver.reset(observation, info)
    over = False
    while not over:
        observation, _, over, _, info = env.step(solver.act(observation))


def _look(leased: browser.Browser, episodes: int) -> Held:
    gc.collect()
    this, main = psutil.Process(), psutil.Process(leased.process)
    family = [main, *main.children(recursive=True)]
    sizes = [one.memory_full_info().pss for one in family]
    return Held(episodes, this.memory_full_info().pss, sum(sizes), this.num_fds())


def is_flat(found: list[Held]) -> bool:
    """Whether neither grew, nor files were left open.

    Halves are compared, as a single look depends on which pages are open: a browser with four of
    them held 258 to 360 MB.
    """
    halves = found[: LOOKS // 2], found[LOOKS // 2 :]
    files = found[-1].handles <= found[0].handles + 2
    return files and all(
        later <= GROWTH * before
        for before, later in (
            (fmean(getattr(one, name) for one in half) for half in halves)
            for name in ("process", "browser")
        )
    )
