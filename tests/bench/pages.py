"""MiniWoB's measurements: this suite's pages against upstream's Selenium client, and slots.

Upstream needs chromedriver beside the browser (Debian: ``chromium-driver``); both clients then
drive the browser at hand, on the same tasks and seeds. BrowserGym wants an environment of its own:
``BROWSERGYM_PYTHON=/path/to/its/python python tests/bench browsers``.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rival_pages
from rival_pages import PLACE, ROUNDS, TASKS

from polyathlon.tasks.miniwob import served
from polyathlon.tasks.miniwob.binary import find_browser
from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import click_at

VARIABLE = "BROWSERGYM_PYTHON"
"""Names the interpreter of an environment that has BrowserGym."""


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


def _look(env: Any) -> Any:
    if isinstance(env, MiniWoB):
        env._picture = None
        return env._screen()
    from miniwob.screenshot import get_screenshot, pil_to_numpy_array

    at = env.instance
    whole, part = (at.inner_width, at.inner_height), (at.task_width, at.task_height)
    return pil_to_numpy_array(get_screenshot(at.driver, *whole, *part))


def _looking(side: str) -> float:
    """Pictures a second of a page at rest."""
    env = maker(side)("email-inbox")
    env.reset(seed=0)
    begun = time.perf_counter()
    for _ in range(5 * ROUNDS):
        _look(env)
    spent = time.perf_counter() - begun
    env.close()
    return 5 * ROUNDS / spent


WORKS: dict[str, Callable[[str], float]] = {
    "opening": lambda side: rival_pages.opening(maker(side)),
    "resetting": lambda side: rival_pages.resetting(maker(side)),
    "clicking": lambda side: rival_pages.clicking(maker(side), _click),
    "looking": _looking,
}
"""What is done once, by name: a rate for either side."""


def browsergym(what: str) -> float | None:
    """The same of BrowserGym's MiniWoB, which has an environment of its own; None without it."""
    if VARIABLE not in os.environ:
        return None
    script = Path(__file__).with_name("rival_pages.py")
    chromium = shutil.which("chromium") or str(find_browser())
    command = [os.environ[VARIABLE], str(script), what, chromium, str(served.root() / "miniwob")]
    alone = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=alone)
    return float(done.stdout.splitlines()[-1])


def episodes(side: str, slots: int = 1) -> float:
    """Episodes of five clicks a minute, in so many processes at once.

    What starting the processes and opening the first page takes is left out on both sides: a run
    does it once.
    """
    with ProcessPoolExecutor(slots, multiprocessing.get_context("spawn")) as pool:
        gate = pool.map(_opened, [side] * slots)
        list(gate)
        begun = time.perf_counter()
        played = sum(pool.map(_played, [side] * slots))
        return 60 * played / (time.perf_counter() - begun)


_OPEN: dict[str, Any] = {}
"""In a process that plays: its environments by task."""


def _opened(side: str) -> int:
    for task in TASKS:
        _OPEN[task] = maker(side)(task)
        _OPEN[task].reset(seed=0)
    time.sleep(1)  # So that no process takes the order of another.
    return os.getpid()


def _played(side: str) -> int:
    for env in _OPEN.values():
        for seed in range(ROUNDS):
            env.reset(seed=seed)
            for _ in range(5):
                env.step(_click(env))
        env.close()
    return len(_OPEN) * ROUNDS
