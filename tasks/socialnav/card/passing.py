"""Cards of one corridor: to meet somebody, to be overtaken, to overtake, to go behind, around."""

from __future__ import annotations

import numpy as np

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import (
    Evidence,
    abrupt,
    collision,
    freezing,
    intrusion,
    no_arrival,
    standoff,
    tailgating,
)
from .layout import LENGTH, WIDE, corridor
from .oracle import Aim, Guided
from .timing import SLACK, meet

AHEAD = np.array([1.0, 0.0])
"""The robot's way in all of these."""

CONE = np.deg2rad(30.0)
"""How far from straight people may walk to count as opposed, or as going the same way."""

END = 0.9
"""How far from the end of a corridor starts and goals are at least [m]."""


def _staged(draw: Draw, pace: float, way: float, low: float = 0.0, high: float = 0.15) -> Scene:
    """A robot and a person who meet in the middle of a corridor.

    Args:
        draw: the dice.
        pace: of the person [m/s].
        way: 1 for a person who goes the robot's way, -1 for the opposite.
        low: least distance between their lanes [m].
        high: greatest distance between their lanes [m].
    """
    length, width = draw.size("length", LENGTH), draw.size("width", WIDE)
    room = length / 2 - END
    late = draw.uniform("late", -SLACK, SLACK)
    met = meet(draw.body, pace, room, room, late)
    lane = draw.uniform("lane", -0.4, 0.4)
    beside = lane + draw.side("side") * draw.uniform("beside", low, high)
    person = Person(
        start=np.array([-way * met.person, beside]),
        goal=np.array([way * room, beside]),
        speed=pace,
        velocity=np.array([way * pace, 0.0]),
        leaves=True,
    )
    return draw.scene(
        corridor(length, width),
        np.array([-met.robot, lane]),
        Goal(pos=np.array([room, lane]), pos_tol=0.3),
        (person,),
    )


def _frontal(draw: Draw) -> Scene:
    return _staged(draw, draw.pace(), -1.0)


def _overtaken(draw: Draw) -> Scene:
    # Else nobody would overtake a robot that goes at full speed.
    slowest = 1.35 * draw.body.v_max
    pace = max(draw.pace(low=min(slowest, 1.8)), slowest)
    # Who walks by ORCA straight behind a slower body stays there: it has no side to choose.
    return _staged(draw, pace, 1.0, 0.35, 0.55)


def _overtaking(draw: Draw) -> Scene:
    return _staged(draw, draw.uniform("slow", 0.35, 0.6) * draw.body.v_max, 1.0)


def _down_path(draw: Draw) -> Scene:
    length, width = draw.size("length", LENGTH), draw.size("width", WIDE)
    room, pace = length / 2 - END, draw.uniform("slow", 0.75, 0.95) * draw.body.v_max
    lane, lead = draw.uniform("lane", -0.4, 0.4), draw.uniform("lead", 1.6, 2.2)
    person = Person(
        start=np.array([lead - room, lane]),
        goal=np.array([room, lane]),
        speed=pace,
        velocity=np.array([pace, 0.0]),
        leaves=True,
    )
    goal = Goal(pos=np.array([room - 2.5, lane]), pos_tol=0.3)
    return draw.scene(corridor(length, width), np.array([-room, lane]), goal, (person,))


def _obstruction(draw: Draw) -> Scene:
    length, width = draw.size("length", LENGTH), draw.size("width", WIDE)
    room = length / 2 - END
    lane = draw.uniform("lane", -0.3, 0.3)
    place = np.array([draw.uniform("place", -1.5, 1.5), lane + draw.uniform("beside", -0.2, 0.2)])
    yaw = draw.uniform("yaw", -np.pi, np.pi)
    person = Person(start=place, goal=place, yaw=yaw, script="stand")
    goal = Goal(pos=np.array([room, lane]), pos_tol=0.3)
    return draw.scene(corridor(length, width), np.array([-room, lane]), goal, (person,))


def _opposed(seen: Evidence) -> bool:
    """Within 3 m of one another, the person came against the robot's way."""
    return bool((seen.heads(0, -AHEAD, CONE) & (seen.away[:, 0] < 3.0)).any())


