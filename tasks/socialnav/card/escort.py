"""Cards of going together: to follow somebody, to lead them, to go at their side."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..assignment import BESIDE, FOLLOW, LEAD, SHARE, Escort
from ..log import Goal, GoalKind
from ..scene import Person, Scene
from ..world import World
from .declaration import AWARE, Card
from .draw import Draw
from .evidence import Evidence, collision, no_arrival
from .layout import plaza
from .oracle import Aim, Guided

Floats = NDArray[np.float64]

SQUARE, WAY = 14.0, 7.0
"""Side of the square that they walk on, and how far they go together [m]; our own choice."""

Kind = Literal["follow", "lead", "accompany"]
GOALS: dict[Kind, GoalKind] = {"follow": "follow", "lead": "guide-to", "accompany": "follow"}


def _staged(draw: Draw, kind: Kind) -> Scene:
    """Both in a line, or abreast, on a square that they cross."""
    floor = plaza(draw.size("side", SQUARE))
    turn, way = draw.uniform("turn", -np.pi, np.pi), draw.size("way", WAY)
    ahead = np.array([math.cos(turn), math.sin(turn)])
    left = np.array([-ahead[1], ahead[0]])
    start, end = -ahead * (way / 2), ahead * (way / 2)
    pace = draw.uniform("slow", 0.7, 0.9) * draw.body.v_max
    script, settings = "walk", {}
    if kind == "follow":
        robot, goal = start - ahead * draw.uniform("behind", 1.5, 2.2), end
        script, settings = "lead", {"gap": 4.0}
    elif kind == "lead":
        robot, goal = start, end
        start = robot - ahead * draw.uniform("behind", 1.3, 2.0)
        pace = draw.pace(low=1.1 * draw.body.v_max)
        pause = draw.uniform("pause", 3.0, 5.0)
        script, settings = "trail", {"pause": pause, "length": draw.uniform("rest", 3.0, 4.0)}
    else:
        beside = left * (draw.side("side") * draw.uniform("beside", 1.0, 1.3))
        robot, goal = start + beside, end + beside
    person = Person(start=start, goal=end, speed=pace, yaw=turn, script=script, settings=settings)
    return draw.scene(
        floor,
        robot,
        Goal(pos=goal, pos_tol=0.4, kind=GOALS[kind], human=0),
        (person,),
        yaw=turn,
    )


def _together(seen: Evidence) -> bool:
    """They begin within 3 m of each other, and the person walks 3 m."""
    moved = np.hypot(*(seen.people[:, 0] - seen.people[0, 0]).T)
    return bool(seen.away[0, 0] < 3.0 and moved.max() > 3.0)


def _follower_came(seen: Evidence) -> bool:
    """They begin within 3 m of each other, and the person walks after the robot at all."""
    moved = np.hypot(*(seen.people[:, 0] - seen.people[0, 0]).T)
    return bool(seen.away[0, 0] < 3.0 and moved.max() > 1.0)


def _lost(seen: Evidence) -> bool:
    """They are more than 4 m apart at some time."""
    return bool((seen.away[:, 0] > 4.0).any())


def _crowds(seen: Evidence) -> bool:
    """The robot is within 1 m of the centre of the one it follows for more than 1 s."""
    return seen.longest(seen.away[:, 0] < 1.0) > 1.0


def _cuts_in(seen: Evidence) -> bool:
    """The robot crosses closely before the one it goes with."""
    apart = seen.robot - seen.people[:, 0]
    way = seen.log.humans.goal[0, 0] - seen.people[0, 0]
    way = way / np.hypot(*way)
    across = np.abs(apart[:, 0] * way[1] - apart[:, 1] * way[0])
    return bool(((apart @ way > 0) & (across < 0.5) & (seen.away[:, 0] < 1.5)).any())


def _follows(world: World, memory: dict[str, float]) -> Aim:
    person = world.crowd.walkers.pos[0]
    apart = world.robot.pos - person
    away = float(np.hypot(*apart))
    place = person + apart * (1.6 / max(away, 1e-9))
    return Aim(world.robot.pos if away < 1.5 else place, safety=None)


def _leads(world: World, memory: dict[str, float]) -> Aim:
    away = float(np.hypot(*(world.crowd.walkers.pos[0] - world.robot.pos)))
    pace = float(np.clip(2.5 * (2.6 - away), 0.0, 0.9))
    return Aim(world.goal.pos, pace=pace, safety=None)


def _accompanies(world: World, memory: dict[str, float]) -> Aim:
    """Abreast: as fast as the person, and a little more for every metre that it lags."""
    people, here = world.crowd.walkers, world.robot.pos
    way = people.goal[0] - world.scene.people[0].start
    way = way / np.hypot(*way)
    left = np.array([-way[1], way[0]])
    apart = here - people.pos[0]
    side = 1.0 if apart @ left > 0 else -1.0
    end = float((world.scene.goal.pos - here) @ way)
    place = people.pos[0] + left * (side * 1.15) + way * min(2.0, max(end, 0.0))
    pace = float(np.hypot(*people.vel[0])) - 1.2 * float(apart @ way)
    return Aim(place, pace=max(pace, 0.0), safety=None)


def _kept(kind: Kind) -> str:
    low, high = {"follow": FOLLOW, "lead": LEAD, "accompany": BESIDE}[kind]
    what = "to the side, and at most 0.5 m before or behind" if kind == "accompany" else "away"
    return (
        f"At least {SHARE:.0%} of the time the centres are {low:g} to {high:g} m {what}, and both "
        "come to the end."
    )


_LAYOUT = f"A square of {SQUARE:g} m by {SQUARE:g} m, which they cross for {WAY:g} m together"

CARDS = (
    Card(
        name="following",
        title="Following a person",
        purpose="joint navigation",
        environment="generic walking space",
        layout=_LAYOUT + "; the robot begins 1.5 to 2.2 m behind.",
        role="servant",
        task="follow the person",
        behaviour="leads: walks to a place, and waits where the robot is 4 m behind",
        outcome="The robot follows the person. " + _kept("follow"),
        success=("SR", "NoColl", "PL"),
        principles=("P2", "P6"),
        labelling="They begin within 3 m of each other, and the person walks 3 m.",
        source="Table 3",
        instruction="Follow the person, neither on their heels nor far behind.",
        time_limit=40.0,
        people=1,
        tracks=AWARE,
        draw=lambda draw: _staged(draw, "follow"),
        label=_together,
        ideal=lambda seen: seen.clean and not _lost(seen),
        failures={
            "collision": collision,
            "crowds": _crowds,
            "lost": _lost,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_follows),
        assignment=lambda: Escort("follow"),
        related=("leading", "accompanying-peer", "down-path"),
    ),
    Card(
        name="leading",
        title="Leading a person",
        purpose="joint navigation",
        environment="generic walking space",
        layout=_LAYOUT + "; the person begins 1.3 to 2 m behind.",
        role="leader",
        task="lead the person to a place",
        behaviour="follows, stops once for 3 to 4 s, and stands where the robot is 6 m ahead",
        outcome="The person follows the robot. " + _kept("lead"),
        success=("SR", "NoColl", "TTG"),
        principles=("P3", "P6"),
        labelling="They begin within 3 m of each other, and the person walks 1 m.",
        source="Table 3",
        instruction="Lead the person behind you to the goal; wait where they fall behind.",
        time_limit=50.0,
        people=1,
        tracks=AWARE,
        draw=lambda draw: _staged(draw, "lead"),
        label=_follower_came,
        ideal=lambda seen: seen.clean and not _lost(seen),
        failures={
            "collision": collision,
            "lost": _lost,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_leads),
        assignment=lambda: Escort("lead"),
        related=("following", "accompanying-peer"),
    ),
    Card(
        name="accompanying-peer",
        title="Accompanying a peer",
        purpose="joint navigation",
        environment="generic walking space",
        layout=_LAYOUT + "; the robot begins 1 to 1.3 m at the person's side.",
        role="peer",
        task="go at the person's side",
        behaviour="walks to a place",
        outcome="They go side by side. " + _kept("accompany"),
        success=("SR", "NoColl"),
        principles=("P2", "P5", "P6"),
        labelling="They begin within 3 m of each other, and the person walks 3 m.",
        source="Fig. 7t",
        instruction="Walk at the person's side.",
        time_limit=40.0,
        people=1,
        tracks=AWARE,
        draw=lambda draw: _staged(draw, "accompany"),
        label=_together,
        ideal=lambda seen: seen.clean and not _cuts_in(seen),
        failures={
            "collision": collision,
            "cuts_in": _cuts_in,
            "lost": _lost,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_accompanies),
        assignment=lambda: Escort("accompany"),
        related=("following", "leading", "join-group"),
    ),
)
