"""The start of an episode as data: the floor, the robot and its goal, the people and theirs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadScene
from .floor import Floor
from .log import Goal
from .robot import Body
from .route import Route, planner

Floats = NDArray[np.float64]

FASTEST = 3.0
"""A speed that nobody walks [m/s]; running starts below."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Somebody at the start of an episode.

    Attributes:
        start: centre, `[2]` [m].
        goal: where they want to go, `[2]` [m].
        radius: of the disc that covers them [m].
        speed: at which they like to walk [m/s].
        velocity: at the start, `[2]` [m/s].
        yaw: where they look while they stand [rad]; None for the way to their goal.
        group: number of the group they belong to; -1 for none.
        script: name of the behaviour that guides them, see ``crowd.behaviour.BEHAVIOURS``.
        settings: arguments of the behaviour.
        leaves: whether they are gone once they have arrived; else they stay and stand.
    """

    start: Floats
    goal: Floats
    radius: float = 0.3
    speed: float = 1.3
    velocity: Floats = dataclasses.field(default_factory=lambda: np.zeros(2))
    yaw: float | None = None
    group: int = -1
    script: str = "walk"
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    leaves: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """One episode's start.

    Attributes:
        body: what the robot can do.
        start: its centre, `[2]` [m].
        goal: where it is to be.
        people: everybody else.
        yaw: the robot's heading [rad].
        floor: what stands about.
        dt: between two commands [s].
        time_limit: after which the episode is cut [s].
        instruction: what the robot is asked to do, in words.
        meta: what else a log should say of it; whatever JSON can say.
    """

    body: Body
    start: Floats
    goal: Goal
    people: tuple[Person, ...] = ()
    yaw: float = 0.0
    floor: Floor = dataclasses.field(default_factory=Floor)
    dt: float = 0.1
    time_limit: float = 60.0
    instruction: str = "Go to the goal, and mind the people."
    meta: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def checked(self) -> Scene:
        """Itself, if it can be played.

        Raises:
            BadScene: a number that is not finite or out of range, a body in a wall or in another
                body, a speed that nobody walks, a goal to which no way leads; names the field.
        """
        self._check_numbers()
        self._check_bodies()
        self.route()
        for number, person in enumerate(self.people):
            _leads(f"people[{number}].goal", self.floor, person.radius, person.start, person.goal)
        return self

    def route(self) -> Route:
        """The robot's shortest way from start to goal.

        Raises:
            BadScene: there is none.
        """
        return _leads("goal", self.floor, self.body.radius, self.start, self.goal.pos)

    def _check_numbers(self) -> None:
        from .crowd.behaviour import make_behaviour  # crowds are made of scenes

        _place("start", self.start)
        _place("goal.pos", self.goal.pos)
        _range("yaw", self.yaw, -math.inf, math.inf)
        _range("dt", self.dt, 1e-3, 1.0)
        _range("time_limit", self.time_limit, self.dt, 3600.0)
        _range("body.radius", self.body.radius, 1e-3, 5.0)
        _range("body.v_max", self.body.v_max, 1e-3, FASTEST)
        for name in ("omega_max", "a_max", "alpha_max"):
            if not getattr(self.body, name) > 0:
                raise BadScene(f"scene.body.{name} is {getattr(self.body, name)!r}; it is above 0")
        _range("goal.pos_tol", self.goal.pos_tol, 1e-3, 100.0)
        if (self.goal.yaw is None) != (self.goal.yaw_tol is None):
            raise BadScene("scene.goal has a yaw or a yaw_tol alone; give both or none")
        for number, person in enumerate(self.people):
            where = f"people[{number}]"
            _place(f"{where}.start", person.start)
            _place(f"{where}.goal", person.goal)
            _place(f"{where}.velocity", person.velocity)
            _range(f"{where}.radius", person.radius, 1e-3, 5.0)
            _range(f"{where}.speed", person.speed, 0.0, FASTEST)
            _range(f"{where}.velocity", float(np.hypot(*person.velocity)), 0.0, FASTEST)
            if person.yaw is not None:
                _range(f"{where}.yaw", person.yaw, -math.inf, math.inf)
            if person.script != "walk":
                make_behaviour(person.script, person.settings)

    def _check_bodies(self) -> None:
        bodies = [("start", self.start, self.body.radius)]
        bodies += [
            (f"people[{number}].start", person.start, person.radius)
            for number, person in enumerate(self.people)
        ]
        places = np.array([place for _, place, _ in bodies])
        radii = np.array([radius for _, _, radius in bodies])
        for (name, _, radius), clear in zip(bodies, self.floor.clearance(places), strict=True):
            if clear < radius - 1e-6:
                raise BadScene(
                    f"scene.{name} is {clear:.3f} m from the nearest wall, "
                    f"inside of which a body of radius {radius} m cannot stand"
                )
        apart = places[:, None] - places[None]
        gap = np.hypot(apart[..., 0], apart[..., 1]) - radii[:, None] - radii[None]
        np.fill_diagonal(gap, np.inf)
        if (gap < 0).any():
            one, other = divmod(int(np.argmin(gap)), len(bodies))
            raise BadScene(
                f"scene.{bodies[one][0]} and scene.{bodies[other][0]} overlap "
                f"by {-gap[one, other]:.3f} m; put them apart"
            )


def _leads(name: str, floor: Floor, radius: float, start: Floats, goal: Floats) -> Route:
    try:
        return planner(floor, radius).shortest(start, goal)
    except BadScene as error:
        raise BadScene(f"scene.{name}: {error}") from None


def _place(name: str, value: Any) -> None:
    array = np.asarray(value)
    if array.shape != (2,) or array.dtype.kind not in "if" or not np.isfinite(array).all():
        raise BadScene(f"scene.{name} is {value!r}; it is two finite numbers")


def _range(name: str, value: float, low: float, high: float) -> None:
    if not (isinstance(value, (int, float, np.number)) and low <= value <= high) or (
        not math.isfinite(value)
    ):
        raise BadScene(f"scene.{name} is {value!r}; it is a number from {low:g} to {high:g}")
