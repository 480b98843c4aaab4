"""Steps made by hand, judged by every protocol: where they agree, and where they cannot."""

from __future__ import annotations

import pytest
from PIL import Image

from polyathlon.tasks.androidcontrol.action import UiAction
from polyathlon.tasks.androidcontrol.figure import metric_table
from polyathlon.tasks.androidcontrol.protocol import PROTOCOLS, Step, Tally, Verdict, judge
from polyathlon.tasks.androidcontrol.screen import Element, Screen

EXACT, GEA, SHARES, DIAGONAL, ELEMENT, ENLARGED = PROTOCOLS
BUTTON = Element(box=(440, 1100, 640, 1200), role="Button", text="Save", flags=("clickable",))
LABEL = Element(box=(480, 1130, 600, 1170), role="TextView", text="Save it")
ICON = Element(box=(100, 200, 260, 400), role="TextView", text="Clock", flags=("clickable",))
ROW = Element(box=(0, 1800, 1080, 1980), role="LinearLayout", flags=("clickable",))
SCREEN = Screen(
    width=1080,
    height=2400,
    elements=(Element(box=(0, 0, 1080, 2400), flags=("scrollable",)), BUTTON, LABEL, ICON, ROW),
    image=lambda: Image.new("RGB", (1080, 2400)),
)


def click(x: float, y: float) -> UiAction:
    return UiAction(kind="click", place=(x / 1080, y / 2400))


def said(kind: str, argument: str = "") -> UiAction:
    return UiAction(kind=kind, argument=argument)


