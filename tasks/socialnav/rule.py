"""The rules of an episode: what counts as a collision, when it ends, and what that is worth."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .log import Event, Fault, Goal
from .robot import Robot
from .scene import Scene
from .sweep import TINY, disc_contact, wall_contact

Floats = NDArray[np.float64]

EVEN = 0.05
"""Difference of the speeds towards each other below which a collision is both sides' fault [m/s];
our own choice."""


ROOT = 1.41422
"""A little more than the square root of 2: no vector is longer than this times its larger part."""

FEW = 8
"""Up to so many people it is quicker to look at them one by one."""


class Interval(NamedTuple):
    """One control step, from t to t + dt.

    Attributes:
        scene: of the episode.
        begin: time at its start [s].
        path: where the robot's centre means to go, `[K + 1, 2]` [m].
        robot_vel: its velocity over the step, `[2]` [m/s].
        robot_yaw: its heading at the end [rad].
        pos: of the people at the start, `[H, 2]` [m].
        old_vel: the velocities with which they came there, `[H, 2]` [m/s].
        new_pos: at the end, `[H, 2]` [m].
        radius: theirs, `[H]` [m].
        present: who is in the world at the start, `[H]`.
        identity: their numbers at the start, `[H]`.
        goal: of the robot at the end.
        touching: who touched the robot at the start, `[H]`.
        gaps: between the robot's surface and theirs at the start, `[H]` [m].
    """

    scene: Scene
    begin: float
    path: Floats
    robot_vel: Floats
    robot_yaw: float
    pos: Floats
    old_vel: Floats
    new_pos: Floats
    radius: Floats
    present: NDArray[np.bool_]
    identity: NDArray[np.int64]
    goal: Goal
    touching: NDArray[np.bool_]
    gaps: Floats

    @property
    def end(self) -> float:
        """Time at its end [s], as the log counts it: a whole number of steps."""
        return self.scene.dt * (round(self.begin / self.scene.dt) + 1)


@dataclasses.dataclass
class Verdict:
    """What the rules say of a step.

    Attributes:
        events: what happened, in order of time.
        success: whether the robot has arrived as it should.
        over: whether that ends the episode.
        late: whether it is over because time is up.
        reward: of the step.
        gap: least distance of the robot's surface from people's in the step [m].
        stop: the part of the step after which a wall stops the robot; 1 for none.
        touching: who touches the robot at the end, `[H]`.
    """

    touching: NDArray[np.bool_]
    events: list[Event] = dataclasses.field(default_factory=list)
    success: bool = False
    over: bool = False
    late: bool = False
    reward: float = 0.0
    gap: float = np.inf
    stop: float = 1.0


class Rules(Protocol):
    """Judges the steps of an episode."""

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """A new episode; the crowd stands on its places."""
        ...

    def judge(self, step: Interval) -> Verdict:
        """What a step was; the robot has not moved yet."""
        ...

    def after(self, crowd: CrowdModel, robot: Robot) -> None:
        """The step is done; here people may be given new goals, or be replaced."""
        ...


class SweptRules:
    """Our own rules: no contact slips through, and it is told whose fault it was.

    Contacts with people, walls and things are swept over the step in closed form; the goal counts
    where the robot stands at the end of a step. A wall stops the robot where it touches. An
    episode ends at the goal, at the time limit, and at a contact if so wished. The reward is 1 at
    success, -0.25 at a contact, and in every step the distance gained towards the goal, as a part
    of the shortest way.

    Args:
        ends_on_contact: whether the first contact ends the episode.
    """

    def __init__(self, ends_on_contact: bool = True) -> None:
        self._ends = ends_on_contact

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """A new episode."""
        self._whole = max(scene.route().length, 1e-9)
        self._left = float(np.hypot(*(scene.goal.pos - robot.pos)))
        self._at_wall = False

    def judge(self, step: Interval) -> Verdict:
        """What a step was."""
        share, wall = self._wall(step)
        gap, touching, met = self._met(step, share)
        verdict = Verdict(touching, met, stop=share, gap=gap)
        if wall and not self._at_wall:
            speed = math.hypot(*step.robot_vel.tolist())
            time = step.begin + share * step.scene.dt
            hit = Event(
                t=time, kind="collision_wall", rel_speed=speed, robot_speed=speed, at_fault="robot"
            )
            verdict.events.append(hit)
        self._at_wall = wall
        touched = bool(verdict.events)
        end = step.path[-1] if share >= 1.0 else _along(step.path, share)
        left = math.hypot(*(step.goal.pos - end).tolist())
        arrived = left < step.goal.pos_tol and _faces(step)
        verdict.reward = (self._left - left) / self._whole - 0.25 * touched
        self._left = left
        ended = touched and self._ends
        if arrived and not ended and step.goal.kind == "go-to":
            verdict.events.append(Event(t=step.end, kind="goal"))
            verdict.success, verdict.reward = True, verdict.reward + 1.0
        elif step.end >= step.scene.time_limit - 1e-9 and not ended:
            verdict.events.append(Event(t=step.end, kind="timeout"))
            verdict.late = True
        verdict.over = ended or verdict.success or verdict.late
        verdict.events.sort(key=lambda event: event.t)
        return verdict

    def after(self, crowd: CrowdModel, robot: Robot) -> None:
        """Nothing more: people keep their goals."""

    def _wall(self, step: Interval) -> tuple[float, bool]:
        """The part of the step at which the robot meets a wall or thing, and whether it does."""
        floor, radius = step.scene.floor, step.scene.body.radius
        if floor.empty:
            return 1.0, False
        pieces = len(step.path) - 1
        for number in range(pieces):
            begin, end = step.path[number], step.path[number + 1]
            found = wall_contact(begin, end, radius, floor.segments).share
            discs = disc_contact(
                floor.discs[:, :2] - begin,
                np.broadcast_to(begin - end, (len(floor.discs), 2)),
                floor.discs[:, 2] + radius,
            )
            first = min(found.min(initial=np.inf), discs.share.min(initial=np.inf))
            if np.isfinite(first):
                return (number + float(first)) / pieces, True
        return 1.0, False

    def _met(self, step: Interval, stop: float) -> tuple[float, NDArray[np.bool_], list[Event]]:
        """Least gap to anybody [m], who touches the robot `[H]`, and the contacts that began."""
        pieces, count = len(step.path) - 1, len(step.radius)
        drift = step.new_pos - step.pos
        if not count:
            return np.inf, np.zeros(0, bool), []
        way = step.path[-1] - step.path[0]
        # In a step two bodies come no nearer than by what both of them go. Mostly nobody is near
        # enough to be touched, and few to be the nearest.
        gone = ROOT * float(np.abs(drift).max()) + math.hypot(*way.tolist())
        least = float(step.gaps.min())
        if pieces == 1 and least > gone and step.present.all():
            near = np.flatnonzero(step.gaps <= least + gone)
            return _least_gap(step, drift, way, near), np.zeros(count, bool), []
        reach = step.radius + step.scene.body.radius
        if pieces == 1:
            found = disc_contact(step.pos - step.path[0], drift - way, reach)
            gaps, shares = found.gap, found.share
        else:
            part = np.arange(pieces)[:, None, None] / pieces
            place = step.pos + drift * part - step.path[:-1, None]
            moves = drift / pieces - np.diff(step.path, axis=0)[:, None]
            found = disc_contact(place, moves, reach)
            shares = ((np.arange(pieces)[:, None] + found.share) / pieces).min(axis=0)
            gaps = found.gap.min(axis=0)
        if not step.present.all():
            gaps = np.where(step.present, gaps, np.inf)
            shares = np.where(step.present, shares, np.inf)
        gap = float(gaps.min(initial=np.inf))
        if gap >= 0:
            return gap, np.zeros(count, bool), []
        # What comes after a wall has stopped the robot is left to the next step.
        touching = shares <= stop
        fresh = np.flatnonzero(touching & ~step.touching)
        order = fresh[np.argsort(shares[fresh], kind="stable")]
        return gap, touching, [_contact(step, int(i), float(shares[i])) for i in order]


def _least_gap(step: Interval, drift: Floats, way: Floats, near: NDArray[np.int64]) -> float:
    """The least gap of the step to those who are near [m]; one by one, as they are few."""
    reach = step.radius[near] + step.scene.body.radius
    if len(near) > FEW:
        return float(
            disc_contact(step.pos[near] - step.path[0], drift[near] - way, reach).gap.min()
        )
    (x, y), (u, v) = step.path[0].tolist(), way.tolist()
    least = math.inf
    for (px, py), (du, dv), touch in zip(
        step.pos[near].tolist(), drift[near].tolist(), reach.tolist(), strict=True
    ):
        ax, ay, dx, dy = px - x, py - y, du - u, dv - v
        passed = -(ax * dx + ay * dy) / max(dx * dx + dy * dy, TINY)
        passed = min(max(passed, 0.0), 1.0)
        least = min(least, math.hypot(ax + passed * dx, ay + passed * dy) - touch)
    return least


def _along(path: Floats, share: float) -> Floats:
    """The point of a path after a part of its even pieces, `[2]` [m]."""
    pieces = len(path) - 1
    number = min(int(share * pieces), pieces - 1)
    return np.asarray(path[number] + (path[number + 1] - path[number]) * (share * pieces - number))


def _faces(step: Interval) -> bool:
    goal = step.goal
    if goal.yaw is None or goal.yaw_tol is None:
        return True
    off = (step.robot_yaw - float(goal.yaw) + np.pi) % (2 * np.pi) - np.pi
    return bool(abs(off) <= goal.yaw_tol)


def _contact(step: Interval, number: int, share: float) -> Event:
    """The robot and a person touch."""
    person = (step.new_pos[number] - step.pos[number]) / step.scene.dt
    place = step.pos[number] + person * (share * step.scene.dt)
    way = place - _along(step.path, share)
    size = float(np.hypot(*way))
    way = way / size if size > 0 else np.zeros(2)
    toward, from_person = float(step.robot_vel @ way), float(-person @ way)
    fault: Fault = "robot" if toward > from_person else "other"
    if abs(toward - from_person) < EVEN:
        fault = "both"
    return Event(
        t=step.begin + share * step.scene.dt,
        kind="collision_human",
        other_id=int(step.identity[number]),
        rel_speed=float(np.hypot(*(step.robot_vel - person))),
        robot_speed=float(np.hypot(*step.robot_vel)),
        at_fault=fault,
    )
