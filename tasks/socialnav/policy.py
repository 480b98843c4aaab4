"""Robots that see the world as it is: the oracles, and the references of the validation."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .crowd.orca import OrcaSettings, Simulation
from .world import World

Floats = NDArray[np.float64]


class Policy(Protocol):
    """Says what a holonomic robot does next."""

    def reset(self, world: World) -> None:
        """An episode begins."""
        ...

    def velocity(self, world: World) -> Floats:
        """The velocity to take, `[2]` [m/s], world frame."""
        ...


class OrcaRobot:
    """A robot that avoids people by ORCA, as CrowdNav's does.

    Args:
        safety: added to every radius [m]; ``safety_space``. Upstream's is 0, and with people who
            do not see the robot that is too little.
        settings: what ORCA is told besides.
    """

    def __init__(
        self,
        safety: float = 0.0,
        settings: OrcaSettings = OrcaSettings(neighbours=10, sync=1),  # noqa: B008 - frozen
    ) -> None:
        self._safety, self._settings = safety, settings

    def reset(self, world: World) -> None:
        """An episode begins: the robot is put into a simulation of its own."""
        settings = dataclasses.replace(self._settings, margin=self._settings.margin + self._safety)
        body = world.scene.body
        self._simulation = Simulation(
            world.scene,
            np.array([body.radius]),
            np.array([body.v_max]),
            settings,
            others=world.crowd.walkers.radius,
        )

    def velocity(self, world: World) -> Floats:
        """The velocity to take, `[2]` [m/s]."""
        robot, people = world.robot, world.crowd.walkers
        wish = world.scene.goal.pos - robot.pos
        left = float(np.hypot(wish[0], wish[1]))
        if left > world.scene.body.v_max:
            wish = wish * (world.scene.body.v_max / left)
        taken = self._simulation.decide(
            robot.pos[None],
            robot.vel[None],
            wish[None],
            world.scene.dt,
            people.pos,
            people.vel,
        )
        return np.asarray(taken[0])


class PlainForceRobot:
    """CrowdNav++'s robot that is pushed about by people; ``social_force.py`` there.

    It is not Helbing's: the push is an acceleration that falls off over a metre, and neither
    touch nor friction exists.

    Args:
        strength: of the push at touch, ``A`` [m/s^2].
        reach: over which it falls by e, ``B`` [m].
        gain: with which the desired velocity is taken up, ``KI`` [1/s].
    """

    def __init__(self, strength: float = 2.0, reach: float = 1.0, gain: float = 1.0) -> None:
        self._strength, self._reach, self._gain = strength, reach, gain

    def reset(self, world: World) -> None:
        """Nothing is remembered; it believes what the rules say it has seen, where they do."""

    def velocity(self, world: World) -> Floats:
        """The velocity to take, `[2]` [m/s]."""
        robot, fastest = world.robot, world.scene.body.v_max
        sight = getattr(world.rules, "sight", world.crowd.walkers)
        way = world.scene.goal.pos - robot.pos
        left = max(float(np.hypot(way[0], way[1])), 1e-9)
        pull = self._gain * (way * (fastest / left) - robot.vel)
        apart = robot.pos - sight.pos
        away = np.hypot(apart[:, 0], apart[:, 1])
        touch = world.scene.body.radius + world.crowd.walkers.radius
        push = self._strength * np.exp((touch - away) / self._reach) / np.maximum(away, 1e-9)
        speed = robot.vel + (pull + (push[:, None] * apart).sum(axis=0)) * world.scene.dt
        size = float(np.hypot(speed[0], speed[1]))
        return np.asarray(speed * (fastest / size) if size > fastest else speed)
