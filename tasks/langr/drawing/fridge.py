"""The fridge: hollow, with shelves, a door above and a drawer below; of our own design.

Its frame: origin on the floor below its middle, +x to the front. The door hangs on its right
side as seen from the front, which is +y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layout import FRIDGE_SIZE
from .form import Form
from .furniture import add_blot
from .object_mesh import tube

HALF_DEPTH, HALF_WIDTH, TOP = FRIDGE_SIZE[0] / 2, FRIDGE_SIZE[1] / 2, FRIDGE_SIZE[2]

THICK = 0.05
"""Of its sides and of the door [m]."""

SPLIT = 0.62
"""Height at which the door begins [m]."""

SHELVES = (0.845, 1.18, 1.47)
"""Tops of the shelves [m]; things are placed on the lowest."""

HINGE = (HALF_DEPTH - THICK, HALF_WIDTH - 0.005)
"""Where the door turns, in the fridge's frame [m]."""


def add_fridge(spec: Any, body: Any) -> None:
    """Adds the fridge without its door to a body."""
    form = Form()
    d, w, face = HALF_DEPTH, HALF_WIDTH, HALF_DEPTH - THICK
    add_blot(form, (-d, -w), (d, w))
    form.box((-d, -w, 0.03), (face - 0.004, w, SPLIT), "fridge", without="Z", cell=0.4)
    for side in (-1, 1):
        y0, y1 = sorted((side * w, side * (w - THICK)))
        form.box((-d, y0, SPLIT - 0.02), (face - 0.004, y1, TOP), "fridge", cell=0.4)
    form.box((-d, -w, TOP - THICK), (face - 0.004, w, TOP), "fridge", cell=0.4)
    form.box((-d, -w, SPLIT - 0.02), (-d + THICK, w, TOP), "fridge", cell=0.4)
    _add_inside(form)
    form.box((face, -w + 0.003, 0.05), (d, w - 0.003, SPLIT - 0.012), "fridge", round_=0.02)
    bar = np.array([(d + 0.035, -0.2, SPLIT - 0.09), (d + 0.035, 0.2, SPLIT - 0.09)])
    form.patch(tube(bar, 0.011), "steel")
    for y in (-0.17, 0.17):
        form.box(
            (d - 0.005, y - 0.008, SPLIT - 0.098),
            (d + 0.035, y + 0.008, SPLIT - 0.082),
            "steel",
            solid=False,
        )
    form.box((-d + 0.05, -w + 0.05, 0.0), (face - 0.04, w - 0.05, 0.04), "plinth")
    form.add(spec, body, "fridge body")


def _add_inside(form: Form) -> None:
    """The lining that glows a little, and the shelves."""
    back, face = -HALF_DEPTH + THICK + 0.002, HALF_DEPTH - THICK - 0.006
    w, low, high = HALF_WIDTH - THICK - 0.002, SPLIT + 0.02, TOP - THICK - 0.002
    ring = [(-w, low), (w, low), (w, high), (-w, high)]
    for (y0, z0), (y1, z1) in zip(ring, ring[1:] + ring[:1], strict=True):
        corners = [(face, y0, z0), (face, y1, z1), (back, y1, z1), (back, y0, z0)]
        form.quad(corners, "cold", cell=9, shade=[0.98, 0.98, 0.80, 0.80])
    corners = [(back, y, z) for y, z in ring]
    form.quad(corners, "cold", cell=9, shade=[0.78, 0.78, 0.94, 0.94])
    for top in SHELVES:
        form.box((back, -w, top - 0.012), (face - 0.04, w, top), "cold", cell=0.3)
        form.box((face - 0.045, -w, top - 0.014), (face - 0.035, w, top + 0.004), "steel", cell=9)
    lamp = [(0.02, -0.1), (0.02, 0.1), (0.12, 0.1), (0.12, -0.1)]
    form.quad([(x, y, high - 0.002) for x, y in lamp], "lamp", cell=9, shade=[1.0] * 4)


def add_fridge_door(spec: Any, body: Any) -> None:
    """Adds the door to a body whose origin is the hinge's foot and whose +x is to the front."""
    form = Form(ground=False)
    width = HALF_WIDTH + HINGE[1] - 0.003
    foot, head = SPLIT, TOP
    form.box((0.0, -width, foot), (THICK, 0.003, head), "fridge", round_=0.02)
    y = -(HINGE[1] + 0.27)
    grip = np.array([(THICK + 0.04, y, 0.85), (THICK + 0.04, y, 1.40)])
    form.patch(tube(grip, 0.013, up=(1.0, 0, 0)), "steel")
    for z in (0.88, 1.37):
        form.box(
            (THICK - 0.004, y - 0.009, z - 0.009),
            (THICK + 0.04, y + 0.009, z + 0.009),
            "steel",
            solid=False,
        )
    _add_notes(form)
    lining = [(-0.004, -0.05), (-0.004, -width + 0.05)]
    corners = [
        (x, y, z) for z, order in ((foot + 0.05, 1), (head - 0.05, -1)) for x, y in lining[::order]
    ]
    form.quad(corners, "cold", cell=9, shade=[0.85, 0.85, 0.95, 0.95])
    for low in (foot + 0.08, foot + 0.42, foot + 0.76):
        form.box((-0.09, -width + 0.06, low), (-0.004, -0.06, low + 0.012), "cold", cell=9)
        form.box((-0.09, -width + 0.06, low), (-0.082, -0.06, low + 0.075), "cold", cell=9)
    form.add(spec, body, "fridge door")


def _add_notes(form: Form) -> None:
    """Papers and magnets on the door: plain steel a hand away would look like nothing."""
    x = THICK + 0.0015
    for y, z, width, height, colour, tack in (
        (-0.58, 1.20, 0.15, 0.20, "white", "signal"),
        (-0.40, 1.28, 0.12, 0.12, "note", "leaf"),
        (-0.53, 0.92, 0.14, 0.18, "pot", "brass"),
    ):
        corners = [(x, y, z), (x, y + width, z), (x, y + width, z + height), (x, y, z + height)]
        form.quad(corners, colour, cell=9, shade=[0.92, 0.92, 1.0, 1.0])
        middle, top = y + width / 2, z + height - 0.02
        form.box(
            (x, middle - 0.012, top - 0.012),
            (x + 0.008, middle + 0.012, top + 0.012),
            tack,
            solid=False,
        )
        if colour == "white":
            for line in range(4):
                low = z + 0.03 + 0.035 * line
                end = y + width - (0.02 if line else 0.06)
                marks = [(x + 0.0008, y + 0.02, low), (x + 0.0008, end, low)]
                marks += [(x + 0.0008, end, low + 0.007), (x + 0.0008, y + 0.02, low + 0.007)]
                form.quad(marks, "joint", cell=9, shade=[1.0] * 4)
