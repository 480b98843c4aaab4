"""The default world: apartments drawn with MuJoCo, nothing simulated.

The geometry that rules ask about comes from the layout, without MuJoCo; a model is compiled when
the first picture is asked for, and serves every home from then on.
"""

from __future__ import annotations

import collections
import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from .assets import ASSETS
from .drawing.arrangement import arrange
from .drawing.camera import Shoulder, above
from .drawing.fridge import HINGE
from .drawing.material import palette
from .drawing.robot import grip, turned
from .drawing.stage import body_of, compiled, shadow_of, shell_body, spare
from .episode import Episode
from .home import GRIPPER, Box, Home, home_named, place_at
from .layout import Layout, Pose, find_layout
from .shells import SHELLS
from .vocabulary import DRAWERS, OPEN_AIR
from .world import HomeState, View

if TYPE_CHECKING:
    from ..rendering import Renderer

HIDDEN = 5
"""The group of geoms that is not drawn; MuJoCo draws 0 to 2."""

UNSEEN: Mapping[str, tuple[str, ...]] = {
    "head": ("robot",),  # it is all behind the camera
    "third-person": ("pendant",),
    "top-down": ("cupboards", "pendant"),  # they would cover what lies below
}
"""Bodies that a view leaves out."""

LIFT = 0.0025
"""Height of an object's shadow above what it falls on [m]."""


