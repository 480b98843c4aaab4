"""The WidowX in MuJoCo: a step of 50 ms in the life of an arm, what it feels, what lies where.

Rates, start and observations: ``benchmark/domains/widowx`` of d5rlbenchmark/d5rl.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import MissingExtra
from . import body, scene
from .goal import CATEGORIES, Goal

Floats = NDArray[np.float64]

CONTROL_STEP = 0.05
"""[s]"""

SUBSTEPS = round(CONTROL_STEP / body.TIMESTEP)
"""Steps of physics in a control step."""

GAINS = np.array([body.SPEED] * 3 + [body.TURN] * 3 + [body.GRIP_SPEED])
"""What an action of 1 asks for [m/s, rad, m/s]."""

DOWN_LEFT_AHEAD = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Turns what the world's axes say into the frame of actions and senses (``body.BASE_FRAME``)."""


class Simulation:
    """The arm, and what is on its table.

    Attributes:
        model: MuJoCo's model; its colours change from episode to episode.
        data: MuJoCo's state of it.

    Raises:
        MissingExtra: ``mujoco`` is not installed.
        RenderingUnavailable: ``MUJOCO_GL`` names a backend that does not load.
    """

    def __init__(self) -> None:
        from ...rendering import prepare

        prepare()
        try:
            import mujoco
        except ModuleNotFoundError as error:
            raise MissingExtra("d5rl", "d5rl", error.name or "mujoco") from error
        self._mujoco = mujoco
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        spec.option.timestep = body.TIMESTEP
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        spec.option.impratio = 10.0
        scene.add_scene(spec)
        body.add_body(spec)
        self.model: Any = spec.compile()
        self.data: Any = mujoco.MjData(self.model)
        self._fingers = {self.model.geom(name).id for name in body.FINGERS}

    def reset(self, dice: np.random.Generator, goal: Goal) -> None:
        """The arm is at home, shoe and toy lie on the table.

        Args:
            dice: draws where they lie, and how far the hand is open.
            goal: says which they are.
        """
        model, data = self.model, self.data
        self._mujoco.mj_resetData(model, data)
        for joint, angle in zip(body.JOINTS, body.HOME, strict=True):
            data.joint(joint).qpos[0] = angle
        least, most = body.FINGER_RANGE
        opening = least + (most - least) * dice.uniform()
        for finger, side in zip(body.FINGERS, (1, -1), strict=True):
            data.joint(finger).qpos[0] = side * opening
        places, yaws = scene.place_objects(dice)
        for number, name in enumerate(CATEGORIES):
            scene.paint(model, name, goal.pair[number])
            half = yaws[number] / 2
            data.joint(name).qpos[:] = (*places[number], 0.0, np.cos(half), 0, 0, np.sin(half))
        self._mujoco.mj_forward(model, data)

    def step(self, action: Floats) -> None:
        """A control step.

        Args:
            action: `[7]` in [-1, 1]; beyond, it is clipped as upstream's actuators do.
        """
        self.data.ctrl[:] = GAINS * np.clip(action, -1.0, 1.0)
        self._mujoco.mj_step(self.model, self.data, SUBSTEPS)
        # What is sensed belongs to where things are now, not to a step of physics before.
        self._mujoco.mj_forward(self.model, self.data)

    @property
    def tip(self) -> Floats:
        """The point between the fingers, along the world's axes `[3]` [m]."""
        return np.array(self.data.site("tip").xpos)

    @property
    def turned(self) -> float:
        """How far the hand is turned about the vertical, as ``rx`` counts it [rad]."""
        opening = self.data.site("tip").xmat.reshape(3, 3)[:, 1]
        _, left, ahead = DOWN_LEFT_AHEAD @ opening
        return float(np.arctan2(ahead, left))

    def place_of(self, number: int) -> Floats:
        """Centre of mass of the shoe (0) or the toy (1), along the world's axes `[3]` [m]."""
        return np.array(self.data.body(CATEGORIES[number]).xipos)

    def direction_of(self, number: int) -> Floats:
        """Where the shoe's (0) toe or the toy's (1) head points, along the world's axes `[3]`."""
        axes = self.data.body(CATEGORIES[number]).xmat.reshape(3, 3)
        return np.array(axes[:, 0 if number == 0 else 2])

    def fingers_on(self, number: int) -> int:
        """How many fingers touch the shoe (0) or the toy (1)."""
        model, data = self.model, self.data
        thing = model.body(CATEGORIES[number]).id
        touching = set()
        for one, other in data.contact.geom[: data.ncon].tolist():
            for finger, held in ((one, other), (other, one)):
                if finger in self._fingers and model.geom_bodyid[held] == thing:
                    touching.add(finger)
        return len(touching)

    def rests_in(self, number: int, place: int) -> bool:
        """Whether an object lies in a bin, and no finger touches it.

        Args:
            number: 0 for the shoe, 1 for the toy.
            place: number of the bin.
        """
        return scene.in_bin(self.place_of(number), place) and not self.fingers_on(number)

    def senses(self) -> Floats:
        """What the robot feels, `[7]`.

        The point between the fingers, down, left and ahead of the base (3) [m]; the right
        finger's position and velocity, then the left one's [m, m/s].
        """
        fingers = [
            float(value[0])
            for name in reversed(body.FINGERS)
            for value in (self.data.joint(name).qpos, self.data.joint(name).qvel)
        ]
        return np.concatenate((DOWN_LEFT_AHEAD @ self.tip, fingers))

    def things(self) -> Floats:
        """What upstream's robot does not feel, `[13]`.

        The hand's turn about the vertical [rad]; then of the shoe and of the toy the centre of
        mass (3) [m] and the direction (3), down, left and ahead of the base.
        """
        parts = [
            DOWN_LEFT_AHEAD @ what(number)
            for number in range(len(CATEGORIES))
            for what in (self.place_of, self.direction_of)
        ]
        return np.concatenate(([self.turned], *parts))
