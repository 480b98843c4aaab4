"""One model of every floor plan, all furniture, the robot, and every object that may lie about.

Whatever differs from home to home is a body moved from outside (mocap), a colour, or hidden, so
that one compiled model serves all homes and all their episodes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..assets import ASSETS, ASSETS_OF
from ..layout import PIECES
from ..shells import SHELLS
from ..vocabulary import DRAWERS
from .apartment import add_apartment, add_window_curtains
from .arrangement import curtains_of
from .camera import ABOVE_FIELD, HEAD, HEAD_FIELD, SHOULDER_FIELD, add_camera, gaze, quaternion
from .decoration import PAINTINGS, add_floor_lamp, add_painting, add_pendant, add_plant
from .form import Form
from .fridge import add_fridge, add_fridge_door
from .furniture import add_piece
from .kitchen import add_cupboards, add_drawer, add_kitchen
from .material import add_materials
from .objects import add_object
from .robot import add_arm, add_finger, add_robot
from .sofa import add_rug

LIGHTS: tuple[tuple[tuple[float, float, float], float, tuple[float, float, float], bool], ...] = (
    ((-0.80, 0.60, -1.55), 0.40, (1.0, 0.96, 0.89), True),
    ((0.70, 0.45, -0.50), 0.20, (0.92, 0.96, 1.0), False),
    ((-0.15, -0.85, -0.30), 0.15, (0.96, 0.97, 1.0), False),
    ((0.10, -0.10, 1.0), 0.24, (1.0, 0.94, 0.86), False),
)
"""Direction, strength, colour, and whether it casts shadows in the profile that has them: the
sun, the sky from two sides, and what the floor throws back. Of our own design."""

AMBIENT = (0.59, 0.585, 0.58)
"""Light from nowhere; of our own design."""

MOST_OF_A_KIND = 4
"""Objects of one category in one episode; the most that our own episodes have."""


@functools.cache
def spare(asset: str) -> int:
    """Bodies of an asset that every model has: enough for ``MOST_OF_A_KIND`` of its category."""
    return max(2, -(-MOST_OF_A_KIND // len(ASSETS_OF[ASSETS[asset].category])))


def body_of(asset: str, copy: int) -> str:
    """The name of the body of an object."""
    return f"object {asset} {copy}"


def shadow_of(asset: str, copy: int) -> str:
    """The name of the body of its shadow."""
    return f"shadow {asset} {copy}"


def shell_body(shell: str) -> str:
    """The name of the body of a floor plan."""
    return f"shell {shell}"


@functools.lru_cache(maxsize=4)
def compiled(copies: tuple[tuple[str, int], ...] = ()) -> Any:
    """The compiled model; to be copied, not changed.

    Args:
        copies: assets of which more than ``spare`` bodies are wanted, and how many.
    """
    return build(dict(copies)).compile()


def build(copies: Mapping[str, int]) -> Any:
    """The ``mujoco.MjSpec``.

    Args:
        copies: how many bodies an asset has, where it is more than ``spare``.
    """
    import mujoco

    spec = mujoco.MjSpec()
    # Flat things have inertias that no solid has; nothing is ever moved by forces.
    spec.compiler.balanceinertia = True
    _set_visual(spec)
    add_materials(spec)
    world = spec.worldbody
    for direction, strength, colour, casts in LIGHTS:
        light = world.add_light(directional=True, castshadow=casts)
        light.pos, light.dir = [-6 * value for value in direction], list(direction)
        light.diffuse = [strength * channel for channel in colour]
        light.ambient, light.specular = [0.0] * 3, [0.25 * casts] * 3
    # What is near comes first, so that what it hides costs nothing; floors and walls come last.
    _add_machine(spec)
    for asset in ASSETS:
        for copy in range(copies.get(asset, spare(asset))):
            add_object(spec, world.add_body(name=body_of(asset, copy), mocap=True), asset)
            _add_shadow(spec, world.add_body(name=shadow_of(asset, copy), mocap=True), asset, copy)
    for name, add in _movables().items():
        add(spec, world.add_body(name=name, mocap=True))
    for name, shell in SHELLS.items():
        for number, opening in enumerate(shell.openings):
            if opening.kind == "window":
                curtains = curtains_of(name, number)
                add_window_curtains(
                    spec, world.add_body(name=curtains, mocap=True), curtains, shell, number
                )
        add_apartment(spec, world.add_body(name=shell_body(name)), name, shell)
    return spec


def _movables() -> dict[str, Callable[[Any, Any], None]]:
    """Who builds each body of furniture and decoration, by the body's name."""
    return {
        **{name: functools.partial(add_piece, name=name) for name in PIECES},
        "rug": add_rug,
        "kitchen": add_kitchen,
        "cupboards": add_cupboards,
        **{name: functools.partial(add_drawer, drawer=name) for name in DRAWERS},
        "fridge": add_fridge,
        "fridge door": add_fridge_door,
        "plant": add_plant,
        "floor lamp": add_floor_lamp,
        "pendant": add_pendant,
        **{f"painting {n}": functools.partial(add_painting, number=n) for n in range(PAINTINGS)},
    }


def _add_machine(spec: Any) -> None:
    """The robot in its parts, and the three cameras."""
    world = spec.worldbody
    add_arm(spec, world.add_body(name="arm", mocap=True))
    for side in (1, -1):
        add_finger(spec, world.add_body(name=f"finger {side}", mocap=True), side)
    add_robot(spec, world.add_body(name="robot", mocap=True))
    head = add_camera(spec.body("robot"), "head", HEAD_FIELD)
    head.pos, head.quat = list(HEAD[0]), quaternion(gaze(*HEAD))
    add_camera(world.add_body(name="shoulder", mocap=True), "third-person", SHOULDER_FIELD)
    add_camera(world.add_body(name="above", mocap=True), "top-down", ABOVE_FIELD)


def _set_visual(spec: Any) -> None:
    import mujoco

    spec.stat.extent, spec.stat.center = 8.0, [0.0, 0.0, 1.0]
    visual = spec.visual
    visual.map.znear, visual.map.zfar = 0.006, 8.0
    visual.map.shadowclip, visual.quality.shadowsize = 1.0, 4096
    visual.headlight.ambient = list(AMBIENT)
    visual.headlight.diffuse, visual.headlight.specular = [0.10] * 3, [0.06] * 3
    sky = spec.add_texture(
        name="beyond",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        width=16,
        height=96,
    )
    sky.rgb1, sky.rgb2 = [0.93, 0.92, 0.90], [0.84, 0.83, 0.82]


def _add_shadow(spec: Any, body: Any, asset: str, copy: int) -> None:
    """A soft dark disc, for the surface below an object."""
    import mujoco

    length, width = (side / 2 * 1.35 + 0.012 for side in ASSETS[asset].footprint)
    name = f"shadow {asset} disc"
    if copy == 0:
        form = Form(ground=False)
        corners = [(-length, -width), (length, -width), (length, width), (-length, width)]
        uv = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
        form.quad([(x, y, 0.0) for x, y in corners], "disc", cell=9, uv=uv)
        form.add(spec, body, f"shadow {asset}")
        return
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material="disc", contype=0, conaffinity=0
    )
