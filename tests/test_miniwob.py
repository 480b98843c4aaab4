"""MiniWoB++ in a real browser: what tasks promise, and what they withstand."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest

from polyathlon.core.element import read_elements
from polyathlon.core.errors import BadArgument, InvalidAction, PolyathlonError
from polyathlon.core.registry import load_object
from polyathlon.tasks import catalogue
from polyathlon.tasks.miniwob import browser, served
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser
from polyathlon.tasks.miniwob.environment import STEP, MiniWoB
from polyathlon.tasks.miniwob.gesture import Gesture, click, click_at, fill, press, type_text, wait
from polyathlon.tasks.miniwob.hand import PACE
from polyathlon.tasks.miniwob.oracle import ORACLES, Solver
from polyathlon.tasks.miniwob.roster import CHORES

pytest.importorskip("miniwob", reason="the miniwob package is not installed")
try:
    find_browser()
except BrowserMissing as missing:
    pytest.skip(str(missing), allow_module_level=True)

ALL = ("rgb", "instruction", "dom")

ALIKE = frozenset(
    """count-sides find-greatest focus-text guess-number hot-cold tic-tac-toe
    terminal use-colorwheel-2""".split()
)
"""Pages of which two seeds differ in what is drawn, or hidden until it is found, not in words."""


PAGES = sorted(CHORES) if os.environ.get("LAWS") == "all" else sorted(CHORES)[::3]
"""Pages that are played by their oracles: every third of them, of which ``make laws`` plays all."""


@pytest.fixture(scope="module", autouse=True)
def shared() -> Iterator[browser.Browser]:
    """One browser for the whole module: environments come and go in it."""
    leased = browser.lease()
    yield leased
    browser.release(leased)


@pytest.fixture
def make() -> Iterator[Any]:
    made: list[MiniWoB] = []

    def build(task: str, **kwargs: Any) -> MiniWoB:
        made.append(MiniWoB(task, **kwargs))
        return made[-1]

    yield build
    for env in made:
        env.close()


def do(env: MiniWoB, gesture: Gesture) -> tuple[Any, float, bool, bool, dict[str, Any]]:
    return env.step(env.speech.say(gesture))


def page_of(env: MiniWoB) -> Any:
    assert env._page is not None
    return env._page


def ref_of(env: MiniWoB, tag: str) -> int:
    return next(one.ref for one in env.elements if one.tag == tag)


@pytest.mark.parametrize("task", PAGES)
def test_a_page_is_made_reset_and_stepped_and_its_oracle_does_it(shared, make, task):
    env = make(task)
    first, info = env.reset(seed=0)
    assert first["instruction"].strip()
    assert read_elements(first["dom"]) == env.elements
    assert len(env.elements) >= 3
    assert info["success"] is False
    _, reward, over, _, info = do(env, wait())
    assert (reward, over) == (0.0, False)
    assert info["metrics"]["seconds"] == pytest.approx(STEP / 1000)
    assert not any(info["metrics"][name] for name in ("dialogs", "new_tabs", "navigations"))
    assert env.reset(seed=0)[0] == first
    observation, info = env.reset(seed=3)
    assert observation != first or task in ALIKE
    if task in ORACLES:
        solver = Solver(env)
        solver.reset(observation, info)
        over = False
        while not over:
            observation, _, over, _, info = env.step(solver.act(observation))
        assert info["success"], info["reason"]
    assert env._browser is shared


@pytest.mark.parametrize("task", ["click-dialog", "email-inbox", "click-menu", "choose-date"])
def test_a_seed_fixes_the_page_to_the_pixel_whatever_was_before(make, task):
    env = make(task, observations=ALL)
    first = {seed: env.reset(seed=seed)[0] for seed in (0, 1)}
    assert not np.array_equal(first[0]["rgb"], first[1]["rgb"])
    dice = np.random.default_rng(0)
    for _ in range(8):
        one = env.elements[int(dice.integers(len(env.elements)))]
        if do(env, click(one.ref))[2]:
            break
    other = make(task, observations=ALL)
    for player in (env, other):
        again, _ = player.reset(seed=0)
        assert again["dom"] == first[0]["dom"]
        assert np.array_equal(again["rgb"], first[0]["rgb"])


def test_a_drag_that_begins_on_a_selection_reaches_the_page_whole(make):
    env = make("use-colorwheel")
    ways = set()
    for _ in range(8):
        env.reset(seed=0)
        env.step("double_click_at(121, 118)")
        env._page.evaluate("""
          window.heard = [];
          for (const kind of ['mousedown', 'mousemove', 'mouseup', 'dragstart', 'dragend'])
            addEventListener(kind, (event) => heard.push([kind, event.clientX, event.clientY]));
        """)
        env.step("drag(45, 201, 88, 73)")
        ways.add(env._page.evaluate("JSON.stringify(heard)"))
        env._page.load("use-colorwheel")
    assert len(ways) == 1
    kinds = [kind for kind, *_ in json.loads(ways.pop())]
    assert kinds[:3] == ["mousemove", "mousedown", "mousemove"]
    assert kinds.count("mousemove") == 1 + PACE
    assert kinds[-1] == "mouseup"


@pytest.mark.parametrize(
    ("task", "command"),
    [("flight.AA", "scroll(180, 400, 400, 100)"), ("hot-cold", "hover_at(80, 100)")],
)
def test_nothing_of_an_episode_is_seen_in_the_next(make, task, command):
    env = make(task, observations=ALL)
    first, _ = env.reset(seed=5)
    moved = env.step(command)[0]
    assert not np.array_equal(moved["rgb"], first["rgb"])
    again, _ = env.reset(seed=5)
    assert again["dom"] == first["dom"]
    assert np.array_equal(again["rgb"], first["rgb"])


def test_foreign_letters_are_escaped_alike_in_words_and_elements(make):
    env = make("unicode-test")
    source = (served.root() / "miniwob" / "unicode-test.html").read_text("utf-8")
    asked = set()
    for seed in range(5):
        observation, _ = env.reset(seed=seed)
        assert observation["instruction"].isascii()
        asked.add(observation["instruction"])
        assert env.instruction.split('"')[1] in source
        name = observation["instruction"].split('"')[1]
        assert f'button "{name}"' in observation["dom"]
    assert any("\\u" in words for words in asked)


def test_slots_do_not_meet(make):
    one, two = make("enter-text"), make("enter-text")
    one.reset(seed=0)
    two.reset(seed=0)
    field = ref_of(one, "input_text")
    do(one, fill(field, "mine"))
    do(one, press("Control+a"))
    do(one, press("Control+c"))
    do(two, click(field))
    do(two, press("Control+v"))
    values = [next(e.value for e in env.elements if e.ref == field) for env in (one, two)]
    assert values == ["mine", ""]


def test_time_stands_still_between_steps(make):
    env = make("click-test-2", reward="discounted")
    env.reset(seed=0)
    time.sleep(0.3)
    _, _, _, _, info = do(env, wait())
    assert info["metrics"]["seconds"] == pytest.approx(0.1)
    button = next(one for one in env.elements if one.text == "ONE")
    _, reward, over, _, info = do(env, click(button.ref))
    assert over
    assert info["success"]
    assert reward == pytest.approx(1 - 0.1 / 10)  # judged as the click arrives
    assert info["metrics"]["raw_reward"] == 1.0
    assert info["metrics"]["discounted_reward"] == reward


def test_a_page_has_its_own_limit_and_it_can_be_scaled(make):
    steps = []
    for scale in (1.0, 0.5):
        env = make("click-test-2", step_ms=1000, time_scale=scale)
        env.reset(seed=0)
        over, step = False, 0
        while not over:
            _, reward, over, _, info = do(env, wait())
            step += 1
        steps.append(step)
        assert reward == -1.0
        assert info["reason"] == "timed out"
        assert info["success"] is False
    assert steps == [10, 5]
    assert catalogue.find("miniwob.click-test-2").max_episode_steps == 100


def test_the_wall_clock_runs_by_itself(make):
    env = make("click-test", clock="wall", time_scale=0.03)
    env.reset(seed=0)
    time.sleep(0.4)
    _, reward, over, _, info = do(env, wait())
    assert over
    assert reward == -1.0
    assert info["reason"] == "timed out"


def test_success_is_not_any_reward_above_zero(make):
    outcomes = set()
    for seed in range(6):
        env = make("find-greatest")
        env.reset(seed=seed)
        card = next(one for one in env.elements if "card" in one.classes.split())
        do(env, click(card.ref))
        _, reward, over, _, info = do(env, click(ref_of(env, "button")))
        assert over
        outcomes.add((round(reward, 3), info["success"]))
        env.close()
    assert (0.1, False) in outcomes
    assert all(success == (reward == 1.0) for reward, success in outcomes)


@pytest.mark.parametrize("space", ["text", "element"])
def test_an_oracle_plays_in_both_spaces_of_refs(make, space):
    env = make("login-user", action_space=space)
    observation, info = env.reset(seed=5)
    oracle = Solver(env)
    oracle.reset(observation, info)
    over = False
    while not over:
        observation, _, over, _, info = env.step(oracle.act(observation))
    assert info["success"]


@pytest.mark.parametrize("space", ["text", "coordinate", "grid"])
def test_a_form_is_filled_in_by_pixels(make, space):
    env = make("enter-text", action_space=space)
    env.reset(seed=3)
    word = env.instruction.split('"')[1]
    field = next(one for one in env.elements if one.tag == "input_text")
    do(env, click_at(*field.centre))
    do(env, type_text(word))
    button = next(one for one in env.elements if one.tag == "button")
    _, reward, over, _, info = do(env, click_at(*button.centre))
    assert (reward, over, info["success"]) == (1.0, True, True)


def test_what_means_nothing_does_nothing_and_is_counted(make):
    env = make("enter-text")
    first, _ = env.reset(seed=0)
    for command, told in [
        ("please click", "no command"),
        (f'type("{"a" * 100_000}")', "1024 letters at most"),
        ('type("\\u0000")', "control characters"),
        ("click_at(160, 3)", "outside of the screen"),
        ("click_at(-1, 3)", "outside of the screen"),
        ("click(999)", "no element 999"),
        ('fill(2, "a")', "takes no text"),
    ]:
        observation, reward, over, _, info = env.step(command)
        assert told in info["problem"]
        assert (reward, over) == (0.0, False)
        assert observation == first
    assert info["metrics"]["malformed"] == 3
    assert info["metrics"]["missed"] == 4
    with pytest.raises(InvalidAction, match="not a text"):
        env.step(7)


def test_a_page_is_kept_from_dialogs_tabs_and_the_network(make):
    env = make("click-test")
    env.reset(seed=0)
    page = page_of(env)
    page.evaluate("alert('stop'); confirm('really?'); history.back()")
    opening = {"expression": "window.open('http://example.org/'); 0", "userGesture": True}
    page.browser.call("Runtime.evaluate", opening, page.session)
    page.evaluate("fetch('http://example.org/x').catch(() => 0).then(() => 0)")
    page.evaluate("fetch('http://127.0.0.1:1/x').catch(() => 0).then(() => 0)")
    for place in ("http://example.org/", "../miniwob/click-link.html"):
        refused = page.counts["navigations"]
        page.evaluate(f"location.href = '{place}'; 0")
        # One that is asked for while another is under way takes its place, and may be all that is.
        page.browser.await_event(lambda: page.counts["navigations"] > refused, page.session)  # noqa: B023
    page.evaluate(
        "new Promise((done) => { const end = new WebSocket('ws://127.0.0.1:1'); "
        "end.onerror = () => done(0); })"
    )
    _, _, over, _, info = do(env, wait())
    metrics = info["metrics"]
    assert not over
    assert env.instruction == "Click the button."
    assert metrics["dialogs"] == 2
    assert metrics["new_tabs"] == 1
    assert metrics["navigations"] == 2
    assert metrics["outside_requests"] == 3
    _, _, over, _, info = do(env, click(ref_of(env, "button")))
    assert info["success"]
    _, info = env.reset(seed=0)
    assert not any(info["metrics"].values())


def test_after_the_end_nothing_is_done(make):
    env = make("click-test")
    with pytest.raises(BadArgument, match="call reset"):
        do(env, wait())
    env.reset(seed=0)
    assert do(env, click(ref_of(env, "button")))[2]
    with pytest.raises(BadArgument, match="is over"):
        do(env, click_at(80, 100))


def test_pictures_are_there_when_a_page_is_looked_at(make):
    env = make("order-food")
    env.reset(seed=0)
    assert sum(one.tag == "img" for one in env.elements) == 20
    assert [one.ref for one in env.elements] == list(range(1, len(env.elements) + 1))


def test_a_page_within_a_page_that_leaves_is_no_fault(make):
    env = make("flight.AA")
    env.reset(seed=0)
    page = page_of(env)
    page.evaluate("core.flightChildWindow().location.href = 'http://example.org/'; 0")
    page.evaluate("core.flightChildWindow().location.href = '/no/such/page.html'; 0")
    page.browser.await_event(lambda: page.counts["navigations"] >= 1, page.session)
    *_, info = do(env, wait())
    assert env.elements
    assert info["metrics"]["outside_requests"] <= 1
    page.evaluate("core.flightChildWindow().location.replace('about:blank')")
    *_, info = do(env, click(env.elements[3].ref))
    assert info["success"] is False
    env.reset(seed=0)
    assert env.elements


@pytest.mark.parametrize("task", ["click-test", "flight.AA"])
def test_the_second_half_of_a_double_click_begins_no_other_episode(make, task):
    env = make(task)
    env.reset(seed=0)
    do(env, wait())
    button = next(one for one in reversed(env.elements) if one.tag == "button")
    _, reward, over, _, info = do(env, Gesture("double_click", refs=(button.ref,)))
    assert over
    assert reward == (1.0 if task == "click-test" else -1.0)
    assert info["metrics"]["seconds"] == pytest.approx(0.2)
    first, _ = env.reset(seed=0)
    assert first == make(task).reset(seed=0)[0]


@pytest.mark.parametrize(
    ("kwargs", "told"),
    [
        ({"task": "click-tset"}, "Did you mean 'click-test'"),
        ({"action_space": "voice"}, "text, element, coordinate, grid"),
        ({"observations": ("state",)}, "rgb, instruction, dom"),
        ({"clock": "sun"}, "'steps', 'wall'"),
        ({"reward": "dense"}, "'raw', 'discounted'"),
        ({"step_ms": 0}, "from 1 to"),
        ({"step_ms": float("nan")}, "from 1 to"),
        ({"time_scale": True}, "time_scale is True"),
        ({"data_mode": "dev"}, "'train', 'test'"),
        ({"render_mode": "human"}, "'rgb_array'"),
    ],
)
def test_wrong_arguments_are_named(kwargs, told):
    with pytest.raises(PolyathlonError) as caught:
        MiniWoB(**{"task": "click-test", **kwargs})
    assert told in str(caught.value)


def test_a_picture_shows_where_was_clicked(make):
    env = make("click-test", render_mode="rgb_array", observations=ALL, image_size=(420, 320))
    observation, _ = env.reset(seed=0)
    assert observation["rgb"].shape == (420, 320, 3)
    before = env.render()
    do(env, click_at(20, 190))
    changed = np.abs(env.render().astype(int) - before).sum(2) > 100
    assert changed[365:395, 25:55].any()
    assert not changed[:350].any()


def test_memory_stays_flat(make, shared):
    env = make("click-button")
    family = [psutil.Process(shared.process), psutil.Process()]
    held = []
    for episode in range(60):
        env.reset(seed=episode)
        do(env, click(ref_of(env, "button")))
        if episode in (20, 59):
            gc.collect()
            held.append(sum(one.memory_info().rss for one in family))
    assert held[1] < held[0] + 20e6


def test_every_oracle_is_of_a_task():
    factory = load_object("polyathlon.tasks.miniwob.oracle:Solver")
    assert factory is Solver
    assert ORACLES.keys() <= CHORES.keys()
    assert len(ORACLES) == 100
    with pytest.raises(BadArgument, match="no oracle"):
        Solver(MiniWoB("bisect-angle"))


def test_a_ref_is_hit_beside_what_lies_over_it(shared, make):
    env = make("click-test-2")
    env.reset(seed=6)  # Here button TWO lies over the middle of button ONE.
    one, two = (e for e in env.elements if e.tag == "button")
    x, y = one.centre
    assert two.left < x < two.left + two.width
    assert two.top < y < two.top + two.height
    *_, info = do(env, click(one.ref))
    assert info["success"]
