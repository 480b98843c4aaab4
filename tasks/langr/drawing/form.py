"""Rigid things built of painted surfaces, with the soft shade of near surfaces baked in.

The fast profile draws no shadows. Here every corner of every face carries a colour and how much
light reaches it, found by looking from there in some dozens of directions; both are kept as a
place in one small texture, so that a thing of many colours is one mesh.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .material import Paint, find_paint
from .object_mesh import Patch, corner_normals
from .texture import paint_coordinates

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]

RAYS = 48
"""Directions in which a corner looks for what shades it."""

REACH = 0.55
"""Farther surfaces shade nothing [m]."""

DEPTH = 0.72
"""How much darker a corner is whose every ray is blocked at once [1]. All three of our own
design."""

CELL = 0.3
"""Faces of boxes are cut into pieces no longer than this [m], so that shade can change."""


SOFT = 0.03
"""Edges rounder than this have two facets each, others one [m]."""


class _Surface(NamedTuple):
    points: Floats
    normals: Floats
    faces: NDArray[np.int64]
    paint: Paint
    shade: Floats | None
    uv: Floats | None


def _fibonacci(count: int) -> Floats:
    """Directions spread evenly over the sphere `[count, 3]`."""
    number = np.arange(count) + 0.5
    z = 1 - 2 * number / count
    turn = number * math.pi * (3 - math.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


_SPHERE = _fibonacci(RAYS)


class Form:
    """Collects surfaces in the frame of one body.

    Args:
        ground: whether the plane z = 0 shades it, as under anything that stands on a floor.
    """

    def __init__(self, ground: bool = True) -> None:
        self._ground = ground
        self._surfaces: list[_Surface] = []
        self._solids: list[tuple[Triple, Triple]] = []

    def solid(self, low: Triple, high: Triple) -> None:
        """A box that shades and is not drawn."""
        self._solids.append((low, high))

    def patch(self, patch: Patch, colour: str, *, crease: float = 0.75) -> None:
        """A surface of triangles in one colour; edges sharper than ``crease`` stay [rad]."""
        points = patch.points[patch.faces].reshape(-1, 3)
        normals = corner_normals(patch, crease).reshape(-1, 3)
        faces = np.arange(len(points)).reshape(-1, 3)
        self._surfaces.append(_Surface(points, normals, faces, find_paint(colour), None, None))

    def quad(
        self,
        corners: Sequence[Triple],
        colour: str,
        *,
        cell: float = CELL,
        shade: Sequence[float] | None = None,
        uv: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        """A flat face with four corners, anticlockwise from where it is seen.

        Args:
            corners: [m].
            colour: a name of ``material``.
            cell: it is cut into pieces of at most this length [m].
            shade: of each corner, 1 unshaded; found by looking around where it is None.
            uv: where in the colour's own picture each corner looks, if it has one.
        """
        a, b, c, d = (np.asarray(corner, float) for corner in corners)
        across = max(1, math.ceil(max(math.dist(a, b), math.dist(c, d)) / cell - 1e-6))
        along = max(1, math.ceil(max(math.dist(b, c), math.dist(d, a)) / cell - 1e-6))
        weights = _weights(across, along)
        (x0, y0, z0), (x1, y1, z1) = (c - a).tolist(), (d - b).tolist()
        normal = np.array([y0 * z1 - z0 * y1, z0 * x1 - x0 * z1, x0 * y1 - y0 * x1])
        normal /= math.sqrt(float(normal @ normal))
        points = weights @ np.array([a, b, c, d])
        self._surfaces.append(
            _Surface(
                points,
                np.repeat(normal[None], len(points), axis=0),
                _grid_faces(across, along),
                find_paint(colour),
                None if shade is None else weights @ np.asarray(shade, float),
                None if uv is None else weights @ np.asarray(uv, float),
            )
        )

    def cloth(self, points: Floats, colour: str, shade: Floats) -> None:
        """A curved face.

        Args:
            points: rows from below to above, each from left to right as it is seen
                `[M, N, 3]` [m].
            colour: a name of ``material``.
            shade: of each point `[M, N]`, 1 unshaded.
        """
        across, along = np.gradient(points, axis=1), np.gradient(points, axis=0)
        normals = np.cross(across, along).reshape(-1, 3)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        rows, columns = shade.shape
        faces = _grid_faces(columns - 1, rows - 1)
        paint = find_paint(colour)
        flat = points.reshape(-1, 3)
        self._surfaces.append(_Surface(flat, normals, faces, paint, shade.ravel(), None))

    def box(
        self,
        low: Triple,
        high: Triple,
        colour: str,
        *,
        round_: float = 0.0,
        cell: float = CELL,
        without: str = "",
        solid: bool = True,
        shade: float | None = None,
    ) -> None:
        """A box from its lowest to its highest corner.

        Args:
            low: [m].
            high: [m].
            colour: a name of ``material``.
            round_: radius of its edges [m].
            cell: as for ``quad``.
            without: faces to leave out, of ``xyzXYZ``; capitals are the higher sides.
            solid: whether it shades others.
            shade: light that reaches it, 1 unshaded; found by looking around where it is None.
        """
        if solid:
            self.solid(low, high)
        if round_:
            self._rounded(np.asarray(low, float), np.asarray(high, float), round_, colour)
            return
        (x, y, z), (u, v, w) = low, high
        sides = {
            "x": [(x, v, z), (x, y, z), (x, y, w), (x, v, w)],
            "X": [(u, y, z), (u, v, z), (u, v, w), (u, y, w)],
            "y": [(x, y, z), (u, y, z), (u, y, w), (x, y, w)],
            "Y": [(u, v, z), (x, v, z), (x, v, w), (u, v, w)],
            "z": [(x, v, z), (u, v, z), (u, y, z), (x, y, z)],
            "Z": [(x, y, w), (u, y, w), (u, v, w), (x, v, w)],
        }
        for side, corners in sides.items():
            if side not in without:
                self.quad(corners, colour, cell=cell, shade=None if shade is None else [shade] * 4)

    def _rounded(self, low: Floats, high: Floats, radius: float, colour: str) -> None:
        """A box with round edges: every point of a cube is drawn in to the core's distance."""
        middle, half = (low + high) / 2, (high - low) / 2
        radius = min(radius, *(float(one) * 0.999 for one in half))
        core = half - radius
        paint = find_paint(colour)
        for axis, sign in itertools.product(range(3), (-1, 1)):
            first, second = (axis + 1) % 3, (axis + 2) % 3
            ticks = [_ticks(float(half[one]), radius) for one in (first, second)]
            u, v = np.meshgrid(*ticks)
            cube = np.empty((u.size, 3))
            cube[:, first], cube[:, second] = u.ravel(), v.ravel()
            cube[:, axis] = sign * half[axis]
            inner = np.clip(cube, -core, core)
            normals = cube - inner
            normals /= np.linalg.norm(normals, axis=1, keepdims=True)
            faces = _grid_faces(len(ticks[0]) - 1, len(ticks[1]) - 1)
            if sign < 0:
                faces = faces[:, ::-1]
            points = middle + inner + radius * normals
            self._surfaces.append(_Surface(points, normals, faces, paint, None, None))

    def add(self, spec: Any, body: Any, name: str) -> None:
        """Adds everything to a body, one mesh and one geom a material.

        Args:
            spec: a ``mujoco.MjSpec`` that has the materials of ``material.add_materials``.
            body: one of its bodies.
            name: of the meshes, unique in the spec.
        """
        import mujoco

        places = self._places()
        kinds = dict.fromkeys(surface.paint.material for surface in self._surfaces)
        for kind in kinds:
            numbers = [
                number
                for number, surface in enumerate(self._surfaces)
                if surface.paint.material == kind
            ]
            mine = [self._surfaces[number] for number in numbers]
            points = np.concatenate([surface.points for surface in mine])
            normals = np.concatenate([surface.normals for surface in mine])
            starts = np.cumsum([0, *(len(surface.points) for surface in mine[:-1])])
            faces = [surface.faces + start for surface, start in zip(mine, starts, strict=True)]
            mesh = spec.add_mesh(
                name=f"{name} {kind}",
                uservert=points.ravel(),
                usernormal=normals.ravel(),
                usertexcoord=np.concatenate([places[number] for number in numbers]).ravel(),
                userface=np.concatenate(faces).ravel().astype(np.int32),
            )
            # A shell has an inertia even where it is open; a solid's volume would be asked for.
            mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_MESH,
                name=f"{name} {kind}",
                meshname=mesh.name,
                material=kind,
                contype=0,
                conaffinity=0,
            )

    def _places(self) -> list[NDArray[np.float32]]:
        """Where in its texture each point of each surface looks, `[N, 2]` a surface."""
        unknown = [one for one in self._surfaces if one.uv is None and one.shade is None]
        if unknown:
            found = self._look(
                np.concatenate([one.points for one in unknown]),
                np.concatenate([one.normals for one in unknown]),
            )
            cuts = np.cumsum([len(one.points) for one in unknown])[:-1]
            shades = iter(np.split(found, cuts))
        places = []
        for one in self._surfaces:
            if one.uv is not None:
                places.append(np.asarray(one.uv, np.float32))
                continue
            shade = next(shades) if one.shade is None else one.shade
            places.append(paint_coordinates(one.paint.row, shade))
        return places

    def _look(self, points: Floats, normals: Floats) -> Floats:
        """How much light reaches points `[N]`, 1 where nothing is near."""
        solids = np.asarray(self._solids, float).reshape(-1, 2, 3)
        if self._ground:
            solids = np.concatenate([solids, [[(-9.0, -9.0, -9.0), (9.0, 9.0, 0.0)]]])
        rays = normals[:, None] * 1.02 + _SPHERE
        rays /= np.sqrt(np.einsum("nri,nri->nr", rays, rays))[..., None]
        origins = points + normals * 0.012
        nearest = np.full(rays.shape[:2], REACH)
        inverse = 1.0 / np.where(np.abs(rays) < 1e-9, 1e-9, rays)
        for low, high in solids:
            # Most solids are out of reach of most points.
            near = ((origins > low - REACH) & (origins < high + REACH)).all(axis=1)
            if not near.any():
                continue
            to, ray = origins[near][:, None], inverse[near]
            first, second = (low - to) * ray, (high - to) * ray
            enter = np.minimum(first, second)
            enter = np.maximum(np.maximum(enter[..., 0], enter[..., 1]), enter[..., 2])
            leave = np.maximum(first, second)
            leave = np.minimum(np.minimum(leave[..., 0], leave[..., 1]), leave[..., 2])
            hit = (enter <= leave) & (leave > 0)
            before = nearest[near]
            nearest[near] = np.where(hit, np.minimum(before, np.maximum(enter, 0)), before)
        dark = (1 - nearest / REACH).mean(axis=1)
        light: Floats = np.clip(1 - DEPTH * 1.45 * dark, 1 - DEPTH, 1.0)
        return light


