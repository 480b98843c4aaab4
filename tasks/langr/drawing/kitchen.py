"""The kitchen block with its sink, drawers and wall cupboards.

Frame and measures are ``layout``'s and ``home``'s: origin on the floor below the middle of the
sink, +x to the front. What is not given there is of our own design.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..home import DRAWER_BOXES
from ..layout import COUNTER_SURFACE, KITCHEN, KITCHEN_BODY, SINK_SURFACE
from .form import Form
from .furniture import add_blot, bar
from .object_mesh import curve, lathe, tube

PLINTH = 0.09
"""Height of the plinth [m]."""

WORKTOP = 0.04
"""Thickness of the worktop [m]."""

UPPER = (1.40, 2.12)
"""Foot and top of the wall cupboards [m]."""

UPPER_DEPTH = 0.34
"""Of the wall cupboards [m]."""

BACK, FRONT, LEFT, RIGHT = KITCHEN_BODY
FACE = 0.315
"""Where the carcass ends behind the fronts [m]."""


def add_kitchen(spec: Any, body: Any) -> None:
    """Adds the block without its drawers to a body."""
    form = Form()
    add_blot(form, (BACK, LEFT), (FRONT, RIGHT))
    top = COUNTER_SURFACE - WORKTOP
    form.box((BACK, LEFT + 0.01, 0.0), (FRONT - 0.07, RIGHT - 0.01, PLINTH), "plinth")
    # Hollow to the eye: what is behind an open drawer's front is dark.
    form.box((BACK, LEFT, PLINTH), (FACE, RIGHT, top), "front", without="XZ", cell=0.35)
    corners = [(FACE, LEFT, PLINTH), (FACE, RIGHT, PLINTH), (FACE, RIGHT, top), (FACE, LEFT, top)]
    form.quad(corners, "cavity", cell=9, shade=[0.55] * 4)
    _add_worktop(form)
    _add_sink(form)
    _add_hob(form)
    _add_fixed_fronts(form)
    form.add(spec, body, "kitchen")


def _add_worktop(form: Form) -> None:
    """Four slabs around the sink."""
    depth, width = (size / 2 + 0.02 for size in KITCHEN["sink"].size)
    top, under, front = COUNTER_SURFACE, COUNTER_SURFACE - WORKTOP, FRONT + 0.012
    for low, high in (
        ((BACK, LEFT), (front, -width)),
        ((BACK, width), (front, RIGHT)),
        ((BACK, -width), (-depth, width)),
        ((depth, -width), (front, width)),
    ):
        form.box((*low, under), (*high, top), "worktop", cell=0.4)
    # The wall behind darkens the back of the worktop a little, whether or not it is drawn.
    form.solid((BACK - 0.1, LEFT, top), (BACK, RIGHT, top + 0.35))


def _add_sink(form: Form) -> None:
    """A basin let into the worktop, its rim, and a tap with a high neck."""
    depth, width = (size / 2 + 0.02 for size in KITCHEN["sink"].size)
    top, floor = COUNTER_SURFACE + 0.003, SINK_SURFACE
    low = [(-depth, -width), (depth, -width), (depth, width), (-depth, width)]
    inner = [(x * 0.96, y * 0.97) for x, y in low]
    for number in range(4):
        after = (number + 1) % 4
        (x0, y0), (x1, y1) = low[number], low[after]
        (u0, v0), (u1, v1) = inner[number], inner[after]
        wall = [(x0, y0, top), (x1, y1, top), (u1, v1, floor), (u0, v0, floor)]
        form.quad(wall, "basin", cell=9, shade=[0.90, 0.90, 0.62, 0.62])
        grow = 1.10
        rim = [
            (x0 * grow, y0 * grow, top),
            (x1 * grow, y1 * grow, top),
            (x1, y1, top),
            (x0, y0, top),
        ]
        form.quad(rim, "basin", cell=9, shade=[1.0] * 4)
    t, s = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5))
    floor_points = np.stack([-inner[2][0] * s, inner[2][1] * t, np.full_like(s, floor)], axis=-1)
    form.cloth(floor_points, "basin", 0.84 - 0.20 * np.maximum(np.abs(s), np.abs(t)) ** 2)
    form.patch(lathe([(0.028, floor), (0.026, floor + 0.003), (0.0, floor + 0.002)], 12), "plinth")
    x = -depth - 0.075
    form.patch(lathe([(0.028, 0.0), (0.026, 0.012), (0.015, 0.02)], 12).moved(x, 0, top), "steel")
    neck = [(x, 0, top), (x, 0, top + 0.2), (x + 0.03, 0, top + 0.275), (x + 0.09, 0, top + 0.295)]
    neck += [(x + 0.145, 0, top + 0.265), (x + 0.155, 0, top + 0.21)]
    form.patch(tube(curve(neck, 3), 0.012, up=(0, 1.0, 0)), "steel")
    bar(form, (x, 0.02, top + 0.03), (x - 0.01, 0.10, top + 0.065), 0.008, "steel")


def _add_hob(form: Form) -> None:
    """Black glass with four rings, flush with the worktop: things lie on it as on the rest."""
    y, z = 1.42, COUNTER_SURFACE + 0.0012
    corners = [(-0.24, y - 0.28, z), (0.25, y - 0.28, z), (0.25, y + 0.28, z), (-0.24, y + 0.28, z)]
    form.quad(corners, "visor", cell=9, shade=[1.0] * 4)
    for dx, dy, radius in (
        (-0.11, -0.14, 0.09),
        (0.12, -0.14, 0.075),
        (-0.11, 0.14, 0.075),
        (0.12, 0.14, 0.095),
    ):
        ring = [(radius, 0.0), (radius - 0.008, 0.0002)]
        form.patch(lathe(ring, 20).moved(dx, y + dy, z + 0.001), "joint")


def _handle(form: Form, x: float, y0: float, y1: float, z: float) -> None:
    """A bar across a drawer's front."""
    form.patch(tube(np.array([(x, y0, z), (x, y1, z)]), 0.009, sides=6), "steel")
    for y in (y0 + 0.03, y1 - 0.03):
        form.box((x - 0.035, y - 0.006, z - 0.006), (x, y + 0.006, z + 0.006), "steel", solid=False)


