"""Card of a blind corner: two who cannot see each other until they meet."""

from __future__ import annotations

import math

import numpy as np

from ..log import Goal
from ..scene import Person, Scene
from ..world import World
from .declaration import Card
from .draw import Draw
from .evidence import Evidence, collision, intrusion, no_arrival, standoff
from .layout import STANDARD, corner
from .oracle import Aim, Guided
from .timing import SLACK, meet

ARM = 8.0
"""How far either corridor reaches from the corner [m]."""

SIGHT = 4.5
"""Farthest first sight that is still blind [m]: about 3 m for two who keep to the middle, and
more for a robot that swings wide, as it should."""

FAST = 0.75
"""Part of the greatest speed above which a robot is too fast at the corner."""


def _blind(draw: Draw) -> Scene:
    width, pace = draw.size("width", STANDARD), draw.pace()
    room = ARM - 1.0
    met = meet(draw.body, pace, room, room, draw.uniform("late", -SLACK, SLACK))
    lane, beside = draw.uniform("lane", -0.2, 0.2), draw.uniform("beside", -0.2, 0.2)
    person = Person(
        start=np.array([beside, met.person]),
        goal=np.array([-room, lane + beside]),
        speed=pace,
        velocity=np.array([0.0, -pace]),
        leaves=True,
    )
    return draw.scene(
        corner(ARM, width),
        np.array([-met.robot, lane]),
        Goal(pos=np.array([0.0, room]), pos_tol=0.3),
        (person,),
        inner=[-width / 2, width / 2],
    )


def _sight(seen: Evidence) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the inner corner leaves the line of sight free, `[T]`."""
    x, y = seen.meta["inner"]
    robot, person = seen.robot, seen.people[:, 0]
    # The block is where x < inner, y > inner: a line from west to north passes it on its right.
    along = person - robot
    side = along[:, 0] * (y - robot[:, 1]) - along[:, 1] * (x - robot[:, 0])
    past = (robot[:, 0] > x) & (person[:, 0] > x)
    low = (robot[:, 1] < y) & (person[:, 1] < y)
    return np.asarray((side > 0) | past | low)


def _met(seen: Evidence) -> bool:
    sight = _sight(seen)
    there = seen.log.humans.valid[:, 0]
    if sight[0] or not (sight & there).any():
        return False
    first = int((sight & there).argmax())
    return bool(seen.away[first, 0] < SIGHT and seen.near((0.0, 0.0), 4.0, 0)[first])


def _fast(seen: Evidence) -> bool:
    """The robot comes to the corner fast, before it has seen who comes."""
    near = seen.near((0.0, 0.0), 1.5)
    blind = np.cumsum(_sight(seen)) == 0
    return bool((near & blind & (seen.speed > FAST * (seen.log.robot.v_max or math.inf))).any())


def _drives_back(seen: Evidence) -> bool:
    """The person has to go back from the corner."""
    return seen.retreated(0, (0.0, 0.0))


def _lets_pass(world: World, memory: dict[str, float]) -> Aim:
    """Waits at the inner wall, short of the corner, and goes around slowly and wide then.

    Who comes around swings out, and has the outer side to pass.
    """
    here, people = world.robot.pos, world.crowd.walkers
    half = -float(world.scene.meta["inner"][0])
    side = half - world.scene.body.radius - 0.1
    if people.present[0] and people.pos[0, 0] > here[0] - 0.6:
        return Aim(np.array([-half - 1.6, side]), pace=0.8, safety=None)
    if here[1] < half + 0.3 and here[0] < 0.0:
        return Aim(np.array([0.2, half + 0.5]), pace=0.7)
    return Aim(world.goal.pos)


CARDS = (
    Card(
        name="blind-corner",
        title="Blind corner",
        purpose="pedestrian interaction",
        environment="indoor corner",
        layout=f"An L of two corridors of {STANDARD:g} m, {ARM:g} m to each side, with an opaque "
        "inner block; both are due at the corner at the same time.",
        role="any",
        task="go from A to B, around the corner",
        behaviour="goes from B to A",
        outcome="They pass each other without touching or being in each other's way.",
        success=("SR", "NoColl"),
        principles=("P2", "P3"),
        labelling=f"Neither sees the other at the start; at first sight they are less than "
        f"{SIGHT:g} m apart and the person is within 4 m of the corner.",
        source="Table 3",
        instruction="Go around the corner to the end of the corridor; you cannot see who comes.",
        time_limit=45.0,
        people=1,
        draw=_blind,
        label=_met,
        ideal=lambda seen: seen.clean and not _drives_back(seen),
        failures={
            "collision": collision,
            "intrusion": intrusion,
            "fast_at_corner": _fast,
            "drives_back": _drives_back,
            "standoff": standoff,
            "no_arrival": no_arrival,
        },
        oracle=lambda: Guided(_lets_pass),
        related=("frontal-approach", "narrow-hallway"),
    ),
)
