"""Balls, blocks, bricks, the cube of coloured faces, and toy aeroplanes.

Sizes are those of ``assets``; forms and colours are of our own design.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from .object_mesh import (
    Floats,
    Patch,
    Shape,
    arc,
    box,
    curve,
    ellipsoid,
    joined,
    lathe,
    panel,
    prism,
    strip,
    tube,
)

ROUND = math.radians(75)
"""Crease of things without edges [rad]."""


def soccer_ball() -> Shape:
    """A ball of twelve black pentagons and twenty white hexagons."""
    radius, golden = 0.0618, (1 + math.sqrt(5)) / 2
    corners = np.array(
        [
            turn
            for a, b in itertools.product((-1, 1), (-golden, golden))
            for turn in ((0, a, b), (a, b, 0), (b, 0, a))
        ],
        np.float64,
    )
    near = np.linalg.norm(corners[:, None] - corners[None], axis=2) < 2.1
    np.fill_diagonal(near, False)
    patches, colours = [], []
    for number, corner in enumerate(corners):
        ring = [corner + (corners[other] - corner) / 3 for other in np.flatnonzero(near[number])]
        patches.append(_leather(ring, radius))
        colours += ["black"] * len(patches[-1].faces)
    for a, b, c in itertools.combinations(range(12), 3):
        if near[a, b] and near[b, c] and near[a, c]:
            pairs = itertools.permutations((a, b, c), 2)
            ring = [corners[p] + (corners[q] - corners[p]) / 3 for p, q in pairs]
            patches.append(_leather(ring, radius))
            colours += ["white"] * len(patches[-1].faces)
    shape = Shape()
    shape.add(joined(patches).turned("x", 0.5).turned("y", 0.3), colours, "gloss", ROUND)
    return shape


def _leather(ring: Sequence[Floats], radius: float) -> Patch:
    """A polygon blown up onto a sphere; its edges are split, so that neighbours still meet."""
    middle = np.mean(ring, axis=0)
    normal = middle / np.linalg.norm(middle)
    side = np.cross(normal, (0.31, 0.52, 0.8))
    across = np.cross(normal, side)
    ordered = sorted(ring, key=lambda point: math.atan2(point @ across, point @ side))
    points = [middle]
    for here, there in zip(ordered, ordered[1:] + ordered[:1], strict=True):
        points += [here, (here + there) / 2]
    count = len(points) - 1
    faces = [(0, 1 + step, 1 + (step + 1) % count) for step in range(count)]
    blown = np.array(points)
    blown *= radius / np.linalg.norm(blown, axis=1, keepdims=True)
    return Patch(blown, np.array(faces, np.int64))


def ball(radius: float, colour: str, seam: str = "", width: float = 0.0) -> Shape:
    """A plain ball, with the one long seam of a tennis ball or a baseball if it has a colour.

    Args:
        radius: of the ball [m].
        colour: of the ball.
        seam: colour of the seam; none where empty.
        width: of the seam [m].
    """
    shape = Shape()
    shape.add(ellipsoid(radius, radius, radius, 9, 16), colour, "satin", ROUND)
    if seam:
        # A closed curve on the sphere: (a + b)^2 = 1 and c^2 = 4 a b keep it there.
        a, b = 0.72, 0.28
        turn = np.linspace(0, math.tau, 36, endpoint=False)
        way = np.column_stack(
            [
                a * np.cos(turn) + b * np.cos(3 * turn),
                a * np.sin(turn) - b * np.sin(3 * turn),
                2 * math.sqrt(a * b) * np.sin(2 * turn),
            ]
        )
        band = strip(way * (radius * 1.004), width, up=way)
        shape.add(band.turned("y", 0.5).turned("x", 0.6), seam, "matt", ROUND)
    return shape


def wood_block() -> Shape:
    """A tall plain block of wood, with its grain."""
    shape = Shape()
    shape.add(box(0.085, 0.085, 0.204), "wood", "matt")
    for number, place in enumerate((-0.03, -0.012, 0.004, 0.027)):
        line = panel(0.003, 0.19 if number % 2 else 0.204).turned("x", math.pi / 2)
        front = line.moved(place, -0.0428)
        for quarter in range(4):
            shape.add(front.turned("z", quarter * math.pi / 2), "grain", "matt")
    for ring in (0.012, 0.026, 0.036):
        circle = strip([(x, y, 0.0) for x, y in arc(ring, 0, 330, 11)], 0.0028)
        shape.add(circle.moved(0.004, 0.006, 0.1024), "grain", "matt")
    return shape


def block_tower() -> Shape:
    """Coloured wooden blocks in four layers, two by two."""
    shape = Shape()
    rows = (
        "red yellow blue green",
        "yellow green red blue",
        "blue orange green red",
        "purple red yellow azure",
    )
    colours = " ".join(rows).split()
    places = itertools.product(range(4), (-1, 1), (-1, 1))
    for colour, (layer, x, y) in zip(colours, places, strict=True):
        block = box(0.039, 0.039, 0.0395).moved(x * 0.0202, y * 0.0202, 0.0403 * (layer + 0.5))
        shape.add(block, colour, "satin")
    return shape


def block_set() -> Shape:
    """Coloured wooden blocks of several forms that lie side by side."""
    shape, thick = Shape(), 0.024
    for x, y, colour in (
        (-0.048, -0.038, "red"),
        (-0.048, -0.012, "blue"),
        (-0.022, -0.038, "yellow"),
        (0.048, 0.038, "green"),
        (0.048, 0.012, "yellow"),
    ):
        shape.add(box(0.0245, 0.0245, thick).moved(x, y, thick / 2), colour, "satin")
    shape.add(box(0.024, 0.05, thick).moved(-0.048, 0.025, thick / 2), "green", "satin")
    round_ = lathe([(0.0, 0.0), (0.0125, 0.0), (0.0125, thick), (0.0, thick)], 12)
    shape.add(round_.moved(-0.021, -0.011), "orange", "satin")
    roof = prism(np.array([(-0.025, 0.0), (0.025, 0.0), (0.0, 0.026)]), 0.0, thick)
    shape.add(roof.moved(0.008, 0.022), "red", "satin")
    arch = np.concatenate(
        [[(-0.03, 0.0)], [(-0.014, 0.0)], arc(0.014, 180, 0, 6)[1:], [(0.03, 0.0)]]
    )
    arch = np.concatenate([arch, [(0.03, 0.028), (-0.03, 0.028)]])
    shape.add(prism(arch, 0.0, thick).moved(0.03, -0.044), "azure", "satin")
    shape.add(box(0.038, 0.024, thick).moved(0.015, -0.002, thick / 2), "yellow", "satin")
    return shape


PITCH = 0.0178
"""Distance of the studs of the toy bricks [m]: a tenth more than would make the 64 mm that the
set states for four, since the smallest brick is four pixels wide in the head camera's picture."""

