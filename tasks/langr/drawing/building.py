"""Floors, walls, windows and doors of a shell, as geoms of a model's world body.

Walls and ceilings are drawn from their inner side alone: a camera outside looks through them, as
into a doll's house, and only their cut edges are seen.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from ..shells import Opening, Shell
from .sketch import Sketch, Triple

THICK = 0.12
"""Of outer walls [m]."""

BOARD = 2.4
"""Metres of floor in one repeat of its texture."""

DOOR_HEIGHT, SILL, LINTEL = 2.05, 0.85, 2.25
"""Top of doors, foot and top of windows [m]."""


class Wall(NamedTuple):
    """A straight piece of outer wall: seen from inside, from left to right.

    Attributes:
        start: left end on the floor [m].
        end: right end [m].
    """

    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def length(self) -> float:
        """[m]."""
        return math.dist(self.start, self.end)

    @property
    def along(self) -> tuple[float, float]:
        """Unit vector from left to right."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        return dx / self.length, dy / self.length

    @property
    def inward(self) -> tuple[float, float]:
        """Unit vector into the room."""
        dx, dy = self.along
        return dy, -dx

    def point(self, along: float, inward: float, height: float) -> Triple:
        """A point by its distances from the left end, from the wall and from the floor [m]."""
        (ax, ay), (nx, ny) = self.along, self.inward
        x, y = self.start
        return x + along * ax + inward * nx, y + along * ay + inward * ny, height


def walls_of(shell: Shell) -> list[Wall]:
    """The outer walls: the boundary of the union of the rooms, in pieces as long as they can be."""
    xs = sorted({value for room in shell.rooms for value in room[::2]})
    ys = sorted({value for room in shell.rooms for value in room[1::2]})
    inside = np.zeros((len(xs) + 1, len(ys) + 1), bool)  # with a frame of outside
    for (i, (x0, x1)), (j, (y0, y1)) in itertools.product(
        enumerate(itertools.pairwise(xs), 1), enumerate(itertools.pairwise(ys), 1)
    ):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        inside[i, j] = any(a < x < c and b < y < d for a, b, c, d in shell.rooms)
    found: list[Wall] = []
    for i, x in enumerate(xs):
        for j, (y0, y1) in enumerate(itertools.pairwise(ys), 1):
            if inside[i, j] != inside[i + 1, j]:
                # Whoever stands to the right of a line along +y has the left end at its top.
                up = inside[i, j]
                found.append(Wall((x, y1), (x, y0)) if up else Wall((x, y0), (x, y1)))
    for j, y in enumerate(ys):
        for i, (x0, x1) in enumerate(itertools.pairwise(xs), 1):
            if inside[i, j] != inside[i, j + 1]:
                below = inside[i, j]
                found.append(Wall((x0, y), (x1, y)) if below else Wall((x1, y), (x0, y)))
    return _joined(found)


def _joined(pieces: list[Wall]) -> list[Wall]:
    """Pieces that follow one another in a straight line become one."""
    walls = list(pieces)
    merged = True
    while merged:
        merged = False
        for one, other in itertools.permutations(walls, 2):
            if one.end == other.start and np.allclose(one.along, other.along):
                walls.remove(one)
                walls.remove(other)
                walls.append(Wall(one.start, other.end))
                merged = True
                break
    return walls


def add_building(world: Sketch, shell: Shell) -> None:
    """Draws a shell: everything that does not move in any home of its plan."""
    for x0, y0, x1, y1 in shell.rooms:
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        uv = [(x / BOARD, y / BOARD) for x, y in corners]
        world.quad([(x, y, 0.0) for x, y in corners], uv, "floor")
        ceiling = [(x, y, shell.height) for x, y in reversed(corners)]
        world.quad(ceiling, [(0, 0)] * 4, "ceiling")
    walls = walls_of(shell)
    for wall in walls:
        _add_wall(world, wall, shell.height)
    for opening in shell.openings:
        wall, along = _nearest(walls, opening)
        add = _add_window if opening.kind == "window" else _add_door
        add(world, wall, along, opening.width)
    for x0, y0, x1, y1 in shell.partitions:
        world.box((x0, y0, 0), (x1, y1, shell.height), "trim")
        world.box((x0, y0, shell.height), (x1, y1, shell.height + 0.01), "cut")
    ground = [
        (-60.0, -60.0, -0.05),
        (60.0, -60.0, -0.05),
        (60.0, 60.0, -0.05),
        (-60.0, 60.0, -0.05),
    ]
    world.quad(ground, [(0, 0)] * 4, "trim")


