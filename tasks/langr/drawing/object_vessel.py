"""Bowls, cups, the mug, the plate and the lid.

Sizes are those of ``assets``; forms and colours are of our own design. Every vessel has a wall
with two sides, since MuJoCo does not draw the back of a face.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .object_mesh import Floats, Shape, curve, lathe, tube

Profile = Sequence[tuple[float, float]]

SOFT = math.radians(55)
"""Crease of ceramic things [rad]."""


def _walls(outer: Profile, wall: float, floor: float) -> tuple[list[tuple[float, float]], int]:
    """A profile up the outside, over the rim, and down the inside to the middle.

    Args:
        outer: the outside, from the foot to the rim [m].
        wall: thickness of the wall [m].
        floor: height of the inside's middle [m].

    Returns:
        The profile, and the number of its first point inside.
    """
    # Half as many points as outside are enough where nothing is seen in profile.
    inner = [(radius - wall, height) for radius, height in reversed(outer) if height > 2 * floor]
    heights, radii = [height for _, height in outer], [radius for radius, _ in outer]
    corner = (float(np.interp(1.3 * floor, heights, radii)) - wall, 1.3 * floor)
    inner = [*inner[::2], corner]
    return [(0.0, outer[0][1]), *outer, *inner, (0.0, floor)], len(outer) + 1


def _vessel(
    outer: Profile,
    wall: float,
    floor: float,
    outside: str,
    inside: str,
    sides: int,
    finish: str,
    lip: tuple[float, str] = (math.inf, ""),
) -> Shape:
    """A vessel painted differently inside; its rim has the colour of the outside, or of ``lip``.

    The lip is everything outside from a height on [m], in a colour.
    """
    profile, turn = _walls(outer, wall, floor)
    shape = Shape()
    body = lathe(profile[: turn + 1], sides)
    start, colour = lip
    painted = [colour if height > start else outside for height in body.centres[:, 2]]
    shape.add(body, painted, finish, SOFT)
    shape.add(lathe(profile[turn:], sides), inside, finish, SOFT)
    return shape


def _way(points: Profile, steps: int = 2) -> list[tuple[float, float]]:
    return [(radius, height) for radius, height in curve(points, steps).tolist()]


def bowl(diameter: float, height: float, outside: str, inside: str, flare: float = 1.0) -> Shape:
    """A round bowl on a foot.

    Args:
        diameter: of its rim [m].
        height: of its rim [m].
        outside: colour.
        inside: colour.
        flare: how wide it is half-way up, about 1.
    """
    radius, foot = diameter / 2, diameter * 0.22
    belly = [
        (foot, height * 0.07),
        (radius * 0.72 * flare, height * 0.3),
        (radius * 0.93 * flare**0.5, height * 0.65),
        (radius, height),
    ]
    outer = [(foot * 0.95, 0.0), *_way(belly)]
    return _vessel(outer, 0.0045, height * 0.12, outside, inside, 20, "gloss")


def nesting_cup(diameter: float, height: float, colour: str) -> Shape:
    """A toy cup of coloured plastic: straight, wider above, with a broad rim."""
    rim = diameter / 2
    low = rim * 0.8
    outer = [
        (low - 0.003, 0.0),
        (low, 0.003),
        (rim * 0.94, height * 0.86),
        (rim, height * 0.87),
        (rim, height),
    ]
    lip = (height * 0.868, f"light {colour}")
    return _vessel(outer, 0.004, 0.004, colour, f"dark {colour}", 16, "satin", lip)


def beaker(
    diameter: float, height: float, outside: str, inside: str, belly: float, band: str = ""
) -> Shape:
    """A ceramic cup without a handle.

    Args:
        diameter: of its rim [m].
        height: of its rim [m].
        outside: colour.
        inside: colour.
        belly: radius near the bottom, as a fraction of the rim's.
        band: colour of a stripe below the rim; none where empty.
    """
    rim = diameter / 2
    side = [
        (rim * belly * 0.85, height * 0.05),
        (rim * belly, height * 0.25),
        (rim * (belly + 1) / 2, height * 0.65),
        (rim, height),
    ]
    outer = [(rim * belly * 0.74, 0.0), *_way(side)]
    shape = _vessel(outer, 0.004, height * 0.08, outside, inside, 16, "gloss")
    if band:
        radius = rim * (belly + 3) / 4 + 0.0012
        shape.add(lathe([(radius * 0.99, height * 0.7), (radius * 1.005, height * 0.88)], 16), band)
    return shape


def mug() -> Shape:
    """A red mug, white inside, with a handle."""
    radius, height = 0.0445, 0.081
    outer = [(radius - 0.004, 0.0), (radius, 0.004), (radius, height - 0.002), (radius, height)]
    shape = _vessel(outer, 0.0045, 0.005, "red", "ivory", 18, "gloss")
    way = curve(
        [(radius - 0.003, 0.066), (0.062, 0.0665), (0.0685, 0.052), (0.066, 0.03), (0.043, 0.016)],
        3,
    )
    path: Floats = way[:, [0, 0, 1]] * (1, 0, 1)
    handle = tube(path, 0.0058, sides=6, up=(0.0, 1.0, 0.0), height=1.25)
    shape.add(handle, "red", "gloss", SOFT)
    return shape


def plate() -> Shape:
    """A flat red plate with a raised rim."""
    outer = [(0.07, 0.0), (0.078, 0.003), (0.09, 0.009), (0.128, 0.0245)]
    shape = Shape()
    under = [(0.0, 0.001), *outer, (0.1285, 0.0255), (0.127, 0.0262)]
    shape.add(lathe(under, 24), "red", "gloss", SOFT)
    rim = [(0.127, 0.0262), (0.092, 0.0125)]
    shape.add(lathe(rim, 24), "red", "gloss", SOFT)
    well = [(0.092, 0.0125), (0.078, 0.0066)]
    shape.add(lathe(well, 24), "crimson", "gloss", SOFT)
    shape.add(lathe([(0.078, 0.0066), (0.0, 0.0058)], 24), "red", "gloss", SOFT)
    return shape


def lid() -> Shape:
    """A skillet's lid: a dome of glass in a rim of steel, with a dark knob."""
    shape = Shape()
    dome = [(0.131, 0.005), *_way([(0.128, 0.009), (0.09, 0.026), (0.045, 0.036), (0.0, 0.039)])]
    glass = dome[:-1]
    shape.add(lathe([*glass, (0.0, 0.039)], 22), "glass", "glass", SOFT)
    rim = [(0.124, 0.006), (0.126, 0.0), (0.1345, 0.0), (0.1355, 0.004), (0.1335, 0.009)]
    shape.add(lathe([*rim, (0.126, 0.0115), (0.122, 0.0095)], 22), "silver", "metal", SOFT)
    seat = [(0.026, 0.0365), (0.025, 0.041), (0.015, 0.043)]
    shape.add(lathe([*seat, (0.0, 0.044)], 10), "silver", "metal")
    knob = [(0.011, 0.04), (0.0095, 0.05), (0.018, 0.06), (0.021, 0.066), (0.018, 0.072)]
    shape.add(lathe([*knob, (0.0, 0.0745)], 10), "charcoal", "gloss", SOFT)
    return shape
