"""Fruit. Sizes are those of ``assets``; colours and forms are of our own design."""

from __future__ import annotations

import math

import numpy as np

from .object_mesh import (
    Floats,
    Patch,
    Shape,
    arc,
    curve,
    ellipsoid,
    flat,
    joined,
    lathe,
    tube,
)

Profile = list[tuple[float, float]]

ROUND = math.radians(75)
"""Crease of things without edges [rad]."""


def _profile(points: Profile, steps: int = 3) -> Profile:
    """A smooth profile through a few points of it [m]."""
    way = [(max(radius, 0.0), height) for radius, height in curve(points, steps).tolist()]
    way[0], way[-1] = points[0], points[-1]
    return way


def leaf(length: float, width: float) -> Patch:
    """A leaf along +x from the origin, seen from both sides [m]."""
    rim = curve([(0, 0), (length * 0.45, width / 2), (length, 0)], 2)
    outline = np.concatenate([rim, rim[-2:0:-1] * (1, -1)])
    upper = flat(outline).bent(lambda points: _arched(points, length))
    lower = Patch(upper.points - (0, 0, 0.0008), upper.faces[:, ::-1])
    return joined([upper, lower])


def _arched(points: Floats, length: float) -> Floats:
    along = points[:, 0] / length
    return np.column_stack([points[:, :2], length * (0.35 * along - 0.3 * along**2)])


def _stalk(start: tuple[float, float, float], end: tuple[float, float, float]) -> Patch:
    """A short stalk that leans."""
    middle = (np.array(start) + end) / 2 + np.array([0.002, 0.0, 0.0])
    across = (0.0, 1.0, 0.0)
    return tube(np.array([start, middle, end]), [0.0022, 0.0019, 0.0028], sides=5, up=across)


def banana() -> Shape:
    """A yellow banana that lies on its side."""
    bend = arc(0.1, 208, 332, 12)
    middle = np.column_stack([bend, np.zeros(len(bend))])
    radii = [0.006, 0.0095, 0.0135, 0.0165, 0.018, 0.0187, 0.019, 0.0187, 0.018, 0.0165, 0.0125]
    body = tube(middle[1:12], [*radii[:-1], 0.0085], sides=6, height=0.95)
    shape = Shape()
    # A banana has ribs: a hexagon whose faces stay apart.
    shape.add(body, "yellow", "satin", math.radians(38))
    ends = curve([middle[11], middle[12], middle[12] + (0.006, 0.014, 0)], 2)
    shape.add(tube(ends, [0.0085, 0.007, 0.006, 0.0055, 0.0055], sides=6), "gold")
    shape.add(tube(ends[-2:] + np.array([0.001, 0.003, 0.0]), 0.006, sides=6), "brown", "matt")
    shape.add(tube(middle[:2], [0.004, 0.0072], sides=6), "chocolate", "matt")
    return shape


def strawberry() -> Shape:
    """A red cone with a green crown and pale seeds."""
    profile = [(0.0, -0.004), (0.0055, 0.0), (0.0145, 0.0155), (0.0215, 0.033), (0.0185, 0.0425)]
    outline = _profile([*profile, (0.006, 0.0455), (0.0, 0.0445)], 2)
    shape = Shape()
    shape.add(lathe(outline, 12), "red", "gloss", ROUND)
    seeds = []
    for row, (height, radius) in enumerate(((0.012, 0.0127), (0.025, 0.0193))):
        for number in range(6):
            seed = ellipsoid(0.0011, 0.0011, 0.0018, 2, 3).moved(x=radius, z=height)
            seeds.append(seed.turned("z", math.tau * (number + row / 2) / 6))
    shape.add(joined(seeds), "amber", "matt")
    crown = [
        leaf(0.021, 0.016).turned("y", -0.2).turned("z", math.tau * number / 6)
        for number in range(6)
    ]
    shape.add(joined(crown).moved(z=0.0455), "leaf", "matt")
    shape.add(tube([(0, 0, 0.044), (0.003, 0, 0.059)], 0.0032, sides=5, up=(0, 1, 0)), "lime")
    # It leans only a little, so that its crown is seen from all sides.
    leaning = Shape()
    for patch, colours, finish, crease in shape.parts:
        turned = patch.scaled(1.12, 1.12, 1.12).turned("y", math.radians(-14))
        leaning.add(turned, colours, finish, crease)
    return leaning


