"""What a step is worth: upright, near the standing pose, at the speed asked for, without waste.

Formulas and constants: ``benchmark/domains/a1`` of d5rlbenchmark/d5rl (``simplerun``, ``hike``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pose import spread, standing_pose
from .tolerance import tolerance

Floats = NDArray[np.float64]

MOST = 10.0
"""The most that a step is worth."""

SPEED_BAND = 0.1
"""How far from the speed asked for counts as at it [m/s]."""

UPRIGHT = 0.9
"""Cosine of the trunk's tilt from which on it counts as upright."""

HEADING_BAND = math.pi / 12
"""How far from the goal's direction counts as towards it [rad]."""

WALK_WASTE, HIKE_WASTE = 0.01, 0.001
"""Price of the motors' mechanical power [1/W]."""

FALLEN = math.radians(60)
"""Roll or pitch from which on the robot has fallen [rad]."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """What rewards look at, at the end of a control step.

    Attributes:
        forward: velocity of the trunk along its own x axis [m/s].
        roll: of the trunk [rad].
        pitch: of the trunk [rad].
        yaw: of the trunk [rad].
        up: cosine of the angle between the trunk's z axis and the world's.
        joints: angles `[12]` [rad].
        speeds: of the joints `[12]` [rad/s].
        torques: of the motors `[12]` [Nm].
    """

    forward: float
    roll: float
    pitch: float
    yaw: float
    up: float
    joints: Floats
    speeds: Floats
    torques: Floats

    @property
    def fallen(self) -> bool:
        """Whether the trunk is tilted by more than 60 degrees."""
        return abs(self.roll) > FALLEN or abs(self.pitch) > FALLEN


def walk_reward(motion: Motion, speed: float) -> float:
    """Reward of walking along the world's x axis.

    Args:
        motion: of the robot.
        speed: asked for [m/s].
    """
    ahead = motion.forward * math.cos(motion.pitch) * math.cos(motion.yaw)
    return MOST * _pace(ahead, speed) * _poise(motion) - WALK_WASTE * power(motion)


def hike_reward(motion: Motion, speed: float, bearing: float) -> float:
    """Reward of walking towards a goal.

    Args:
        motion: of the robot.
        speed: asked for [m/s].
        bearing: direction of the goal as the trunk sees it, left positive [rad].
    """
    ahead = motion.forward * math.cos(motion.pitch)
    aim = float(tolerance(bearing, -HEADING_BAND, HEADING_BAND, math.pi, "linear"))
    return MOST * _pace(ahead, speed) * aim * _poise(motion) - HIKE_WASTE * power(motion)


def power(motion: Motion) -> float:
    """Mechanical power of all motors [W]; negative where the ground drives them."""
    return float(motion.speeds @ motion.torques)


def _pace(ahead: float, speed: float) -> float:
    return float(tolerance(ahead, speed - SPEED_BAND, speed + SPEED_BAND, speed, "linear"))


def _poise(motion: Motion) -> float:
    upright = float(tolerance(motion.up, UPRIGHT, math.inf, UPRIGHT, "quadratic"))
    middle, around = standing_pose(), spread()
    kept = tolerance(motion.joints, middle - around, middle + around, around, "gaussian", 0.5)
    return upright * float(kept.prod())
