"""The A1 in MuJoCo: a step of 50 ms in the life of a body, and what it feels.

Rates, start and observations: ``benchmark/domains/a1`` of d5rlbenchmark/d5rl.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import MissingExtra
from . import body, terrain
from .pose import JOINTS, LIMITS_LEG, standing_pose
from .reward import Motion

Floats = NDArray[np.float64]

CONTROL_STEP = 0.05
"""[s]"""

SUBSTEPS = round(CONTROL_STEP / body.TIMESTEP)
"""Steps of physics in a control step."""

START_NOISE = 0.05
"""Joints begin within so much of standing [rad]. Ours: upstream's episodes all begin alike."""

GROUNDS = ("plain", "hills", "field")
"""What the robot stands on; see ``terrain``."""

FIELD_FRICTION, FIELD_MASS = (0.75, 1.25), 0.25
"""On the field friction is drawn, and the trunk's mass departs by so much [kg] (upstream's
``runto``)."""

RAISE = 0.01
"""The trunk is put into the air in such steps until nothing touches [m]."""


class Simulation:
    """The robot and the ground under it.

    Args:
        ground: a name in ``GROUNDS``.

    Attributes:
        model: MuJoCo's model.
        data: MuJoCo's state of it.

    Raises:
        MissingExtra: ``mujoco`` is not installed.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    def __init__(self, ground: str = GROUNDS[0]) -> None:
        from ...rendering import prepare

        prepare()
        try:
            import mujoco
        except ModuleNotFoundError as error:
            raise MissingExtra("d5rl", "d5rl", error.name or "mujoco") from error
        self._mujoco, self._ground = mujoco, ground
        spec = mujoco.MjSpec()
        {
            "plain": terrain.add_plain,
            "hills": terrain.add_course,
            "field": terrain.add_field,
        }[ground](spec)
        body.add_body(spec)
        self.model: Any = spec.compile()
        self.data: Any = mujoco.MjData(self.model)
        self._previous = np.zeros(len(JOINTS))

    def reset(self, dice: np.random.Generator, noise: float = START_NOISE) -> None:
        """The robot stands at the start, facing along x.

        Args:
            dice: draws the ground and how the joints begin; on the field, the trunk's mass too.
            noise: joints begin within so much of standing [rad].
        """
        model, data = self.model, self.data
        self._mujoco.mj_resetData(model, data)
        if self._ground == "hills":
            model.hfield_data[:] = terrain.bumps(dice).ravel()
            data.qpos[0] = terrain.START_X
        elif self._ground == "field":
            model.hfield_data[:] = terrain.field_bumps(dice).ravel()
            model.geom("floor").friction[0] = dice.uniform(*FIELD_FRICTION)
            model.body("trunk").mass[0] = body.TRUNK_MASS + dice.uniform(-FIELD_MASS, FIELD_MASS)
        joints = standing_pose() + dice.uniform(-noise, noise, len(JOINTS))
        low, high = np.tile(np.transpose(LIMITS_LEG), len(JOINTS) // 3)
        data.qpos[7:] = np.clip(joints, low, high)
        data.qpos[2] = 0.2
        self._mujoco.mj_forward(model, data)
        while data.ncon:
            data.qpos[2] += RAISE
            self._mujoco.mj_forward(model, data)
        self._previous = np.zeros(len(JOINTS))

    def step(self, target: Floats) -> None:
        """A control step.

        Args:
            target: of the joints `[12]` [rad].
        """
        self.data.ctrl[:] = target
        self._mujoco.mj_step(self.model, self.data, SUBSTEPS)
        # What is sensed belongs to where the robot is now, not to a step of physics before. The
        # motors' torques stay those of the last step, as upstream reads them.
        self._mujoco.mj_step1(self.model, self.data)
        self._previous = np.array(target, np.float64)

    def motion(self) -> Motion:
        """What rewards look at."""
        data = self.data
        turned = data.xmat[1].reshape(3, 3)
        return Motion(
            forward=float(data.sensor("velocimeter").data[0]),
            roll=math.atan2(turned[2, 1], turned[2, 2]),
            pitch=math.asin(min(1.0, max(-1.0, -turned[2, 0]))),
            yaw=math.atan2(turned[1, 0], turned[0, 0]),
            up=float(turned[2, 2]),
            joints=data.qpos[7:].copy(),
            speeds=data.qvel[6:].copy(),
            torques=data.actuator_force.copy(),
        )

    def drift(self) -> float:
        """Velocity of the trunk to its own left [m/s]."""
        return float(self.data.sensor("velocimeter").data[1])

    def place(self) -> tuple[float, float]:
        """Where the trunk is on the ground, ahead and to the left [m]."""
        x, y = self.data.qpos[:2].tolist()
        return x, y

    def senses(self) -> Floats:
        """What the robot feels, `[58]`.

        Joint angles (12) [rad], joint velocities (12) [rad/s], the trunk's orientation as a unit
        quaternion, real part first (4), its angular velocity (3) [rad/s] and velocity (3) [m/s]
        along its own axes, torques (12) [Nm], and the joint targets of the step before (12)
        [rad], zeros at the start.
        """
        data = self.data
        return np.concatenate(
            (data.qpos[7:], data.qvel[6:], data.sensordata, data.actuator_force, self._previous)
        )
