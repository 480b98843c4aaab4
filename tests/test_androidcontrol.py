"""AndroidControl: commands, screens, episodes of our own, and the environment over them."""

from __future__ import annotations

import contextlib
from collections import Counter

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyathlon.core.element import read_elements
from polyathlon.core.errors import BadArgument, DecodeError, InvalidAction, UnknownName
from polyathlon.tasks import make
from polyathlon.tasks.androidcontrol.action import (
    DIRECTIONS,
    RECORDED,
    STATUSES,
    UiAction,
    format_command,
    from_record,
    parse_command,
    to_record,
)
from polyathlon.tasks.androidcontrol.generator import SPLITS, SUBSPLITS, generate
from polyathlon.tasks.androidcontrol.protocol import PROTOCOLS
from polyathlon.tasks.androidcontrol.screen import describe, in_ascii, picture

# -- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("click(500, 250)", UiAction(kind="click", place=(0.5, 0.25))),
        (" long_press( 0 ,1000 ) ;", UiAction(kind="long_press", place=(0.0, 1.0))),
        ("click(331.25, 8.)", UiAction(kind="click", place=(0.33125, 0.008))),
        ('scroll("down")', UiAction(kind="scroll", argument="down")),
        ("scroll(UP)", UiAction(kind="scroll", argument="up")),
        ('type("milk, \\"fresh\\"")', UiAction(kind="input_text", argument='milk, "fresh"')),
        ("input_text('it\\'s')", UiAction(kind="input_text", argument="it's")),
        ("type(milk and bread)", UiAction(kind="input_text", argument="milk and bread")),
        ('type("na\\u00efve")', UiAction(kind="input_text", argument="na\u00efve")),
        ('open_app("Clock")', UiAction(kind="open_app", argument="Clock")),
        ("navigate_back", UiAction(kind="navigate_back")),
        ("wait(2)", UiAction(kind="wait")),
        ('status("complete")', UiAction(kind="status", argument="complete")),
    ],
)
def test_commands_are_understood(text: str, meant: UiAction) -> None:
    assert parse_command(text) == meant


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "no command"),
        ("I would tap the button", "no command"),
        ("tap(1, 2)", "there is no command 'tap'"),
        ("click(1)", "click takes two numbers"),
        ("click(nan, 2)", "click takes two numbers"),
        ("click(1001, 2)", "outside of the screen"),
        ("click(-1, 2)", "outside of the screen"),
        ("scroll(sideways)", "one of up, down, left, right"),
        ("type()", "needs something in its brackets"),
        ('type("milk)', "a quote at one end only"),
        ("status(done)", "complete, infeasible"),
        ("click(1, 2)" + " " * 5000, "no command"),
        # To try every way to share out spaces among parts of a pattern took four minutes.
        ("click" + " " * 4000 + "!", "no command"),
        ("click" + " " * 2000 + "(1," + " " * 2000 + "2", "no command"),
        ("click(1," + " " * 4000 + "x)", "click takes two numbers"),
    ],
)
def test_what_is_no_command_is_told(text: str, trouble: str) -> None:
    with pytest.raises(DecodeError, match=trouble):
        parse_command(text)


ACTIONS = st.one_of(
    st.builds(
        UiAction,
        kind=st.sampled_from(("click", "long_press")),
        place=st.tuples(st.integers(0, 1080), st.integers(0, 2400)).map(
            lambda at: (at[0] / 1080, at[1] / 2400)
        ),
    ),
    st.builds(UiAction, kind=st.just("scroll"), argument=st.sampled_from(DIRECTIONS)),
    st.builds(UiAction, kind=st.just("status"), argument=st.sampled_from(STATUSES)),
    st.builds(
        UiAction, kind=st.sampled_from(("input_text", "open_app")), argument=st.text(min_size=1)
    ),
    st.builds(UiAction, kind=st.sampled_from(("navigate_back", "navigate_home", "wait"))),
)


@given(ACTIONS)
def test_a_command_says_its_action(action: UiAction) -> None:
    text = format_command(action)
    assert text.isascii()
    assert text.isprintable()
    back = parse_command(text)
    assert (back.kind, back.argument) == (action.kind, action.argument)
    assert to_record(back, 1080, 2400) == to_record(action, 1080, 2400)


