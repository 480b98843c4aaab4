"""Oracles of tasks that drag things, and of those that draw."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ....core.element import Element
from ..gesture import click, click_at, drag
from .view import Course, Oracle, View

CORNERS = 48
"""Points of what is drawn: pages judge a drawing by where the pointer was seen."""


def drag_box(view: View) -> Course:
    """A small box into a large one."""
    yield drag(view.find(id="draggableSmall").centre, view.find(id="draggableLarge").centre)
    yield click(view.find(tag="button").ref)


def drag_shape(view: View) -> Course:
    """A shape to a side."""
    way = {"left": (-30, 0), "right": (30, 0), "up": (0, -30), "down": (0, 30)}
    across, down = way[view.match(r"Drag the \w+ (\w+)")[0]]
    shape = next(one for one in view.elements if view.parent_tag(one) == "svg")
    x, y = shape.centre
    yield drag((x, y), (x + across, y + down))
    yield click(view.find(tag="button").ref)


def drag_shapes(view: View) -> Course:
    """All shapes of a kind into a frame."""
    kind = view.match(r"Drag all (\w+)s into")[0]
    tag = {"circle": "circle", "rectangle": "rect", "triangle": "polygon"}[kind]
    frame = view.find(id="shape-container")
    loose = view.all(tag=tag, where=lambda one: one.ref != frame.ref)
    for number, shape in enumerate(loose):
        across = (number + 0.5) / len(loose)
        yield drag(shape.centre, (frame.left + across * frame.width, frame.centre[1]))
    yield click(view.find(tag="button").ref)


def drag_items(view: View) -> Course:
    """One entry of a list to another place in it, to an end, or up or down by one."""
    name, way = view.match(r"Drag (.*?) (?:to the )?(\d|top|bottom|up|down)")
    names = [view.words(one) for one in _entries(view)]
    now = names.index(name)
    places = {"top": 0, "bottom": len(names) - 1, "up": now - 1, "down": now + 1}
    yield from _to_place(view, name, places[way] if way in places else int(way) - 1)


def drag_sort_numbers(view: View) -> Course:
    """A list in order, from above: each number to its place."""
    order = sorted((view.words(one) for one in _entries(view)), key=int)
    for place, number in enumerate(order):
        yield from _to_place(view, number, place)
    yield click(view.find(tag="button").ref)


def _entries(view: View) -> list[Element]:
    return sorted(view.all(tag="li"), key=lambda one: one.top)


def _to_place(view: View, name: str, place: int) -> Course:
    """Drags past the middle of the entry that is there, for lists give way only then."""
    entries = _entries(view)
    now = [view.words(one) for one in entries].index(name)
    if now == place:
        return
    x, start = entries[now].centre
    past = entries[place].height * (0.4 if place > now else -0.4)
    yield drag((x, start), (x, entries[place].centre[1] + past))


def draw_line(view: View) -> Course:
    """A line across the drawing through a dot, upright or level."""
    x, y = view.find(id="circ").centre
    paper = view.find(tag="svg")
    if "vertical" in view.instruction:
        lengths = np.linspace(paper.top + 4, paper.top + paper.height - 4, CORNERS)
        yield drag(*((x, float(length)) for length in lengths))
    else:
        lengths = np.linspace(paper.left + 4, paper.left + paper.width - 4, CORNERS)
        yield drag(*((float(length), y) for length in lengths))
    yield click(view.find(tag="button").ref)


def draw_circle(view: View) -> Course:
    """A circle around a dot, as large as the drawing has room for."""
    x, y = view.find(id="circ").centre
    paper = view.find(tag="svg")
    room = min(
        x - paper.left, paper.left + paper.width - x, y - paper.top, paper.top + paper.height - y
    )
    radius = max(room - 3, 8)
    turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS + 1)]
    yield drag(*((x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns))
    yield click(view.find(tag="button").ref)


def circle_center(view: View) -> Course:
    """The middle of a circle."""
    yield click_at(*view.find(tag="circle").centre)
    yield click(view.find(tag="button").ref)


def find_midpoint(view: View) -> Course:
    """The middle between two points."""
    (x, y), (other_x, other_y) = (one.centre for one in view.all(tag="circle"))
    yield click_at((x + other_x) / 2, (y + other_y) / 2)
    yield click(view.find(tag="button").ref)


DRAGS: Mapping[str, Oracle] = {
    "circle-center": circle_center,
    "drag-box": drag_box,
    "drag-circle": drag_shape,
    "drag-items": drag_items,
    "drag-shapes": drag_shapes,
    "drag-single-shape": drag_shape,
    "drag-sort-numbers": drag_sort_numbers,
    "draw-circle": draw_circle,
    "draw-line": draw_line,
    "find-midpoint": find_midpoint,
}
