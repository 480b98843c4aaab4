"""Robots for the cards: one that knows what the card wants, and one that minds nobody."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core.errors import BadScene
from ..crowd.orca import OrcaSettings, Simulation
from ..route import planner
from ..world import World

Floats = NDArray[np.float64]

SAFETY = 0.3
"""Kept from people beyond the radii, where there is room [m]."""

BRAKING = 0.6
"""Deceleration with which places are approached [m/s^2]; less than robots can."""


class Aim(NamedTuple):
    """What a robot does next.

    Attributes:
        place: where it goes, `[2]` [m].
        pace: at most how fast [m/s].
        safety: kept from people beyond the radii [m]; None to mind nobody.
    """

    place: Floats
    pace: float = math.inf
    safety: float | None = SAFETY


Plan = Callable[[World, dict[str, float]], Aim]
"""Says what to do next. The dictionary is its memory, empty at the start of an episode."""


class Guided:
    """A holonomic robot that follows a plan, and keeps off people by ORCA.

    Args:
        plan: where to go when.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def reset(self, world: World) -> None:
        """An episode begins."""
        self._memory: dict[str, float] = {}
        self._simulations: dict[float, Simulation] = {}
        self._world = world

    def velocity(self, world: World) -> Floats:
        """The velocity to take, `[2]` [m/s]."""
        aim = self._plan(world, self._memory)
        wish = self._wish(world, aim)
        if aim.safety is None or not len(world.crowd.walkers):
            return wish
        robot, people = world.robot, world.crowd.walkers
        decided = self._simulation(world, aim.safety).decide(
            robot.pos[None], robot.vel[None], wish[None], world.scene.dt, people.pos, people.vel
        )
        return np.asarray(decided[0])

    def _wish(self, world: World, aim: Aim) -> Floats:
        target, left = _next(world, aim.place)
        way = target - world.robot.pos
        size = float(np.hypot(way[0], way[1]))
        pace = min(aim.pace, world.scene.body.v_max, math.sqrt(2 * BRAKING * left), left * 3.0)
        return way * (pace / size) if size > 1e-9 else np.zeros(2)

    def _simulation(self, world: World, safety: float) -> Simulation:
        if safety not in self._simulations:
            body = world.scene.body
            self._simulations[safety] = Simulation(
                world.scene,
                np.array([body.radius]),
                np.array([body.v_max]),
                OrcaSettings(horizon=3.0, wall_horizon=1.5, margin=0.02),
                others=world.crowd.walkers.radius + safety,
            )
        return self._simulations[safety]


class Straight:
    """A robot that goes the shortest way to where it is to end at full speed, whoever is in it."""

    def reset(self, world: World) -> None:
        """Nothing is remembered."""

    def velocity(self, world: World) -> Floats:
        """The velocity to take, `[2]` [m/s]."""
        target, left = _next(world, world.scene.goal.pos)
        way = target - world.robot.pos
        size = float(np.hypot(way[0], way[1]))
        pace = min(world.scene.body.v_max, left / world.scene.dt)
        return way * (pace / size) if size > 1e-9 else np.zeros(2)


def _next(world: World, place: ArrayLike) -> tuple[Floats, float]:
    """The next corner on the way to a place, `[2]` [m], and the length of the way [m]."""
    goal = np.asarray(place, np.float64)
    here, floor, radius = world.robot.pos, world.scene.floor, world.scene.body.radius
    if floor.empty:
        return goal, float(np.hypot(*(goal - here)))
    for wide in (radius + 0.05, radius + 0.005, radius - 0.01):
        try:
            route = planner(floor, wide).shortest(here, goal)
        except BadScene:
            continue
        points = route.points[1:]
        ahead = np.hypot(*(points - here).T) > 0.05
        return points[int(ahead.argmax())] if ahead.any() else goal, route.length
    return goal, float(np.hypot(*(goal - here)))


def go(safety: float = SAFETY, pace: float = math.inf) -> Plan:
    """To go to the goal and keep off people.

    Args:
        safety: kept from them beyond the radii [m].
        pace: at most how fast [m/s].
    """
    return lambda world, memory: Aim(world.goal.pos, pace, safety)


@dataclasses.dataclass
class Wait:
    """To wait somewhere until something holds, and to go to the goal then.

    Args:
        place: where, by the world; called once an episode.
        until: what has to hold, for the rest of the episode.
        then: what to do then.
        pace: on the way to the place [m/s].
    """

    place: Callable[[World], Floats]
    until: Callable[[World], bool]
    then: Plan = dataclasses.field(default_factory=go)
    pace: float = math.inf

    def __call__(self, world: World, memory: dict[str, float]) -> Aim:
        """What to do next."""
        if "x" not in memory:
            memory["x"], memory["y"] = (float(value) for value in self.place(world))
        if "free" in memory or self.until(world):
            memory["free"] = 1.0
            return self.then(world, memory)
        place = np.array([memory["x"], memory["y"]])
        # Near it ORCA would dodge into the way of whoever is waited for.
        far = float(np.hypot(*(place - world.robot.pos))) > 2.0
        return Aim(place, self.pace, SAFETY / 2 if far else None)
