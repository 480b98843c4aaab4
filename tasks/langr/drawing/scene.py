"""One model of all homes: every building, the furniture, the robot, every object there is.

Furniture, robot and objects are bodies that are moved from outside (mocap), and what a home does
not have is not shown: one compiled model serves all homes and all episodes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from ..assets import ASSETS, ASSETS_OF
from ..layout import PIECES
from ..shells import SHELLS, Shell
from .building import add_building
from .fitting import add_fridge, add_kitchen
from .machine import add_camera_above, add_robot
from .objects import add_object
from .piece import add_piece, add_rug
from .sketch import Sketch
from .surface import add_materials

MOST_OF_A_KIND = 4
"""Objects of one category in one episode; the most that the episodes have."""

ABOVE, UNDER = "above", "under the ceiling"
"""Names of the bodies that carry the camera above and the lights."""

ABOVE_FIELD = 40.0
"""Vertical field of view of the camera above [deg]: narrow, so that walls lean little."""

LIGHTS: tuple[tuple[tuple[float, float, float], float, bool], ...] = (
    ((0.0, 0.0, -1.0), 0.42, True),
    ((0.9, 0.25, -0.45), 0.17, False),
    ((-0.6, -0.8, -0.35), 0.14, False),
    ((0.15, -0.3, 1.0), 0.10, False),
)
"""Direction, strength, and whether it casts shadows in the profile that has them. That one falls
straight: leaning, part of it would begin above the ceiling and be kept out."""


def body_of(asset: str, copy: int) -> str:
    """The name of the body of an object."""
    return f"object {asset} {copy}"


def body_of_shell(shell: str) -> str:
    """The name of the body that carries a building."""
    return f"shell {shell}"


@functools.cache
def usual_copies(asset: str) -> int:
    """How many of an asset every model holds: enough for four of its category."""
    return -(-MOST_OF_A_KIND // len(ASSETS_OF[ASSETS[asset].category]))


@functools.lru_cache(maxsize=4)
def compiled(copies: tuple[tuple[str, int], ...]) -> Any:
    """The compiled model of all homes; to be copied, not changed.

    Args:
        copies: assets of which an episode has more than the usual number, and how many.
    """
    return build(dict(copies)).compile()


def build(copies: Mapping[str, int]) -> Any:
    """The ``mujoco.MjSpec`` of all homes."""
    import mujoco

    spec = mujoco.MjSpec()
    spec.stat.extent, spec.stat.center = 6.0, [0.0, 0.0, 1.0]
    spec.visual.map.znear, spec.visual.map.zfar = 0.008, 20.0
    spec.visual.map.shadowclip = 1.4  # extents around the middle: the largest plan is 12 m long
    spec.compiler.balanceinertia = True  # flat things; nothing is simulated
    spec.visual.quality.shadowsize = 2048
    spec.visual.headlight.ambient = [0.36, 0.36, 0.37]
    spec.visual.headlight.diffuse = [0.20, 0.20, 0.20]
    spec.visual.headlight.specular = [0.05, 0.05, 0.05]
    add_materials(spec)
    drawers: dict[str, Callable[[Sketch], None]] = {
        name: functools.partial(add_piece, name=name) for name in PIECES
    }
    drawers |= {"kitchen": add_kitchen, "fridge": add_fridge, "rug": add_rug, "robot": add_robot}
    world = spec.worldbody
    for name, draw in drawers.items():
        _sketch(spec, world.add_body(name=name, mocap=True), draw)
    for name, shell in SHELLS.items():
        body = world.add_body(name=body_of_shell(name))
        _sketch(spec, body, functools.partial(add_building, shell=shell))
    for asset in ASSETS:
        for copy in range(copies.get(asset, usual_copies(asset))):
            add_object(spec, world.add_body(name=body_of(asset, copy), mocap=True), asset)
    above = world.add_body(name=ABOVE, mocap=True)
    add_camera_above(above, ABOVE_FIELD)
    _add_lights(world.add_body(name=UNDER, mocap=True))
    return spec


def _sketch(spec: Any, body: Any, draw: Callable[[Sketch], None]) -> None:
    sketch = Sketch(spec, body, body.name)
    draw(sketch)
    sketch.finish()


def overview(shell: Shell) -> dict[str, tuple[float, float, float]]:
    """Where the camera above and the lights belong in a building, by the names of their bodies."""
    x0, y0 = (min(room[axis] for room in shell.rooms) for axis in (0, 1))
    x1, y1 = (max(room[axis] for room in shell.rooms) for axis in (2, 3))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    half = max(x1 - x0, y1 - y0) / 2 + 0.35
    height = half / math.tan(math.radians(ABOVE_FIELD / 2)) + shell.height
    return {ABOVE: (x, y, height), UNDER: (x, y, shell.height - 0.05)}


def _add_lights(body: Any) -> None:
    """Light from afar; it throws shadows from where the body is, just below the ceiling."""
    for direction, strength, casts in LIGHTS:
        light = body.add_light()
        light.directional, light.castshadow = True, casts
        light.dir = list(direction)
        light.diffuse = [strength, strength * 0.98, strength * 0.95]
        light.ambient, light.specular = [0.0] * 3, [0.12 * casts] * 3
