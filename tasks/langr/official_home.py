"""Homes of the official files: layouts of those that are not known yet, and how well all fit."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from .episode import Episode
from .home import Box, receptacle_boxes
from .inference import infer_layout
from .layout import KITCHEN, Layout, replica_layouts
from .shells import SHELLS

TOLERANCE = 0.03
"""How far an object may lie outside the box of what it lies on before it is reported [m]."""

LEAST_SEEN = 4
"""Objects on a piece of furniture from which its place is inferred, at least."""

NEEDED = ("Tbl1", "Tbl2", "TvStnd1", "Sofa", *KITCHEN)
"""Receptacles on which objects must be seen before a home's layout can be inferred."""


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """An object that lies outside the receptacle which it is said to lie on.

    Attributes:
        episode: its number in the file.
        object: its number in the episode.
        receptacle: what it is said to lie on.
        distance: to the receptacle's box along the axis where it is furthest off [m].
    """

    episode: int
    object: int
    receptacle: str
    distance: float


class Sightings:
    """Where objects were seen to lie, by home and receptacle."""

    def __init__(self) -> None:
        self._points: dict[str, dict[str, array[float]]] = {}
        self._owners: dict[str, dict[str, array[int]]] = {}

    def add(self, number: int, episode: Episode) -> None:
        """Takes note of an episode's objects."""
        points = self._points.setdefault(episode.home, {})
        owners = self._owners.setdefault(episode.home, {})
        for position, thing in enumerate(episode.objects):
            points.setdefault(thing.receptacle, array("d")).extend(thing.position)
            owners.setdefault(thing.receptacle, array("q")).extend((number, position))

    def seen(self, home: str) -> dict[str, NDArray[np.float64]]:
        """Positions of objects `[N, 3]` by receptacle [m]."""
        return {
            name: np.frombuffer(points).reshape(-1, 3)
            for name, points in self._points[home].items()
        }

    def new_layouts(self) -> dict[str, Layout]:
        """Layouts of the homes that are not in this package, inferred.

        Raises:
            BadArgument: too little was seen in one of them.
        """
        found = {}
        for home in sorted(self._points.keys() - replica_layouts().keys()):
            seen = self.seen(home)
            for name in NEEDED:
                count = len(seen.get(name, ()))
                if count < LEAST_SEEN:
                    raise BadArgument(
                        f"the home {home} is new and cannot be laid out: {count} objects lie on "
                        f"{name}, and {LEAST_SEEN} are needed"
                    )
            found[home] = infer_layout(home, {name: at[:, :2] for name, at in seen.items()})
        return found

    def outside(self, layouts: Mapping[str, Layout]) -> tuple[Outside, ...]:
        """Objects beyond the tolerance, worst first.

        Args:
            layouts: of the new homes.
        """
        found = []
        for home in self._points:
            boxes = receptacle_boxes(layouts.get(home) or replica_layouts()[home])
            for name, points in self.seen(home).items():
                distances = _distances(boxes[name], points)
                owners = np.frombuffer(self._owners[home][name], np.int64).reshape(-1, 2)
                for row in np.flatnonzero(distances > TOLERANCE):
                    episode, position = owners[row].tolist()
                    found.append(
                        Outside(
                            episode=episode,
                            object=position,
                            receptacle=name,
                            distance=round(float(distances[row]), 4),
                        )
                    )
        return tuple(sorted(found, key=lambda one: (-one.distance, one.episode, one.object)))


def beyond_walls(layout: Layout) -> tuple[str, ...]:
    """Receptacles of a layout whose middle is in none of its shell's rooms."""
    rooms = SHELLS[layout.shell].rooms

    def inside(x: float, y: float) -> bool:
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in rooms)

    boxes = receptacle_boxes(layout)
    return tuple(name for name, box in boxes.items() if not inside(*box.centre[:2]))


def _distances(box: Box, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far points `[N, 3]` lie outside a box along its worst axis; not above 0 inside [m]."""
    local = points - np.array(box.centre)
    cos, sin = math.cos(box.yaw), math.sin(box.yaw)
    turned = np.stack(
        [
            local[:, 0] * cos + local[:, 1] * sin,
            local[:, 1] * cos - local[:, 0] * sin,
            local[:, 2],
        ],
        axis=1,
    )
    distances: NDArray[np.float64] = (np.abs(turned) - np.array(box.half)).max(axis=1)
    return distances
