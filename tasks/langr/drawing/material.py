"""Colours and materials, and the sets of them that tell one home from another.

A name stands either for a fixed colour, or for a tint that palettes change, or for a picture.
Tables are black and brown in every home, since instructions name them so. All of our own design.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from . import texture
from .texture import Picture

Colour = tuple[float, float, float]

COLOURS: Mapping[str, Colour] = MappingProxyType(
    {
        "plain": (1.0, 1.0, 1.0),
        "white": (0.95, 0.94, 0.91),
        "trim": (0.93, 0.92, 0.88),
        "ceiling": (0.97, 0.96, 0.93),
        "cut": (0.30, 0.29, 0.30),
        "cavity": (0.20, 0.17, 0.15),
        "inside": (0.80, 0.70, 0.56),
        "plinth": (0.22, 0.21, 0.21),
        "black": (0.115, 0.11, 0.11),
        "brown": (0.46, 0.27, 0.14),
        "oak": (0.80, 0.62, 0.42),
        "leg": (0.42, 0.28, 0.17),
        "door": (0.90, 0.87, 0.81),
        "screen": (0.05, 0.055, 0.065),
        "pot": (0.86, 0.80, 0.72),
        "earth": (0.25, 0.17, 0.11),
        "leaf": (0.25, 0.47, 0.22),
        "sprout": (0.40, 0.60, 0.28),
        "shell": (0.94, 0.95, 0.96),
        "joint": (0.34, 0.37, 0.41),
        "rubber": (0.15, 0.16, 0.18),
        "signal": (0.10, 0.62, 0.66),
        "cold": (0.94, 0.97, 1.0),
        "note": (0.98, 0.86, 0.40),
        "plaque": (0.13, 0.13, 0.14),
    }
)
"""Matt colours that are the same in every home."""

METALS: Mapping[str, Colour] = MappingProxyType(
    {
        "steel": (0.74, 0.76, 0.78),
        "basin": (0.80, 0.82, 0.83),
        "brass": (0.80, 0.66, 0.40),
        "visor": (0.09, 0.11, 0.14),
    }
)
"""Colours that shine."""

LIGHTS: Mapping[str, Colour] = MappingProxyType(
    {"lamp": (1.0, 0.93, 0.76), "eye": (0.45, 0.95, 1.0)}
)
"""Colours that give light."""

TINTS = (
    "wall", "accent", "sofa", "throw", "front", "worktop", "stand", "chair", "curtain", "fridge",
)  # fmt: skip
"""What palettes paint."""

PICTURES: Mapping[str, tuple[Callable[[], Picture], Colour, float]] = MappingProxyType(
    {
        "floor": (texture.boards, (0.88, 0.70, 0.49), 0.0),
        "rug": (texture.carpet, (0.80, 0.56, 0.44), 0.0),
        "brown-wood": (texture.grain, (0.62, 0.38, 0.21), 0.0),
        "black-wood": (texture.grain, (0.145, 0.14, 0.14), 0.0),
        "stand-wood": (texture.grain, (0.80, 0.62, 0.42), 0.0),
        "tiles": (texture.tiles, (0.95, 0.94, 0.91), 0.0),
        "outlook": (texture.outlook, (1.0, 1.0, 1.0), 1.0),
        "painting": (texture.paintings, (1.0, 1.0, 1.0), 0.1),
        "gleam": (texture.gleam, (1.0, 1.0, 1.0), 0.6),
        "blot": (texture.blot, (1.0, 1.0, 1.0), 0.0),
        "disc": (texture.disc, (1.0, 1.0, 1.0), 0.0),
        "rim": (texture.rim, (1.0, 1.0, 1.0), 0.0),
        "sunlight": (texture.sunlight, (1.0, 1.0, 1.0), 1.0),
    }
)
"""Pictures: who paints them, what colour they are dyed, and how much light they give."""

VEILS = ("blot", "disc", "rim", "sunlight")
"""Pictures that are laid over others."""

SCHEMES: Sequence[Mapping[str, Colour]] = (
    {
        "wall": (0.95, 0.91, 0.84), "accent": (0.60, 0.70, 0.64), "sofa": (0.34, 0.45, 0.55),
        "throw": (0.88, 0.64, 0.26), "front": (0.95, 0.94, 0.90), "worktop": (0.36, 0.34, 0.33),
        "chair": (0.86, 0.60, 0.26), "curtain": (0.86, 0.82, 0.72), "fridge": (0.88, 0.89, 0.90),
        "rug": (0.82, 0.60, 0.46),
    },
    {
        "wall": (0.91, 0.92, 0.90), "accent": (0.80, 0.52, 0.40), "sofa": (0.80, 0.74, 0.64),
        "throw": (0.72, 0.36, 0.27), "front": (0.55, 0.66, 0.62), "worktop": (0.82, 0.79, 0.73),
        "chair": (0.34, 0.52, 0.50), "curtain": (0.80, 0.60, 0.48), "fridge": (0.93, 0.92, 0.89),
        "rug": (0.50, 0.62, 0.62),
    },
    {
        "wall": (0.94, 0.92, 0.88), "accent": (0.40, 0.52, 0.62), "sofa": (0.72, 0.44, 0.34),
        "throw": (0.90, 0.82, 0.66), "front": (0.86, 0.78, 0.66), "worktop": (0.30, 0.30, 0.32),
        "chair": (0.78, 0.38, 0.30), "curtain": (0.56, 0.66, 0.74), "fridge": (0.60, 0.63, 0.66),
        "rug": (0.46, 0.54, 0.66),
    },
    {
        "wall": (0.93, 0.90, 0.89), "accent": (0.72, 0.62, 0.70), "sofa": (0.44, 0.54, 0.44),
        "throw": (0.86, 0.66, 0.62), "front": (0.93, 0.92, 0.92), "worktop": (0.58, 0.47, 0.36),
        "chair": (0.50, 0.40, 0.54), "curtain": (0.82, 0.76, 0.82), "fridge": (0.72, 0.84, 0.80),
        "rug": (0.76, 0.64, 0.68),
    },
    {
        "wall": (0.90, 0.91, 0.85), "accent": (0.92, 0.78, 0.56), "sofa": (0.40, 0.40, 0.46),
        "throw": (0.36, 0.62, 0.62), "front": (0.42, 0.50, 0.58), "worktop": (0.86, 0.84, 0.80),
        "chair": (0.30, 0.56, 0.58), "curtain": (0.90, 0.80, 0.58), "fridge": (0.90, 0.90, 0.88),
        "rug": (0.60, 0.60, 0.58),
    },
    {
        "wall": (0.93, 0.89, 0.86), "accent": (0.50, 0.60, 0.52), "sofa": (0.62, 0.36, 0.38),
        "throw": (0.88, 0.80, 0.70), "front": (0.70, 0.74, 0.66), "worktop": (0.34, 0.32, 0.30),
        "chair": (0.84, 0.70, 0.46), "curtain": (0.64, 0.70, 0.60), "fridge": (0.86, 0.82, 0.74),
        "rug": (0.74, 0.46, 0.42),
    },
)  # fmt: skip
"""Colours that go together."""

FLOORS: Sequence[Colour] = (
    (0.90, 0.71, 0.50), (0.74, 0.55, 0.38), (0.86, 0.76, 0.62), (0.80, 0.60, 0.40),
)  # fmt: skip
"""Oak, walnut, ash, cherry."""

STANDS: Sequence[Colour] = ((0.86, 0.67, 0.46), (0.93, 0.91, 0.88), (0.52, 0.42, 0.34))
"""Of the TV stand: oak, white, smoked oak."""


class Paint(NamedTuple):
    """How a surface is coloured.

    Attributes:
        material: its name in the model.
        row: the number of its ramp in the common texture, and how many there are.
    """

    material: str
    row: tuple[int, int]


@functools.cache
def _rows() -> dict[str, Colour]:
    return {**COLOURS, **METALS, **LIGHTS}


def find_paint(name: str) -> Paint:
    """The paint of a colour, tint or picture by its name."""
    rows = list(_rows())
    if name in TINTS or name in PICTURES:
        return Paint(name, (rows.index("plain"), len(rows)))
    kind = "metal" if name in METALS else "light" if name in LIGHTS else "matt"
    return Paint(kind, (rows.index(name), len(rows)))


def palette(number: int) -> dict[str, Colour]:
    """The colours of a home by material.

    Args:
        number: any whole number; neighbours differ.
    """
    scheme = dict(SCHEMES[number % len(SCHEMES)])
    round_ = number // len(SCHEMES)
    # Coprime strides: the same scheme comes back on another floor, with another stand.
    scheme["floor"] = FLOORS[(number + round_) % len(FLOORS)]
    stand = STANDS[(number + 2 * round_) % len(STANDS)]
    scheme["stand"] = scheme["stand-wood"] = stand
    return scheme


def add_materials(spec: Any) -> None:
    """Adds every material to a model, in the colours of palette 0."""
    _add_texture(spec, "ramps", texture.ramps(list(_rows().values())))
    for name, specular, emission in (
        ("matt", 0.04, 0.0),
        ("metal", 0.7, 0.0),
        ("light", 0.0, 0.9),
    ):
        _add_material(spec, name, "ramps", (1.0, 1.0, 1.0), specular, emission)
    colours = palette(0)
    for name in TINTS:
        shine = {"worktop": 0.22, "fridge": 0.35, "front": 0.10}.get(name, 0.03)
        _add_material(spec, name, "ramps", colours[name], shine, 0.0)
    painted: dict[Callable[[], Picture], str] = {}
    for name, (painter, colour, emission) in PICTURES.items():
        if painter not in painted:
            painted[painter] = f"{name} picture"
            _add_texture(spec, painted[painter], painter())
        dye = colours.get(name, colour)
        _add_material(spec, name, painted[painter], dye, 0.05, emission)


def _add_material(
    spec: Any, name: str, picture: str, colour: Colour, specular: float, emission: float
) -> None:
    import mujoco

    material = spec.add_material(name=name)
    # Only what is a little transparent is drawn with the opacity of its texture.
    material.rgba = [*colour, 0.99 if name in VEILS else 1.0]
    material.specular, material.shininess, material.emission = specular, 0.5, emission
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = picture


def _add_texture(spec: Any, name: str, picture: Picture) -> None:
    import mujoco

    height, width, channels = picture.shape
    made = spec.add_texture(
        name=name,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        height=height,
        width=width,
        nchannel=channels,
    )
    made.data = picture.tobytes()