@given(st.text(max_size=40))
def test_parsing_is_total(text: str) -> None:
    """Whatever is said is a command, or is told not to be one."""
    with contextlib.suppress(DecodeError):
        assert isinstance(parse_command(text), UiAction)


def test_records_of_the_dataset_are_read() -> None:
    record = {"action_type": "type", "text": "milk", "x": 3, "y": 4}
    assert from_record(record, 1080, 2400) == UiAction(kind="input_text", argument="milk")


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"action_type": "fly"},
        {"action_type": ["click"]},
        {"action_type": "click", "x": 2000, "y": 1},
        {"action_type": "click", "x": 5, "y": None},
        {"action_type": "scroll", "direction": "in"},
        {"action_type": "open_app"},
    ],
)
def test_broken_records_are_refused(broken: dict[str, object]) -> None:
    with pytest.raises(DecodeError):
        from_record(broken, 1080, 2400)


# -- screens and episodes of our own ------------------------------------------------------------


def test_letters_beyond_ascii_are_told_by_number() -> None:
    assert in_ascii("it\u2019s \u201cnew\u201d \u2026") == 'it\'s "new" ...'
    assert in_ascii("na\u00efve \u4e2d") == "na\\u00efve \\u4e2d"


def test_an_episode_is_its_split_and_number() -> None:
    one, again, other = generate("test", 5), generate("test", 5), generate("test", 6)
    assert (one.goal, one.actions, one.step_instructions) == (
        again.goal, again.actions, again.step_instructions,
    )  # fmt: skip
    assert np.array_equal(
        picture(one.screens[1], (800, 360)), picture(again.screens[1], (800, 360))
    )
    assert one.goal != other.goal
    assert generate("test", 5, seed=1).actions != one.actions
    with pytest.raises(UnknownName, match=r"unknown split 'tests'.*'test'"):
        generate("tests", 0)


@pytest.mark.parametrize("split", SUBSPLITS)
def test_courses_hold_together(split: str) -> None:
    for index in range(12):
        episode = generate(split, index)
        assert (
            len(episode.screens) == len(episode.actions) + 1 == len(episode.step_instructions) + 1
        )
        for action, screen in zip(episode.actions, episode.screens, strict=False):
            if action.place is not None:
                # What is touched can be touched.
                element = screen.element_at(action.place)
                assert element is not None
                assert {"clickable", "long-clickable"} & set(element.flags)
            if action.kind == "input_text":
                assert any("focused" in one.flags for one in screen.elements)
            if action.kind == "scroll":
                assert any("scrollable" in one.flags for one in screen.elements)
            for one in screen.elements:
                left, top, right, bottom = one.box
                assert 0 <= left < right <= screen.width
                assert 0 <= top < bottom <= screen.height


def test_every_type_of_action_occurs() -> None:
    kinds = Counter(
        action.kind for index in range(48) for action in generate("test", index).actions
    )
    assert set(kinds) == set(RECORDED)


def test_the_parts_hold_out_what_they_say() -> None:
    def errands(name: str) -> set[str]:
        return {errand.__name__ for errand in SPLITS[name].errands}

    known = errands("train")
    assert errands("idd") == known == errands("validation")
    for part in ("app-unseen", "task-unseen", "category-unseen"):
        assert not errands(part) & known


def test_a_screen_is_told_in_the_common_form() -> None:
    screen = generate("idd", 0).screens[1]
    told = read_elements(describe(screen, 16_384))
    compose = next(one for one in told if one.text == "Compose")
    assert compose.classes == "clickable"
    element = screen.element_at((compose.centre[0] / 1000, compose.centre[1] / 1000))
    assert element is not None
    assert element.name == "Compose"
    assert len(describe(screen, 500)) <= 500
    read_elements(describe(screen, 500))


# -- the environment ----------------------------------------------------------------------------


def test_the_recorded_course_goes_on_whatever_is_done() -> None:
    env = make("androidcontrol.high", observations=("instruction", "dom"))
    world = env.unwrapped
    first, info = env.reset(seed=0, options={"episode": 4})
    assert info["success"] is False
    assert first["instruction"] == world.episode.goal
    count = len(world.episode.actions)
    seen = []
    for step in range(count):
        observation, reward, terminated, truncated, info = env.step(
            "wait()" if step else "gibberish"
        )
        assert terminated == (step == count - 1)
        assert not truncated
        assert reward in (0.0, 1 / count)
        assert info["trouble"] == ("" if step else info["trouble"])
        seen.append(observation["dom"])
    assert seen[-1] == describe(world.episode.screens[-1], 32_768)
    assert info["metrics"]["malformed"] == 1.0
    assert info["metrics"]["steps"] == count
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step("wait()")