def _add_wall(world: Sketch, wall: Wall, height: float) -> None:
    length = wall.length
    corners = [
        wall.point(0, 0, 0),
        wall.point(length, 0, 0),
        wall.point(length, 0, height),
        wall.point(0, 0, height),
    ]
    width = length / 3
    world.quad(corners, [(0, 0), (width, 0), (width, 1), (0, 1)], "wall")
    strip = [
        wall.point(0, 0, 0.004),
        wall.point(0, 0.45, 0.004),
        wall.point(length, 0.45, 0.004),
        wall.point(length, 0, 0.004),
    ]
    world.quad(strip, [(0, 1), (0, 0), (1, 0), (1, 1)], "edge")
    _board(world, wall, (0, length), (0, 0.014), (0, 0.085), "trim")
    _board(world, wall, (-THICK, length + THICK), (-THICK, 0), (height, height + 0.01), "cut")


def _board(
    body: Sketch,
    wall: Wall,
    along: tuple[float, float],
    inward: tuple[float, float],
    height: tuple[float, float],
    material: str,
) -> None:
    """A box beside a wall, by its distances along it, from it and from the floor [m]."""
    a = wall.point(along[0], inward[0], height[0])
    b = wall.point(along[1], inward[1], height[1])
    low = tuple(map(min, a, b))
    high = tuple(map(max, a, b))
    body.box(low, high, material)  # type: ignore[arg-type]


def _nearest(walls: list[Wall], opening: Opening) -> tuple[Wall, float]:
    """The wall that an opening is in, and how far from its left end."""

    def distance(wall: Wall) -> float:
        x, y = opening.centre[0] - wall.start[0], opening.centre[1] - wall.start[1]
        along = min(max(x * wall.along[0] + y * wall.along[1], 0.0), wall.length)
        return math.dist(opening.centre, wall.point(along, 0, 0)[:2])

    wall = min(walls, key=distance)
    x, y = opening.centre[0] - wall.start[0], opening.centre[1] - wall.start[1]
    return wall, x * wall.along[0] + y * wall.along[1]


def _add_window(world: Sketch, wall: Wall, along: float, width: float) -> None:
    half = width / 2
    left, right = along - half, along + half
    pane = [
        wall.point(left, 0.006, SILL),
        wall.point(right, 0.006, SILL),
        wall.point(right, 0.006, LINTEL),
        wall.point(left, 0.006, LINTEL),
    ]
    world.quad(pane, [(0, 0), (1, 0), (1, 1), (0, 1)], "sky")
    for position in (left, along, right):
        _board(world, wall, (position - 0.03, position + 0.03), (0, 0.035), (SILL, LINTEL), "white")
    for height in (SILL, (SILL + LINTEL) / 2 + 0.25, LINTEL):
        _board(world, wall, (left, right), (0, 0.03), (height - 0.03, height + 0.03), "white")
    _board(world, wall, (left - 0.08, right + 0.08), (0, 0.14), (SILL - 0.06, SILL - 0.03), "white")
    _board(
        world,
        wall,
        (left - 0.4, right + 0.4),
        (0.06, 0.085),
        (LINTEL + 0.1, LINTEL + 0.13),
        "steel",
    )
    for low, high in ((left - 0.35, left - 0.02), (right + 0.02, right + 0.35)):
        _board(world, wall, (low, high), (0.04, 0.1), (0.1, LINTEL + 0.1), "curtain")


def _add_door(world: Sketch, wall: Wall, along: float, width: float) -> None:
    half = width / 2
    left, right = along - half, along + half
    _board(world, wall, (left, right), (0, 0.02), (0, DOOR_HEIGHT), "door")
    for low, high in ((0.2, 0.95), (1.1, 1.9)):
        _board(world, wall, (left + 0.14, right - 0.14), (0.02, 0.028), (low, high), "trim")
    for position in (left, right):
        _board(
            world, wall, (position - 0.05, position + 0.05), (0, 0.04), (0, DOOR_HEIGHT), "white"
        )
    _board(
        world,
        wall,
        (left - 0.05, right + 0.05),
        (0, 0.04),
        (DOOR_HEIGHT, DOOR_HEIGHT + 0.09),
        "white",
    )
    _board(world, wall, (right - 0.2, right - 0.08), (0.03, 0.07), (1.0, 1.025), "steel")
