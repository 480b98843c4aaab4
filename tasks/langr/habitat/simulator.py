"""What is asked of habitat-sim in its own terms: a configuration, parts, places, receptacles.

Part of the program of ``worker``: works with Python 3.8. Names of habitat-sim's API are those of
its versions 0.3.0 to 0.3.4.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

RADIUS = 0.3
"""Of the robot as the path finder sees it [m]; habitat-lab's ``rearrange_sim.yaml``."""

HEIGHT = 1.5
"""Of the same [m]."""

VIEWS = ("head", "third-person", "top-down")
"""Each has an agent of its own, which is no more than a camera: so only one is drawn at a time."""

ALOFT = 10.0
"""Height above the floor of the camera that sees the whole home [m]; of our own design."""

CUT = 2.3
"""From this height on it sees nothing, so that no ceiling hides the rooms [m]; our own design."""

SPAN = 6.5
"""Half of what it sees of the floor along the picture's shorter side [m]; our own design."""

SEED = 0
"""Of the path finder, whose random points are part of the home's geometry."""


class Refused(Exception):
    """A request that cannot be met for a reason that the user can mend."""


def habitat() -> Any:
    """The module ``habitat_sim``, imported when it is first asked for."""
    return importlib.import_module("habitat_sim")


def magnum() -> Any:
    """The module ``magnum``, which comes along with it: its vectors and quaternions."""
    return importlib.import_module("magnum")


def configure(scene: str, size: Sequence[int], gpu: int) -> Any:
    """A configuration with one agent a view.

    The scenes' own lights and image-based lighting are on by default and stay on: without the
    latter, scenes that bring no lights are nearly black.

    Args:
        scene: file of a scene, or ``NONE`` for an empty one.
        size: height and width of pictures [px].
        gpu: number of the device that draws; -1 where there is none.
    """
    simulator = habitat().SimulatorConfiguration()
    simulator.scene_id = scene
    simulator.gpu_device_id = gpu
    simulator.random_seed = SEED
    agents = []
    for view in VIEWS:
        camera = habitat().CameraSensorSpec()
        camera.uuid = view
        camera.sensor_type = habitat().SensorType.COLOR
        camera.resolution = list(size)
        camera.position = np.zeros(3, np.float32)
        camera.hfov = 90.0
        if view == "top-down":
            across = SPAN * max(1.0, size[1] / size[0])
            camera.hfov = math.degrees(2 * math.atan2(across, ALOFT))
            camera.near = ALOFT - CUT
        agent = habitat().AgentConfiguration()
        agent.height, agent.radius = HEIGHT, RADIUS
        agent.sensor_specifications = [camera]
        agents.append(agent)
    return habitat().Configuration(simulator, agents)


def still(thing: Any, motion: Any) -> None:
    """Gives a thing with joints a kind of motion, and takes its motors away."""
    thing.motion_type = motion
    for motor in list(thing.existing_joint_motor_ids):
        thing.remove_joint_motor(motor)


def find_link(thing: Any, name: str) -> int:
    """The number of a part of a thing with joints; -1 is its body.

    Raises:
        Refused: it has no such part.
    """
    for link in range(-1, thing.num_links):
        if thing.get_link_name(link) == name:
            return link
    raise Refused(f"{thing.handle} has no part {name}")


def matrix_of(node: Any) -> Any:
    """Where a node of the scene is, `[4, 4]`, by what it does to points."""
    whole, transformation = np.eye(4), node.absolute_transformation()
    ends = [
        np.array(transformation.transform_point(magnum().Vector3(*point)), float)
        for point in ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    ]
    whole[:3, 3] = ends[0]
    whole[:3, :3] = np.stack([end - ends[0] for end in ends[1:]], axis=1)
    return whole


def bounds_of(node: Any) -> tuple[list[float], list[float]]:
    """Lowest and highest corner of what a node of the scene carries, in its own frame [m]."""
    box = node.cumulative_bb
    return [float(one) for one in box.min], [float(one) for one in box.max]


def receptacle_boxes(attributes: Any, scale: float) -> list[tuple[str, str, Any, Any]]:
    """Name, parent link and corners of each receptacle box that a configuration defines."""
    found = []
    for key in attributes.get_subconfig_keys():
        if "receptacle_aabb_" not in key:
            continue
        one = attributes.get_subconfig(key)
        name = str(one.get("name")) if one.has_value("name") else str(key)
        part = str(one.get("parent_link")) if one.has_value("parent_link") else ""
        # ``scale`` is half the box's sides: habitat-lab hands it to Range3D.from_center.
        centre, half = (scale * np.array(one.get(word), float) for word in ("position", "scale"))
        found.append((name, part, centre - half, centre + half))
    return found
