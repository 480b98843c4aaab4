"""What a log shows of an encounter: who was where when, how near, and how fast."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..log import EpisodeLog

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STANDING = 0.1
"""Speed below which somebody stands [m/s]; our own choice."""

SMOOTH = 0.5
"""Time over which braking is measured [s]: dither is no braking."""


class Evidence:
    """A log, and what follows from it.

    Args:
        log: of an episode.
    """

    def __init__(self, log: EpisodeLog) -> None:
        self.log = log
        self.t = log.t
        self.robot = log.robot.pos
        self.people = log.humans.pos
        self.meta: Any = log.meta

    @functools.cached_property
    def gap(self) -> Floats:
        """Between the surfaces of the robot and of each person, `[T, H]` [m]; infinite for those
        who are not there.
        """  # noqa: D205
        apart = self.people - self.robot[:, None]
        gap = (
            np.hypot(apart[..., 0], apart[..., 1]) - self.log.robot.radius - self.log.humans.radius
        )
        return np.where(self.log.humans.valid, gap, np.inf)

    @functools.cached_property
    def away(self) -> Floats:
        """Between the centres, `[T, H]` [m]; infinite for those who are not there."""
        return np.asarray(self.gap + self.log.robot.radius + self.log.humans.radius)

    @functools.cached_property
    def speed(self) -> Floats:
        """The robot's, `[T]` [m/s]."""
        return np.asarray(np.hypot(*self.log.robot.vel.T))

    @functools.cached_property
    def paces(self) -> Floats:
        """People's speeds, `[T, H]` [m/s]; NaN for those who are not there."""
        return np.hypot(self.log.humans.vel[..., 0], self.log.humans.vel[..., 1])

    @property
    def arrived(self) -> bool:
        """Whether the robot did what it was asked."""
        return any(event.kind == "goal" for event in self.log.events)

    @property
    def touched(self) -> bool:
        """Whether the robot touched a person."""
        kinds = {event.kind for event in self.log.events}
        return "collision_human" in kinds or bool((self.gap < 0).any())

    @property
    def clean(self) -> bool:
        """Whether it arrived and touched nothing at all."""
        return self.arrived and not self.touched and not self.crashed

    @property
    def crashed(self) -> bool:
        """Whether it touched a wall."""
        return any(event.kind == "collision_wall" for event in self.log.events)

    @functools.cached_property
    def heading(self) -> Floats:
        """From the robot's start to its goal, `[2]`, of length 1."""
        way = self.log.robot.goal.pos.reshape(-1, 2)[-1] - self.robot[0]
        return np.asarray(way / max(float(np.hypot(*way)), 1e-9))

    def first(self, when: Bools) -> float:
        """The first time at which something holds [s]; infinite if it never does."""
        return float(self.t[int(when.argmax())]) if when.any() else math.inf

    def near(self, place: ArrayLike, within: float, person: int | None = None) -> Bools:
        """Whether a centre is within a distance of a place, `[T]`; the robot's, or a person's."""
        pos = self.robot if person is None else self.people[:, person]
        apart = pos - np.asarray(place, np.float64)
        return np.asarray(np.hypot(apart[:, 0], apart[:, 1]) <= within)

    def along(self, origin: ArrayLike, way: ArrayLike, person: int | None = None) -> Floats:
        """How far beyond a place in a direction, `[T]` [m]; NaN for a person who is not there."""
        pos = self.robot if person is None else self.people[:, person]
        return np.asarray((pos - np.asarray(origin, np.float64)) @ np.asarray(way, np.float64))

    def heads(self, person: int, way: ArrayLike, within: float) -> Bools:
        """Whether a person walks in a direction, `[T]`.

        Args:
            person: their number.
            way: `[2]`, of length 1.
            within: how far off they may be [rad].
        """
        vel, pace = self.log.humans.vel[:, person], self.paces[:, person]
        walking = np.nan_to_num(pace) > STANDING
        return np.asarray(walking & (vel @ np.asarray(way, np.float64) >= pace * math.cos(within)))

    def longest(self, when: Bools) -> float:
        """The longest time for which something held without a break [s]."""
        best, begin = 0.0, None
        for time, holds in zip(self.t, when, strict=True):
            if not holds:
                begin = None
                continue
            begin = time if begin is None else begin
            best = max(best, float(time - begin))
        return best

    def braked(self, person: int, within: float) -> bool:
        """Whether a person slows down by more than 1 m/s^2 for half a second near the robot.

        Args:
            person: their number.
            within: distance of the centres [m].
        """
        step = float(np.median(np.diff(self.t)))
        span = max(1, round(SMOOTH / step))
        pace = self.paces[:, person]
        if len(pace) <= span:
            return False
        drop = (pace[:-span] - pace[span:]) / (span * step)
        # At the end of their way people slow down of themselves.
        left = self.log.humans.goal[..., person, :] - self.people[:, person]
        far = np.hypot(left[:, 0], left[:, 1])[span:] > 1.5
        return bool(((drop > 1.0) & (self.away[span:, person] < within) & far).any())

    def standoff(self, within: float = 2.0, longest: float = 5.0) -> bool:
        """Whether robot and somebody who is on their way stand before each other for long.

        Args:
            within: distance of the centres [m].
            longest: that is not yet one [s].
        """
        goal = self.log.humans.goal
        left = np.hypot(*np.moveaxis(goal - self.people, -1, 0))
        still = (self.paces < STANDING) & (left > 0.5) & (self.away < within)
        return any(
            self.longest(still[:, person] & (self.speed < STANDING)) > longest
            for person in range(still.shape[1])
        )

    def retreated(self, person: int, place: ArrayLike, by: float = 0.5) -> bool:
        """Whether a person went back from a place that they were coming to.

        Args:
            person: their number.
            place: `[2]` [m].
            by: how far at least [m].
        """
        apart = self.people[:, person] - np.asarray(place, np.float64)
        away = np.hypot(apart[:, 0], apart[:, 1])
        there = ~np.isnan(away)
        away = away[there]
        if not len(away):
            return False
        passed = int(away.argmin())
        return bool((away[: passed + 1] - np.minimum.accumulate(away[: passed + 1]) > by).any())


