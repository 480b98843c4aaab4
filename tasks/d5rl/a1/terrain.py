"""The ground: a plain with a grid on it, a course of bumps and two hills, or a field of bumps.

Upstream's hill course is a height field with a bowl and bumps, and four ramps at x = 10, 14.5, 24
and 28.5 m. Its meshes are not used: here the ramps are tilted boxes at the same places, and the
bowl a valley along the course, whose sides rise towards the edges at which an episode ends.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR_FRICTION = (1.0, 0.005, 0.0001)
"""Sliding, torsional, rolling (``benchmark/domains/a1`` of d5rlbenchmark/d5rl)."""

START_X, GOALS_X = -20.0, (-10.0, 0.0, 20.0, 40.0)
"""Where the course begins, and its goals, all at y = 0 [m]."""

HALF_WIDTH = 3.0
"""Beyond this distance from the course's middle line an episode ends [m]."""

RAMPS_X, RAMP_LENGTH, RAMP_RISE = (10.0, 14.5, 24.0, 28.5), 4.5, 0.45
"""Middles of the ramps, up and down in turn; extent along x; height of a hill [m]."""

FIELD_X, FIELD_SIZE = (-24.0, 48.0), (72.0, 8.0)
"""Extent of the height field along x; its length and width [m]."""

CELL = 0.2
"""Between two samples of the height field [m]: upstream's bump scale."""

BUMP, VALLEY = 0.025, 0.25
"""Height of bumps, and of the valley's sides at the field's edge [m]."""

SMOOTHNESS = 0.75
"""Share of a bump that none goes below: the rest is drawn (upstream's smoothness)."""

ROWS, COLUMNS = round(FIELD_SIZE[1] / CELL) + 1, round(FIELD_SIZE[0] / CELL) + 1
"""Samples across and along the course."""

PLOT = 64.0
"""Sides of the field, whose middle is the start [m]: nobody gets off it in 20 s."""


def add_plain(spec: Any) -> None:
    """Adds sky and an endless level ground.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    import mujoco

    _add_looks(spec)
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(0, 0, 1), material="ground",
        friction=FLOOR_FRICTION, contype=0, conaffinity=1,
    )  # fmt: skip


def add_course(spec: Any) -> None:
    """Adds sky and the hill course, whose bumps ``bumps`` draws.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    import mujoco

    _add_looks(spec)
    ground = {"friction": FLOOR_FRICTION, "contype": 0, "conaffinity": 1}
    spec.add_hfield(
        name="course",
        size=(FIELD_SIZE[0] / 2, FIELD_SIZE[1] / 2, VALLEY + BUMP, 0.1),
        nrow=ROWS,
        ncol=COLUMNS,
        userdata=np.zeros(ROWS * COLUMNS),
    )
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname="course",
        pos=(sum(FIELD_X) / 2, 0, 0), material="ground", **ground,
    )  # fmt: skip
    for number, middle in enumerate(RAMPS_X):
        tilt = math.atan2(RAMP_RISE, RAMP_LENGTH) * (-1 if number % 2 == 0 else 1)
        thick = 0.5  # [m]; deep enough that no foot gets under it
        half = math.hypot(RAMP_LENGTH, RAMP_RISE) / 2
        spec.worldbody.add_geom(
            name=f"ramp_{number}", type=mujoco.mjtGeom.mjGEOM_BOX,
            size=(half, FIELD_SIZE[1] / 2, thick),
            pos=(
                middle - thick * math.sin(tilt),
                0,
                (BUMP + RAMP_RISE) / 2 - thick * math.cos(tilt),
            ),
            quat=(math.cos(tilt / 2), 0, math.sin(tilt / 2), 0),
            material="ramp", **ground,
        )  # fmt: skip
    for number, x in enumerate(GOALS_X):
        for side in (-1, 1):
            spec.worldbody.add_geom(
                name=f"goal_{number}_{side}", type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                size=(0.03, 0.6, 0), pos=(x, side * 1.2, 0.6), material="goal",
                contype=0, conaffinity=0,
            )  # fmt: skip


def add_field(spec: Any) -> None:
    """Adds sky and a square field, whose bumps ``field_bumps`` draws.

    Args:
        spec: a ``mujoco.MjSpec``.
    """
    import mujoco

    _add_looks(spec)
    side = round(PLOT / CELL) + 1
    spec.add_hfield(
        name="field",
        size=(PLOT / 2, PLOT / 2, BUMP, 0.1),
        nrow=side,
        ncol=side,
        userdata=np.zeros(side * side),
    )
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname="field", material="ground",
        friction=FLOOR_FRICTION, contype=0, conaffinity=1,
    )  # fmt: skip


def field_bumps(dice: np.random.Generator) -> Floats:
    """Heights of the field, as shares of ``BUMP``: all 0, or bumps; each half of the times.

    Args:
        dice: draws which, and the bumps.
    """
    side = round(PLOT / CELL) + 1
    if dice.random() < 0.5:
        return np.zeros((side, side))
    return dice.uniform(0.0, 1.0, (side, side))


def bumps(dice: np.random.Generator) -> Floats:
    """Heights of the course `[ROWS, COLUMNS]`, as shares of ``VALLEY + BUMP``.

    Args:
        dice: draws the bumps.
    """
    across = np.linspace(-1, 1, ROWS)[:, None]
    valley = VALLEY * (1 - np.cos(math.pi * across)) / 2
    drawn = dice.uniform(SMOOTHNESS, 1.0, (ROWS, COLUMNS))
    rough = BUMP * (drawn - SMOOTHNESS) / (1 - SMOOTHNESS)
    return np.asarray((valley + rough) / (VALLEY + BUMP))


def _add_looks(spec: Any) -> None:
    import mujoco

    spec.visual.headlight.ambient = (0.35, 0.35, 0.35)
    spec.visual.headlight.diffuse = (0.35, 0.35, 0.35)
    spec.visual.headlight.specular = (0, 0, 0)
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 60.0
    spec.stat.extent = 1.0
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, width=256, height=1536,
        rgb1=(0.62, 0.76, 0.90), rgb2=(0.93, 0.95, 0.97),
    )  # fmt: skip
    for name, light, dark in (
        ("ground", (0.50, 0.58, 0.50), (0.42, 0.50, 0.43)),
        ("ramp", (0.66, 0.60, 0.50), (0.58, 0.52, 0.43)),
    ):
        spec.add_texture(
            name=name, type=mujoco.mjtTexture.mjTEXTURE_2D,
            builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER, width=256, height=256,
            rgb1=light, rgb2=dark,
        )  # fmt: skip
        made = spec.add_material(name=name, texuniform=True, texrepeat=(1, 1), specular=0)
        made.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    spec.add_material(name="goal", rgba=(0.93, 0.35, 0.13, 1), specular=0)
