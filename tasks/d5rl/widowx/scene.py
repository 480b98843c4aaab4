"""The table, two bins, a shoe and a toy of primitives, cameras and light.

Measures are our own but for the first camera's: upstream's bins and scanned objects are not
public.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BIN_PLACES = ((-0.165, 0.235), (0.165, 0.235))
"""Middles of the white bin, to the robot's left, and of the black one [m]."""

BIN_HALF = (0.050, 0.075)
"""Half the inner width and length of a bin [m]."""

RIM, WALL = 0.032, 0.004
"""Height of a bin's rim above the table, half the thickness of its walls [m]."""

FLOOR = 0.002
"""Half the thickness of a bin's floor [m]."""

AREA = ((-0.06, 0.175), (0.06, 0.305))
"""Where objects may lie: least and greatest x and y [m]."""

APART = 0.11
"""Least distance of the two objects [m]: the open hand reaches one without touching the other."""

ASKEW = 0.6
"""Farthest that a shoe points away from ahead or back [rad]: the hand turns at half a radian a
second, for its torque is small against the joints' damping."""

OBJECT_MASS = 0.05
"""[kg]"""

SHOE_HALF, SHOE_HEIGHT = (0.042, 0.016), 0.036
"""Half the length and width of a shoe, its height at the ankle [m]."""

TOY_RADIUS, TOY_HEIGHT = 0.016, 0.046
"""Of a peg doll: its body, its height with the head [m]."""

PAINT = (
    (0.82, 0.16, 0.14, 1.0),
    (0.22, 0.62, 0.27, 1.0),
    (0.15, 0.37, 0.80, 1.0),
    (0.95, 0.77, 0.14, 1.0),
    (0.52, 0.25, 0.66, 1.0),
)
"""By the number of an object: red, green, blue, yellow, purple."""

CAMERAS = ("front", "side", "above")
"""``front`` is upstream's ``pixels``."""


