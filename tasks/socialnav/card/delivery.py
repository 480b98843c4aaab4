"""Cards of bringing something: to hand over an object, and to hurry with a crash cart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..assignment import Handover, in_reach
from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import AWARE, Card
from .draw import Draw
from .evidence import Evidence, collision, freezing, intrusion, no_arrival
from .layout import LENGTH, PLAZA, WIDE, corridor, plaza
from .oracle import Aim, Guided

Floats = NDArray[np.float64]

ARM = 1.1
"""Where a handover is aimed at, before the receiver [m]: at the far end of their reach."""

CALM = 0.5
"""Greatest speed in the last 2 m before a receiver [m/s]; our own choice."""

HEARD = 3.5
"""Distance at which people hear a cart that announces itself [m]."""


def _handover(draw: Draw) -> Scene:
    yaw = draw.uniform("yaw", -np.pi, np.pi)
    place = np.array([draw.uniform("x", -1.0, 1.0), draw.uniform("y", -1.0, 1.0)])
    # Mostly from aside or behind: the robot has to come around into sight.
    turn = yaw + draw.side("side") * draw.uniform("from", np.pi / 4, np.pi)
    start = place + draw.uniform("far", 3.0, 4.0) * np.array([math.cos(turn), math.sin(turn)])
    goal = place + ARM * np.array([math.cos(yaw), math.sin(yaw)])
    person = Person(start=place, goal=place, yaw=yaw, script="stand")
    return draw.scene(
        plaza(draw.size("side", PLAZA)),
        start,
        Goal(pos=goal, pos_tol=0.3),
        (person,),
        yaw=turn + np.pi,
        looks=yaw,
    )


def _cart(draw: Draw) -> Scene:
    length, width = draw.size("length", LENGTH), draw.size("width", WIDE)
    room, half = length / 2 - 0.9, width / 2
    count = draw.whole("count", 3, 5)
    people = [
        Person(start=np.array([room, 0.0]), goal=np.array([room, 0.0]), yaw=np.pi, script="stand")
    ]
    xs = np.linspace(-room + 3.0, room - 3.0, count)
    for number, x in enumerate(xs):
        dice = draw.dice(f"bystander {number}")
        place = np.array([x + dice.uniform(-0.3, 0.3), dice.uniform(-0.5, 0.5)])
        side = 1.0 if place[1] > 0 else -1.0
        aside = (float(place[0]), side * (half - 0.36))
        delay = float(dice.uniform(0.8, 1.6))
        settings = {"aside": aside, "distance": HEARD, "delay": delay}
        people.append(
            Person(
                start=place,
                goal=place,
                yaw=float(dice.uniform(-np.pi, np.pi)),
                script="make_way",
                settings=settings,
            )
        )
    goal = Goal(pos=np.array([room - ARM, 0.0]), pos_tol=0.3)
    start = np.array([-room, draw.uniform("lane", -0.3, 0.3)])
    return draw.scene(corridor(length, width), start, goal, tuple(people), announces=True)


def _stands(seen: Evidence) -> bool:
    """The robot comes within 3 m of the receiver, who stands."""
    still = np.hypot(*(seen.people[:, 0] - seen.people[0, 0]).T) < 0.3
    return bool((still & (seen.away[:, 0] < 3.0)).any())


def _hasty(seen: Evidence) -> bool:
    """The robot is faster than 0.5 m/s in the last 2 m before the receiver."""
    return bool(((seen.away[:, 0] < 2.0) & (seen.speed > CALM + 0.05)).any())


def _from_behind(seen: Evidence) -> bool:
    """The robot comes within 1.2 m of the receiver out of their sight."""
    yaw = float(seen.meta["looks"])
    apart = seen.robot - seen.people[:, 0]
    ahead = apart @ np.array([math.cos(yaw), math.sin(yaw)])
    return bool(((seen.away[:, 0] < 1.2) & (ahead < 0)).any())


def _handed(seen: Evidence) -> bool:
    """The robot ends in the receiver's reach and sight."""
    return in_reach(seen.robot[-1] - seen.people[-1, 0], float(seen.meta["looks"]))


