"""The walls of homes: rooms as rectangles, openings, partitions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

Rectangle = tuple[float, float, float, float]
"""Lowest x, lowest y, highest x, highest y [m]."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A window or a door in an outer wall; to look at, never to pass.

    Attributes:
        kind: ``window`` or ``door``.
        centre: of its foot on the wall's inner face, x and y [m].
        width: along the wall [m].
    """

    kind: str
    centre: tuple[float, float]
    width: float


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """The floor plan of a home.

    Attributes:
        rooms: rectangles whose union is the floor; they touch or overlap.
        openings: windows and doors of the outer walls.
        partitions: inner walls as rectangles; they block the way.
        height: of the walls [m].
    """

    rooms: tuple[Rectangle, ...]
    openings: tuple[Opening, ...] = ()
    partitions: tuple[Rectangle, ...] = ()
    height: float = 2.7


SHELLS: Mapping[str, Shell] = MappingProxyType(
    {
        # An L around everything that stands in the official episodes.
        "loft": Shell(
            rooms=((-2.62, -4.02, 4.66, 2.2), (0.14, -9.1, 4.66, -4.02)),
            openings=(
                Opening(kind="window", centre=(4.66, -1.2), width=1.8),
                Opening(kind="window", centre=(4.66, -5.6), width=1.8),
                Opening(kind="window", centre=(1.2, 2.2), width=1.6),
                Opening(kind="door", centre=(3.4, 2.2), width=0.95),
                Opening(kind="door", centre=(-1.2, -4.02), width=0.95),
            ),
        ),
        # One long room; the kitchen behind a stub of a wall, the living room at the glass front.
        "terrace": Shell(
            rooms=((0.0, 0.0, 8.8, 5.8),),
            openings=(
                Opening(kind="window", centre=(2.0, 0.0), width=2.2),
                Opening(kind="window", centre=(5.4, 0.0), width=2.2),
                Opening(kind="door", centre=(7.6, 0.0), width=0.95),
                Opening(kind="window", centre=(8.8, 3.4), width=1.8),
                Opening(kind="window", centre=(0.0, 2.0), width=1.6),
                Opening(kind="door", centre=(6.6, 5.8), width=0.95),
            ),
            partitions=((4.75, 4.75, 4.85, 5.8),),
        ),
        # A U around a court, with the kitchen in one wing.
        "courtyard": Shell(
            rooms=((0.0, 0.0, 9.8, 3.9), (0.0, 3.9, 3.6, 7.8), (6.2, 3.9, 9.8, 7.8)),
            openings=(
                Opening(kind="window", centre=(4.9, 3.9), width=1.9),
                Opening(kind="window", centre=(6.2, 5.9), width=1.8),
                Opening(kind="window", centre=(3.6, 5.9), width=1.8),
                Opening(kind="window", centre=(2.4, 0.0), width=1.8),
                Opening(kind="window", centre=(9.8, 5.8), width=1.6),
                Opening(kind="door", centre=(5.6, 0.0), width=0.95),
                Opening(kind="door", centre=(9.8, 2.6), width=0.95),
            ),
        ),
        # Three bays in a row, divided by stubs of walls from either side.
        "gallery": Shell(
            rooms=((0.0, 0.0, 12.2, 4.7),),
            openings=(
                Opening(kind="window", centre=(2.0, 4.7), width=1.6),
                Opening(kind="window", centre=(6.4, 4.7), width=2.0),
                Opening(kind="window", centre=(10.4, 4.7), width=2.0),
                Opening(kind="window", centre=(12.2, 2.4), width=1.8),
                Opening(kind="door", centre=(6.6, 0.0), width=0.95),
                Opening(kind="door", centre=(0.0, 2.6), width=0.95),
            ),
            partitions=((4.7, 3.1, 4.8, 4.7), (8.5, 0.0, 8.6, 1.6)),
        ),
        # A T: a hall across, and the kitchen at the end of an annex. For evaluation alone.
        "annex": Shell(
            rooms=((0.0, 0.0, 4.5, 9.4), (4.5, 2.6, 9.2, 6.8)),
            openings=(
                Opening(kind="window", centre=(0.0, 1.9), width=1.8),
                Opening(kind="window", centre=(0.0, 7.2), width=1.8),
                Opening(kind="window", centre=(2.2, 0.0), width=1.6),
                Opening(kind="window", centre=(2.2, 9.4), width=1.6),
                Opening(kind="window", centre=(6.6, 6.8), width=1.6),
                Opening(kind="door", centre=(0.0, 4.6), width=0.95),
                Opening(kind="door", centre=(6.2, 2.6), width=0.95),
            ),
            partitions=((0.0, 5.4, 1.1, 5.5),),
        ),
    }
)
"""Floor plans by name. ``loft`` is drawn around the official scenes; the others are of our own
design."""
