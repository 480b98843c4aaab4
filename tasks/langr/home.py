"""The geometry of a home that the rules ask about: boxes to put things in, places to stand.

Everything is computed once from a layout and shared by all episodes in it. No simulator is
involved: both worlds answer the rules with values of these types.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .layout import (
    FRIDGE_SIZE,
    KITCHEN,
    KITCHEN_BODY,
    PIECES,
    Layout,
    Pose,
)
from .vocabulary import DRAWERS, FRIDGE, NAVIGABLE

Point = tuple[float, float, float]

GRIPPER = (0.55, -0.25, 1.0)
"""The gripper in the robot's frame: ahead, to the right and up [m]; in view of the head."""

RADIUS = 0.3
"""Of the robot's base [m]; habitat's agent. It passes where its axis keeps this distance."""

CLEARANCE = 0.42
"""Distance of the robot's axis to furniture and walls where it stops to work [m]: room for the
arm, and near enough that all of a table is within a skill's reach and angle."""

CELL = 0.05
"""Side of a cell of the navigation grid [m]."""

MARGIN = 0.025
"""How far a receptacle's box reaches beyond what lies on it, on every side but the top [m]: the
rectangles are fitted to a centimetre, and thin things that lie tilted sink in a little."""

DRAWER_TRAVEL = 0.45
"""How far a drawer opens [m]; ``pddl_domain_replica_cad.yaml``."""

FRIDGE_OPEN = 1.22
"""How far the fridge's door opens [rad]; ``pddl_domain_replica_cad.yaml``."""

DRAWER_BOXES: Mapping[str, tuple[float, float, float, float, float, float]] = {
    "cab_push_point_7": (-0.20, 0.34, -1.22, -0.34, 0.50, 0.68),
    "cab_push_point_6": (-0.20, 0.34, -0.30, 0.30, 0.30, 0.48),
    "cab_push_point_5": (-0.20, 0.34, 0.34, 1.78, 0.50, 0.68),
    "cab_push_point_4": (-0.20, 0.34, 0.34, 1.78, 0.28, 0.46),
}
"""Each closed drawer in the kitchen's frame: x, y and z from and to [m]. Left below the left
counter, middle below the sink, right below the right counter, bottom below that."""

DRAWER_RECEPTACLES = {"drawer_left": "cab_push_point_7", "drawer_right": "cab_push_point_5"}
"""The drawers in which things can be placed."""


class Box(msgspec.Struct, frozen=True):
    """A box that stands upright and may be turned about the vertical.

    Attributes:
        centre: [m].
        half: half its sides along its own axes [m].
        yaw: of its x axis [rad].
        axis: cosine and sine of the yaw, which a thousand questions a second ask for.
    """

    centre: Point
    half: Point
    yaw: float = 0.0
    axis: tuple[float, float] = (1.0, 0.0)

    def __post_init__(self) -> None:
        """Works out the axis."""
        msgspec.structs.force_setattr(self, "axis", (math.cos(self.yaw), math.sin(self.yaw)))

    def contains(self, point: Point) -> bool:
        """Whether a point is inside or on the boundary."""
        x, y, z = self.centre
        depth, width, height = self.half
        if abs(point[2] - z) > height:
            return False
        dx, dy = point[0] - x, point[1] - y
        cos, sin = self.axis
        return abs(dx * cos + dy * sin) <= depth and abs(dy * cos - dx * sin) <= width

    def point(self, x: float, y: float, z: float) -> Point:
        """The point at fractions of the half sides, each in [-1, 1]."""
        dx, dy = x * self.half[0], y * self.half[1]
        cos, sin = self.axis
        return (
            self.centre[0] + dx * cos - dy * sin,
            self.centre[1] + dx * sin + dy * cos,
            self.centre[2] + z * self.half[2],
        )

    def moved(self, by: Point) -> Box:
        """The same box elsewhere."""
        x, y, z = self.centre
        return Box((x + by[0], y + by[1], z + by[2]), self.half, self.yaw)


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules need to know of a home.

    Attributes:
        id: of its layout or scene.
        receptacles: where things can be placed, in the order of ``RECEPTACLES``.
        markers: handles of the drawers and of the fridge, at rest.
        drawers: the box of each closed drawer.
        drawer_axis: unit vector along which drawers open.
        fridge: the whole fridge.
        stands: where ``nav`` takes the robot, by place; it faces the place's point.
        floor: navigable points `[N, 2]`, from which start poses are drawn.
        gripper: in the robot's frame: ahead, to the left and up [m].
    """

    id: str
    receptacles: Mapping[str, Box]
    markers: Mapping[str, Point]
    drawers: Mapping[str, Box]
    drawer_axis: Point
    fridge: Box
    stands: Mapping[str, Pose]
    floor: Any
    gripper: Point = GRIPPER

    def reference(self, place: str) -> Point:
        """The point that stands for a place: a handle, or the middle of a receptacle's box."""
        return self.markers[place] if place in self.markers else self.receptacles[place].centre


