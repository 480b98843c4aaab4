"""Small meshes made by formula: revolved, swept and extruded, with smooth or sharp edges.

A :class:`Patch` is a bare surface; a :class:`Shape` gathers painted patches of one object and
turns them into what MuJoCo draws. Faces wind counter-clockwise seen from outside, since MuJoCo
does not draw the back of a face.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CREASE = math.radians(42)
"""Faces that meet at more than this keep a sharp edge between them [rad]; of our own design."""

WELD = 1e-6
"""Points closer than this are one when edges are smoothed [m]."""


@dataclass(frozen=True)
class Patch:
    """A surface of triangles.

    Attributes:
        points: `[N, 3]` [m].
        faces: `[M, 3]`, indices of points.
    """

    points: Floats
    faces: Integers

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Patch:
        """The patch shifted [m]."""
        return Patch(self.points + np.array([x, y, z]), self.faces)

    def scaled(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Patch:
        """The patch stretched about the origin; a negative factor mirrors it."""
        faces = self.faces if x * y * z > 0 else self.faces[:, ::-1]
        return Patch(self.points * np.array([x, y, z]), faces)

    def turned(self, axis: Literal["x", "y", "z"], angle: float) -> Patch:
        """The patch turned about an axis through the origin, by the right hand [rad]."""
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        points = self.points.copy()
        cosine, sine = math.cos(angle), math.sin(angle)
        points[:, first] = cosine * self.points[:, first] - sine * self.points[:, second]
        points[:, second] = sine * self.points[:, first] + cosine * self.points[:, second]
        return Patch(points, self.faces)

    def bent(self, change: Callable[[Floats], Floats]) -> Patch:
        """The patch with every point `[N, 3]` put through a function."""
        return Patch(np.asarray(change(self.points), np.float64), self.faces)

    @property
    def centres(self) -> Floats:
        """The middle of each face `[M, 3]` [m]."""
        return np.asarray(self.points[self.faces].mean(axis=1))


def joined(patches: Iterable[Patch]) -> Patch:
    """Several patches as one."""
    points: list[Floats] = []
    faces: list[Integers] = []
    count = 0
    for patch in patches:
        points.append(patch.points)
        faces.append(patch.faces + count)
        count += len(patch.points)
    return Patch(np.concatenate(points), np.concatenate(faces))


def _patch(points: ArrayLike, faces: Sequence[tuple[int, int, int]]) -> Patch:
    return Patch(np.asarray(points, np.float64), np.asarray(faces, np.int64).reshape(-1, 3))


def _strip(low: Sequence[int], high: Sequence[int], closed: bool) -> list[tuple[int, int, int]]:
    """Faces between two rows of points; ``high`` lies to the left of the way along ``low``."""
    count = len(low)
    faces = []
    for here in range(count if closed else count - 1):
        there = (here + 1) % count
        faces += [(low[here], low[there], high[there]), (low[here], high[there], high[here])]
    return faces


def lathe(profile: Sequence[tuple[float, float]], sides: int = 20) -> Patch:
    """A profile turned about the z axis.

    Args:
        profile: radius and height of each point [m], the outside on the right hand of the way:
            from the bottom up for a solid; a vessel goes on over its rim and down inside.
        sides: of every circle.
    """
    points: list[tuple[float, float, float]] = []
    rows: list[list[int]] = []
    for radius, height in profile:
        start = len(points)
        if radius < WELD:
            points.append((0.0, 0.0, height))
            rows.append([start] * sides)
            continue
        for side in range(sides):
            angle = math.tau * side / sides
            points.append((radius * math.cos(angle), radius * math.sin(angle), height))
        rows.append(list(range(start, start + sides)))
    faces = [
        face
        for low, high in itertools.pairwise(rows)
        for face in _strip(low, high, closed=True)
        if len(set(face)) == 3
    ]
    return _patch(points, faces)


def ellipsoid(x: float, y: float, z: float, rings: int = 9, sides: int = 16) -> Patch:
    """An ellipsoid about the origin, by its half axes [m]."""
    angles = [math.pi * (ring / rings - 0.5) for ring in range(rings + 1)]
    round_ = [(math.cos(angle), math.sin(angle)) for angle in angles]
    round_[0], round_[-1] = (0.0, -1.0), (0.0, 1.0)
    return lathe(round_, sides).scaled(x, y, z)


def box(x: float, y: float, z: float) -> Patch:
    """A box about the origin, by its sides [m]."""
    return prism(rectangle(x, y), -z / 2, z / 2)


def panel(x: float, y: float) -> Patch:
    """A rectangle in the plane z = 0 that looks up, by its sides [m]."""
    return flat(rectangle(x, y))


def flat(outline: ArrayLike) -> Patch:
    """The inside of an outline `[N, 2]` [m], in the plane z = 0, looking up."""
    corners = _anticlockwise(outline)
    points = np.column_stack([corners, np.zeros(len(corners))])
    return _patch(points, triangulate(corners))


def prism(outline: ArrayLike, low: float, high: float, bevel: float = 0.0) -> Patch:
    """An outline drawn out along z.

    Args:
        outline: its corners `[N, 2]` [m].
        low: height of the bottom [m].
        high: height of the top [m].
        bevel: width of the slanting edge around top and bottom [m].
    """
    corners = _anticlockwise(outline)
    count = len(corners)
    inner = inset(corners, bevel) if bevel else corners
    rings = [(corners, low), (corners, high)]
    if bevel:
        rings = [(inner, low), (corners, low + bevel), (corners, high - bevel), (inner, high)]
    points = np.concatenate([np.column_stack([ring, np.full(count, z)]) for ring, z in rings])
    rows = [list(range(count * row, count * (row + 1))) for row in range(len(rings))]
    faces = [face for a, b in itertools.pairwise(rows) for face in _strip(a, b, closed=True)]
    for a, b, c in triangulate(inner):
        faces += [(a, c, b), (rows[-1][a], rows[-1][b], rows[-1][c])]
    return _patch(points, faces)


def tube(
    path: ArrayLike,
    radius: float | Sequence[float],
    *,
    sides: int = 8,
    closed: bool = False,
    up: ArrayLike = (0.0, 0.0, 1.0),
    height: float = 1.0,
) -> Patch:
    """A round bar along a path, with flat ends.

    Args:
        path: its middle `[N, 3]` [m].
        radius: at each point, or everywhere [m].
        sides: of its section.
        closed: whether the last point leads back to the first.
        up: a direction across the path, or one for each point `[N, 3]`.
        height: the section's extent along ``up``, as a multiple of that across it.
    """
    middle = np.asarray(path, np.float64)
    count = len(middle)
    ahead = _directions(middle, closed)
    across = np.cross(np.broadcast_to(np.asarray(up, np.float64), (count, 3)), ahead)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    above = np.cross(ahead, across) * height
    reach = np.broadcast_to(np.asarray(radius, np.float64), (count,))[:, None, None]
    angles = math.tau * (np.arange(sides) + 0.5) / sides
    rings = middle[:, None] + reach * (
        np.cos(angles)[None, :, None] * across[:, None]
        + np.sin(angles)[None, :, None] * above[:, None]
    )
    points = [*rings.reshape(-1, 3)]
    rows = [list(range(sides * row, sides * (row + 1))) for row in range(count)]
    pairs = [*itertools.pairwise(rows), *([(rows[-1], rows[0])] if closed else [])]
    faces = [face for low, high in pairs for face in _strip(low, high, closed=True)]
    if not closed:
        for row, tip, turn in ((rows[0], 0, True), (rows[-1], count - 1, False)):
            points.append(middle[tip])
            for here, there in zip(row, row[1:] + row[:1], strict=True):
                first, second = (there, here) if turn else (here, there)
                faces.append((len(points) - 1, first, second))
    return _patch(points, faces)


def strip(path: ArrayLike, width: float, up: ArrayLike = (0.0, 0.0, 1.0)) -> Patch:
    """A closed flat band around a path `[N, 3]` that looks ``up``, by its width [m].

    Args:
        path: its middle `[N, 3]` [m]; the last point leads back to the first.
        width: of the band [m].
        up: the way that it looks, or one for each point `[N, 3]`.
    """
    middle = np.asarray(path, np.float64)
    count = len(middle)
    ahead = _directions(middle, closed=True)
    left = np.cross(np.broadcast_to(np.asarray(up, np.float64), (count, 3)), ahead)
    left *= width / 2 / np.linalg.norm(left, axis=1, keepdims=True)
    points = np.concatenate([middle - left, middle + left])
    return _patch(points, _strip(range(count), range(count, 2 * count), closed=True))


def _directions(path: Floats, closed: bool) -> Floats:
    """Unit tangents of a path `[N, 3]`."""
    if closed:
        ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        ahead = np.gradient(path, axis=0)
    return np.asarray(ahead / np.linalg.norm(ahead, axis=1, keepdims=True))


def rectangle(x: float, y: float) -> Floats:
    """The corners of a rectangle about the origin, by its sides [m]."""
    return np.array([(-x, -y), (x, -y), (x, y), (-x, y)], np.float64) / 2


def rounded_rectangle(x: float, y: float, radius: float, steps: int = 3) -> Floats:
    """The outline of a rectangle about the origin whose corners are round [m]."""
    corners = []
    for quarter, (right, above) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        middle = np.array([right * (x / 2 - radius), above * (y / 2 - radius)])
        corners.append(middle + arc(radius, quarter * 90, quarter * 90 + 90, steps))
    return np.concatenate(corners)


def arc(radius: float, start: float, stop: float, steps: int = 8) -> Floats:
    """Points on a circle about the origin, between two angles [deg]; ``steps + 1`` of them."""
    angles = np.radians(np.linspace(start, stop, steps + 1))
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])


def shifted(outline: Floats, x: float, y: float) -> Floats:
    """An outline `[N, 2]` moved in its plane [m]."""
    return np.asarray(outline + np.array([x, y]))


def ribbon(path: ArrayLike, widths: float | Sequence[float]) -> Floats:
    """The outline of a band along a path `[N, 2]`, by its width at each point [m]."""
    middle = np.asarray(path, np.float64)
    ahead = _directions(middle, closed=False)
    left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    half = np.broadcast_to(np.asarray(widths, np.float64), (len(middle),))[:, None] / 2
    return np.concatenate([middle - left * half, (middle + left * half)[::-1]])


def curve(points: ArrayLike, steps: int = 4) -> Floats:
    """A smooth way through points `[N, D]` (Catmull-Rom), ``steps`` pieces between two."""
    given = np.asarray(points, np.float64)
    padded = np.concatenate([[2 * given[0] - given[1]], given, [2 * given[-1] - given[-2]]])
    way = []
    for number in range(len(given) - 1):
        a, b, c, d = padded[number : number + 4]
        for step in range(steps):
            t = step / steps
            way.append(
                b
                + 0.5 * t * (c - a)
                + t**2 * (a - 2.5 * b + 2 * c - 0.5 * d)
                + t**3 * (1.5 * (b - c) + 0.5 * (d - a))
            )
    return np.array([*way, given[-1]])


def inset(outline: Floats, distance: float) -> Floats:
    """An anticlockwise outline `[N, 2]` drawn inwards by a small distance [m]."""
    before = outline - np.roll(outline, 1, axis=0)
    after = np.roll(outline, -1, axis=0) - outline
    before /= np.linalg.norm(before, axis=1, keepdims=True)
    after /= np.linalg.norm(after, axis=1, keepdims=True)
    inward = np.column_stack([-(before + after)[:, 1], (before + after)[:, 0]])
    # The mitre of a corner is longer than the distance; a spike's is cut off at twice it.
    reach = np.maximum((1 + (before * after).sum(axis=1)), 0.5)[:, None]
    return np.asarray(outline + distance * inward / reach)


def _area(outline: Floats) -> float:
    x, y = outline.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _anticlockwise(outline: ArrayLike) -> Floats:
    corners = np.asarray(outline, np.float64)
    return corners if _area(corners) > 0 else corners[::-1]


def triangulate(outline: Floats) -> list[tuple[int, int, int]]:
    """Triangles that fill a simple anticlockwise outline `[N, 2]`, by clipping its ears."""
    left = list(range(len(outline)))
    faces: list[tuple[int, int, int]] = []
    points = [(float(x), float(y)) for x, y in outline]
    while len(left) > 3:
        best: tuple[float, int] | None = None
        for place in range(len(left)):
            a, b, c = left[place - 1], left[place], left[(place + 1) % len(left)]
            if _turn(points[a], points[b], points[c]) <= 1e-14:
                continue
            others = (points[other] for other in left if other not in (a, b, c))
            if any(_inside(other, points[a], points[b], points[c]) for other in others):
                continue
            length = math.dist(points[a], points[c])
            if best is None or length < best[0]:
                best = (length, place)
        # What is left of a degenerate outline is a line: any cut will do.
        place = best[1] if best else 0
        faces.append((left[place - 1], left[place], left[(place + 1) % len(left)]))
        del left[place]
    return [*faces, (left[0], left[1], left[2])]


Point2 = tuple[float, float]


def _turn(a: Point2, b: Point2, c: Point2) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _inside(point: Point2, a: Point2, b: Point2, c: Point2) -> bool:
    return _turn(a, b, point) >= 0 and _turn(b, c, point) >= 0 and _turn(c, a, point) >= 0


def corner_normals(patch: Patch, crease: float = CREASE) -> Floats:
    """The direction in which light meets each corner of each face `[M, 3, 3]`.

    Faces around a point share it where they meet at less than ``crease`` [rad].
    """
    triangles = patch.points[patch.faces]
    side, other = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    across = np.cross(side, other)
    unit = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-15)
    _, welded = np.unique(np.round(patch.points / WELD), axis=0, return_inverse=True)
    corner = welded.reshape(-1)[patch.faces].reshape(-1)
    order = np.argsort(corner, kind="stable")
    sizes = np.bincount(corner)
    starts = np.cumsum(sizes) - sizes
    # Every corner against every corner at the same point: rows of a ragged table, laid flat.
    lengths = sizes[corner]
    begins = np.cumsum(lengths) - lengths
    rows = np.repeat(np.arange(len(corner)), lengths)
    within = np.arange(lengths.sum()) - begins[rows]
    partners = order[starts[corner[rows]] + within]
    mine, theirs = unit[rows // 3], unit[partners // 3]
    weights = _angles(triangles)[partners] * ((mine * theirs).sum(axis=1) > math.cos(crease))
    normals = np.add.reduceat(theirs * weights[:, None], begins, axis=0)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    return np.asarray(normals.reshape(-1, 3, 3))


def _angles(triangles: Floats) -> Floats:
    """The angle of each corner of triangles `[M, 3, 3]`, flat `[3 M]` [rad]."""
    ahead = np.roll(triangles, -1, axis=1) - triangles
    behind = np.roll(triangles, 1, axis=1) - triangles
    length = np.linalg.norm(ahead, axis=2) * np.linalg.norm(behind, axis=2)
    cosine = (ahead * behind).sum(axis=2) / np.maximum(length, 1e-15)
    return np.asarray(np.arccos(np.clip(cosine, -1, 1)).reshape(-1))


@dataclass(frozen=True)
class Mesh:
    """All parts of an object that have the same finish, ready for MuJoCo.

    Attributes:
        finish: a name in ``object_palette.FINISHES``.
        points: of each corner of each face `[3 M, 3]` [m].
        normals: `[3 M, 3]`.
        colours: of each face, names in ``object_palette.COLOURS``.
    """

    finish: str
    points: Floats
    normals: Floats
    colours: tuple[str, ...]


@dataclass
class Shape:
    """The painted patches of one object, in any frame.

    Attributes:
        parts: patch, colour of each of its faces, finish, and crease [rad].
    """

    parts: list[tuple[Patch, tuple[str, ...], str, float]] = field(default_factory=list)

    def add(
        self,
        patch: Patch,
        colour: str | Sequence[str],
        finish: str = "satin",
        crease: float = CREASE,
    ) -> None:
        """Adds a patch in one colour, or in one a face."""
        count = len(patch.faces)
        colours = (colour,) * count if isinstance(colour, str) else tuple(colour)
        if len(colours) != count:
            raise ValueError(f"{len(colours)} colours for {count} faces")
        self.parts.append((patch, colours, finish, crease))

    def extents(self) -> tuple[Floats, Floats]:
        """The least and the greatest coordinates [m]."""
        points = np.concatenate([patch.points for patch, *_ in self.parts])
        return points.min(axis=0), points.max(axis=0)

    def meshes(self, rest: float) -> list[Mesh]:
        """One mesh a finish, its middle above the origin and its lowest point ``rest`` below."""
        low, high = self.extents()
        x, y = -(low + high)[:2] / 2
        made = []
        for finish in dict.fromkeys(part[2] for part in self.parts):
            mine = [part for part in self.parts if part[2] == finish]
            moved = [patch.moved(x, y, -rest - low[2]) for patch, *_ in mine]
            points = [patch.points[patch.faces].reshape(-1, 3) for patch in moved]
            normals = [
                corner_normals(patch, crease).reshape(-1, 3)
                for patch, (_, _, _, crease) in zip(moved, mine, strict=True)
            ]
            colours = tuple(name for _, names, *_ in mine for name in names)
            made.append(Mesh(finish, np.concatenate(points), np.concatenate(normals), colours))
        return made
