"""The shortest way for a disc among walls, exact: straight lines, and arcs about the corners.

The centre of a disc of radius r that goes as short as it can runs along lines that touch circles
of radius r about the corners, and along those circles. So the graph of all such tangents and arcs
holds the shortest way, and Dijkstra finds it. (A visibility graph on a polygon that was shrunk by
r cuts its arcs into chords; tangents need no chords.)
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import BadScene, MissingExtra
from .floor import Floor
from .force import nearest_on_segment

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOUCH = 1e-6
"""How much nearer than its radius a disc may come to a wall along a tangent [m]."""

SAMPLES = 720
"""Points at which a circle about a corner is tried for being free, half a degree apart."""

CHORD = np.deg2rad(5.0)
"""Longest piece of an arc between two points of the way that is handed out [rad]."""


@dataclasses.dataclass(frozen=True)
class Route:
    """A shortest way.

    Attributes:
        points: from start to goal, `[K, 2]` [m]; arcs are drawn in pieces of at most 5 degrees.
        length: of the way itself, arcs included [m].
    """

    points: Floats
    length: float


def shortest(floor: Floor, radius: float, start: ArrayLike, goal: ArrayLike) -> Route:
    """The shortest way of a disc.

    Args:
        floor: what stands about.
        radius: of the disc [m].
        start: centre, `[2]` [m].
        goal: centre, `[2]` [m].

    Raises:
        BadScene: start or goal is nearer to a wall than the radius, or no way leads there.
    """
    return planner(floor, radius).shortest(start, goal)


def planner(floor: Floor, radius: float) -> Planner:
    """The planner of a floor for discs of a radius, cached."""
    return _planner(_Keyed(floor), float(radius))


class _Keyed:
    """A floor that is looked up by what it holds."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def __hash__(self) -> int:
        return hash(self.floor.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.floor.key == other.floor.key


@functools.lru_cache(maxsize=64)
def _planner(keyed: _Keyed, radius: float) -> Planner:
    return Planner(keyed.floor, radius)


@dataclasses.dataclass
class _Touches:
    """Tangents between circles: where they touch.

    Attributes:
        circle: the circle at either end, `[N, 2]`.
        angle: where on it, `[N, 2]` [rad].
        point: the same in the plane, `[N, 2, 2]` [m].
    """

    circle: Ints
    angle: Floats
    point: Floats

    @classmethod
    def joined(cls, *parts: _Touches) -> _Touches:
        return cls(
            np.concatenate([part.circle for part in parts]),
            np.concatenate([part.angle for part in parts]),
            np.concatenate([part.point for part in parts]),
        )


class Planner:
    """Shortest ways for discs of one radius on one floor; ``planner`` makes and keeps them.

    Args:
        floor: what stands about.
        radius: of the disc [m].
    """

    def __init__(self, floor: Floor, radius: float) -> None:
        self._floor, self._radius = floor, radius
        self._obstacle = _geometry(floor)
        corners = np.unique(floor.segments.reshape(-1, 2), axis=0)
        discs = floor.discs
        centres = np.concatenate([corners, discs[:, :2]])
        reach = np.concatenate([np.full(len(corners), radius), discs[:, 2] + radius])
        turn = np.arange(SAMPLES) * (2 * np.pi / SAMPLES)
        ring = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        samples = centres[:, None] + reach[:, None, None] * ring
        free = floor.clearance(samples) >= radius - TOUCH if len(centres) else np.ones((0, SAMPLES))
        useful = free.any(axis=1)
        self._centres, self._reach = centres[useful], reach[useful]
        # How many samples are blocked before each, twice round, so that an arc is a difference.
        blocked = np.concatenate([~free[useful].astype(bool)] * 2, axis=1)
        self._blocked = np.concatenate(
            [np.zeros((len(blocked), 1), np.int64), np.cumsum(blocked, axis=1)], axis=1
        )
        first, second = np.triu_indices(len(self._centres), 1)
        self._static = self._kept(_tangents(self._centres, self._reach, first, second))

    def shortest(self, start: ArrayLike, goal: ArrayLike) -> Route:
        """The shortest way between two places; see the function of this name."""
        ends = self._checked([start, goal])
        if self._is_free(ends[None, 0], ends[None, 1])[0]:
            return Route(ends, float(np.hypot(*(ends[1] - ends[0]))))
        touches, nodes, distance, before = self._solve(ends[1:], ends[:1])
        if not np.isfinite(distance[0]):
            raise BadScene(
                f"goal {_named(ends[1])} cannot be reached from {_named(ends[0])} "
                f"by a disc of radius {self._radius} m: widen the passage or move the goal"
            )
        return Route(self._drawn(touches, nodes, before), float(distance[0]))

    def distances(self, points: ArrayLike, goal: ArrayLike) -> Floats:
        """Lengths of the shortest ways from many places to one, `[M]` [m]; infinite without way.

        Args:
            points: centres, `[M, 2]` [m]. One that is too near to a wall may still see its way.
            goal: centre, `[2]` [m].

        Raises:
            BadScene: the goal is nearer to a wall than the radius.
        """
        places = np.asarray(points, np.float64).reshape(-1, 2)
        end = self._checked([goal])
        straight = np.hypot(*(places - end).T)
        seen = self._is_free(places, np.broadcast_to(end, places.shape))
        if seen.all():
            return np.asarray(straight)
        found = self._solve(end, places[~seen])[2]
        result = np.array(straight)
        result[~seen] = found
        return result

    # -- the graph ---------------------------------------------------------------------------

    def _checked(self, places: list[Any]) -> Floats:
        ends = np.asarray(places, np.float64).reshape(-1, 2)
        for place, clear in zip(ends, self._floor.clearance(ends), strict=True):
            if clear < self._radius - TOUCH:
                raise BadScene(
                    f"{_named(place)} is {clear:.3f} m from the nearest wall, where a disc of "
                    f"radius {self._radius} m cannot stand"
                )
        return ends

    def _is_free(self, begin: Floats, end: Floats) -> NDArray[np.bool_]:
        """Whether a disc may go straight from places to places, `[N]`."""
        free = np.ones(len(begin), bool)
        if self._obstacle is not None and len(begin):
            shapely = _shapely()
            lines = shapely.linestrings(np.stack([begin, end], axis=1))
            free &= ~shapely.dwithin(lines, self._obstacle, self._radius - TOUCH)
        for x, y, size in self._floor.discs:
            near = nearest_on_segment((x, y), np.hstack([begin, end])) - (x, y)
            free &= np.hypot(near[:, 0], near[:, 1]) >= size + self._radius - TOUCH
        return free

    def _kept(self, touches: _Touches) -> _Touches:
        free = self._is_free(touches.point[:, 0], touches.point[:, 1])
        return _Touches(touches.circle[free], touches.angle[free], touches.point[free])

    def _solve(self, goal: Floats, places: Floats) -> tuple[_Touches, Ints, Floats, Ints]:
        """Dijkstra from the goal.

        Returns:
            the tangents used, the two nodes of each `[N, 2]`, the distance of each place `[M]`,
            and the predecessor of every node, last the places and before them the goal.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import dijkstra

        count = len(self._centres)
        centres = np.concatenate([self._centres, goal, places])
        reach = np.concatenate([self._reach, np.zeros(1 + len(places))])
        ends = np.arange(count, len(centres))
        corner, end = (one.ravel() for one in np.meshgrid(np.arange(count), ends, indexing="ij"))
        touches = _Touches.joined(
            self._static, self._kept(_tangents(centres, reach, corner, end, inner=False))
        )
        nodes, total = _numbered(touches, count, len(ends))
        line = np.hypot(*(touches.point[:, 0] - touches.point[:, 1]).T)
        arcs, sweep = self._arcs(touches, nodes, count)
        row = np.concatenate([nodes[:, 0], arcs[:, 0]])
        column = np.concatenate([nodes[:, 1], arcs[:, 1]])
        # A line of no length must stay an edge: sparse graphs take a zero for none.
        weight = np.maximum(np.concatenate([line, sweep]), 1e-12)
        graph = coo_array((weight, (row, column)), shape=(total, total)).tocsr()
        first = total - len(ends)
        distance, before = dijkstra(graph, directed=False, indices=first, return_predecessors=True)
        return touches, nodes, np.asarray(distance[first + 1 :]), np.asarray(before)

    def _arcs(self, touches: _Touches, nodes: Ints, count: int) -> tuple[Ints, Floats]:
        """Edges between touching points that follow each other on a circle, where it is free."""
        on = touches.circle < count
        circle, angle, node = touches.circle[on], touches.angle[on], nodes[on]
        order = np.lexsort((angle, circle))
        circle, angle, node = circle[order], angle[order], node[order]
        if not len(circle):
            return np.zeros((0, 2), np.int64), np.zeros(0)
        starts = np.flatnonzero(np.concatenate([[True], circle[1:] != circle[:-1]]))
        follower = np.arange(1, len(circle) + 1)
        follower[np.concatenate([starts[1:], [len(circle)]]) - 1] = starts
        sweep = (angle[follower] - angle) % (2 * np.pi)
        step = 2 * np.pi / SAMPLES
        low = np.ceil(angle / step - 1e-9).astype(np.int64)
        high = np.floor((angle + sweep) / step + 1e-9).astype(np.int64)
        inside = self._blocked[circle, np.maximum(high + 1, low)] - self._blocked[circle, low]
        free = (inside == 0) & (follower != np.arange(len(circle)))
        edges = np.stack([node, node[follower]], axis=-1)[free]
        return edges, (sweep * self._reach[circle])[free]

    def _drawn(self, touches: _Touches, nodes: Ints, before: Ints) -> Floats:
        """The way from the only place to the goal as points, `[K, 2]`."""
        goal = len(before) - 2
        place = {int(nodes[i, j]): (i, j) for i, j in np.ndindex(nodes.shape)}
        path, here = [], len(before) - 1
        while here != goal:
            path.append(here)
            here = int(before[here])
        path.append(goal)
        points: list[Floats] = []
        for one, other in itertools.pairwise(path):
            (i, j), (k, m) = place[one], place[other]
            points.append(touches.point[i, j])
            if i != k and touches.circle[i, j] == touches.circle[k, m]:
                circle = int(touches.circle[i, j])
                if circle < len(self._centres):
                    begin, end = float(touches.angle[i, j]), float(touches.angle[k, m])
                    points.extend(self._arc(circle, begin, end))
        i, j = place[goal]
        points.append(touches.point[i, j])
        drawn = np.array(points)
        fresh = np.concatenate([[True], np.hypot(*np.diff(drawn, axis=0).T) > 1e-9])
        return np.asarray(drawn[fresh])

    def _arc(self, circle: int, begin: float, end: float) -> list[Floats]:
        """Points between two angles of a circle, the free way round, if both are the shorter."""
        left = (end - begin) % (2 * np.pi)
        sweep = left if self._is_open(circle, begin, left) and left <= np.pi else left - 2 * np.pi
        pieces = int(np.ceil(abs(sweep) / CHORD))
        turn = begin + sweep * np.arange(1, pieces) / max(pieces, 1)
        return list(
            self._centres[circle]
            + self._reach[circle] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        )

    def _is_open(self, circle: int, begin: float, sweep: float) -> bool:
        step = 2 * np.pi / SAMPLES
        low = int(np.ceil(begin / step - 1e-9))
        high = int(np.floor((begin + sweep) / step + 1e-9))
        return bool(self._blocked[circle, max(high + 1, low)] == self._blocked[circle, low])


def _tangents(
    centres: Floats, reach: Floats, first: Ints, second: Ints, *, inner: bool = True
) -> _Touches:
    """The lines that touch two circles: two that keep both on one side, two that pass between.

    Args:
        centres: `[C, 2]` [m].
        reach: radii, `[C]` [m]; a place is a circle of radius 0.
        first: one circle of each pair, `[N]`.
        second: the other, `[N]`.
        inner: whether to pass between; for places that is the same.
    """
    apart = centres[second] - centres[first]
    distance = np.hypot(apart[:, 0], apart[:, 1])
    heading = np.arctan2(apart[:, 1], apart[:, 0])
    parts = []
    for side in (1.0, -1.0) if inner else (1.0,):
        ratio = (reach[first] - side * reach[second]) / np.where(distance > 0, distance, 1.0)
        exists = (distance > 0) & (np.abs(ratio) <= 1.0)
        opening = np.arccos(np.clip(ratio[exists], -1.0, 1.0))
        pair = np.stack([first[exists], second[exists]], axis=-1)
        for turn in (opening, -opening):
            one = heading[exists] + turn
            other = one if side > 0 else one + np.pi
            angle = np.stack([one, other], axis=-1) % (2 * np.pi)
            outward = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            point = centres[pair] + reach[pair][..., None] * outward
            parts.append(_Touches(pair.astype(np.int64), angle, point))
    return _Touches.joined(*parts)


def _numbered(touches: _Touches, count: int, ends: int) -> tuple[Ints, int]:
    """A number for every touching point; the places come last, one number each."""
    on = touches.circle < count
    corners = int(on.sum())
    nodes = np.where(on, 0, corners + touches.circle - count)
    nodes[on] = np.arange(corners)
    return nodes, corners + ends


def _geometry(floor: Floor) -> Any:
    """Walls, polygons and outline as one prepared geometry, or None on an open floor."""
    if not len(floor.segments):
        return None
    shapely = _shapely()
    lines = list(shapely.linestrings(floor.segments.reshape(-1, 2, 2)))
    solid = [shapely.polygons(ring) for ring in floor.polygons]
    whole = shapely.union_all([*lines, *solid])
    shapely.prepare(whole)
    return whole


def _named(place: Floats) -> str:
    return f"({place[0]:.2f}, {place[1]:.2f})"


def _shapely() -> Any:
    try:
        import shapely
    except ModuleNotFoundError as error:
        raise MissingExtra("socialnav", "socialnav", error.name or "shapely") from error
    return shapely
