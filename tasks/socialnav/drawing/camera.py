"""Where the three cameras are and where they look."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...langr.drawing.camera import gaze, quaternion
from ..lidar import scan_numpy
from .space import Space

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]
Pose = tuple[float, float, float]

ABOVE_FIELD = 22.0
"""Vertical field of view of the camera above [deg]: narrow, so that people lean little."""

SHOULDER_FIELD = 62.0
"""Of the camera behind the robot [deg]. This and all below is of our own design."""

BEHIND, NEAREST, OVER = 2.3, 1.5, 2.15
"""Distance of that camera from the robot, the least that will do, and its height [m]."""

AHEAD = (1.6, 0.75)
"""What it looks at: so far ahead of the robot, and so high [m]."""

SHOULDERS = (0.0, 0.35, -0.35, 0.8, -0.8, 1.4, -1.4, 2.2, -2.2, math.pi)
"""Directions from which the robot is looked at, from behind it, the best first [rad]."""


def ahead(pose: Pose, height: float) -> tuple[Triple, Floats]:
    """Place and quaternion of the robot's own camera: above its middle, level.

    Args:
        pose: the robot's x, y [m] and heading [rad].
        height: of the camera [m].
    """
    x, y, yaw = pose
    place = (x, y, height)
    target = (x + math.cos(yaw), y + math.sin(yaw), height)
    return place, quaternion(gaze(place, target))


def above(space: Space, aspect: float) -> tuple[Triple, Floats]:
    """Place and quaternion of the camera that has all of a layout in its picture.

    Args:
        space: the layout's ground.
        aspect: width of the picture over its height.
    """
    (x0, y0), (x1, y1) = space.low, space.high
    half = max((y1 - y0) / 2, (x1 - x0) / 2 / aspect, 2.0) + 0.6
    height = half / math.tan(math.radians(ABOVE_FIELD / 2)) + 2.0
    place = (float(x0 + x1) / 2, float(y0 + y1) / 2, float(height))
    return place, quaternion(gaze(place, (place[0], place[1], 0.0)))


def behind(pose: Pose, segments: Floats) -> tuple[Triple, Floats]:
    """Place and quaternion of a camera behind the robot, with no wall between the two.

    Args:
        pose: the robot's x, y [m] and heading [rad].
        segments: walls, `[S, 4]` [m].
    """
    x, y, yaw = pose
    turns = np.array([[math.cos(turn), math.sin(turn)] for turn in SHOULDERS])
    backward = np.array([x, y, yaw + math.pi])
    free = scan_numpy(backward, turns, np.zeros((0, 3)), segments, BEHIND + 0.3) - 0.3
    roomy = np.flatnonzero(free >= NEAREST)
    best = int(roomy[0]) if len(roomy) else int(np.argmax(free))
    away, angle = min(max(float(free[best]), 0.4), BEHIND), yaw + math.pi + SHOULDERS[best]
    place = (x + away * math.cos(angle), y + away * math.sin(angle), OVER)
    target = (x + AHEAD[0] * math.cos(yaw), y + AHEAD[0] * math.sin(yaw), AHEAD[1])
    return place, quaternion(gaze(place, target))
