"""A log as metrics read it: up to the goal, with the series of its steps computed once.

Task metrics are reductions of these series. Each is computed when it is first asked for, with
numpy over all steps and people at once.

Step k stands for the interval that ends with it, so a mean over time weighs step k with
``t[k] - t[k - 1]``, and step 0 not at all. For even steps that is the mean over actions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadLog
from ..force import nearest_on_segment
from ..log import VERDICTS, EpisodeLog, Thing
from . import geodesic, geometry

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

Value = TypeVar("Value")

TOUCH = 1e-9
"""Discs whose surfaces are nearer than minus this are in contact; rounding is no collision [m]."""


def once(compute: Callable[[Reading], Value]) -> Callable[[Reading], Value]:
    """The same function, which computes for each reading but once."""

    @wraps(compute)
    def remembered(reading: Reading) -> Value:
        if compute not in reading.memo:
            reading.memo[compute] = compute(reading)
        value: Value = reading.memo[compute]
        return value

    return remembered


class Reading:
    """An episode up to the step at which the goal is reached, or to its end.

    Args:
        log: the whole episode.
        alone: the same episode without the robot, for metrics that compare; or None.

    Attributes:
        log: as given.
        alone: as given.
        reached: whether the goal was reached; None where nobody can say.
        n: steps considered, step 0 included.
        t: `[n]` [s].
        dt: `[n - 1]` [s], of the interval that ends with step k + 1.
        weight: `[n]` [s], of each step in means over time; 0 for step 0.
        duration: from the first step to the last [s].
        robot_pos: `[n, 2]` [m].
        robot_vel: `[n, 2]` [m/s].
        human_pos: `[n, H, 2]` [m], NaN where nobody is.
        human_vel: `[n, H, 2]` [m/s], likewise.
        goal_pos: `[n, 2]` [m].
        memo: what functions wrapped in ``once`` found.
    """

    def __init__(self, log: EpisodeLog, alone: EpisodeLog | None = None) -> None:
        self.log, self.alone = log, alone
        self.memo: dict[Callable[[Reading], Any], Any] = {}
        self.reached, last = _reaching(log)
        self.n = n = last + 1
        self.t = log.t[:n]
        self.dt: Floats = np.diff(self.t)
        self.weight: Floats = np.concatenate([[0.0], self.dt])
        self.duration = float(self.t[-1] - self.t[0])
        self.robot_pos, self.robot_vel = log.robot.pos[:n], log.robot.vel[:n]
        self.human_pos, self.human_vel = log.humans.pos[:n], log.humans.vel[:n]
        self.goal_pos = log.robot.goal.pos[:n]

    def mean(self, series: Floats | Bools) -> float | None:
        """The mean over time of a series `[n]`; None if no time passes."""
        if self.duration <= 0:
            return None
        # Summed in the same order, so that a share of all is 1 and not nearly.
        return float((series * self.weight).sum() / self.weight.sum())

    def total(self, series: Floats | Bools) -> float:
        """The integral over time of a series `[n]`."""
        return float((series * self.weight).sum())

    def stated(self, name: str) -> float | None:
        """A positive number of the log's ``meta``, if it is there.

        Raises:
            BadLog: it is something else.
        """
        value = self.log.meta.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise BadLog(f"meta.{name}: {value!r} is not a positive number")
        return float(value)

    @cached_property
    def shortest_path(self) -> float | None:
        """L* [m], of the disc that covers the robot: as stated, or found; None without a way."""
        stated = self.log.robot.shortest_path
        if stated is not None:
            return stated
        if self.log.robot.route is not None:
            return geometry.path_length(self.log.robot.route)
        return None if self._found_route is None else self._found_route[1]

    @cached_property
    def route(self) -> Floats | None:
        """`[K, 2]` [m], the shortest way, as stated or found; None without a way."""
        if self.log.robot.route is not None:
            return self.log.robot.route
        return None if self._found_route is None else self._found_route[0]

    @cached_property
    def _found_route(self) -> tuple[Floats, float] | None:
        if self.log.robot.goal.kind != "go-to":
            return None
        return geodesic.route(self.log, self.robot_pos[0], self.goal_pos[0])

    @cached_property
    def way_left(self) -> Floats | None:
        """`[n]` [m], the shortest way from each step to the goal; None where it is not known."""
        return self.ways_to(self.goal_pos[0]) if self.log.robot.goal.kind == "go-to" else None

    def ways_to(self, place: Floats) -> Floats | None:
        """`[n]` [m], the shortest way from each step to a place `[2]`; None if not known."""
        return geodesic.distances(self.log, self.robot_pos, place)

    @cached_property
    def anyone(self) -> bool:
        """Whether any person is there at any step."""
        return bool(self.log.humans.valid[: self.n].any())

    @cached_property
    def speed(self) -> Floats:
        """`[n]` [m/s]."""
        return geometry.norm(self.robot_vel)

    @cached_property
    def accel(self) -> Floats:
        """`[n - 1, 2]` [m/s²], at steps 1 and on."""
        return np.asarray(np.diff(self.robot_vel, axis=0) / self.dt[:, np.newaxis])

    @cached_property
    def jerk(self) -> Floats:
        """`[n - 2, 2]` [m/s³], at steps 2 and on; empty if there are none."""
        return np.asarray(np.diff(self.accel, axis=0) / self.dt[1:, np.newaxis])

    @cached_property
    def path(self) -> Floats:
        """`[K, 2]`, the robot's way without the trembling of one that stands."""
        return geometry.path_vertices(self.robot_pos)

    @cached_property
    def path_length(self) -> float:
        """Σ|Δp| [m]."""
        return geometry.path_length(self.robot_pos)

    @cached_property
    def to_human(self) -> Floats:
        """`[n, H, 2]` [m], from the robot to each person."""
        return np.asarray(self.human_pos - self.robot_pos[:, np.newaxis])

    @cached_property
    def centre_distance(self) -> Floats:
        """`[n, H]` [m], NaN where nobody is."""
        return geometry.norm(self.to_human)

    @cached_property
    def human_distance(self) -> Floats:
        """`[n, H]` [m], from surface to surface; negative in contact, NaN where nobody is."""
        return self._from_robot(self.to_human, self.centre_distance, self.log.humans.radius)

    @cached_property
    def human_swept(self) -> Floats:
        """`[n, H]` [m], the least of ``human_distance`` since the step before."""
        return self._swept(self.to_human, self.human_distance, self.log.humans.radius)

    @cached_property
    def nearest(self) -> Floats:
        """`[n]` [m], ``human_distance`` of the nearest; infinite where nobody is."""
        return _least(self.human_distance)

    @cached_property
    def nearest_centre(self) -> Floats:
        """`[n]` [m], ``centre_distance`` of the nearest; infinite where nobody is."""
        return _least(self.centre_distance)

    @cached_property
    def agent_swept(self) -> Floats:
        """`[n, A]` [m], to other robots, as ``human_swept``."""
        agents = self.log.agents
        to = agents.pos[: self.n] - self.robot_pos[:, np.newaxis]
        distance = self._from_robot(to, geometry.norm(to), agents.radius)
        return self._swept(to, distance, agents.radius)

    @cached_property
    def _each_wall(self) -> Floats:
        """`[n, W]` [m], from the robot's surface to each wall."""
        return self._from_segments(self.log.walls)

    @cached_property
    def wall_distance(self) -> Floats:
        """`[n]` [m], from the robot's surface to the nearest wall; infinite without walls."""
        return np.asarray(self._each_wall.min(axis=1, initial=np.inf))

    @cached_property
    def wall_swept(self) -> Floats:
        """`[n]` [m], the least of ``wall_distance`` since the step before."""
        walls, each, found = self.log.walls, self._each_wall, self.wall_distance.copy()
        if not len(walls) or self.log.robot.footprint is not None or self.n < 2:
            return found
        moved = np.concatenate([self.robot_pos[:-1], self.robot_pos[1:]], axis=1)
        ends = np.minimum(each[:-1], each[1:])
        # On its way the robot comes nearer than at its ends by at most half of it: only walls
        # that this could bring below the nearest end are looked at.
        half = geometry.norm(self.robot_pos[1:] - self.robot_pos[:-1]) / 2
        step, wall = np.nonzero(ends - half[:, np.newaxis] < ends.min(axis=1, keepdims=True))
        between = geometry.segment_distance(moved[step], walls[wall]) - self.log.robot.radius
        np.minimum.at(found[1:], step, between)
        return found

    @cached_property
    def thing_distance(self) -> Floats:
        """`[n, O]` [m], from the robot's surface to each object's."""
        if not self.log.objects:
            return np.zeros((self.n, 0))
        return np.stack([self._from_thing(thing) for thing in self.log.objects], axis=1)

    @cached_property
    def clearance(self) -> Floats:
        """`[n]` [m], from the robot's surface to the nearest wall or object."""
        return np.asarray(
            np.minimum(self.wall_distance, self.thing_distance.min(axis=1, initial=np.inf))
        )

    @cached_property
    def goal_distance(self) -> Floats:
        """`[n]` [m], from the robot's centre to the goal, straight."""
        return geometry.norm(self.goal_pos - self.robot_pos)

    def in_contact(self, distance: Floats) -> Bools:
        """Whether surfaces at that distance touch: a rectangle's are at 0 when they do."""
        least = -TOUCH if self.log.robot.footprint is None else TOUCH
        return np.asarray(distance < least)

    def _from_robot(self, to: Floats, centre: Floats, radius: Floats) -> Floats:
        robot = self.log.robot
        if robot.footprint is None:
            return np.asarray(centre - robot.radius - radius)
        seen = geometry.into_frame(to, robot.yaw[: self.n, np.newaxis])
        return np.asarray(geometry.rectangle_distance(seen, *robot.footprint) - radius)

    def _swept(self, to: Floats, distance: Floats, radius: Floats) -> Floats:
        found = distance.copy()
        # A rectangle turns between steps: only its steps are looked at.
        if self.log.robot.footprint is None and found.size:
            between = geometry.swept_distance(to) - self.log.robot.radius - radius
            found[1:] = np.where(np.isnan(distance[1:]), np.nan, np.fmin(distance[1:], between))
        return found

    def _from_segments(self, segments: Floats) -> Floats:
        """`[n, ...]` [m], from the robot's surface to segments `[n, ..., 4]` or `[..., 4]`."""
        robot = self.log.robot
        place = self.robot_pos[:, np.newaxis]
        if robot.footprint is None:
            away = place - nearest_on_segment(place, segments)
            return np.asarray(geometry.norm(away) - robot.radius)
        edges = geometry.rectangle_edges(self.robot_pos, robot.yaw[: self.n], *robot.footprint)
        apart = geometry.segment_distance(edges[:, np.newaxis], segments[..., np.newaxis, :])
        found = apart.min(axis=-1)
        ends = geometry.into_frame(segments[..., :2] - place, robot.yaw[: self.n, np.newaxis])
        return np.where(geometry.rectangle_distance(ends, *robot.footprint) <= 0, 0.0, found)

    def _from_thing(self, thing: Thing) -> Floats:
        """`[n]` [m]."""
        pos, yaw = thing.pos[: self.n], thing.yaw[: self.n]
        to = pos - self.robot_pos
        if thing.shape == "circle":
            if self.log.robot.footprint is None:
                return np.asarray(geometry.norm(to) - self.log.robot.radius - thing.length / 2)
            seen = geometry.into_frame(to, self.log.robot.yaw[: self.n])
            gap = geometry.rectangle_distance(seen, *self.log.robot.footprint)
            return np.asarray(gap - thing.length / 2)
        inside = geometry.rectangle_distance(
            geometry.into_frame(-to, yaw), thing.length, thing.width
        )
        if self.log.robot.footprint is None:
            return np.asarray(inside - self.log.robot.radius)
        edges = geometry.rectangle_edges(pos, yaw, thing.length, thing.width)
        return np.where(inside <= 0, 0.0, self._from_segments(edges).min(axis=1))


def _least(distance: Floats) -> Floats:
    """Over people: `[n, H]` to `[n]`, infinite where nobody is."""
    return np.asarray(np.fmin.reduce(distance, axis=1, initial=np.inf))


def _reaching(log: EpisodeLog) -> tuple[bool | None, int]:
    """Whether the goal was reached, and the step with which the episode ends.

    The world's own verdict counts where it gave one. Otherwise a place is reached at the first
    step within the tolerances, and whether a person was followed or guided is not known.
    """
    last = log.steps - 1
    for event in log.events:
        if event.kind == "goal":
            return True, min(int(np.searchsorted(log.t, event.t - 1e-9)), last)
    if any(event.kind in VERDICTS for event in log.events):
        return False, last
    goal = log.robot.goal
    if goal.kind != "go-to":
        return None, last
    there = geometry.norm(goal.pos - log.robot.pos) <= goal.pos_tol
    if goal.yaw is not None and goal.yaw_tol is not None:
        there &= np.abs(geometry.wrapped(log.robot.yaw - goal.yaw)) <= goal.yaw_tol
    steps = np.flatnonzero(there)
    return (True, int(steps[0])) if steps.size else (False, last)
