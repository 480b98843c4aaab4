"""Steers the Franka arm: poses of the finger tips to joint angles, angles to actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ARM = 7
"""Joints of the arm; the model's first coordinates."""

LOW = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, 0.0, -2.8973])
HIGH = np.array([2.8973, 1.7628, 2.8973, -0.4, 2.8973, 2.1127, 2.8973])
"""Where both the joints (franka_assets/chain.xml) and the commands (franka_config.xml) of
upstream's arm may be [rad]."""

SITE = "end_effector"
"""Upstream's site in the hand: z points along the fingers, they open along y."""

TIP = 0.045
"""From the site to just short of the finger tips, along the fingers [m] (chain.xml)."""

DAMPING = 1e-3
"""Of the least squares [m^2]: bends the arm slowly where it is nearly stretched."""

TURNING = 0.15
"""What a radian of wrong orientation weighs against a metre of wrong place."""

POSTURE = 0.02
"""Part of the way back to the first posture taken in each iteration, where it costs nothing."""

EDGE = 1e-3
"""A joint nearer to its end than this is at it [rad]."""

ROOM = 0.4
"""How far from its ends a joint would rather be [rad]."""

SPEED = 2.0
"""What an action of 1 means [rad/s, m/s] (``act_rng``, franka_env.py)."""

PERIOD = 0.08
"""Of control [s]."""

LAG = np.array([100.0] * 4 + [10.0] * 3) / np.array([870.0] * 4 + [120.0] * 3)
"""Damping by stiffness of the joints: how far the arm stays behind a moving command [s]
(franka_assets/assets.xml and actuator.xml)."""

OPEN = 0.04
"""How far a finger opens [m]."""


def rotation_error(wanted: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The small rotation `[3]` [rad] that takes one matrix `[3, 3]` towards another."""
    crossed = np.cross(found, wanted, axis=0).sum(axis=1)
    return np.asarray(0.5 * crossed)


def facing(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> NDArray[np.float64]:
    """Orientation `[3, 3]` of the hand.

    Args:
        yaw: which way the fingers point about the vertical; 0 is along y, away from the robot,
            and positive turns to the left [rad].
        pitch: how far they point down [rad].
        roll: about the fingers; at 0 they open sideways [rad].
    """
    side = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    flat = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    ahead = np.cos(pitch) * flat - np.sin(pitch) * np.array([0.0, 0.0, 1.0])
    # Right-handed: x of the site is up when z points away and y to the right.
    above = np.cross(side, ahead)
    opening = np.cos(roll) * side + np.sin(roll) * above
    return np.stack([np.cross(opening, ahead), opening, ahead], axis=1)


def solve(
    jacobian: NDArray[np.float64],
    error: NDArray[np.float64],
    joints: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The bend `[7]` [rad] that undoes an error `[6]` by damped least squares.

    A joint that would be bent past its end is held, and the others are asked again: left in,
    it would go on promising what it cannot give.

    Args:
        jacobian: of the error, `[6, 7]`.
        error: place [m] and weighted turn.
        joints: where they are `[7]` [rad].
        rest: where they would rather be, as far as it costs nothing `[7]` [rad].
    """
    free = np.ones(ARM, bool)
    while True:
        used = jacobian * free
        inverse = used.T @ np.linalg.inv(used @ used.T + DAMPING * np.eye(6))
        spare = np.diag(free) - inverse @ used
        bend = np.asarray(inverse @ error + spare @ (POSTURE * (rest - joints)))
        past = free & ((joints + bend < LOW) | (joints + bend > HIGH))
        past &= (joints <= LOW + EDGE) & (bend < 0) | (joints >= HIGH - EDGE) & (bend > 0)
        if not past.any():
            return bend
        free &= ~past


class Arm:
    """Plans on a copy of the world's state and steers the world's arm along the plan.

    Args:
        model: a ``mujoco.MjModel`` of the kitchen.

    Attributes:
        plan: the joint angles `[7]` [rad] that are aimed at.
    """

    def __init__(self, model: Any) -> None:
        import mujoco

        self._mujoco, self._model = mujoco, model
        self._scratch = mujoco.MjData(model)
        self._site = model.site(SITE).id
        self._jacobian = np.zeros((6, model.nv))
        self._drift = np.zeros(ARM)
        self.plan = np.zeros(ARM)
        self._rest = np.zeros(ARM)
        self._before = np.zeros(ARM)

    def begin(self, data: Any) -> None:
        """Takes the arm as it is for the plan, and near it, the posture it likes best."""
        self._scratch.qpos[:] = data.qpos
        self.plan = np.clip(data.qpos[:ARM], LOW, HIGH)
        self._rest = np.clip(self.plan, LOW + ROOM, HIGH - ROOM)
        self._before = self.plan.copy()
        self._drift = np.zeros(ARM)

    def pose_of(self, data: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the finger tips are `[3]` [m] and how the hand is turned `[3, 3]`."""
        turned = data.site_xmat[self._site].reshape(3, 3).copy()
        return data.site_xpos[self._site] + TIP * turned[:, 2], turned

    def aim(
        self, place: NDArray[np.float64], turned: NDArray[np.float64], iterations: int = 5
    ) -> float:
        """Bends the plan so that the finger tips come to a pose.

        Args:
            place: of the finger tips `[3]` [m].
            turned: of the hand `[3, 3]`.
            iterations: of damped least squares.

        Returns:
            how far the planned tips are from the place [m].
        """
        mujoco, scratch = self._mujoco, self._scratch
        miss = np.inf
        for _ in range(iterations):
            scratch.qpos[:ARM] = self.plan
            mujoco.mj_kinematics(self._model, scratch)
            mujoco.mj_comPos(self._model, scratch)
            tips, now = self.pose_of(scratch)
            body = self._model.site_bodyid[self._site]
            mujoco.mj_jac(self._model, scratch, self._jacobian[:3], self._jacobian[3:], tips, body)
            error = np.concatenate([place - tips, TURNING * rotation_error(turned, now)])
            miss = float(np.linalg.norm(place - tips))
            jacobian = self._jacobian[:, :ARM].copy()
            jacobian[3:] *= TURNING
            bend = solve(jacobian, error, self.plan, self._rest)
            self.plan = np.clip(self.plan + np.clip(bend, -0.2, 0.2), LOW, HIGH)
        return miss

    def action(self, measured: NDArray[np.float64], opening: float) -> NDArray[np.float32]:
        """The action `[9]` that brings the arm to the plan.

        Upstream's servos give way under load, so that what is missing is summed up and added.

        Args:
            measured: positions of joints and fingers `[9]` [rad, m].
            opening: of each finger [m].
        """
        missing = self.plan - measured[:ARM]
        self._drift = np.clip(self._drift + 0.2 * missing, -0.1, 0.1)
        ahead = LAG * (self.plan - self._before) / PERIOD
        self._before = self.plan.copy()
        arm = missing + self._drift + ahead
        fingers = opening - measured[ARM:]
        return np.clip(np.concatenate([arm, fingers]) / (SPEED * PERIOD), -1, 1).astype(np.float32)
