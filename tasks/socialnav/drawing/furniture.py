"""Furniture of any size, put together from primitives within the outline a log gives.

Every maker takes length (along x), width (along y) [m] and a colour, and stays inside of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..log import Thing
from .primitive import Primitive, Triple, about_z, box, cylinder, ellipsoid, mixed

OAK: Triple = (0.76, 0.58, 0.38)
DARK: Triple = (0.20, 0.21, 0.23)
STEEL: Triple = (0.72, 0.74, 0.76)
WHITE: Triple = (0.93, 0.93, 0.91)
LEAF: Triple = (0.24, 0.46, 0.22)
EARTH: Triple = (0.28, 0.20, 0.13)

ACCENTS: tuple[Triple, ...] = (
    (0.20, 0.45, 0.55), (0.75, 0.40, 0.25), (0.35, 0.52, 0.35), (0.80, 0.62, 0.25),
    (0.50, 0.36, 0.52), (0.62, 0.24, 0.26),
)  # fmt: skip
"""Colours of seats, carts and boxes; of our own design."""

Maker = Callable[[float, float, Triple], list[Primitive]]


def _legs(x: float, y: float, top: float, thick: float, colour: Triple) -> list[Primitive]:
    x, y = x / 2 - thick, y / 2 - thick
    return [
        box((a * x - thick / 2, b * y - thick / 2, 0), (a * x + thick / 2, b * y + thick / 2, top),
            colour)
        for a in (-1, 1) for b in (-1, 1)
    ]  # fmt: skip


def _table(x: float, y: float, accent: Triple) -> list[Primitive]:
    top = box((-x / 2, -y / 2, 0.70), (x / 2, y / 2, 0.74), OAK, "grain")
    return [top, *_legs(x, y, 0.70, 0.05, DARK)]


def _round_table(x: float, y: float, accent: Triple) -> list[Primitive]:
    radius = min(x, y) / 2
    return [
        cylinder(0, 0, radius, 0.71, 0.74, OAK, "grain"),
        cylinder(0, 0, 0.04, 0.03, 0.71, DARK),
        cylinder(0, 0, radius * 0.6, 0.0, 0.03, DARK),
    ]


def _chair(x: float, y: float, accent: Triple) -> list[Primitive]:
    return [
        box((-x / 2, -y / 2, 0.42), (x / 2, y / 2, 0.47), accent),
        box((-x / 2, -y / 2, 0.50), (-x / 2 + 0.05, y / 2, 0.88), accent),
        *_legs(x, y, 0.42, 0.04, DARK),
    ]


def _bench(x: float, y: float, accent: Triple) -> list[Primitive]:
    slats = [
        box((-x / 2, -y / 2 + y * k / 4 + 0.01, 0.42), (x / 2, -y / 2 + y * (k + 1) / 4, 0.46), OAK,
            "grain")
        for k in range(4)
    ]  # fmt: skip
    feet = [
        box((a * x * 0.4 - 0.03, -y / 2 + 0.02, 0), (a * x * 0.4 + 0.03, y / 2 - 0.02, 0.42), DARK)
        for a in (-1, 1)
    ]
    return slats + feet


def _plant(x: float, y: float, accent: Triple) -> list[Primitive]:
    radius = min(x, y) / 2
    parts = [
        cylinder(0, 0, radius * 0.72, 0.0, 0.38, WHITE),
        cylinder(0, 0, radius * 0.64, 0.38, 0.39, EARTH),
        cylinder(0, 0, 0.02, 0.38, 0.8, EARTH),
    ]
    for k in range(7):
        angle, height = k * 2.4, 0.62 + 0.09 * k
        away = radius * (0.52 if k % 2 else 0.30) * (1.0 if k < 6 else 0.0)
        size = radius * 0.46
        shade = mixed(LEAF, (0.45, 0.66, 0.30), (k % 3) / 3)
        centre = (away * math.cos(angle), away * math.sin(angle), height)
        parts.append(ellipsoid(centre, (size, size * 0.8, 0.16), shade))
    return parts


def _shelf(x: float, y: float, accent: Triple) -> list[Primitive]:
    high = 1.8
    parts = [
        box((-x / 2, -y / 2, 0), (x / 2, -y / 2 + 0.03, high), OAK, "grain"),
        box((-x / 2, y / 2 - 0.03, 0), (x / 2, y / 2, high), OAK, "grain"),
        box((-x / 2, -y / 2, 0), (-x / 2 + 0.02, y / 2, high), mixed(OAK, DARK, 0.4)),
    ]
    for k in range(5):
        z = 0.05 + k * 0.42
        parts.append(box((-x / 2, -y / 2, z), (x / 2, y / 2, z + 0.03), OAK, "grain"))
        if k < 4:
            shade = mixed(accent, WHITE, 0.2 * (k % 3))
            wide = (0.8 - 0.15 * (k % 3)) * y / 2
            parts.append(
                box((-x / 2 + 0.03, -wide, z + 0.03), (x / 2 - 0.04, wide * 0.6, z + 0.28), shade)
            )
    return parts


def _cart(x: float, y: float, accent: Triple) -> list[Primitive]:
    parts = [
        box((-x / 2 + 0.03, -y / 2, z), (x / 2 - 0.06, y / 2, z + 0.03), STEEL, "shiny")
        for z in (0.16, 0.50, 0.84)
    ]
    posts = ((a * (x / 2 - 0.08), b * (y / 2 - 0.03)) for a in (-1, 1) for b in (-1, 1))
    for px, py in posts:
        parts.append(cylinder(px, py, 0.015, 0.10, 0.98, STEEL, "shiny"))
        parts.append(ellipsoid((px, py, 0.05), (0.05, 0.02, 0.05), DARK))
    parts.append(box((-x / 2 + 0.06, -y * 0.35, 0.53), (x * 0.30, y * 0.30, 0.74), accent))
    parts.append(box((-x * 0.25, -y * 0.30, 0.87), (x * 0.15, y * 0.10, 1.02), WHITE))
    return parts


def _bed(x: float, y: float, accent: Triple) -> list[Primitive]:
    sheet = (0.62, 0.78, 0.82)
    parts = [
        box((-x / 2, -y / 2, 0.40), (x / 2, y / 2, 0.50), STEEL, "shiny"),
        box((-x / 2 + 0.03, -y / 2 + 0.02, 0.50), (x / 2 - 0.03, y / 2 - 0.02, 0.64), WHITE),
        box((-x * 0.22, -y / 2 + 0.01, 0.56), (x / 2 - 0.02, y / 2 - 0.01, 0.66), sheet),
        box((-x / 2 + 0.06, -y * 0.32, 0.64), (-x / 2 + 0.40, y * 0.32, 0.74), WHITE),
        box((-x / 2, -y / 2, 0.40), (-x / 2 + 0.03, y / 2, 0.98), STEEL, "shiny"),
        box((x / 2 - 0.03, -y / 2, 0.40), (x / 2, y / 2, 0.80), STEEL, "shiny"),
    ]
    for side in (-1, 1):
        rail = side * (y / 2 - 0.015)
        parts.append(box((-x * 0.28, rail - 0.01, 0.72), (x * 0.22, rail + 0.01, 0.86), STEEL))
    for a in (-1, 1):
        for b in (-1, 1):
            px, py = a * (x / 2 - 0.12), b * (y / 2 - 0.08)
            parts.append(cylinder(px, py, 0.02, 0.08, 0.40, STEEL))
            parts.append(ellipsoid((px, py, 0.06), (0.06, 0.025, 0.06), DARK))
    return parts


def _screen(x: float, y: float, accent: Triple) -> list[Primitive]:
    deep = min(x, 0.08) / 2
    return [
        box((-deep, -y / 2, 0.95), (deep, y / 2, 0.95 + 0.56 * y), (0.05, 0.05, 0.06), "shiny"),
        cylinder(0, 0, 0.03, 0.02, 0.95, DARK),
        box((-x / 2, -y * 0.25, 0), (x / 2, y * 0.25, 0.02), DARK),
    ]


def _lamp(x: float, y: float, accent: Triple) -> list[Primitive]:
    radius = min(x, y) / 2
    return [
        cylinder(0, 0, radius * 0.7, 0.0, 0.03, DARK),
        cylinder(0, 0, 0.015, 0.03, 1.45, DARK),
        cylinder(0, 0, radius, 1.42, 1.70, (1.0, 0.93, 0.78), "light"),
    ]


def _counter(x: float, y: float, accent: Triple) -> list[Primitive]:
    return [
        box((-x / 2 + 0.03, -y / 2 + 0.03, 0), (x / 2 - 0.03, y / 2 - 0.03, 1.02), accent),
        box((-x / 2, -y / 2, 1.02), (x / 2, y / 2, 1.07), OAK, "grain"),
    ]


def _crate(x: float, y: float, accent: Triple) -> list[Primitive]:
    high = min(1.1, max(0.5, 0.8 * min(x, y)))
    band = mixed(OAK, DARK, 0.35)
    return [
        box((-x / 2, -y / 2, 0), (x / 2, y / 2, high), OAK, "grain"),
        box((-x / 2 + 0.04, -y / 2 + 0.04, high), (x / 2 - 0.04, y / 2 - 0.04, high + 0.02), band),
    ]


def _pillar(x: float, y: float, accent: Triple) -> list[Primitive]:
    radius = min(x, y) / 2
    return [
        cylinder(0, 0, radius, 0.0, 2.7, WHITE),
        cylinder(0, 0, radius + 0.005, 0.0, 0.10, DARK),
    ]


def _barrel(x: float, y: float, accent: Triple) -> list[Primitive]:
    radius = min(x, y) / 2
    return [
        cylinder(0, 0, radius, 0.0, 0.85, accent),
        cylinder(0, 0, radius * 0.85, 0.85, 0.87, mixed(accent, DARK, 0.6)),
    ]


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "table": _table, "desk": _table, "chair": _chair, "bench": _bench, "plant": _plant,
        "shelf": _shelf, "cart": _cart, "trolley": _cart, "bed": _bed, "gurney": _bed,
        "tv": _screen, "screen": _screen, "floor_lamp": _lamp, "lamp": _lamp,
        "counter": _counter, "crate": _crate, "box": _crate, "pillar": _pillar,
        "barrel": _barrel, "bin": _barrel,
    }
)  # fmt: skip
"""Who builds each kind of thing; any other is a crate, or a barrel where it is round."""


def furnish(thing: Thing, number: int) -> list[Primitive]:
    """The parts of a thing in its own frame: origin on the floor below its middle, +x ahead.

    Args:
        thing: what it is and how large.
        number: chooses its colour.
    """
    accent = ACCENTS[number % len(ACCENTS)]
    maker = MAKERS.get(thing.kind)
    if maker is None:
        maker = _barrel if thing.shape == "circle" else _crate
    if maker is _table and thing.shape == "circle":
        maker = _round_table
    parts = maker(float(thing.length), float(thing.width), accent)
    return [*parts, blot(float(thing.length) / 2, float(thing.width) / 2, thing.shape == "circle")]


def blot(x: float, y: float, round_: bool = False) -> Primitive:
    """The soft shadow on the floor below something, by its half sides [m]."""
    half = (x * 1.25 + 0.05, y * 1.25 + 0.05, 0.0008)
    name = "disc" if round_ else "blot"
    return Primitive("box", (0.0, 0.0, 0.003), half, (1.0, 1.0, 1.0), name, about_z(0.0))