@functools.lru_cache(maxsize=256)
def _weights(across: int, along: int) -> Floats:
    """How much of each of its four corners every point of a cut face has `[N, 4]`."""
    s, t = np.meshgrid(np.linspace(0, 1, across + 1), np.linspace(0, 1, along + 1))
    corners = [(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t]
    weights: Floats = np.stack(corners, axis=-1).reshape(-1, 4)
    return weights


def _ticks(half: float, radius: float) -> list[float]:
    """Where a side of a rounded box is cut: the bends, and a long middle once more."""
    bend = half - radius
    edge = [half - radius * (1 - math.tan(math.pi / 8))] if radius > SOFT else []
    inner = [0.0] if bend > CELL else []
    return [-half, *(-one for one in edge), -bend, *inner, bend, *edge, half]


@functools.lru_cache(maxsize=256)
def _grid_faces(across: int, along: int) -> NDArray[np.int64]:
    """Two triangles for every cell of a grid of points, row by row `[2 N, 3]`."""
    row, column = np.meshgrid(np.arange(along), np.arange(across), indexing="ij")
    first = (row * (across + 1) + column).ravel()
    second, third = first + 1, first + across + 2
    fourth = first + across + 1
    low, high = np.stack([first, second, third], 1), np.stack([first, third, fourth], 1)
    return np.concatenate([low, high]).astype(np.int64)
