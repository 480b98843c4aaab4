"""Distances between discs, rectangles and segments, and the shape of a path. Plain numpy.

Distances are signed where a depth means something: a point inside a rectangle is at a negative
one. Everything broadcasts over leading axes.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..force import nearest_on_segment

Floats: TypeAlias = NDArray[np.float64]

SHORTEST_STEP = 0.01
"""Parts of a path shorter than this have no direction: standing robots tremble [m]."""


def norm(vectors: Floats) -> Floats:
    """Lengths of `[..., 2]`."""
    return np.asarray(np.hypot(vectors[..., 0], vectors[..., 1]))


def dot(one: Floats, other: Floats) -> Floats:
    """Dot products of `[..., 2]`."""
    return np.asarray(one[..., 0] * other[..., 0] + one[..., 1] * other[..., 1])


def cross(one: Floats, other: Floats) -> Floats:
    """Third component of the cross products of `[..., 2]`."""
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def wrapped(angles: Floats) -> Floats:
    """The same angles within half a turn of zero [rad]."""
    return np.asarray((angles + np.pi) % (2 * np.pi) - np.pi)


def into_frame(vectors: Floats, yaw: Floats) -> Floats:
    """World vectors `[..., 2]` as seen by one who faces ``yaw`` `[...]`: ahead, and to the left."""
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return np.stack(
        [
            cosine * vectors[..., 0] + sine * vectors[..., 1],
            cosine * vectors[..., 1] - sine * vectors[..., 0],
        ],
        axis=-1,
    )


def rectangle_distance(points: Floats, length: float, width: float) -> Floats:
    """Signed distance of points `[..., 2]`, in its frame, from a rectangle about the origin [m]."""
    beyond = np.abs(points) - np.array([length / 2, width / 2])
    outside = norm(np.maximum(beyond, 0.0))
    return np.asarray(outside + np.minimum(beyond.max(axis=-1), 0.0))


def swept_distance(relative: Floats) -> Floats:
    """The least distance of two points between steps, both moving straight, `[T - 1, ...]` [m].

    Args:
        relative: from one to the other at each step, `[T, ..., 2]`; NaN where one is not there:
            then the step that is there counts alone, and none is NaN.
    """
    begin, end = relative[:-1], relative[1:]
    along = end - begin
    squared = dot(along, along)
    share = np.clip(-dot(begin, along) / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
    between = norm(begin + share[..., np.newaxis] * along)
    return np.asarray(np.fmin(between, np.fmin(norm(begin), norm(end))))


def segment_distance(one: Floats, other: Floats) -> Floats:
    """Distance between segments `[..., 4]`; 0 where they cross [m]."""
    a, b, c, d = one[..., :2], one[..., 2:], other[..., :2], other[..., 2:]
    ends = [
        norm(point - nearest_on_segment(point, segment))
        for point, segment in ((a, other), (b, other), (c, one), (d, one))
    ]
    sides_of_one = cross(b - a, c - a) * cross(b - a, d - a)
    sides_of_other = cross(d - c, a - c) * cross(d - c, b - c)
    crossing = (sides_of_one < 0) & (sides_of_other < 0)
    return np.asarray(np.where(crossing, 0.0, np.minimum.reduce(ends)))


def rectangle_edges(pos: Floats, yaw: Floats, length: float, width: float) -> Floats:
    """The four sides of rectangles at ``pos`` `[..., 2]` facing ``yaw`` `[...]`, `[..., 4, 4]`."""
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1) * (length / 2)
    left = np.stack([-np.sin(yaw), np.cos(yaw)], axis=-1) * (width / 2)
    corners = np.stack(
        [pos + ahead + left, pos - ahead + left, pos - ahead - left, pos + ahead - left], axis=-2
    )
    return np.concatenate([corners, np.roll(corners, -1, axis=-2)], axis=-1)


def path_vertices(pos: Floats) -> Floats:
    """The points of a path `[T, 2]` that are at least ``SHORTEST_STEP`` from the one before."""
    kept = [0]
    x, y = pos[:, 0].tolist(), pos[:, 1].tolist()
    least = SHORTEST_STEP**2
    for k in range(1, len(x)):
        last = kept[-1]
        if (x[k] - x[last]) ** 2 + (y[k] - y[last]) ** 2 >= least:
            kept.append(k)
    return pos[kept]


def turning(path: Floats) -> float:
    """How much a path `[K, 2]` of distinct points turns, left and right added up [rad]."""
    leg = np.diff(path, axis=0)
    return float(np.abs(np.arctan2(cross(leg[:-1], leg[1:]), dot(leg[:-1], leg[1:]))).sum())


def path_length(pos: Floats) -> float:
    """Length of a path `[K, 2]` [m]."""
    return float(norm(np.diff(pos, axis=0)).sum())


def inside_hull(point: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether points `[T, 2]` lie in the convex hull of `[T, M, 2]`; NaN corners are left out.

    A point is inside where no gap between the directions to the corners exceeds half a turn.
    """
    to = corners - point[:, np.newaxis]
    angle = np.arctan2(to[..., 1], to[..., 0])
    ordered = np.sort(angle, axis=1)  # NaN goes last
    count = (~np.isnan(ordered)).sum(axis=1)
    last = np.take_along_axis(ordered, np.maximum(count - 1, 0)[:, np.newaxis], axis=1)[:, 0]
    gaps = np.nan_to_num(np.diff(ordered, axis=1), nan=0.0)
    widest = np.maximum(gaps.max(axis=1, initial=0.0), ordered[:, 0] + 2 * np.pi - last)
    return np.asarray((count >= 3) & (widest <= np.pi + 1e-12))
