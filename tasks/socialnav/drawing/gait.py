"""How people hold arms and legs: walking by the distance gone, standing, and giving signs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .figure import JOINTS, LENGTHS, LIMBS, SHIN, SIZES

Floats = NDArray[np.float64]

STRIDE = 1.4
"""Distance of two steps [m]; about that of an adult at an easy pace."""

PACE = 1.3
"""Speed at which legs swing fully [m/s]."""

SWING = 0.46
"""How far a thigh swings forward and back at that pace [rad]."""

WAVES = 0.9
"""Waves of a beckoning hand in a second [Hz]."""

NONE, WAIT, GO = 0, 1, 2
"""Signs that people give: none, a raised palm, and an arm that shows the way."""


def pose(
    places: Floats,
    headings: Floats,
    speeds: Floats,
    walked: Floats,
    signs: NDArray[np.int64],
    ways: Floats,
    time: float,
) -> tuple[Floats, Floats]:
    """Where every limb of every person is.

    Args:
        places: `[N, 2]` [m].
        headings: `[N]` [rad].
        speeds: `[N]` [m/s].
        walked: distance that each has gone, `[N]` [m]; the phase of their step.
        signs: `[N]`, one of the signs above.
        ways: the direction that a ``GO`` shows, in the world, `[N]` [rad].
        time: by which hands wave [s].

    Returns:
        Places `[N, L, 3]` [m] and unit quaternions `[N, L, 4]`, limbs in the order of ``LIMBS``.
    """
    count = len(places)
    scale = np.array([SIZES[n % len(SIZES)] for n in range(count)])[:, None]
    swings, bends, sides = _legs_and_arms(speeds, walked)
    _give_signs(swings, bends, sides, signs, ways - headings, time)
    # The lower of the two soles stands on the floor.
    reach = LENGTHS[:2] * np.cos(swings[:, :2]) + SHIN * np.cos(swings[:, :2] - bends[:, :2])
    height = reach.max(axis=1) - (LENGTHS[0] + SHIN)
    upper = _turns(headings[:, None] + sides, -swings)
    lower = _turns(headings[:, None] + sides, bends_of(swings, bends))
    cos, sin = np.cos(headings)[:, None], np.sin(headings)[:, None]
    joints = JOINTS * scale[..., None]
    at = np.empty((count, len(LIMBS), 3))
    at[:, 0, :2], at[:, 0, 2] = places, height * scale[:, 0]
    at[:, 1:5, 0] = places[:, :1] + cos * joints[..., 0] - sin * joints[..., 1]
    at[:, 1:5, 1] = places[:, 1:] + sin * joints[..., 0] + cos * joints[..., 1]
    at[:, 1:5, 2] = at[:, :1, 2] + joints[..., 2]
    ahead = headings[:, None] + sides
    length = LENGTHS * scale
    at[:, 5:, 0] = at[:, 1:5, 0] + length * np.sin(swings) * np.cos(ahead)
    at[:, 5:, 1] = at[:, 1:5, 1] + length * np.sin(swings) * np.sin(ahead)
    at[:, 5:, 2] = at[:, 1:5, 2] - length * np.cos(swings)
    trunk = _turns(headings[:, None], np.zeros((count, 1)))
    return at, np.concatenate([trunk, upper, lower], axis=1)


def bends_of(swings: Floats, bends: Floats) -> Floats:
    """Angles of the lower limbs about the y axis `[N, 4]` [rad]: knees bend back, elbows ahead."""
    signs = np.array([1.0, 1.0, -1.0, -1.0])
    return np.asarray(-swings + signs * bends)


def _legs_and_arms(speeds: Floats, walked: Floats) -> tuple[Floats, Floats, Floats]:
    """Swings ahead, bends and turns aside of thighs and arms, each `[N, 4]` [rad]."""
    most = SWING * np.clip(speeds / PACE, 0.0, 1.25)[:, None]
    phase = (2 * math.pi / STRIDE) * walked[:, None] + np.array([0.0, math.pi])
    legs, arms = most * np.sin(phase), -0.75 * most * np.sin(phase)
    # A knee bends while its leg swings forward.
    knees = most * (0.12 + 1.5 * np.maximum(np.cos(phase), 0.0))
    elbows = np.broadcast_to(0.16 + 0.75 * most, knees.shape)
    swings = np.concatenate([legs, arms], axis=1)
    bends = np.concatenate([knees, elbows], axis=1)
    return swings, bends, np.zeros_like(swings)


def _give_signs(
    swings: Floats,
    bends: Floats,
    sides: Floats,
    signs: NDArray[np.int64],
    ways: Floats,
    time: float,
) -> None:
    """Raises the arms of those who give a sign; changes the first three arrays."""
    for n in np.flatnonzero(signs == WAIT):
        swings[n, 3], bends[n, 3], sides[n, 3] = 1.15, 1.45, -0.1
    for n in np.flatnonzero(signs == GO):
        way = math.remainder(float(ways[n]), 2 * math.pi)
        arm = 2 if way > 0 else 3  # the one on that side
        swings[n, arm], sides[n, arm] = 1.45, way
        bends[n, arm] = 0.25 + 0.25 * math.sin(2 * math.pi * WAVES * time)


def _turns(yaw: Floats, pitch: Floats) -> Floats:
    """Quaternions `[N, K, 4]` of a turn about the y axis followed by one about the vertical."""
    yaw, pitch = np.broadcast_arrays(yaw / 2, pitch / 2)
    a, d = np.cos(yaw), np.sin(yaw)
    w, y = np.cos(pitch), np.sin(pitch)
    return np.stack([a * w, -d * y, a * y, d * w], axis=-1)
