"""Where scenes come from: a scenario makes the start of an episode, its crowd and its rules."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument, did_you_mean
from . import crowdnav, crowdnavpp
from .crowd import make_crowd
from .crowd.model import CrowdModel
from .log import Goal
from .robot import BODIES, Body
from .rule import Rules, SweptRules
from .scene import Person, Scene
from .world import World

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setup:
    """All that a world needs for an episode.

    Attributes:
        scene: the start.
        crowd: how its people walk.
        rules: what counts.
    """

    scene: Scene
    crowd: CrowdModel
    rules: Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """A kind of episode; each kind is a subclass with its own ``setup``.

    Attributes:
        people: the most that there are at once.
        cases: how many numbered episodes it has; 0 where the dice make each.
        body: the only robot that it is for, or None for any.
        time_limit: of its episodes [s].
        dt: between two commands [s].
        sensor_range: how far a robot sees people, between surfaces [m].
    """

    settable: ClassVar[tuple[str, ...]] = ()
    """Which of its arguments a task's ``settings`` may give; a protocol of others has none."""

    tracks: ClassVar[tuple[str, ...]] = ("visible", "invisible", "aware_no_yield", "mixed")
    """On which tracks it can be played, without the share of ``mixed``."""

    people: int
    cases: int = 0
    body: Body | None = None
    time_limit: float = 60.0
    dt: float = 0.1
    sensor_range: float = 10.0

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """An episode.

        Args:
            case: its number, where it has one.
            dice: for what is drawn.
            body: the robot's.
            track: whether people mind the robot.
        """
        raise NotImplementedError

    def finding(self, world: World) -> Mapping[str, float]:
        """What there is to say of an episode that is over, besides what all have; by name."""
        return {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrowdNavCrossing(Scenario):
    """CrowdNav's test cases.

    Args:
        rule: ``circle`` or ``square``.
    """

    rule: crowdnav.Rule = "circle"
    people: int = crowdnav.PEOPLE
    cases: int = crowdnav.CASES
    body: Body | None = BODIES["crowdnav"]
    time_limit: float = crowdnav.LIMIT
    dt: float = crowdnav.DT
    sensor_range: float = np.inf

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """The case of that number; the dice are upstream's and not these."""
        scene = crowdnav.crossing(case, self.rule)
        return Setup(scene=scene, crowd=crowdnav.crowd(track), rules=crowdnav.CrowdNavRules())


@dataclasses.dataclass(frozen=True, kw_only=True)
class CrowdNavPlusArena(Scenario):
    """CrowdNav++'s test cases."""

    people: int = crowdnavpp.PEOPLE
    cases: int = crowdnavpp.CASES
    body: Body | None = BODIES["crowdnav"]
    time_limit: float = crowdnavpp.LIMIT
    dt: float = crowdnavpp.DT
    sensor_range: float = crowdnavpp.SENSOR

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """The case of that number; the dice are upstream's and not these."""
        scene, later = crowdnavpp.arena(case)
        rules = crowdnavpp.CrowdNavPlusRules(later)
        return Setup(scene=scene, crowd=crowdnavpp.crowd(track), rules=rules)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Circle(Scenario):
    """A circular crossing by our own rules: everybody walks to the other side, the robot too.

    Args:
        people: how many.
        radius: of the circle; None for as wide as leaves 2 m of it to each, and at least 4 m [m].
        model: of the crowd.
    """

    settable = ("people", "radius", "model", "time_limit")

    people: int = 10
    radius: float | None = None
    model: str = "orca"

    def setup(self, case: int, dice: np.random.Generator, body: Body, track: str) -> Setup:
        """Evenly spread and then shaken, so that nobody starts upon another."""
        count = self.people + 1
        wide = max(4.0, count / np.pi) if self.radius is None else self.radius
        turn = 2 * np.pi * (np.arange(count) + dice.uniform(-0.15, 0.15, count)) / count
        turn += dice.uniform(0, 2 * np.pi)
        places = wide * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        speeds = np.clip(dice.normal(1.3, 0.2, self.people), 0.8, 1.8)
        people = tuple(
            Person(start=place, goal=-place, speed=float(speed))
            for place, speed in zip(places[1:], speeds, strict=True)
        )
        scene = Scene(
            body=body,
            start=places[0],
            goal=Goal(pos=-places[0], pos_tol=0.3),
            people=people,
            yaw=float(turn[0]) + np.pi,
            dt=self.dt,
            time_limit=self.time_limit,
            meta={"scenario": "circle"},
        )
        return Setup(
            scene=scene.checked(), crowd=make_crowd(self.model, track=track), rules=SweptRules()
        )


SCENARIOS: Mapping[str, Callable[..., Scenario]] = {
    "crowdnav-circle": functools.partial(CrowdNavCrossing, rule="circle"),
    "crowdnav-square": functools.partial(CrowdNavCrossing, rule="square"),
    "crowdnavpp": CrowdNavPlusArena,
    "circle": Circle,
}
"""Scenarios by name, besides those of ``card.scenario``."""


def make_scenario(name: str, settings: Mapping[str, object] | None = None) -> Scenario:
    """The scenario of that name.

    Raises:
        BadArgument: there is none, or it takes no such setting.
    """
    from .card.scenario import OWN  # the cards are made of scenarios

    known = {**SCENARIOS, **OWN}
    if name not in known:
        raise BadArgument(
            f"there is no scenario '{name}'.{did_you_mean(name, known)} "
            f"Scenarios: {', '.join(known)}"
        )
    maker: Any = known[name]
    takes: tuple[str, ...] = getattr(maker, "func", maker).settable  # of a class, or a part of it
    for setting in settings or {}:
        if setting not in takes:
            raise BadArgument(
                f"scenario '{name}' has no setting '{setting}'.{did_you_mean(setting, takes)} "
                f"It takes: {', '.join(takes) or 'none'}"
            )
    made: Scenario = maker(**(settings or {}))
    return made
