"""A browser or a page that dies or hangs is named and replaced, and nothing of it stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from polyathlon.core.errors import BrowserFault
from polyathlon.tasks.miniwob import browser
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser
from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import Gesture, click, click_at, wait
from polyathlon.tasks.miniwob.page import Page

pytest.importorskip("miniwob", reason="the miniwob package is not installed")
try:
    find_browser()
except BrowserMissing as missing:
    pytest.skip(str(missing), allow_module_level=True)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Environments in a browser of the test's own."""
    monkeypatch.setattr(browser, "_shared", None)
    monkeypatch.setattr(browser, "_users", 0)
    made: list[MiniWoB] = []

    def build(task: str) -> MiniWoB:
        made.append(MiniWoB(task))
        return made[-1]

    yield build
    for env in made:
        env.close()


def do(env: MiniWoB, gesture: Gesture) -> dict[str, Any]:
    return env.step(env.speech.say(gesture))[4]


def page_of(env: MiniWoB) -> Page:
    assert env._page is not None
    return env._page


def button_of(env: MiniWoB) -> int:
    return next(one.ref for one in env.elements if one.tag == "button")


def test_a_browser_that_is_killed_is_replaced(make):
    env = make("click-test")
    env.reset(seed=0)
    assert env._browser is not None
    dead = env._browser.process
    os.kill(dead, signal.SIGKILL)
    with pytest.raises(BrowserFault, match="gone"):
        do(env, wait())
    observation, _ = env.reset(seed=0)
    assert observation["instruction"] == "Click the button."
    assert env._browser.process != dead
    assert not psutil.pid_exists(dead)


def test_a_page_that_crashes_is_replaced(make):
    env = make("click-test")
    env.reset(seed=0)
    page_of(env).browser.send("Page.crash", {}, page_of(env).session, forget=True)
    with pytest.raises(BrowserFault, match="crashed"):
        do(env, wait())
    env.reset(seed=0)
    assert do(env, click(button_of(env)))["success"]


def test_a_page_that_hangs_is_given_up(make, monkeypatch):
    env = make("click-test")
    env.reset(seed=0)
    assert env._browser is not None
    process = env._browser.process
    monkeypatch.setattr(browser, "PATIENCE", 1.0)
    page = page_of(env)
    page.browser.send("Runtime.evaluate", {"expression": "for (;;);"}, page.session, forget=True)
    with pytest.raises(BrowserFault, match="does not answer"):
        do(env, click_at(5, 5))
    assert not psutil.pid_exists(process)
    monkeypatch.undo()
    env.reset(seed=0)


def test_the_last_environment_takes_the_browser_with_it(make):
    envs = [make("click-test"), make("click-link")]
    for env in envs:
        env.reset(seed=0)
    leased = envs[0]._browser
    assert envs[1]._browser is leased
    family = psutil.Process(leased.process).children(recursive=True)
    assert family
    envs[0].close()
    assert leased.alive
    envs[1].close()
    envs[1].close()
    assert not leased.alive
    assert not psutil.pid_exists(leased.process)
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive, gone


def test_a_killed_process_leaves_no_browser(python):
    script = (
        "import os, signal, sys\n"
        "from polyathlon import tasks\n"
        "env = tasks.make('miniwob.click-test')\n"
        "env.reset(seed=0)\n"
        "print(env.unwrapped._browser.process, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = int(python("-c", script, code=-signal.SIGKILL).stdout)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(process)


def test_a_fork_leaves_the_parents_browser_alone(make):
    env = make("click-test")
    env.reset(seed=0)
    child = os.fork()
    if child == 0:
        os._exit(0 if browser._shared is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert do(env, click(button_of(env)))["success"]
