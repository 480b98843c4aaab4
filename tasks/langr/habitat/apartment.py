"""One apartment of ReplicaCAD in habitat-sim: entered, stocked, measured and drawn.

Part of the program of ``worker``: works with Python 3.8, and needs numpy and habitat-sim alone.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .geometry import (
    box_around,
    corners,
    from_habitat,
    look,
    to_habitat,
    transformed,
    turn_to_habitat,
    upright_box,
)
from .simulator import (
    ALOFT,
    HEIGHT,
    RADIUS,
    SEED,
    VIEWS,
    Refused,
    bounds_of,
    configure,
    find_link,
    habitat,
    magnum,
    matrix_of,
    receptacle_boxes,
    still,
)

ROBOT = os.path.join("robots", "hab_fetch", "robots", "hab_suction.urdf")
"""Fetch with a suction gripper; habitat-lab's ``agents/fetch_suction.yaml``."""

REST = {
    15: -0.45, 16: -1.08, 17: 0.1, 18: 0.935, 19: -0.001, 20: 1.573, 21: 0.005,
    6: 0.15, 8: 0.0, 9: math.pi / 2,
}  # fmt: skip
"""Link to joint position: of the arm, the back and the head; habitat-lab's ``fetch_robot.py``."""

HAND = 23
"""The link of the gripper; habitat-lab's ``fetch_suction.py``."""

HAND_OFFSET = (0.08, 0.0, 0.0)
"""From that link to where it holds, in its frame [m]; habitat-lab's ``fetch_robot.py``."""

RIGS = {
    "head": ((0.25, 1.2, 0.0), (0.75, 1.0, 0.0)),
    "third-person": ((-0.5, 1.7, -0.5), (1.0, 0.0, 0.75)),
}
"""Where cameras are and what they look at in the robot's frame, x ahead, y up, z to the right [m];
habitat-lab's ``fetch_robot.py``."""

OBJECTS = (
    os.path.join("objects", "ycb", "configs"),
    os.path.join("replica_cad", "configs", "objects"),
)
"""Where the configurations of movable objects lie in the assets."""

TRIES = 10
"""How often a place whose nearest point cannot be found is tried again, each time in a larger
circle: 1.5 m and then 0.5 m more; habitat-lab's ``safe_snap_point``."""


