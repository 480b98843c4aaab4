"""What surfaces are made of: pictures painted with NumPy from fixed seeds, and how they shine.

All are of our own design; nothing is shipped. Floors and walls are rough on purpose, so that a
camera which moves sees them move.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ...langr.drawing import texture
from ...langr.drawing.texture import Picture

HEIGHT = 2.7
"""Of walls [m]."""

SKIRT = 0.09
"""Height of the board where a wall meets the floor [m]."""


class Material(NamedTuple):
    """A surface.

    Attributes:
        picture: painted on it, or None.
        repeat: how often along its two axes: a metre if ``uniform``, else over the whole face.
        uniform: whether pictures keep their size on larger faces.
        specular: how much it shines [1].
        emission: how much light it gives [1].
        veil: whether what is below shows through.
    """

    picture: Callable[[], Picture] | None = None
    repeat: tuple[float, float] = (1.0, 1.0)
    uniform: bool = False
    specular: float = 0.05
    emission: float = 0.0
    veil: bool = False


def lino(side: int = 512) -> Picture:
    """A speckled floor of two by two large squares of slightly different tone."""
    dice = np.random.default_rng(21)
    fine = dice.normal(0, 0.022, (side, side))
    chips = np.kron(dice.random((side // 4, side // 4)), np.ones((4, 4)))
    light = 0.86 + fine + np.where(chips > 0.95, -0.16, 0.0) + np.where(chips < 0.05, 0.10, 0.0)
    half = side // 2
    light[:half, half:] -= 0.055
    light[half:, :half] -= 0.04
    for at in (0, half):
        light[at : at + 3] -= 0.16
        light[:, at : at + 3] -= 0.16
    return _grey(light)


def carpet(side: int = 512) -> Picture:
    """Carpet tiles, each brushed another way."""
    dice = np.random.default_rng(22)
    light = 0.82 + dice.normal(0, 0.06, (side, side))
    half = side // 2
    stripes = 0.05 * np.sign(np.sin(np.arange(side) * 2 * np.pi * 8 / side))
    light[:half, :half] += stripes[None, :half]
    light[half:, half:] += stripes[None, :half]
    light[:half, half:] += stripes[:half, None] - 0.05
    light[half:, :half] += stripes[:half, None] - 0.05
    return _grey(light)


def paving(side: int = 512) -> Picture:
    """Slabs of stone in bond, with joints and stains."""
    dice = np.random.default_rng(23)
    light = np.zeros((side, side))
    high, wide = side // 8, side // 4
    for row in range(8):
        for column in range(4):
            where = (np.arange(wide) + column * wide + (row % 2) * wide // 2) % side
            light[row * high : (row + 1) * high, where] = dice.uniform(0.74, 0.94)
    light += dice.normal(0, 0.03, (side, side))
    stains = dice.random((side // 16, side // 16))
    light -= 0.06 * np.kron(stains > 0.86, np.ones((16, 16)))
    for row in range(8):
        light[row * high : row * high + 3] = 0.56
        for column in range(4):
            at = (column * wide + (row % 2) * wide // 2) % side
            light[row * high : (row + 1) * high, at : at + 3] = 0.56
    return _grey(light)


def plaster(side: int = 256) -> Picture:
    """A wall, first row lowest: a skirting board, a darker band to the hip, a rail, plaster."""
    dice = np.random.default_rng(24)
    light = np.ones((side, side)) + dice.normal(0, 0.012, (side, side))
    streaks = np.kron(dice.normal(0, 0.012, (1, side // 8)), np.ones((side, 8)))
    light += streaks

    def row(height: float) -> int:
        return round(height / HEIGHT * side)

    picture = np.repeat(light[..., None], 3, axis=2) * 0.97
    picture[: row(0.95)] *= np.array([0.74, 0.80, 0.82])
    picture[row(0.95) : row(1.00)] = (0.52, 0.42, 0.33)
    picture[: row(SKIRT)] = (0.34, 0.33, 0.33)
    picture[row(SKIRT) : row(SKIRT) + 2] = (0.60, 0.59, 0.58)
    picture[-row(0.05) :] *= 0.88
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)


def ceiling(side: int = 256) -> Picture:
    """White tiles in a grid of metal, with pores."""
    dice = np.random.default_rng(25)
    light = 0.95 + dice.normal(0, 0.015, (side, side))
    light[dice.random((side, side)) > 0.985] = 0.80
    for at in (0, side // 2):
        light[at : at + 4] = light[:, at : at + 4] = 0.78
    return _grey(light)


def facade(side: int = 512) -> Picture:
    """The fronts of houses across a square, first row lowest: doors, windows, shops."""
    dice = np.random.default_rng(26)
    picture = np.zeros((side, side, 3))
    tones = [(0.86, 0.78, 0.66), (0.72, 0.50, 0.40), (0.84, 0.82, 0.78), (0.62, 0.66, 0.64)]
    wide, storey = side // 4, side // 5
    for house, tone in enumerate(tones):
        left = house * wide
        picture[:, left : left + wide] = tone
        picture[:, left : left + 3] = 0.45
        shop = (0.22, 0.25, 0.28) if house % 2 else (0.30, 0.22, 0.20)
        picture[10 : storey - 14, left + 10 : left + wide - 10] = shop
        picture[storey - 14 : storey - 2, left + 4 : left + wide - 4] = dice.uniform(0.3, 0.8, 3)
        door = left + (20 if house % 2 else wide - 48)
        picture[4 : storey - 22, door : door + 26] = (0.35, 0.24, 0.16)
        for floor in range(1, 5):
            low = floor * storey + 22
            for window in range(3):
                at = left + 12 + window * (wide - 12) // 3
                picture[low - 4 : low + 56, at - 3 : at + 27] = 0.92
                glass = np.array([0.36, 0.45, 0.54]) * dice.uniform(0.8, 1.3)
                picture[low : low + 52, at : at + 24] = glass
                picture[low + 26 : low + 28, at : at + 24] = 0.92
    picture += dice.normal(0, 0.012, (side, side, 1))
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)


def boards() -> Picture:
    """Floor boards."""
    return texture.boards(512, 8)


def ramp() -> Picture:
    """White from shade to light, for what carries its own shade."""
    return texture.ramps([(1.0, 1.0, 1.0)])


def _grey(light: np.ndarray[Any, np.dtype[np.float64]]) -> Picture:
    grey = np.asarray(np.clip(light, 0, 1) * 255, np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


MATERIALS: Mapping[str, Material] = MappingProxyType(
    {
        "matt": Material(),
        "shiny": Material(specular=0.5),
        "light": Material(emission=0.9),
        "body": Material(ramp),
        "grain": Material(texture.grain),
        "lino": Material(lino, (0.8, 0.8), uniform=True, specular=0.12),
        "carpet": Material(carpet, (1.0, 1.0), uniform=True),
        "boards": Material(boards, (0.9, 0.9), uniform=True, specular=0.10),
        "paving": Material(paving, (0.42, 0.42), uniform=True),
        "plaster": Material(plaster, (0.5, 1 / HEIGHT), uniform=True),
        "ceiling": Material(ceiling, (0.8, 0.8), uniform=True, emission=0.18),
        "facade": Material(facade, (1 / 24, 1 / 14), uniform=True, emission=0.1),
        "blot": Material(texture.blot, veil=True),
        "disc": Material(texture.disc, veil=True),
        "painting": Material(texture.paintings, (1 / 3, 1.0), emission=0.1),
    }
)
"""Materials by name."""


@functools.cache
def _painted(painter: Callable[[], Picture]) -> Picture:
    return painter()


def add_materials(spec: Any) -> None:
    """Adds every material to a ``mujoco.MjSpec``."""
    import mujoco

    for name, made in MATERIALS.items():
        material = spec.add_material(name=name)
        # Only what is a little transparent is drawn with the opacity of its picture.
        material.rgba = [1.0, 1.0, 1.0, 0.99 if made.veil else 1.0]
        material.specular, material.shininess = made.specular, 0.5
        material.emission = made.emission
        material.texrepeat, material.texuniform = list(made.repeat), made.uniform
        if made.picture is None:
            continue
        picture = _painted(made.picture)[::-1]  # MuJoCo's first row is the highest
        height, width, channels = picture.shape
        added = spec.add_texture(
            name=name,
            type=mujoco.mjtTexture.mjTEXTURE_2D,
            height=height,
            width=width,
            nchannel=channels,
        )
        added.data = picture.tobytes()
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
