"""The robot from outside: a round base of any radius, a slim body, a head with a visor."""

from __future__ import annotations

import math

from .furniture import blot
from .primitive import Primitive, Triple, box, cylinder, ellipsoid

SHELL: Triple = (0.94, 0.95, 0.96)
RUBBER: Triple = (0.15, 0.16, 0.18)
SIGNAL: Triple = (0.96, 0.50, 0.12)
VISOR: Triple = (0.08, 0.10, 0.14)
GLOW: Triple = (0.45, 0.95, 1.0)

VIEWS = ("top-down", "third-person")
"""The camera of its own head does not see it."""


def machine(radius: float, eye: float) -> list[Primitive]:
    """Its parts in its own frame: origin on the floor below its middle, +x ahead.

    Args:
        radius: of the disc that covers it [m].
        eye: height of its camera [m].
    """
    slim = radius * 0.52
    top = eye + 0.10
    parts = [
        cylinder(0, 0, radius * 0.93, 0.015, 0.05, RUBBER),
        cylinder(0, 0, radius, 0.05, 0.20, SHELL, "shiny"),
        cylinder(0, 0, radius + 0.003, 0.10, 0.13, SIGNAL),
        ellipsoid((0, 0, 0.20), (radius * 0.97, radius * 0.97, 0.05), SHELL, "shiny"),
        cylinder(-0.02, 0, slim, 0.20, eye - 0.16, SHELL, "shiny"),
        cylinder(-0.02, 0, slim + 0.003, eye - 0.26, eye - 0.23, SIGNAL),
        ellipsoid((-0.02, 0, eye - 0.16), (slim, slim, 0.05), SHELL, "shiny"),
        cylinder(-0.02, 0, 0.04, eye - 0.16, eye - 0.02, RUBBER),
        ellipsoid((-0.01, 0, eye), (0.13, 0.15, top - eye), SHELL, "shiny"),
        ellipsoid((0.035, 0, eye + 0.005), (0.10, 0.12, 0.058), VISOR, "shiny"),
        box((radius - 0.02, -0.05, 0.14), (radius + 0.004, 0.05, 0.18), VISOR, "shiny"),
    ]
    for y in (-0.045, 0.045):
        parts.append(ellipsoid((0.122, y, eye + 0.012), (0.012, 0.016, 0.02), GLOW, "light"))
    parts.append(blot(radius, radius, round_=True))
    return [part._replace(views=VIEWS) for part in parts]


def flag(tolerance: float) -> list[Primitive]:
    """The mark of the goal, origin on the floor: rings as wide as what counts as there [m]."""
    green = (0.18, 0.72, 0.36)
    parts = [
        cylinder(0, 0, tolerance, 0.001, 0.006, green, "light"),
        cylinder(0, 0, tolerance * 0.72, 0.006, 0.008, (0.93, 0.97, 0.93)),
        cylinder(0, 0, tolerance * 0.40, 0.008, 0.010, green, "light"),
        cylinder(0, 0, 0.015, 0.0, 1.5, SHELL),
        box((0.0, -0.006, 1.22), (0.34, 0.006, 1.48), green, "light"),
    ]
    return [part._replace(views=VIEWS) for part in parts]


def vertical_field(horizontal: float, aspect: float) -> float:
    """The vertical field of view of a camera [deg].

    Args:
        horizontal: its horizontal one [deg].
        aspect: width over height of its picture.
    """
    return math.degrees(2 * math.atan(math.tan(math.radians(horizontal) / 2) / aspect))
