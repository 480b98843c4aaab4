"""What homes are made of: painted textures, materials, and the colours of each palette.

Textures are painted with numpy from fixed seeds, so that nothing is shipped or downloaded.
Light is not computed well in the fast profile: gradients in the textures and soft dark quads
stand for the shadows that it lacks.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Picture = NDArray[np.uint8]

FIXED: Mapping[str, Colour] = MappingProxyType(
    {
        "white": (0.93, 0.92, 0.90),
        "ceiling": (0.93, 0.92, 0.89),
        "trim": (0.88, 0.87, 0.84),
        "black_wood": (0.15, 0.15, 0.16),
        "black_leg": (0.07, 0.07, 0.08),
        "brown_wood": (0.55, 0.34, 0.18),
        "brown_leg": (0.44, 0.27, 0.14),
        "steel": (0.62, 0.64, 0.66),
        "dark_steel": (0.30, 0.31, 0.33),
        "basin": (0.70, 0.72, 0.74),
        "basin_shade": (0.48, 0.50, 0.52),
        "screen": (0.04, 0.05, 0.07),
        "sky": (0.55, 0.55, 0.55),
        "door": (0.80, 0.77, 0.70),
        "plant": (0.22, 0.44, 0.20),
        "pot": (0.70, 0.42, 0.30),
        "lamp": (1.0, 0.95, 0.80),
        "robot_white": (0.90, 0.91, 0.92),
        "robot_grey": (0.36, 0.38, 0.41),
        "robot_dark": (0.16, 0.17, 0.19),
        "robot_blue": (0.16, 0.45, 0.78),
        "fridge": (0.80, 0.82, 0.84),
        "fridge_inside": (0.95, 0.96, 0.97),
        "inside": (0.42, 0.37, 0.32),
        "cut": (0.25, 0.26, 0.29),
    }
)
"""Colours that are the same in every home; tables keep theirs because instructions name them."""

WALLS: Sequence[Colour] = (
    (0.90, 0.87, 0.80), (0.82, 0.86, 0.85), (0.91, 0.84, 0.78), (0.84, 0.85, 0.90),
    (0.87, 0.89, 0.80),
)  # fmt: skip
FLOORS: Sequence[Colour] = (
    (0.80, 0.62, 0.42), (0.68, 0.50, 0.34), (0.78, 0.68, 0.55), (0.60, 0.45, 0.33),
)  # fmt: skip
SOFAS: Sequence[Colour] = (
    (0.30, 0.42, 0.56), (0.56, 0.30, 0.26), (0.36, 0.46, 0.36), (0.58, 0.54, 0.48),
    (0.42, 0.36, 0.50),
)  # fmt: skip
RUGS: Sequence[Colour] = (
    (0.72, 0.36, 0.30), (0.34, 0.46, 0.58), (0.78, 0.70, 0.52), (0.44, 0.52, 0.42),
)  # fmt: skip
CUPBOARDS: Sequence[Colour] = (
    (0.90, 0.88, 0.84), (0.62, 0.68, 0.64), (0.52, 0.60, 0.68), (0.78, 0.68, 0.56),
)  # fmt: skip
WORKTOPS: Sequence[Colour] = (
    (0.27, 0.28, 0.31), (0.62, 0.60, 0.57), (0.40, 0.34, 0.29),
)  # fmt: skip
STANDS: Sequence[Colour] = (
    (0.78, 0.74, 0.66), (0.62, 0.48, 0.34), (0.50, 0.52, 0.54),
)  # fmt: skip
CHAIRS: Sequence[Colour] = (
    (0.82, 0.56, 0.22), (0.26, 0.52, 0.54), (0.66, 0.28, 0.30),
)  # fmt: skip


def palette(number: int) -> dict[str, Colour]:
    """The colours of a home by material; all of our own design.

    Args:
        number: any whole number; neighbours differ.
    """
    dice = np.random.default_rng(number % 2**32)

    def pick(choices: Sequence[Colour]) -> Colour:
        return choices[int(dice.integers(len(choices)))]

    sofa = pick(SOFAS)
    cupboard = pick(CUPBOARDS)
    return {
        "wall": pick(WALLS),
        "floor": pick(FLOORS),
        "sofa": sofa,
        "sofa_dark": _shade(sofa, 0.78),
        "cushion": _turn(sofa),
        "rug": pick(RUGS),
        "cupboard": cupboard,
        "cupboard_dark": _shade(cupboard, 0.84),
        "worktop": pick(WORKTOPS),
        "stand": (stand := pick(STANDS)),
        "stand_dark": _shade(stand, 0.7),
        "chair": (chair := pick(CHAIRS)),
        "chair_dark": _shade(chair, 0.75),
        "curtain": _turn(sofa, 0.35),
        "art": pick(RUGS),
    }


def _shade(colour: Colour, by: float) -> Colour:
    return tuple(channel * by for channel in colour)  # type: ignore[return-value]


def _turn(colour: Colour, saturation: float = 0.5) -> Colour:
    """A lighter colour from the other side of the wheel."""
    hue, _, _ = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((hue + 0.45) % 1.0, saturation, 0.84)


def boards(seed: int = 1, side: int = 512) -> Picture:
    """Floor boards along the first texture axis; nearly white, the material gives the colour."""
    dice = np.random.default_rng(seed)
    rows, columns = 8, 2
    picture = np.zeros((side, side))
    high = side // rows
    for row in range(rows):
        offset = int(dice.integers(side))
        for column in range(columns):
            grain = dice.normal(0, 1, (high, 1)) + dice.normal(0, 0.35, (high, side // columns))
            smooth = np.cumsum(grain, axis=1) / np.sqrt(np.arange(1, side // columns + 1))
            board = dice.uniform(0.84, 0.99) + 0.012 * smooth
            board[[0, -1], :] -= 0.16
            board[:, [0, 1]] -= 0.16
            where = (np.arange(side // columns) + offset + column * side // columns) % side
            picture[row * high : (row + 1) * high, where] = board
    return _grey(picture)


def plaster(seed: int = 2, side: int = 256) -> Picture:
    """A wall from its foot (last row) to its top: darker near floor and ceiling."""
    dice = np.random.default_rng(seed)
    height = np.linspace(1.0, 0.0, side)[:, None]
    light = 1.0 - 0.20 * np.exp(-height / 0.07) - 0.10 * np.exp(-(1 - height) / 0.10)
    light = light - 0.06 * (1 - height)
    return _grey(light + dice.normal(0, 0.006, (side, side)))


def weave(seed: int = 3, side: int = 128) -> Picture:
    """Cloth."""
    dice = np.random.default_rng(seed)
    threads = 0.93 + 0.05 * np.sin(np.arange(side) * np.pi / 2)[:, None]
    threads = threads * (0.97 + 0.03 * np.sin(np.arange(side) * np.pi / 2)[None, :])
    return _grey(threads + dice.normal(0, 0.02, (side, side)))


def carpet(side: int = 256) -> Picture:
    """A rug with a border and diamonds."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    light = np.full((side, side), 0.92)
    edge = np.maximum(np.abs(x), np.abs(y))
    light[(edge > 0.86) & (edge < 0.93)] = 0.62
    light[edge > 0.975] = 0.7
    diamonds = (np.abs((x * 3) % 2 - 1) + np.abs((y * 3) % 2 - 1)) % 1.0
    inner = edge < 0.8
    light[inner & (diamonds < 0.14)] = 0.72
    dice = np.random.default_rng(4)
    return _grey(light + dice.normal(0, 0.025, (side, side)))


