"""Floors of the cards: corridors, crossings, corners, rooms with doors, lifts and squares.

The drawings of the guidelines have no measures. All of these are our own choice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..floor import Floor

Floats = NDArray[np.float64]

WIDE, STANDARD, NARROW = 3.0, 2.0, 1.2
"""Widths of corridors [m]: two pass with ease, two pass, one at a time."""

LENGTH = 14.0
"""Of a corridor [m]."""

CROSSING = 2.5
"""Width of the corridors of a crossing [m]."""

DOOR, CABIN_DOOR = 0.9, 1.0
"""Gaps of a room's door and a lift's [m]."""

ROOM, CABIN, PLAZA = 5.0, 2.0, 12.0
"""Sides of a room, of a lift's cabin and of a square [m]."""

WALL = 0.2
"""Thickness of a wall with a door in it [m]."""

STREAM = 4.0
"""Width of a corridor for a stream of people [m]."""


def corridor(length: float, width: float) -> Floor:
    """Along x, with its middle in the origin."""
    return Floor(outline=box(-length / 2, -width / 2, length / 2, width / 2))


def crossing(arm: float, along: float, across: float) -> Floor:
    """Two corridors that cross in the origin.

    Args:
        arm: how far they reach from there [m].
        along: width of the one along x [m].
        across: width of the one along y [m].
    """
    a, b = along / 2, across / 2
    return Floor(
        outline=np.array(
            [
                (-arm, -a), (-b, -a), (-b, -arm), (b, -arm), (b, -a), (arm, -a),
                (arm, a), (b, a), (b, arm), (-b, arm), (-b, a), (-arm, a),
            ]
        )
    )  # fmt: skip


def corner(arm: float, width: float) -> Floor:
    """Two corridors that meet at a right angle: one comes from -x, one from +y.

    Their centre lines meet in the origin; the inner corner is at (-width/2, width/2).
    """
    half = width / 2
    return Floor(
        outline=np.array(
            [(-arm, -half), (half, -half), (half, arm), (-half, arm), (-half, half), (-arm, half)]
        )
    )


def doorway(left: float, right: float, depth: float, gap: float, offset: float = 0.0) -> Floor:
    """Two rooms beside each other, with a wall about x = 0 and a door in it.

    Args:
        left: how far the left room reaches from the middle of the wall [m].
        right: the same for the right one [m].
        depth: of both, along y [m].
        gap: of the door [m].
        offset: y of its middle [m].
    """
    thick, half = WALL / 2, depth / 2
    low, high = offset - gap / 2, offset + gap / 2
    return Floor(
        outline=np.array(
            [
                (-left, -half), (-thick, -half), (-thick, low), (thick, low), (thick, -half),
                (right, -half), (right, half), (thick, half), (thick, high), (-thick, high),
                (-thick, half), (-left, half),
            ]
        )
    )  # fmt: skip


def hallway(hall: float, length: float, width: float, depth: float) -> Floor:
    """Two halls joined by a narrow corridor along x, whose left mouth is at the origin.

    Args:
        hall: how far either hall reaches [m].
        length: of the corridor [m].
        width: of the corridor [m].
        depth: of the halls, along y [m].
    """
    half, narrow, far = depth / 2, width / 2, length + hall
    return Floor(
        outline=np.array(
            [
                (-hall, -half), (0, -half), (0, -narrow), (length, -narrow), (length, -half),
                (far, -half), (far, half), (length, half), (length, narrow), (0, narrow),
                (0, half), (-hall, half),
            ]
        )
    )  # fmt: skip


def lift(lobby: float, cabin: float, gap: float) -> Floor:
    """A lobby on the left and a lift's cabin on the right of a door at x = 0.

    Args:
        lobby: side of the lobby [m].
        cabin: side of the cabin [m].
        gap: of the door [m].
    """
    thick, half, inner, door = WALL / 2, lobby / 2, cabin / 2, gap / 2
    far = thick + cabin
    return Floor(
        outline=np.array(
            [
                (-lobby, -half), (-thick, -half), (-thick, -door), (thick, -door),
                (thick, -inner), (far, -inner), (far, inner), (thick, inner), (thick, door),
                (-thick, door), (-thick, half), (-lobby, half),
            ]
        )
    )  # fmt: skip


def plaza(side: float) -> Floor:
    """A square about the origin."""
    return corridor(side, side)


def box(left: float, bottom: float, right: float, top: float) -> Floats:
    """Corners of a rectangle, counter-clockwise, `[4, 2]` [m]."""
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], np.float64)