def place_at(frame: Pose, x: float, y: float, z: float) -> Point:
    """A point of a piece's own frame in the home's."""
    cos, sin = math.cos(frame.yaw), math.sin(frame.yaw)
    return frame.x + x * cos - y * sin, frame.y + x * sin + y * cos, z


def fridge_pose(layout: Layout) -> Pose:
    """Where the fridge stands: beside the counter, its front in line with the counter's."""
    depth, width, _ = FRIDGE_SIZE
    along = (
        KITCHEN_BODY[3] + width / 2 + 0.02
        if layout.fridge == "right"
        else KITCHEN_BODY[2] - width / 2 - 0.02
    )
    x, y, _ = place_at(layout.kitchen, KITCHEN_BODY[1] - depth / 2, along, 0.0)
    return Pose(x, y, layout.kitchen.yaw)


Outline = tuple[Pose, float, float]
"""A rectangle on the floor: its middle and heading, half its depth, half its width."""


def outlines(layout: Layout) -> dict[str, Outline]:
    """The rectangles on the floor that furniture covers, by name."""
    found: dict[str, Outline] = {}
    for name, pose in layout.pieces.items():
        low, high, half = PIECES[name].body
        x, y, _ = place_at(pose, (low + high) / 2, 0.0, 0.0)
        found[name] = (Pose(x, y, pose.yaw), (high - low) / 2, half)
    low, high, left, right = KITCHEN_BODY
    x, y, _ = place_at(layout.kitchen, (low + high) / 2, (left + right) / 2, 0.0)
    found["kitchen"] = (Pose(x, y, layout.kitchen.yaw), (high - low) / 2, (right - left) / 2)
    found["fridge"] = (fridge_pose(layout), FRIDGE_SIZE[0] / 2, FRIDGE_SIZE[1] / 2)
    return found


def receptacle_boxes(layout: Layout) -> dict[str, Box]:
    """The boxes in which an object counts as on a receptacle."""
    found = {}
    for name, pose in layout.pieces.items():
        piece = PIECES[name]
        depth, width = piece.receptacle
        found[name] = _standing(pose, (0.0, 0.0), (depth, width), piece.surface, piece.room)
    for name, part in KITCHEN.items():
        found[name] = _standing(layout.kitchen, part.centre, part.size, part.surface, part.room)
    found["fridge-shelf"] = _standing(fridge_pose(layout), (0.0, 0.0), (0.5, 0.56), 0.85, 0.3)
    for name, drawer in DRAWER_RECEPTACLES.items():
        found[name] = drawer_box(layout, drawer)
    return found


def _standing(
    frame: Pose,
    centre: tuple[float, float],
    size: tuple[float, float],
    surface: float,
    room: float,
) -> Box:
    middle = place_at(frame, *centre, surface + (room - MARGIN) / 2)
    half = (size[0] / 2 + MARGIN, size[1] / 2 + MARGIN, (room + MARGIN) / 2)
    return Box(middle, half, frame.yaw)