class Apartment:
    """One simulator and what it shows. Entering another scene keeps the simulator.

    Args:
        assets: the folder that habitat's downloader calls ``data``.
        size: height and width of pictures [px].
        gpu: number of the device that draws; -1 where there is none.
        shaded: whether corners are darkened (habitat's ambient occlusion).
    """

    def __init__(self, assets: str, size: Sequence[int], gpu: int, shaded: bool = False) -> None:
        self._assets, self._size, self._gpu, self._shaded = assets, list(size), gpu, shaded
        self._sim: Any = None
        self._scene = ""
        self._stock: list[str] = []
        self._objects: list[Any] = []
        self._robot: Any = None
        self._floor, self._ground, self._island = 0.0, 0.0, -1

    # -- what can be asked ----------------------------------------------------------------------

    def load(
        self, request: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Enters ``scene`` with ``objects``; measures it where ``measure`` is asked for."""
        self._floor = float(request["floor"])
        if request["scene"] != self._scene:
            self._enter(str(request["scene"]))
        if request["objects"] != self._stock:
            self._stock_up([str(asset) for asset in request["objects"]])
        return self._measure(request) if request["measure"] else ({}, {})

    def draw(
        self, request: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Puts everything in its place and takes the picture ``rgb`` `[H, W, 3]` of ``view``."""
        if not self._scene:
            raise Refused("no scene is loaded")
        for index, thing in enumerate(self._objects):
            point = to_habitat(arrays["positions"][index], self._floor)
            w, x, y, z = turn_to_habitat(arrays["rotations"][index])
            thing.translation = magnum().Vector3(*point)
            thing.rotation = magnum().Quaternion(magnum().Vector3(x, y, z), w)
        for name, joints in request["joints"].items():
            self._set_joints(self._articulated(name), joints)
        ahead, left, yaw = (float(part) for part in request["base"])
        base = (ahead, self._ground, -left)
        if self._robot is not None:
            self._robot.translation = magnum().Vector3(*base)
            axis = magnum().Vector3(0.0, math.sin(yaw / 2), 0.0)
            self._robot.rotation = magnum().Quaternion(axis, math.cos(yaw / 2))
        return {}, {"rgb": self._picture(str(request["view"]), base, yaw)}

    def close(self) -> None:
        """Frees the simulator; may be called twice."""
        if self._sim is not None:
            self._sim.close()
        self._sim, self._scene = None, ""

    # -- entering -------------------------------------------------------------------------------

    def _path(self, *parts: str) -> str:
        return os.path.join(self._assets, *parts)

    def _enter(self, scene: str) -> None:
        file = self._path("replica_cad", "configs", "scenes", f"{scene}.scene_instance.json")
        if not os.path.isfile(file):
            raise Refused(f"there is no scene {scene}: looked for {file}")
        simulator = configure(file, self._size, self._gpu)
        simulator.sim_cfg.scene_dataset_config_file = self._path(
            "replica_cad", "replicaCAD.scene_dataset_config.json"
        )
        simulator.sim_cfg.enable_physics = True
        simulator.sim_cfg.enable_hbao = self._shaded
        # Whatever happens below, what was there before is gone.
        self._scene, self._stock, self._objects, self._robot = "", [], [], None
        if self._sim is None:
            self._sim = habitat().Simulator(simulator)
            for folder in OBJECTS:
                if os.path.isdir(self._path(folder)):
                    self._sim.get_object_template_manager().load_configs(self._path(folder))
        else:
            self._sim.reconfigure(simulator)
        self._find_floor(scene)
        self._settle(habitat().physics.MotionType.KINEMATIC)
        if os.path.isfile(self._path(ROBOT)):
            self._robot = self._add_robot()
        self._scene = scene

    def _find_floor(self, scene: str) -> None:
        """Loads the scene's map of where to walk, or makes one, which is not stored."""
        finder = self._sim.pathfinder
        stored = self._path("replica_cad", "navmeshes", f"{scene}.navmesh")
        if os.path.isfile(stored):
            finder.load_nav_mesh(stored)
        if not finder.is_loaded:
            settings = habitat().nav.NavMeshSettings()
            settings.set_defaults()
            settings.agent_radius, settings.agent_height = RADIUS, HEIGHT
            settings.include_static_objects = True
            # Only what is static blocks the way, so the kitchen has to be for this moment.
            self._settle(habitat().physics.MotionType.STATIC)
            self._sim.recompute_navmesh(finder, settings)
        if not finder.is_loaded or not finder.num_islands:
            raise Refused(f"{scene} has no floor to walk on: looked for {stored}")
        self._island = max(
            range(finder.num_islands),
            key=lambda index: float(finder.island_area(island_index=index)),
        )
        finder.seed(SEED)
        self._ground = float(np.median(self._sample(100)[:, 1]))

    def _settle(self, motion: Any) -> None:
        """Gives everything that has joints a kind of motion, and takes its motors away."""
        manager = self._sim.get_articulated_object_manager()
        for handle in manager.get_object_handles():
            still(manager.get_object_by_handle(handle), motion)

    def _add_robot(self) -> Any:
        manager = self._sim.get_articulated_object_manager()
        robot = manager.add_articulated_object_from_urdf(self._path(ROBOT), fixed_base=True)
        still(robot, habitat().physics.MotionType.KINEMATIC)
        positions = list(robot.joint_positions)
        for link, position in REST.items():
            if link < robot.num_links:
                positions[robot.get_link_joint_pos_offset(link)] = position
        robot.joint_positions = positions
        return robot

    def _stock_up(self, assets: list[str]) -> None:
        """Removes the objects of the last episode and adds those of this one."""
        manager = self._sim.get_rigid_object_manager()
        templates = self._sim.get_object_template_manager()
        for thing in self._objects:
            manager.remove_object_by_id(thing.object_id)
        self._stock, self._objects = [], []
        for asset in assets:
            file = f"{asset}.object_config.json"
            known = templates.get_template_handles(file)
            found = [handle for handle in known if os.path.basename(handle) == file]
            if not found:
                folders = " and ".join(self._path(folder) for folder in OBJECTS)
                raise Refused(f"there is no {file} in {folders}")
            thing = manager.add_object_by_template_handle(found[0])
            thing.motion_type = habitat().physics.MotionType.KINEMATIC
            thing.collidable = False
            self._objects.append(thing)
        self._stock = list(assets)

    # -- measuring ------------------------------------------------------------------------------

    def _measure(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The geometry of the scene with everything closed, in polyathlon's frame."""
        for name, parts in request["parts"].items():
            self._set_joints(self._articulated(name), dict.fromkeys(parts.values(), 0.0))
        drawers, markers, axes = {}, {}, []
        for name, parts in request["parts"].items():
            thing = self._articulated(name)
            for place, part in parts.items():
                link = find_link(thing, part)
                matrix = matrix_of(thing.get_link_scene_node(link))
                offset = np.array([request["handles"][place]], float)
                point = from_habitat(transformed(matrix, offset), self._floor)[0]
                markers[place] = [float(part) for part in point]
                if place != request["fridge"]:
                    low, high = bounds_of(thing.get_link_scene_node(link))
                    drawers[place] = upright_box(matrix, low, high, self._floor)
                    axes.append(self._axis(thing, part, matrix))
        receptacles = self._receptacles(request["receptacles"])
        points = dict(markers)
        for place, box in receptacles.items():
            points.setdefault(place, box["centre"])
        self._sim.pathfinder.seed(SEED)
        sampled = self._sample(int(request["samples"]))
        axis = np.mean(axes, axis=0)
        header = {
            "receptacles": receptacles,
            "markers": markers,
            "drawers": drawers,
            "drawer_axis": (axis / np.linalg.norm(axis)).tolist(),
            "fridge": self._whole(request["parts"], request["fridge"]),
            "stands": {place: self._stand(point) for place, point in points.items()},
            "gripper": self._gripper(),
            "ground": self._ground - self._floor,
        }
        return header, {"floor": from_habitat(sampled, self._floor)[:, :2]}

    def _receptacles(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The boxes that the configurations of furniture define, by polyathlon's names.

        Where several pieces of furniture define the same name the last one holds, as in
        habitat-lab's ``_create_recep_info``.
        """
        found = {}
        rigid = self._sim.get_rigid_object_manager()
        ours = {thing.object_id for thing in self._objects}
        for handle in rigid.get_object_handles():
            thing = rigid.get_object_by_handle(handle)
            if thing.object_id in ours:
                continue
            # The second visual node carries the scale and shift of the asset; habitat-lab's
            # ``receptacle.py`` measures in its frame.
            for name, _, low, high in receptacle_boxes(thing.user_attributes, 1.0):
                found[name] = (thing.visual_scene_nodes[1], low, high)
        jointed = self._sim.get_articulated_object_manager()
        for handle in jointed.get_object_handles():
            thing = jointed.get_object_by_handle(handle)
            for name, part, low, high in receptacle_boxes(
                thing.user_attributes, thing.global_scale
            ):
                link = find_link(thing, part) if part else -1
                found[name] = (thing.get_link_scene_node(link), low, high)
        missing = sorted(set(names) - set(found))
        if missing:
            raise Refused(
                f"{self._scene} has no receptacle {', '.join(missing)}: "
                "the assets are of another version than rearrange_task_assets"
            )
        return {
            ours_name: upright_box(matrix_of(found[name][0]), *found[name][1:], self._floor)
            for name, ours_name in names.items()
        }

    def _axis(self, thing: Any, part: str, shut: Any) -> Any:
        """Where a drawer goes when it opens `[3]`, found by opening it a little."""
        link = find_link(thing, part)
        self._set_joints(thing, {part: 0.1})
        opened = matrix_of(thing.get_link_scene_node(link))
        self._set_joints(thing, {part: 0.0})
        return from_habitat(opened[:3, 3] - shut[:3, 3], 0.0)

    def _whole(self, parts: Mapping[str, Any], fridge: str) -> dict[str, Any]:
        """The box around all parts of the fridge, turned as its body is."""
        name = next(name for name, places in parts.items() if fridge in places)
        thing = self._articulated(name)
        points = []
        for link in range(-1, thing.num_links):
            node = thing.get_link_scene_node(link)
            low, high = bounds_of(node)
            if np.isfinite([low, high]).all() and (np.array(high) > np.array(low)).any():
                points.append(transformed(matrix_of(node), corners(low, high)))
        body = upright_box(matrix_of(thing.root_scene_node), (0, 0, 0), (1, 1, 1), self._floor)
        return box_around(from_habitat(np.concatenate(points), self._floor), body["yaw"])

    def _sample(self, count: int) -> Any:
        """Random points of the largest island `[N, 3]` in habitat's frame."""
        finder = self._sim.pathfinder
        points = [
            np.array(finder.get_random_navigable_point(100, self._island), float)
            for _ in range(count)
        ]
        kept = [point for point in points if np.isfinite(point).all()]
        if not kept:
            raise Refused(f"{self._scene} has no floor to stand on")
        return np.stack(kept)

    def _stand(self, point: Sequence[float]) -> list[float]:
        """The navigable point nearest to a point, and the heading towards it: x, y, yaw."""
        finder = self._sim.pathfinder
        target = np.array(to_habitat(point, self._floor), np.float32)
        found = np.array(finder.snap_point(target, self._island), float)
        for turn in range(TRIES):
            if np.isfinite(found).all():
                break
            found = np.array(
                finder.get_random_navigable_point_near(
                    circle_center=target,
                    radius=1.5 + 0.5 * turn,
                    max_tries=1000,
                    island_index=self._island,
                ),
                float,
            )
        if not np.isfinite(found).all():
            raise Refused(f"{self._scene} has no floor near {[round(one, 2) for one in point]}")
        x, y, _ = from_habitat(found, self._floor)
        return [float(x), float(y), math.atan2(point[1] - y, point[0] - x)]

    def _gripper(self) -> list[float] | None:
        """Where the robot holds things in its own frame: ahead, to the left, up [m]."""
        if self._robot is None or self._robot.num_links <= HAND:
            return None
        hand = transformed(
            matrix_of(self._robot.get_link_scene_node(HAND)), np.array([HAND_OFFSET], float)
        )
        base = matrix_of(self._robot.root_scene_node)
        local = np.linalg.solve(base, np.append(hand[0], 1.0))[:3]
        return [float(one) for one in from_habitat(local, 0.0)]

    # -- moving and drawing ---------------------------------------------------------------------

    def _articulated(self, name: str) -> Any:
        manager = self._sim.get_articulated_object_manager()
        for handle in manager.get_object_handles():
            if os.path.basename(handle).startswith(f"{name}_:"):
                return manager.get_object_by_handle(handle)
        raise Refused(f"the scene {self._scene} has no {name}")

    def _set_joints(self, thing: Any, joints: Mapping[str, float]) -> None:
        positions = list(thing.joint_positions)
        for part, position in joints.items():
            positions[thing.get_link_joint_pos_offset(find_link(thing, part))] = float(position)
        thing.joint_positions = positions

    def _picture(self, view: str, base: Sequence[float], yaw: float) -> Any:
        if view == "top-down":
            low, high = (np.array(bound, float) for bound in self._sim.pathfinder.get_bounds())
            x, _, z = (low + high) / 2
            floor = np.array([x, self._ground, z])
            eye, target, up = floor + np.array([0.0, ALOFT, 0.0]), floor, (0.0, 0.0, -1.0)
        else:
            cos, sin = math.cos(yaw), math.sin(yaw)
            turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
            eye, target = (turn @ np.array(point) + base for point in RIGS[view])
            up = (0.0, 1.0, 0.0)
        number = VIEWS.index(view)
        state = habitat().AgentState()
        state.position = np.array(eye, np.float32)
        state.rotation = look(eye, target, up)
        self._sim.get_agent(number).set_state(state)
        seen = self._sim.get_sensor_observations(agent_ids=number)[view]
        return np.ascontiguousarray(np.asarray(seen)[..., :3], np.uint8)
