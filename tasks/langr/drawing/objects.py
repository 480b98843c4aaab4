"""The 81 objects, for MuJoCo: one mesh a finish, all of them visual only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ....core.errors import BadArgument, did_you_mean
from ..assets import ASSETS
from . import object_book as books
from . import object_food as food
from . import object_package as packages
from . import object_tool as tools
from . import object_toy as toys
from . import object_vessel as vessels
from .object_mesh import Mesh, Shape
from .object_palette import coordinates, material

MASS = 1e-3
"""Of each geom [kg]: nothing is ever moved by forces, but MuJoCo asks for some."""

CUPS = ("red", "orange", "yellow", "lime", "green", "turquoise", "azure", "navy", "purple", "pink")
"""Colours of the ten nested cups, from the smallest; of our own choice."""


def _nested(letter: str, colour: str) -> Callable[[], Shape]:
    asset = ASSETS[f"065-{letter}_cups"]
    return lambda: vessels.nesting_cup(asset.footprint[0], 2 * asset.rest, colour)


def _book(number: str, cover: str, ink: str, motif: str) -> Callable[[], Shape]:
    asset = ASSETS[f"frl_apartment_book_{number}"]
    length, thickness = asset.footprint
    return lambda: books.book(length, thickness, 2 * asset.rest, cover, ink, motif)


def _bowl(number: str, outside: str, inside: str, flare: float) -> Callable[[], Shape]:
    asset = ASSETS[f"frl_apartment_bowl_{number}"]
    height = min(2 * asset.rest, 0.42 * asset.footprint[0])
    return lambda: vessels.bowl(asset.footprint[0], height, outside, inside, flare)


def _cup(number: str, outside: str, inside: str, belly: float, band: str) -> Callable[[], Shape]:
    asset = ASSETS[f"frl_apartment_cup_{number}"]
    diameter, height = asset.footprint[0], 2 * asset.rest
    return lambda: vessels.beaker(diameter, height, outside, inside, belly, band)


def _clamp(name: str) -> Callable[[], Shape]:
    asset = ASSETS[name]
    return lambda: tools.clamp(*asset.footprint, 2 * asset.rest)


def _brick(*layers: tuple[int, int, float, float, str]) -> Callable[[], Shape]:
    return lambda: toys.bricks(layers)


def _plane(
    letter: str, colours: tuple[str, str, str], *, double: bool = False
) -> Callable[[], Shape]:
    asset = ASSETS[f"072-{letter}_toy_airplane"]
    length, span = asset.footprint
    # The two narrow ones have wings a little wider than they should, or they would be rockets.
    size = (length, max(span, 0.55 * length), 2 * asset.rest)
    return lambda: toys.small_plane(size, colours, double=double)


BUILDERS: Mapping[str, Callable[[], Shape]] = MappingProxyType(
    {
        "002_master_chef_can": packages.coffee_can,
        "003_cracker_box": packages.cracker_box,
        "004_sugar_box": packages.sugar_box,
        "005_tomato_soup_can": packages.soup_can,
        "007_tuna_fish_can": packages.fish_can,
        "008_pudding_box": packages.pudding_box,
        "009_gelatin_box": packages.gelatin_box,
        "010_potted_meat_can": packages.meat_can,
        "011_banana": food.banana,
        "012_strawberry": food.strawberry,
        "013_apple": food.apple,
        "014_lemon": food.lemon,
        "015_peach": food.peach,
        "016_pear": food.pear,
        "017_orange": food.orange,
        "018_plum": food.plum,
        "021_bleach_cleanser": packages.cleanser,
        "024_bowl": lambda: vessels.bowl(0.159, 0.0532, "scarlet", "crimson"),
        "025_mug": vessels.mug,
        "026_sponge": packages.sponge,
        "028_skillet_lid": vessels.lid,
        "029_plate": vessels.plate,
        "031_spoon": tools.spoon,
        "032_knife": tools.knife,
        "033_spatula": tools.spatula,
        "035_power_drill": tools.drill,
        "036_wood_block": toys.wood_block,
        "037_scissors": tools.scissors,
        "038_padlock": tools.padlock,
        "042_adjustable_wrench": tools.wrench,
        "043_phillips_screwdriver": tools.phillips_screwdriver,
        "044_flat_screwdriver": tools.flat_screwdriver,
        "048_hammer": tools.hammer,
        "050_medium_clamp": _clamp("050_medium_clamp"),
        "051_large_clamp": _clamp("051_large_clamp"),
        "052_extra_large_clamp": _clamp("052_extra_large_clamp"),
        "053_mini_soccer_ball": toys.soccer_ball,
        "054_softball": lambda: toys.ball(0.0466, "cream", "yellow", 0.012),
        "055_baseball": lambda: toys.ball(0.0362, "white", "red", 0.006),
        "056_tennis_ball": lambda: toys.ball(0.0325, "optic", "white", 0.006),
        "057_racquetball": lambda: toys.ball(0.0272, "blue"),
        **{
            f"065-{letter}_cups": _nested(letter, colour)
            for letter, colour in zip("abcdefghij", CUPS, strict=True)
        },
        "070-a_colored_wood_blocks": toys.block_tower,
        "070-b_colored_wood_blocks": toys.block_set,
        "072-a_toy_airplane": toys.propeller_plane,
        "072-b_toy_airplane": _plane("b", ("yellow", "red", "red")),
        "072-c_toy_airplane": _plane("c", ("white", "azure", "red")),
        "072-d_toy_airplane": _plane("d", ("red", "white", "blue")),
        "072-e_toy_airplane": _plane("e", ("azure", "yellow", "red"), double=True),
        "073-a_lego_duplo": _brick((4, 2, 0, 0, "red")),
        "073-b_lego_duplo": _brick((4, 2, 0, 0, "yellow"), (4, 2, 0, 0, "yellow")),
        "073-c_lego_duplo": _brick((2, 2, 0, 0, "blue")),
        "073-d_lego_duplo": _brick((2, 2, 0, 0, "green"), (2, 2, 0, 0, "green")),
        "073-e_lego_duplo": _brick((4, 4, 0, 0, "green"), (4, 2, 0, 1, "red")),
        "073-f_lego_duplo": _brick((4, 4, 0, 0, "blue"), (2, 4, 1, 0, "yellow")),
        "073-g_lego_duplo": _brick(
            (6, 4, 0, 0, "red"), (4, 4, 1, 0, "blue"), (2, 2, 1, 1, "yellow")
        ),
        "077_rubiks_cube": toys.puzzle_cube,
        "frl_apartment_book_01": _book("01", "red", "amber", "frame"),
        "frl_apartment_book_02": _book("02", "navy", "sky", "disc"),
        "frl_apartment_book_03": _book("03", "green", "cream", "stripe"),
        "frl_apartment_book_04": _book("04", "orange", "white", "disc"),
        "frl_apartment_book_05": _book("05", "purple", "amber", "frame"),
        "frl_apartment_book_06": _book("06", "teal", "white", "stripe"),
        "frl_apartment_bowl_01": _bowl("01", "white", "sky", 1.0),
        "frl_apartment_bowl_02": _bowl("02", "teal", "ivory", 1.1),
        "frl_apartment_bowl_03": _bowl("03", "terracotta", "ivory", 0.95),
        "frl_apartment_bowl_06": _bowl("06", "azure", "white", 1.05),
        "frl_apartment_bowl_07": _bowl("07", "slate", "mint", 0.95),
        "frl_apartment_cup_01": _cup("01", "white", "white", 0.72, "blue"),
        "frl_apartment_cup_02": _cup("02", "azure", "ivory", 0.8, ""),
        "frl_apartment_cup_03": _cup("03", "mint", "white", 0.68, "teal"),
        "frl_apartment_cup_05": _cup("05", "ivory", "ivory", 0.85, "terracotta"),
    }
)
"""How each asset is made."""


@functools.cache
def object_meshes(asset: str) -> tuple[Mesh, ...]:
    """The meshes of an asset in its own frame, made once a process.

    Args:
        asset: a name in ``assets.ASSETS``.

    Raises:
        BadArgument: there is no such asset.
    """
    if asset not in BUILDERS:
        raise BadArgument(
            f"there is no asset '{asset}' to draw; the names are those of tasks/langr/assets.py."
            f"{did_you_mean(asset, BUILDERS)}"
        )
    return tuple(BUILDERS[asset]().meshes(ASSETS[asset].rest))


def add_object(spec: Any, body: Any, asset: str) -> None:
    """Adds an asset's geoms to a body, and to the spec the meshes and materials that they need.

    A second instance of the same asset in the same spec shares the meshes of the first.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies; its frame becomes the asset's (see ``assets``).
        asset: a name in ``assets.ASSETS``.

    Raises:
        BadArgument: there is no such asset.
    """
    import mujoco

    for mesh in object_meshes(asset):
        name = f"object-{asset}-{mesh.finish}"
        if spec.mesh(name) is None:
            count = len(mesh.points)
            made = spec.add_mesh(
                name=name,
                uservert=mesh.points.reshape(-1),
                usernormal=mesh.normals.reshape(-1),
                usertexcoord=coordinates(mesh.colours).reshape(-1),
                userface=np.arange(count, dtype=np.int32),
            )
            # A shell has an inertia even where it is open; a solid's volume would be asked for.
            made.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=name,
            material=material(spec, mesh.finish),
            contype=0,
            conaffinity=0,
            mass=MASS,
        )
