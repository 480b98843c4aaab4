"""Social force: how hard robot, people and walls push one another, by Helbing's law.

The law of :mod:`..force` with its published constants, applied to what happened rather than to
what a crowd model wanted, so that crowds of every model are measured alike. Forces are integrated
over time, so that the sampling rate does not matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..force import HELBING_2000, nearest_on_segment, pair_force, wall_force
from . import geometry
from .declaration import Metric
from .reading import Floats, Reading, once

NOTHING = 30
"""Gaps of this many times the law's reach: what is left is 2000 N / e^30, 2e-10 N."""


@once
def on_agents(reading: Reading) -> Floats:
    """`[n]` [N], lengths of the robot's forces on people, added up."""
    return np.asarray(geometry.norm(_by_robot(reading)).sum(axis=1))


@once
def on_robot(reading: Reading) -> Floats:
    """`[n]` [N], length of the sum of people's forces on the robot."""
    force = pair_force(
        reading.robot_pos[:, np.newaxis],
        reading.robot_vel[:, np.newaxis],
        reading.log.robot.radius,
        reading.human_pos,
        reading.human_vel,
        reading.log.humans.radius,
    )
    return geometry.norm(np.asarray(force.sum(axis=1)))


@once
def walls_on_robot(reading: Reading) -> Floats:
    """`[n]` [N], length of the force of walls and objects on the robot."""
    force = _by_obstacles(
        reading,
        reading.robot_pos[:, np.newaxis],
        reading.robot_vel[:, np.newaxis],
        np.array([reading.log.robot.radius]),
    )
    return geometry.norm(force[:, 0])


@once
def walls_on_agents(reading: Reading) -> Floats:
    """`[n]` [N], lengths of the forces of walls and objects on people, added up."""
    people = reading.log.humans
    force = _by_obstacles(reading, reading.human_pos, reading.human_vel, people.radius)
    return np.asarray(geometry.norm(force).sum(axis=1))


def _by_robot(reading: Reading) -> Floats:
    return pair_force(
        reading.human_pos,
        reading.human_vel,
        reading.log.humans.radius,
        reading.robot_pos[:, np.newaxis],
        reading.robot_vel[:, np.newaxis],
        reading.log.robot.radius,
    )


def _by_obstacles(reading: Reading, pos: Floats, vel: Floats, radius: Floats) -> Floats:
    """The forces on bodies `[n, N]` by walls and objects, `[n, N, 2]` [N]; 0 where nobody is."""
    there = ~np.isnan(pos[..., 0])
    who = np.broadcast_to(radius, there.shape)[there]
    found = np.zeros(pos.shape)
    found[there] += _by_walls(pos[there], vel[there], who, reading.log.walls)
    step = np.nonzero(there)[0]
    for thing in reading.log.objects:
        if thing.shape == "circle":
            force = pair_force(
                pos[there], vel[there], who, thing.pos[step], 0 * vel[there], thing.length / 2
            )
        else:
            # In the object's frame it stands still, whether it moves or not.
            yaw = thing.yaw[step]
            seen = geometry.into_frame(pos[there] - thing.pos[step], yaw)
            motion = geometry.into_frame(vel[there], yaw)
            edges = geometry.rectangle_edges(np.zeros(2), np.zeros(()), thing.length, thing.width)
            force = geometry.into_frame(wall_force(seen, motion, who, edges), -yaw)
        found[there] += force
    return found


def _by_walls(pos: Floats, vel: Floats, radius: Floats, walls: Floats) -> Floats:
    """``wall_force`` on bodies `[M]`, worked out only for walls whose force is not nothing."""
    if not len(pos) or not len(walls):
        return np.zeros(pos.shape)
    far = min(HELBING_2000.cutoff, float(radius.max()) + NOTHING * HELBING_2000.reach)
    low, high = np.minimum(walls[:, :2], walls[:, 2:]), np.maximum(walls[:, :2], walls[:, 2:])
    near = np.ones((len(pos), len(walls)), bool)
    for axis in (0, 1):
        place = pos[:, axis, np.newaxis]
        near &= (place > low[:, axis] - far) & (place < high[:, axis] + far)
    body, wall = np.nonzero(near)
    nearest = nearest_on_segment(pos[body], walls[wall])
    # A wall is a body of no size that stands at its nearest point.
    force = pair_force(pos[body], vel[body], radius[body], nearest, 0 * nearest, 0.0)
    return np.stack(
        [np.bincount(body, force[:, axis], minlength=len(pos)) for axis in (0, 1)], axis=-1
    )


def social_force_on_agents(reading: Reading) -> float | None:
    """[N s]."""
    return reading.total(on_agents(reading)) if reading.anyone else None


def social_force_on_robot(reading: Reading) -> float | None:
    """[N s]."""
    return reading.total(on_robot(reading)) if reading.anyone else None


def obstacle_force_on_robot(reading: Reading) -> float | None:
    """[N s]."""
    return reading.total(walls_on_robot(reading)) if _obstructed(reading) else None


def obstacle_force_on_agents(reading: Reading) -> float | None:
    """[N s]."""
    if not _obstructed(reading) or not reading.anyone:
        return None
    return reading.total(walls_on_agents(reading))


def social_work(reading: Reading) -> float | None:
    """[N s]."""
    if not reading.anyone:
        return None
    return reading.total(on_robot(reading) + walls_on_robot(reading) + on_agents(reading))


def _obstructed(reading: Reading) -> bool:
    return bool(len(reading.log.walls) or reading.log.objects)


def _metric(
    key: str, title: str, formula: str, undefined: str, compute: Callable[[Reading], float | None]
) -> Metric:
    return Metric(
        key=key,
        title=title,
        unit="N s",
        better="lower",
        low=0,
        principles=("P2",),
        formula=formula,
        source="HuNavSim, with the law of Helbing, Farkas and Vicsek 2000 and integrated over time",
        undefined=undefined,
        compute=compute,
    )


_NOBODY = "nobody is there"
_OPEN = "there are no walls and no objects"

METRICS: tuple[Metric, ...] = (
    _metric(
        "social_force_on_agents",
        "the robot's push on people",
        "Σ over t and i of |F_r→i| Δt",
        _NOBODY,
        social_force_on_agents,
    ),
    _metric(
        "social_force_on_robot",
        "people's push on the robot",
        "Σ over t of |Σ over i of F_i→r| Δt",
        _NOBODY,
        social_force_on_robot,
    ),
    _metric(
        "obstacle_force_on_robot",
        "push of walls and objects on the robot",
        "Σ over t of |F_obs→r| Δt",
        _OPEN,
        obstacle_force_on_robot,
    ),
    _metric(
        "obstacle_force_on_agents",
        "push of walls and objects on people",
        "Σ over t and i of |F_obs→i| Δt",
        f"{_OPEN}; {_NOBODY}",
        obstacle_force_on_agents,
    ),
    _metric(
        "social_work",
        "social work",
        "Σ over t of (|Σ F_i→r| + |F_obs→r| + Σ|F_r→i|) Δt",
        _NOBODY,
        social_work,
    ),
)
