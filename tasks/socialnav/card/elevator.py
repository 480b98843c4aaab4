"""Cards of a lift: to go in beside somebody, and to let somebody out first."""

from __future__ import annotations

import numpy as np

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import Evidence, collision, freezing, intrusion, no_arrival
from .layout import CABIN, CABIN_DOOR, ROOM, WALL, lift
from .oracle import Aim, Guided, Wait, go

STEP = WALL / 2
"""From the middle of the door to the cabin [m]."""


def _entering(draw: Draw) -> Scene:
    cabin, gap = draw.size("cabin", CABIN), draw.size("gap", CABIN_DOOR)
    lobby, side = draw.size("lobby", ROOM), draw.side("side")
    wall = cabin / 2
    depth, aside = draw.uniform("depth", 1.15, 1.45), draw.uniform("aside", 0.45, 0.55)
    place = np.array([STEP + depth, side * aside])
    person = Person(start=place, goal=place, yaw=np.pi, script="group")
    start = np.array([-draw.uniform("far", 2.5, 4.0), side * draw.uniform("from", 0.0, 1.5)])
    inset = draw.body.radius + 0.15
    goal = np.array([STEP + cabin - inset, -side * (wall - inset)])
    return draw.scene(
        lift(lobby, cabin, gap),
        start,
        Goal(pos=goal, pos_tol=0.15),
        (person,),
        door=[0.0, 0.0],
        wall=wall,
    )


def _exiting(draw: Draw) -> Scene:
    cabin, gap = draw.size("cabin", CABIN), draw.size("gap", CABIN_DOOR)
    lobby, side = draw.size("lobby", ROOM), draw.side("side")
    inset = draw.body.radius + 0.15
    start = np.array([STEP + cabin - inset, -side * (cabin / 2 - inset)])
    depth, aside = draw.uniform("depth", 0.7, 1.1), draw.uniform("aside", 0.2, 0.5)
    person = Person(
        start=np.array([STEP + depth, side * aside]),
        goal=np.array([-lobby + 0.9, draw.uniform("to", -1.5, 1.5)]),
        speed=draw.pace(),
        yaw=np.pi,
        script="stand",
        settings={"until": draw.uniform("opens", 1.0, 2.0)},
        leaves=True,
    )
    goal = np.array([-draw.uniform("far", 2.5, 3.5), draw.uniform("goal", -1.5, 1.5)])
    return draw.scene(
        lift(lobby, cabin, gap),
        start,
        Goal(pos=goal, pos_tol=0.3),
        (person,),
        yaw=np.pi,
        door=[0.0, 0.0],
        wall=cabin / 2,
    )


def _shared(seen: Evidence) -> bool:
    """The robot comes within 2 m of the door while the person stands in the cabin."""
    return bool((seen.near((0.0, 0.0), 2.0) & (seen.people[:, 0, 0] > STEP)).any())


def _leaves_first(seen: Evidence) -> bool:
    """The robot is in the door before the person is through."""
    out = seen.first(np.nan_to_num(seen.people[:, 0, 0], nan=-1.0) < -STEP)
    return seen.first(seen.robot[:, 0] < STEP + seen.log.robot.radius) < out


def _parks(seen: Evidence) -> bool:
    """The robot ends in the cabin, in the half that the person does not stand in."""
    end = seen.robot[-1]
    return bool(end[0] > STEP and end[1] * seen.people[-1, 0, 1] < 0)


def _hugs_wall(world: World, memory: dict[str, float]) -> Aim:
    """Through the door on the side that is free, and along the wall to the far corner."""
    here, goal = world.robot.pos, world.goal.pos
    side = 1.0 if goal[1] > 0 else -1.0
    if here[0] < -0.6:
        return Aim(np.array([-0.5, side * 0.2]), safety=None)
    if here[0] < STEP + 0.2:
        return Aim(np.array([STEP + 0.3, side * 0.2]), pace=0.5, safety=None)
    if abs(goal[1] - here[1]) > 0.1 and here[0] < STEP + 0.8:
        return Aim(np.array([STEP + 0.45, goal[1]]), pace=0.5, safety=None)
    return Aim(goal, pace=0.5, safety=None)


def _out(world: World) -> bool:
    """Whether the person is out of the lift and away from its door, or gone."""
    people = world.crowd.walkers
    return not people.present[0] or bool(people.pos[0, 0] < -1.2)


_LAYOUT = (
    f"A cabin of {CABIN:g} m by {CABIN:g} m behind a door of {CABIN_DOOR:g} m in the wall of a "
    f"lobby of {ROOM:g} m by {ROOM:g} m"
)

CARDS = (
    Card(
        name="entering-elevator",
        title="Entering an elevator",
        purpose="pedestrian interaction",
        environment="indoor lobby and elevator",
        layout=_LAYOUT + "; the person stands off the middle of the cabin, the goal is the far "
        "corner of its other half.",
        role="any",
        task="go in and stand in the far corner",
        behaviour="stands in the cabin",
        outcome="The robot stands in the far corner and keeps off the person.",
        success=("SR", "NoColl"),
        principles=("P2", "P3", "P5"),
        labelling="The robot comes within 2 m of the door while the person stands in the cabin.",
        source="Fig. 7n",
        instruction="Go into the elevator and stand in the free corner at the back.",
        time_limit=40.0,
        people=1,
        crowd="scripted",
        draw=_entering,
        label=_shared,
        ideal=lambda seen: seen.clean and _parks(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "freezing": freezing,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_hugs_wall),
        related=("exiting-elevator", "entering-room"),
    ),
    Card(
        name="exiting-elevator",
        title="Exiting an elevator",
        purpose="pedestrian interaction",
        environment="indoor lobby and elevator",
        layout=_LAYOUT + "; the robot stands in a far corner, the person nearer to the door.",
        role="any",
        task="leave the elevator",
        behaviour="leaves the cabin 1 to 2 s after the start",
        outcome="The robot lets the person out first.",
        success=("SR", "NoColl"),
        principles=("P4", "P5"),
        labelling="At the start both are in the cabin, and the person is nearer to the door.",
        source="Fig. 7o",
        instruction="Leave the elevator after the people before you.",
        time_limit=40.0,
        people=1,
        draw=_exiting,
        label=lambda seen: bool(STEP < seen.people[0, 0, 0] < seen.robot[0, 0]),
        ideal=lambda seen: seen.clean and not _leaves_first(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "leaves_first": _leaves_first,
            "freezing": freezing,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(Wait(lambda world: world.scene.start, _out, go(0.3))),
        related=("entering-elevator", "exiting-room"),
    ),
)
