"""The robot: a wheeled base, a column, a head with the camera, and an arm held ready.

Of our own design, around what the task fixes: base radius 0.3 m, the head's camera 0.25 m ahead
and 1.2 m up, looking at a point 0.75 m ahead and 1.0 m up, 90 degrees wide; the gripper where
``home.GRIPPER`` says.
"""

from __future__ import annotations

import math
from typing import Any

from ..home import GRIPPER, RADIUS
from .sketch import Sketch

HEAD = ((0.25, 0.0, 1.2), (0.75, 0.0, 1.0))
"""Where the head's camera is, and what it looks at [m]; the release's configuration."""

HEAD_FIELD = 90.0
"""Its vertical field of view [deg]; pictures are square."""

SHOULDER = ((-1.75, 0.95, 2.25), (0.95, -0.15, 0.72))
"""The same for the view over the shoulder; of our own design."""

SHOULDER_FIELD = 62.0
"""[deg]."""


def add_robot(body: Sketch) -> None:
    """Draws the robot, whose body stands on the floor, and gives it its two cameras."""
    body.shadow((-RADIUS, -RADIUS), (RADIUS, RADIUS))
    body.disc(0.05, 0.22, RADIUS - 0.02, "robot_grey")
    body.disc(0.22, 0.25, RADIUS - 0.05, "robot_blue")
    body.disc(0.02, 0.06, RADIUS - 0.06, "robot_dark")
    body.box((-0.2, -0.13, 0.25), (0.0, 0.13, 0.95), "robot_white")
    body.box((-0.01, -0.09, 0.32), (0.012, 0.09, 0.9), "robot_blue")
    body.rod((-0.09, 0, 0.95), (-0.09, 0, 1.12), 0.05, "robot_grey")
    body.ball((-0.04, 0, 1.22), (0.16, 0.14, 0.11), "robot_white")
    body.box((0.07, -0.09, 1.18), (0.125, 0.09, 1.26), "robot_dark")
    _add_arm(body)
    for name, (eye, target), field in (
        ("head", HEAD, HEAD_FIELD),
        ("third-person", SHOULDER, SHOULDER_FIELD),
    ):
        add_camera(body.body, name, eye, target, field)


def _add_arm(body: Sketch) -> None:
    """From the right shoulder over the elbow to the gripper, whose fingers are at its sides."""
    x, y, z = GRIPPER
    shoulder, elbow = (-0.08, -0.16, 0.86), (0.14, -0.44, 0.72)
    wrist, palm = (x - 0.15, y - 0.05, z - 0.05), (x - 0.07, y - 0.01, z - 0.01)
    body.ball(shoulder, (0.075, 0.075, 0.075), "robot_blue")
    body.limb(shoulder, elbow, 0.05, "robot_white")
    body.ball(elbow, (0.06, 0.06, 0.06), "robot_blue")
    body.limb(elbow, wrist, 0.034, "robot_white")
    body.ball(wrist, (0.037, 0.037, 0.037), "robot_blue")
    body.limb(wrist, palm, 0.022, "robot_grey")
    body.box((x - 0.075, y - 0.05, z - 0.018), (x - 0.058, y + 0.05, z + 0.018), "robot_dark")
    for side in (-1, 1):
        near, far = sorted((y + side * 0.04, y + side * 0.05))
        body.box((x - 0.06, near, z - 0.012), (x, far, z + 0.012), "robot_grey")


def add_camera(
    body: Any,
    name: str,
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    field: float,
) -> None:
    """Adds a camera that looks from one point at another, its sides level.

    Args:
        body: that carries it.
        name: of the camera.
        eye: where it is [m].
        target: what it looks at, not straight below [m].
        field: vertical field of view [deg].
    """
    dx, dy, dz = (b - a for a, b in zip(eye, target, strict=True))
    flat = math.hypot(dx, dy)
    yaw, pitch = math.atan2(dy, dx), math.atan2(dz, flat)
    right = [math.sin(yaw), -math.cos(yaw), 0.0]
    up = [-math.sin(pitch) * math.cos(yaw), -math.sin(pitch) * math.sin(yaw), math.cos(pitch)]
    _camera(body, name, list(eye), right + up, field)


def add_camera_above(body: Any, field: float) -> None:
    """Adds the camera ``top-down``: straight down, +y at the top of the picture."""
    _camera(body, "top-down", [0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], field)


def _camera(body: Any, name: str, eye: list[float], axes: list[float], field: float) -> None:
    import mujoco

    camera = body.add_camera(name=name, pos=eye, fovy=field)
    camera.alt.type = mujoco.mjtOrientation.mjORIENTATION_XYAXES
    camera.alt.xyaxes = axes