TARGET = click(540, 1150)
CASES = {
    # What was said, what was recorded, and by which protocols it is right.
    "the same pixel": (TARGET, TARGET, set(PROTOCOLS)),
    "another pixel of the same element": (click(450, 1110), TARGET, set(PROTOCOLS) - {EXACT}),
    # The label under the finger is no target; the button around it is.
    "beside the label, on its button": (click(635, 1195), TARGET, set(PROTOCOLS) - {EXACT}),
    # 105 px from the middle: outside of the button, inside of it enlarged by 1.2.
    "just outside of the element": (
        click(645, 1150), TARGET, {GEA, SHARES, DIAGONAL, ENLARGED},
    ),
    # From cell 25 to cell 30: GEA takes it, 128 px away or not.
    "beside it, five cells across": (click(668, 1150), TARGET, {GEA, SHARES, DIAGONAL}),
    "seven cells across": (click(690, 1150), TARGET, {SHARES, DIAGONAL}),
    # 14% of the diagonal are 368 px: a third of the width, though only 0.15 of the height.
    "a third of the screen to the right": (click(890, 1150), TARGET, {DIAGONAL}),
    # The same 320 px downwards are 0.133 of the height, more than six cells.
    "320 px further down": (click(540, 1470), TARGET, {SHARES, DIAGONAL}),
    # A row as wide as the screen: its far end is the same element, and far from the finger.
    "the other end of a wide row": (click(1060, 1890), click(40, 1890), {ELEMENT, ENLARGED}),
    # Nothing is known of what lies there but the list: then near the touch will do for one.
    "where the tree has only the list": (
        click(540, 680), click(540, 600), {GEA, SHARES, DIAGONAL, ELEMENT, ENLARGED},
    ),
    "a long press in place of a click": (
        UiAction(kind="long_press", place=TARGET.place), TARGET, set(),
    ),
    "no command": (None, TARGET, set()),
    "the direction": (said("scroll", "down"), said("scroll", "down"), set(PROTOCOLS)),
    # Content or finger: whoever means the other loses every scroll under every protocol.
    "the direction of the finger": (said("scroll", "up"), said("scroll", "down"), set()),
    "the same text": (said("input_text", "Milk"), said("input_text", "Milk"), set(PROTOCOLS)),
    "text in another case": (
        said("input_text", "milk "), said("input_text", "Milk"), {GEA, SHARES, DIAGONAL, ENLARGED},
    ),
    "a part of the text": (
        said("input_text", "soup"), said("input_text", "Recipe for lentil soup"), {GEA, ENLARGED},
    ),
    "more than half of the words": (
        said("input_text", "lentil soup recipe"), said("input_text", "recipe for lentil soup"),
        {SHARES, DIAGONAL},
    ),
    "half of the words": (
        said("input_text", "pea soup"), said("input_text", "lentil soup"), set(),
    ),
    "no text at all": (said("input_text", ""), said("input_text", "Milk"), set()),
    # Under 14% the name must be the same, though typed text need not be.
    "a part of the app's name": (
        said("open_app", "Clock"), said("open_app", "Clock & alarm"), {GEA, ENLARGED},
    ),
    "the app's icon in place of its name": (click(180, 300), said("open_app", "Clock"), {ENLARGED}),
    "back": (said("navigate_back"), said("navigate_back"), set(PROTOCOLS)),
    "home in place of back": (said("navigate_home"), said("navigate_back"), set()),
    "waiting": (said("wait"), said("wait"), set(PROTOCOLS)),
    "waiting in place of a click": (said("wait"), TARGET, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_protocol_judges_as_it_says(name: str) -> None:
    answer, recorded, right = CASES[name]
    found = {key for key, one in PROTOCOLS.items() if judge(one, answer, recorded, SCREEN).right}
    assert found == right


def test_a_place_counts_only_where_the_type_is_right() -> None:
    wrong_place = judge(PROTOCOLS[EXACT], click(1, 1), TARGET, SCREEN)
    assert wrong_place == Verdict(kind=True, place=False, right=False)
    wrong_kind = judge(PROTOCOLS[EXACT], said("wait"), TARGET, SCREEN)
    assert wrong_kind == Verdict(kind=False, place=None, right=False)
    no_place = judge(PROTOCOLS[EXACT], said("wait"), said("wait"), SCREEN)
    assert no_place == Verdict(kind=True, place=None, right=True)


def test_one_log_gives_the_figures_of_all_protocols() -> None:
    tally = Tally(4)
    for answer, recorded in (
        (click(645, 1150), TARGET),
        (click(450, 1110), TARGET),
        (said("wait"), TARGET),
        (said("scroll", "up"), said("scroll", "up")),
    ):
        tally.add(Step(said=answer, recorded=recorded, screen=SCREEN))
    figures = tally.figures()
    assert [figures[f"step_accuracy@{name}"] for name in PROTOCOLS] == [
        0.25, 0.75, 0.75, 0.75, 0.5, 0.75,
    ]  # fmt: skip
    assert [figures[f"grounding@{name}"] for name in PROTOCOLS] == [0.0, 1.0, 1.0, 1.0, 0.5, 1.0]
    assert figures[f"accuracy.click@{GEA}"] == pytest.approx(2 / 3)
    assert figures[f"accuracy.scroll@{EXACT}"] == 1.0
    assert figures["type_accuracy"] == 0.75
    assert figures[f"episode_success@{GEA}"] == 0.0
    assert (figures["steps"], figures["steps.click"], figures["steps.grounded"]) == (4.0, 3.0, 2.0)


def test_steps_that_were_not_played_are_wrong() -> None:
    tally = Tally(2)
    tally.add(Step(said=TARGET, recorded=TARGET, screen=SCREEN))
    assert tally.figures()[f"step_accuracy@{EXACT}"] == 0.5
    assert tally.figures()[f"episode_success@{EXACT}"] == 0.0


def test_words_that_mean_nothing_are_counted() -> None:
    tally = Tally(1)
    tally.add(Step(said=None, recorded=TARGET, screen=SCREEN))
    assert tally.figures()["malformed"] == 1.0


def test_every_figure_is_declared() -> None:
    declared = {metric.key for metric in metric_table().metrics}
    tally = Tally(2)
    tally.add(Step(said=TARGET, recorded=TARGET, screen=SCREEN))
    assert set(tally.figures()) <= declared


def test_protocols_are_what_they_were() -> None:
    """A protocol that judges otherwise needs another version."""
    gea = PROTOCOLS["gea-v1"]
    assert (gea.place, gea.reach, gea.grid, gea.text) == ("cells", 5, 50, "substring")
    assert PROTOCOLS["shares-14pct-v1"].reach == PROTOCOLS["diagonal-14pct-v1"].reach == 0.14
    enlarged = PROTOCOLS["element-enlarged-v1"]
    assert (enlarged.enlarged, enlarged.near) == (1.2, 0.04)
