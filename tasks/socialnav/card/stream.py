"""Cards of many who go one way: to go with them, and to cross them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import Evidence, brakes_person, collision, detour, freezing, intrusion, no_arrival
from .layout import CROSSING, STREAM, corridor, crossing
from .oracle import Aim, Guided, Wait, go
from .timing import duration

Floats = NDArray[np.float64]

LENGTH = 18.0
"""Of a corridor with a stream [m]."""

ARM = 11.0
"""How far the corridors reach from where a stream is crossed [m]."""

MOST = 8
"""People of a stream, at most."""

EAST = np.array([1.0, 0.0])
"""The robot's way."""


def _parallel(draw: Draw) -> Scene:
    length, width = draw.size("length", LENGTH), draw.size("width", STREAM)
    room, count = length / 2 - 0.9, draw.whole("count", 5, MOST)
    # The stream keeps to one side; the robot begins in its lane that is next to the free space.
    side = draw.side("side")
    lanes = side * (np.array([0.8, 1.55, 2.3]) - width / 2)
    start = np.array([-room + 2.5, lanes[2] + draw.uniform("lane", -0.2, 0.2)])
    people = []
    for number in range(count):
        row, lane = divmod(number, 3)
        spread = draw.dice(f"spread {number}").uniform(-0.2, 0.2, 2)
        # Rows behind the robot, beside it and before it; nobody starts upon it.
        x = start[0] + (-2.2, 1.8, 3.6)[row] + spread[0]
        y = lanes[lane] + 0.25 * spread[1]
        pace = draw.pace(f"pace {number}", 0.8, 1.5)
        people.append(
            Person(
                start=np.array([x, y]),
                goal=np.array([room, y]),
                speed=pace,
                velocity=np.array([pace, 0.0]),
                leaves=True,
            )
        )
    goal = Goal(pos=np.array([room - 1.0, start[1]]), pos_tol=0.3)
    return draw.scene(corridor(length, width), start, goal, tuple(people))


def _perpendicular(draw: Draw) -> Scene:
    along, across = draw.size("along", CROSSING), draw.size("across", STREAM)
    side, count = draw.side("side"), draw.whole("count", 5, MOST)
    start = np.array([-draw.uniform("far", 5.0, 6.0), draw.uniform("lane", -0.3, 0.3)])
    due = duration(-float(start[0]), draw.body)
    people = []
    for number in range(count):
        spread = draw.dice(f"spread {number}").uniform(-0.3, 0.3, 2)
        pace = draw.pace(f"pace {number}", 1.0, 1.4)
        # One after the other in two lanes, the middle of them when the robot is due.
        when = due + (number - (count - 1) / 2) * 0.8 + 0.3 * spread[0]
        x = (-0.25, 0.25)[number % 2] * across + spread[1]
        people.append(
            Person(
                start=np.array([x, -side * min(pace * max(when, 0.0), ARM - 0.9)]),
                goal=np.array([x, side * (ARM - 0.9)]),
                speed=pace,
                velocity=np.array([0.0, side * pace]),
                leaves=True,
            )
        )
    goal = Goal(pos=np.array([5.5, start[1]]), pos_tol=0.3)
    floor = crossing(ARM, along, across)
    people_apart = _apart(people)
    return draw.scene(floor, start, goal, people_apart, side=side, half=across / 2)


def _apart(people: list[Person]) -> tuple[Person, ...]:
    """Those who would start upon another are left out."""
    kept: list[Person] = []
    for person in people:
        if all(float(np.hypot(*(person.start - other.start))) > 0.75 for other in kept):
            kept.append(person)
    return tuple(kept)


def _with_stream(seen: Evidence) -> bool:
    """Two or more walk the robot's way within 2.5 m of it."""
    count = seen.people.shape[1]
    near = [
        bool((seen.heads(one, EAST, np.deg2rad(30)) & (seen.away[:, one] < 2.5)).any())
        for one in range(count)
    ]
    return sum(near) >= 2


def _across_stream(seen: Evidence) -> bool:
    """Two or more walk across the robot's way while they and it are near the crossing."""
    side, half = seen.meta["side"], seen.meta["half"]
    here = (seen.robot[:, 0] > -half - 1.5) & (seen.robot[:, 0] < half)
    count = 0
    for one in range(seen.people.shape[1]):
        crossing_ = seen.heads(one, np.array([0.0, side]), np.deg2rad(45))
        count += bool((here & crossing_ & (np.abs(seen.people[:, one, 1]) < 3.0)).any())
    return count >= 2


