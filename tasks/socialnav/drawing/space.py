"""Which side of a wall people can come to, and whether a place is a room or open ground.

A layout says where its walls are and no more. What lies behind them follows from where somebody
stands: the ground that can be reached from there is flooded on a grid, and walls grow their
thickness into what stays dry, so that their visible faces are where the layout says.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ..log import Thing

Floats = NDArray[np.float64]

Setting = Literal["room", "hall", "square"]
"""Closed by walls all around; walls in a hall that is larger than anybody can see; open ground."""

CELL = 0.05
"""Side of a cell of the grid in layouts of up to ``CELLS * CELL`` [m]."""

CELLS = 500
"""Cells along the longer side of a larger layout."""

MARGIN = 1.5
"""Ground around everything that is named [m]."""

BESIDE = 0.15
"""How far from a wall its sides are probed [m]; less than any way for a body is wide."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A layout to draw.

    Attributes:
        walls: x1, y1, x2, y2 of thin walls, `[W, 4]` [m].
        solids: corners of what is solid from floor to ceiling, each `[K, 2]` [m].
        outline: corners of the edge of the world, `[K, 2]` [m], or None.
        things: furniture and the like; of those that move, this is where they begin.
        people: whether walls around a place make it a room follows from these points inside,
            `[P, 2]` [m].
        look: chooses colours, floors and what hangs on walls.
        indoors: whether it has a ceiling; None where that follows from the walls: there is one
            as soon as there are walls.
    """

    walls: Floats = dataclasses.field(default_factory=lambda: np.zeros((0, 4)))
    solids: Sequence[Floats] = ()
    outline: Floats | None = None
    things: Sequence[Thing] = ()
    people: Floats = dataclasses.field(default_factory=lambda: np.zeros((1, 2)))
    look: int = 0
    indoors: bool | None = None

    def setting(self, space: Space) -> Setting:
        """What kind of place it is.

        Args:
            space: its ground.
        """
        if self.indoors is False:
            return "square"
        if space.closed:
            return "room"
        return "hall" if self.indoors or len(self.walls) else "square"

    def segments(self) -> Floats:
        """Walls and sides of solids and of the outline, `[S, 4]` [m]."""
        rings = [*self.solids, *([] if self.outline is None else [self.outline])]
        sides = [np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in rings]
        found: Floats = np.concatenate([np.reshape(self.walls, (-1, 4)), *sides])
        return found


class Space:
    """The ground of a layout, flooded from where people stand.

    Args:
        plan: the layout.

    Attributes:
        low: the least corner of all that is named, `[2]` [m].
        high: the greatest.
        closed: whether walls keep the flood inside.
    """

    def __init__(self, plan: Plan) -> None:
        segments = plan.segments()
        inside = np.asarray(plan.people, np.float64).reshape(-1, 2)
        inside = inside[np.isfinite(inside).all(axis=1)]
        places = [inside, segments[:, :2], segments[:, 2:]]
        places += [np.reshape(thing.pos, (-1, 2)) for thing in plan.things]
        named = np.concatenate(places)
        if not len(named):
            named = np.zeros((1, 2))
        self.low, self.high = named.min(axis=0), named.max(axis=0)
        extent = float((self.high - self.low).max()) + 2 * MARGIN
        self._cell = max(CELL, extent / CELLS)
        self._origin = self.low - MARGIN
        shape = np.ceil((self.high - self.low + 2 * MARGIN) / self._cell).astype(int) + 1
        blocked = np.zeros(tuple(shape), bool)
        for x1, y1, x2, y2 in segments:
            count = max(2, math.ceil(math.hypot(x2 - x1, y2 - y1) / self._cell * 3))
            share = np.linspace(0.0, 1.0, count)[:, None]
            line = np.array([x1, y1]) * (1 - share) + np.array([x2, y2]) * share
            blocked[tuple(self._cells(line).T)] = True
        pools, _ = ndimage.label(~blocked)
        wet = set(pools[tuple(self._cells(inside).T)].tolist()) - {0} if len(inside) else set()
        self._reached: NDArray[np.bool_] = np.isin(pools, list(wet))
        rim = [self._reached[0], self._reached[-1], self._reached[:, 0], self._reached[:, -1]]
        self.closed = bool(len(segments)) and not any(side.any() for side in rim)

    def _cells(self, points: Floats) -> NDArray[np.int64]:
        return np.asarray(np.floor((points - self._origin) / self._cell), np.int64)

    def reached(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether somebody could stand there, `[...]`; points `[..., 2]` [m]."""
        cells = self._cells(np.asarray(points, np.float64))
        within = np.asarray(((cells >= 0) & (cells < self._reached.shape)).all(axis=-1))
        cells = np.where(within[..., None], cells, 0)
        wet_beyond = not self.closed
        return np.asarray(np.where(within, self._reached[cells[..., 0], cells[..., 1]], wet_beyond))

    def dry(self) -> list[tuple[float, float, float, float]]:
        """Rectangles x1, y1, x2, y2 that cover all ground that nobody can come to [m]."""
        closed: list[tuple[int, int, int, int]] = []
        growing: dict[tuple[int, int], int] = {}
        for row, reached in enumerate(self._reached):
            edges = np.flatnonzero(np.diff(np.concatenate([[True], reached, [True]])))
            runs = {(int(low), int(high)) for low, high in edges.reshape(-1, 2)}
            ended = [run for run in growing if run not in runs]
            closed += [(growing.pop(run), run[0], row, run[1]) for run in ended]
            for run in runs:
                growing.setdefault(run, row)
        closed += [(start, low, len(self._reached), high) for (low, high), start in growing.items()]
        x, y = self._origin
        size = self._cell
        return [(x + a * size, y + b * size, x + c * size, y + d * size) for a, b, c, d in closed]

    def sides(self, segment: Floats) -> tuple[bool, bool]:
        """Whether somebody can come to a wall's left and right side, seen along it."""
        start, end = segment[:2], segment[2:]
        length = float(np.hypot(*(end - start)))
        if length < 1e-9:
            return False, False
        along = (end - start) / length
        left = np.array([-along[1], along[0]]) * BESIDE
        count = max(3, math.ceil(length / 0.3))
        share = ((np.arange(count) + 0.5) / count)[:, None]
        middle = start + share * (end - start)
        return bool(self.reached(middle + left).any()), bool(self.reached(middle - left).any())
