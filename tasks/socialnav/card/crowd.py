"""Cards of crowds: people who mill about, who cross a circle, who stand around the robot."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import Evidence, collision, detour, freezing, intrusion, no_arrival
from .layout import PLAZA, plaza
from .oracle import Aim, Guided, go
from .stream import cuts_in

Floats = NDArray[np.float64]

DENSITY = 0.1
"""People a square metre of the crowd that is navigated."""

CIRCLES = ((4.0, 5), (6.0, 10))
"""Radius of a circle that is crossed [m], and how many people cross it besides the robot."""

RING, PLACES = 1.8, 10
"""Radius of the ring of people around a robot [m], and its places, one of which is free."""

GAP = 0.75
"""Least distance of two centres at the start [m]."""


def scattered(
    draw: Draw, side: float, count: int, taken: list[Floats], density: float
) -> tuple[Person, ...]:
    """People who go about on a square.

    Args:
        draw: the dice.
        side: of the square [m].
        count: how many.
        taken: places to keep off, each `[2]` [m].
        density: a name for the dice [1/m^2].
    """
    dice, half = draw.dice(f"places {density:g}"), side / 2 - 0.8
    places, people = list(taken), list[Person]()
    while len(people) < count:
        place = dice.uniform(-half, half, 2)
        wide = [1.5] * len(taken) + [GAP] * len(people)
        apart = np.hypot(*(np.array(places) - place).T) if places else np.zeros(0)
        if (apart < np.array(wide)).any():
            continue
        goal = dice.uniform(-half, half, 2)
        places.append(place)
        people.append(
            Person(
                start=place,
                goal=goal,
                speed=draw.pace(f"pace {len(people)}"),
                script="mill",
                settings={"low": (-half, -half), "high": (half, half)},
            )
        )
    return tuple(people)


def milling(draw: Draw, density: float) -> Scene:
    """A robot that goes from one side of a square to the other through a crowd.

    Args:
        draw: the dice.
        density: of people [1/m^2].
    """
    side = draw.size("side", PLAZA)
    half, way = side / 2 - 1.0, draw.side("way")
    start = np.array([-way * half, draw.uniform("from", -half, half)])
    goal = np.array([way * half, draw.uniform("to", -half, half)])
    people = scattered(draw, side, round(density * side * side), [start], density)
    return draw.scene(plaza(side), start, Goal(pos=goal, pos_tol=0.3), people)


def _circular(draw: Draw) -> Scene:
    radius, count = CIRCLES[draw.whole("circle", 0, len(CIRCLES) - 1)]
    radius, places = draw.size("radius", radius), count + 1
    shake = draw.dice("shake").uniform(-0.15, 0.15, places)
    turn = draw.uniform("turn", -np.pi, np.pi) + 2 * np.pi * (np.arange(places) + shake) / places
    starts = radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    people = tuple(
        Person(start=place, goal=-place, speed=draw.pace(f"pace {number}", 0.8, 1.2))
        for number, place in enumerate(starts[1:])
    )
    goal = Goal(pos=-starts[0], pos_tol=0.3)
    return draw.scene(plaza(2 * radius + 4.0), starts[0], goal, people, yaw=turn[0] + np.pi)


def _crowding(draw: Draw) -> Scene:
    ring = draw.size("ring", RING)
    free = draw.uniform("free", -np.pi, np.pi)
    dice, people = draw.dice("ring"), []
    for number in range(1, PLACES):
        turn = free + 2 * np.pi * (number + dice.uniform(-0.1, 0.1)) / PLACES
        place = (ring + dice.uniform(-0.1, 0.1)) * np.array([math.cos(turn), math.sin(turn)])
        people.append(Person(start=place, goal=place, yaw=turn + np.pi, script="group"))
    off = free + draw.side("side") * draw.uniform("off", np.pi / 3, np.pi)
    goal = 4.5 * np.array([math.cos(off), math.sin(off)])
    return draw.scene(
        plaza(draw.size("side", PLAZA)),
        np.zeros(2),
        Goal(pos=goal, pos_tol=0.3),
        tuple(people),
        free=free,
        ring=ring,
    )


def _in_crowd(seen: Evidence) -> bool:
    """Three or more come within 2.5 m of the robot."""
    return int((seen.away < 2.5).any(axis=0).sum()) >= 3


def _in_circle(seen: Evidence) -> bool:
    """At one time three or more are within 3 m of the middle, and so is the robot."""
    near = np.hypot(seen.people[..., 0], seen.people[..., 1]) < 3.0
    return bool((seen.near((0.0, 0.0), 3.0) & (near.sum(axis=1) >= 3)).any())


def _surrounded(seen: Evidence) -> bool:
    """At the start six or more stand within 2.5 m, in at least six of eight directions."""
    apart = seen.people[0] - seen.robot[0]
    near = seen.away[0] < 2.5
    sectors = np.floor(np.arctan2(apart[near, 1], apart[near, 0]) / (np.pi / 4))
    return bool(near.sum() >= 6 and len(np.unique(sectors)) >= 6)


def _slips_out(world: World, memory: dict[str, float]) -> Aim:
    """Out by the free place, then around those who stand there."""
    meta, here, goal = world.scene.meta, world.robot.pos, world.goal.pos
    free, wide = float(meta["free"]), float(meta["ring"]) + 1.15
    out = wide * np.array([math.cos(free), math.sin(free)])
    if "out" not in memory:
        if float(np.hypot(*(out - here))) > 0.2:
            return Aim(out, pace=0.7, safety=None)
        memory["out"] = 1.0
    at, to = math.atan2(here[1], here[0]), math.atan2(goal[1], goal[0])
    off = float(np.angle(np.exp(1j * (to - at))))
    if abs(off) < 0.3:
        return Aim(goal, safety=None)
    turn = at + math.copysign(min(abs(off), 0.4), off)
    return Aim(wide * 1.05 * np.array([math.cos(turn), math.sin(turn)]), pace=0.9, safety=None)


_FAILURES = {
    "collision": collision,
    "intrusion": intrusion,
    "freezing": freezing,
    "detour": detour,
    "cuts_in": cuts_in,
    "no_arrival": no_arrival,
}

CARDS = (
    Card(
        name="crowd-navigation",
        title="Crowd navigation",
        purpose="crowd interaction",
        environment="generic, passable space",
        layout=f"A square of {PLAZA:g} m by {PLAZA:g} m with {DENSITY:g} people a square metre.",
        role="any",
        task="go through the crowd",
        behaviour="mill about: go to some place, rest up to 2 s, go to another",
        outcome="The robot comes through without touching or obstructing anybody.",
        success=("SR", "NoColl", "TTG", "PL"),
        principles=("P2", "P7"),
        labelling="Three or more people come within 2.5 m of the robot.",
        source="Table 3",
        instruction="Go through the crowd to the other side.",
        time_limit=60.0,
        people=18,
        draw=lambda draw: milling(draw, DENSITY),
        label=_in_crowd,
        ideal=lambda seen: seen.clean and not freezing(seen) and not detour(seen),
        failures=_FAILURES,
        oracle=lambda: Guided(go(0.5)),
        related=("circular-crossing", "parallel-traffic"),
    ),
    Card(
        name="circular-crossing",
        title="Circular crossing",
        purpose="crowd interaction",
        environment="generic, passable space",
        layout="Five people on a circle of 4 m radius, or ten on one of 6 m, and the robot.",
        role="any",
        task="cross the circle",
        behaviour="cross the circle to the opposite side",
        outcome="All come to the other side without touching.",
        success=("SR", "NoColl", "TTG"),
        principles=("P2", "P6", "P7"),
        labelling="At one time three or more people and the robot are within 3 m of the middle.",
        source="Fig. 7x",
        instruction="Cross to the opposite side; people cross from all sides.",
        time_limit=60.0,
        people=10,
        draw=_circular,
        label=_in_circle,
        ideal=lambda seen: seen.clean and not freezing(seen) and not detour(seen),
        failures=_FAILURES,
        oracle=lambda: Guided(go(0.5)),
        related=("crowd-navigation", "perpendicular-traffic"),
    ),
    Card(
        name="robot-crowding",
        title="Robot crowding",
        purpose="crowd interaction",
        environment="generic, open space",
        layout=f"Nine people on a ring of {RING:g} m with ten places around the robot; its goal is "
        "4.5 m away, at least 60 degrees off the free place.",
        role="any",
        task="leave the ring and go to the goal",
        behaviour="stand around the robot and look at it",
        outcome="The robot comes out without pushing through people.",
        success=("SR", "NoColl", "TTG"),
        principles=("P2", "P7"),
        labelling="At the start six or more people stand within 2.5 m of the robot, in at least "
        "six of eight directions.",
        source="Fig. 7y",
        instruction="People stand around you. Get out, and go to the goal.",
        time_limit=60.0,
        people=PLACES - 1,
        crowd="scripted",
        draw=_crowding,
        label=_surrounded,
        ideal=lambda seen: seen.clean and not freezing(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "freezing": freezing,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_slips_out),
        related=("crowd-navigation", "pedestrian-obstruction"),
    ),
)
