"""Cards of places with room for one: a door, a narrow hallway, and going in and out of a room."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ..floor import Floor
from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import STANDING, Evidence, collision, freezing, intrusion, no_arrival, standoff
from .layout import DOOR, NARROW, ROOM, doorway, hallway
from .oracle import Aim, Guided, Wait
from .timing import SLACK, meet

Floats = NDArray[np.float64]

NEAR = 3.0
"""From the middle of the narrow place, what still counts as coming to it [m]."""

EAST = np.array([1.0, 0.0])
"""The robot's way."""


def _staged(
    draw: Draw, floor: Floor, door: Floats, half: float, rooms: tuple[float, float]
) -> Scene:
    """A robot that goes east through a narrow place, and a person who goes through it too.

    Args:
        draw: the dice.
        floor: what stands about.
        door: middle of the narrow place, `[2]` [m].
        half: half of its length [m].
        rooms: how far from the near mouth the robot may start, and the person come from [m].
    """
    pace = draw.pace()
    spread = 0.8
    ends = [draw.uniform(name, -spread, spread) for name in ("from", "to", "start", "goal")]
    met = meet(draw.body, pace, *rooms, draw.uniform("late", -SLACK, SLACK))
    mouth = float(door[0]) - half
    begin = mouth + met.person
    if begin < door[0] + half + 0.4:  # in the narrow place itself
        ends[0] *= 0.2
    # Farther from the door the way is longer than along x; it takes about as much longer for both.
    person = Person(
        start=np.array([begin, door[1] + ends[0]]),
        goal=np.array([mouth - rooms[0], door[1] + ends[1]]),
        speed=pace,
        script="gap",
        settings={"centre": tuple(door), "half": half},
        leaves=True,
    )
    return draw.scene(
        floor,
        np.array([mouth - met.robot, door[1] + ends[2]]),
        Goal(pos=np.array([mouth + rooms[1], door[1] + ends[3]]), pos_tol=0.3),
        (person,),
        door=[float(door[0]), float(door[1])],
        half=half,
    )


def _doorway(draw: Draw) -> Scene:
    depth, gap = draw.size("depth", ROOM), draw.size("gap", DOOR)
    left, right = draw.size("left", ROOM) + 0.5, draw.size("right", ROOM) + 0.5
    offset = draw.uniform("offset", -0.5, 0.5)
    floor = doorway(left, right, depth, gap, offset)
    rooms = (left - 1.0, right - 0.8)
    return _staged(draw, floor, np.array([0.0, offset]), 0.1, rooms)


def _exiting(draw: Draw) -> Scene:
    scene = _doorway(draw)
    (person,), door = scene.people, np.array(scene.meta["door"])
    side = 1.0 if person.start[1] > door[1] else -1.0
    stop = door + np.array([0.9, side * 1.2])
    settings = {"stop": tuple(stop), "past": (1.0, 0.0), "patience": 12.0}
    waits = dataclasses.replace(person, script="wave_on", settings=settings)
    return dataclasses.replace(scene, people=(waits,))


def _hallway(draw: Draw) -> Scene:
    length, width = draw.size("length", 4.0), draw.size("width", NARROW)
    hall, depth = draw.size("hall", 4.0), draw.size("depth", 4.0)
    floor = hallway(hall, length, width, depth)
    middle = np.array([length / 2, 0.0])
    return _staged(draw, floor, middle, length / 2, (hall - 0.9, length + hall - 0.9))


def _side(seen: Evidence, person: int | None = None) -> Floats:
    """How far beyond the narrow place along the robot's way, `[T]` [m]."""
    return seen.along(seen.meta["door"], EAST, person)


def _met(seen: Evidence) -> bool:
    """At one time both were near the narrow place, and on opposite sides of it."""
    reach = NEAR + seen.meta["half"]
    door = seen.meta["door"]
    both = seen.near(door, reach) & seen.near(door, reach, 0)
    return bool((both & (_side(seen) < 0) & (_side(seen, 0) > 0)).any())


def _through(seen: Evidence) -> tuple[float, float]:
    """When robot and person are through [s]."""
    half = seen.meta["half"]
    person = np.nan_to_num(_side(seen, 0), nan=np.inf)
    return seen.first(_side(seen) > half), seen.first(person < -half)


def _inside(seen: Evidence) -> NDArray[np.bool_]:
    """Whether the robot is in the narrow place, `[T]`."""
    return np.asarray(np.abs(_side(seen)) < seen.meta["half"] + seen.log.robot.radius)


def _stops_inside(seen: Evidence) -> bool:
    """The robot stands in the narrow place for more than 1 s."""
    return seen.longest(_inside(seen) & (seen.speed < STANDING)) > 1.0


def _drives_back(seen: Evidence) -> bool:
    """The person has to go back from the narrow place."""
    return seen.retreated(0, seen.meta["door"])


def _obstructs_exit(seen: Evidence) -> bool:
    """The robot is in the door while the person is in the last 1.5 m before it."""
    ahead = _side(seen, 0)
    return bool((_inside(seen) & (ahead > 0) & (ahead < 1.5)).any())


def _dawdles(seen: Evidence) -> bool:
    """The robot waits for more than 5 s after the person is through."""
    clear = seen.t > _through(seen)[1]
    return seen.longest(clear & (_side(seen) < 0) & (seen.speed < STANDING)) > 5.0


def _defers(seen: Evidence) -> bool:
    """The robot lets the person in before it comes out."""
    robot, person = _through(seen)
    return person < robot


