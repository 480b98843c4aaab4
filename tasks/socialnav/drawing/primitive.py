"""Boxes, cylinders and ellipsoids of which rooms, furniture and the robot are put together.

A model has a stock of geoms that become whatever a layout needs, so that one compiled model
serves every layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

Triple = tuple[float, float, float]
Quad = tuple[float, float, float, float]

Kind = Literal["box", "cylinder", "ellipsoid"]

UPRIGHT: Quad = (1.0, 0.0, 0.0, 0.0)


class Primitive(NamedTuple):
    """One of them.

    Attributes:
        kind: its shape.
        centre: [m].
        half: half sides of a box, half axes of an ellipsoid, radius and half height of a
            cylinder [m].
        colour: red, green, blue, each from 0 to 1.
        material: a name in ``material.MATERIALS``.
        turn: its rotation, a unit quaternion w, x, y, z.
        views: those in which it is drawn; none for all.
    """

    kind: Kind
    centre: Triple
    half: Triple
    colour: Triple
    material: str = "matt"
    turn: Quad = UPRIGHT
    views: tuple[str, ...] = ()

    @property
    def reach(self) -> float:
        """Radius of a sphere around it [m]."""
        x, y, z = self.half
        return math.hypot(x, y) if self.kind == "cylinder" else math.sqrt(x * x + y * y + z * z)


def box(low: Triple, high: Triple, colour: Triple, material: str = "matt") -> Primitive:
    """A box from its lowest to its highest corner [m]."""
    (x, y, z), (u, v, w) = low, high
    centre = ((x + u) / 2, (y + v) / 2, (z + w) / 2)
    half = (abs(u - x) / 2, abs(v - y) / 2, abs(w - z) / 2)
    return Primitive("box", centre, half, colour, material)


def cylinder(
    x: float, y: float, radius: float, low: float, high: float, colour: Triple,
    material: str = "matt",
) -> Primitive:  # fmt: skip
    """An upright cylinder between two heights [m]."""
    half = (radius, (high - low) / 2, 0.0)
    return Primitive("cylinder", (x, y, (low + high) / 2), half, colour, material)


def ellipsoid(centre: Triple, half: Triple, colour: Triple, material: str = "matt") -> Primitive:
    """An ellipsoid by its half axes [m]."""
    return Primitive("ellipsoid", centre, half, colour, material)


def moved(parts: Iterable[Primitive], x: float, y: float, yaw: float) -> list[Primitive]:
    """Parts turned about the vertical [rad] and then shifted [m]."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    spin = about_z(yaw)
    return [
        part._replace(
            centre=(
                x + cos * part.centre[0] - sin * part.centre[1],
                y + sin * part.centre[0] + cos * part.centre[1],
                part.centre[2],
            ),
            turn=product(spin, part.turn),
        )
        for part in parts
    ]


def about_z(angle: float) -> Quad:
    """The quaternion of a turn to the left [rad]."""
    return math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2)


def product(first: Quad, second: Quad) -> Quad:
    """The quaternion of the second turn followed by the first."""
    a, b, c, d = first
    w, x, y, z = second
    return (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )


def mixed(colour: Triple, other: Triple, share: float) -> Triple:
    """A colour with a share of another."""
    found = np.asarray(colour) * (1 - share) + np.asarray(other) * share
    return float(found[0]), float(found[1]), float(found[2])
