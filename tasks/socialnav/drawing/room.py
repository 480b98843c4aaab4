"""Floors, walls, ceilings, lamps, doors and pictures of a layout; houses around open ground."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .furniture import furnish
from .material import HEIGHT
from .primitive import Primitive, Triple, box, cylinder, ellipsoid, moved
from .space import BESIDE, Plan, Setting, Space

Floats = NDArray[np.float64]

THICK, THIN = 0.09, 0.02
"""Thickness of a wall with nobody behind it, and of one with people on both sides [m]. The first
grows away from people; each face of the second is 1 cm before where the layout has it."""

AROUND = 14.0
"""Distance of the houses around open ground, or of a hall's walls, from all that is named [m]:
farther than any sense of the robot reaches."""

MOST_DECORATION = 36
"""About so many doors and pictures of one layout; the longest walls come first."""

FAR_OFF = 40.0
"""How far darkness goes around a building seen from above [m]."""

MOST_BEYOND = 80
"""Dark rectangles of one layout; one whose walls are askew would need more, and has none."""

MOST_LAMPS = 40
"""Of one layout."""

TINTS: tuple[Triple, ...] = (
    (0.97, 0.95, 0.90), (0.90, 0.95, 0.96), (0.95, 0.92, 0.86), (0.91, 0.95, 0.89),
    (0.96, 0.90, 0.86),
)  # fmt: skip
"""Of walls; of our own design, as all colours here."""

FLOORS: tuple[tuple[str, Triple], ...] = (
    ("lino", (0.80, 0.80, 0.76)), ("carpet", (0.50, 0.58, 0.66)), ("lino", (0.70, 0.77, 0.78)),
    ("boards", (0.84, 0.68, 0.50)), ("carpet", (0.66, 0.60, 0.54)),
)  # fmt: skip
"""Materials and colours of floors indoors."""

GROUND: tuple[str, Triple] = ("paving", (0.80, 0.77, 0.72))
DOORS: tuple[Triple, ...] = ((0.52, 0.36, 0.24), (0.40, 0.48, 0.54), (0.72, 0.58, 0.42))
CUT: Triple = (0.24, 0.25, 0.28)
FRAME: Triple = (0.88, 0.87, 0.84)

INSIDE = ("head", "third-person")
"""Views from below a ceiling; nothing above it hides the view from above."""


def build(plan: Plan, space: Space, setting: Setting) -> list[Primitive]:
    """Everything of a layout that does not move, its furniture left out."""
    dice = np.random.default_rng(plan.look)
    parts = [_floor(plan, space, setting)]
    tint = TINTS[plan.look % len(TINTS)]
    wooden = DOORS[plan.look % len(DOORS)]
    decorated = 0
    segments = plan.segments()
    for number in np.argsort([-_length(segment) for segment in segments], kind="stable"):
        segment = segments[number]
        sides = space.sides(segment)
        wall = _wall(segment, sides, space, tint)
        if wall is None:
            continue
        parts += wall
        if setting == "square" or decorated >= MOST_DECORATION:
            continue
        lift = THIN / 2 if all(sides) else 0.0
        for on_left, visible in zip((True, False), sides, strict=True):
            if visible:
                more = _decoration(segment, on_left, lift, dice, wooden)
                decorated += len(more) // 5 + 1
                parts += more
    if setting == "room":
        return [*parts, *_overhead(space, 0.3), *_beyond(space)]
    parts += [top for solid in plan.solids for top in _filling(np.asarray(solid, np.float64))]
    if setting == "hall":
        return [*parts, *_overhead(space, AROUND), *_far_walls(space, tint)]
    return [*parts, *_surroundings(space, dice)]


def _beyond(space: Space) -> list[Primitive]:
    """Darkness where nobody can come, for the view from above: a floor plan's solid black."""
    (x, y), (u, v) = space.low - FAR_OFF, space.high + FAR_OFF
    parts = [box((x, y, -0.3), (u, v, -0.2), CUT)]
    dry = space.dry()
    if len(dry) <= MOST_BEYOND:
        parts += [box((x, y, HEIGHT - 0.02), (u, v, HEIGHT - 0.004), CUT) for x, y, u, v in dry]
    return [part._replace(views=("top-down",)) for part in parts]


def _length(segment: Floats) -> float:
    return math.hypot(segment[2] - segment[0], segment[3] - segment[1])


