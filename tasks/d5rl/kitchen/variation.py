"""Draws a kitchen: where things stand, how large they are, how they look, how they are lit.

What varies is what the randomised kitchen of D5RL varies (d4rl2/envs/kitchenshift of
github.com/d5rlbenchmark/d5rl), and the widths of poses and cameras are its own where its model
and ours are alike. It swaps meshes of kettles and microwaves; here they are scaled.
"""

from __future__ import annotations

import colorsys
import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scene import VIEWS, place_view, read_spec

PLACE = 0.025
"""Standard deviation of where microwave and kettle stand, along x and y [m] (D5RL)."""

SHIFT = 0.02
"""Farthest that hood and cabinets are moved sideways [m]."""

MICROWAVE_YAW = (0.1, 0.5)
"""Least and greatest [rad] (D5RL)."""

KETTLE_YAW = 0.15
"""Standard deviation [rad] (D5RL)."""

SCALES = {"kettle": (0.9, 1.1), "microwave": (0.95, 1.05)}
"""Least and greatest size against upstream's."""

START = 0.01
"""Farthest that a joint of the arm starts from its usual place, as a part of its range."""

TEXTURES = ("T_counter_marble", "T_oven_wood", "T_oven_metal", "T_hinge_wood")
"""Upstream's textures that a counter may have."""

COLOURED = (
    ("M_slide_blue", "M_hinge_blue", "counter_blue"),
    ("micro_black",),
    ("kettle_white",),
    ("oven_black",),
    ("wall_white",),
)
"""Materials that are painted, those of a group alike: the cabinets are one piece of furniture."""

KETTLE = slice(23, 30)
"""The kettle's pose in ``qpos``."""


def draw_kitchen(
    rng: np.random.Generator, start: NDArray[np.float64]
) -> tuple[Any, NDArray[np.float64]]:
    """A kitchen and how it begins.

    Args:
        rng: decides everything.
        start: upstream's first ``qpos`` `[30]`.

    Returns:
        the compiled ``mujoco.MjModel``, and its first ``qpos`` `[30]`.
    """
    spec = read_spec()
    _move(spec, rng)
    for name, (least, most) in SCALES.items():
        _scale(spec, spec.body(name), float(rng.uniform(least, most)))
    _paint(spec, rng)
    _light(spec, rng)
    _look(spec, rng)
    model = spec.compile()
    return model, _begin(model, rng, start)


def _move(spec: Any, rng: np.random.Generator) -> None:
    microwave = spec.body("microwave")
    microwave.pos = microwave.pos + np.append(rng.normal(0.0, PLACE, 2), 0.0)
    microwave.alt.euler = [0.0, 0.0, rng.uniform(*MICROWAVE_YAW)]
    for name in ("hoodroot", "slidecabinet", "hingecabinet"):
        body = spec.body(name)
        body.pos = body.pos + np.array([rng.uniform(-SHIFT, SHIFT), 0.0, 0.0])


def _scale(spec: Any, body: Any, factor: float) -> None:
    """Makes a body with all that hangs on it larger, about its own origin."""
    meshes: set[str] = set()
    waiting = [body]
    while waiting:
        one = waiting.pop()
        for geom in one.geoms:
            geom.pos, geom.size = geom.pos * factor, geom.size * factor
            geom.fromto = geom.fromto * factor  # not a number where it is not given
            meshes.add(geom.meshname)
        for part in (*one.joints, *one.sites):
            part.pos = part.pos * factor
        for child in one.bodies:
            child.pos = child.pos * factor
            waiting.append(child)
    for mesh in spec.meshes:
        if mesh.name in meshes:
            mesh.scale = mesh.scale * factor


def _paint(spec: Any, rng: np.random.Generator) -> None:
    import mujoco

    materials = {one.name: one for one in spec.materials}
    for group in COLOURED:
        hue, strength, light = rng.random(), rng.uniform(0.0, 0.5), rng.uniform(0.2, 0.95)
        for name in group:
            materials[name].rgba = [*colorsys.hsv_to_rgb(hue, strength, light), 1.0]
    counter = materials["counter_marble"]
    textures = list(counter.textures)
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB.value] = str(rng.choice(TEXTURES))
    counter.textures = textures


def _light(spec: Any, rng: np.random.Generator) -> None:
    for light in spec.lights:
        if light.name != "ovenlight":  # the one that the switch turns on
            light.dir = light.dir + rng.normal(0.0, 0.3, 3)
            light.diffuse = np.full(3, rng.uniform(0.15, 0.45))


def _look(spec: Any, rng: np.random.Generator) -> None:
    """Shakes the standing cameras, by 5 cm and a degree (D5RL)."""
    for name, view in VIEWS.items():
        target = np.asarray(view.target) + rng.normal(0.0, 0.05, 3)
        shaken = dataclasses.replace(
            view,
            target=(float(target[0]), float(target[1]), float(target[2])),
            distance=view.distance + rng.normal(0.0, 0.05),
            azimuth=view.azimuth + rng.normal(),
            elevation=view.elevation + rng.normal(),
        )
        place_view(spec.camera(name), shaken)


def _begin(model: Any, rng: np.random.Generator, start: NDArray[np.float64]) -> NDArray[np.float64]:
    qpos = start.copy()
    limits = model.jnt_range[:7]
    room = limits[:, 1] - limits[:, 0]
    qpos[:7] = np.clip(qpos[:7] + START * room * rng.uniform(-1, 1, 7), *limits.T)
    yaw = rng.normal(0.0, KETTLE_YAW)
    place = qpos[KETTLE][:3] + np.append(rng.normal(0.0, PLACE, 2), 0.0)
    qpos[KETTLE] = [*place, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
    return qpos
