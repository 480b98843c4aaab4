"""Cards of people who stand and talk: to join them, and to leave them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import Evidence, collision, intrusion, no_arrival
from .layout import PLAZA, plaza
from .oracle import Aim, Guided

Floats = NDArray[np.float64]

RING = 0.9
"""Radius on which the members of a group stand [m]; our own choice."""

O_SPACE = 0.6
"""Radius of the space between them that nobody crosses [m]; our own choice."""

FACING = np.deg2rad(30.0)
"""How far off the middle of the group a robot that joins may look [rad]."""

FAR = 4.0
"""From where the robot comes, and to where it leaves [m]."""


def _ring(draw: Draw) -> tuple[Floats, float, float, tuple[Person, ...]]:
    """Middle and radius of a group, the direction of its free place, and its members."""
    middle = np.array([draw.uniform("x", -0.8, 0.8), draw.uniform("y", -0.8, 0.8)])
    members = draw.whole("members", 3, 4)
    # A place more stands a little farther apart, so that nobody is nearer than with one less.
    radius = draw.size("ring", RING) * (1.0 if members == 3 else 1.2)
    free = draw.uniform("free", -np.pi, np.pi)
    people = []
    for number in range(1, members + 1):
        turn = free + 2 * np.pi * number / (members + 1)
        place = middle + radius * np.array([math.cos(turn), math.sin(turn)])
        people.append(Person(start=place, goal=place, yaw=turn + np.pi, group=0, script="group"))
    return middle, radius, free, tuple(people)


def _joining(draw: Draw) -> Scene:
    middle, radius, free, people = _ring(draw)
    turn = free + draw.side("side") * draw.uniform("from", np.pi / 3, np.pi)
    slot = middle + radius * np.array([math.cos(free), math.sin(free)])
    start = middle + FAR * np.array([math.cos(turn), math.sin(turn)])
    # A robot that cannot turn on the spot cannot be asked to look anywhere.
    turns = draw.body.kinematics == "differential"
    yaw, off = (free + np.pi, float(FACING)) if turns else (None, None)
    return draw.scene(
        plaza(draw.size("side", PLAZA)),
        start,
        Goal(pos=slot, pos_tol=0.25, yaw=yaw, yaw_tol=off),
        people,
        yaw=turn + np.pi,
        middle=middle.tolist(),
        ring=radius,
        free=free,
    )


def _leaving(draw: Draw) -> Scene:
    middle, radius, free, people = _ring(draw)
    turn = free + draw.side("side") * draw.uniform("to", np.pi / 3, np.pi)
    slot = middle + radius * np.array([math.cos(free), math.sin(free)])
    goal = middle + FAR * np.array([math.cos(turn), math.sin(turn)])
    return draw.scene(
        plaza(draw.size("side", PLAZA)),
        slot,
        Goal(pos=goal, pos_tol=0.3),
        people,
        yaw=free + np.pi,
        middle=middle.tolist(),
        ring=radius,
        free=free,
    )


def _crosses(seen: Evidence) -> bool:
    """The robot goes through the space between the members."""
    return bool(seen.near(seen.meta["middle"], O_SPACE).any())


def _standing(seen: Evidence) -> bool:
    """All members stand within 0.6 m of the ring."""
    apart = seen.people[0] - np.array(seen.meta["middle"])
    return bool((np.abs(np.hypot(*apart.T) - seen.meta["ring"]) < 0.6).all())


def _approached(seen: Evidence) -> bool:
    return _standing(seen) and bool(seen.near(seen.meta["middle"], 3.0).any())


def _was_member(seen: Evidence) -> bool:
    return _standing(seen) and bool(seen.near(seen.meta["middle"], seen.meta["ring"] + 0.3)[0])


def _wrong_sector(seen: Evidence) -> bool:
    """The robot leaves between others rather than from its own place."""
    apart = seen.robot - np.array(seen.meta["middle"])
    away = np.hypot(*apart.T)
    ring, free = seen.meta["ring"], seen.meta["free"]
    near = (away < ring + 0.1) & (away > 1e-6)
    off = np.arctan2(apart[:, 1], apart[:, 0]) - free
    return bool((near & (np.abs(np.angle(np.exp(1j * off))) > np.pi / 5)).any())


def _around(world: World, target: float, end: Floats) -> Aim:
    """Around a group to the direction in which the end lies, then straight there."""
    meta = world.scene.meta
    middle, wide = np.array(meta["middle"]), float(meta["ring"]) + 1.3
    apart = world.robot.pos - middle
    here = math.atan2(apart[1], apart[0])
    off = float(np.angle(np.exp(1j * (target - here))))
    if abs(off) < 0.25:
        return Aim(end, pace=0.6, safety=None)
    turn = here + math.copysign(min(abs(off), 0.45), off)
    place = middle + wide * np.array([math.cos(turn), math.sin(turn)])
    return Aim(place, pace=0.8, safety=None)


def _joins(world: World, memory: dict[str, float]) -> Aim:
    return _around(world, float(world.scene.meta["free"]), world.goal.pos)


def _leaves(world: World, memory: dict[str, float]) -> Aim:
    meta, goal = world.scene.meta, world.goal.pos
    middle, free = np.array(meta["middle"]), float(meta["free"])
    if "out" not in memory:
        out = middle + (meta["ring"] + 1.3) * np.array([math.cos(free), math.sin(free)])
        if float(np.hypot(*(out - world.robot.pos))) > 0.2:
            return Aim(out, pace=0.8, safety=None)
        memory["out"] = 1.0
    apart = goal - middle
    return _around(world, math.atan2(apart[1], apart[0]), goal)


_LAYOUT = (
    f"Three or four people on a ring of {RING:g} m (1.2 times that for four) who look at its "
    f"middle, with one place free, on a square of {PLAZA:g} m by {PLAZA:g} m"
)

CARDS = (
    Card(
        name="join-group",
        title="Join a group",
        purpose="group interaction",
        environment="generic, open space",
        layout=_LAYOUT + f"; the robot comes from {FAR:g} m, at least 60 degrees off that place.",
        role="any",
        task="go to the group",
        behaviour="keep on talking",
        outcome="The robot stands in the free place and looks at the middle.",
        success=("SR", "NoColl"),
        principles=("P2", "P4", "P5"),
        labelling="All members stand on the ring at the start, and the robot comes within 3 m of "
        "its middle.",
        source="Table 3",
        instruction="Join the people who talk: stand in the free place of their circle.",
        time_limit=40.0,
        people=4,
        crowd="scripted",
        draw=_joining,
        label=_approached,
        ideal=lambda seen: seen.clean and not _crosses(seen),
        failures={
            "collision": collision,
            "crosses_group": _crosses,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_joins),
        related=("leave-group", "accompanying-peer"),
    ),
    Card(
        name="leave-group",
        title="Leave a group",
        purpose="group interaction",
        environment="generic, open space",
        layout=_LAYOUT + f", where the robot stands; its goal is {FAR:g} m away, at least 60 "
        "degrees off that place.",
        role="any",
        task="leave the group",
        behaviour="keep on talking",
        outcome="The robot leaves from its own place and goes around the others.",
        success=("SR", "NoColl"),
        principles=("P2", "P4", "P5"),
        labelling="All members stand on the ring at the start, and the robot in its free place.",
        source="Fig. 7q",
        instruction="Leave the people who talk, and go to the goal.",
        time_limit=40.0,
        people=4,
        crowd="scripted",
        draw=_leaving,
        label=_was_member,
        ideal=lambda seen: seen.clean and not _crosses(seen) and not _wrong_sector(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "crosses_group": _crosses,
            "wrong_sector": _wrong_sector,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_leaves),
        related=("join-group",),
    ),
)