def collision(seen: Evidence) -> bool:
    """The robot touches somebody."""
    return seen.touched


def no_arrival(seen: Evidence) -> bool:
    """The robot does not do what it was asked."""
    return not seen.arrived


def intrusion(seen: Evidence) -> bool:
    """The robot comes nearer than 0.5 m to somebody for more than a tenth of the time."""
    return bool((seen.gap.min(axis=1, initial=np.inf) < 0.5).mean() > 0.1)


def freezing(seen: Evidence) -> bool:
    """The robot stands for more than 8 s."""
    return seen.longest(seen.speed < 0.05) > 8.0


def detour(seen: Evidence) -> bool:
    """The robot's way is more than 1.6 times the shortest."""
    length = float(np.hypot(*np.diff(seen.robot, axis=0).T).sum())
    shortest = seen.log.robot.shortest_path
    return shortest is not None and length > 1.6 * shortest


def standoff(seen: Evidence) -> bool:
    """The robot and somebody stand before each other for more than 5 s."""
    return seen.standoff()


def brakes_person(seen: Evidence) -> bool:
    """Somebody has to brake within 3 m of the robot, by more than 1 m/s^2."""
    return any(seen.braked(person, 3.0) for person in range(seen.people.shape[1]))


def abrupt(seen: Evidence) -> bool:
    """The robot swerves: more than 1.5 m/s^2 across its way, while somebody is within 2 m."""
    step = np.diff(seen.t)[:, None]
    change = np.diff(seen.log.robot.vel, axis=0) / step
    across = np.abs(change @ np.array([-seen.heading[1], seen.heading[0]]))
    return bool(((across > 1.5) & (seen.away[1:].min(axis=1, initial=np.inf) < 2.0)).any())


def tailgating(seen: Evidence) -> bool:
    """The robot stays behind somebody, nearer than 1 m, for more than 5 s."""
    for person in range(seen.people.shape[1]):
        behind = (seen.people[:, person] - seen.robot) @ seen.heading > 0
        if seen.longest(behind & (seen.gap[:, person] < 1.0)) > 5.0:
            return True
    return False
