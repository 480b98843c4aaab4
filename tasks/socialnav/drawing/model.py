"""A model that is compiled once and then dressed as any layout with any people in it.

It holds a stock of primitives, which become walls and furniture, and a number of figures. What
differs between layouts and episodes is written into a copy of the model: no layout needs to be
compiled.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .camera import ABOVE_FIELD, SHOULDER_FIELD
from .figure import LIMBS, PARTS, SIZES, add_meshes, add_person, mesh_of
from .material import MATERIALS, add_materials
from .primitive import Primitive
from .wardrobe import Outfit

Floats = NDArray[np.float64]

VIEWS = ("head", "third-person", "top-down")

HIDDEN = 5
"""The group of geoms that is not drawn; MuJoCo draws 0 to 2."""

NEAR, FAR = 0.03, 120.0
"""Nearest and farthest that is drawn [m]."""

FINE = 0.8
"""Pieces of people that would be smaller than this are not drawn [px]."""

COARSE = 40.0
"""Where a metre has fewer pixels than this, people have fewer faces [px/m]."""

STOCK, CROWD = 128, 8
"""Least number of primitives and of figures of a model; larger ones have twice as many, and so
on, so that few models are ever compiled."""

LIGHTS: tuple[tuple[tuple[float, float, float], float, tuple[float, float, float], bool], ...] = (
    ((-0.45, 0.55, -1.30), 0.36, (1.0, 0.97, 0.91), True),
    ((0.80, 0.30, -0.60), 0.18, (0.92, 0.96, 1.0), False),
    ((-0.25, -0.90, -0.40), 0.14, (0.97, 0.97, 1.0), False),
)
"""Direction, strength, colour, and whether it casts shadows on open ground in the profile that
has them. Of our own design."""

AMBIENT = (0.52, 0.52, 0.53)
"""Light from nowhere; of our own design."""


def stocked(least: int, wanted: int) -> int:
    """How many a model has where so many are wanted."""
    while least < wanted:
        least *= 2
    return least


@functools.lru_cache(maxsize=4)
def compiled(stock: int, crowd: int) -> Any:
    """A model with so many primitives and figures; to be copied, not changed."""
    import mujoco

    spec = mujoco.MjSpec()
    # Flat things have inertias that no solid has; nothing is ever moved by forces.
    spec.compiler.balanceinertia = True
    spec.stat.extent, spec.stat.center = 1.0, [0.0, 0.0, 1.0]
    visual = spec.visual
    visual.map.znear, visual.map.zfar = NEAR, FAR
    visual.map.shadowclip, visual.quality.shadowsize = 12.0, 4096
    visual.quality.numslices, visual.quality.numstacks = 20, 10  # of what is round
    visual.headlight.ambient = list(AMBIENT)
    visual.headlight.diffuse, visual.headlight.specular = [0.12] * 3, [0.05] * 3
    sky = spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        width=16,
        height=96,
    )
    sky.rgb1, sky.rgb2 = [0.45, 0.66, 0.90], [0.88, 0.92, 0.95]
    add_materials(spec)
    add_meshes(spec)
    world = spec.worldbody
    for direction, strength, colour, casts in LIGHTS:
        light = world.add_light(directional=True, castshadow=casts)
        light.pos, light.dir = [-20 * value for value in direction], list(direction)
        light.diffuse = [strength * channel for channel in colour]
        light.ambient, light.specular = [0.0] * 3, [0.25 * casts] * 3
    for name, field in (
        ("head", 90.0),
        ("third-person", SHOULDER_FIELD),
        ("top-down", ABOVE_FIELD),
    ):
        world.add_camera(name=name, fovy=field)
    # What is near comes first, so that what it hides costs nothing.
    for slot in range(crowd):
        add_person(spec, slot)
    for number in range(stock):
        world.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            name=f"stock {number}",
            size=[0.1, 0.1, 0.1],
            material="matt",
            contype=0,
            conaffinity=0,
        )
    return spec.compile()


class Stock:
    """Which geoms of a model are whose, as arrays.

    Args:
        model: from ``compiled``.
        crowd: its number of figures.
    """

    def __init__(self, model: Any, crowd: int) -> None:
        numbers = {model.geom(n).name: n for n in range(model.ngeom)}
        self.numbers = np.array([n for name, n in numbers.items() if name.startswith("stock")], int)
        self.pieces = np.array(
            [[numbers[f"person {slot} {name}"] for name in PARTS] for slot in range(crowd)], int
        ).reshape(crowd, len(PARTS))
        self.shadows = np.array([numbers[f"person {k} shadow"] for k in range(crowd)], int)
        mocaps = {model.body(n).name: int(model.body_mocapid[n]) for n in range(model.nbody)}
        self.limbs = np.array(
            [[mocaps[f"person {slot} {limb}"] for limb in LIMBS] for slot in range(crowd)], int
        ).reshape(crowd, len(LIMBS))
        self.below = np.array([mocaps[f"person {k} shadow"] for k in range(crowd)], int)
        self.sizes = np.array([part.size for part in PARTS.values()])
        meshes = {model.mesh(n).name: n for n in range(model.nmesh)}
        self._meshes = np.array(
            [
                [
                    [meshes[mesh_of(name, slot % len(SIZES), coarse)] for name in PARTS]
                    for coarse in (False, True)
                ]
                for slot in range(crowd)
            ],
            int,
        ).reshape(crowd, 2, len(PARTS))
        # These geoms are placed by numbers of the model's: none of their frames is their body's.
        model.geom_sameframe[self.numbers] = 0
        model.geom_sameframe[self.pieces.ravel()] = 0
        self._materials = {name: model.material(name).id for name in MATERIALS}

    def become(self, model: Any, parts: Sequence[Primitive]) -> dict[str, NDArray[np.bool_]]:
        """Makes the stock into some parts; says which geoms are drawn in each view, `[G]`."""
        import mujoco

        kinds = {
            "box": mujoco.mjtGeom.mjGEOM_BOX.value,
            "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER.value,
            "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID.value,
        }
        used = self.numbers[: len(parts)]
        model.geom_type[used] = [kinds[part.kind] for part in parts]
        model.geom_pos[used] = [part.centre for part in parts]
        model.geom_quat[used] = [part.turn for part in parts]
        model.geom_size[used] = [part.half for part in parts]
        model.geom_rbound[used] = [part.reach for part in parts]
        model.geom_matid[used] = [self._materials[part.material] for part in parts]
        model.geom_rgba[used, :3] = [part.colour for part in parts]
        model.geom_rgba[used, 3] = [
            0.99 if MATERIALS[part.material].veil else 1.0 for part in parts
        ]
        drawn = {}
        for view in VIEWS:
            drawn[view] = np.zeros(model.ngeom, bool)
            drawn[view][used] = [not part.views or view in part.views for part in parts]
        return drawn

    def refine(self, model: Any, slots: NDArray[np.int64], coarse: NDArray[np.bool_]) -> None:
        """Gives figures few or many faces.

        Args:
            model: the model.
            slots: which figures, `[N]`.
            coarse: for each, whether it has few, `[N]`.
        """
        pieces, meshes = self.pieces[slots], self._meshes[slots, coarse.astype(int)]
        model.geom_dataid[pieces] = meshes
        # MuJoCo keeps meshes in a frame of their own.
        model.geom_pos[pieces], model.geom_quat[pieces] = (
            model.mesh_pos[meshes],
            model.mesh_quat[meshes],
        )

    def dress(self, model: Any, outfits: Sequence[Outfit]) -> NDArray[np.bool_]:
        """Colours the first figures; says which of their pieces there are, `[N, P]`."""
        there = np.zeros((len(outfits), len(PARTS)), bool)
        for slot, outfit in enumerate(outfits):
            for column, part in enumerate(PARTS.values()):
                colour = getattr(outfit, part.paint)
                there[slot, column] = colour is not None
                if colour is not None:
                    model.geom_rgba[self.pieces[slot, column]] = [*colour, 1.0]
        return there
