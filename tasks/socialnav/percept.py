"""What a robot knows of the world as numbers: its goal, itself, and the people it can see."""

from __future__ import annotations

import math

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .floor import Floor
from .recording import SLOW
from .world import World

Floats = NDArray[np.float64]

ROBOT = (
    "goal_distance",
    "goal_sin",
    "goal_cos",
    "velocity_0",
    "velocity_1",
    "v_max",
    "radius",
    "time_left",
    "gesture",
)
"""The robot's part: distance [m] and direction of the goal; (v, omega) or (vx, vy) [m/s, rad/s];
its greatest speed [m/s]; its radius [m]; the time that is left [s]; what the nearest person in
sight signals, a number of ``behaviour.GESTURES``."""

PERSON = ("x", "y", "vx", "vy", "radius", "heading_sin", "heading_cos", "group")
"""A person's part: place [m] and velocity [m/s] as seen from the robot, radius [m], where they
look, and the number of their group, -1 for none."""

FAR = 1e6
"""Distance of those who are not seen, in the sorting [m]."""


def state_names(most: int) -> tuple[str, ...]:
    """What each number of ``state`` is, for as many people as there are places."""
    people = [f"person_{i}_{name}" for i in range(most) for name in PERSON]
    return (*ROBOT, *people, *(f"seen_{i}" for i in range(most)))


def state_space(most: int) -> spaces.Box:
    """Float32 `[9 + 8 M + M]`: the robot, M people from near to far, and which of them are there.

    Args:
        most: M, the places for people.
    """
    return spaces.Box(-np.inf, np.inf, (len(ROBOT) + most * (len(PERSON) + 1),), np.float32)


class Percept:
    """Reads ``state`` off a world.

    Everything is seen from the robot: along and across its heading for one that drives, along the
    world's axes for one that is holonomic and does not turn.

    Args:
        most: places for people; the nearest are kept.
        reach: how far people are seen, between surfaces [m].
        field: width of the field of view, centred on the heading [rad]; 2 pi for all around.
    """

    def __init__(self, most: int, reach: float = np.inf, field: float = 2 * np.pi) -> None:
        self._most, self._reach, self._field = most, reach, field

    def reset(self, world: World) -> None:
        """A new episode: people look where they mean to go."""
        people = world.crowd.walkers
        facing = people.goal - people.pos
        for number, person in enumerate(world.scene.people[: len(people)]):
            if person.yaw is not None:
                facing[number] = np.cos(person.yaw), np.sin(person.yaw)
        size = np.hypot(facing[:, 0], facing[:, 1])
        # One row a person; radius and group stay, the rest is written over in every step.
        self._people = np.zeros((len(people), len(PERSON)))
        self._people[:, 6:4:-1] = facing / np.where(size > 0, size, 1.0)[:, None]
        self._people[:, 4], self._people[:, 7] = people.radius, people.group
        self._drives = world.scene.body.kinematics == "differential"

    def read(self, world: World) -> NDArray[np.float32]:
        """The state now, freshly allocated, `[9 + 9 M]`."""
        robot, people, block = world.robot, world.crowd.walkers, self._people
        block[:, 0:2] = world.apart
        np.subtract(people.vel, robot.vel, out=block[:, 2:4])
        pace = np.hypot(people.vel[:, 0], people.vel[:, 1])
        walking = pace >= SLOW
        if walking.all():
            np.divide(people.vel, pace[:, None], out=block[:, 6:4:-1])
        else:
            block[walking, 6:4:-1] = people.vel[walking] / pace[walking, None]
        seen = self._seen(world)
        if seen is None:
            order = world.gaps.argsort(kind="stable")[: self._most]
        else:
            order = np.where(seen, world.gaps, FAR).argsort(kind="stable")
            order = order[: min(int(np.count_nonzero(seen)), self._most)]
        kept, count = block[order], len(order)
        if self._drives:
            self._turn(kept, robot.yaw)
        state = np.zeros(len(ROBOT) + self._most * (len(PERSON) + 1), np.float32)
        state[: len(ROBOT)] = self._own(world, int(order[0]) if count else -1)
        state[len(ROBOT) : len(ROBOT) + kept.size] = kept.ravel()
        mask = len(ROBOT) + self._most * len(PERSON)
        state[mask : mask + count] = 1.0
        return state

    def _own(self, world: World, nearest: int) -> tuple[float, ...]:
        robot, body = world.robot, world.scene.body
        x, y = (world.goal.pos - robot.pos).tolist()
        bearing = math.atan2(y, x) - (robot.yaw if self._drives else 0.0)
        moving = (robot.command if self._drives else robot.vel).tolist()
        left = world.scene.time_limit - world.time
        gesture = world.crowd.walkers.gesture_of(nearest) if nearest >= 0 else 0
        return (
            math.hypot(x, y), math.sin(bearing), math.cos(bearing),
            *moving, body.v_max, body.radius, left, float(gesture),
        )  # fmt: skip

    def _seen(self, world: World) -> NDArray[np.bool_] | None:
        """Who is in sight, `[H]`; None for everybody, where there is nothing to be asked."""
        people, robot = world.crowd.walkers, world.robot
        all_around = self._field >= 2 * np.pi and world.scene.floor.empty
        if all_around and self._reach == np.inf and people.present.all():
            return None
        seen = people.present & (world.gaps <= self._reach)
        if self._field < 2 * np.pi:
            off = np.arctan2(world.apart[:, 1], world.apart[:, 0]) - robot.yaw
            seen = seen & (np.abs((off + np.pi) % (2 * np.pi) - np.pi) <= self._field / 2)
        if not world.scene.floor.empty and seen.any():
            seen = seen & in_sight(world.scene.floor, robot.pos, people.pos)
        return seen

    def _turn(self, kept: Floats, yaw: float) -> None:
        """Turns places, velocities and headings into the robot's frame."""
        cos, sin = np.cos(yaw), np.sin(yaw)
        for along, across in ((0, 1), (2, 3), (6, 5)):
            x, y = kept[:, along].copy(), kept[:, across].copy()
            kept[:, along], kept[:, across] = cos * x + sin * y, cos * y - sin * x


def in_sight(floor: Floor, eye: Floats, places: Floats) -> NDArray[np.bool_]:
    """Whether nothing stands between a place and others, `[H]`: their centres are looked at.

    Args:
        floor: what stands about; round things hide people as walls do.
        eye: `[2]` [m].
        places: `[H, 2]` [m].
    """
    look = places - eye
    clear = np.ones(len(places), bool)
    if len(floor.segments):
        first = floor.segments[:, :2] - eye
        along = floor.segments[:, 2:] - floor.segments[:, :2]
        cross = look[:, None, 0] * along[:, 1] - look[:, None, 1] * along[:, 0]
        safe = np.where(cross == 0, 1.0, cross)
        share = (first[:, 0] * along[:, 1] - first[:, 1] * along[:, 0]) / safe
        place = (first[:, 0] * look[:, None, 1] - first[:, 1] * look[:, None, 0]) / safe
        hit = (cross != 0) & (share > 0) & (share < 1) & (place >= 0) & (place <= 1)
        clear &= ~hit.any(axis=1)
    for x, y, size in floor.discs:
        offset = np.array([x, y]) - eye
        share = np.clip((look @ offset) / np.maximum((look * look).sum(axis=1), 1e-12), 0, 1)
        clear &= np.hypot(*(offset - share[:, None] * look).T) >= size
    return clear