def _door(form: Form, y0: float, y1: float, z0: float, z1: float, knob: float | None) -> None:
    """A front with a raised frame; ``knob`` is where its upright handle is."""
    form.box((FACE, y0, z0), (FRONT - 0.018, y1, z1), "front", cell=0.4)
    frame = min(0.055, (z1 - z0) / 4)
    for low, high in (
        ((y0, z0), (y0 + frame, z1)),
        ((y1 - frame, z0), (y1, z1)),
        ((y0 + frame, z0), (y1 - frame, z0 + frame)),
        ((y0 + frame, z1 - frame), (y1 - frame, z1)),
    ):
        form.box(
            (FRONT - 0.018, *low),
            (FRONT - 0.003, *high),
            "front",
            without="x",
            cell=0.4,
            solid=False,
        )
    if knob is not None:
        foot, head = z1 - 0.16, z1 - 0.04
        path = np.array([(FRONT + 0.03, knob, foot), (FRONT + 0.03, knob, head)])
        form.patch(tube(path, 0.008, sides=6, up=(1.0, 0, 0)), "steel")
        for z in (foot + 0.02, head - 0.02):
            form.box(
                (FRONT - 0.005, knob - 0.005, z - 0.005),
                (FRONT + 0.03, knob + 0.005, z + 0.005),
                "steel",
                solid=False,
            )