def apple() -> Shape:
    """A red apple with a stalk and a leaf."""
    profile = [(0.0, 0.006), (0.008, 0.001), (0.016, 0.0), (0.028, 0.012), (0.0375, 0.036)]
    top = [(0.035, 0.056), (0.024, 0.0685), (0.012, 0.0695), (0.0, 0.06)]
    body = lathe(_profile([*profile, *top], 2), 15)
    shape = Shape()
    colours = ["amber" if math.hypot(*middle[:2]) < 0.007 else "red" for middle in body.centres]
    shape.add(body, colours, "gloss", ROUND)
    shape.add(_stalk((0, 0, 0.06), (0.008, 0, 0.089)), "brown", "matt")
    shape.add(leaf(0.04, 0.024).turned("y", -0.45).turned("z", 2.6).moved(0.003, 0, 0.073), "lime")
    return shape


def lemon() -> Shape:
    """A yellow lemon, pointed at both ends, that lies on its side."""
    profile = [(0.0, -0.039), (0.0055, -0.037), (0.0085, -0.031), (0.0195, -0.02), (0.0257, 0.0)]
    outline = _profile([*profile, (0.02, 0.0195), (0.0085, 0.031), (0.0, 0.0365)], 2)
    shape = Shape()
    shape.add(lathe(outline, 12).turned("y", math.pi / 2).scaled(y=1.03), "lemon", "satin", ROUND)
    stub = tube([(-0.0395, 0, 0), (-0.037, 0, 0)], 0.003, sides=6)
    shape.add(stub, "leaf", "matt")
    return shape


def _cleft(patch: Patch, depth: float, height: float) -> Patch:
    """A fruit with a furrow down its +x side and a dimple at its top."""

    def change(points: Floats) -> Floats:
        angle = np.arctan2(points[:, 1], points[:, 0])
        furrow = 1 - depth * np.exp(-((angle / 0.22) ** 2))
        flat_distance = np.hypot(points[:, 0], points[:, 1])
        dimple = height * np.exp(-((flat_distance / (height * 1.1)) ** 2)) * (points[:, 2] > 0)
        return np.column_stack([points[:, :2] * furrow[:, None], points[:, 2] - dimple])

    return patch.bent(change)


def peach() -> Shape:
    """A peach: yellow-orange with a pink cheek, a furrow, and a leaf."""
    body = _cleft(ellipsoid(0.0295, 0.0295, 0.0275, 9, 16), 0.1, 0.008)
    tones = ("peach", "blush", "rose")
    colours = []
    for x, y, z in body.centres:
        cheek = y * 0.8 + x * 0.25 + z * 0.5
        colours.append(tones[int(cheek > -0.004) + int(cheek > 0.012)])
    shape = Shape()
    shape.add(body.turned("z", -0.9), colours, "matt", ROUND)
    shape.add(_stalk((0, 0, 0.018), (0.002, 0, 0.028)), "chocolate", "matt")
    shape.add(leaf(0.03, 0.014).turned("z", 2.4).moved(0, 0, 0.0215), "leaf")
    return shape


def pear() -> Shape:
    """A green-yellow pear that lies on its side."""
    profile = [(0.0, 0.004), (0.008, 0.0), (0.022, 0.008), (0.0285, 0.026), (0.025, 0.044)]
    top = [(0.0145, 0.062), (0.0115, 0.078), (0.008, 0.087), (0.0, 0.0875)]
    body = lathe(_profile([*profile, *top], 2), 12)
    colours = ["brown" if middle[2] < 0.0012 else "pear" for middle in body.centres]
    shape = Shape()
    lying = math.radians(84)
    shape.add(body.scaled(y=1.12).turned("y", lying), colours, "satin", ROUND)
    stalk = _stalk((0, 0, 0.084), (0.004, 0, 0.105)).turned("y", lying)
    shape.add(stalk, "chocolate", "matt")
    shape.add(leaf(0.03, 0.014).moved(z=0.002).turned("z", 2.2).moved(0.086, 0, -0.004), "leaf")
    return shape


def orange() -> Shape:
    """An orange with its green button."""
    body = _cleft(ellipsoid(0.0365, 0.0365, 0.0355, 9, 16), 0.0, 0.004)
    shape = Shape()
    shape.add(body, "orange", "satin", ROUND)
    star = lathe([(0.0065, 0.0318), (0.004, 0.0345), (0.0, 0.0352)], 5)
    shape.add(star, "forest", "matt")
    return shape


def plum() -> Shape:
    """A purple plum with a furrow and a stalk."""
    shape = Shape()
    body = _cleft(ellipsoid(0.026, 0.026, 0.027, 9, 14), 0.09, 0.006).turned("z", -0.9)
    shape.add(body, "plum", "gloss", ROUND)
    shape.add(_stalk((0, 0, 0.019), (0.004, 0, 0.0335)), "brown", "matt")
    return shape
