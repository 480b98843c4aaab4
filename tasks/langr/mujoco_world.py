"""The default world: apartments drawn with MuJoCo, nothing simulated.

The geometry that rules ask about comes from the layout, without MuJoCo; a model is compiled when
the first picture is asked for.
"""

from __future__ import annotations

import collections
import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .drawing.piece import RUG_SIZE
from .drawing.scene import body_of, body_of_shell, compiled, overview, usual_copies
from .drawing.surface import palette
from .episode import Episode
from .home import Home, fridge_pose, home_named, place_at
from .layout import Layout, find_layout
from .shells import SHELLS
from .world import HomeState, View

if TYPE_CHECKING:
    from ..rendering import Renderer

NOWHERE = -9.0
"""A height at which nothing is seen [m]."""

HIDDEN = 5
"""The geom group that is not shown; MuJoCo shows 0 to 2."""


class MujocoWorld:
    """Draws homes of our own layouts.

    Args:
        image_size: height and width of pictures [px].
        profile: a name in ``rendering.PROFILES``.
    """

    def __init__(self, image_size: tuple[int, int] = (224, 224), profile: str = "fast") -> None:
        self._size, self._profile = image_size, profile
        self._stage: _Stage | None = None
        self._layout: Layout | None = None
        self._assets: tuple[str, ...] = ()
        self._info: dict[str, str] = {}

    @property
    def info(self) -> Mapping[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        if self._info:
            return self._info
        from ..rendering import select_backend

        return {"backend": select_backend(), "profile": self._profile}

    def load(self, episode: Episode) -> Home:
        """The geometry of the episode's home; what is drawn follows with the next picture.

        Raises:
            UnknownName: the home is none of ours and none of the official files'.
        """
        home = home_named(episode.home)
        self._layout = find_layout(episode.home)
        self._assets = tuple(placement.asset for placement in episode.objects)
        return home

    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]` of the home that was loaded last.

        Raises:
            RenderingUnavailable: no backend opens.
        """
        if self._layout is None:
            raise RuntimeError("load an episode first")
        counts = collections.Counter(self._assets)
        if self._stage is None or not self._stage.holds(counts):
            most = counts | self._stage.copies if self._stage else counts
            self.close()
            self._stage = _Stage(most, self._size, self._profile)
        self._stage.set(self._layout, self._assets)
        picture = self._stage.draw(state, view)
        self._info = self._stage.info
        return picture

    def close(self) -> None:
        """Frees the renderers; may be called twice."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None


class _Stage:
    """The model with data and renderers of its own, dressed as one home at a time.

    Attributes:
        copies: assets of which it holds more than the usual number, and how many.
    """

    def __init__(
        self, counts: collections.Counter[str], size: tuple[int, int], profile: str
    ) -> None:
        from .. import rendering

        rendering.prepare()
        import mujoco

        self._mujoco, self._rendering = mujoco, rendering
        self._size, self._profile = size, profile
        self.copies = collections.Counter(
            {asset: count for asset, count in counts.items() if count > usual_copies(asset)}
        )
        # A copy, because palettes and what is hidden are written into the model.
        self.model = copy.copy(compiled(tuple(sorted(self.copies.items()))))
        self._data = mujoco.MjData(self.model)
        names = [self.model.body(number).name for number in range(self.model.nbody)]
        self._optional = [
            number for number, name in enumerate(names) if name.startswith(("object ", "shell "))
        ]
        self._renderers: dict[str, Renderer] = {}
        self._dressed: tuple[Layout, tuple[str, ...]] | None = None
        self._known: list[Any] = []
        self.info: dict[str, str] = {}

    def holds(self, counts: Mapping[str, int]) -> bool:
        """Whether it has as many of each asset as an episode needs."""
        return all(
            self.copies.get(asset, usual_copies(asset)) >= count for asset, count in counts.items()
        )

    def set(self, layout: Layout, assets: tuple[str, ...]) -> None:
        """Puts the furniture where a layout has it, and shows the objects of an episode."""
        if self._dressed == (layout, assets):
            return
        self._dressed = (layout, assets)
        for name, pose in layout.pieces.items():
            self._move(name, (pose.x, pose.y, 0.0), _turned(pose.yaw))
        for name, pose in (
            ("kitchen", layout.kitchen),
            ("fridge", fridge_pose(layout)),
        ):
            self._move(name, (pose.x, pose.y, 0.0), _turned(pose.yaw))
        self._move("rug", *_rug_place(layout))
        for name, place in overview(SHELLS[layout.shell]).items():
            self._move(name, place, (1.0, 0.0, 0.0, 0.0))
        for material, colour in palette(layout.palette).items():
            self.model.mat_rgba[self.model.material(material).id, :3] = colour
        shown: collections.Counter[str] = collections.Counter()
        self._bodies = []
        for asset in assets:
            self._bodies.append(body_of(asset, shown[asset]))
            shown[asset] += 1
        self._hide_all_but([*self._bodies, body_of_shell(layout.shell)])
        self._slots = [self.model.body(name).mocapid[0] for name in self._bodies]
        self._known = [None] * len(assets)

    def _hide_all_but(self, bodies: list[str]) -> None:
        model = self.model
        wanted = {model.body(name).id for name in bodies}
        for number in self._optional:
            first, count = model.body_geomadr[number], model.body_geomnum[number]
            model.geom_group[first : first + count] = 0 if number in wanted else HIDDEN

    def _move(self, name: str, position: Any, rotation: Any) -> None:
        slot = self.model.body(name).mocapid[0]
        self._data.mocap_pos[slot] = position
        self._data.mocap_quat[slot] = rotation

    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A picture of a state."""
        data = self._data
        self._move("robot", (state.base.x, state.base.y, 0.0), _turned(state.base.yaw))
        for number, position in enumerate(state.positions):
            if position is not self._known[number]:
                self._known[number] = position
                data.mocap_pos[self._slots[number]] = position
                data.mocap_quat[self._slots[number]] = state.rotations[number]
        data.joint("fridge").qpos[0] = state.fridge
        for drawer, opened in state.drawers.items():
            data.joint(drawer).qpos[0] = opened
        self._mujoco.mj_kinematics(self.model, data)
        self._mujoco.mj_camlight(self.model, data)
        renderer = self._renderers.get(view)
        if renderer is None:
            renderer = self._renderers[view] = self._rendering.Renderer(
                self.model, *self._size, profile=self._profile, camera=view
            )
            self.info = dict(renderer.info)
        return renderer.render(data)

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def _turned(yaw: float) -> tuple[float, float, float, float]:
    return math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)


def _rug_place(layout: Layout) -> tuple[Any, Any]:
    """Position and rotation of the rug: in front of the sofa, or nowhere where a wall is there."""
    sofa = layout.pieces["Sofa"]
    x, y, _ = place_at(sofa, 1.0, 0.0, 0.0)
    depth, width = RUG_SIZE
    corners = [
        place_at(sofa, 1.0 + ahead * depth / 2, left * width / 2, 0.0)
        for ahead in (-1, 1)
        for left in (-1, 1)
    ]
    fits = all(
        any(x0 <= px <= x1 and y0 <= py <= y1 for x0, y0, x1, y1 in SHELLS[layout.shell].rooms)
        for px, py, _ in corners
    )
    return (x, y, 0.0 if fits else NOWHERE), _turned(sofa.yaw)
