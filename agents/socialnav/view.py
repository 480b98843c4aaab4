"""What a robot reads off the observation of a social navigation task: goal, itself, people, walls.

The layout is the contract of version 1 of these tasks; their ``percept.state_names`` names every
number, and a test holds the two against each other. An agent may not import a world.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.protocols import Observation

Floats = NDArray[np.float64]

ROBOT = (
    "goal_distance",
    "goal_sin",
    "goal_cos",
    "velocity_0",
    "velocity_1",
    "v_max",
    "radius",
    "time_left",
    "gesture",
)
"""The first numbers of ``state``: [m], direction of the goal, (vx, vy) or (v, omega)
[m/s, rad/s], [m/s], [m], [s], a number of the family's gestures."""

PERSON = ("x", "y", "vx", "vy", "radius", "heading_sin", "heading_cos", "group")
"""Then for each place for a person, from near to far: where they are [m] and how fast they move
[m/s], both as seen from the moving robot, their radius [m], where they look, their group. After
all of them stands 1 for each place that is taken, else 0."""


SEEN = 6.0
"""Farther things do not change what a robot at walking pace does next [m]."""

BODY = 0.15
"""What is so near to the surface of a person belongs to them [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One observation, seen from the robot.

    It is in the origin; x is its heading where it drives, else the world's x.

    Attributes:
        goal: where it is to be, `[2]` [m].
        velocity: the robot's, `[2]` [m/s].
        turning: its turning rate; 0 for one that is holonomic [rad/s].
        fastest: its greatest speed [m/s].
        radius: its own [m].
        people: where they are, `[N, 2]` [m].
        walking: their velocities over the floor, `[N, 2]` [m/s].
        sizes: their radii, `[N]` [m].
        walls: where the scanner's rays end on what is not one of the people, in turn, `[K, 2]`
            [m]; none without a scanner.
    """

    goal: Floats
    velocity: Floats
    turning: float
    fastest: float
    radius: float
    people: Floats
    walking: Floats
    sizes: Floats
    walls: Floats


def read_view(observation: Observation, drives: bool) -> View:
    """Reads an observation.

    Args:
        observation: with ``state``, and ``lidar`` where the task offers it.
        drives: whether the robot takes (v, omega) and looks along x.

    Raises:
        BadArgument: there is no ``state``, or it is not laid out as these tasks have it.
    """
    state = np.asarray(observation.get("state", ()), np.float64)
    places, rest = divmod(state.size - len(ROBOT), len(PERSON) + 1)
    if state.ndim != 1 or places < 1 or rest:
        raise BadArgument(
            f"this robot reads the state of socialnav tasks, {len(ROBOT)} numbers and "
            f"{len(PERSON) + 1} a person; it was given {state.size}. Play socialnav with it."
        )
    own = dict(zip(ROBOT, state.tolist(), strict=False))
    end = len(ROBOT) + places * len(PERSON)
    there = state[end:] > 0.5
    people = state[len(ROBOT) : end].reshape(places, len(PERSON))[there]
    if drives:
        velocity, turning = np.array([own["velocity_0"], 0.0]), own["velocity_1"]
    else:
        velocity, turning = np.array([own["velocity_0"], own["velocity_1"]]), 0.0
    return View(
        goal=own["goal_distance"] * np.array([own["goal_cos"], own["goal_sin"]]),
        velocity=velocity,
        turning=turning,
        fastest=own["v_max"],
        radius=own["radius"],
        people=people[:, :2],
        walking=people[:, 2:4] + velocity,
        sizes=people[:, 4],
        walls=_walls(observation, people[:, :2], people[:, 4]),
    )


def _walls(observation: Observation, people: Floats, sizes: Floats) -> Floats:
    """Ends of the rays that met no person, `[K, 2]` [m]: ray 0 looks along x, the rest leftwards.

    Args:
        observation: with ``lidar`` or without.
        people: where they are, `[N, 2]` [m].
        sizes: their radii, `[N]` [m].
    """
    scan = np.asarray(observation.get("lidar", ()), np.float64)
    turn = np.arange(scan.size) * (2 * np.pi / max(scan.size, 1))
    # A ray that is as long as the longest may have met nothing at all.
    met = scan < min(float(scan.max(initial=0.0)), SEEN)
    ends = scan[met, None] * np.stack([np.cos(turn[met]), np.sin(turn[met])], axis=-1)
    apart = np.hypot(*(ends[:, None] - people).transpose(2, 0, 1))
    return np.asarray(ends[(apart > sizes + BODY).all(axis=1)])