def _floor(plan: Plan, space: Space, setting: Setting) -> Primitive:
    indoors = setting != "square"
    material, colour = FLOORS[(plan.look // 2) % len(FLOORS)] if indoors else GROUND
    x, y = (space.low + space.high) / 2
    half = (space.high - space.low) / 2 + (0.6 if setting == "room" else AROUND + 1.0)
    # Thick, so that nothing below it is seen; its upper face is the ground.
    return Primitive("box", (x, y, -0.05), (half[0], half[1], 0.05), colour, material)


def _wall(
    segment: Floats, sides: tuple[bool, bool], space: Space, tint: Triple
) -> list[Primitive] | None:
    """A wall, and a dark top for the view from above."""
    length = _length(segment)
    if length < 1e-6 or not any(sides):
        return None
    start, end = segment[:2], segment[2:]
    along = (end - start) / length
    left = np.array([-along[1], along[0]])
    thick = THIN if all(sides) else THICK
    outward = np.zeros(2) if all(sides) else (-left if sides[0] else left)
    low, high = 0.0, length
    if not all(sides):
        for end_of, sign in ((start, -1.0), (end, 1.0)):
            beyond = end_of + along * sign * BESIDE + outward * BESIDE
            if not space.reached(beyond):
                low, high = (low - thick, high) if sign < 0 else (low, high + thick)
    centre = start + along * (low + high) / 2 + outward * thick / 2
    x, y = float(centre[0]), float(centre[1])
    angle = math.atan2(along[1], along[0])
    half = (float(high - low) / 2, HEIGHT / 2, thick / 2)
    turn = _standing(angle)
    wall = Primitive("box", (x, y, HEIGHT / 2), half, tint, "plaster", turn)
    cap = (half[0], 0.004, thick / 2)
    return [wall, Primitive("box", (x, y, HEIGHT), cap, CUT, "matt", turn, ("top-down",))]


def _standing(angle: float) -> tuple[float, float, float, float]:
    """The turn of a box whose y axis goes up and whose x axis goes along a direction [rad]."""
    cos, sin = math.cos(angle / 2) * math.sqrt(0.5), math.sin(angle / 2) * math.sqrt(0.5)
    return cos, cos, sin, sin


def _decoration(
    segment: Floats, on_left: bool, lift: float, dice: np.random.Generator, wooden: Triple
) -> list[Primitive]:
    """Doors and pictures along a face of a wall, which is so far before its middle [m]."""
    length = _length(segment)
    if length < 2.2:
        return []
    parts: list[Primitive] = []
    count = max(1, int(length / 2.6))
    for number in range(count):
        at = length * (number + 0.5) / count + dice.uniform(-0.15, 0.15)
        kind = int(dice.integers(5))
        if kind == 4:
            continue
        parts += _door(at, wooden) if kind < 2 and length > 3.0 else _picture(at, dice)
    parts = moved(parts, 0.0, lift, 0.0)
    angle = math.atan2(segment[3] - segment[1], segment[2] - segment[0])
    if not on_left:  # mirrored: it hangs on the other face, read from the other end
        parts = moved(parts, length, 0.0, math.pi)
    return moved(parts, float(segment[0]), float(segment[1]), angle)


def _door(at: float, colour: Triple) -> list[Primitive]:
    return [
        box((at - 0.52, 0.0, 0.0), (at + 0.52, 0.006, 2.10), FRAME),
        box((at - 0.45, 0.0, 0.0), (at + 0.45, 0.010, 2.03), colour),
        box((at - 0.14, 0.0, 1.30), (at + 0.14, 0.012, 1.80), (0.62, 0.74, 0.80), "shiny"),
        box((at + 0.33, 0.0, 0.98), (at + 0.41, 0.018, 1.04), (0.75, 0.75, 0.76), "shiny"),
        box((at + 0.60, 0.0, 1.48), (at + 0.80, 0.008, 1.60), (0.20, 0.35, 0.50)),
    ]


def _picture(at: float, dice: np.random.Generator) -> list[Primitive]:
    wide, high = dice.uniform(0.22, 0.45), dice.uniform(0.24, 0.34)
    frame = ((0.20, 0.18, 0.17), (0.72, 0.56, 0.38), (0.90, 0.89, 0.86))[int(dice.integers(3))]
    edge = box((at - wide, 0.0, 1.52 - high), (at + wide, 0.008, 1.52 + high), frame)
    inner = (wide - 0.035, high - 0.035, 0.0055)
    canvas = Primitive(
        "box", (at, 0.0055, 1.52), inner, (1.0, 1.0, 1.0), "painting", _standing(0.0)
    )
    return [edge, canvas]


def _filling(ring: Floats) -> list[Primitive]:
    """The dark top of a solid, for the view from above, where it is a rectangle or nearly so."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    x, y = ring.T
    area = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    if area < 0.95 * float(np.prod(high - low)):
        return []
    corners = (*low, HEIGHT - 0.02), (*high, HEIGHT - 0.004)
    return [box(*corners, CUT)._replace(views=("top-down",))]


def _overhead(space: Space, beyond: float) -> list[Primitive]:
    """A ceiling with lamps over all ground that people can come to, and so far beyond [m]."""
    x, y = (space.low + space.high) / 2
    half = (space.high - space.low) / 2 + beyond
    centre, size = (x, y, HEIGHT + 0.05), (half[0], half[1], 0.05)
    parts = [Primitive("box", centre, size, (0.97, 0.97, 0.96), "ceiling", views=INSIDE)]
    pitch = max(2.4, math.sqrt(4 * float(half[0] * half[1]) / MOST_LAMPS))
    columns, rows = (max(1, round(2 * float(side) / pitch)) for side in half)
    for column in range(columns):
        for row in range(rows):
            share = np.array([(column + 0.5) / columns, (row + 0.5) / rows])
            at = (x, y) + half * (2 * share - 1)
            if space.reached(at):
                low, high = (*(at - 0.3), HEIGHT - 0.01), (*(at + 0.3), HEIGHT)
                parts.append(box(low, high, (1.0, 1.0, 0.97), "light")._replace(views=INSIDE))
    return parts


def _fronts(space: Space, height: float) -> list[tuple[Floats, Floats, float]]:
    """Centre, half sides and direction [rad] of four walls far around, so high [m]."""
    x, y = (space.low + space.high) / 2
    u, v = (space.high - space.low) / 2 + AROUND
    return [
        (np.array([px, py, height / 2]), np.array([half, height / 2, 0.2]), angle)
        for px, py, angle, half in (
            (x, y + v, 0.0, u),
            (x - u, y, math.pi / 2, v),
            (x, y - v, 0.0, u),
            (x + u, y, math.pi / 2, v),
        )
    ]


def _far_walls(space: Space, tint: Triple) -> list[Primitive]:
    """The walls of a hall."""
    return [
        Primitive("box", _triple(centre), _triple(half), tint, "plaster", _standing(angle), INSIDE)
        for centre, half, angle in _fronts(space, HEIGHT)
    ]


def _triple(values: Floats) -> Triple:
    x, y, z = values.tolist()
    return x, y, z


def _surroundings(space: Space, dice: np.random.Generator) -> list[Primitive]:
    """Houses and trees around a square, farther than anybody walks."""
    low, high = space.low - AROUND, space.high + AROUND
    (x, y), (u, v) = (low + high) / 2, (high - low) / 2
    white = (1.0, 1.0, 1.0)
    parts = [
        Primitive("box", _triple(centre), _triple(half), white, "facade", _standing(angle), INSIDE)
        for centre, half, angle in _fronts(space, 14.0)
    ]
    inset = AROUND / 2
    for side in range(4):
        for share in (-0.75, -0.25, 0.25, 0.75):
            sway = dice.uniform(-1.5, 1.5)
            reach_x, reach_y = u - inset, v - inset
            px, py = (
                (x + share * reach_x + sway, y + (reach_y if side else -reach_y))
                if side < 2
                else (x + (reach_x if side == 2 else -reach_x), y + share * reach_y + sway)
            )
            parts += _tree(float(px), float(py), dice)
    return parts


def _tree(x: float, y: float, dice: np.random.Generator) -> list[Primitive]:
    high, wide = dice.uniform(2.6, 3.6), dice.uniform(1.0, 1.5)
    green = (dice.uniform(0.26, 0.36), dice.uniform(0.46, 0.56), 0.24)
    crown = ellipsoid((x, y, high), (wide, wide, wide * 1.15), green)
    upper = ellipsoid((x + 0.4, y - 0.3, high + 0.7), (wide * 0.7,) * 3, green)
    trunk = cylinder(x, y, 0.14, 0.0, high, (0.36, 0.27, 0.20))
    return [part._replace(views=INSIDE) for part in (trunk, crown, upper)]


def standing_things(plan: Plan) -> list[list[Primitive]]:
    """The parts of each thing of a layout, in its own frame."""
    return [furnish(thing, plan.look + number) for number, thing in enumerate(plan.things)]