def tiles(side: int = 256) -> Picture:
    """Small wall tiles with joints."""
    dice = np.random.default_rng(5)
    picture = np.zeros((side, side))
    high, wide = side // 8, side // 4
    for row in range(8):
        for column in range(4):
            where = (np.arange(wide) + column * wide + (row % 2) * wide // 2) % side
            tile = np.full((high, wide), dice.uniform(0.93, 1.0))
            tile[0, :] = tile[:, 0] = 0.78
            picture[row * high : (row + 1) * high, where] = tile
    return _grey(picture)


def grain(seed: int = 6, side: int = 256) -> Picture:
    """Wood of furniture."""
    dice = np.random.default_rng(seed)
    rows = np.cumsum(dice.normal(0, 0.016, side))
    rows -= np.linspace(0, rows[-1], side)
    return _grey(0.92 + rows[:, None] + dice.normal(0, 0.012, (side, side)))


def sky(side: int = 64) -> Picture:
    """What a window shows: trees below a bright sky, out of focus."""
    height = np.linspace(1.0, 0.0, side)[:, None, None]
    x = np.linspace(0, 1, side)[None, :, None]
    ridge = 0.34 + 0.05 * np.sin(9 * x) + 0.03 * np.sin(23 * x + 1)
    trees = 1 / (1 + np.exp((height - ridge) / 0.03))
    above = np.array([0.80, 0.90, 0.98]) * (1 - 0.25 * height) + 0.02
    below = np.array([0.42, 0.56, 0.36]) * (0.75 + 0.5 * height)
    return (np.clip(above * (1 - trees) + below * trees, 0, 1) * 255).astype(np.uint8)


def blot(side: int = 64) -> Picture:
    """A soft dark rectangle with alpha: the shadow of something that stands above the floor."""
    ramp = np.clip((1 - np.abs(np.linspace(-1, 1, side))) / 0.34, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    picture = np.zeros((side, side, 4), np.uint8)
    picture[..., 3] = (np.outer(ramp, ramp) * 150).astype(np.uint8)
    return picture


def edge(side: int = 64) -> Picture:
    """Dark at one side and clear at the other, with alpha: where a wall meets the floor."""
    picture = np.zeros((side, side, 4), np.uint8)
    picture[..., 3] = (np.linspace(1, 0, side)[:, None] ** 2 * 110).astype(np.uint8)
    return picture


def _grey(light: NDArray[np.float64]) -> Picture:
    shade = (np.clip(light, 0, 1) * 255).astype(np.uint8)
    return np.repeat(shade[..., None], 3, axis=2)


TEXTURES: Mapping[str, Callable[[], Picture]] = MappingProxyType(
    {
        "floor": boards, "wall": plaster, "sofa": weave, "sofa_dark": weave, "cushion": weave,
        "rug": carpet, "tiles": tiles, "brown_wood": grain, "black_wood": grain,
        "stand": grain, "curtain": weave, "shadow": blot, "edge": edge, "sky": sky,
    }
)  # fmt: skip
"""Materials that carry a texture, and who paints it."""

SHINY = MappingProxyType(
    {"steel": 0.7, "dark_steel": 0.5, "basin": 0.5, "fridge": 0.4, "worktop": 0.35,
     "black_wood": 0.25, "screen": 0.6, "robot_white": 0.4, "robot_blue": 0.4}
)  # fmt: skip
"""Specular reflection of materials that have some [1]."""

BRIGHT = MappingProxyType({"sky": 0.55, "lamp": 0.8, "fridge_inside": 0.25, "ceiling": 0.3})
"""Light that materials give by themselves [1]."""


def add_materials(spec: Any) -> None:
    """Adds every material to a model, in the colours of palette 0."""
    import mujoco

    colours = {**FIXED, **palette(0), "tiles": (0.93, 0.93, 0.90)}
    painted: dict[Any, str] = {}
    for name, colour in {**colours, "shadow": (1, 1, 1), "edge": (1, 1, 1)}.items():
        material = spec.add_material()
        material.name = name
        # Below one, so that the texture's alpha counts.
        material.rgba = [*colour, 0.99 if name in ("shadow", "edge") else 1.0]
        material.specular, material.shininess = SHINY.get(name, 0.05), 0.4
        material.emission = BRIGHT.get(name, 0.0)
        painter = TEXTURES.get(name)
        if painter is None:
            continue
        if painter not in painted:
            painted[painter] = f"{name} texture"
            _add_texture(spec, painted[painter], painter())
        role = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)
        material.textures[role] = painted[painter]
        material.texuniform, material.texrepeat = False, [1, 1]


def _add_texture(spec: Any, name: str, picture: Picture) -> None:
    import mujoco

    texture = spec.add_texture()
    texture.name, texture.type = name, mujoco.mjtTexture.mjTEXTURE_2D
    texture.height, texture.width, texture.nchannel = picture.shape
    texture.data = np.ascontiguousarray(picture).tobytes()
