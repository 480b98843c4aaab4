"""Short words for what furniture is made of, and one mesh a material in the end.

MuJoCo's cost of a picture is a cost of geoms far more than of triangles, so that a body's boxes
and rods of one material become a single mesh. Everything is to look at, nothing collides.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import object_mesh as shapes
from .object_mesh import Patch, corner_normals, joined

Triple = tuple[float, float, float]

REPEAT: Mapping[str, float] = MappingProxyType(
    {"brown_wood": 0.9, "stand": 0.8, "sofa": 0.22, "sofa_dark": 0.22, "cushion": 0.22,
     "curtain": 0.3, "tiles": 0.4}
)  # fmt: skip
"""Metres of a surface in one repeat of its texture; 1 where it has none."""

MASS = 1.0
"""Of each geom [kg]: nothing is ever moved by forces, but MuJoCo asks for some."""

SIDES = 10
"""Of rods and balls."""


class Sketch:
    """Collects the parts of one body.

    Args:
        spec: of the model.
        body: that carries the parts.
        name: begins the names of its meshes.
    """

    def __init__(self, spec: Any, body: Any, name: str) -> None:
        self.spec, self.body, self.name = spec, body, name
        self._parts: dict[str, list[Patch]] = collections.defaultdict(list)

    def box(self, low: Triple, high: Triple, material: str) -> None:
        """A box from its lowest to its highest corner, in the body's frame [m]."""
        sides = [b - a for a, b in zip(low, high, strict=True)]
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        self._parts[material].append(shapes.box(*sides).moved(*middle))

    def rod(self, start: Triple, end: Triple, radius: float, material: str) -> None:
        """A round bar from a point to another [m]."""
        upright = abs(end[2] - start[2]) > 0.9 * float(np.linalg.norm(np.subtract(end, start)))
        up = (1.0, 0.0, 0.0) if upright else (0.0, 0.0, 1.0)
        self._parts[material].append(shapes.tube([start, end], radius, sides=SIDES, up=up))

    def limb(self, start: Triple, end: Triple, radius: float, material: str) -> None:
        """A round bar with round ends [m]."""
        self.rod(start, end, radius, material)
        for centre in (start, end):
            self.ball(centre, (radius, radius, radius), material)

    def disc(self, low: float, high: float, radius: float, material: str) -> None:
        """A flat cylinder about the body's upright axis, between two heights [m]."""
        profile = [(0.0, low), (radius, low), (radius, high), (0.0, high)]
        self._parts[material].append(shapes.lathe(profile, 24))

    def ball(self, centre: Triple, radii: Triple, material: str) -> None:
        """An ellipsoid [m]."""
        rings = 8 if max(radii) > 0.05 else 4
        patch = shapes.ellipsoid(*radii, rings, 16 if rings == 8 else SIDES)
        self._parts[material].append(patch.moved(*centre))

    def quad(
        self, corners: Sequence[Triple], uv: Sequence[tuple[float, float]], material: str
    ) -> None:
        """A flat piece with four corners, seen from where they run anticlockwise.

        Args:
            corners: in the body's frame [m].
            uv: of the texture at each corner, in repeats.
            material: its name.
        """
        points = np.array(corners, float)[[0, 1, 2, 0, 2, 3]]
        normal = np.cross(points[1] - points[0], points[2] - points[0])
        normals = np.tile(normal / np.linalg.norm(normal), (6, 1))
        # A texture's first row is its top, and v counts from it.
        coordinates = (np.array(uv, float) * (1, -1) + (0, 1))[[0, 1, 2, 0, 2, 3]]
        self._emit(material, points, normals, coordinates)

    def shadow(self, low: tuple[float, float], high: tuple[float, float]) -> None:
        """A soft dark patch just above the floor, a little larger than what stands there [m]."""
        (x0, y0), (x1, y1), z, grow = low, high, 0.006, 0.12
        corners = [
            (x0 - grow, y0 - grow, z),
            (x1 + grow, y0 - grow, z),
            (x1 + grow, y1 + grow, z),
            (x0 - grow, y1 + grow, z),
        ]
        self.quad(corners, [(0, 0), (1, 0), (1, 1), (0, 1)], "shadow")

    def finish(self) -> None:
        """Adds a mesh for each material; call it once, at the end."""
        for material, parts in self._parts.items():
            patch = joined(parts)
            normals = corner_normals(patch).reshape(-1, 3)
            points = patch.points[patch.faces].reshape(-1, 3)
            self._emit(material, points, normals, _projected(patch, REPEAT.get(material, 1.0)))

    def _emit(
        self,
        material: str,
        points: NDArray[np.float64],
        normals: NDArray[np.float64],
        uv: NDArray[np.float64],
    ) -> None:
        import mujoco

        name = f"{self.name} {material} {len(self.spec.meshes)}"
        mesh = self.spec.add_mesh(
            name=name,
            uservert=points.reshape(-1),
            usernormal=normals.reshape(-1),
            usertexcoord=uv.reshape(-1),
            userface=np.arange(len(points), dtype=np.int32),
        )
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL  # flat pieces have no volume
        self.body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=name,
            material=material,
            contype=0,
            conaffinity=0,
            mass=MASS,
        )


def _projected(patch: Patch, repeat: float) -> NDArray[np.float64]:
    """Texture coordinates `[3 M, 2]`: each face seen along the axis that it faces most."""
    corners = patch.points[patch.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    axis = np.abs(normals).argmax(axis=1)
    across = np.array([1, 0, 1])[axis]  # furniture is longer along y: the grain runs that way
    up = np.array([2, 2, 0])[axis]
    faces = np.arange(len(corners))
    uv = np.stack([corners[faces, :, across], corners[faces, :, up]], axis=-1)
    result: NDArray[np.float64] = uv.reshape(-1, 2) / repeat
    return result
