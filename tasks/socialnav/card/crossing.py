"""Cards of a crossing of two corridors: nobody signals, or the person waves to wait or to go."""

from __future__ import annotations

import math

import numpy as np

from ..crowd.behaviour import Gesture
from ..crowd.conduct import WaveOn
from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import AWARE, Card
from .draw import Draw
from .evidence import STANDING, Evidence, brakes_person, collision, intrusion, no_arrival, standoff
from .layout import CROSSING, crossing
from .oracle import Aim, Guided, Wait, go
from .timing import SLACK, meet

ARM = 7.5
"""How far the corridors reach from their crossing [m]."""

APPROACH = 1.0
"""Before the edge of the crossing, what still counts as its approach [m]."""

EAST = np.array([1.0, 0.0])
"""The robot's way."""


def _staged(draw: Draw, script: str) -> Scene:
    along, across = draw.size("along", CROSSING), draw.size("across", CROSSING)
    room, pace, side = ARM - 1.0, draw.pace(), draw.side("side")
    late = draw.uniform("late", -SLACK, SLACK)
    met = meet(draw.body, pace, room, room, late)
    lane, beside = draw.uniform("lane", -0.3, 0.3), draw.uniform("beside", -0.3, 0.3)
    settings: dict[str, object] = {"signal": "wait"} if script == "gesture" else {}
    if script == "wave_on":
        settings = {"stop": (beside, -side * (along / 2 + 0.4))}
    person = Person(
        start=np.array([beside, -side * met.person]),
        goal=np.array([beside, side * room]),
        speed=pace,
        velocity=np.array([0.0, side * pace]),
        script=script,
        settings=settings,
        leaves=True,
    )
    return draw.scene(
        crossing(ARM, along, across),
        np.array([-met.robot, lane]),
        Goal(pos=np.array([room, lane]), pos_tol=0.3),
        (person,),
        half=[across / 2, along / 2],
        side=side,
        conflict=[beside, lane],
    )


def _arrivals(seen: Evidence) -> tuple[float, float]:
    """When the robot and the person first come to the approach of the crossing [s]."""
    half = seen.meta["half"]
    robot = seen.first(np.abs(seen.robot[:, 0]) < half[0] + APPROACH)
    there = np.nan_to_num(seen.people[:, 0, 1], nan=np.inf)
    return robot, seen.first(np.abs(there) < half[1] + APPROACH)


def _met(seen: Evidence) -> bool:
    robot, person = _arrivals(seen)
    return math.isfinite(robot) and math.isfinite(person) and abs(robot - person) <= 1.5


def _clears(seen: Evidence) -> tuple[float, float]:
    """When robot and person are past the point where their ways cross [s]."""
    x, y = seen.meta["conflict"]
    robot = seen.first(seen.robot[:, 0] > x)
    up = (seen.people[:, 0, 1] - y) * seen.meta["side"]
    there = seen.log.humans.valid[:, 0]
    person = seen.first(np.where(there, np.nan_to_num(up, nan=-1.0) > 0, False))
    return robot, person


def _person_first(seen: Evidence) -> bool:
    robot, person = _clears(seen)
    return person < robot


def _robot_first(seen: Evidence) -> bool:
    robot, person = _clears(seen)
    return robot < person


def _signalled(seen: Evidence) -> float:
    """When the person begins to signal [s]."""
    return seen.first(seen.away[:, 0] <= Gesture.distance)


def _waved_on(seen: Evidence) -> bool:
    there = (
        np.abs(np.nan_to_num(seen.people[:, 0, 1], nan=np.inf)) < seen.meta["half"][1] + APPROACH
    )
    short = seen.robot[:, 0] < 0
    return bool((there & short & (seen.away[:, 0] <= WaveOn.distance)).any())


def _ignores_wait(seen: Evidence) -> bool:
    """The robot enters the crossing before the person who said 'wait' is through."""
    entered = seen.first(seen.robot[:, 0] > -seen.meta["half"][0])
    return entered < _clears(seen)[1]


def _hesitates(seen: Evidence) -> bool:
    """After 'go' the robot stands for more than 3 s, short of the crossing's far side."""
    told = seen.t >= _signalled(seen)
    short = seen.robot[:, 0] < seen.meta["half"][0]
    return seen.longest(told & short & (seen.speed < STANDING)) > 3.0


