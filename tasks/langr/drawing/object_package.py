"""Cans, boxes, the bottle of cleanser and the sponge.

Sizes are those of ``assets``. The labels are plain fields of colour of our own design.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .object_mesh import (
    Patch,
    Shape,
    arc,
    box,
    curve,
    flat,
    joined,
    lathe,
    panel,
    prism,
    rounded_rectangle,
)

Band = tuple[float, str]

PROUD = 0.0006
"""How far a printed field stands off its ground, so that the two do not flicker [m]."""


def _front(patch: Patch, depth: float) -> Patch:
    """A patch of the plane z = 0 stood up as the face at y = ``-depth`` that looks to -y."""
    return patch.turned("x", math.pi / 2).moved(y=-depth - PROUD)


def _both(shape: Shape, patch: Patch, depth: float, colour: str) -> None:
    """The same field on the faces that look to -y and to +y."""
    front = _front(patch, depth)
    shape.add(front, colour, "matt")
    shape.add(front.turned("z", math.pi), colour, "matt")


def tin(radius: float, height: float, bands: Sequence[Band], lid: str = "silver") -> Shape:
    """A round can: steel rims, a label of bands from the bottom up, a lid with a ring.

    Args:
        radius: of the label [m].
        height: of the whole can [m].
        bands: height of its upper edge [m] and colour of each.
        lid: colour of the top.
    """
    shape, sides = Shape(), 18
    rim = radius + 0.001
    low = [(0.0, 0.001), (rim - 0.001, 0.0), (rim, 0.0035)]
    shape.add(lathe([*low, (radius, 0.0045)], sides), "steel", "metal")
    top = [(radius, height - 0.0045), (rim, height - 0.0035), (rim, height - 0.001)]
    top += [(rim - 0.0012, height), (radius - 0.004, height - 0.004)]
    shape.add(lathe(top, sides), "steel", "metal")
    disc = [(radius - 0.004, height - 0.004), (radius * 0.72, height - 0.004)]
    disc += [(0.0, height - 0.0025)]
    shape.add(lathe(disc, sides), lid, "metal" if lid == "silver" else "satin")
    below = 0.0045
    for above, colour in bands:
        shape.add(lathe([(radius, below), (radius, above)], sides), colour, "gloss")
        below = above
    return shape


def _spot(shape: Shape, radius: float, height: float, size: float, colour: str) -> None:
    """A round field on both sides of a round can."""
    disc = flat(arc(size, 0, 330, 11))
    for turn in (0.0, math.pi):
        curved = disc.turned("x", math.pi / 2).moved(z=height)
        curved = curved.bent(
            lambda points: np.column_stack(
                [
                    (radius + PROUD) * np.sin(points[:, 0] / radius),
                    -(radius + PROUD) * np.cos(points[:, 0] / radius),
                    points[:, 2],
                ]
            )
        )
        shape.add(curved.turned("z", turn), colour, "gloss")


def coffee_can() -> Shape:
    """A tall blue can with a white band and a blue lid of plastic."""
    bands = [(0.022, "navy"), (0.045, "blue"), (0.05, "gold"), (0.09, "white"), (0.095, "gold")]
    return tin(0.05, 0.138, [*bands, (0.1335, "blue")], lid="azure")


def soup_can() -> Shape:
    """A can, red above and white below, with a golden spot."""
    shape = tin(0.032, 0.1, [(0.012, "red"), (0.05, "white"), (0.053, "gold"), (0.0955, "red")])
    _spot(shape, 0.032, 0.052, 0.012, "amber")
    return shape


def fish_can() -> Shape:
    """A flat can of a blue-grey label."""
    return tin(0.0415, 0.032, [(0.009, "white"), (0.0235, "slate"), (0.0275, "navy")])


def meat_can() -> Shape:
    """A blue can of rounded oblong section, with a key's rim and a yellow field."""
    shape = Shape()
    outline = rounded_rectangle(0.094, 0.048, 0.016, 4)
    shape.add(prism(outline, 0.004, 0.078), "azure", "gloss")
    shape.add(prism(outline * 1.02, 0.024, 0.03), "amber", "gloss")
    rim = rounded_rectangle(0.097, 0.0505, 0.017, 4)
    shape.add(prism(rim, 0.0, 0.0045, 0.001), "steel", "metal")
    shape.add(prism(rim, 0.0775, 0.0815, 0.001), "silver", "metal")
    sunk = rounded_rectangle(0.085, 0.039, 0.012, 4)
    shape.add(flat(sunk).moved(z=0.0815 + PROUD), "steel", "metal")
    _both(shape, panel(0.05, 0.02).moved(0, 0.054, 0), 0.024, "white")
    return shape


def _carton(x: float, y: float, z: float, colour: str, flap: str) -> Shape:
    """A box of card that stands on z = 0, its end flaps in another tone and with a slit."""
    shape = Shape()
    shape.add(box(x, y, z).moved(z=z / 2), colour, "matt")
    thin, wide = sorted((x, y))
    strip = panel(wide * 0.96, thin * 0.9) if x >= y else panel(thin * 0.9, wide * 0.96)
    shape.add(strip.moved(z=z + PROUD), flap, "matt")
    slit = panel(wide, thin * 0.07) if x >= y else panel(thin * 0.07, wide)
    shape.add(slit.moved(z=z + 2 * PROUD), colour, "matt")
    return shape


