"""Colours and finishes of the objects. All colours share one tiny texture.

Every face takes its colour from one texel, so that a thing of many colours is one mesh and one
draw call. The colours are of our own choice: more vivid than the real things, since an apple is
seven pixels wide in the head camera's picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "white": (245, 245, 242),
        "ivory": (238, 226, 196),
        "paper": (240, 230, 205),
        "silver": (196, 203, 212),
        "steel": (160, 168, 178),
        "shade": (104, 111, 122),
        "charcoal": (80, 84, 94),
        "black": (26, 26, 29),
        "red": (214, 22, 26),
        "crimson": (158, 8, 28),
        "scarlet": (240, 52, 22),
        "raspberry": (228, 38, 92),
        "rose": (246, 120, 142),
        "pink": (250, 140, 190),
        "peach": (255, 170, 98),
        "blush": (246, 104, 82),
        "orange": (255, 122, 0),
        "tangerine": (232, 98, 0),
        "amber": (255, 172, 20),
        "gold": (222, 168, 52),
        "brass": (246, 190, 48),
        "yellow": (255, 218, 20),
        "lemon": (255, 230, 40),
        "cream": (255, 244, 178),
        "optic": (206, 240, 40),
        "lime": (150, 206, 36),
        "pear": (190, 206, 62),
        "leaf": (58, 150, 40),
        "green": (20, 148, 62),
        "forest": (20, 92, 52),
        "mint": (136, 218, 190),
        "teal": (0, 150, 150),
        "turquoise": (40, 196, 206),
        "sky": (92, 176, 244),
        "azure": (20, 118, 226),
        "blue": (22, 70, 200),
        "navy": (30, 50, 138),
        "slate": (86, 120, 160),
        "purple": (122, 44, 170),
        "plum": (116, 30, 120),
        "chocolate": (94, 50, 24),
        "brown": (132, 78, 36),
        "wood": (214, 162, 98),
        "grain": (182, 126, 68),
        "hickory": (232, 176, 96),
        "terracotta": (204, 96, 58),
        "biscuit": (228, 168, 84),
        "glass": (190, 214, 226),
    }
)
"""Red, green and blue of 255, by name."""

FINISHES: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "matt": (0.06, 0.1, 1.0),
        "satin": (0.28, 0.35, 1.0),
        "gloss": (0.55, 0.7, 1.0),
        "metal": (0.75, 0.55, 1.0),
        "glass": (0.8, 0.8, 0.62),
    }
)
"""Specular, shininess and opacity of each finish, 0 to 1; of our own design."""

TEXTURE = "object-palette"
"""The name of the texture that holds the colours."""

SIDE = 16
"""Texels along a side of it."""

DARK, LIGHT = 0.66, 0.45
"""How much of a colour is left in its dark tone, and how much white is in its light one."""


def _tones() -> dict[str, tuple[float, float, float]]:
    """Every colour, and its dark and light tone: ``dark red``, ``light red``."""
    tones: dict[str, tuple[float, float, float]] = {}
    for name, (red, green, blue) in COLOURS.items():
        tones[name] = (red, green, blue)
        tones[f"dark {name}"] = (red * DARK, green * DARK, blue * DARK)
        tones[f"light {name}"] = (
            red + (255 - red) * LIGHT,
            green + (255 - green) * LIGHT,
            blue + (255 - blue) * LIGHT,
        )
    return tones


_TONES = _tones()
_PLACES = {name: number for number, name in enumerate(_TONES)}


def texels() -> NDArray[np.uint8]:
    """The picture of the texture `[SIDE, SIDE, 3]`."""
    picture = np.zeros((SIDE * SIDE, 3), np.uint8)
    picture[: len(_TONES)] = np.round(list(_TONES.values()))
    return picture.reshape(SIDE, SIDE, 3)


def coordinates(colours: tuple[str, ...]) -> NDArray[np.float32]:
    """Where in the texture the three corners of each face look `[3 M, 2]`."""
    places = np.array([_PLACES[name] for name in colours])
    middle = np.column_stack([places % SIDE + 0.5, places // SIDE + 0.5]) / SIDE
    return np.repeat(middle, 3, axis=0).astype(np.float32)


def material(spec: Any, finish: str) -> str:
    """The name of the material of a finish, made together with the texture where missing."""
    import mujoco

    name = f"object-{finish}"
    if spec.material(name) is not None:
        return name
    if spec.texture(TEXTURE) is None:
        kind = mujoco.mjtTexture.mjTEXTURE_2D
        texture = spec.add_texture(name=TEXTURE, type=kind, width=SIDE, height=SIDE, nchannel=3)
        texture.data = texels().tobytes()
    specular, shininess, opacity = FINISHES[finish]
    made = spec.add_material(
        name=name, specular=specular, shininess=shininess, rgba=[1.0, 1.0, 1.0, opacity]
    )
    made.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = TEXTURE
    return name