BRICK, STUD = 0.0202, 0.005
"""Height of a brick without its studs, and of a stud [m]; of our own design."""


def bricks(layers: Sequence[tuple[int, int, float, float, str]]) -> Shape:
    """Toy bricks on top of one another, with studs where nothing is above them.

    Args:
        layers: from the bottom up: studs along x and y, shift along x and y [studs], colour.
    """
    shape = Shape()
    for number, (along, across, x, y, colour) in enumerate(layers):
        low = number * BRICK
        size = (along * PITCH - 0.0003, across * PITCH - 0.0003)
        body = box(*size, BRICK - 0.0004).moved(x * PITCH, y * PITCH, low + BRICK / 2)
        shape.add(body, colour, "satin")
        above = layers[number + 1] if number + 1 < len(layers) else None
        studs = []
        for column, row in itertools.product(range(along), range(across)):
            place = (x + column - (along - 1) / 2, y + row - (across - 1) / 2)
            if above and _covers(above, place):
                continue
            profile = [(0.0058, 0.0), (0.0058, STUD), (0.0, STUD)]
            stud = lathe(profile, 6).moved(place[0] * PITCH, place[1] * PITCH, low + BRICK)
            studs.append(stud)
        if studs:
            # Lighter tops: studs are half a pixel wide in the head camera's picture.
            patch = joined(studs)
            tops = patch.centres[:, 2] > low + BRICK + 0.9 * STUD
            tones = [f"light {colour}" if top else colour for top in tops]
            shape.add(patch, tones, "satin", math.radians(60))
    return shape