class MujocoWorld:
    """Draws our own homes and those of the official files.

    Args:
        image_size: height and width of pictures [px].
        profile: a name in ``rendering.PROFILES``.
    """

    def __init__(self, image_size: tuple[int, int] = (224, 224), profile: str = "fast") -> None:
        self._size, self._profile = image_size, profile
        self._stage: _Stage | None = None
        self._home: Home | None = None
        self._assets: tuple[str, ...] = ()
        self._most: collections.Counter[str] = collections.Counter()

    @property
    def info(self) -> Mapping[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        if self._stage is not None and self._stage.info:
            return self._stage.info
        from ..rendering import select_backend

        return {"backend": select_backend(), "profile": self._profile}

    def load(self, episode: Episode) -> Home:
        """The geometry of the episode's home; what is drawn follows with the next picture.

        Raises:
            UnknownName: the home is none of ours and none of the official files'.
        """
        self._home = home_named(episode.home)
        self._assets = tuple(placement.asset for placement in episode.objects)
        self._most |= collections.Counter(self._assets)
        return self._home

    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]` of the home that was loaded last.

        Raises:
            BadArgument: no episode was loaded, or the state is not of its objects.
            RenderingUnavailable: no backend opens.
        """
        if self._home is None or len(state.positions) != len(self._assets):
            raise BadArgument("this state is not of the episode loaded last; load(episode) first")
        if self._stage is None or not self._stage.has(self._most):
            self.close()
            self._stage = _Stage(self._most, self._size, self._profile)
        self._stage.dress(self._home, self._assets)
        return self._stage.draw(state, view)

    def close(self) -> None:
        """Frees the renderers; may be called twice."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None

    def __getstate__(self) -> dict[str, Any]:
        """All but what draws: a copy opens renderers of its own."""
        return {**self.__dict__, "_stage": None}


class _Stage:
    """A compiled model with its data and renderers, dressed as one home at a time."""

    def __init__(self, most: Mapping[str, int], size: tuple[int, int], profile: str) -> None:
        from .. import rendering

        rendering.prepare()
        import mujoco

        self._mujoco, self._rendering = mujoco, rendering
        self._size, self._profile = size, profile
        # Where shadows are drawn, what is out of view may cast one into it.
        self._shadowed = rendering.PROFILES[profile].flags.get("mjRND_SHADOW", True)
        self._most = {asset: count for asset, count in most.items() if count > spare(asset)}
        # A copy, because palettes and what is hidden are written into the model.
        self.model = copy.copy(compiled(tuple(sorted(self._most.items()))))
        self._data = mujoco.MjData(self.model)
        self._renderers: dict[str, Renderer] = {}
        self._slots = {
            self.model.body(number).name: int(self.model.body_mocapid[number])
            for number in range(self.model.nbody)
        }
        self._cameras = {view: self.model.camera(view).id for view in UNSEEN}
        names = [self.model.body(number).name for number in range(self.model.nbody)]
        self._owners = np.array([names[body] for body in self.model.geom_bodyid])
        self._home: Home | None = None
        self._assets: tuple[str, ...] | None = None
        self.info: dict[str, str] = {}

    def has(self, counts: Mapping[str, int]) -> bool:
        """Whether there are bodies enough for so many of each asset."""
        return all(self._most.get(asset, spare(asset)) >= count for asset, count in counts.items())

    def dress(self, home: Home, assets: tuple[str, ...]) -> None:
        """Makes it a home with some objects: moves furniture, paints, hides what is not there."""
        if home is not self._home:
            self._furnish(home)
            self._home, self._assets = home, None
        if assets != self._assets:
            self._assets = assets
            counts: collections.Counter[str] = collections.Counter()
            copies = []
            for asset in assets:
                copies.append((asset, counts[asset]))
                counts[asset] += 1
            bodies = [body_of(*one) for one in copies]
            shadows = [shadow_of(*one) for one in copies]
            self._objects = np.array([self._slots[name] for name in bodies], int)
            self._shadows = np.array([self._slots[name] for name in shadows], int)
            self._cast_from: list[object] = [None] * len(assets)
            self._hide({*self._standing, *bodies, *shadows})

    def _furnish(self, home: Home) -> None:
        layout: Layout = find_layout(home.id)
        shell = SHELLS[layout.shell]
        stands = arrange(layout, shell, home)
        for name, stand in stands.items():
            self._move(name, (stand.x, stand.y, stand.z), turned(stand.yaw))
        self._kitchen = layout.kitchen
        self._fridge = Pose(stands["fridge"].x, stands["fridge"].y, stands["fridge"].yaw)
        place, rotation = above(shell, self._size[1] / self._size[0])
        self._move("above", place, rotation)
        self._shoulder = Shoulder(layout, shell, "cupboards" in stands)
        for material, colour in palette(layout.palette).items():
            self.model.mat_rgba[self.model.material(material).id, :3] = colour
        self._standing = {*stands, *DRAWERS, "fridge door", "robot", "arm", "finger 1", "finger -1"}
        self._standing.add(shell_body(layout.shell))
        self._surfaces = [
            (box, box.centre[2] - box.half[2] + 0.025)
            for name, box in home.receptacles.items()
            if name in OPEN_AIR or name in ("Chr1", "fridge-shelf")
        ]

    def _hide(self, shown: set[str]) -> None:
        """Works out, for each view, the group of every geom."""
        self._groups = {}
        for view, unseen in UNSEEN.items():
            drawn = np.isin(self._owners, list(shown - set(unseen)))
            self._groups[view] = np.where(drawn, 0, HIDDEN).astype(np.int32)

    def _move(self, name: str, position: Any, rotation: Any) -> None:
        slot = self._slots[name]
        self._data.mocap_pos[slot] = position
        self._data.mocap_quat[slot] = rotation

    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A picture of a state of the home."""
        self._pose(state, view)
        self._mujoco.mj_kinematics(self.model, self._data)
        self._mujoco.mj_camlight(self.model, self._data)
        groups = self._groups[view]
        if not self._shadowed:
            groups = np.where(self._in_view(view), groups, HIDDEN)
        self.model.geom_group[:] = groups
        renderer = self._renderers.get(view)
        if renderer is None:
            renderer = self._renderers[view] = self._rendering.Renderer(
                self.model, *self._size, profile=self._profile, camera=view
            )
            self.info = dict(renderer.info)
        return renderer.render(self._data)

    def _in_view(self, view: View) -> NDArray[np.bool_]:
        """Which geoms may reach into a camera's field: MuJoCo itself draws what is behind, too.

        A geom is left out only where the whole sphere around it is beyond one side of the field.
        """
        number = self._cameras[view]
        right, up, back = self._data.cam_xmat[number].reshape(3, 3).T
        tall = math.tan(math.radians(self.model.cam_fovy[number]) / 2)
        wide = tall * self._size[1] / self._size[0]
        sides = np.stack(
            [
                *((-back * wide + sign * right) / math.hypot(1, wide) for sign in (1, -1)),
                *((-back * tall + sign * up) / math.hypot(1, tall) for sign in (1, -1)),
            ]
        )
        distances = (self._data.geom_xpos - self._data.cam_xpos[number]) @ sides.T
        seen: NDArray[np.bool_] = (distances > -self.model.geom_rbound[:, None]).all(axis=1)
        return seen

    def _pose(self, state: HomeState, view: View) -> None:
        data, base = self._data, state.base
        heading = turned(base.yaw)
        for name in ("robot", "arm"):
            self._move(name, (base.x, base.y, 0.0), heading)
        assets = self._assets or ()
        held = None if state.held is None else ASSETS[assets[state.held]]
        reach = grip(0.05 if held is None else held.footprint[1])
        for side in (1, -1):
            place = place_at(base, GRIPPER[0], GRIPPER[1] + side * reach, GRIPPER[2])
            self._move(f"finger {side}", place, heading)
        if view == "third-person":
            self._move("shoulder", *self._shoulder.find(base))
        if assets:
            data.mocap_pos[self._objects] = state.positions
            data.mocap_quat[self._objects] = state.rotations
            self._cast(state)
        for drawer, opened in state.drawers.items():
            place = place_at(self._kitchen, opened, 0.0, 0.0)
            self._move(drawer, place, turned(self._kitchen.yaw))
        hinge = place_at(self._fridge, *HINGE, 0.0)
        self._move("fridge door", hinge, turned(self._fridge.yaw + state.fridge))

    def _cast(self, state: HomeState) -> None:
        """Puts each object's shadow on what is below it, or out of sight."""
        for number, position in enumerate(state.positions):
            known = (position, number == state.held)
            if self._cast_from[number] == known:
                continue
            self._cast_from[number] = known
            x, y, z = position
            below = -1.0
            if number != state.held:
                for box, surface in self._surfaces:
                    if below < surface < z + 0.005 and _is_over(box, x, y):
                        below = surface
            slot = self._shadows[number]
            w, i, j, k = state.rotations[number]
            self._data.mocap_pos[slot] = (x, y, below + LIFT)
            yaw = math.atan2(2 * (w * k + i * j), 1 - 2 * (j * j + k * k))
            self._data.mocap_quat[slot] = turned(yaw)

    def close(self) -> None:
        """Frees the renderers."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _is_over(box: Box, x: float, y: float) -> bool:
    return box.contains((x, y, box.centre[2]))
