"""People: simple articulated figures with a torso, a head, and arms and legs of two parts each.

Their frame: origin on the floor below the middle of the body, +x ahead, +y to the left. All
proportions are of our own design; the standing figure is ``TALL`` high and stays within a disc of
0.3 m, but for a foot or a hand in mid-stride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

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


def _shapes() -> dict[str, Patch]:
    """The surface of each piece in its limb's frame, limbs hanging down from their joint."""
    torso = [(0.130, 0.90), (0.150, 0.97), (0.150, 1.08), (0.165, 1.22), (0.185, 1.34)]
    torso += [(0.180, 1.41), (0.130, 1.46), (0.062, 1.485), (0.0, 1.49)]
    hips = [(0.0, 0.80), (0.10, 0.82), (0.148, 0.88), (0.152, 0.95), (0.140, 1.0), (0.0, 1.0)]
    skirt = [(0.225, 0.50), (0.20, 0.66), (0.165, 0.86), (0.150, 0.98), (0.0, 1.0)]
    pack = ellipsoid(0.09, 0.14, 0.21, rings=6, sides=9).moved(-0.165, 0.0, 1.22)
    neck = lathe([(0.055, 1.44), (0.05, 1.54), (0.0, 1.55)], 7)
    skull = ellipsoid(0.100, 0.080, 0.125, rings=7, sides=10).moved(0.008, 0.0, 1.625)
    nose = ellipsoid(0.020, 0.014, 0.022, rings=3, sides=4).moved(0.106, 0.0, 1.615)
    cap = ellipsoid(0.106, 0.090, 0.108, rings=6, sides=10).moved(-0.022, 0.0, 1.655)
    tresses = ellipsoid(0.075, 0.100, 0.17, rings=5, sides=8).moved(-0.062, 0.0, 1.57)
    eyes = [ellipsoid(0.010, 0.013, 0.012, rings=3, sides=5).moved(0.098, y, 1.645)
            for y in (-0.033, 0.033)]  # fmt: skip
    thigh = [
        (0.0, -0.45),
        (0.058, -0.44),
        (0.070, -0.25),
        (0.085, -0.05),
        (0.07, 0.03),
        (0.0, 0.05),
    ]
    shin = [(0.042, -0.42), (0.050, -0.28), (0.060, -0.12), (0.058, 0.0), (0.0, 0.04)]
    shoe = ellipsoid(0.135, 0.050, 0.055, rings=5, sides=8).moved(0.045, 0.0, -0.425)
    sleeve = [
        (0.0, -0.29),
        (0.042, -0.28),
        (0.048, -0.14),
        (0.058, -0.02),
        (0.04, 0.04),
        (0.0, 0.05),
    ]
    forearm = [(0.030, -0.23), (0.037, -0.10), (0.041, 0.0), (0.0, 0.03)]
    hand = ellipsoid(0.040, 0.024, 0.075, rings=4, sides=6).moved(0.008, 0.0, -0.285)
    shapes = {
        "shirt": lathe(torso, 12).scaled(0.66, 1.0, 1.0),
        "hips": lathe(hips, 10).scaled(0.72, 1.0, 1.0),
        "head": _joined(neck, skull, nose),
        "short hair": cap,
        "long hair": _joined(cap, tresses),
        "face": _joined(*eyes),
        "skirt": lathe(skirt, 12).scaled(0.85, 1.0, 1.0),
        "pack": pack,
    }
    for side in ("left", "right"):
        shapes |= {
            f"{side} thigh": lathe(thigh, 8),
            f"{side} shin": lathe(shin, 7),
            f"{side} shoe": _flattened(shoe, -0.47),
            f"{side} sleeve": lathe(sleeve, 7),
            f"{side} forearm": lathe(forearm, 6),
            f"{side} hand": hand,
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


def add_meshes(spec: Any) -> None:
    """Adds the meshes of all pieces in all sizes to a ``mujoco.MjSpec``."""
    import mujoco

    shapes = _shapes()
    for size, scale in enumerate(SIZES):
        for name, patch in shapes.items():
            if name.startswith("right"):
                continue  # both sides are alike
            points = patch.points[patch.faces].reshape(-1, 3)
            normals = corner_normals(patch, 1.2).reshape(-1, 3)
            # What looks down gets less light from everywhere, though no shadow is drawn.
            shade = 0.80 + 0.20 * np.clip(normals[:, 2] + 0.55, -1.0, 1.0)
            mesh = spec.add_mesh(
                name=f"{name} {size}",
                uservert=(points * scale).ravel(),
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
            meshname=f"{name.replace('right', 'left')} {size}",
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