def _beside(world: World) -> Floats:
    """A place beside the mouth, out of the way of who comes out."""
    door, half = world.scene.meta["door"], world.scene.meta["half"]
    person = world.scene.people[0].goal[1] - door[1]
    side = -1.0 if person > 0 else 1.0
    return np.array([door[0] - half - 0.7, door[1] + side * 1.35])


def _clear(world: World) -> bool:
    """Whether the person is out of the narrow place and past the robot, or gone."""
    people, door, half = world.crowd.walkers, world.scene.meta["door"], world.scene.meta["half"]
    return not people.present[0] or bool(people.pos[0, 0] < door[0] - half - 1.2)


def _goes_first(world: World, memory: dict[str, float]) -> Aim:
    """Goes out at once, and minds the person once it is outside."""
    door, here = world.scene.meta["door"], world.robot.pos
    side = 1.0 if world.scene.people[0].start[1] > door[1] else -1.0
    if here[0] < door[0] + 1.2:
        ahead = 1.6 if here[0] > door[0] - 0.2 else 0.4
        return Aim(np.array([door[0] + ahead, door[1] - side * 0.1]), safety=None)
    if here[0] < door[0] + 2.0:
        return Aim(np.array([door[0] + 2.4, door[1] - side * 0.7]), safety=None)
    return Aim(world.goal.pos)


_LAYOUT = f"Two rooms of {ROOM:g} m by {ROOM:g} m with a door of {DOOR:g} m between them"
_LABELLING = (
    f"At one time both are within {NEAR:g} m of the narrow place, on opposite sides of it, and the "
    "person comes through it against the robot's way."
)
_FAILURES = {
    "collision": collision,
    "intrusion": intrusion,
    "stops_inside": _stops_inside,
    "drives_back": _drives_back,
    "standoff": standoff,
    "no_arrival": no_arrival,
}

CARDS = (
    Card(
        name="narrow-doorway",
        title="Narrow doorway",
        purpose="pedestrian interaction",
        environment="indoor room with a door",
        layout=_LAYOUT + "; both are due in the door at the same time.",
        role="any",
        task="go from A to B",
        behaviour="goes from B to A through the same door; lets a robot through that is nearer, "
        "and goes back a metre after 6 s without way",
        outcome="Both pass the door without touching or being in each other's way.",
        success=("SR", "NoColl"),
        principles=("P3", "P4"),
        labelling=_LABELLING,
        source="Table 3",
        instruction="Go through the door into the other room; somebody comes the other way.",
        time_limit=45.0,
        people=1,
        draw=_doorway,
        label=_met,
        ideal=lambda seen: seen.clean and not _drives_back(seen) and not _stops_inside(seen),
        failures=_FAILURES,
        oracle=lambda: Guided(Wait(_beside, _clear)),
        related=("narrow-hallway", "entering-room", "exiting-room"),
    ),
    Card(
        name="narrow-hallway",
        title="Narrow hallway",
        purpose="pedestrian interaction",
        environment="indoor hallway with room for one",
        layout=f"Two halls of 4 m by 4 m joined by a hallway of 4 m by {NARROW:g} m; both are due "
        "at its near mouth at the same time.",
        role="any",
        task="go from A to B",
        behaviour="comes out of the hallway; stops before it for a robot that is in it, and goes "
        "back a metre after 6 s without way",
        outcome="The robot waits beside the mouth until the person is out.",
        success=("SR", "NoColl"),
        principles=("P3", "P4", "P5"),
        labelling=_LABELLING,
        source="Fig. 7j",
        instruction="Go through the narrow hallway; somebody comes out of it.",
        time_limit=60.0,
        people=1,
        draw=_hallway,
        label=_met,
        ideal=lambda seen: seen.clean and _defers(seen) and not _drives_back(seen),
        failures=_FAILURES,
        oracle=lambda: Guided(Wait(_beside, _clear)),
        related=("narrow-doorway", "blind-corner"),
    ),
    Card(
        name="entering-room",
        title="Entering a room",
        purpose="pedestrian interaction",
        environment="indoor room with a door",
        layout=_LAYOUT + "; the robot is to go in while the person comes out.",
        role="any",
        task="go from outside to inside",
        behaviour="goes from inside to outside",
        outcome="The robot lets the person out first.",
        success=("SR", "NoColl"),
        principles=("P4", "P5"),
        labelling=_LABELLING,
        source="Table 3",
        instruction="Go into the room; let people out first.",
        time_limit=45.0,
        people=1,
        draw=_doorway,
        label=_met,
        ideal=lambda seen: seen.clean and _defers(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "obstructs_exit": _obstructs_exit,
            "dawdles": _dawdles,
            "drives_back": _drives_back,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(Wait(_beside, _clear)),
        related=("exiting-room", "entering-elevator", "narrow-doorway"),
    ),
    Card(
        name="exiting-room",
        title="Exiting a room",
        purpose="pedestrian interaction",
        environment="indoor room with a door",
        layout=_LAYOUT + "; the robot is to come out while the person, outside, is to go in.",
        role="any",
        task="go from inside to outside",
        behaviour="waits aside of the door for the robot to come out, and goes in then",
        outcome="The robot comes out first.",
        success=("SR", "NoColl"),
        principles=("P3", "P5"),
        labelling=_LABELLING,
        source="Table 3; the person is outside, as in Fig. 7m",
        instruction="Leave the room; people outside let you out first.",
        time_limit=45.0,
        people=1,
        draw=_exiting,
        label=_met,
        ideal=lambda seen: seen.clean and not _defers(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "defers": _defers,
            "freezing": freezing,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_goes_first),
        related=("entering-room", "exiting-elevator", "narrow-doorway"),
    ),
)