def _same_way(seen: Evidence) -> bool:
    """Within 2.5 m of one another, the person went the robot's way."""
    return bool((seen.heads(0, AHEAD, CONE) & (seen.away[:, 0] < 2.5)).any())


def _paces(seen: Evidence) -> float:
    """The person's speed in parts of the robot's greatest."""
    return float(seen.log.humans.vpref[0] / (seen.log.robot.v_max or np.nan))


def _lead(seen: Evidence) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How far the person is before the robot while they are there, `[K]` [m]."""
    there = seen.log.humans.valid[:, 0]
    return np.asarray((seen.people[there, 0] - seen.robot[there]) @ AHEAD)


def _passed(seen: Evidence) -> bool:
    """Robot and person have changed places along the corridor, or one has arrived before."""
    lead = _lead(seen)
    return bool(lead[0] * lead[-1] < 0)


def _blocking(seen: Evidence) -> bool:
    """A person who is faster stays behind the robot, nearer than 1 m, for more than 5 s."""
    behind = (seen.people[:, 0] - seen.robot) @ AHEAD < 0
    return seen.longest(behind & (seen.gap[:, 0] < 1.0)) > 5.0


def _keeps_behind(world: World, memory: dict[str, float]) -> Aim:
    people = world.crowd.walkers
    if not people.present[0]:
        return Aim(world.goal.pos)
    ahead = float((people.pos[0] - world.robot.pos)[0]) - 0.55
    return Aim(world.goal.pos, pace=max(0.0, people.speed[0] + 0.8 * (ahead - 1.3)))


def _makes_room(world: World, memory: dict[str, float]) -> Aim:
    """Keeps to the side that the faster one does not come on."""
    here, people = world.robot.pos, world.crowd.walkers
    behind = float((here - people.pos[0])[0])
    if not people.present[0] or not -1.2 < behind < 5.0:
        return Aim(world.goal.pos, safety=0.3)
    if "side" not in memory:
        memory["side"] = 1.0 if here[1] > people.pos[0, 1] else -1.0
    wall = float(np.abs(world.scene.floor.segments[:, 1]).max())
    aside = memory["side"] * (wall - world.scene.body.radius - 0.1)
    return Aim(np.array([here[0] + 0.8, aside]), pace=0.6, safety=None)


def _goes_around(world: World, memory: dict[str, float]) -> Aim:
    """Passes on the side on which there is more room."""
    here, people = world.robot.pos, world.crowd.walkers
    ahead = float((people.pos[0] - here)[0])
    if not people.present[0] or not -1.0 < ahead < 6.0:
        return Aim(world.goal.pos)
    if "side" not in memory:
        aside = float(here[1] - people.pos[0, 1])
        room = -float(people.pos[0, 1])
        memory["side"] = float(np.sign(aside + 0.5 * room)) or 1.0
    lane = float(people.pos[0, 1]) + memory["side"] * 1.25
    wall = float(np.abs(world.scene.floor.segments[:, 1]).max()) - world.scene.body.radius - 0.1
    ahead = 1.5 if abs(here[1] - lane) < 0.3 else 1.0
    aside = float(np.clip(lane, -wall, wall))
    return Aim(np.array([here[0] + ahead, aside]), safety=None)


_TWO = f"A corridor of {LENGTH:g} m by {WIDE:g} m; both are due in its middle at the same time."

CARDS = (
    Card(
        name="frontal-approach",
        title="Frontal approach",
        purpose="pedestrian interaction",
        environment="generic, passable space",
        layout=_TWO,
        role="any",
        task="go from A to B",
        behaviour="goes from B to A",
        outcome="They pass each other without touching.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P5"),
        labelling="The person walks within 30 degrees of straight against the robot's way while "
        "their centres are less than 3 m apart.",
        source="Table 3",
        instruction="Go to the other end of the corridor; somebody comes towards you.",
        time_limit=30.0,
        people=1,
        draw=_frontal,
        label=_opposed,
        ideal=lambda seen: seen.clean and _passed(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "standoff": standoff,
            "abrupt": abrupt,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_goes_around),
        related=("narrow-doorway", "blind-corner"),
    ),
    Card(
        name="pedestrian-overtaking",
        title="Pedestrian overtaking",
        purpose="pedestrian interaction",
        environment="generic, passable space",
        layout=_TWO,
        role="any",
        task="go from A to B",
        behaviour="goes from A to B, at least 1.3 times as fast as the robot can",
        outcome="The person passes the robot.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P4"),
        labelling="A person who is at least 1.3 times as fast as the robot can be walks within 30 "
        "degrees of its way while their centres are less than 2.5 m apart, and began behind it.",
        source="Table 3",
        instruction="Go to the other end of the corridor; somebody behind you is faster.",
        time_limit=30.0,
        people=1,
        draw=_overtaken,
        label=lambda seen: _same_way(seen) and _paces(seen) >= 1.3 and _lead(seen)[0] < 0,
        ideal=lambda seen: seen.clean and _passed(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "blocking": _blocking,
            "abrupt": abrupt,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_makes_room),
        related=("robot-overtaking", "parallel-traffic"),
    ),
    Card(
        name="robot-overtaking",
        title="Robot overtaking",
        purpose="pedestrian interaction",
        environment="generic, passable space",
        layout=_TWO,
        role="any",
        task="go from A to B",
        behaviour="goes from A to B, at most 0.7 times as fast as the robot can",
        outcome="The robot passes the person.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P4"),
        labelling="A person who is at most 0.7 times as fast as the robot can be walks within 30 "
        "degrees of its way while their centres are less than 2.5 m apart, and began before it.",
        source="Table 3",
        instruction="Go to the other end of the corridor; somebody before you is slower.",
        time_limit=40.0,
        people=1,
        draw=_overtaking,
        label=lambda seen: _same_way(seen) and _paces(seen) <= 0.7 and _lead(seen)[0] > 0,
        ideal=lambda seen: seen.clean and _passed(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "tailgating": tailgating,
            "abrupt": abrupt,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_goes_around),
        related=("pedestrian-overtaking", "down-path"),
    ),
    Card(
        name="down-path",
        title="Down path",
        purpose="pedestrian interaction",
        environment="generic, passable space",
        layout=f"A corridor of {LENGTH:g} m by {WIDE:g} m; the person begins 1.6 to 2.2 m ahead.",
        role="any",
        task="go from A to B",
        behaviour="goes the same way ahead of the robot, a little slower than it can",
        outcome="The robot comes down the path behind the person, and not on their heels.",
        success=("SR", "NoColl"),
        principles=("P2", "P4"),
        labelling="The person walks within 30 degrees of the robot's way, ahead of it, while their "
        "centres are less than 2.5 m apart.",
        source="Fig. 7e",
        instruction="Go down the corridor; somebody ahead goes the same way.",
        time_limit=40.0,
        people=1,
        draw=_down_path,
        label=lambda seen: _same_way(seen) and _lead(seen)[0] > 0,
        ideal=lambda seen: seen.clean and not tailgating(seen) and not intrusion(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "tailgating": tailgating,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_keeps_behind),
        related=("robot-overtaking", "following"),
    ),
    Card(
        name="pedestrian-obstruction",
        title="Pedestrian obstruction",
        purpose="pedestrian interaction",
        environment="generic, passable space",
        layout=f"A corridor of {LENGTH:g} m by {WIDE:g} m; a person stands near its middle.",
        role="any",
        task="go from A to B",
        behaviour="stands in the way, looks elsewhere, and does not move",
        outcome="The robot goes around the person.",
        success=("SR", "NoColl"),
        principles=("P2", "P7"),
        labelling="The person stands within 0.55 m of the straight line from the robot's start to "
        "its goal, and the robot comes within 3 m.",
        source="Fig. 7b",
        instruction="Go to the other end of the corridor; somebody stands in the way.",
        time_limit=40.0,
        people=1,
        crowd="scripted",
        draw=_obstruction,
        label=lambda seen: bool(
            (seen.away[:, 0] < 3.0).any() and abs(seen.people[0, 0, 1] - seen.robot[0, 1]) < 0.55
        ),
        ideal=lambda seen: seen.clean and not intrusion(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "freezing": freezing,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_goes_around),
        related=("robot-crowding",),
    ),
)
