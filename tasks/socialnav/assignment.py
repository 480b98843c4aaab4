"""What a robot may be asked besides going to a place: to follow, lead, accompany, hand over.

A fixed place as goal would make success of these mean nothing: a robot that follows has done so
if it kept its distance all the way, wherever that led.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .crowd.model import CrowdModel
from .log import Event, Goal
from .robot import Robot
from .rule import Interval, SweptRules, Verdict
from .scene import Scene

Floats = NDArray[np.float64]

Progress = Literal["going", "done", "failed"]

STILL = 0.1
"""Speed below which a robot stands [m/s]."""

SHARE = 0.8
"""Of the time, that a robot has to be where it should be; our own choice."""

FOLLOW, LEAD = (1.2, 2.5), (1.0, 3.0)
"""Distances of the centres to the one who is followed, and to the one who is led [m]; our own
choice, as all of these."""

BESIDE, ABREAST = (0.8, 1.5), 0.5
"""Of the one who is accompanied: distance to the side, and greatest lag either way [m]."""

REACH, SECTOR, HOLD = (0.6, 1.2), np.pi / 4, 2.0
"""Of a handover: distance of the centres [m], angle to either side of where the receiver looks
[rad], and how long the robot has to stand there [s]."""


class Assignment(Protocol):
    """Judges whether a robot does what it was asked."""

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """An episode begins."""
        ...

    def goal(self, crowd: CrowdModel, robot: Robot) -> Goal:
        """Where the robot should be now."""
        ...

    def judge(self, step: Interval, place: Floats) -> Progress:
        """How it stands after a step.

        Args:
            step: the step.
            place: where it has brought the robot, `[2]` [m].
        """
        ...


@dataclasses.dataclass
class Escort:
    """To keep with a person on their way, in a band of places.

    Done when both are at its end, if the robot was in the band for ``SHARE`` of the time;
    failed, if it was not.

    Args:
        kind: ``follow`` them, ``lead`` them, or ``accompany`` them at their side.
        person: their number.
    """

    kind: Literal["follow", "lead", "accompany"]
    person: int = 0

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """An episode begins."""
        self._end = scene.goal
        self._inside, self._steps = 0, 0
        way = crowd.walkers.goal[self.person] - crowd.walkers.pos[self.person]
        self._way = np.asarray(way / max(float(np.hypot(*way)), 1e-9))

    @property
    def share(self) -> float:
        """Of the time up to now that was spent in the band."""
        return self._inside / max(self._steps, 1)

    def goal(self, crowd: CrowdModel, robot: Robot) -> Goal:
        """Behind the one who is followed, at the side of the one who is accompanied; the end of
        the way for one who leads.
        """  # noqa: D205
        if self.kind == "lead":
            return self._end
        person = crowd.walkers.pos[self.person]
        apart = robot.pos - person
        if self.kind == "follow":
            place = person + apart * (float(np.mean(FOLLOW)) / max(float(np.hypot(*apart)), 1e-9))
        else:
            left = np.array([-self._way[1], self._way[0]])
            side = 1.0 if float(apart @ left) >= 0 else -1.0
            place = person + left * (side * float(np.mean(BESIDE)))
        return dataclasses.replace(self._end, pos=place)

    def judge(self, step: Interval, place: Floats) -> Progress:
        """How it stands after a step."""
        person = step.new_pos[self.person]
        moved = person - step.pos[self.person]
        size = float(np.hypot(*moved))
        if size > STILL * step.scene.dt:
            self._way = moved / size
        self._steps += 1
        self._inside += self._within(place - person)
        walker = step.scene.people[self.person]
        if self.kind == "lead":
            over = float(np.hypot(*(place - self._end.pos))) < self._end.pos_tol
            over &= float(np.hypot(*(person - place))) <= LEAD[1]
        else:
            over = float(np.hypot(*(person - walker.goal))) < 0.5
            over &= float(np.hypot(*(person - place))) <= FOLLOW[1]
        if not over:
            return "going"
        return "done" if self.share >= SHARE else "failed"

    def _within(self, apart: Floats) -> bool:
        """Whether the robot is in the band, seen from the person."""
        if self.kind == "accompany":
            along = float(apart @ self._way)
            across = abs(float(apart[0] * self._way[1] - apart[1] * self._way[0]))
            return abs(along) < ABREAST and BESIDE[0] <= across <= BESIDE[1]
        low, high = FOLLOW if self.kind == "follow" else LEAD
        return bool(low <= math.hypot(apart[0], apart[1]) <= high)


@dataclasses.dataclass
class Handover:
    """To stand before a person for a while, within their reach and sight.

    Args:
        person: their number.
    """

    person: int = 0

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """An episode begins."""
        self._goal, self._held = scene.goal, 0.0

    def goal(self, crowd: CrowdModel, robot: Robot) -> Goal:
        """The place before the person."""
        return self._goal

    def judge(self, step: Interval, place: Floats) -> Progress:
        """How it stands after a step."""
        apart = place - step.new_pos[self.person]
        yaw = step.scene.people[self.person].yaw or 0.0
        there = in_reach(apart, yaw) and float(np.hypot(*step.robot_vel)) < STILL
        self._held = self._held + step.scene.dt if there else 0.0
        return "done" if self._held >= HOLD - 1e-9 else "going"


def in_reach(apart: Floats, yaw: float) -> bool:
    """Whether a person can take something.

    Args:
        apart: from the person to who brings it, `[2]` [m].
        yaw: where the person looks [rad].
    """
    away = math.hypot(apart[0], apart[1])
    ahead = apart[0] * math.cos(yaw) + apart[1] * math.sin(yaw)
    return REACH[0] <= away <= REACH[1] and ahead >= away * math.cos(SECTOR)


class AssignedRules(SweptRules):
    """``SweptRules``, but what counts as success is said by an assignment.

    Args:
        assignment: what is asked.
        ends_on_contact: whether the first contact ends the episode.

    Attributes:
        goal: where the robot should be now.
    """

    goal: Goal

    def __init__(self, assignment: Assignment, ends_on_contact: bool = True) -> None:
        super().__init__(ends_on_contact)
        self.assignment = assignment

    def begin(self, scene: Scene, crowd: CrowdModel, robot: Robot) -> None:
        """A new episode."""
        super().begin(scene, crowd, robot)
        self.assignment.begin(scene, crowd, robot)
        self.goal = self.assignment.goal(crowd, robot)
        self._left = float(np.hypot(*(self.goal.pos - robot.pos)))

    def judge(self, step: Interval) -> Verdict:
        """What a step was."""
        # A goal of the kind 'follow' is not reached by being there: that is for the assignment.
        verdict = super().judge(step._replace(goal=dataclasses.replace(self.goal, kind="follow")))
        begin, end = step.path[0], step.path[-1]
        progress = self.assignment.judge(step, begin + (end - begin) * min(verdict.stop, 1.0))
        if verdict.over and not verdict.late:  # A contact has ended it.
            verdict.events.append(Event(t=step.end, kind="failed"))
        if verdict.over or progress == "going":
            return verdict
        verdict.over, verdict.success = True, progress == "done"
        # Not out of time: what was asked can no longer be done.
        verdict.events.append(Event(t=step.end, kind="goal" if verdict.success else "failed"))
        verdict.reward += float(verdict.success)
        return verdict

    def after(self, crowd: CrowdModel, robot: Robot) -> None:
        """The step is done: the place to be in may have moved."""
        self.goal = self.assignment.goal(crowd, robot)
