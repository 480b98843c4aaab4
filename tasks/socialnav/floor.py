"""A floor to walk on: walls, furniture and the outline of the room, and what is near to a body."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import BadScene
from .force import nearest_on_segment

Floats = NDArray[np.float64]

NOTHING: Floats = np.zeros((0, 4))
"""No walls."""


@dataclasses.dataclass(frozen=True, eq=False)
class Floor:
    """What stands still, in metres.

    Attributes:
        walls: thin walls, segments ``x1 y1 x2 y2``, `[W, 4]`.
        polygons: solid things with corners, each `[K, 2]` in either direction, K from 3 up.
        discs: solid round things ``x y radius``, `[D, 3]`.
        outline: the edge of the world, `[K, 2]`, or None where it has none. Bodies stay inside.

    Raises:
        BadScene: an array has another shape, or holds what is not finite.
    """

    walls: Floats = dataclasses.field(default_factory=lambda: NOTHING)
    polygons: tuple[Floats, ...] = ()
    discs: Floats = dataclasses.field(default_factory=lambda: np.zeros((0, 3)))
    outline: Floats | None = None

    def __post_init__(self) -> None:
        """Checks shapes and stores read-only copies."""
        fix = object.__setattr__
        fix(self, "walls", _array("walls", self.walls, 4, 0))
        rings = [_array(f"polygons[{i}]", ring, 2, 3) for i, ring in enumerate(self.polygons)]
        for number, ring in enumerate(rings):
            if _crosses_itself(ring):
                raise BadScene(f"floor.polygons[{number}] crosses itself")
        fix(self, "polygons", tuple(rings))
        discs = _array("discs", self.discs, 3, 0)
        if (discs[:, 2] <= 0).any():
            raise BadScene("floor.discs holds a radius that is not positive [m]")
        fix(self, "discs", discs)
        if self.outline is not None:
            fix(self, "outline", _array("outline", self.outline, 2, 3))
            if _crosses_itself(self.outline):
                raise BadScene("floor.outline crosses itself")

    @functools.cached_property
    def segments(self) -> Floats:
        """Every straight edge there is: walls, sides of polygons, the outline; `[S, 4]` [m]."""
        rings = [*self.polygons, *([] if self.outline is None else [self.outline])]
        sides = [np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings]
        return np.concatenate([self.walls, *sides]) if sides else self.walls

    @functools.cached_property
    def key(self) -> bytes:
        """The same bytes for the same floor; what is computed from floors is cached under it."""
        outline = np.zeros((0, 2)) if self.outline is None else self.outline
        parts = (self.walls, *self.polygons, self.discs, outline)
        return b"|".join(np.int64(len(part)).tobytes() + part.tobytes() for part in parts)

    @property
    def empty(self) -> bool:
        """Whether nothing stands anywhere."""
        return not len(self.segments) and not len(self.discs)

    def clearance(self, points: ArrayLike) -> Floats:
        """Distance to what is nearest, `[...]` [m]: negative inside a thing, infinite on an empty
        floor, minus the distance to the outline outside of it.

        Args:
            points: `[..., 2]` [m].
        """  # noqa: D205
        place = np.asarray(points, np.float64)
        nearest = np.full(place.shape[:-1], np.inf)
        if len(self.segments):
            apart = place[..., None, :] - nearest_on_segment(place[..., None, :], self.segments)
            nearest = np.hypot(apart[..., 0], apart[..., 1]).min(axis=-1)
            inside = np.zeros(nearest.shape, bool)
            for ring in self.polygons:
                inside |= is_inside(place, ring)
            if self.outline is not None:
                inside |= ~is_inside(place, self.outline)
            nearest = np.where(inside, -nearest, nearest)
        if len(self.discs):
            apart = place[..., None, :] - self.discs[:, :2]
            round_ = np.hypot(apart[..., 0], apart[..., 1]) - self.discs[:, 2]
            nearest = np.minimum(nearest, round_.min(axis=-1))
        return np.asarray(nearest)


def is_inside(points: ArrayLike, ring: Floats) -> NDArray[np.bool_]:
    """Whether points lie inside a polygon, `[...]`, by counting its sides to their right.

    Args:
        points: `[..., 2]` [m].
        ring: corners, `[K, 2]` [m].
    """
    place = np.asarray(points, np.float64)[..., None, :]
    begin, end = ring, np.roll(ring, -1, axis=0)
    rises = (begin[:, 1] > place[..., 1]) != (end[:, 1] > place[..., 1])
    height = end[:, 1] - begin[:, 1]
    share = (place[..., 1] - begin[:, 1]) / np.where(height == 0, 1.0, height)
    crossing = begin[:, 0] + share * (end[:, 0] - begin[:, 0])
    right = np.logical_and(rises, place[..., 0] < crossing)
    return np.asarray(right.sum(axis=-1) % 2 == 1)


def turns_left(ring: Floats) -> bool:
    """Whether the corners of a polygon are in counter-clockwise order."""
    after = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * after[:, 1] - ring[:, 1] * after[:, 0]).sum()) > 0


def _array(name: str, value: Any, columns: int, rows: int) -> Floats:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError) as error:
        raise BadScene(f"floor.{name} is not an array of numbers: {error}") from None
    if array.size == 0 and rows == 0:
        array = np.zeros((0, columns))
    if array.ndim != 2 or array.shape[1] != columns or len(array) < rows:
        raise BadScene(
            f"floor.{name} has the shape {array.shape}; it is [N, {columns}] with N >= {rows}"
        )
    if not np.isfinite(array).all():
        raise BadScene(f"floor.{name} holds a number that is not finite")
    array.setflags(write=False)
    return array


def _crosses_itself(ring: Floats) -> bool:
    """Whether two sides of a ring that are not neighbours meet."""
    import shapely

    return not shapely.LinearRing(ring).is_simple
