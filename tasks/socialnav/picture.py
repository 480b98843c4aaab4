"""The world from above, as a picture: walls, people with where they look, the robot and its way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...core.stopwatch import RENDERING
from .plot import frame_of, trajectories
from .world import World

Floats = NDArray[np.float64]

SMOOTH = 3
"""How much larger the picture is drawn before it is averaged down."""

MARGIN = 0.8
"""Room around everything that is shown [m]."""

LEISURE = 1.5
"""A map's latest colour is that of this many times the time that the robot needs at least."""

GROUND, GRID, WALL = (247, 246, 242), (231, 229, 222), (74, 78, 86)
AWARE, BLIND, SKIN = (74, 124, 178), (142, 150, 160), (32, 44, 60)
ROBOT, TRAIL, GOAL = (222, 108, 44), (240, 178, 130), (62, 150, 92)


class Picture:
    """Draws a world.

    Args:
        size: ``(height, width)`` [px].
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size

    def reset(self, world: World) -> None:
        """A new episode: the frame is set to what stands, starts and aims, and kept."""
        scene, people = world.scene, world.crowd.walkers
        here = people.present
        shown = [scene.start, scene.goal.pos[-1] if scene.goal.pos.ndim > 1 else scene.goal.pos]
        points = np.concatenate(
            [shown, people.pos[here], people.goal[here], scene.floor.segments.reshape(-1, 2)]
        )
        low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
        height, width = self._size[0] * SMOOTH, self._size[1] * SMOOTH
        self._scale = float(min(width / (high[0] - low[0]), height / (high[1] - low[1])))
        self._middle = (low + high) / 2

    @RENDERING.counts
    def draw(self, world: World) -> NDArray[np.uint8]:
        """The picture now, `[H, W, 3]`, freshly allocated."""
        height, width = self._size[0] * SMOOTH, self._size[1] * SMOOTH
        image = Image.new("RGB", (width, height), GROUND)
        pen = ImageDraw.Draw(image)
        self._floor(pen, world)
        self._goal(pen, world)
        people = world.crowd.walkers
        for number in np.flatnonzero(people.present).tolist():
            tone = AWARE if people.aware[number] else BLIND
            heading = people.vel[number]
            self._body(pen, people.pos[number], float(people.radius[number]), heading, tone)
        trail = [self._at(point) for point in world.trail]
        if len(trail) > 1:
            pen.line(trail, fill=TRAIL, width=max(1, int(0.06 * self._scale)))
        yaw = world.robot.yaw
        ahead = np.array([np.cos(yaw), np.sin(yaw)])
        if world.robot.body.kinematics == "holonomic":
            ahead = world.robot.vel
        self._body(pen, world.robot.pos, world.robot.body.radius, ahead, ROBOT)
        small = image.resize((self._size[1], self._size[0]), Image.Resampling.BOX)
        return np.array(small)

    def _at(self, point: Floats) -> tuple[float, float]:
        x, y = (point - self._middle) * self._scale
        return x + self._size[1] * SMOOTH / 2, self._size[0] * SMOOTH / 2 - y

    def _disc(
        self, pen: ImageDraw.ImageDraw, place: Floats, radius: float, tone: tuple[int, int, int]
    ) -> None:
        (x, y), size = self._at(place), radius * self._scale
        pen.ellipse((x - size, y - size, x + size, y + size), fill=tone)

    def _body(
        self,
        pen: ImageDraw.ImageDraw,
        place: Floats,
        radius: float,
        heading: Floats,
        tone: tuple[int, int, int],
    ) -> None:
        """A disc with a dark rim, and a nose where it is headed."""
        self._disc(pen, place, radius, SKIN)
        self._disc(pen, place, radius * 0.88, tone)
        pace = float(np.hypot(heading[0], heading[1]))
        if pace > 0.05:
            nose = place + heading / pace * radius * 0.62
            self._disc(pen, nose, radius * 0.22, GROUND)

    def _floor(self, pen: ImageDraw.ImageDraw, world: World) -> None:
        reach = np.array(self._size[::-1]) * SMOOTH / self._scale / 2
        low, high = np.ceil(self._middle - reach), np.floor(self._middle + reach)
        for x in np.arange(low[0], high[0] + 1):
            across = self._at(np.array([x, self._middle[1]]))[0]
            pen.line((across, 0, across, self._size[0] * SMOOTH), fill=GRID, width=SMOOTH)
        for y in np.arange(low[1], high[1] + 1):
            down = self._at(np.array([self._middle[0], y]))[1]
            pen.line((0, down, self._size[1] * SMOOTH, down), fill=GRID, width=SMOOTH)
        floor = world.scene.floor
        for ring in floor.polygons:
            pen.polygon([self._at(corner) for corner in ring], fill=WALL)
        for disc in floor.discs:
            self._disc(pen, disc[:2], float(disc[2]), WALL)
        for wall in floor.segments:
            ends = (self._at(wall[:2]), self._at(wall[2:]))
            pen.line(ends, fill=WALL, width=max(SMOOTH, int(0.1 * self._scale)))

    def _goal(self, pen: ImageDraw.ImageDraw, world: World) -> None:
        goal = world.goal
        place = goal.pos if goal.pos.ndim == 1 else goal.pos[min(world.steps, len(goal.pos) - 1)]
        (x, y), size = self._at(place), max(goal.pos_tol, 0.2) * self._scale
        width = max(SMOOTH, int(0.08 * self._scale))
        pen.ellipse((x - size, y - size, x + size, y + size), outline=GOAL, width=width)
        self._disc(pen, place, 0.1, GOAL)


class Map:
    """Everybody's way up to now, with time as colour.

    Args:
        size: height and width [px].
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size

    def reset(self, world: World) -> None:
        """A new episode: what is shown of the world stays the same throughout."""
        log = world.log()
        self._frame = frame_of(log)
        length = log.robot.shortest_path or 0.0
        self._span = max(LEISURE * length / world.scene.body.v_max, world.scene.dt)

    @RENDERING.counts
    def draw(self, world: World) -> NDArray[np.uint8]:
        """The map now, `[H, W, 3]`."""
        span = max(self._span, world.time)
        return trajectories(world.log(), self._size, frame=self._frame, span=span)
