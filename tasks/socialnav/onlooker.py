"""A world as painters and scanners take it: its plan once an episode, everybody's pose a step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .crowd.behaviour import GESTURES
from .drawing.gait import GO, NONE, WAIT
from .drawing.space import Plan
from .lidar import Lidar
from .log import Thing
from .painter import Painter, Sight, View
from .recording import SLOW
from .scene import Scene
from .world import World

Floats = NDArray[np.float64]

SIGNS = {"none": NONE, "wait": WAIT, "go": GO}
"""How people are drawn who signal something."""


def plan_of(scene: Scene, things: Sequence[Thing] = ()) -> Plan:
    """The layout of a scene.

    Round things become pillars, and what has corners is solid from floor to ceiling, since both
    hide what is behind them.

    Args:
        scene: the start of an episode.
        things: furniture that is lower, in addition.
    """
    floor = scene.floor
    pillars = [
        Thing(id=-1 - number, pos=disc[:2], length=2 * disc[2], width=2 * disc[2], shape="circle",
              kind="pillar")
        for number, disc in enumerate(floor.discs)
    ]  # fmt: skip
    inside = [scene.start, *(person.start for person in scene.people)]
    aims = [scene.goal.pos.reshape(-1, 2)[0], *(person.goal for person in scene.people)]
    return Plan(
        walls=floor.walls,
        solids=floor.polygons,
        outline=floor.outline,
        things=(*things, *pillars),
        people=np.array([*inside, *aims]),
        look=sum(floor.key) % 60,
    )


def surroundings(world: World) -> tuple[Floats, Floats]:
    """What a scanner meets: discs `[N, 3]` of people and round things, walls `[S, 4]` [m]."""
    people = world.crowd.walkers
    here = people.present
    bodies = np.column_stack([people.pos[here], people.radius[here]])
    return np.concatenate([bodies, world.scene.floor.discs]), world.scene.floor.segments


class Onlooker:
    """Watches a world, and shows it through a painter and a scanner.

    Call ``reset`` after the world's, and ``step`` after each of its steps: people's steps follow
    from how far they have walked.

    Args:
        painter: None where nothing is drawn.
        lidar: None where nothing is scanned.
    """

    def __init__(self, painter: Painter | None, lidar: Lidar | None = None) -> None:
        self._painter, self._lidar = painter, lidar

    def reset(self, world: World, seed: int, things: Sequence[Thing] = ()) -> None:
        """A new episode.

        Args:
            world: on its start.
            seed: of the scanner's noise and of what people look like.
            things: furniture; see ``plan_of``.
        """
        scene, people = world.scene, world.crowd.walkers
        self._dice = np.random.default_rng(np.random.SeedSequence([abs(int(seed)), 0x11DA2]))
        self._walked = np.zeros(len(people))
        self._places = people.pos
        self._headings = np.zeros(len(people))
        for number, person in enumerate(scene.people[: len(people)]):
            way = person.goal - person.start
            facing = math.atan2(way[1], way[0]) if person.yaw is None else person.yaw
            self._headings[number] = facing
        self._face(world)
        if self._painter is not None:
            x, y = scene.goal.pos.reshape(-1, 2)[0]
            goal = (float(x), float(y), float(scene.goal.pos_tol))
            self._painter.load(
                plan_of(scene, things), len(people), seed, radius=scene.body.radius, goal=goal
            )

    def step(self, world: World) -> None:
        """The world has gone on."""
        people = world.crowd.walkers
        way = np.linalg.norm(people.pos - self._places, axis=1)
        # Who is replaced by another appears elsewhere at once: that is no walk.
        self._walked = self._walked + np.where(way < 1.0, way, 0.0)
        self._places = people.pos
        self._face(world)

    def _face(self, world: World) -> None:
        vel = world.crowd.walkers.vel
        walking = np.hypot(vel[:, 0], vel[:, 1]) >= SLOW
        self._headings = np.where(walking, np.arctan2(vel[:, 1], vel[:, 0]), self._headings)

    def sight(self, world: World) -> Sight:
        """Where everybody is now."""
        people, robot = world.crowd.walkers, world.robot
        aims = people.goal - people.pos
        yaw = robot.yaw
        if robot.body.kinematics == "holonomic" and np.hypot(*robot.vel) >= SLOW:
            yaw = math.atan2(robot.vel[1], robot.vel[0])
        return Sight(
            robot=(float(robot.pos[0]), float(robot.pos[1]), float(yaw)),
            places=np.where(people.present[:, None], people.pos, np.nan),
            headings=self._headings,
            speeds=np.hypot(people.vel[:, 0], people.vel[:, 1]),
            walked=self._walked,
            signs=np.array(
                [SIGNS[GESTURES[people.gesture_of(n)]] for n in range(len(people))], int
            ),
            ways=np.arctan2(aims[:, 1], aims[:, 0]),
            time=float(world.time),
        )

    def rgb(self, world: World, view: View = "head") -> NDArray[np.uint8]:
        """The picture of a view, `[H, W, 3]`."""
        assert self._painter is not None
        return self._painter.draw(self.sight(world), view)

    def rgb_and_depth(self, world: World) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Picture and depth [m] of the robot's camera, drawn once."""
        assert self._painter is not None
        return self._painter.both(self.sight(world))

    def scan(self, world: World) -> NDArray[np.float32]:
        """What the scanner measures now, with its noise, `[R]` [m]; each call throws anew."""
        assert self._lidar is not None
        robot = world.robot
        # As in ``percept``: along the heading of a robot that drives, else along the world's axes.
        ahead = float(robot.yaw) if robot.body.kinematics == "differential" else 0.0
        pose = (float(robot.pos[0]), float(robot.pos[1]), ahead)
        found = self._lidar.scan(pose, *surroundings(world), dice=self._dice)
        return found.astype(np.float32)