def _add_fixed_fronts(form: Form) -> None:
    """Doors below the drawers, and panels where there is neither."""
    foot = PLINTH + 0.012
    for y0, y1, z1, knob in (
        (LEFT + 0.005, -0.785, 0.485, -0.83),
        (-0.775, -0.325, 0.485, -0.73),
        (-0.315, 0.315, 0.285, None),
        (0.325, 1.055, 0.265, None),
        (1.065, RIGHT - 0.005, 0.265, None),
    ):
        _door(form, y0, y1, foot, z1, knob)
    _door(form, -0.315, 0.315, 0.495, 0.69, None)


def add_drawer(spec: Any, body: Any, drawer: str) -> None:
    """Adds a drawer, open at its top, to a body whose frame is the kitchen's when it is closed.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies.
        drawer: a name in ``DRAWER_BOXES``.
    """
    x0, x1, y0, y1, z0, z1 = DRAWER_BOXES[drawer]
    form = Form(ground=False)
    rim = z1 - 0.04
    thick = 0.014
    form.box((x0, y0, z0 - thick), (x1 - 0.01, y1, z0), "inside", cell=0.25)
    for y in (y0, y1 - thick):
        form.box((x0, y, z0), (x1 - 0.02, y + thick, rim), "inside", cell=0.25)
    form.box((x0, y0 + thick, z0), (x0 + thick, y1 - thick, rim), "inside", cell=0.25)
    front = (x1 - 0.022, y0 - 0.015, z0 - 0.012), (FRONT - 0.003, y1 + 0.015, z1 + 0.012)
    form.box(*front, "front", round_=0.006)
    middle, reach = (y0 + y1) / 2, min(0.24, (y1 - y0) * 0.28)
    _handle(form, x1 + 0.05, middle - reach, middle + reach, (z0 + z1) / 2 + 0.02)
    form.add(spec, body, drawer)


def add_cupboards(spec: Any, body: Any) -> None:
    """Adds what hangs on the wall behind: tiles, cupboards with a lamp below, a hood."""
    form = Form(ground=False)
    low, high = UPPER
    x, z0 = BACK + 0.004, COUNTER_SURFACE
    corners = [(x, LEFT, z0), (x, RIGHT, z0), (x, RIGHT, low), (x, LEFT, low)]
    size = 0.62
    uv = [((y - LEFT) / size, (z - z0) / size) for _, y, z in corners]
    form.quad(corners, "tiles", cell=0.5, uv=uv)
    front = BACK + UPPER_DEPTH
    hood = (1.12, 1.72)
    form.box((BACK, LEFT, low), (front - 0.02, hood[0], high), "front", cell=0.4)
    edges = (LEFT, -0.79, -0.315, 0.315, 0.72, hood[0])
    for number, (y0, y1) in enumerate(itertools.pairwise(edges)):
        form.box(
            (front - 0.02, y0 + 0.005, low + 0.004),
            (front, y1 - 0.005, high),
            "front",
            round_=0.006,
        )
        knob = y1 - 0.05 if number % 2 == 0 else y0 + 0.05
        path = np.array([(front + 0.028, knob, low + 0.05), (front + 0.028, knob, low + 0.20)])
        form.patch(tube(path, 0.007, sides=6, up=(1.0, 0, 0)), "steel")
    _add_hood(form, hood, low, high)
    strip = [(front - 0.08, hood[0] - 0.05), (front - 0.04, hood[0] - 0.05)]
    strip += [(front - 0.04, LEFT + 0.05), (front - 0.08, LEFT + 0.05)]
    form.quad([(x, y, low - 0.003) for x, y in strip], "lamp", cell=99, shade=[1.0] * 4)
    form.add(spec, body, "cupboards")


def _add_hood(form: Form, span: tuple[float, float], low: float, high: float) -> None:
    y0, y1 = span
    middle = (y0 + y1) / 2
    form.box((BACK, y0 + 0.01, low + 0.06), (BACK + 0.46, y1 - 0.01, low + 0.12), "steel", cell=0.3)
    form.box(
        (BACK, middle - 0.14, low + 0.12),
        (BACK + 0.26, middle + 0.14, high + 0.3),
        "steel",
        cell=0.4,
    )
