"""Pictures of pages: the frames of a page that is filmed, and pictures that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from polyathlon.tasks.miniwob import browser
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser
from polyathlon.tasks.miniwob.camera import NUMBERS, Camera
from polyathlon.tasks.miniwob.environment import MiniWoB

pytest.importorskip("miniwob", reason="the miniwob package is not installed")
try:
    find_browser()
except BrowserMissing as missing:
    pytest.skip(str(missing), allow_module_level=True)

COMMANDS = ("click_at(40, 80)", 'type("word")', "drag(20, 90, 120, 150)", "scroll(80, 100, 0, 40)")


@pytest.fixture(scope="module", autouse=True)
def shared() -> Iterator[browser.Browser]:
    """One browser for the whole module."""
    leased = browser.lease()
    yield leased
    browser.release(leased)


@pytest.mark.parametrize("task", ["email-inbox", "click-dialog", "text-editor", "flight.AA"])
def test_a_film_shows_what_a_picture_shows(task: str) -> None:
    with (
        closing(MiniWoB(task, observations=("rgb",))) as filmed,
        closing(MiniWoB(task, observations=("dom",), render_mode="rgb_array")) as asked,
    ):
        seen, _ = filmed.reset(seed=2)
        asked.reset(seed=2)
        assert np.array_equal(seen["rgb"], asked.render())
        for command in COMMANDS:
            seen, _, over, *_ = filmed.step(command)
            asked.step(command)
            assert np.array_equal(seen["rgb"], asked._screen())
            if over:
                break


def test_a_picture_is_of_now() -> None:
    with closing(MiniWoB("click-test", observations=("rgb",))) as env:
        first = env.reset(seed=0)[0]["rgb"]
        page = env._page
        assert page is not None
        assert np.array_equal(page.picture(), first)
        page.evaluate("document.querySelector('#query').style.background = 'red'; 0")
        changed = np.abs(page.picture().astype(int) - first).max(2)
        assert changed[:40].any()
        assert not changed[60:].any()


def test_a_page_that_covers_its_mark_is_seen_all_the_same() -> None:
    with closing(MiniWoB("click-test", observations=("rgb",))) as env:
        first = env.reset(seed=0)[0]["rgb"]
        page = env._page
        assert page is not None
        page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<dialog>Stop</dialog>');"
            "document.querySelector('dialog').showModal(); 0"
        )
        covered = page.picture()
        assert (covered != first).any(2).mean() > 0.5  # Its backdrop lies over everything.


def test_numbers_start_again_after_the_last(shared: browser.Browser) -> None:
    with closing(MiniWoB("click-test", observations=("rgb",))) as env:
        first = env.reset(seed=0)[0]["rgb"]
        page = env._page
        assert page is not None
        camera = page._camera
        assert isinstance(camera, Camera)
        camera._number = NUMBERS - 1
        assert np.array_equal(page.picture(), first)
        assert np.array_equal(page.picture(), first)
        assert camera._number == 1


@pytest.mark.parametrize(
    ("task", "window"), [("click-test", [500, 320]), ("flight.AA", [500, 667])]
)
def test_a_page_is_in_a_window_as_large_as_upstreams(task: str, window: list[int]) -> None:
    with closing(MiniWoB(task, observations=("rgb",))) as env:
        env.reset(seed=0)
        assert env._page is not None
        assert env._page.evaluate("[innerWidth, innerHeight]") == window
        assert env._page.evaluate("devicePixelRatio") == 1


def test_who_looks_at_words_only_is_not_filmed() -> None:
    with closing(MiniWoB("click-test")) as env:
        env.reset(seed=0)
        page = env._page
        assert page is not None
        assert page._camera is None
        assert page.evaluate("document.querySelectorAll('polyathlon-mark').length") == 0
