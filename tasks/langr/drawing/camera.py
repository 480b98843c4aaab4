"""Where the three cameras are and where they look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..home import distance_to, outlines
from ..layout import FRIDGE_SIZE, PIECES, Layout, Pose
from ..shells import Shell
from .kitchen import UPPER
from .wall import is_inside

Triple = tuple[float, float, float]

HEAD = ((0.25, 0.0, 1.2), (0.75, 0.0, 1.0))
"""Place of the head camera in the robot's frame, and what it looks at [m]; the released task's
configuration of habitat's Fetch robot."""

HEAD_FIELD = 90.0
"""Its field of view [deg]; the released task's."""

SHOULDER_FIELD, ABOVE_FIELD = 62.0, 34.0
"""Vertical fields of view of the camera behind the robot, and of that above the home [deg]: the
latter narrow, so that walls lean little. This and all below is of our own design."""

SHOULDERS: Sequence[float] = (0.42, -0.42, 0.9, -0.9, 0.0, 1.5, -1.5, 2.2, -2.2, math.pi)
"""Directions from which the robot is looked at, from behind it, the best first [rad]."""

BEHIND, OVER = 1.75, 2.15
"""Distance of that camera from the robot's axis and its height [m]."""

AHEAD = (0.75, 0.72)
"""What it looks at: so far ahead of the robot, and so high [m]."""


def gaze(place: Triple, target: Triple) -> NDArray[np.float64]:
    """The rotation `[3, 3]` of a camera (x right, y up, z back) that looks at a point."""
    back = np.asarray(place, float) - np.asarray(target, float)
    back /= np.linalg.norm(back)
    right = np.cross((0.0, 0.0, 1.0), back)
    if np.linalg.norm(right) < 1e-9:  # straight down: the picture's top is +y
        right = np.array([1.0, 0.0, 0.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)


def quaternion(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit quaternion w, x, y, z of a rotation `[3, 3]`."""
    import mujoco

    found = np.zeros(4)
    mujoco.mju_mat2Quat(found, np.ascontiguousarray(rotation).ravel())
    return found


def add_camera(body: Any, name: str, field: float) -> Any:
    """Adds a camera at a body's origin that looks along its -z."""
    return body.add_camera(name=name, fovy=field)


def above(shell: Shell, aspect: float) -> tuple[Triple, NDArray[np.float64]]:
    """Place and quaternion of the camera that has all of a floor plan in its picture.

    Args:
        shell: the floor plan.
        aspect: width of the picture over its height.
    """
    x0, y0 = (min(room[axis] for room in shell.rooms) for axis in (0, 1))
    x1, y1 = (max(room[axis] for room in shell.rooms) for axis in (2, 3))
    half = max((y1 - y0) / 2, (x1 - x0) / 2 / aspect) + 0.3
    height = half / math.tan(math.radians(ABOVE_FIELD / 2)) + shell.height
    place = ((x0 + x1) / 2, (y0 + y1) / 2, height)
    return place, quaternion(gaze(place, (place[0], place[1], 0.0)))


class Shoulder:
    """Finds from where to look at the robot in one home, so that nothing stands between.

    Walls need no care: they are drawn from inside alone.
    """

    def __init__(self, layout: Layout, shell: Shell, cupboards: bool) -> None:
        """Gathers what is tall.

        Args:
            layout: the home.
            shell: its floor plan.
            cupboards: whether some hang over the kitchen.
        """
        self._shell = shell
        found = outlines(layout)
        low = [name for name in found if name in PIECES and name != "TvStnd1"]
        tall = {name: outline for name, outline in found.items() if name not in low}
        heights = {
            "fridge": FRIDGE_SIZE[2],
            "kitchen": UPPER[1] if cupboards else 1.0,
            "TvStnd1": 1.2,
        }
        self._tall = [(*outline, heights[name]) for name, outline in tall.items()]
        for x0, y0, x1, y1 in shell.partitions:
            pose = Pose((x0 + x1) / 2, (y0 + y1) / 2)
            self._tall.append((pose, (x1 - x0) / 2, (y1 - y0) / 2, shell.height))

    def find(self, base: Pose) -> tuple[Triple, NDArray[np.float64]]:
        """Place and quaternion of the camera for a pose of the robot."""
        places = [self._place(base, turn) for turn in SHOULDERS]
        costs = [
            20.0 * self._hidden(place, base)
            + 1.5 * (not is_inside(self._shell, *place[:2]))
            + 0.3 * rank
            for rank, place in enumerate(places)
        ]
        place = places[int(np.argmin(costs))]
        cos, sin = math.cos(base.yaw), math.sin(base.yaw)
        target = (base.x + AHEAD[0] * cos, base.y + AHEAD[0] * sin, AHEAD[1])
        return place, quaternion(gaze(place, target))

    def _place(self, base: Pose, turn: float) -> Triple:
        heading = base.yaw + math.pi + turn
        return base.x + BEHIND * math.cos(heading), base.y + BEHIND * math.sin(heading), OVER

    def _hidden(self, place: Triple, base: Pose) -> float:
        """How much of the way from the camera to the robot is inside of something tall."""
        step = np.linspace(0.0, 0.9, 19)[:, None]
        points = np.asarray(place) * (1 - step) + np.array([base.x, base.y, 0.9]) * step
        inside = np.zeros(len(points), bool)
        for pose, depth, width, height in self._tall:
            near = distance_to(points[:, :2], pose, depth, width) < 0.12
            inside |= near & (points[:, 2] < height + 0.1)
        return float(inside.mean())
