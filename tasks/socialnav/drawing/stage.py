"""A compiled model with its data and renderers, dressed as one layout at a time."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import MissingExtra
from . import camera, gait
from .machine import vertical_field
from .model import COARSE, CROWD, FINE, HIDDEN, LIGHTS, STOCK, VIEWS, Stock, compiled, stocked
from .scenery import Movers, Scenery
from .wardrobe import Outfit

if TYPE_CHECKING:
    from ...rendering import Renderer
    from ..painter import Sight

Floats = NDArray[np.float64]


class Stage:
    """Shows layouts of up to some size with up to so many people.

    Args:
        parts: most primitives that it will ever be dressed with.
        people: most figures.
        size: height and width of pictures [px].
        profile: a name in ``rendering.PROFILES``.
        eye: height of the robot's camera [m].
        field: its horizontal field of view [deg].

    Raises:
        MissingExtra: MuJoCo is not installed.
    """

    def __init__(
        self, parts: int, people: int, size: tuple[int, int], profile: str, eye: float, field: float
    ) -> None:
        from ... import rendering

        rendering.prepare()
        try:
            import mujoco
        except ModuleNotFoundError as error:
            raise MissingExtra("socialnav", "socialnav", "mujoco") from error

        self._mujoco, self._rendering = mujoco, rendering
        self._size, self._profile, self._eye = size, profile, eye
        self._limit = stocked(STOCK, parts), stocked(CROWD, people)
        # A copy, because layouts, colours and what is hidden are written into the model.
        self.model = copy.copy(compiled(*self._limit))
        self.data = mujoco.MjData(self.model)
        self._stock = Stock(self.model, self._limit[1])
        self._cameras = {view: self.model.camera(view).id for view in VIEWS}
        self.model.cam_fovy[self._cameras["head"]] = vertical_field(field, size[1] / size[0])
        # Where shadows are drawn, what is out of view may cast one into it.
        self._shadowed = rendering.PROFILES[profile].flags.get("mjRND_SHADOW", True)
        self._renderers: dict[str, Renderer] = {}
        self.info: dict[str, str] = {}

    def fits(self, parts: int, people: int) -> bool:
        """Whether it can be dressed with so much."""
        return parts <= self._limit[0] and people <= self._limit[1]

    def dress(self, scenery: Scenery, outfits: Sequence[Outfit]) -> None:
        """Makes it a layout with people who look like this."""
        model = self.model
        self._scenery = scenery
        moving = [part for group in scenery.groups for part in group]
        self._drawn = self._stock.become(model, [*scenery.still, *moving])
        first = len(scenery.still)
        self._moving = self._stock.numbers[first : first + len(moving)]
        self._movers = Movers(scenery.groups)
        self._pieces = self._stock.dress(model, outfits)
        # A ceiling would keep the sun out.
        model.light_castshadow[: len(LIGHTS)] = [
            casts and not scenery.indoors for *_, casts in LIGHTS
        ]
        above = camera.above(scenery.space, self._size[1] / self._size[0])
        self._look("top-down", *above)

    def _look(self, view: str, place: Any, rotation: Any) -> None:
        self.model.cam_pos[self._cameras[view]] = place
        self.model.cam_quat[self._cameras[view]] = rotation

    def show(self, sight: Sight, view: str) -> None:
        """Puts everybody and everything in place and works out what a view has in it."""
        things = np.reshape(sight.things if len(sight.things) else self._scenery.poses, (-1, 3))
        poses = np.concatenate([np.reshape(sight.robot, (1, 3)), things])
        centres, turns = self._movers.place(poses.astype(np.float64))
        self.model.geom_pos[self._moving], self.model.geom_quat[self._moving] = centres, turns
        if view == "head":
            self._look(view, *camera.ahead(sight.robot, self._eye))
        elif view == "third-person":
            self._look(view, *camera.behind(sight.robot, self._scenery.segments))
        there = self._pose(sight)
        self._mujoco.mj_kinematics(self.model, self.data)
        self._mujoco.mj_camlight(self.model, self.data)
        drawn = self._drawn[view].copy()
        if len(there):
            self._draw_people(drawn, there, view)
            self._mujoco.mj_kinematics(self.model, self.data)
        if not self._shadowed:
            drawn &= self._in_view(view)
        self.model.geom_group[:] = np.where(drawn, 0, HIDDEN)

    def _pose(self, sight: Sight) -> NDArray[np.int64]:
        """Places limbs and shadows of those who are there; says who is."""
        count = len(sight.places)
        there = np.flatnonzero(np.isfinite(np.reshape(sight.places, (-1, 2))).all(axis=1))
        if not count or not len(there):
            return there
        places = np.where(np.isfinite(sight.places), sight.places, 0.0)
        headings = np.nan_to_num(_filled(sight.headings, count))
        speeds = np.nan_to_num(_filled(sight.speeds, count))
        walked = sight.walked
        if not len(walked):
            walked = places[:, 0] * np.cos(headings) + places[:, 1] * np.sin(headings)
        signs = sight.signs if len(sight.signs) else np.zeros(count, np.int64)
        ways = sight.ways if len(sight.ways) else headings
        at, turns = gait.pose(
            places, headings, speeds, np.nan_to_num(walked), signs, np.nan_to_num(ways), sight.time
        )
        limbs = self._stock.limbs[:count].ravel()
        self.data.mocap_pos[limbs] = at.reshape(-1, 3)
        self.data.mocap_quat[limbs] = turns.reshape(-1, 4)
        below = self._stock.below[:count]
        self.data.mocap_pos[below, :2] = places
        self.data.mocap_pos[below, 2] = 0.003
        self.data.mocap_quat[below] = turns[:, 0]
        return there

    def _draw_people(self, drawn: NDArray[np.bool_], there: NDArray[np.int64], view: str) -> None:
        pieces = self._pieces[there]
        trunks = self.data.mocap_pos[self._stock.limbs[there, 0]]
        away = np.linalg.norm(trunks - self.data.cam_xpos[self._cameras[view]], axis=1)
        half = math.tan(math.radians(self.model.cam_fovy[self._cameras[view]]) / 2)
        pixels = self._size[0] / (2 * half * np.maximum(away, 1e-3))  # a metre has there
        self._stock.refine(self.model, there, pixels < COARSE)
        pieces = pieces & (pixels[:, None] * self._stock.sizes >= FINE)
        drawn[self._stock.pieces[there]] = pieces
        drawn[self._stock.shadows[there]] = True

    def _in_view(self, view: str) -> NDArray[np.bool_]:
        """Which geoms may reach into a camera's field: MuJoCo itself draws what is behind, too.

        A geom is left out only where the whole sphere around it is beyond one side of the field.
        """
        number = self._cameras[view]
        right, up, back = self.data.cam_xmat[number].reshape(3, 3).T
        tall = math.tan(math.radians(self.model.cam_fovy[number]) / 2)
        wide = tall * self._size[1] / self._size[0]
        sides = np.stack(
            [
                *((-back * wide + sign * right) / math.hypot(1, wide) for sign in (1, -1)),
                *((-back * tall + sign * up) / math.hypot(1, tall) for sign in (1, -1)),
            ]
        )
        distances = (self.data.geom_xpos - self.data.cam_xpos[number]) @ sides.T
        seen: NDArray[np.bool_] = (distances > -self.model.geom_rbound[:, None]).all(axis=1)
        return seen

    def renderer(self, view: str) -> Renderer:
        """What draws a view; opened when first asked for.

        Raises:
            RenderingUnavailable: no backend opens.
        """
        renderer = self._renderers.get(view)
        if renderer is None:
            renderer = self._renderers[view] = self._rendering.Renderer(
                self.model, *self._size, profile=self._profile, camera=view
            )
            self.info = dict(renderer.info)
        return renderer

    def close(self) -> None:
        """Frees the renderers; may be called twice."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _filled(values: Floats, count: int) -> Floats:
    return values if len(values) else np.zeros(count)
