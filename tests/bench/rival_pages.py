"""What is measured of pages, whatever drives them; as a program, BrowserGym's part of it.

``python rival_pages.py clicking BROWSER PAGES`` prints a rate where browsergym-miniwob is
installed; BROWSER is a Chromium, PAGES the folder of the miniwob package's tasks.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TASKS = ("click-test-2", "click-dialog", "login-user", "email-inbox")
"""A page of two buttons, a widget, a form and a long page."""

PLACE = (5, 205)
"""A corner in which no page of these has anything: a click there changes nothing [px]."""

ROUNDS = 10
"""How often each is done on each task."""

Maker = Callable[[str], Any]


def opening(make: Maker) -> float:
    """Further slots opened a second, each with its first observation, beside one that stands."""
    standing = make(TASKS[0])
    standing.reset(seed=0)
    spent = 0.0
    for task in TASKS:
        begun = time.perf_counter()
        env = make(task)
        env.reset(seed=0)
        spent += time.perf_counter() - begun
        env.close()
    standing.close()
    return len(TASKS) / spent


def resetting(make: Maker, rounds: int = ROUNDS) -> float:
    """Resets a second, with words, elements and picture."""
    return _each(make, lambda env, seed: env.reset(seed=seed), rounds, fresh=False)


def clicking(
    make: Maker, click: Callable[[Any], Any], rounds: int = ROUNDS, fresh: bool = True
) -> float:
    """Steps of a click a second, with words, elements and picture.

    Args:
        make: makes an environment.
        click: the action.
        rounds: clicks on each task.
        fresh: whether each has an episode of its own, as a time limit may ask for.
    """
    return _each(make, lambda env, _: env.step(click(env)), rounds, fresh)


def _each(make: Maker, act: Callable[[Any, int], Any], rounds: int, fresh: bool) -> float:
    spent = 0.0
    for task in TASKS:
        env = make(task)
        env.reset(seed=0)
        for seed in range(rounds):
            if fresh:
                env.reset(seed=seed)
            begun = time.perf_counter()
            act(env, seed)
            spent += time.perf_counter() - begun
        env.close()
    return len(TASKS) * rounds / spent


FEWER = 2
"""Rounds of BrowserGym's part: it starts two browsers a reset, and waits half a second a step."""


def main(what: str, browser: str, folder: str) -> None:
    """Prints the rate of BrowserGym's environments, with its own delays but for slow motion."""
    os.environ["MINIWOB_URL"] = Path(folder).as_uri() + "/"
    import browsergym.miniwob  # noqa: F401 - registers the tasks
    import gymnasium
    from browsergym.core.action.highlevel import HighLevelActionSet
    from playwright.sync_api import BrowserType

    # Its chat has a browser too, and no argument to say which.
    launch = BrowserType.launch
    BrowserType.launch = lambda self, **told: launch(self, **{**told, "executable_path": browser})
    commands = HighLevelActionSet(subsets=["coord"]).to_python_code

    def make(task: str) -> Any:
        name = f"browsergym/miniwob.{task}"
        return gymnasium.make(
            name, slow_mo=0, action_mapping=commands, disable_env_checker=True
        ).unwrapped

    click = f"mouse_click({PLACE[0]}, {PLACE[1]})"
    works = {
        "opening": functools.partial(opening, make),
        "resetting": functools.partial(resetting, make, FEWER),
        "clicking": functools.partial(clicking, make, lambda _: click, FEWER, fresh=False),
    }
    print(works[what]())


if __name__ == "__main__":
    main(*sys.argv[1:])