def _edge(world: World) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    half = world.scene.meta["half"]
    return np.array([-half[0] - 0.55, world.robot.pos[1]])


def _through(world: World) -> bool:
    """Whether the person has left the crossing, or is gone."""
    people, meta = world.crowd.walkers, world.scene.meta
    return not people.present[0] or bool(
        (people.pos[0, 1] - meta["conflict"][1]) * meta["side"] > 0.9
    )


def _priority(world: World, memory: dict[str, float]) -> Aim:
    """Lets the person through where they would come first, and goes well before them elsewhere."""
    people, meta = world.crowd.walkers, world.scene.meta
    if "first" not in memory and people.present[0]:
        way = -(people.pos[0, 1] - meta["conflict"][1]) * meta["side"]
        left = meta["conflict"][0] - world.robot.pos[0]
        if left < 3.0:
            spare = way / max(float(people.speed[0]), 0.1) - left / world.scene.body.v_max
            memory["first"] = float(spare > 2.0)
    if memory.get("first", 0.0):
        return go()(world, memory)
    return Wait(_edge, _through)(world, memory)


_LAYOUT = (
    f"Two corridors of {CROSSING:g} m that cross, {ARM:g} m to each side; both are due in the "
    "crossing at the same time."
)
_LABELLING = (
    f"Robot and person come within {APPROACH:g} m of the crossing within 1.5 s of one another."
)

CARDS = (
    Card(
        name="intersection-no-gesture",
        title="Intersection, no gesture",
        purpose="pedestrian interaction",
        environment="indoor intersection",
        layout=_LAYOUT,
        role="any",
        task="go from A to B",
        behaviour="crosses the robot's way",
        outcome="Both pass without touching.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P4"),
        labelling=_LABELLING,
        source="Table 3",
        instruction="Go straight on across the intersection; somebody crosses your way.",
        time_limit=35.0,
        people=1,
        draw=lambda draw: _staged(draw, "walk"),
        label=_met,
        ideal=lambda seen: seen.clean and not brakes_person(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "brakes_person": brakes_person,
            "standoff": standoff,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_priority),
        related=("intersection-wait", "intersection-proceed", "perpendicular-traffic"),
    ),
    Card(
        name="intersection-wait",
        title="Intersection, gesture to wait",
        purpose="pedestrian interaction",
        environment="indoor intersection",
        layout=_LAYOUT,
        role="servant",
        task="go from A to B",
        behaviour="signals 'wait' within 4 m, and crosses the robot's way",
        outcome="The person goes first, then the robot.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P4"),
        labelling=_LABELLING,
        source="Table 3",
        instruction="Go straight on across the intersection; mind the signals of others.",
        time_limit=35.0,
        people=1,
        tracks=AWARE,
        draw=lambda draw: _staged(draw, "gesture"),
        label=_met,
        ideal=lambda seen: seen.clean and _person_first(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "ignores_gesture": _ignores_wait,
            "brakes_person": brakes_person,
            "standoff": standoff,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(Wait(_edge, _through)),
        related=("intersection-no-gesture", "intersection-proceed"),
    ),
    Card(
        name="intersection-proceed",
        title="Intersection, gesture to proceed",
        purpose="pedestrian interaction",
        environment="indoor intersection",
        layout=_LAYOUT,
        role="servant",
        task="go from A to B",
        behaviour="stops, signals 'go' within 4 m, and crosses when the robot is past",
        outcome="The robot goes first, then the person.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P4"),
        labelling="The person stands at the crossing, at most 4 m from a robot that is short of "
        "its middle, and so signals 'go'.",
        source="Table 3",
        instruction="Go straight on across the intersection; mind the signals of others.",
        time_limit=35.0,
        people=1,
        tracks=AWARE,
        draw=lambda draw: _staged(draw, "wave_on"),
        label=_waved_on,
        ideal=lambda seen: seen.clean and _robot_first(seen) and not _hesitates(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "hesitates": _hesitates,
            "standoff": standoff,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(go(0.4)),
        related=("intersection-no-gesture", "intersection-wait"),
    ),
)