def _covers(layer: tuple[int, int, float, float, str], place: tuple[float, float]) -> bool:
    along, across, x, y, _ = layer
    return abs(place[0] - x) < along / 2 and abs(place[1] - y) < across / 2


FACES = ("white", "yellow", "red", "tangerine", "green", "blue")
"""Colours of the cube's faces: up, down, and then around it."""

MIX = (
    "031402153", "140352401", "225142023", "304531250", "412035314", "523104525",
)  # fmt: skip
"""Colour of each of the nine stickers of each face of a cube that is not solved."""


def puzzle_cube() -> Shape:
    """A black cube whose six faces carry three by three stickers, mixed."""
    side = 0.0562
    shape = Shape()
    shape.add(box(side, side, side), "black", "satin")
    for face, mix in enumerate(MIX):
        for number, colour in enumerate(mix):
            column, row = number % 3 - 1, number // 3 - 1
            sticker = panel(0.0162, 0.0162).moved(column * 0.0186, row * 0.0186, side / 2 + 0.0004)
            if face == 1:
                sticker = sticker.turned("x", math.pi)
            elif face > 1:
                sticker = sticker.turned("x", math.pi / 2).turned("z", face * math.pi / 2)
            shape.add(sticker, FACES[int(colour)], "gloss")
    return shape


def _wing(root: float, tip: float, span: float, sweep: float, thick: float) -> Patch:
    """Both wings as one plate: chords at root and tip, whole span, sweep of the tips [m]."""
    half = span / 2
    outline = [(root / 2, 0.0), (tip / 2 - sweep, half * 0.94), (-sweep, half)]
    outline += [(-tip / 2 - sweep, half * 0.94), (-root / 2, 0.0)]
    left = np.array(outline)
    whole = np.concatenate([left, (left * (1, -1))[-2:0:-1]])
    return prism(whole, -thick / 2, thick / 2)


def _fin(chord: float, height: float, sweep: float, thick: float) -> Patch:
    """An upright fin over the origin, swept to -x [m]."""
    outline = np.array(
        [(chord / 2, 0.0), (-sweep, height), (-sweep - chord * 0.55, height), (-chord / 2, 0.0)]
    )
    return prism(outline, -thick / 2, thick / 2).turned("x", math.pi / 2)


def _hull(length: float, radius: float, blunt: bool) -> Patch:
    """A fuselage along x about the origin, its nose to +x."""
    nose = [(0.75, 0.4), (0.42, 0.485), (0.0, 0.5)] if blunt else [(0.55, 0.37), (0.0, 0.5)]
    rough = [(0.0, -0.5), (0.3, -0.495), (0.62, -0.28), (1.0, 0.02), (0.95, 0.26), *nose]
    way = curve(rough, 2).tolist()
    profile = [(max(share, 0.0) * radius, place * length) for share, place in way]
    return lathe(profile, 10).turned("y", math.pi / 2)


