"""Shortest ways for the disc that covers the robot, where a log does not state them.

Exact, by the tangents and arcs of :mod:`..route`; straight where nothing stands about. Things
that move are taken where they stood at step 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadScene
from ..floor import Floor
from ..log import EpisodeLog, Thing
from ..route import Planner, planner
from . import geometry

Floats = NDArray[np.float64]


def route(log: EpisodeLog, start: Floats, goal: Floats) -> tuple[Floats, float] | None:
    """The points `[K, 2]` [m] and the length [m] of the shortest way; None if there is none.

    Args:
        log: whose walls and objects are in the way.
        start: centre, `[2]` [m].
        goal: centre, `[2]` [m].

    Raises:
        MissingExtra: something stands about, and shapely is not installed.
    """
    try:
        found = _planner(log).shortest(start, goal)
    except BadScene:
        return None
    return found.points, found.length


def distances(log: EpisodeLog, places: Floats, goal: Floats) -> Floats | None:
    """Lengths of the shortest ways from places `[M, 2]` to one, `[M]` [m]; None if there is none.

    Infinite from a place that is too near to a wall to go anywhere.

    Raises:
        MissingExtra: something stands about, and shapely is not installed.
    """
    try:
        return _planner(log).distances(places, goal)
    except BadScene:
        return None


def _planner(log: EpisodeLog) -> Planner:
    solid = [thing for thing in log.objects if thing.shape == "rectangle"]
    discs = [(*thing.pos[0], thing.length / 2) for thing in log.objects if thing not in solid]
    floor = Floor(
        walls=log.walls,
        polygons=tuple(_corners(thing) for thing in solid),
        discs=np.array(discs).reshape(-1, 3),
    )
    return planner(floor, log.robot.radius)


def _corners(thing: Thing) -> Floats:
    return geometry.rectangle_edges(thing.pos[0], thing.yaw[0], thing.length, thing.width)[:, :2]
