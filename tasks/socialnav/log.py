"""What happened in one episode of social navigation: every position, velocity and event.

Everything is in SI units and in the world's frame: metres, seconds, radians counted
counter-clockwise from the x axis. Step 0 is the state before the first action, so an episode of
N actions has ``T = N + 1`` steps. Velocities at step k are those realised over the interval that
ends with it; at step 0 they are the initial ones.

A log is checked when it is made and cannot be changed afterwards: its arrays are read-only
copies. Metrics may therefore trust it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import validation

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]


class _Unset(np.ndarray[Any, np.dtype[np.float64]]):
    """An array of which there is one only, copied and pickled or not."""

    def __deepcopy__(self, memo: dict[int, Any] | None, /) -> _Unset:
        return self

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Floats = np.zeros(0).view(_Unset)
"""Stands for an array that was left out; a checked log holds none."""

Kinematics = Literal["holonomic", "differential", "ackermann"]
"""How a robot can move: in any direction, on two driven wheels, or like a car."""

GoalKind = Literal["go-to", "guide-to", "follow"]
"""What the robot is asked to do; a guide leads a person to a place, a follower has none."""

EventKind = Literal[
    "collision_wall",
    "collision_object",
    "collision_human",
    "collision_agent",
    "goal",
    "timeout",
    "out_of_map",
    "failed",
]

VERDICTS: frozenset[str] = frozenset({"goal", "timeout", "out_of_map", "failed"})
"""Events by which a world judges an episode: where there is one, geometry is not asked."""

Shape = Literal["circle", "rectangle"]

Fault = Literal["robot", "other", "both"]


def _unset() -> Any:
    return UNSET


@dataclass(frozen=True, kw_only=True, eq=False)
class Goal:
    """Where the robot is to be.

    Attributes:
        pos: `[T, 2]` [m]; `[2]` for a place that stays where it is.
        pos_tol: how near counts as there [m].
        yaw: the heading to arrive with [rad], a number or `[T]`, or None where any will do.
        yaw_tol: how far off it may be [rad]; None where ``yaw`` is None.
        kind: what is asked. Reaching the position is success for ``go-to`` only.
        human: the id of the person to guide or to follow.
        candidates: `[G, 2]` [m], places of which an onlooker knows that one is the goal; it is
            the one nearest to ``pos``. Without them legibility has no meaning.
    """

    pos: Floats
    pos_tol: float = 0.3
    yaw: Floats | float | None = None
    yaw_tol: float | None = None
    kind: GoalKind = "go-to"
    human: int | None = None
    candidates: Floats = field(default_factory=_unset)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobotTrack:
    """The robot's way.

    Attributes:
        pos: `[T, 2]` [m].
        yaw: `[T]` [rad].
        vel: `[T, 2]` [m/s], world frame.
        omega: `[T]` [rad/s].
        cmd: `[T, A]`, the action that led to each step, in the task's units; `[T, 0]` if unknown.
        radius: of the disc that covers it [m].
        goal: where it is to be.
        kinematics: how it can move.
        footprint: length and width [m] of a rectangular robot, along its heading and across;
            None for a round one. The radius must cover it.
        v_max: the speed it can go [m/s], or None if unknown.
        mass: [kg], or None if unknown.
        route: `[K, 2]` [m], the shortest way from start to goal for a disc of its radius, or None.
        shortest_path: the length of that way [m], or None if unknown.
    """

    pos: Floats
    yaw: Floats
    vel: Floats
    omega: Floats
    radius: float
    goal: Goal
    cmd: Floats = field(default_factory=_unset)
    kinematics: Kinematics = "holonomic"
    footprint: tuple[float, float] | None = None
    v_max: float | None = None
    mass: float | None = None
    route: Floats | None = None
    shortest_path: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracks:
    """The ways of all people, or of all other robots; H of them.

    What is not valid is set to NaN. One who leaves and comes back is another one, with another
    id: each is there for one stretch of time.

    Attributes:
        id: `[H]`, whole numbers, each once.
        pos: `[T, H, 2]` [m].
        yaw: `[T, H]` [rad].
        vel: `[T, H, 2]` [m/s], world frame.
        radius: `[H]` [m].
        valid: `[T, H]`, whether it is in the world; always, if left out.
        goal: `[T, H, 2]` or `[H, 2]` [m]; NaN where unknown.
        vpref: `[H]`, the speed it would like to go [m/s]; NaN where unknown.
        group_id: `[H]`; those with the same number belong together, -1 belongs to none.
        model: what moves it, a word for each.
        aware_of_robot: `[H]`, whether it reacts to the robot.
        reached_t: `[H]`, when it reached its goal [s]; NaN where it did not, or has none.
    """

    id: Ints
    pos: Floats
    yaw: Floats
    vel: Floats
    radius: Floats
    valid: Bools = field(default_factory=_unset)
    goal: Floats = field(default_factory=_unset)
    vpref: Floats = field(default_factory=_unset)
    group_id: Ints = field(default_factory=_unset)
    model: tuple[str, ...] = ()
    aware_of_robot: Bools = field(default_factory=_unset)
    reached_t: Floats = field(default_factory=_unset)

    def __len__(self) -> int:
        return len(self.id)


def nobody(steps: int = 0) -> Tracks:
    """The tracks of an empty world of ``steps`` steps."""
    return Tracks(
        id=np.zeros(0, np.int64),
        pos=np.zeros((steps, 0, 2)),
        yaw=np.zeros((steps, 0)),
        vel=np.zeros((steps, 0, 2)),
        radius=np.zeros(0),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Thing:
    """Something solid that is no person and no robot.

    Attributes:
        id: a whole number, each once.
        kind: a word, such as ``table``.
        pos: `[T, 2]` [m]; `[2]` if it stays where it is.
        yaw: `[T]` [rad]; `[]` if it stays, 0 if left out.
        length: along its heading [m]; the diameter of a round one.
        width: across [m]; the diameter of a round one.
        shape: ``circle`` or ``rectangle``.
    """

    id: int
    pos: Floats
    length: float
    width: float
    yaw: Floats = field(default_factory=_unset)
    shape: Shape = "rectangle"
    kind: str = "object"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that the world noticed.

    Attributes:
        t: when [s], within the log's time.
        kind: what.
        other_id: the person, robot or thing that was met, one of the log's; None if unknown:
            then a collision counts as one with the nearest of its kind.
        rel_speed: at which the two closed in on one another [m/s], or None if unknown.
        robot_speed: [m/s], or None if unknown.
        at_fault: who is to blame for a collision: ``robot``, ``other``, ``both``; None if unknown.
    """

    t: float
    kind: EventKind
    other_id: int | None = None
    rel_speed: float | None = None
    robot_speed: float | None = None
    at_fault: Fault | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class EpisodeLog:
    """One episode.

    Attributes:
        t: `[T]` [s], strictly increasing, step 0 first.
        robot: the robot's way.
        humans: the people's.
        agents: that of other robots.
        objects: what else stands about.
        walls: `[W, 4]`, segments ``x1, y1, x2, y2`` [m].
        events: what the world noticed, in order of time.
        meta: scenario, seed, crowd model, visibility, versions and the like; whatever JSON can say.

    Raises:
        BadLog: a field has the wrong shape or type, holds NaN or infinity where it may not, time
            does not increase, someone comes back, an id is there twice, a radius is not
            positive, an event is of no known kind, outside the time or with nobody of the log, meta
            is not JSON.
    """

    t: Floats
    robot: RobotTrack
    humans: Tracks = field(default_factory=nobody)
    agents: Tracks = field(default_factory=nobody)
    objects: tuple[Thing, ...] = ()
    walls: Floats = field(default_factory=_unset)
    events: tuple[Event, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks every field and stores read-only copies."""
        t = validation.times(self.t)
        checked: dict[str, Any] = {
            "t": t,
            "robot": validation.robot(self.robot, len(t)),
            "humans": validation.tracks("humans", self.humans, t),
            "agents": validation.tracks("agents", self.agents, t),
            "objects": validation.things(self.objects, len(t)),
            "walls": validation.walls(self.walls),
            "meta": validation.meta(self.meta),
        }
        met = {
            "collision_human": checked["humans"].id.tolist(),
            "collision_agent": checked["agents"].id.tolist(),
            "collision_object": [thing.id for thing in checked["objects"]],
        }
        checked["events"] = validation.events(self.events, t, met)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def steps(self) -> int:
        """T, the number of steps, the one before the first action included."""
        return len(self.t)
