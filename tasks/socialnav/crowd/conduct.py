"""Scripts for people in narrow places, in crowds, on a robot's heels and in its way.

Those who do not see the robot do not wait for it: on the track ``mixed(p)`` that is thrown for
each. See ``behaviour`` for what a script is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .behaviour import GESTURES, STILL, Moment, Script

if TYPE_CHECKING:
    from .walker import Walkers

Floats = NDArray[np.float64]


@dataclasses.dataclass
class Gap(Script):
    """Goes through a place in which there is room for one.

    Lets the robot through if it is in the place already, or, with a probability, if it is nearer
    to it and comes; stops before the mouth for that. Who makes no way for long goes back.

    Args:
        centre: of the place, `[2]` [m].
        half: half of its length along the way [m].
        reach: distance from the mouth within which robot and person mind each other [m].
        share: the probability that this person yields to a robot that is nearer, thrown once.
        blocked: time without way after which they go back [s].
        back: how far they go back [m].
    """

    centre: Any = (0.0, 0.0)
    half: float = 0.1
    reach: float = 1.2
    share: float = 1.0
    blocked: float = 6.0
    back: float = 1.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode, and throws whether this person yields."""
        super().reset(number, walkers, dice)
        self._centre = np.asarray(self.centre, np.float64)
        way = self._centre - walkers.pos[number]
        self._axis = way / max(float(np.hypot(way[0], way[1])), 1e-9)
        self._yields = bool(dice.random() < self.share)
        self._stuck, self._rest = 0.0, 0.0
        self._refuge: Floats | None = None

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way on, a stop before the mouth, or the way back from it."""
        people = moment.walkers
        place = people.pos[self.number]
        own, other = _away(place, self._centre), _away(moment.robot_pos, self._centre)
        passed = float((place - self._centre) @ self._axis) > 0
        if passed or not people.aware[self.number] or other > self.half + self.reach:
            self._stuck, self._refuge = 0.0, None
            return wish
        if self._refuge is not None:
            self._rest += moment.dt
            if self._rest < self.blocked:
                return self._toward(moment, self._refuge)
            self._refuge, self._stuck = None, 0.0
        if own > self.half + self.reach + 0.5:
            return wish
        slow = float(np.hypot(*people.vel[self.number])) < 0.1
        self._stuck = self._stuck + moment.dt if slow else 0.0
        if self._stuck > self.blocked:
            self._refuge, self._rest = place - self._axis * self.back, 0.0
            return self._toward(moment, self._refuge)
        return STILL if self._waits(moment, own, other) else wish

    def _waits(self, moment: Moment, own: float, other: float) -> bool:
        """Whether to let the robot go first."""
        if own < self.half + 0.4 or not self._yields:
            return False
        inside = other < self.half + 0.3
        coming = float((self._centre - moment.robot_pos) @ moment.robot_vel) > 0.05
        return (inside or (coming and other < own)) and own < self.half + 1.0


@dataclasses.dataclass
class WaveOn(Script):
    """Comes to a place beside the robot's way, waves it on, and goes when it is past.

    Args:
        stop: where they wait, `[2]` [m].
        past: the robot's way, `[2]`, of length 1: it is past when it is beyond ``stop`` along it.
        distance: of centres within which they signal [m].
        patience: longest wait [s].
    """

    stop: Any = (0.0, 0.0)
    past: Any = (1.0, 0.0)
    distance: float = 4.0
    patience: float = 10.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode."""
        super().reset(number, walkers, dice)
        self._stop, self._past = np.asarray(self.stop), np.asarray(self.past)
        self._waited, self._gone = 0.0, False

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way to the place, and the way on when the robot is past."""
        _, away = self._to_robot(moment)
        beyond = float((moment.robot_pos - self._stop) @ self._past)
        self._gone |= beyond > 0.6 or self._waited > self.patience
        self.gesture = 0
        if self._gone:
            return wish
        if away <= self.distance:
            self.gesture = GESTURES.index("go")
        if _away(moment.walkers.pos[self.number], self._stop) < 0.3:
            self._waited += moment.dt
        return self._toward(moment, self._stop)


@dataclasses.dataclass
class Mill(Script):
    """Goes about in a box without walls: to some place, a little rest, to another.

    Args:
        low: corner of the box, `[2]` [m].
        high: the opposite corner, `[2]` [m].
        rest: longest rest [s].
    """

    low: Any = (-5.0, -5.0)
    high: Any = (5.0, 5.0)
    rest: float = 2.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode; the first place is the goal of the scene."""
        super().reset(number, walkers, dice)
        self._dice, self._wait = dice, 0.0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way to the place; nothing during a rest."""
        people = moment.walkers
        if self._wait > 0:
            self._wait -= moment.dt
            return STILL
        if _away(people.pos[self.number], people.goal[self.number]) < 0.4:
            goals = people.goal.copy()
            goals[self.number] = self._dice.uniform(self.low, self.high)
            people.goal = goals
            self._wait = float(self._dice.uniform(0.0, self.rest))
            return STILL
        return wish


@dataclasses.dataclass
class MakeWay(Script):
    """Stands about, and steps aside for a robot that announces itself.

    Args:
        aside: where they step, `[2]` [m].
        distance: of centres at which they hear it [m].
        delay: until they react [s].
    """

    aside: Any = (0.0, 0.0)
    distance: float = 3.5
    delay: float = 1.0

    def reset(self, number: int, walkers: Walkers, dice: np.random.Generator) -> None:
        """Begins an episode; the place is where they start."""
        super().reset(number, walkers, dice)
        self._place, self._aside = walkers.pos[number].copy(), np.asarray(self.aside, np.float64)
        self._heard = 0.0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way aside once they have heard it, and back to the place later."""
        apart, away = self._to_robot(moment)
        hears = moment.walkers.aware[self.number] and away < self.distance
        coming = float(apart @ moment.robot_vel) < 0 or away < 1.5
        self._heard = self._heard + moment.dt if hears and coming else 0.0
        if self._heard > self.delay:
            return self._toward(moment, self._aside, 0.7)
        return self._toward(moment, self._place, 0.5)


@dataclasses.dataclass
class Trail(Script):
    """Follows the robot, stops once to look at something, and gives up where it is far ahead.

    Args:
        distance: of centres that they keep [m].
        pause: when they stop [s].
        length: of the stop [s].
        lost: distance of centres beyond which they stand and wait [m].
    """

    distance: float = 1.5
    pause: float = np.inf
    length: float = 3.0
    lost: float = 6.0

    def wish(self, moment: Moment, wish: Floats) -> Floats:
        """The way to a place behind the robot."""
        apart, away = self._to_robot(moment)
        looks = self.pause <= moment.time < self.pause + self.length
        if looks or away > self.lost or away <= self.distance:
            return STILL
        return self._toward(moment, moment.robot_pos - apart * (self.distance / away))


def _away(one: Floats, other: Floats) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


CONDUCTS: Mapping[str, Any] = {
    "gap": Gap,
    "wave_on": WaveOn,
    "mill": Mill,
    "make_way": MakeWay,
    "trail": Trail,
}
"""These scripts by name."""
