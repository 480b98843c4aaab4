"""Habitat's world in polyathlon's frame: points, turns, boxes that stand upright, cameras.

Part of the program of ``worker``: works with Python 3.8 and needs numpy alone. Habitat's frame is
y up; a point (x, y, z) of it is (x, -z, y - floor) in polyathlon's, which is z up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def from_habitat(points: Any, floor: float) -> Any:
    """Points `[..., 3]` of habitat's frame in polyathlon's [m]."""
    points = np.asarray(points, float)
    return np.stack([points[..., 0], -points[..., 2], points[..., 1] - floor], axis=-1)


def to_habitat(point: Sequence[float], floor: float) -> tuple[float, float, float]:
    """A point of polyathlon's frame in habitat's [m]."""
    return float(point[0]), float(point[2]) + floor, -float(point[1])


def turn_to_habitat(rotation: Sequence[float]) -> tuple[float, ...]:
    """A rotation w, x, y, z between frames that are z up, between the same that are y up.

    It comes out of unit length, which magnum insists on, where it was rounded.
    """
    size = math.sqrt(sum(float(part) ** 2 for part in rotation))
    w, x, y, z = (float(part) / size for part in rotation)
    return w, x, z, -y


def corners(low: Sequence[float], high: Sequence[float]) -> Any:
    """The corners of a box `[8, 3]`."""
    ends = np.array([low, high], float)
    return np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i, j, k in np.ndindex(2, 2, 2)])


def transformed(matrix: Any, points: Any) -> Any:
    """Points `[N, 3]` moved by a transformation `[4, 4]`."""
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def upright_box(matrix: Any, low: Sequence[float], high: Sequence[float], floor: float) -> Any:
    """The box in polyathlon's frame around a box of a turned frame of habitat's world.

    It is turned about the vertical as the other is, and exactly the other where that stands
    upright. The original takes the corners ``low`` and ``high`` alone, transforms them and spans
    a box between: too small for furniture that is not square to the axes.

    Args:
        matrix: `[4, 4]`, from the box's frame to habitat's world.
        low: lowest corner in its own frame [m].
        high: highest corner [m].
        floor: height of the floor in habitat's world [m].

    Returns:
        ``centre``, ``half`` [m] and ``yaw`` [rad].
    """
    world = transformed(matrix, corners(low, high))
    axes = from_habitat(matrix[:3, :3].T, 0.0)
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    upward = int(np.argmax(np.abs(axes[:, 2])))
    ahead = axes[min(axis for axis in range(3) if axis != upward)]
    return box_around(from_habitat(world, floor), math.atan2(ahead[1], ahead[0]))


def box_around(points: Any, yaw: float) -> dict[str, Any]:
    """The smallest box turned by ``yaw`` about the vertical around points `[N, 3]`."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    local = points @ turn.T
    low, high = local.min(axis=0), local.max(axis=0)
    centre = turn.T @ ((low + high) / 2)
    return {"centre": centre.tolist(), "half": ((high - low) / 2).tolist(), "yaw": float(yaw)}


def look(eye: Any, target: Any, up: Any) -> Any:
    """The rotation x, y, z, w of a camera, which looks along its -z with its y up."""
    back = np.asarray(eye, float) - np.asarray(target, float)
    back = back / np.linalg.norm(back)
    right = np.cross(up, back)
    right = right / np.linalg.norm(right)
    above = np.cross(back, right)
    # The eigenvector of the largest eigenvalue is the quaternion, whatever the turn.
    (a, b, c), (d, e, f), (g, h, i) = np.stack([right, above, back], axis=1)
    symmetric = np.array(
        [
            [a - e - i, b + d, c + g, h - f],
            [b + d, e - a - i, f + h, c - g],
            [c + g, f + h, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    return np.linalg.eigh(symmetric)[1][:, -1]
