"""Where things stand in a home, as data: its walls, its kitchen, its five pieces of furniture.

Frame: z up, floor at z = 0, metres and radians. A piece's own frame has its origin on the floor
below the middle of its receptacle, +x towards the side from which one uses it, y along its
longer side. The official files' frame (y up, floor at y = 0.12) maps by ``from_habitat``.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from ...core.errors import UnknownName

FLOOR = 0.12
"""Height of ReplicaCAD's floor in the official files [m]."""


def from_habitat(x: float, y: float, z: float) -> tuple[float, float, float]:
    """A point of the official files (y up) in our frame."""
    return x, -z, y - FLOOR


def to_habitat(x: float, y: float, z: float) -> tuple[float, float, float]:
    """A point of our frame in the official files' (y up)."""
    return x, z + FLOOR, -y


class Pose(msgspec.Struct, frozen=True):
    """A place on the floor and a heading.

    Attributes:
        x: [m].
        y: [m].
        yaw: from +x to +y [rad].
    """

    x: float
    y: float
    yaw: float = 0.0


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What a piece of furniture measures, the same in every home.

    Attributes:
        receptacle: depth and width of where objects lie [m].
        body: lowest x, highest x and half the width of its outline on the floor [m].
        surface: height at which objects lie [m].
        room: height of the receptacle's box above its surface [m].
    """

    receptacle: tuple[float, float]
    body: tuple[float, float, float]
    surface: float
    room: float


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "Tbl1": Piece(receptacle=(0.89, 1.44), body=(-0.47, 0.47, 0.75), surface=0.643, room=0.22),
        "Tbl2": Piece(receptacle=(0.87, 1.29), body=(-0.46, 0.46, 0.67), surface=0.814, room=0.26),
        "TvStnd1": Piece(
            receptacle=(0.55, 1.53), body=(-0.31, 0.29, 0.79), surface=0.507, room=0.22
        ),
        "Sofa": Piece(receptacle=(0.57, 1.52), body=(-0.56, 0.33, 0.9), surface=0.284, room=0.22),
        "Chr1": Piece(receptacle=(0.38, 0.38), body=(-0.24, 0.24, 0.24), surface=0.45, room=0.25),
    }
)
"""The movable pieces. Surfaces and the first two figures are measured on the official episodes
(a regression over the heights of 80 assets, and the smallest rectangles around what lies on a
piece); bodies, rooms and the chair are of our own design around them."""

COUNTER_SURFACE = 0.740
"""Height of the kitchen's worktop [m]; measured as above."""

SINK_SURFACE = 0.587
"""Height of the bottom of its sink [m]; measured as above."""


class KitchenPart(msgspec.Struct, frozen=True, kw_only=True):
    """One receptacle of the kitchen, in the kitchen's frame (origin: middle of the sink).

    Attributes:
        centre: x and y [m].
        size: depth and width [m].
        surface: [m].
        room: [m].
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    surface: float
    room: float


KITCHEN: Mapping[str, KitchenPart] = MappingProxyType(
    {
        "sink": KitchenPart(centre=(0.0, 0.0), size=(0.31, 0.46), surface=SINK_SURFACE, room=0.4),
        "counter_right": KitchenPart(
            centre=(0.0, 1.03), size=(0.69, 1.54), surface=COUNTER_SURFACE, room=0.3
        ),
        "counter_left": KitchenPart(
            centre=(0.0, -0.745), size=(0.69, 0.99), surface=COUNTER_SURFACE, room=0.3
        ),
    }
)
"""The fixed block. Seen from the front (its +x side), the right counter is at +y."""

KITCHEN_BODY = (-0.38, 0.36, -1.27, 1.83)
"""Lowest and highest x, lowest and highest y of the block's outline, in the kitchen's frame [m]."""

FRIDGE_SIZE = (0.72, 0.72, 1.78)
"""Depth, width and height of the fridge [m]."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """One home.

    Attributes:
        id: its name; equal to the scene's in the official files where it comes from there.
        shell: which walls, a name in ``shells.SHELLS``.
        kitchen: pose of the kitchen's frame.
        fridge: beside which end of the counter the fridge stands, ``left`` or ``right``.
        pieces: pose of each movable piece of furniture.
        palette: which set of colours and materials, any whole number.
    """

    id: str
    shell: str
    kitchen: Pose
    fridge: str
    pieces: dict[str, Pose]
    palette: int = 0


@functools.cache
def replica_layouts() -> Mapping[str, Layout]:
    """The 34 homes of the official evaluation and validation files, by scene id."""
    text = importlib.resources.files(__package__).joinpath("data/replica_layouts.json").read_bytes()
    found = msgspec.json.decode(text, type=list[Layout])
    return MappingProxyType({layout.id: layout for layout in found})


def find_layout(home: str) -> Layout:
    """The layout of a home: ours, of the official evaluation files, or of imported episodes.

    Raises:
        UnknownName: no such home.
    """
    from . import scenes

    for known in (scenes.layouts, replica_layouts, _imported_layouts):
        found = known().get(home)
        if found is not None:
            return found
    raise UnknownName("home of langr", home, [*scenes.layouts(), *replica_layouts()])


def _imported_layouts() -> Mapping[str, Layout]:
    """The homes that only imported episodes have; their layouts were inferred from these."""
    from .archive import official_layouts

    return official_layouts()