def propeller_plane() -> Shape:
    """A large toy aeroplane, white and red, with a propeller, on high wheels."""
    shape = Shape()
    shape.add(_hull(0.185, 0.034, blunt=True).moved(-0.006), "white", "gloss", ROUND)
    shape.add(_wing(0.062, 0.05, 0.19, 0.004, 0.011).moved(0.022, 0, -0.006), "red", "satin")
    shape.add(_wing(0.038, 0.03, 0.086, 0.008, 0.008).moved(-0.08, 0, 0.008), "red", "satin")
    shape.add(_fin(0.046, 0.056, 0.016, 0.009).moved(-0.074, 0, 0.012), "red", "satin")
    shape.add(ellipsoid(0.026, 0.02, 0.022, 5, 10).moved(0.012, 0, 0.026), "sky", "gloss", ROUND)
    nose = lathe([(0.013, 0.0), (0.01, 0.008), (0.0, 0.012)], 10).turned("y", math.pi / 2)
    shape.add(nose.moved(0.084), "yellow", "gloss", ROUND)
    blade = ellipsoid(0.0025, 0.0075, 0.042, 5, 6).turned("x", 0.7).moved(0.088)
    shape.add(blade, "yellow", "satin", ROUND)
    for y in (-0.045, 0.045):
        leg = tube([(0.03, y * 0.6, -0.01), (0.032, y, -0.07)], 0.005, sides=6, up=(0, 1, 0))
        shape.add(leg, "steel", "satin", ROUND)
        shape.add(_wheel(0.022, 0.014).moved(0.032, y, -0.0684), "black", "matt")
        hub = _wheel(0.01, 0.0155).moved(0.032, y, -0.0684)
        shape.add(hub, "yellow", "satin")
    shape.add(tube([(-0.08, 0, 0.0), (-0.086, 0, -0.078)], 0.0045, sides=6, up=(0, 1, 0)), "steel")
    shape.add(_wheel(0.012, 0.009).moved(-0.086, 0, -0.0784), "black", "matt")
    return shape


def _wheel(radius: float, width: float) -> Patch:
    """A wheel about the y axis."""
    profile = [(0.0, -width / 2), (radius, -width / 2), (radius, width / 2), (0.0, width / 2)]
    return lathe(profile, 8).turned("x", math.pi / 2)


def small_plane(
    size: tuple[float, float, float], colours: tuple[str, str, str], *, double: bool = False
) -> Shape:
    """A small toy aeroplane on three wheels, its nose to +x.

    Args:
        size: length, span of its wings, and height of its fin's top above its wheels [m].
        colours: of the fuselage, of the wings, and of fin and engines.
        double: whether it has a second wing above the first instead of engines below it.
    """
    length, span, height = size
    hull, wings, fin = colours
    shape = Shape()
    radius = height * 0.19
    shape.add(_hull(length * 0.94, radius, blunt=True).moved(length * 0.03), hull, "gloss", ROUND)
    sweep = 0.0 if double else length * 0.12
    wing = _wing(length * 0.27, length * 0.19, span, sweep, 0.006).moved(length * 0.1)
    shape.add(wing.moved(z=-radius * 0.5), wings, "satin")
    tail = _wing(length * 0.16, length * 0.12, span * 0.5, length * 0.03, 0.005)
    shape.add(tail.moved(-length * 0.36, 0, radius * 0.3), wings, "satin")
    for y in (-span * 0.28, span * 0.28):
        if double:
            strut = box(0.004, 0.004, radius * 2.5).moved(length * 0.1, y, radius * 0.75)
            shape.add(strut, fin, "satin")
            continue
        pod = ellipsoid(length * 0.11, height * 0.08, height * 0.08, 4, 6)
        shape.add(pod.moved(length * 0.1, y, -radius * 0.95), fin, "satin", ROUND)
    if double:
        shape.add(wing.moved(z=radius * 2.0), wings, "satin")
    upright = _fin(length * 0.2, height * 0.48, length * 0.06, 0.005)
    shape.add(upright.moved(-length * 0.34, 0, radius * 0.25), fin, "satin")
    glass = ellipsoid(length * 0.09, radius * 0.62, radius * 0.7, 4, 8)
    place = -0.03 if double else 0.3
    shape.add(glass.moved(length * place, 0, radius * 0.6), "navy", "gloss", ROUND)
    floor = radius * 0.25 + height * 0.48 - height
    wheel = height * 0.13
    for x, y in ((length * 0.33, 0.0), (length * 0.02, span * 0.15), (length * 0.02, -span * 0.15)):
        shape.add(_wheel(wheel, wheel).moved(x, y, floor + wheel), "black", "matt")
    return shape
