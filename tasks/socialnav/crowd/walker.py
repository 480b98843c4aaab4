"""The people of a crowd, whatever moves them: places, goals, routes, and what each one wants."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dice import Dice
from ..route import planner
from ..scene import Scene
from .behaviour import Behaviour, Moment, make_behaviour
from .visibility import Visibility

Floats = NDArray[np.float64]

ARRIVAL = 1.0
"""Time constant with which people slow down before their goal [s]: from 1 m at 1 m/s, as in
CrowdNav's ``orca.py``, where the wish is the way that is left, cut to the speed."""

CORNER = 0.3
"""Distance at which a waypoint counts as passed [m]."""

NEAR = 1e-9
"""A distance that is none [m]."""

BLOCK = 256
"""Steps for which a person's dither is thrown at once."""

AWAY = 1e4
"""Where those stand who are not in the world [m]; far from everybody, and from each other."""

MARGIN = 0.05
"""By how much wider than themselves people plan their way [m]."""


class Walkers:
    """The people of a scene.

    Args:
        scene: where they start and what they want.
        visibility: who sees the robot.
        dice: theirs.
        dither: standard deviation of what is added to every wish [m/s]. Two who meet exactly
            head-on would else stand before each other for ever.
        arrival: time constant with which they slow down before their goal [s].

    Arrays are replaced and never written to, so that a record may keep them without a copy.

    Attributes:
        pos: centres, `[H, 2]` [m].
        vel: velocities, `[H, 2]` [m/s].
        radius: `[H]` [m].
        speed: that they like, `[H]` [m/s].
        goal: `[H, 2]` [m].
        present: who is in the world, `[H]`.
        identity: number of the person on each place, `[H]`; one who is replaced by another
            gives way to a new number.
        left: when each of those who are gone arrived, by number [s].
        aware: who makes room for the robot, `[H]`.
        time: since the start [s].
    """

    def __init__(
        self,
        scene: Scene,
        visibility: Visibility,
        dice: Dice,
        dither: float,
        arrival: float = ARRIVAL,
    ) -> None:
        people = scene.people
        count = len(people)
        self.pos = np.array([p.start for p in people], np.float64).reshape(count, 2)
        self.vel = np.array([p.velocity for p in people], np.float64).reshape(count, 2)
        self.goal = np.array([p.goal for p in people], np.float64).reshape(count, 2)
        self.radius = np.array([p.radius for p in people], np.float64)
        self.speed = np.array([p.speed for p in people], np.float64)
        self.group = np.array([p.group for p in people], np.int64)
        self.present = np.ones(count, bool)
        self.identity = np.arange(count)
        self.left: dict[int, float] = {}
        self.aware = visibility.aware(count, dice)
        self.halts = visibility.halts
        self.time = 0.0
        self._floor = scene.floor
        self._leaves = np.array([p.leaves for p in people], bool)
        self._some_leave = bool(self._leaves.any())
        self._generators = [dice.of("person", number) for number in range(count)]
        self._arrival = arrival
        self._dither, self._thrown = dither, np.zeros((0, count, 2))
        self._steps = 0
        self._routes = [self._route(number) for number in range(count)]
        self._turning = [number for number, route in enumerate(self._routes) if len(route) > 1]
        self._behaviours: dict[int, Behaviour] = {
            number: make_behaviour(person.script, person.settings)
            for number, person in enumerate(people)
            if person.script != "walk"
        }
        for number, behaviour in self._behaviours.items():
            behaviour.reset(number, self, self._generators[number])

    def __len__(self) -> int:
        return len(self.radius)

    def gesture_of(self, number: int) -> int:
        """What one signals now; a number of ``behaviour.GESTURES``."""
        behaviour = self._behaviours.get(number)
        return 0 if behaviour is None else behaviour.gesture

    def wish(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> Floats:
        """The velocity that each one would like now, `[H, 2]` [m/s]; others are not minded yet."""
        target = self.goal
        if self._turning:
            target = self.goal.copy()
            for number in list(self._turning):
                target[number] = self._corner(number)
        wish = target - self.pos
        left = np.hypot(wish[:, 0], wish[:, 1])
        # A corner is not an arrival: nobody slows down for it.
        pace = np.minimum(left / self._arrival, self.speed)
        if self._turning:
            pace[self._turning] = self.speed[self._turning]
        wish *= (pace / np.maximum(left, NEAR))[:, None]
        if self._behaviours:
            moment = Moment(self.time, dt, robot_pos, robot_vel, self)
            for number, behaviour in self._behaviours.items():
                if self.present[number]:
                    wish[number] = behaviour.wish(moment, wish[number])
        if self._dither:
            wish += self._dithered()
        return wish

    def walk(self, vel: Floats, dt: float) -> None:
        """Everybody goes on with a velocity, `[H, 2]` [m/s]; those who arrive may leave."""
        self.vel = vel
        self.pos = self.pos + vel * dt
        self.settle(dt)

    def settle(self, dt: float) -> None:
        """Lets time pass; those who have arrived and do not stay are gone."""
        self.time += dt
        if self._some_leave:
            left = self.goal - self.pos
            gone = self._leaves & self.present & (np.hypot(left[:, 0], left[:, 1]) < self.radius)
            for number in np.flatnonzero(gone):
                self.remove(int(number))

    def remove(self, number: int) -> None:
        """Takes one out of the world."""
        self.left[int(self.identity[number])] = self.time
        away = np.array([AWAY + 10.0 * number, AWAY])
        self.pos, self.goal = _put(self.pos, number, away), _put(self.goal, number, away)
        self.vel = _put(self.vel, number, 0.0)
        self.present = _put(self.present, number, False)
        if number in self._turning:
            self._turning.remove(number)

    def replace(self, number: int, pos: Floats, goal: Floats) -> None:
        """Puts somebody new on a place of the crowd, at rest."""
        self.left[int(self.identity[number])] = self.time
        self.pos, self.goal = _put(self.pos, number, pos), _put(self.goal, number, goal)
        self.vel = _put(self.vel, number, 0.0)
        self.identity = _put(self.identity, number, int(self.identity.max()) + 1)

    def redirect(self, number: int, goal: Floats) -> None:
        """Gives one another goal, and the way there."""
        self.goal = _put(self.goal, number, goal)
        self._routes[number] = self._route(number)
        if number in self._turning:
            self._turning.remove(number)
        if len(self._routes[number]) > 1:
            self._turning.append(number)

    def state(self) -> dict[str, Any]:
        """All that their next wish depends on, copied."""
        return {
            "pos": self.pos.copy(),
            "vel": self.vel.copy(),
            "goal": self.goal.copy(),
            "present": self.present.copy(),
            "identity": self.identity.copy(),
            "aware": self.aware.copy(),
            "routes": [route.copy() for route in self._routes],
            "time": self.time,
            "steps": self._steps,
        }

    def _route(self, number: int) -> Floats:
        """Corners still to be passed and the goal, `[K, 2]`."""
        goal = self.goal[number : number + 1].copy()
        if self._floor.empty:
            return goal
        radius = float(self.radius[number])
        places = np.stack([self.pos[number], self.goal[number]])
        wide = radius + MARGIN
        roomy = bool((self._floor.clearance(places) >= wide).all())
        plan = planner(self._floor, wide if roomy else radius)
        if roomy and not np.isfinite(plan.distances(places[:1], places[1])[0]):
            plan = planner(self._floor, radius)
        return plan.shortest(places[0], places[1]).points[1:]

    def _corner(self, number: int) -> Floats:
        route = self._routes[number]
        while len(route) > 1 and np.hypot(*(route[0] - self.pos[number])) < CORNER:
            route = route[1:]
        self._routes[number] = route
        if len(route) == 1:
            self._turning.remove(number)
        return np.asarray(route[0])

    def _dithered(self) -> Floats:
        step = self._steps % BLOCK
        if not step:
            blocks = [one.normal(0.0, self._dither, (BLOCK, 2)) for one in self._generators]
            self._thrown = np.stack(blocks, axis=1) if blocks else np.zeros((BLOCK, 0, 2))
        self._steps += 1
        return np.asarray(self._thrown[step])


def _put(array: NDArray[Any], number: int, value: Any) -> NDArray[Any]:
    """A copy with one row changed."""
    changed = array.copy()
    changed[number] = value
    return changed
