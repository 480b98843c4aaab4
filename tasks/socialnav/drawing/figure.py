"""People: simple articulated figures with a torso, a head, and arms and legs of two parts each.

Their frame: origin on the floor below the middle of the body, +x ahead, +y to the left. All
proportions are of our own design; the standing figure is ``TALL`` high and stays within a disc of
0.3 m, but for a foot or a hand in mid-stride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...langr.drawing.object_mesh import Patch, corner_normals, ellipsoid, lathe
from ...langr.drawing.texture import paint_coordinates

Floats = NDArray[np.float64]

TALL = 1.75
"""Height of the middle size [m]."""

SIZES: Sequence[float] = (1.0, 0.94, 1.05)
"""Sizes of figures, in the order in which slots have them."""

LIMBS: Sequence[str] = (
    "trunk",
    "left thigh", "right thigh", "left arm", "right arm",
    "left shin", "right shin", "left forearm", "right forearm",
)  # fmt: skip
"""The rigid parts: the trunk, four that hang from it, and one below each of the four."""

JOINTS: Floats = np.array(
    [
        [0.0, 0.095, 0.90], [0.0, -0.095, 0.90], [0.0, 0.205, 1.40], [0.0, -0.205, 1.40],
    ]
)  # fmt: skip
"""Hips and shoulders in the trunk's frame, in the order of ``LIMBS``, `[4, 3]` [m]."""

LENGTHS: Floats = np.array([0.43, 0.43, 0.28, 0.28])
"""From there to knees and elbows `[4]` [m]."""

SHIN = 0.47
"""From a knee to the sole [m]."""


class Part(NamedTuple):
    """A piece of one colour on one limb.

    Attributes:
        limb: number in ``LIMBS``.
        paint: what colours it: a name in ``wardrobe.Outfit``.
        size: the extent of it that would be missed [m].
    """

    limb: int
    paint: str
    size: float = 1.0


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "shirt": Part(0, "shirt"),
        "hips": Part(0, "trousers", 0.08),
        "head": Part(0, "skin"),
        "short hair": Part(0, "short_hair"),
        "long hair": Part(0, "long_hair"),
        "face": Part(0, "eyes", 0.015),
        "skirt": Part(0, "skirt"),
        "pack": Part(0, "pack"),
        "left thigh": Part(1, "trousers"),
        "right thigh": Part(2, "trousers"),
        "left sleeve": Part(3, "shirt"),
        "right sleeve": Part(4, "shirt"),
        "left shin": Part(5, "shins"),
        "right shin": Part(6, "shins"),
        "left shoe": Part(5, "shoes", 0.06),
        "right shoe": Part(6, "shoes", 0.06),
        "left forearm": Part(7, "forearms"),
        "right forearm": Part(8, "forearms"),
        "left hand": Part(7, "skin", 0.07),
        "right hand": Part(8, "skin", 0.07),
    }
)
"""All pieces by name. A colour that an outfit leaves out hides its pieces."""


Profile: TypeAlias = list[tuple[float, float]]

TORSO: Profile = [
    (0.130, 0.90), (0.150, 0.97), (0.150, 1.08), (0.165, 1.22), (0.185, 1.34), (0.180, 1.41),
    (0.130, 1.46), (0.062, 1.485), (0.0, 1.49),
]  # fmt: skip
HIPS: Profile = [
    (0.0, 0.80), (0.10, 0.82), (0.148, 0.88), (0.152, 0.95), (0.140, 1.0), (0.0, 1.0),
]  # fmt: skip
SKIRT: Profile = [(0.225, 0.50), (0.20, 0.66), (0.165, 0.86), (0.150, 0.98), (0.0, 1.0)]
THIGH: Profile = [
    (0.0, -0.45), (0.058, -0.44), (0.070, -0.25), (0.085, -0.05), (0.07, 0.03), (0.0, 0.05),
]  # fmt: skip
CALF: Profile = [(0.042, -0.42), (0.050, -0.28), (0.060, -0.12), (0.058, 0.0), (0.0, 0.04)]
SLEEVE: Profile = [
    (0.0, -0.29), (0.042, -0.28), (0.048, -0.14), (0.058, -0.02), (0.04, 0.04), (0.0, 0.05),
]  # fmt: skip
FOREARM: Profile = [(0.030, -0.23), (0.037, -0.10), (0.041, 0.0), (0.0, 0.03)]
"""Radius and height of what is turned about an axis, from below to above [m]."""


