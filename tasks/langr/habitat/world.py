"""ReplicaCAD's apartments behind the same door as our own: the ``habitat`` backend."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, WorkerFault
from ....core.stopwatch import RENDERING
from ...rendering import check_profile
from ..episode import Episode
from ..home import GRIPPER, Box, Home, Point
from ..layout import FLOOR, Pose
from ..vocabulary import DRAWERS, FRIDGE, NAVIGABLE, OFFICIAL_RECEPTACLES, RECEPTACLES
from ..world import HomeState, View
from .bridge import Bridge, Deadlines
from .settings import WORKER, find_assets, find_gpu, find_python

SCENE = re.compile(r"v3_sc\d+_staging_\d+")
"""What the scenes of ReplicaCAD with static furniture are called: these are the official homes."""

PARTS: Mapping[str, Mapping[str, str]] = {
    "kitchen_counter": {
        "cab_push_point_7": "drawer1_top",
        "cab_push_point_6": "drawer2_top",
        "cab_push_point_5": "drawer3",
        "cab_push_point_4": "drawer4",
    },
    "fridge": {FRIDGE: "top_door"},
}
"""Thing with joints, to the part that each handle moves; the markers of the official files."""

HANDLES: Mapping[str, Point] = {
    **dict.fromkeys(DRAWERS, (0.3, 0.0, 0.0)),
    FRIDGE: (0.10, -0.62, 0.2),
}
"""Where a handle is in the frame of its part [m]; the markers of the official files."""

SAMPLES = 1000
"""Points of the floor from which start poses are drawn; of our own design."""


class _Box(msgspec.Struct):
    centre: Point
    half: Point
    yaw: float

    def home(self) -> Box:
        return Box(self.centre, self.half, self.yaw)


class _Geometry(msgspec.Struct):
    """What the process tells of a scene."""

    receptacles: dict[str, _Box]
    markers: dict[str, Point]
    drawers: dict[str, _Box]
    drawer_axis: Point
    fridge: _Box
    stands: dict[str, tuple[float, float, float]]
    gripper: Point | None


class HabitatWorld:
    """The apartments of ReplicaCAD with the objects of YCB, drawn by habitat-sim elsewhere.

    Only homes that are ReplicaCAD's scenes can be loaded: those of the official episodes. After a
    fault of the process the next ``load`` starts another.

    Two things are not as in the original. A receptacle's box is turned with its furniture; the
    original spans it between two transformed corners, which is too small wherever furniture is not
    square to the axes. And the robot may start where its arm touches something.

    Args:
        image_size: height and width of pictures [px].
        profile: ``fast``, or ``full`` for ambient occlusion.
        python: the interpreter that has habitat-sim; by default the one that is named.
        assets: the folder of the assets; by default ``POLYATHLON_HABITAT_ASSETS``.
        deadlines: how long the process may take.

    Raises:
        HabitatUnavailable: interpreter, habitat-sim or assets are not there; says what to type.
        WorkerFault: the process starts and does not answer as it should.
        BadArgument: no such profile.
    """

    def __init__(
        self,
        image_size: tuple[int, int],
        profile: str = "fast",
        python: str | None = None,
        assets: str | os.PathLike[str] | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._profile, self._size = check_profile(profile), image_size
        self._python, self._assets = find_python(python), find_assets(assets)
        self._deadlines = deadlines or Deadlines()
        self._bridge: Bridge | None = None
        self._homes: dict[str, Home] = {}
        self._device, self._drawn = "", False
        self._started()  # What is wrong with it is said now, not in the first episode.

    def __getstate__(self) -> dict[str, Any]:
        """Refuses to be copied: its home stands in a process of its own.

        Raises:
            BadArgument: always.
        """
        raise BadArgument("a task in the habitat backend cannot be copied; make it anew")

    @property
    def info(self) -> Mapping[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""
        told = {"backend": "habitat", "profile": self._profile}
        return {**told, "device": self._device} if self._drawn else told

    def load(self, episode: Episode) -> Home:
        """Enters the episode's home with its objects, and gives its geometry.

        Raises:
            BadArgument: the home is no scene of ReplicaCAD.
            HabitatUnavailable: the assets lack the scene or an object.
            WorkerFault: the process failed.
        """
        if not SCENE.fullmatch(episode.home):
            raise BadArgument(
                f"the habitat backend has no home '{episode.home}': it knows ReplicaCAD's scenes, "
                'such as v3_sc3_staging_00. Play official episodes with it: episodes="official"'
            )
        known = self._homes.get(episode.home)
        bridge = self._started()
        words, arrays = bridge.call(
            "load",
            self._deadlines.load,
            {
                "scene": episode.home,
                "objects": [placement.asset for placement in episode.objects],
                "floor": FLOOR,
                "measure": known is None,
                "receptacles": OFFICIAL_RECEPTACLES,
                "parts": PARTS,
                "handles": HANDLES,
                "fridge": FRIDGE,
                "samples": SAMPLES,
            },
        )
        if known is None:
            known = self._homes[episode.home] = self._home(episode.home, words, arrays)
        return known

    @RENDERING.counts
    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]` of the home that was loaded last.

        Raises:
            WorkerFault: nothing is loaded, or the process failed.
        """
        if self._bridge is None:
            raise WorkerFault("protocol", "habitat-sim: nothing is loaded; reset first")
        joints = {
            "kitchen_counter": {
                part: state.drawers[drawer] for drawer, part in PARTS["kitchen_counter"].items()
            },
            "fridge": dict.fromkeys(PARTS["fridge"].values(), state.fridge),
        }
        base = state.base
        _, arrays = self._bridge.call(
            "draw",
            self._deadlines.draw,
            {"view": view, "base": [base.x, base.y, base.yaw], "joints": joints},
            {
                "positions": np.array(state.positions, float).reshape(-1, 3),
                "rotations": np.array(state.rotations, float).reshape(-1, 4),
            },
        )
        picture = arrays.get("rgb")
        if picture is None or picture.dtype != np.uint8 or picture.shape != (*self._size, 3):
            raise self._broken("a picture of another size or kind was drawn")
        self._drawn = True
        rgb: NDArray[np.uint8] = picture
        return rgb

    def close(self) -> None:
        """Ends the process; may be called twice."""
        if self._bridge is not None:
            self._bridge.close(self._deadlines.close)
            self._bridge = None

    def _started(self) -> Bridge:
        if self._bridge is None or not self._bridge.alive:
            gpu = find_gpu(self._python)
            height, width = self._size
            command = [self._python, str(WORKER), "--assets", str(self._assets)]
            command += ["--width", str(width), "--height", str(height), "--gpu", str(gpu)]
            command += ["--shaded"] * (self._profile == "full")
            # Paths in the assets' own files may begin with ``data/``.
            self._bridge = Bridge(command, Path(self._assets).parent, self._deadlines.hello)
            drawn = f"GPU {gpu}" if gpu >= 0 else "no GPU chosen"
            self._device = f"habitat-sim {self._bridge.about.get('habitat_sim')}, {drawn}"
        return self._bridge

    def _broken(self, what: str) -> WorkerFault:
        if self._bridge is not None:
            self._bridge.close(0.0)
        return WorkerFault("protocol", f"habitat-sim: {what}")

    def _home(self, name: str, words: Mapping[str, Any], arrays: Mapping[str, Any]) -> Home:
        try:
            told = msgspec.convert(words, _Geometry)
            floor = arrays["floor"]
            floor.setflags(write=False)
            if floor.ndim != 2 or floor.shape[1] != 2 or not len(floor):
                raise ValueError("the floor is no list of points")
            return Home(
                id=name,
                receptacles={place: told.receptacles[place].home() for place in RECEPTACLES},
                markers={place: told.markers[place] for place in (*DRAWERS, FRIDGE)},
                drawers={drawer: told.drawers[drawer].home() for drawer in DRAWERS},
                drawer_axis=told.drawer_axis,
                fridge=told.fridge.home(),
                stands={place: Pose(*told.stands[place]) for place in NAVIGABLE},
                floor=floor,
                gripper=told.gripper or GRIPPER,
            )
        except (msgspec.ValidationError, KeyError, ValueError) as error:
            raise self._broken(
                f"the geometry of {name} is not what was asked for: {error}"
            ) from error
