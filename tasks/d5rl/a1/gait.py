"""A trot: feet on closed paths, diagonal pairs half a cycle apart, legs bent to reach them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .body import LINK
from .pose import LEGS, TARGET_HIGH, TARGET_LOW

Floats = NDArray[np.float64]

PHASES = (0.0, 0.5, 0.5, 0.0)
"""Of the legs of ``LEGS``, in cycles: diagonal legs move together."""

LEAST, MOST = 0.1, 2 * LINK * 0.98
"""How near to its hip a foot may be, and how far [m]."""


@dataclass(frozen=True, kw_only=True)
class Gait:
    """A trot as numbers.

    Attributes:
        frequency: of the cycle [Hz].
        stride: half the length of a foot's path [m].
        lift: height of a foot's path [m].
        height: of the hips over standing feet [m].
        shift: of the paths ahead of the hips [m].
        press: how far standing feet push into the ground [m].
        rear: how much longer the rear feet's paths are than the front ones', as a share.
        steer: how much a bearing of 1 rad shortens strides inside and lengthens them outside.
        hurry: how much a lack of speed of 1 m/s lengthens strides, as a share.
        sway: how far legs lean towards the side to which the trunk drifts [rad s/m].
        right: how far legs lean towards the side to which the trunk is tilted [rad/rad].
        ease: cycles in which strides grow to their length, when the robot sets out.
    """

    frequency: float
    stride: float
    lift: float
    height: float
    shift: float
    press: float = 0.0
    rear: float = 0.0
    steer: float = 0.5
    hurry: float = 0.0
    sway: float = 0.0
    right: float = 0.0
    ease: float = 0.0


def joint_targets(
    gait: Gait,
    phase: float,
    bearing: float = 0.0,
    lack: float = 0.0,
    drift: float = 0.0,
    roll: float = 0.0,
) -> Floats:
    """All joints at a moment of the trot `[12]` [rad].

    Args:
        gait: which trot.
        phase: cycles since the robot set out.
        bearing: where to go, left positive [rad].
        lack: of speed, positive where the robot is too slow [m/s].
        drift: of the trunk to its left [m/s].
        roll: of the trunk, positive to the right [rad].
    """
    turn = min(1.0, max(-1.0, gait.steer * bearing))
    pace = min(2.0, max(0.0, 1.0 + gait.hurry * lack))
    if phase < gait.ease:
        pace *= phase / gait.ease
    lean = gait.sway * drift - gait.right * roll
    joints = np.empty(3 * len(LEGS))
    for number, (leg, offset) in enumerate(zip(LEGS, PHASES, strict=True)):
        angle = 2 * math.pi * (phase + offset)
        longer = (1 - turn if leg[1] == "L" else 1 + turn) * pace
        longer *= 1 + (gait.rear if leg[0] == "R" else -gait.rear)
        swing = math.sin(angle)
        x = gait.shift - gait.stride * longer * math.cos(angle)
        z = -gait.height + (gait.lift if swing > 0 else gait.press) * swing
        joints[3 * number : 3 * number + 3] = lean, *leg_angles(x, z)
    return np.clip(joints, TARGET_LOW, TARGET_HIGH)


def leg_angles(x: float, z: float) -> tuple[float, float]:
    """Thigh and calf [rad] that bring a foot to a place.

    Args:
        x: ahead of the hip [m].
        z: above the hip, negative [m].
    """
    length = min(MOST, max(LEAST, math.hypot(x, z)))
    calf = -2 * math.acos(length / (2 * LINK))
    return math.atan2(-x, -z) - calf / 2, calf