def cuts_in(seen: Evidence) -> bool:
    """The robot comes before somebody so that they would touch within 1 s."""
    apart = seen.robot[:, None] - seen.people
    closing = seen.log.humans.vel - seen.log.robot.vel[:, None]
    toward = (apart * closing).sum(axis=-1)
    square = (closing * closing).sum(axis=-1)
    reach = seen.log.robot.radius + seen.log.humans.radius
    outside = (apart * apart).sum(axis=-1) - reach * reach
    root = toward * toward - square * outside
    with np.errstate(invalid="ignore", divide="ignore"):
        time = (toward - np.sqrt(np.maximum(root, 0.0))) / square
        own = (seen.log.robot.vel[:, None] * -apart).sum(axis=-1)
        hits = (toward > 0) & (root > 0) & (outside > 0) & (time < 1.0)
    return bool((hits & (own > 0) & seen.log.humans.valid).any())


def _keeps_lane(world: World, memory: dict[str, float]) -> Aim:
    """Goes with the stream along the wall that it is nearer to."""
    here = world.robot.pos
    wall = float(np.abs(world.scene.floor.segments[:, 1]).max()) - world.scene.body.radius - 0.12
    if "side" not in memory:
        memory["side"] = -float(np.sign(world.crowd.walkers.pos[:, 1].sum()))
    left = float(world.goal.pos[0] - here[0])
    if left < 1.5:
        people = world.crowd.walkers
        near = np.hypot(*(people.pos - world.goal.pos).T) < 1.4
        comes = (people.pos[:, 0] < world.goal.pos[0] + 1.0) & (
            np.abs(people.pos[:, 1] - world.goal.pos[1]) < 1.1
        )
        if not (people.present & (near | comes)).any():
            return Aim(world.goal.pos)
        return Aim(np.array([world.goal.pos[0] - 0.6, memory["side"] * wall]), safety=None)
    aside = memory["side"] * wall
    slow = 0.6 if abs(here[1] - aside) > 0.4 else 1.0
    return Aim(np.array([here[0] + slow, aside]), slow, safety=0.2)


def _edge(world: World) -> Floats:
    return np.array([-world.scene.meta["half"] - 0.6, world.robot.pos[1]])


def _gap(world: World) -> bool:
    """Whether nobody comes to the robot's lane within the time that it takes to cross."""
    people, side = world.crowd.walkers, world.scene.meta["side"]
    y = (people.pos[:, 1] - world.robot.pos[1]) * side
    paces = np.maximum(np.hypot(*people.vel.T), 0.5)
    x = people.pos[:, 0] - world.robot.pos[0]
    crossing_ = np.maximum(x + 0.8, 0.0) / world.scene.body.v_max + 0.7
    comes = people.present & (y < 1.1) & (-y / paces < crossing_ + 0.9) & (x > -0.8)
    return not bool(comes.any())


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
        name="parallel-traffic",
        title="Parallel traffic",
        purpose="crowd interaction",
        environment="generic, passable space",
        layout=f"A corridor of {LENGTH:g} m by {STREAM:g} m with 5 to {MOST} people in three "
        "lanes on one side, behind and before the robot.",
        role="any",
        task="go from A to B",
        behaviour="go from A to B in a stream",
        outcome="The robot goes with the stream without touching or obstructing anybody.",
        success=("SR", "NoColl", "TTG"),
        principles=("P2", "P5"),
        labelling="Two or more people walk within 30 degrees of the robot's way, within 2.5 m.",
        source="Table 3",
        instruction="Go down the corridor with the people around you.",
        time_limit=50.0,
        people=MOST,
        draw=_parallel,
        label=_with_stream,
        ideal=lambda seen: seen.clean and not freezing(seen) and not detour(seen),
        failures={**_FAILURES, "brakes_person": brakes_person},
        oracle=lambda: Guided(_keeps_lane),
        related=("perpendicular-traffic", "pedestrian-overtaking"),
    ),
    Card(
        name="perpendicular-traffic",
        title="Perpendicular traffic",
        purpose="crowd interaction",
        environment="intersection",
        layout=f"A corridor of {CROSSING:g} m crosses one of {STREAM:g} m, {ARM:g} m to each "
        f"side, in which 5 to {MOST} people come in two lanes when the robot is due.",
        role="any",
        task="cross the stream",
        behaviour="go from A to B in a stream across the robot's way",
        outcome="The robot crosses the stream without touching or obstructing anybody.",
        success=("SR", "NoColl", "TTG"),
        principles=("P3", "P7"),
        labelling="Two or more people walk across the robot's way within 3 m of its lane while it "
        "is at or in the crossing.",
        source="Table 3",
        instruction="Cross the corridor in which people stream from one side.",
        time_limit=50.0,
        people=MOST,
        draw=_perpendicular,
        label=_across_stream,
        ideal=lambda seen: seen.clean and not freezing(seen) and not cuts_in(seen),
        failures={**_FAILURES, "brakes_person": brakes_person},
        oracle=lambda: Guided(Wait(_edge, _gap, go(0.2))),
        related=("parallel-traffic", "intersection-no-gesture", "circular-crossing"),
    ),
)
