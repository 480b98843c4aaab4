"""Upstream's kitchen as a model, with the benchmark's cameras, and the world that runs it.

The model is upstream's own file read through ``MjSpec``: cameras are added, which changes
nothing that moves.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..robotics import load_robotics

MODEL = "envs/assets/kitchen_franka/kitchen_assets/kitchen_env_model.xml"
"""The kitchen in the package ``gymnasium_robotics``."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A camera that looks at a point.

    Attributes:
        target: the point [m].
        distance: from it [m].
        azimuth: direction of the view about the vertical, 0 along x [deg].
        elevation: of the view above the horizon [deg].
    """

    target: tuple[float, float, float]
    distance: float
    azimuth: float
    elevation: float

    def pose(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the camera stands `[3]` [m], and its orientation as a matrix `[3, 3]`."""
        turn, tilt = np.deg2rad(self.azimuth), np.deg2rad(self.elevation)
        ahead = np.array([np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), np.sin(tilt)])
        right = np.array([np.sin(turn), -np.cos(turn), 0.0])
        frame = np.stack([right, np.cross(right, ahead), -ahead], axis=1)
        return np.asarray(self.target) - self.distance * ahead, frame


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "lexa": View(target=(-0.3, 0.5, 2.0), distance=1.86, azimuth=90.0, elevation=-60.0),
        "left": View(target=(-0.4, 0.5, 2.0), distance=2.1, azimuth=70.0, elevation=-37.5),
        "right": View(target=(-0.2, 0.75, 2.0), distance=2.2, azimuth=150.0, elevation=-30.0),
    }
)
"""Cameras 12, 0 and 1 of D5RL's kitchens (github.com/d5rlbenchmark/d5rl)."""

WRIST = "wrist"
"""The camera on the hand; its pose and angle are those of D5RL's ``gripper_camera_rgb``."""

CAMERAS = (*VIEWS, WRIST, "left_cap", "right_cap")
"""D5RL's, and upstream's own two."""


def read_spec() -> Any:
    """Upstream's kitchen as a fresh ``mujoco.MjSpec``, with the cameras of ``CAMERAS``."""
    folder = Path(load_robotics("kitchen").__file__).parent
    import mujoco

    spec = mujoco.MjSpec.from_file(str(folder / MODEL))
    for name, view in VIEWS.items():
        place_view(spec.worldbody.add_camera(name=name, fovy=45.0), view)
    turn = np.empty(4)
    mujoco.mju_euler2Quat(turn, np.array([2.792526, 0.3490658, -0.755398]), "xyz")
    hand = spec.body("panda0_link7")
    hand.add_camera(name=WRIST, pos=[0.15, -0.15, 0.0], quat=turn, fovy=50.0)
    return spec


def place_view(camera: Any, view: View) -> None:
    """Puts a camera of a ``mujoco.MjSpec`` where a view is seen from."""
    import mujoco

    place, frame = view.pose()
    turn = np.empty(4)
    mujoco.mju_mat2Quat(turn, frame.ravel())
    camera.pos, camera.quat = place, turn


@functools.cache
def standard_model() -> Any:
    """The standard kitchen, compiled once a process. Nobody changes it."""
    return read_spec().compile()


def build_world(elements: Sequence[str]) -> Any:
    """Upstream's environment (``FrankaKitchen-v1``) in which elements stay once done.

    Args:
        elements: upstream's names of what is to be done.

    Raises:
        MissingExtra: ``gymnasium_robotics`` or ``mujoco`` is not installed.
    """
    load_robotics("kitchen")
    from gymnasium_robotics.envs.franka_kitchen import KitchenEnv

    world = KitchenEnv(
        tasks_to_complete=list(elements),
        terminate_on_tasks_completed=False,
        remove_task_when_completed=False,
    )
    move_in(world, standard_model())
    return world


def move_in(world: Any, model: Any) -> None:
    """Lets upstream's environment run another model of the same coordinates."""
    import mujoco

    data = mujoco.MjData(model)
    for part in (world, world.robot_env):
        part.model, part.data = model, data