def add_scene(spec: Any) -> None:
    """Adds everything but the robot.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    _add_looks(spec)
    _add_table(spec)
    for name, place in zip(("white_bin", "black_bin"), BIN_PLACES, strict=True):
        _add_bin(spec.worldbody.add_body(name=name, pos=(*place, 0)), name)
    _add_shoe(spec.worldbody.add_body(name="shoe"))
    _add_toy(spec.worldbody.add_body(name="toy"))
    _add_views(spec)


def place_objects(dice: np.random.Generator) -> tuple[Floats, Floats]:
    """Where shoe and toy lie.

    Args:
        dice: draws places and yaws.

    Returns:
        their x and y `[2, 2]` [m], and their yaws `[2]` [rad].
    """
    while True:
        places = dice.uniform(*AREA, (2, 2))
        if np.linalg.norm(places[0] - places[1]) >= APART:
            shoe = np.pi / 2 * dice.choice((-1, 1)) + dice.uniform(-ASKEW, ASKEW)
            return places, np.array([shoe, dice.uniform(-np.pi, np.pi)])


def paint(model: Any, category: str, number: int) -> None:
    """Gives the object of a category the colour of its number.

    Args:
        model: a ``mujoco.MjModel``; changed.
        category: ``shoe`` or ``toy``.
        number: from 0 to 4.
    """
    model.mat(category).rgba[:] = PAINT[number]


def in_bin(place: Floats, number: int) -> bool:
    """Whether a point lies between the walls of a bin and below its rim.

    Args:
        place: `[3]` [m].
        number: of the bin.
    """
    beside = np.abs(place[:2] - BIN_PLACES[number])
    return bool((beside < BIN_HALF).all() and place[2] < RIM)


def _add_table(spec: Any) -> None:
    box = _kinds()[0]
    spec.worldbody.add_geom(name="table", type=box, size=(0.48, 0.34, 0.02), pos=(0, 0.17, -0.02),
                            material="table", **_touching())  # fmt: skip
    spec.worldbody.add_geom(type=box, size=(0.27, 0.135, 0.0006), pos=(0, 0.235, 0.0),
                            material="mat", **_looks())  # fmt: skip
    for x in (-0.42, 0.42):
        for y in (-0.11, 0.45):
            spec.worldbody.add_geom(type=box, size=(0.025, 0.025, 0.33), pos=(x, y, -0.37),
                                    material="wood", **_looks())  # fmt: skip
    spec.worldbody.add_geom(
        name="floor", type=_plane(), size=(0, 0, 1), pos=(0, 0, -0.7), material="ground",
        **_touching(),
    )  # fmt: skip


def _add_bin(body: Any, name: str) -> None:
    box = _kinds()[0]
    wide, long = BIN_HALF
    body.add_geom(type=box, size=(wide, long, FLOOR), pos=(0, 0, FLOOR), material=name + "_floor",
                  **_touching())  # fmt: skip
    for side in (-1, 1):
        body.add_geom(
            type=box, size=(WALL, long + 2 * WALL, RIM / 2),
            pos=(side * (wide + WALL), 0, RIM / 2), material=name, **_touching(),
        )  # fmt: skip
        body.add_geom(
            type=box, size=(wide, WALL, RIM / 2), pos=(0, side * (long + WALL), RIM / 2),
            material=name, **_touching(),
        )  # fmt: skip


def _add_shoe(body: Any) -> None:
    """A low shoe; its origin is under its middle, its x axis runs from heel to toe."""
    box, cylinder, _ = _kinds()
    body.add_freejoint(name="shoe")
    long, wide = SHOE_HALF
    sole, upper = 0.004, SHOE_HEIGHT
    body.add_geom(type=box, size=(long - wide, wide, sole), pos=(-wide / 2, 0, sole),
                  material="sole", mass=OBJECT_MASS * 0.2, **_touching())  # fmt: skip
    body.add_geom(type=cylinder, size=(wide, sole, 0), pos=(long - 1.5 * wide, 0, sole),
                  material="sole", mass=OBJECT_MASS * 0.1, **_touching())  # fmt: skip
    body.add_geom(
        type=box, size=((long - wide) * 0.62, wide * 0.94, (upper - 2 * sole) / 2),
        pos=(-0.0165, 0, 2 * sole + (upper - 2 * sole) / 2), material="shoe",
        mass=OBJECT_MASS * 0.4, **_touching(),
    )  # fmt: skip
    body.add_geom(
        type=cylinder, size=(wide * 0.94, 0.0075, 0), pos=(long - 1.5 * wide, 0, 2 * sole + 0.0075),
        material="shoe", mass=OBJECT_MASS * 0.15, **_touching(),
    )  # fmt: skip
    body.add_geom(
        type=box, size=(0.012, wide * 0.94, 0.0075), pos=(0.008, 0, 2 * sole + 0.0075),
        material="shoe", mass=OBJECT_MASS * 0.15, **_touching(),
    )  # fmt: skip
    body.add_geom(type=box, size=(0.011, wide * 0.6, 0.001), pos=(-0.018, 0, upper),
                  material="inside", **_looks())  # fmt: skip
    for step in range(3):
        body.add_geom(type=box, size=(0.0015, wide * 0.5, 0.001),
                      pos=(0.002 + 0.007 * step, 0, 2 * sole + 0.015), material="sole",
                      **_looks())  # fmt: skip


def _add_toy(body: Any) -> None:
    """A peg doll; its origin is under its middle."""
    _, cylinder, sphere = _kinds()
    body.add_freejoint(name="toy")
    head = 0.011
    trunk = TOY_HEIGHT - 1.6 * head
    body.add_geom(type=cylinder, size=(TOY_RADIUS, trunk / 2, 0), pos=(0, 0, trunk / 2),
                  material="toy", mass=OBJECT_MASS * 0.8, **_touching())  # fmt: skip
    body.add_geom(type=sphere, size=(head, 0, 0), pos=(0, 0, TOY_HEIGHT - head), material="skin",
                  mass=OBJECT_MASS * 0.2, **_touching())  # fmt: skip
    body.add_geom(type=cylinder, size=(TOY_RADIUS * 1.01, 0.002, 0), pos=(0, 0, trunk * 0.35),
                  material="sole", **_looks())  # fmt: skip


def _add_views(spec: Any) -> None:
    # benchmark/domains/widowx/tasks/pick_and_place.py of d5rlbenchmark/d5rl: where the camera is,
    # and what it looks at; it stands opposite the robot.
    _add_camera(spec, "front", (0.0, 0.75, 0.5), (0.0, 0.25, 0.0), 45.0)
    _add_camera(spec, "side", (0.62, 0.62, 0.42), (0.0, 0.17, 0.08), 45.0)
    _add_camera(spec, "above", (0.0, 0.2, 0.85), (0.0, 0.2001, 0.0), 45.0)
    spec.worldbody.add_light(
        pos=(0.5, 0.8, 1.6), dir=(-0.35, -0.4, -1), directional=True,
        diffuse=(0.42, 0.42, 0.40), specular=(0.15, 0.15, 0.15), castshadow=True,
    )  # fmt: skip
    spec.worldbody.add_light(
        pos=(-0.8, 0.6, 1.4), dir=(0.5, -0.3, -1), directional=True,
        diffuse=(0.22, 0.22, 0.25), specular=(0.05, 0.05, 0.05), castshadow=False,
    )  # fmt: skip


def _add_camera(
    spec: Any, name: str, place: tuple[float, float, float], target: tuple[float, float, float],
    fovy: float,
) -> None:  # fmt: skip
    ahead = np.subtract(target, place) / np.linalg.norm(np.subtract(target, place))
    right = np.cross(ahead, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    above = np.cross(right, ahead)
    spec.worldbody.add_camera(name=name, pos=place, xyaxes=(*right, *above), fovy=fovy)


def _add_looks(spec: Any) -> None:
    import mujoco

    spec.visual.headlight.ambient = (0.36, 0.36, 0.36)
    spec.visual.headlight.diffuse = (0.20, 0.20, 0.20)
    spec.visual.headlight.specular = (0, 0, 0)
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 20.0
    spec.visual.rgba.haze = (0.68, 0.70, 0.73, 1)
    spec.visual.map.shadowclip = 2.0
    spec.stat.extent, spec.stat.center = 1.0, (0, 0.2, 0.1)
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, width=128, height=768,
        rgb1=(0.80, 0.83, 0.86), rgb2=(0.68, 0.70, 0.73),
    )  # fmt: skip
    for name, colour, shine in (
        ("table", (0.70, 0.56, 0.41, 1), 0.1),
        ("mat", (0.47, 0.58, 0.60, 1), 0.0),
        ("wood", (0.50, 0.38, 0.26, 1), 0.1),
        ("ground", (0.60, 0.62, 0.64, 1), 0.0),
        ("white_bin", (0.93, 0.93, 0.92, 1), 0.2),
        ("white_bin_floor", (0.85, 0.85, 0.84, 1), 0.1),
        ("black_bin", (0.20, 0.21, 0.23, 1), 0.2),
        ("black_bin_floor", (0.28, 0.29, 0.31, 1), 0.1),
        ("shoe", PAINT[0], 0.2),
        ("toy", PAINT[1], 0.3),
        ("sole", (0.96, 0.95, 0.92, 1), 0.1),
        ("inside", (0.22, 0.18, 0.16, 1), 0.0),
        ("skin", (0.93, 0.78, 0.62, 1), 0.2),
    ):
        spec.add_material(name=name, rgba=colour, specular=shine, shininess=0.3)


def _kinds() -> tuple[Any, Any, Any]:
    import mujoco

    kinds = mujoco.mjtGeom
    return kinds.mjGEOM_BOX, kinds.mjGEOM_CYLINDER, kinds.mjGEOM_SPHERE


def _plane() -> Any:
    import mujoco

    return mujoco.mjtGeom.mjGEOM_PLANE


def _touching() -> dict[str, Any]:
    """Touches the robot and all other things."""
    return {
        "contype": 2, "conaffinity": 3, "condim": 4, "friction": (0.9, 0.02, 0.002),
        "solref": (0.004, 1.0),
    }  # fmt: skip


def _looks() -> dict[str, Any]:
    return {"contype": 0, "conaffinity": 0, "mass": 0}