def cracker_box() -> Shape:
    """A large red box with a white field and three biscuits on it."""
    shape = _carton(0.158, 0.06, 0.212, "red", "crimson")
    _both(shape, panel(0.158, 0.036).moved(0, 0.172), 0.03, "white")
    _both(shape, panel(0.1, 0.016).moved(0, 0.172), 0.0306, "azure")
    for x, y in ((-0.038, 0.07), (0.04, 0.06), (0.002, 0.108)):
        biscuit = rounded_rectangle(0.056, 0.056, 0.012, 2)
        _both(shape, flat(biscuit).turned("z", x * 6).moved(x, y), 0.0305, "biscuit")
    _both(shape, panel(0.158, 0.02).moved(0, 0.012), 0.03, "amber")
    for side in (-1, 1):
        field = panel(0.05, 0.036).turned("x", math.pi / 2).turned("z", side * math.pi / 2)
        shape.add(field.moved(side * (0.079 + PROUD), 0, 0.172), "white", "matt")
    return shape


def sugar_box() -> Shape:
    """A yellow box with white bands and a blue field."""
    shape = _carton(0.089, 0.038, 0.174, "yellow", "amber")
    shape.add(box(0.0902, 0.0392, 0.05).moved(z=0.085), "white", "matt")
    shape.add(box(0.0914, 0.0404, 0.007).moved(z=0.062), "blue", "matt")
    shape.add(box(0.0914, 0.0404, 0.007).moved(z=0.108), "blue", "matt")
    _both(shape, flat(arc(0.02, 0, 330, 11)).moved(0, 0.14), 0.019, "scarlet")
    return shape


def _dessert_box(x: float, y: float, z: float, colours: tuple[str, str, str, str]) -> Shape:
    """A small box on its back, with a picture of a cup on its face.

    Args:
        x: length [m].
        y: width [m].
        z: height [m].
        colours: of the box, of its bar, of the cup and of what is in it.
    """
    ground, bar, cup, sweet = colours
    shape = Shape()
    shape.add(box(x, y, z).moved(z=z / 2), ground, "matt")
    top = z + PROUD
    shape.add(panel(x * 0.94, y * 0.24).moved(0, y * 0.3, top), bar, "matt")
    half = arc(y * 0.27, 180, 360, 8)
    shape.add(flat(half).moved(0, -y * 0.12, top), cup, "matt")
    cream = arc(y * 0.23, 0, 180, 8) * (1, 0.62)
    shape.add(flat(cream).moved(0, -y * 0.12, top), sweet, "matt")
    side = panel(x * 0.86, z * 0.5).moved(0, z / 2)
    _both(shape, side, y / 2, bar)
    return shape


def pudding_box() -> Shape:
    """A brown box with a cup of pudding on it."""
    return _dessert_box(0.11, 0.089, 0.037, ("chocolate", "ivory", "white", "amber"))


def gelatin_box() -> Shape:
    """A red-pink box with a cup of jelly on it."""
    return _dessert_box(0.085, 0.073, 0.0282, ("raspberry", "white", "cream", "red"))


def cleanser() -> Shape:
    """A white bottle with a blue cap, red tip and a blue label."""
    shape = Shape()
    body = [(0.0, 0.001), (0.028, 0.0), (0.0325, 0.004), (0.0325, 0.05), (0.031, 0.11)]
    upper = curve([(0.031, 0.11), (0.0325, 0.15), (0.028, 0.185), (0.015, 0.208)], 2).tolist()
    neck = [(0.0135, 0.212), (0.0135, 0.22)]
    profile = [*body, *[(radius, height) for radius, height in upper[1:]], *neck]
    shape.add(lathe(profile, 14).scaled(x=1.5), "white", "gloss")
    cap = [(0.0165, 0.214), (0.0165, 0.236), (0.013, 0.24), (0.0, 0.24)]
    shape.add(lathe([(0.0135, 0.214), *cap], 10), "blue", "satin")
    tip = [(0.007, 0.239), (0.006, 0.249), (0.0, 0.2495)]
    shape.add(lathe(tip, 10), "red", "satin")
    low = lathe([(0.0331, 0.03), (0.0326, 0.075)], 14).scaled(x=1.5)
    high = lathe([(0.0322, 0.11), (0.0332, 0.14)], 14).scaled(x=1.5)
    shape.add(low, "blue", "gloss")
    shape.add(high, "red", "gloss")
    return shape


def sponge() -> Shape:
    """A yellow sponge with a waist, holes, and a green scourer below."""
    x, y = 0.057, 0.036
    quarter = [(0.0, y * 0.82), (x * 0.75, y), (x, y * 0.8), (x, 0.0)]
    right = curve(quarter, 2)
    outline = np.concatenate([right, right[-2:0:-1] * (1, -1), right * (-1, -1)])
    outline = np.concatenate([outline, right[-2:0:-1] * (-1, 1)])
    shape = Shape()
    shape.add(prism(outline, 0.0, 0.0065), "green", "matt")
    shape.add(prism(outline * 0.975, 0.0065, 0.0168, 0.0015), "yellow", "matt")
    rng = np.random.default_rng(26)
    holes: list[Patch] = []
    for column in range(7):
        for row in range(4):
            place = ((column - 3) * 0.0145, (row - 1.5) * 0.0135)
            shift = rng.uniform(-0.003, 0.003, 2)
            hole = flat(arc(float(rng.uniform(0.0014, 0.0028)), 0, 288, 4))
            holes.append(hole.moved(place[0] + shift[0], place[1] + shift[1], 0.0168 + PROUD / 2))
    shape.add(joined(holes), "gold", "matt")
    return shape
