"""MiniWoB's measurements: this suite's pages against upstream's Selenium client, and slots.

Upstream needs chromedriver beside the browser (Debian: ``chromium-driver``); both clients then
drive the browser at hand, on the same tasks and seeds.
"""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import click_at

TASKS = ("click-test-2", "click-dialog", "login-user", "email-inbox")
"""A page of two buttons, a widget, a form and a long page."""

PLACE = (5, 205)
"""A corner in which no page of these has anything: a click there changes nothing [px]."""

ROUNDS = 10
"""How often each is done on each task."""


def upstream_missing() -> str:
    """What upstream's client lacks on this machine; empty where it runs."""
    lacking = [name for name in ("chromedriver", "chromium") if shutil.which(name) is None]
    return f"not measured: no {' and no '.join(lacking)}" if lacking else ""


def _upstream(task: str) -> Any:
    os.environ["MINIWOB_CHROME_BINARY"] = str(shutil.which("chromium"))
    os.environ["MINIWOB_CHROMEDRIVER"] = str(shutil.which("chromedriver"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from miniwob.environment import MiniWoBEnvironment

        return MiniWoBEnvironment(subdomain=task)


def _ours(task: str) -> MiniWoB:
    return MiniWoB(task, observations=("rgb", "instruction", "dom"))


def _click(env: Any) -> Any:
    if isinstance(env, MiniWoB):
        return env.speech.say(click_at(*PLACE))
    return env.create_action("CLICK_COORDS", coords=np.array(PLACE, np.float32))


def maker(side: str) -> Callable[[str], Any]:
    """``ours`` or ``upstream``."""
    return _ours if side == "ours" else _upstream


def opening(side: str) -> float:
    """Further slots opened a second, each with its first observation, beside one that stands."""
    make = maker(side)
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


def resetting(side: str) -> float:
    """Resets a second, with words, elements and picture."""
    return _each(side, lambda env, seed: env.reset(seed=seed), fresh=False)


def clicking(side: str) -> float:
    """Steps of a click a second, with words, elements and picture."""
    return _each(side, lambda env, _: env.step(_click(env)), fresh=True)


def _each(side: str, act: Callable[[Any, int], Any], fresh: bool) -> float:
    spent = 0.0
    for task in TASKS:
        env = maker(side)(task)
        env.reset(seed=0)
        for seed in range(ROUNDS):
            if fresh:
                env.reset(seed=seed)
            begun = time.perf_counter()
            act(env, seed)
            spent += time.perf_counter() - begun
        env.close()
    return len(TASKS) * ROUNDS / spent


def episodes(side: str) -> float:
    """Episodes of five clicks a minute in one slot, making of the environments included."""
    begun = time.perf_counter()
    for task in TASKS:
        env = maker(side)(task)
        for seed in range(ROUNDS):
            env.reset(seed=seed)
            for _ in range(5):
                env.step(_click(env))
        env.close()
    return 60 * len(TASKS) * ROUNDS / (time.perf_counter() - begun)


def looking() -> float:
    """Pictures a second of a page at rest."""
    env = _ours("email-inbox")
    env.reset(seed=0)
    spent = 0.0
    for _ in range(5 * ROUNDS):
        env._picture = None
        begun = time.perf_counter()
        env._screen()
        spent += time.perf_counter() - begun
    env.close()
    return 5 * ROUNDS / spent
