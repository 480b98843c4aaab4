"""The two tables, the chair and the TV stand, each in its own frame.

Frame and measures are ``layout``'s: origin on the floor, +x to the front, surfaces exactly at the
heights of ``PIECES``. What is not given there is of our own design.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..layout import PIECES
from .form import Form
from .object_mesh import tube
from .sofa import build_sofa
from .wall import Triple


def add_piece(spec: Any, body: Any, name: str) -> None:
    """Adds a movable piece of furniture to a body, with its shadow on the floor.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies; its frame becomes the piece's.
        name: a name in ``PIECES``.
    """
    form = Form()
    low, high, half = PIECES[name].body
    add_blot(form, (low, -half), (high, half))
    BUILDERS[name](form)
    form.add(spec, body, name)


def add_blot(
    form: Form, low: tuple[float, float], high: tuple[float, float], grow: float = 0.2
) -> None:
    """A soft shadow on the floor, a little larger than what stands there [m]."""
    (x0, y0), (x1, y1) = low, high
    x0, y0, x1, y1 = x0 - grow, y0 - grow, x1 + grow, y1 + grow
    corners = [(x0, y0, 0.016), (x1, y0, 0.016), (x1, y1, 0.016), (x0, y1, 0.016)]
    form.quad(corners, "blot", cell=99, uv=[(0, 0), (1, 0), (1, 1), (0, 1)])


def board(form: Form, low: Triple, high: Triple, colour: str, picture: str) -> None:
    """A slab whose top is of grained wood along y."""
    (x0, y0, _), (x1, y1, top) = low, high
    form.box(low, high, colour, without="Z", cell=0.5)
    corners = [(x0, y0, top), (x1, y0, top), (x1, y1, top), (x0, y1, top)]
    form.quad(corners, picture, cell=0.8, uv=[(0, 0), (1, 0), (1, 1), (0, 1)])


def bar(form: Form, start: Triple, end: Triple, radius: float, colour: str, tip: float = 0) -> None:
    """A round leg or rod, thinner at its end where ``tip`` is given [m]."""
    path = np.array([start, end], float)
    up = (1.0, 0.0, 0.0) if abs(start[0] - end[0]) < 0.5 * abs(start[2] - end[2]) else (0, 0, 1.0)
    form.patch(tube(path, [radius, tip or radius], sides=8, up=up), colour)


def _black_table(form: Form) -> None:
    """Low and black: a thick top on a frame of square legs, with a shelf of slats."""
    low, high, half = PIECES["Tbl1"].body
    top = PIECES["Tbl1"].surface
    board(form, (low, -half, top - 0.045), (high, half, top), "black", "black-wood")
    leg = 0.07
    for x in (low + 0.03, high - 0.03 - leg):
        for y in (-half + 0.03, half - 0.03 - leg):
            form.box((x, y, 0.0), (x + leg, y + leg, top - 0.045), "black", cell=0.2)
    for x in (low + 0.045, high - 0.045 - 0.03):
        form.box((x, -half + 0.1, top - 0.12), (x + 0.03, half - 0.1, top - 0.045), "black")
    for y in (-half + 0.045, half - 0.045 - 0.03):
        form.box((low + 0.1, y, top - 0.12), (high - 0.1, y + 0.03, top - 0.045), "black")
    for number in range(5):
        x = low + 0.10 + number * 0.155
        form.box((x, -half + 0.05, 0.16), (x + 0.12, half - 0.05, 0.18), "black", cell=0.4)


def _brown_table(form: Form) -> None:
    """High and brown: a top of boards on tapering legs that lean outwards."""
    low, high, half = PIECES["Tbl2"].body
    top = PIECES["Tbl2"].surface
    board(form, (low, -half, top - 0.035), (high, half, top), "brown", "brown-wood")
    form.box(
        (low + 0.09, -half + 0.11, top - 0.12), (high - 0.09, half - 0.11, top - 0.035), "brown"
    )
    for x, lean in ((low + 0.11, -0.05), (high - 0.11, 0.05)):
        for y, slant in ((-half + 0.12, -0.05), (half - 0.12, 0.05)):
            bar(form, (x, y, top - 0.04), (x + lean, y + slant, 0.0), 0.038, "brown", 0.022)
    for x in (low + 0.085, high - 0.085):
        bar(form, (x, -half + 0.09, 0.30), (x, half - 0.09, 0.30), 0.014, "brown")


def _chair(form: Form) -> None:
    """A padded seat on four legs of wood, with a curved back."""
    low, high, half = PIECES["Chr1"].body
    seat = PIECES["Chr1"].surface
    form.box((low, -half, seat - 0.07), (high, half, seat), "chair", round_=0.03)
    for x, lean in ((low + 0.05, -0.02), (high - 0.05, 0.02)):
        for y, slant in ((-half + 0.05, -0.02), (half - 0.05, 0.02)):
            bar(form, (x, y, seat - 0.05), (x + lean, y + slant, 0.0), 0.020, "leg", 0.014)
    for y in (-half + 0.05, half - 0.05):
        bar(form, (low + 0.03, y, seat - 0.02), (low + 0.005, y, seat + 0.36), 0.016, "leg")
    form.box(
        (low - 0.005, -half, seat + 0.16), (low + 0.045, half, seat + 0.42), "chair", round_=0.024
    )


def _tv_stand(form: Form) -> None:
    """A sideboard on feet, two doors around an open bay, and a TV along its back edge."""
    low, high, half = PIECES["TvStnd1"].body
    top = PIECES["TvStnd1"].surface
    foot = 0.12
    board(form, (low, -half, top - 0.03), (high, half, top), "stand", "stand-wood")
    form.box((low, -half, foot), (high - 0.01, half, foot + 0.025), "stand")
    form.box((low, -half, foot), (low + 0.015, half, top - 0.03), "stand", without="x")
    for y in (-half, -0.27, 0.25, half - 0.02):
        form.box((low, y, foot), (high - 0.012, y + 0.02, top - 0.03), "stand")
    for y0, y1 in ((-half + 0.008, -0.255), (0.255, half - 0.008)):
        form.box((high - 0.02, y0, foot + 0.012), (high, y1, top - 0.036), "stand", round_=0.004)
        knob = y1 - 0.05 if y0 < 0 else y0 + 0.05
        bar(form, (high - 0.005, knob, 0.33), (high + 0.02, knob, 0.33), 0.013, "brass")
    form.box((low + 0.02, -0.255, 0.30), (high - 0.03, 0.255, 0.315), "stand")
    form.box(
        (low + 0.10, -0.19, foot + 0.025), (high - 0.12, 0.19, foot + 0.075), "plaque", round_=0.01
    )
    for x in (low + 0.07, high - 0.09):
        for y in (-half + 0.1, half - 0.1):
            bar(form, (x, y, foot), (x, y, 0.0), 0.022, "leg", 0.014)
    _add_tv(form, low, top)


def _add_tv(form: Form, back: float, top: float) -> None:
    """Flat, on a foot at the very edge: nothing that lies on the stand touches it."""
    width, foot, head = 0.58, top + 0.05, top + 0.70
    form.box((back + 0.006, -width, foot), (back + 0.032, width, head), "plaque", round_=0.008)
    x = back + 0.0325
    corners = [(x, -width + 0.012, foot + 0.02), (x, width - 0.012, foot + 0.02)]
    corners += [(x, width - 0.012, head - 0.012), (x, -width + 0.012, head - 0.012)]
    form.quad(corners, "gleam", cell=99, uv=[(0, 0), (1, 0), (1, 1), (0, 1)])
    form.box((back, -0.16, top), (back + 0.034, 0.16, top + 0.012), "plaque")
    form.box((back, -0.03, top), (back + 0.012, 0.03, foot + 0.02), "plaque")


BUILDERS: Mapping[str, Callable[[Form], None]] = MappingProxyType(
    {
        "Tbl1": _black_table,
        "Tbl2": _brown_table,
        "Sofa": build_sofa,
        "TvStnd1": _tv_stand,
        "Chr1": _chair,
    }
)
"""Who builds each piece."""