def _shapes(coarse: bool) -> dict[str, Patch]:
    """The surface of each piece in its limb's frame, limbs hanging down from their joint.

    Args:
        coarse: with about a third of the faces, for people far off.
    """

    def turned(profile: list[tuple[float, float]], sides: int) -> Patch:
        if not coarse:
            return lathe(profile, sides)
        open_ = profile if profile[0][0] else profile[1:]
        thinned = [*open_[:-1:2], open_[-1]]
        # Fewer corners on the same circle would make people thinner.
        return lathe(thinned, max(5, sides // 2)).scaled(1.07, 1.07, 1.0)

    def ball(x: float, y: float, z: float, rings: int, sides: int) -> Patch:
        if coarse:
            rings, sides = max(3, rings // 2), max(4, sides // 2)
        return ellipsoid(x, y, z, rings=rings, sides=sides)

    neck = turned([(0.055, 1.44), (0.05, 1.54), (0.0, 1.55)], 8)
    skull = ball(0.100, 0.080, 0.125, 9, 12).moved(0.008, 0.0, 1.625)
    nose = ball(0.020, 0.014, 0.022, 3, 4).moved(0.106, 0.0, 1.615)
    cap = ball(0.106, 0.090, 0.108, 7, 12).moved(-0.022, 0.0, 1.655)
    tresses = ball(0.075, 0.100, 0.17, 7, 10).moved(-0.062, 0.0, 1.57)
    eye = ball(0.010, 0.013, 0.012, 3, 5)
    shoe = ball(0.135, 0.050, 0.055, 6, 10).moved(0.045, 0.0, -0.425)
    shapes = {
        "shirt": turned(TORSO, 14).scaled(0.66, 1.0, 1.0),
        "hips": turned(HIPS, 10).scaled(0.72, 1.0, 1.0),
        "head": _joined(neck, skull, nose),
        "short hair": cap,
        "long hair": _joined(cap, tresses),
        "face": _joined(*(eye.moved(0.098, y, 1.645) for y in (-0.033, 0.033))),
        "skirt": turned(SKIRT, 12).scaled(0.85, 1.0, 1.0),
        "pack": ball(0.09, 0.14, 0.21, 7, 10).moved(-0.165, 0.0, 1.22),
    }
    for side in ("left", "right"):
        shapes |= {
            f"{side} thigh": turned(THIGH, 10),
            f"{side} shin": turned(CALF, 8),
            f"{side} shoe": _flattened(shoe, -SHIN),
            f"{side} sleeve": turned(SLEEVE, 8),
            f"{side} forearm": turned(FOREARM, 8),
            f"{side} hand": ball(0.040, 0.024, 0.075, 5, 8).moved(0.008, 0.0, -0.285),
        }
    return shapes


def _joined(*patches: Patch) -> Patch:
    starts = np.cumsum([0, *(len(patch.points) for patch in patches[:-1])])
    faces = [patch.faces + start for patch, start in zip(patches, starts, strict=True)]
    return Patch(np.concatenate([patch.points for patch in patches]), np.concatenate(faces))


def _flattened(patch: Patch, floor: float) -> Patch:
    points = patch.points.copy()
    points[:, 2] = np.maximum(points[:, 2], floor)
    return Patch(points, patch.faces)


def mesh_of(piece: str, size: int, coarse: bool) -> str:
    """The name of a mesh; both sides are alike."""
    return f"{piece.replace('right', 'left')} {size} {'coarse' if coarse else 'fine'}"


def add_meshes(spec: Any) -> None:
    """Adds the meshes of all pieces in all sizes to a ``mujoco.MjSpec``."""
    for coarse in (False, True):
        for name, patch in _shapes(coarse).items():
            if name.startswith("right"):
                continue
            normals = corner_normals(patch, 1.7 if coarse else 1.2).reshape(-1, 3)
            for size, scale in enumerate(SIZES):
                points = patch.points[patch.faces].reshape(-1, 3) * scale
                _add_mesh(spec, mesh_of(name, size, coarse), points, normals)


def _add_mesh(spec: Any, name: str, points: Floats, normals: Floats) -> None:
    import mujoco

    # What looks down gets less light from everywhere, though no shadow is drawn.
    shade = 0.80 + 0.20 * np.clip(normals[:, 2] + 0.55, -1.0, 1.0)
    mesh = spec.add_mesh(
        name=name,
        uservert=points.ravel(),
        usernormal=normals.ravel(),
        usertexcoord=paint_coordinates((0, 1), shade).ravel(),
        userface=np.arange(len(points), dtype=np.int32),
    )
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL


def add_person(spec: Any, slot: int) -> None:
    """Adds the bodies of one person, moved from outside, and the shadow below them."""
    import mujoco

    world, size = spec.worldbody, slot % len(SIZES)
    bodies = [world.add_body(name=f"person {slot} {limb}", mocap=True) for limb in LIMBS]
    for name, part in PARTS.items():
        bodies[part.limb].add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH,
            name=f"person {slot} {name}",
            meshname=mesh_of(name, size, coarse=False),
            material="body",
            contype=0,
            conaffinity=0,
        )
    shadow = world.add_body(name=f"person {slot} shadow", mocap=True)
    shadow.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        name=f"person {slot} shadow",
        size=[0.34, 0.40, 0.0008],
        material="disc",
        contype=0,
        conaffinity=0,
    )
