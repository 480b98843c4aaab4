"""Scripts for people: what one who waits, waves, queues, follows or leads would like to do now.

A behaviour changes a person's wish, not their feet: the crowd model still keeps them off others,
unless the crowd is ``scripted`` and goes where it is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadScene, did_you_mean

if TYPE_CHECKING:
    from .walker import Walkers

Floats = NDArray[np.float64]

GESTURES = ("none", "wait", "go")
"""What a person can signal to the robot, by number."""

STILL: Floats = np.zeros(2)
STILL.setflags(write=False)


class Moment(NamedTuple):
    """What a person may look at when they decide.

    Attributes:
        time: since the start [s].
        dt: until the next decision [s].
        robot_pos: `[2]` [m].
        robot_vel: `[2]` [m/s].
        walkers: everybody, oneself included.
    """

    time: float
    dt: float
    robot_pos: Floats
    robot_vel: Floats
    walkers: Walkers


class Behaviour(Protocol):
    """What guides a person.

    Attributes:
        gesture: what they signal now, a number of ``GESTURES``.
    """

    gesture: int

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode as the person of that number; the dice are theirs alone."""
        ...

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The velocity they would like, `[2]` [m/s], given that to their goal."""
        ...


@dataclasses.dataclass
class Script:
    """What every behaviour here knows of the person it guides."""

    gesture: int = dataclasses.field(default=0, init=False)
    number: int = dataclasses.field(default=0, init=False)

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode as the person of that number."""
        self.number, self.gesture = number, 0

    def _to_robot(self, moment: Moment) -> tuple[Floats, float]:
        """From the person to the robot, `[2]` [m], and how far that is."""
        apart = moment.robot_pos - moment.walkers.pos[self.number]
        return apart, float(np.hypot(apart[0], apart[1]))

    def _toward(self, moment: Moment, place: Floats, pace: float | None = None) -> Floats:
        """The velocity to a place, slowing down before it, `[2]` [m/s]."""
        way = place - moment.walkers.pos[self.number]
        left = float(np.hypot(way[0], way[1]))
        most = float(moment.walkers.speed[self.number]) if pace is None else pace
        return np.asarray(way * (min(left, most) / left)) if left > 0 else STILL


@dataclasses.dataclass
class Stand(Script):
    """Stands for some time, then walks.

    Args:
        until: when they set off [s]; infinite for never.
    """

    until: float = np.inf

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """Nothing, until it is time."""
        return wish if moment.time >= self.until - 1e-9 else STILL


@dataclasses.dataclass
class Yield(Script):
    """Stops for a robot that is near and comes nearer, with a probability.

    Args:
        distance: of centres within which they stop [m].
        patience: longest stop; then they walk on [s].
        share: the probability that this person yields at all, thrown once.
    """

    distance: float = 2.0
    patience: float = 10.0
    share: float = 1.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode, and throws whether this person yields."""
        super().reset(number, walkers, dice)
        self._yields, self._waited = bool(dice.random() < self.share), 0.0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """Nothing while the robot comes."""
        apart, away = self._to_robot(moment)
        coming = float(apart @ moment.robot_vel) < 0
        if self._yields and coming and away < self.distance and self._waited < self.patience:
            self._waited += moment.dt
            return STILL
        return wish


@dataclasses.dataclass
class Gesture(Script):
    """Signals to a robot that is near; one who signals ``go`` waits until it has passed.

    Args:
        signal: ``wait`` or ``go``.
        distance: of centres within which they signal [m].
        patience: longest wait for a robot that was told to go [s].
    """

    signal: str = "wait"
    distance: float = 4.0
    patience: float = 10.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode."""
        super().reset(number, walkers, dice)
        if self.signal not in GESTURES[1:]:
            raise BadScene(f"a gesture is 'wait' or 'go', not {self.signal!r}")
        self._code, self._waited, self._passed = GESTURES.index(self.signal), 0.0, False

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way on after ``wait``; nothing after ``go``, until the robot is past."""
        apart, away = self._to_robot(moment)
        way = moment.walkers.goal[self.number] - moment.walkers.pos[self.number]
        self._passed |= self._waited > 0 and float(apart @ moment.robot_vel) > 0
        self.gesture = 0 if self._passed or away > self.distance else self._code
        waits = GESTURES[self._code] == "go" and not self._passed
        if waits and self._waited < self.patience and (away <= self.distance or apart @ way > 0):
            self._waited += moment.dt
            return STILL
        return wish


@dataclasses.dataclass
class Queue(Script):
    """Keeps its distance behind another person, who heads the queue or stands in it.

    Args:
        behind: number of the person before.
        gap: between surfaces [m].
    """

    behind: int = 0
    gap: float = 0.4

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way on, but not nearer to the one before than the gap."""
        people = moment.walkers
        if not people.present[self.behind]:
            return wish
        apart = people.pos[self.behind] - people.pos[self.number]
        away = float(np.hypot(apart[0], apart[1]))
        room = away - float(people.radius[self.number] + people.radius[self.behind]) - self.gap
        toward = float(wish @ apart) / away if away > 0 else 0.0
        if toward <= 0:
            return wish
        return np.asarray(wish * min(max(room, 0.0) / (toward * max(moment.dt, 1e-9)), 1.0))


