"""Joints of the A1: their order, limits, the pose that it stands in, and what actions mean.

Figures: ``benchmark/domains/a1`` of d5rlbenchmark/d5rl.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LEGS = ("FR", "FL", "RR", "RL")
"""Front right, front left, rear right, rear left: upstream's order."""

JOINTS = tuple(f"{leg}_{joint}" for leg in LEGS for joint in ("hip", "thigh", "calf"))
"""Abduction of the hip, thigh, knee, leg by leg."""

STANDING_LEG = (0.0, 0.9, -1.8)
"""A leg of the standing robot [rad]."""

SPREAD_LEG = (0.2, 0.4, 0.4)
"""How far from standing a leg's joints may be without cost [rad]."""

REACH = 3.0
"""Targets lie within so many spreads of standing."""

LIMITS_LEG = ((-0.802851, 0.802851), (-1.0472, 4.18879), (-2.69653, -0.916298))
"""Range of a leg's joints [rad]."""


def standing_pose() -> Floats:
    """All joints of the standing robot `[12]` [rad]."""
    return np.tile(STANDING_LEG, len(LEGS))


def spread() -> Floats:
    """How far from standing the joints may be without cost `[12]` [rad]."""
    return np.tile(SPREAD_LEG, len(LEGS))


_LOW, _HIGH = np.tile(np.transpose(LIMITS_LEG), len(LEGS))

TARGET_LOW: Floats = np.maximum(standing_pose() - REACH * spread(), _LOW)
"""What actions of -1 mean `[12]` [rad]."""

TARGET_HIGH: Floats = np.minimum(standing_pose() + REACH * spread(), _HIGH)
"""What actions of 1 mean `[12]` [rad]. The knees' upper limit cuts their range short, so that an
action of 0 is not quite the standing pose."""


def target_of(action: ArrayLike) -> Floats:
    """Joint targets `[12]` [rad] of an action in [-1, 1]; what lies beyond counts as its end."""
    share = (np.clip(np.asarray(action, np.float64), -1.0, 1.0) + 1) / 2
    return TARGET_LOW + share * (TARGET_HIGH - TARGET_LOW)


def action_of(target: ArrayLike) -> Floats:
    """The action in [-1, 1] whose joint targets are nearest to those `[12]` [rad]."""
    inside = np.clip(np.asarray(target, np.float64), TARGET_LOW, TARGET_HIGH)
    return 2 * (inside - TARGET_LOW) / (TARGET_HIGH - TARGET_LOW) - 1
