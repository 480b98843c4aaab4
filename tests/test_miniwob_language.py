"""Commands, keys, action spaces and the text form of pages: everything that needs no browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from polyathlon.core.command import CommandSpace
from polyathlon.core.element import FLAGS, Element, read_elements, write_elements
from polyathlon.core.errors import BadArgument, DecodeError, InvalidAction
from polyathlon.core.spaces import space_from_data, space_to_data
from polyathlon.tasks.miniwob import gesture, language
from polyathlon.tasks.miniwob.action import GRID, SPEECHES, make_speech
from polyathlon.tasks.miniwob.gesture import VERBS, Gesture
from polyathlon.tasks.miniwob.keyboard import chord, typing
from polyathlon.tasks.miniwob.roster import CHORES, SIZE
from polyathlon.tasks.miniwob.wording import SENTENCES

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
elements = st.builds(
    Element,
    ref=st.integers(1, 99),
    tag=st.sampled_from(["div", "input_text", "t", "svg:circle"]),
    text=texts,
    value=texts,
    left=st.integers(-999, 999).map(lambda hundredths: hundredths / 100),
    top=st.just(3.25),
    width=st.integers(0, 500).map(float),
    height=st.just(0.01),
    id=texts,
    classes=texts,
    **dict.fromkeys(FLAGS, st.booleans()),
)

SAID = [
    ("click(7)", gesture.click(7)),
    ('  fill( 7 , "a \\"b\\"" ) ', gesture.fill(7, 'a "b"')),
    ("click_at(0, 209.5)", gesture.click_at(0, 209.5)),
    ("drag(1, 2, 3, 4, 5, 6)", gesture.drag((1, 2), (3, 4), (5, 6))),
    ("scroll(80, 100, 0, -50)", gesture.scroll(80, 100, 0, -50)),
    ('type("x")', gesture.type_text("x")),
    ('press("Control+a")', gesture.press("Control+a")),
    ("wait()", gesture.wait()),
    ("drag_to(3, -4)", Gesture("drag_to", refs=(3, -4))),
]


@pytest.mark.parametrize(("command", "meant"), SAID)
def test_a_command_is_read_and_written(command, meant):
    assert language.parse(command) == meant
    assert language.parse(language.write(meant)) == meant


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("", "no command"),
        ("click 7", "no command"),
        ("push(7)", "no command 'push'"),
        ("click()", "takes 1 arguments, 0"),
        ("click(1, 2)", "takes 1 arguments, 2"),
        ('click("7")', "the arguments of click are ref"),
        ("click(7.5)", "takes the ref of an element"),
        ("click(true)", "not True"),
        ("click(1e9)", "too large"),
        ("click(NaN)", "nan is no number for click"),
        ("click_at(1, [2])", "not [2]"),
        ("drag(1, 2, 3)", "takes 4 arguments"),
        ('fill("a", 7)', "in this order"),
        ("type('x')", "double quotes"),
        ('type("a\\u0007b")', "control characters"),
        ('type("\\ud800")', "control characters"),
        ('type("\\u0085")', "control characters"),
        (f"click({'[' * 1000})", "not numbers and texts"),
        (f'type("{"a" * 300}")', "too many"),
        (f'type("{"a" * 100_000}")', "a command has 1024 letters at most"),
        ('press("Hyper")', "no key 'Hyper'"),
        ('press("Fn+a")', "none of Alt"),
        ('press("")', "no key ''"),
        ("click(7", "no command"),
        ("__import__('os')", "no command"),
    ],
)
def test_what_is_no_command_is_told_so(command, told):
    with pytest.raises(DecodeError) as caught:
        language.parse(command)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.text(max_size=60))
def test_any_text_is_a_command_or_an_error(text):
    try:
        verb = language.parse(text).verb
    except DecodeError:
        return
    assert verb in VERBS


def test_every_command_that_is_drawn_means_something():
    space = language.command_space(SIZE)
    space.seed(0)
    drawn = [space.sample() for _ in range(400)]
    assert {language.parse(command).verb for command in drawn} == set(VERBS)
    assert all(space.contains(command) for command in drawn)
    space.seed(0)
    assert drawn[:5] == [space.sample() for _ in range(5)]


def test_the_forms_cross_a_process_border():
    space = language.command_space(SIZE)
    again = space_from_data(json.loads(json.dumps(space_to_data(space))))
    assert isinstance(again, CommandSpace)
    assert again == space
    assert again != CommandSpace(("wait()",), space.max_length)


@pytest.mark.parametrize("name", SPEECHES)
def test_every_action_of_a_space_is_said_again(name):
    speech = make_speech(name, SIZE)
    speech.space.seed(0)
    verbs = set()
    for _ in range(300):
        try:
            meant = speech.read(speech.space.sample())
        except DecodeError:
            continue  # a text that names no key
        verbs.add(meant.verb)
        said = speech.say(meant)
        assert speech.space.contains(said)
        assert speech.read(said) == meant
    assert len(verbs) >= 6


def test_a_cell_of_the_grid_is_clicked_in_its_middle():
    speech = make_speech("grid", SIZE)
    action = speech.say(gesture.click_at(159.9, 0.0))
    assert (action["column"], action["row"]) == (GRID - 1, 0)
    (point,) = speech.read(action).points
    assert point == pytest.approx((158.4, 2.1))


@pytest.mark.parametrize(
    ("name", "gestured"),
    [
        ("element", gesture.click_at(3, 4)),
        ("coordinate", gesture.click(3)),
        ("grid", gesture.fill(3, "a")),
        ("grid", gesture.drag((1, 1), (2, 2), (3, 3))),
    ],
)
def test_a_space_without_a_word_says_so(name, gestured):
    with pytest.raises(InvalidAction, match="no word"):
        make_speech(name, SIZE).say(gestured)


def test_an_action_outside_of_its_space_is_named():
    speech = make_speech("coordinate", SIZE)
    assert isinstance(speech.space, spaces.Dict)
    good = speech.say(gesture.click_at(1, 2))
    for wrong, told in [
        ({**good, "x": 160}, "x: 160 is not in Discrete"),
        ({**good, "text": "a" * 100_000}, "this one 100000"),
        ({**good, "text": "a\nb"}, "printable ASCII"),
        ({**good, "more": 1}, "an action has text, to_x"),
        (np.zeros(3), "not a Dict"),
    ]:
        with pytest.raises(InvalidAction) as caught:
            speech.read(wrong)
        assert told in str(caught.value)
        assert len(str(caught.value)) < 300
    with pytest.raises(InvalidAction, match="not a text"):
        make_speech("text", SIZE).read(7)
    with pytest.raises(BadArgument, match="text, element, coordinate, grid"):
        make_speech("voice", SIZE)


def test_typing_presses_every_key():
    downs = [told["text"] for _, told in typing("aB!é") if told["type"] == "keyDown"]
    assert downs == ["a", "B", "!", "é"]
    kinds = [(told["type"], told["key"]) for _, told in chord("Control+Shift+a")]
    assert kinds == [
        ("rawKeyDown", "Control"), ("rawKeyDown", "Shift"), ("rawKeyDown", "a"),
        ("keyUp", "a"), ("keyUp", "Shift"), ("keyUp", "Control"),
    ]  # fmt: skip


@given(st.lists(elements, max_size=8, unique_by=lambda one: one.ref))
def test_elements_are_written_without_loss(found):
    chain = [
        Element(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "parent": parent})
        for one, parent in zip(found, [0, *(one.ref for one in found)], strict=False)
    ]
    written = write_elements(chain)
    assert read_elements(written) == tuple(chain)
    assert written.isascii()


def test_a_long_page_is_cut_after_a_whole_line():
    page = [Element(ref=ref, tag="p", text="x" * 20) for ref in range(1, 50)]
    short = write_elements(page, 200)
    assert len(short) <= 200
    assert read_elements(short) == tuple(page[: short.count("\n") + 1])
    assert write_elements(page, 10) == ""


@pytest.mark.parametrize("text", ["body", "[1] body", "  [1] p (0,0 1x1)", "[1] p (0,0 1x1) sad"])
def test_what_is_no_element_is_refused(text):
    with pytest.raises(BadArgument, match="line 1"):
        read_elements(text)


def test_every_page_has_a_sentence_of_its_own():
    assert SENTENCES.keys() == CHORES.keys()
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for sentence in SENTENCES.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert len(sentence) <= 80