@dataclasses.dataclass
class Group(Script):
    """Stays in its place of a group that talks, and comes back to it when pushed away."""

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode; the place is where they start."""
        super().reset(number, walkers, dice)
        self._place = walkers.pos[number].copy()

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way back to the place."""
        return self._toward(moment, self._place, 0.5)


@dataclasses.dataclass
class Doorway(Script):
    """Comes to a narrow place that a robot may be in: waits, and backs off if that does not help.

    Args:
        centre: of the narrow place, `[2]` [m].
        blocked: time they wait for the robot before they back off [s].
        back: how far they back off [m].
        reach: distance from the centre within which robot and person are in each other's way [m].
    """

    centre: Any = (0.0, 0.0)
    blocked: float = 6.0
    back: float = 1.0
    reach: float = 1.2

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode."""
        super().reset(number, walkers, dice)
        self._centre = np.asarray(self.centre, np.float64)
        self._stuck = 0.0
        self._refuge: Floats | None = None
        self.retreats = 0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way on, or a stop before the door, or the way back from it."""
        place = moment.walkers.pos[self.number]
        taken = float(np.hypot(*(moment.robot_pos - self._centre))) < self.reach
        near = float(np.hypot(*(place - self._centre))) < self.reach + 0.3
        ahead = float((self._centre - place) @ wish) > 0
        if not (taken and near and ahead) and self._refuge is None:
            self._stuck = 0.0
            return wish
        self._stuck += moment.dt
        if self._refuge is None and self._stuck > self.blocked:
            away = place - self._centre
            size = float(np.hypot(away[0], away[1]))
            self._refuge = place + away * (self.back / size if size else 0.0)
            self.retreats += 1
        if self._refuge is None:
            return STILL
        if not taken:
            self._refuge, self._stuck = None, 0.0
            return wish
        return self._toward(moment, self._refuge)


@dataclasses.dataclass
class Follow(Script):
    """Walks behind the robot.

    Args:
        distance: of centres that they keep [m].
    """

    distance: float = 1.5

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way to a place behind the robot."""
        apart, away = self._to_robot(moment)
        if away <= self.distance:
            return STILL
        return self._toward(moment, moment.robot_pos - apart * (self.distance / away))


@dataclasses.dataclass
class Lead(Script):
    """Walks to its goal before the robot, and waits where it falls behind.

    Args:
        gap: of centres at which they wait [m].
    """

    gap: float = 4.0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way on, while the robot is near."""
        return wish if self._to_robot(moment)[1] <= self.gap else STILL


BEHAVIOURS: Mapping[str, Any] = {
    "stand": Stand,
    "yield": Yield,
    "gesture": Gesture,
    "queue": Queue,
    "group": Group,
    "doorway": Doorway,
    "follow": Follow,
    "lead": Lead,
}
"""Behaviours by name; ``walk`` is to have none."""


def make_behaviour(name: str, settings: Mapping[str, Any]) -> Behaviour:
    """A behaviour for one person.

    Raises:
        BadScene: there is none of that name, or it takes no such setting.
    """
    from .conduct import CONDUCTS

    scripts = {**BEHAVIOURS, **CONDUCTS}
    if name not in scripts:
        raise BadScene(
            f"there is no script '{name}' for people.{did_you_mean(name, scripts)} "
            f"Scripts: walk, {', '.join(scripts)}"
        )
    kind = scripts[name]
    known = [field.name for field in dataclasses.fields(kind) if field.init]
    for setting in settings:
        if setting not in known:
            raise BadScene(
                f"the script '{name}' has no setting '{setting}'."
                f"{did_you_mean(setting, known)} It takes: {', '.join(known) or 'none'}"
            )
    made: Behaviour = kind(**settings)
    return made
