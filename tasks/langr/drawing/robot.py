"""A mobile manipulator of our own design: wheels, a slender body, a head, one arm.

Its frame: origin on the floor below its axis, +x ahead. The base has ``home.RADIUS``; the gripper
is where ``home.GRIPPER`` says. The head stays behind its own camera.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..home import GRIPPER, RADIUS
from .form import Form
from .furniture import add_blot
from .object_mesh import curve, ellipsoid, lathe, tube

FINGER = 0.009
"""Half the thickness of a finger [m]."""


def add_robot(spec: Any, body: Any) -> None:
    """Adds all that the head camera cannot see: base, body and head."""
    form = Form()
    add_blot(form, (-RADIUS, -RADIUS), (RADIUS, RADIUS), grow=0.1)
    base = [(0.27, 0.03), (RADIUS - 0.004, 0.05), (RADIUS, 0.08), (RADIUS - 0.005, 0.19)]
    base += [(RADIUS - 0.03, 0.225), (0.20, 0.24), (0.0, 0.25)]
    form.patch(lathe(base, 28), "shell")
    form.patch(lathe([(0.25, 0.0), (0.27, 0.03)], 24), "rubber")
    form.patch(lathe([(RADIUS + 0.002, 0.105), (RADIUS + 0.002, 0.135)], 28), "signal")
    form.solid((-0.18, -0.18, 0.0), (0.18, 0.18, 0.20))
    torso = [(0.17, 0.24), (0.155, 0.30), (0.12, 0.52), (0.115, 0.72), (0.135, 0.88)]
    torso += [(0.13, 0.97), (0.09, 1.01), (0.0, 1.02)]
    form.patch(lathe(torso, 20).scaled(1.0, 1.15, 1.0).moved(-0.04), "shell")
    form.patch(
        lathe([(0.142, 0.60), (0.142, 0.64)], 20).scaled(0.84, 0.97, 1.0).moved(-0.04), "signal"
    )
    form.patch(lathe([(0.05, 1.0), (0.045, 1.10)], 12).moved(-0.03), "joint")
    head = ellipsoid(0.15, 0.165, 0.115, rings=10, sides=20).moved(0.0, 0.0, 1.20)
    form.patch(head, "shell")
    visor = ellipsoid(0.10, 0.128, 0.066, rings=8, sides=18).moved(0.063, 0.0, 1.205)
    form.patch(visor, "visor")
    for y in (-0.05, 0.05):
        eye = ellipsoid(0.012, 0.016, 0.024, rings=6, sides=10).moved(0.148, y, 1.21)
        form.patch(eye, "eye")
    form.solid((-0.09, -0.09, 0.24), (0.02, 0.09, 0.97))
    form.solid((-0.08, -0.09, 1.14), (0.06, 0.09, 1.26))
    form.add(spec, body, "robot")


def add_arm(spec: Any, body: Any) -> None:
    """Adds shoulder, arm and palm, in the robot's frame."""
    form = Form(ground=False)
    x, y, z = GRIPPER
    shoulder, elbow, wrist = (
        (-0.03, -0.19, 0.86),
        (0.16, -0.36, 0.72),
        (x - 0.19, y - 0.075, z - 0.055),
    )
    palm = (x - 0.085, y - 0.012, z - 0.012)
    form.patch(ellipsoid(0.085, 0.075, 0.085, rings=8, sides=14).moved(*shoulder), "joint")
    form.patch(tube(curve([shoulder, (0.05, -0.30, 0.76), elbow], 3), 0.045, sides=12), "shell")
    form.patch(ellipsoid(0.058, 0.058, 0.058, rings=7, sides=12).moved(*elbow), "signal")
    form.patch(tube(np.array([elbow, wrist]), [0.042, 0.030], sides=12), "shell")
    form.patch(ellipsoid(0.034, 0.034, 0.034, rings=7, sides=12).moved(*wrist), "joint")
    form.patch(tube(np.array([wrist, palm]), [0.028, 0.021], sides=12), "joint")
    form.add(spec, body, "arm")


def add_finger(spec: Any, body: Any, side: int) -> None:
    """Adds one finger; its body's origin is where it touches what is held.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies, in the robot's directions.
        side: 1 for the left finger, -1 for the right.
    """
    form = Form(ground=False)
    low, high = sorted((0.0, side * 2 * FINGER))
    form.box((-0.065, low, -0.014), (0.026, high, 0.010), "rubber", round_=0.008)
    low, high = sorted((-side * 0.001, side * 0.005))
    form.box((-0.012, low, -0.012), (0.025, high, 0.008), "signal", round_=0.002, solid=False)
    reach = sorted((side * 2 * FINGER, -side * 0.05))
    form.box((-0.085, reach[0], -0.018), (-0.058, reach[1], 0.010), "joint", round_=0.008)
    form.add(spec, body, f"finger {side}")


def grip(width: float) -> float:
    """How far each finger is from the gripper's middle for a thing of a width [m]."""
    return min(max(width / 2, 0.012), 0.055)


def turned(yaw: float) -> tuple[float, float, float, float]:
    """The unit quaternion of a heading [rad]."""
    return math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)