def _bystanders(seen: Evidence) -> bool:
    """Two or more bystanders are within 2 m of the robot at some time."""
    return int((seen.away[:, 1:] < 2.0).any(axis=0).sum()) >= 2


def _comes_around(world: World, memory: dict[str, float]) -> Aim:
    """Around the receiver into their sight, then calmly to within reach."""
    person, yaw = world.crowd.walkers.pos[0], float(world.scene.meta["looks"])
    apart = world.robot.pos - person
    at, away = math.atan2(apart[1], apart[0]), float(np.hypot(*apart))
    off = float(np.angle(np.exp(1j * (yaw - at))))
    pace = 0.9 if away > 2.5 else 0.45
    if abs(off) < 0.3 or away < 1.35:
        return Aim(world.goal.pos, pace=pace, safety=None)
    turn = at + math.copysign(min(abs(off), 0.5), off)
    wide = max(2.2, 0.8 * away)
    place = person + wide * np.array([math.cos(turn), math.sin(turn)])
    return Aim(place, pace=pace, safety=None)


def _hurries(world: World, memory: dict[str, float]) -> Aim:
    """Keeps to the middle, as fast as people step aside."""
    people, here = world.crowd.walkers, world.robot.pos
    ahead, aside = people.pos[1:, 0] - here[0], np.abs(people.pos[1:, 1])
    wall = float(np.abs(world.scene.floor.segments[:, 1]).max())
    still = (ahead > 0.0) & (aside < min(1.06, wall - 0.4))
    room = float(np.where(still, ahead, np.inf).min(initial=np.inf)) - 1.25
    if world.goal.pos[0] - here[0] < 1.0:
        return Aim(world.goal.pos, pace=0.6, safety=None)
    pace = float(np.clip(0.7 * room, 0.0, 1.0))
    return Aim(np.array([here[0] + 1.0, 0.0]), pace=pace, safety=None)


CARDS = (
    Card(
        name="object-handover",
        title="Object handover",
        purpose="interactive navigation",
        environment="generic, passable space",
        layout=f"A square of {PLAZA:g} m by {PLAZA:g} m; the receiver stands near its middle, the "
        "robot comes from 3 to 4 m, at least 45 degrees off where they look.",
        role="servant",
        task="deliver an object",
        behaviour="stands and receives the object",
        outcome="The person takes the object: the robot stands for 2 s at 0.6 to 1.2 m, within 45 "
        "degrees of where they look.",
        success=("SR", "NoColl"),
        principles=("P2", "P4"),
        labelling="The robot comes within 3 m of the receiver, who stands.",
        source="Table 3",
        instruction="Bring the object to the person: stand before them within their reach.",
        time_limit=40.0,
        people=1,
        crowd="scripted",
        tracks=AWARE,
        draw=_handover,
        label=_stands,
        ideal=lambda seen: seen.clean and _handed(seen) and not _hasty(seen),
        failures={
            "collision": collision,
            "hasty": _hasty,
            "from_behind": _from_behind,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_comes_around),
        assignment=Handover,
        related=("crash-cart", "join-group"),
    ),
    Card(
        name="crash-cart",
        title="Crash cart",
        purpose="interactive navigation",
        environment="indoor, passable space",
        layout=f"A corridor of {LENGTH:g} m by {WIDE:g} m with three to five bystanders; the "
        "receiver stands at its end.",
        role="leader",
        task="deliver medicine urgently; the robot announces itself all the way",
        behaviour=f"the receiver waits; bystanders step aside for an announced robot within "
        f"{HEARD:g} m",
        outcome="The medicine is delivered in time.",
        success=("SR", "NoColl", "TTG"),
        principles=("P3", "P8"),
        labelling="Two or more bystanders are within 2 m of the robot at some time.",
        source="Table 3",
        instruction="Bring the medicine to the person at the end of the corridor, and hurry.",
        time_limit=22.0,
        people=6,
        crowd="scripted",
        draw=_cart,
        label=_bystanders,
        ideal=lambda seen: seen.clean,
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "freezing": freezing,
            "late": no_arrival,
        },
        oracle=lambda: Guided(_hurries),
        related=("object-handover", "pedestrian-obstruction"),
    ),
)