def drawer_box(layout: Layout, drawer: str) -> Box:
    """A closed drawer's inside."""
    x0, x1, y0, y1, z0, z1 = DRAWER_BOXES[drawer]
    middle = place_at(layout.kitchen, (x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)
    return Box(middle, ((x1 - x0) / 2, (y1 - y0) / 2, (z1 - z0) / 2), layout.kitchen.yaw)


def markers(layout: Layout) -> dict[str, Point]:
    """The handles of the drawers and of the fridge, closed."""
    found = {}
    for drawer in DRAWERS:
        _, front, y0, y1, z0, z1 = DRAWER_BOXES[drawer]
        found[drawer] = place_at(layout.kitchen, front + 0.05, (y0 + y1) / 2, (z0 + z1) / 2)
    found[FRIDGE] = place_at(fridge_pose(layout), FRIDGE_SIZE[0] / 2 + 0.04, -0.27, 1.1)
    return found


def navigable_points(layout: Layout) -> NDArray[np.float64]:
    """Where the robot can stop: the middles of the grid's cells `[N, 2]` in its largest island.

    Cells are connected by passages of ``RADIUS``, and given where there is ``CLEARANCE``.
    """
    from scipy import ndimage

    from .shells import SHELLS

    shell = SHELLS[layout.shell]
    rooms = np.array(shell.rooms)
    low, high = rooms[:, :2].min(axis=0), rooms[:, 2:].max(axis=0)
    counts = np.ceil((high - low) / CELL).astype(int)
    axes = [low[axis] + (np.arange(counts[axis]) + 0.5) * CELL for axis in (0, 1)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = np.zeros(grid.shape[:2], bool)
    for room in rooms:
        inside |= ((grid > room[:2]) & (grid < room[2:])).all(axis=-1)
    padded = np.pad(inside, 1)  # beyond the grid there is wall
    free = (ndimage.distance_transform_edt(padded)[1:-1, 1:-1] - 0.5) * CELL
    blocking = list(outlines(layout).values())
    for x0, y0, x1, y1 in shell.partitions:
        blocking.append((Pose((x0 + x1) / 2, (y0 + y1) / 2), (x1 - x0) / 2, (y1 - y0) / 2))
    for pose, depth, width in blocking:
        free = np.minimum(free, distance_to(grid, pose, depth, width))
    islands, count = ndimage.label(free >= RADIUS)
    if count == 0:
        return np.zeros((0, 2))
    largest = 1 + int(np.argmax(np.bincount(islands.reshape(-1))[1:]))
    points: NDArray[np.float64] = grid[(islands == largest) & (free >= CLEARANCE)]
    return points


def distance_to(
    points: NDArray[np.float64], pose: Pose, half_depth: float, half_width: float
) -> NDArray[np.float64]:
    """Distance of points `[..., 2]` to a turned rectangle; 0 inside [m]."""
    dx, dy = points[..., 0] - pose.x, points[..., 1] - pose.y
    cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
    beyond_x = np.maximum(np.abs(dx * cos + dy * sin) - half_depth, 0.0)
    beyond_y = np.maximum(np.abs(dy * cos - dx * sin) - half_width, 0.0)
    distance: NDArray[np.float64] = np.hypot(beyond_x, beyond_y)
    return distance


def stand_near(floor: NDArray[np.float64], point: Point) -> Pose:
    """The navigable point nearest to a point, facing it."""
    offsets = floor - np.array(point[:2])
    nearest = floor[int(np.argmin((offsets**2).sum(axis=1)))]
    x, y = float(nearest[0]), float(nearest[1])
    return Pose(x, y, math.atan2(point[1] - y, point[0] - x))


def build_home(layout: Layout) -> Home:
    """All geometry of a layout."""
    floor = navigable_points(layout)
    floor.setflags(write=False)
    boxes, handles = receptacle_boxes(layout), markers(layout)
    points = {
        place: handles[place] if place in handles else boxes[place].centre for place in NAVIGABLE
    }
    yaw = layout.kitchen.yaw
    from .vocabulary import RECEPTACLES

    return Home(
        id=layout.id,
        receptacles={name: boxes[name] for name in RECEPTACLES},
        markers=handles,
        drawers={drawer: drawer_box(layout, drawer) for drawer in DRAWERS},
        drawer_axis=(math.cos(yaw), math.sin(yaw), 0.0),
        fridge=_standing(fridge_pose(layout), (0.0, 0.0), FRIDGE_SIZE[:2], 0.0, FRIDGE_SIZE[2]),
        stands={place: stand_near(floor, point) for place, point in points.items()},
        floor=floor,
    )


@functools.lru_cache(maxsize=256)
def home_named(home: str) -> Home:
    """The geometry of a home by its id; made once a process.

    Raises:
        UnknownName: no such home.
    """
    from .layout import find_layout

    return build_home(find_layout(home))