@pytest.mark.parametrize("options", [{}, {"scrolls": "finger"}, {"closing_status": True}])
def test_what_was_recorded_is_right_by_every_protocol(options: dict[str, object]) -> None:
    env = make("androidcontrol.low", observations=("instruction",), **options)
    for number in (0, 1, 10):
        env.reset(seed=0, options={"episode": number})
        over, total = False, 0.0
        while not over:
            _, reward, over, _, info = env.step(env.unwrapped.answer)
            total += reward
            assert info["right"] == dict.fromkeys(PROTOCOLS, True)
        assert total == pytest.approx(1.0)
        assert info["success"]
        assert all(info["metrics"][f"episode_success@{name}"] == 1.0 for name in PROTOCOLS)


def test_the_finger_goes_the_other_way() -> None:
    env = make("androidcontrol.high-task-unseen", observations=("instruction",), scrolls="finger")
    env.reset(seed=0, options={"episode": 2})
    env.step(env.unwrapped.answer)
    assert env.unwrapped.episode.actions[1] == UiAction(kind="scroll", argument="down")
    assert env.unwrapped.answer == 'scroll("up")'
    *_, info = env.step('scroll("down")')
    assert not any(info["right"].values())


def test_low_tells_the_next_step_and_high_does_not() -> None:
    high, low = (
        make(f"androidcontrol.{level}", observations=("instruction",)) for level in ("high", "low")
    )
    told = [env.reset(seed=0, options={"episode": 0})[0]["instruction"] for env in (high, low)]
    words = low.unwrapped.episode.step_instructions
    assert told[1] == f"{told[0]}\nNext step: {words[0]}"
    assert low.step("wait()")[0]["instruction"].endswith(words[1])
    assert high.step("wait()")[0]["instruction"] == told[0]


def test_the_protocol_decides_success_and_reward() -> None:
    found = {}
    for name in ("exact-v1", "element-v1"):
        env = make("androidcontrol.high", observations=("instruction",), protocol=name)
        env.reset(seed=0, options={"episode": 0})
        first = env.unwrapped.episode
        element = first.screens[0].element_at(first.actions[0].place)
        x = (element.box[0] + 5) / 1.08
        y = (element.box[1] + 5) / 2.4
        found[name] = env.step(f"click({x:.2f}, {y:.2f})")[1]
    assert found["exact-v1"] == 0.0 < found["element-v1"]


def test_render_shows_the_deed() -> None:
    env = make("androidcontrol.high", render_mode="rgb_array", image_size=(400, 180))
    observation, _ = env.reset(seed=0, options={"episode": 0})
    assert np.array_equal(env.render(), observation["rgb"])
    right = env.unwrapped.answer
    env.step(right)
    deed = env.render()
    assert deed.shape == (400, 180, 3)
    assert not np.array_equal(deed, observation["rgb"])
    env.reset(seed=0, options={"episode": 0})
    env.step("click(10, 10)")
    assert not np.array_equal(env.render(), deed)


@pytest.mark.parametrize(
    ("arguments", "trouble"),
    [
        ({"protocol": "gea"}, "protocol is 'gea'.*gea-v1"),
        ({"scrolls": "up"}, "scrolls is 'up'.*content, finger"),
        ({"closing_status": 1}, "closing_status is 1"),
        ({"observations": ("depth",)}, "'depth' is not one of them"),
        ({"level": "high"}, "level"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], trouble: str) -> None:
    with pytest.raises(BadArgument, match=trouble):
        make("androidcontrol.high", **arguments)


def test_wrong_options_and_actions_are_named() -> None:
    env = make("androidcontrol.high", observations=("instruction",))
    with pytest.raises(BadArgument, match="from 0 to 1542"):
        env.reset(options={"episode": 1543})
    with pytest.raises(BadArgument, match="no option 'split'"):
        env.reset(options={"split": "idd"})
    env.reset(seed=0)
    for action in (3, "na\u00efve", "x" * 5000):
        with pytest.raises(InvalidAction, match="takes a command"):
            env.step(action)
