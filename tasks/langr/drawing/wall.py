"""The outer walls of a floor plan, found from its rooms."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from ..shells import Opening, Shell

Triple = tuple[float, float, float]


class Wall(NamedTuple):
    """A straight stretch of outer wall, seen from inside from left to right.

    Attributes:
        start: its left end on the floor [m].
        end: its right end [m].
        bends: whether another wall comes forward at the left and at the right end; it goes
            backward otherwise.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    bends: tuple[bool, bool] = (True, True)

    @property
    def length(self) -> float:
        """[m]."""
        return math.dist(self.start, self.end)

    @property
    def along(self) -> tuple[float, float]:
        """Unit vector from left to right."""
        length = self.length
        return (self.end[0] - self.start[0]) / length, (self.end[1] - self.start[1]) / length

    @property
    def inward(self) -> tuple[float, float]:
        """Unit vector into the room."""
        x, y = self.along
        return y, -x

    def point(self, along: float, inward: float, height: float) -> Triple:
        """A point by its distances from the left end, from the wall and from the floor [m]."""
        (ax, ay), (nx, ny) = self.along, self.inward
        x, y = self.start
        return x + along * ax + inward * nx, y + along * ay + inward * ny, height

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Distances of a point from the left end, along the wall, and from the wall [m]."""
        dx, dy = x - self.start[0], y - self.start[1]
        (ax, ay), (nx, ny) = self.along, self.inward
        return dx * ax + dy * ay, dx * nx + dy * ny


def is_inside(shell: Shell, x: float, y: float) -> bool:
    """Whether a point is over the floor."""
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in shell.rooms)


def find_walls(shell: Shell) -> list[Wall]:
    """The boundary of the union of the rooms, in pieces as long as they can be."""
    xs = sorted({value for room in shell.rooms for value in room[::2]})
    ys = sorted({value for room in shell.rooms for value in room[1::2]})
    inside = np.zeros((len(xs) + 1, len(ys) + 1), bool)  # with a frame of outside
    for i, (x0, x1) in enumerate(itertools.pairwise(xs), 1):
        for j, (y0, y1) in enumerate(itertools.pairwise(ys), 1):
            inside[i, j] = is_inside(shell, (x0 + x1) / 2, (y0 + y1) / 2)
    steps: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for i, x in enumerate(xs):
        for j, (y0, y1) in enumerate(itertools.pairwise(ys), 1):
            if inside[i, j] != inside[i + 1, j]:
                # Whoever stands inside and looks at the wall has its left end to the left.
                a, b = ((x, y1), (x, y0)) if inside[i, j] else ((x, y0), (x, y1))
                steps.setdefault(a, []).append(b)
    for j, y in enumerate(ys):
        for i, (x0, x1) in enumerate(itertools.pairwise(xs), 1):
            if inside[i, j] != inside[i, j + 1]:
                a, b = ((x0, y), (x1, y)) if inside[i, j] else ((x1, y), (x0, y))
                steps.setdefault(a, []).append(b)
    return [wall for ring in _rings(steps) for wall in _straightened(ring)]


def _rings(
    steps: dict[tuple[float, float], list[tuple[float, float]]],
) -> list[list[tuple[float, float]]]:
    """The steps put one after another until each way closes."""
    rings = []
    while steps:
        first = next(iter(steps))
        ring, here = [first], first
        while True:
            there = steps[here].pop()
            if not steps[here]:
                del steps[here]
            if there == first:
                break
            ring.append(there)
            here = there
        rings.append(ring)
    return rings


def _straightened(ring: list[tuple[float, float]]) -> list[Wall]:
    count = len(ring)

    def turn(number: int) -> float:
        (x0, y0), (x1, y1), (x2, y2) = (ring[(number + step) % count] for step in (-1, 0, 1))
        return (x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1)

    corners = [(ring[number], turn(number)) for number in range(count) if turn(number)]
    walls = []
    for (start, left), (end, right) in zip(corners, corners[1:] + corners[:1], strict=True):
        # Clockwise around the room: a turn to the right is an inner corner.
        walls.append(Wall(start, end, (left < 0, right < 0)))
    return walls


def find_wall(walls: list[Wall], opening: Opening) -> tuple[Wall, float]:
    """The wall that an opening is in, and how far from its left end its middle is [m]."""

    def distance(wall: Wall) -> float:
        along, inward = wall.place(*opening.centre)
        beyond = max(-along, along - wall.length, 0.0)
        return math.hypot(beyond, inward)

    wall = min(walls, key=distance)
    return wall, wall.place(*opening.centre)[0]
