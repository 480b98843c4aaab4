"""Robots: a disc on the floor, how it takes commands, and how far that brings it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument, did_you_mean

Floats = NDArray[np.float64]

ARC_PIECE = 0.05
"""Longest piece of an arc that a sweep takes as straight [rad]: at 1 m/s and 1 rad/s it strays by
0.3 mm from the arc."""

SMALL_TURN = 1e-6
"""Turn in a step below which an arc is a straight line in double precision [rad]."""

Kinematics = Literal["holonomic", "differential"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Body:
    """What a robot can do.

    Attributes:
        id: its name.
        kinematics: ``holonomic`` takes (vx, vy) in the world's frame and keeps its heading;
            ``differential`` takes (v, omega) and drives arcs.
        radius: of the disc that covers it [m].
        v_max: greatest speed [m/s].
        v_min: least speed along its heading; negative where it can reverse [m/s].
        omega_max: greatest turning rate [rad/s].
        a_max: greatest change of velocity, infinite for none [m/s^2].
        alpha_max: greatest change of turning rate, infinite for none [rad/s^2].
    """

    id: str
    kinematics: Kinematics
    radius: float
    v_max: float
    v_min: float = 0.0
    omega_max: float = math.inf
    a_max: float = math.inf
    alpha_max: float = math.inf


BODIES: Mapping[str, Body] = MappingProxyType(
    {
        body.id: body
        for body in (
            # CrowdNav's robot: env.config, sections [robot] and [action_space].
            Body(id="crowdnav", kinematics="holonomic", radius=0.3, v_max=1.0),
            # The rest are our own round figures for robots of these sizes; no data sheet's.
            Body(
                id="small", kinematics="differential", radius=0.18, v_max=0.65,
                omega_max=1.9, a_max=1.0, alpha_max=4.0,
            ),
            Body(
                id="slender", kinematics="differential", radius=0.18, v_max=0.5,
                omega_max=1.5, a_max=1.0, alpha_max=4.0,
            ),
            Body(
                id="medium", kinematics="differential", radius=0.25, v_max=1.0,
                omega_max=1.5, a_max=1.0, alpha_max=4.0,
            ),
            Body(
                id="large", kinematics="differential", radius=0.3, v_max=1.0,
                omega_max=1.5, a_max=1.0, alpha_max=4.0,
            ),
            Body(id="omni", kinematics="holonomic", radius=0.25, v_max=1.0, a_max=1.0),
        )
    }
)  # fmt: skip
"""Bodies by name. People find robots above 1 m/s uneasy company, so none of ours is faster."""


def body_named(name: str) -> Body:
    """The body of that name.

    Raises:
        BadArgument: there is none.
    """
    if name not in BODIES:
        raise BadArgument(
            f"there is no robot '{name}'.{did_you_mean(name, BODIES)} Robots: {', '.join(BODIES)}"
        )
    return BODIES[name]


class Robot:
    """A robot on its way.

    Args:
        body: what it can do.
        pos: its centre, `[2]` [m].
        yaw: its heading [rad].

    Attributes:
        pos: where it is, `[2]` [m].
        yaw: its heading [rad], not wrapped.
        vel: its velocity now, `[2]` [m/s], world frame.
        omega: its turning rate [rad/s].
        command: what it carried out last, after all limits, `[2]`.
    """

    def __init__(self, body: Body, pos: Floats, yaw: float) -> None:
        self.body = body
        self.pos = np.array(pos, np.float64)
        self.yaw = float(yaw)
        self.vel = np.zeros(2)
        self.omega = 0.0
        self.command = np.zeros(2)

    def limit(self, wanted: Sequence[float] | Floats, dt: float) -> Floats:
        """What it will carry out of a command, `[2]`: within speed, then within acceleration.

        Args:
            wanted: (vx, vy) [m/s] or (v, omega) [m/s, rad/s], `[2]`.
            dt: until the next command [s].
        """
        body = self.body
        first, second = wanted[0], wanted[1]
        last_first, last_second = self.command.tolist()
        if body.kinematics == "holonomic":
            speed = math.hypot(first, second)
            if speed > body.v_max:
                first, second = first * body.v_max / speed, second * body.v_max / speed
            dx, dy = first - last_first, second - last_second
            change, most = math.hypot(dx, dy), body.a_max * dt
            if change > most:
                first = last_first + dx * most / change
                second = last_second + dy * most / change
            return np.array([first, second])
        first = min(max(first, body.v_min), body.v_max)
        second = min(max(second, -body.omega_max), body.omega_max)
        first = _within(first, last_first, body.a_max * dt)
        second = _within(second, last_second, body.alpha_max * dt)
        return np.array([first, second])

    def path(self, command: Floats, dt: float) -> Floats:
        """Where its centre goes under a command, `[K + 1, 2]` [m]: corners of even pieces.

        A holonomic robot goes straight: K is 1. Points of an arc lie exactly on it.

        Args:
            command: from ``limit``, `[2]`.
            dt: how long [s].
        """
        if self.body.kinematics == "holonomic":
            return np.array([self.pos, self.pos + command * dt])
        turn = float(command[1]) * dt
        pieces = max(1, math.ceil(abs(turn) / ARC_PIECE))
        share = np.arange(pieces + 1) / pieces
        return self.pos + _arc(float(command[0]) * dt, turn, self.yaw, share)

    def heading(self, command: Floats, dt: float) -> float:
        """Its heading after a command [rad]."""
        return self.yaw + (self.body.kinematics == "differential") * float(command[1]) * dt

    def move(self, command: Floats, dt: float, path: Floats, share: float = 1.0) -> None:
        """Carries a command out.

        Args:
            command: from ``limit``, `[2]`.
            dt: how long [s].
            path: from ``path`` for that command, `[K + 1, 2]` [m].
            share: the part of it after which the robot is stopped by something; 1 for none.
        """
        self.command = command
        if self.body.kinematics == "holonomic":
            self.pos = path[1] if share >= 1.0 else path[0] + (path[1] - path[0]) * share
            self.vel = command
        else:
            speed, self.omega = command.tolist()
            turn, part = self.omega * dt, min(share, 1.0)
            if share < 1.0:
                self.pos = path[0] + _arc(speed * dt, turn, self.yaw, np.array([part]))[0]
            else:
                self.pos = path[-1]
            self.yaw += turn * part
            self.vel = speed * np.array([math.cos(self.yaw), math.sin(self.yaw)])
        if share < 1.0:
            self.vel, self.command, self.omega = np.zeros(2), np.zeros(2), 0.0


def _within(value: float, middle: float, most: float) -> float:
    return min(max(value, middle - most), middle + most)


def _arc(length: float, turn: float, yaw: float, share: Floats) -> Floats:
    """Displacements along an arc, `[K, 2]` [m].

    Args:
        length: of the whole arc, negative backwards [m].
        turn: over the whole arc, to the left [rad].
        yaw: heading at its start [rad].
        share: parts of it, `[K]`.
    """
    if abs(turn) < SMALL_TURN:
        heading = yaw + 0.5 * turn * share
        ahead = np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        return np.asarray((length * share)[:, None] * ahead)
    radius, after = length / turn, yaw + turn * share
    way = np.stack([np.sin(after) - math.sin(yaw), math.cos(yaw) - np.cos(after)], -1)
    return np.asarray(radius * way)
