"""Stands in for ``habitat_sim``: a toy apartment behind the real API's names.

Run by the real worker program, so it works with Python 3.8 and needs numpy alone. It is strict
where habitat-sim is: unknown attributes of configurations, a camera's place that is not float32
and a rotation that is no unit quaternion are errors. Pictures are what a pinhole camera sees of
objects as coloured dots: enough to tell left from right, near from far, and one frame from another.

The variable ``HABITAT_STAND_IN`` makes it fail as planned: ``chatter``, ``raise``, ``die``,
``hang``, ``no-bullet``, ``gpu-aborts``, several joined by commas.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
import types

import numpy as np
from magnum_stand_in import Matrix4, Range3D, Vector3, rotation_of

FLOOR = 0.12
FAULTS = set(os.environ.get("HABITAT_STAND_IN", "").split(","))


def turn(axis, angle):
    """A rotation matrix about y or x."""
    cos, sin = math.cos(angle), math.sin(angle)
    if axis == "y":
        return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def pose(place, rotation=None):
    whole = np.eye(4)
    whole[:3, 3] = place
    if rotation is not None:
        whole[:3, :3] = rotation
    return whole


# --- configurations ------------------------------------------------------------------------


class SimulatorConfiguration:
    __slots__ = (
        "enable_hbao", "enable_physics", "gpu_device_id", "random_seed",
        "scene_dataset_config_file", "scene_id",
    )  # fmt: skip

    def __init__(self):
        self.gpu_device_id, self.random_seed, self.enable_physics = 0, 0, False
        self.scene_dataset_config_file, self.scene_id, self.enable_hbao = "default", "NONE", False


class Configuration:
    def __init__(self, sim_cfg, agents):
        self.sim_cfg, self.agents = sim_cfg, agents


class AgentConfiguration:
    __slots__ = ("action_space", "body_type", "height", "radius", "sensor_specifications")


class AgentState:
    __slots__ = ("position", "rotation", "sensor_states")


class CameraSensorSpec:
    __slots__ = (
        "_position", "clear_color", "far", "hfov", "near", "orientation", "resolution",
        "sensor_subtype", "sensor_type", "uuid",
    )  # fmt: skip

    def __init__(self):
        self.hfov, self.near, self._position = 90.0, 0.01, np.array([0, 1.5, 0], np.float32)

    @property
    def position(self):
        return self._position

    @position.setter
    def position(self, value):
        assert value.dtype == np.float32
        self._position = value


class UserAttributes:
    """What a configuration's ``user_defined`` becomes."""

    def __init__(self, values):
        self._values = values

    def get_subconfig_keys(self):
        return [key for key, value in self._values.items() if isinstance(value, dict)]

    def get_subconfig(self, key):
        return UserAttributes(self._values[key])

    def has_value(self, key):
        return key in self._values

    def get(self, key):
        value = self._values[key]
        return Vector3(*value) if isinstance(value, tuple) else value


class NavMeshSettings:
    __slots__ = ("agent_height", "agent_radius", "include_static_objects")

    def set_defaults(self):
        self.agent_height, self.agent_radius, self.include_static_objects = 1.5, 0.1, False


# --- things --------------------------------------------------------------------------------


class Node:
    def __init__(self, where, bounds=((0, 0, 0), (0, 0, 0))):
        self._where, self._bounds = where, bounds

    def absolute_transformation(self):
        return Matrix4(self._where())

    @property
    def cumulative_bb(self):
        return Range3D(*self._bounds)


class Rigid:
    def __init__(self, number, handle, where, attributes=None):
        self.object_id, self.handle, self._where = number, handle, where
        self.user_attributes = UserAttributes(attributes or {})
        self.motion_type, self.collidable = "STATIC", True
        # The first node is the object's own, the second that of its asset, shifted.
        self.visual_scene_nodes = [Node(lambda: pose((9, 9, 9))), Node(lambda: self._where)]

    translation = property(lambda self: Vector3(*self._where[:3, 3]))
    rotation = property(lambda self: self._where[:3, :3])

    @translation.setter
    def translation(self, value):
        assert isinstance(value, Vector3)
        assert self.motion_type == "KINEMATIC"
        self._where = pose([*value], self._where[:3, :3])

    @rotation.setter
    def rotation(self, value):
        self._where = pose(self._where[:3, 3], value.matrix())


class Articulated:
    """A body and parts that slide along their x or turn about their y."""

    def __init__(self, handle, where, parts, bounds, attributes=None):
        self.handle, self._where, self._parts, self._bounds = handle, where, parts, bounds
        self.user_attributes = UserAttributes(attributes or {})
        self.motion_type, self.global_scale = "DYNAMIC", 1.0
        self._positions = [0.3] * len(parts)  # Ajar, until somebody shuts it.
        self.existing_joint_motor_ids = {7: 0}

    root_scene_node = property(lambda self: Node(lambda: self._where, self._bounds))
    num_links = property(lambda self: len(self._parts))
    joint_positions = property(lambda self: list(self._positions))
    translation = property(lambda self: Vector3(*self._where[:3, 3]))
    rotation = property(lambda self: self._where[:3, :3])

    @joint_positions.setter
    def joint_positions(self, values):
        assert len(values) == len(self._positions)
        self._positions = [float(value) for value in values]

    @translation.setter
    def translation(self, value):
        self._where = pose([*value], self._where[:3, :3])

    @rotation.setter
    def rotation(self, value):
        self._where = pose(self._where[:3, 3], value.matrix())

    def remove_joint_motor(self, motor):
        del self.existing_joint_motor_ids[motor]

    def get_link_name(self, link):
        return "body" if link == -1 else self._parts[link][0]

    def get_link_joint_pos_offset(self, link):
        assert link >= 0
        return link

    def get_link_scene_node(self, link):
        if link == -1:
            return self.root_scene_node
        _, offset, kind, bounds = self._parts[link]

        def where():
            value = self._positions[link]
            moved = pose((value, 0, 0)) if kind == "slide" else pose((0, 0, 0), turn("y", value))
            return self._where @ pose(offset) @ moved

        return Node(where, bounds)


def receptacle(position, half, **more):
    return dict(position=position, scale=half, **more)


class Finder:
    """Two islands; all of the larger can be reached."""

    ISLANDS = (((3.0, 7.0), (3.5, 7.5)), ((-1.5, -1.0), (2.5, 6.0)))

    def __init__(self):
        self.is_loaded, self.num_islands = False, 0
        self.seed(0)

    def _load(self):
        self.is_loaded, self.num_islands = True, 2

    def load_nav_mesh(self, path):
        assert os.path.isfile(path)
        self._load()
        return True

    def seed(self, number):
        self._dice = np.random.RandomState(number)

    def island_area(self, island_index=-1):
        (x0, z0), (x1, z1) = self.ISLANDS[island_index]
        return (x1 - x0) * (z1 - z0)

    def get_bounds(self):
        return np.array([-1.5, FLOOR, -1.0], "f4"), np.array([3.5, FLOOR, 7.5], "f4")

    def get_random_navigable_point(self, max_tries=10, island_index=-1):
        low, high = self.ISLANDS[island_index]
        x, z = self._dice.uniform(low, high)
        return np.array([x, FLOOR, z], np.float32)

    def snap_point(self, point, island_index=-1):
        (x0, z0), (x1, z1) = self.ISLANDS[island_index]
        found = np.array([np.clip(point[0], x0, x1), FLOOR, np.clip(point[2], z0, z1)], "f4")
        return found if np.hypot(*(found - point)[[0, 2]]) < 2.0 else np.full(3, np.nan, "f4")

    def get_random_navigable_point_near(
        self, circle_center, radius, max_tries=100, island_index=-1
    ):
        for _ in range(max_tries):
            point = self.get_random_navigable_point(1, island_index)
            if np.hypot(*(point - circle_center)[[0, 2]]) < radius:
                return point
        return np.full(3, np.nan, "f4")


# --- managers and the simulator --------------------------------------------------------------


class Manager:
    def __init__(self, things):
        self.things = {thing.handle: thing for thing in things}

    def get_object_handles(self, search_str="", contains=True):
        return sorted(self.things)

    def get_object_by_handle(self, handle):
        return self.things[handle]


class RigidManager(Manager):
    number = 100

    def add_object_by_template_handle(self, handle):
        RigidManager.number += 1
        stem = os.path.basename(handle).split(".")[0]
        count = sum(name.startswith(stem + "_:") for name in self.things)
        thing = Rigid(self.number, "%s_:%04d" % (stem, count), pose((0, 0, 0)))  # noqa: UP031
        self.things[thing.handle] = thing
        return thing

    def remove_object_by_id(self, number):
        self.things = {name: one for name, one in self.things.items() if one.object_id != number}


class ArticulatedManager(Manager):
    def add_articulated_object_from_urdf(self, path, fixed_base=False):
        assert os.path.isfile(path)
        assert fixed_base
        parts = [("part%d" % link, (0, 0, 0), "turn", ((0, 0, 0), (0, 0, 0))) for link in range(23)]  # noqa: UP031
        # The hand is ahead, to the right (+z of the robot's frame) and up.
        parts.append(("hand", (0.5, 1.0, 0.2), "slide", ((0, 0, 0), (0, 0, 0))))
        robot = Articulated("hab_suction_:0000", pose((0, 0, 0)), parts, ((0, 0, 0), (1, 1, 1)))
        robot.joint_positions = [0.0] * len(parts)
        self.things[robot.handle] = robot
        return robot


class TemplateManager:
    def __init__(self):
        self.files = []

    def load_configs(self, path):
        self.files += [os.path.join(path, name) for name in sorted(os.listdir(path))]

    def get_template_handles(self, search_str="", contains=True):
        return [name for name in self.files if search_str in name]


class Agent:
    def __init__(self, configuration):
        (self.camera,) = configuration.sensor_specifications
        self.state = None

    def set_state(self, state):
        assert state.position.dtype == np.float32
        self.state = pose(state.position, rotation_of(state.rotation))


class Simulator:
    living = 0

    def __init__(self, config):
        Simulator.living += 1
        assert Simulator.living == 1, "each costs 5 to 20 s"
        if "gpu-aborts" in FAULTS and config.sim_cfg.gpu_device_id >= 0:
            os.abort()
        if "chatter" in FAULTS:
            print("garbage on standard output", flush=True)
            os.write(1, b"\x00\xff more of it, past Python\n")
        self.templates = TemplateManager()
        self.entered = []
        self.reconfigure(config)

    def reconfigure(self, config):
        assert config.agents[0].sensor_specifications[0].uuid == "head"
        self.pathfinder = Finder()
        self.agents = [Agent(one) for one in config.agents]
        self.entered.append(config.sim_cfg.scene_id)
        empty = config.sim_cfg.scene_id == "NONE"
        assert empty or config.sim_cfg.enable_physics
        assert empty or os.path.isfile(config.sim_cfg.scene_dataset_config_file)
        self.rigid = RigidManager([] if empty else furniture())
        self.articulated = ArticulatedManager([] if empty else [kitchen(), fridge()])

    def close(self):
        Simulator.living -= 1

    def get_rigid_object_manager(self):
        return self.rigid

    def get_articulated_object_manager(self):
        return self.articulated

    def get_object_template_manager(self):
        return self.templates

    def recompute_navmesh(self, pathfinder, settings):
        assert settings.include_static_objects
        assert all(one.motion_type == "STATIC" for one in self.articulated.things.values())
        pathfinder._load()
        return True

    def get_agent(self, number):
        return self.agents[number]

    def get_sensor_observations(self, agent_ids=0):
        if "raise" in FAULTS:
            raise RuntimeError("the picture tore")
        if "die" in FAULTS:
            sys.stderr.write("a last word\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in FAULTS:
            time.sleep(600)
        agent = self.agents[agent_ids]
        camera = agent.camera
        height, width = camera.resolution
        seen = np.full((height, width, 4), 40, np.uint8)
        if agent.state is not None:
            focal = width / 2 / math.tan(math.radians(camera.hfov) / 2)
            inverse = np.linalg.inv(agent.state)
            for thing in self.rigid.things.values():
                x, y, z = (inverse @ [*thing.translation, 1.0])[:3]
                if -z > camera.near:
                    column = int(width / 2 + focal * x / -z)
                    row = int(height / 2 - focal * y / -z)
                    if 0 <= row < height and 0 <= column < width:
                        tone = (thing.object_id * 37) % 200 + 55
                        seen[row - 1 : row + 2, column - 1 : column + 2] = tone
            doors = sum(sum(one.joint_positions) for one in self.articulated.things.values())
            seen[0, 0, 0] = int(100 * doors) % 256
        return {camera.uuid: seen}


def furniture():
    """Tables, a sofa that stands askew, and two chairs of the same name."""
    prefix = "receptacle_aabb_"
    pieces = [
        ("frl_apartment_table_01", "Tbl1_Top1_frl_apartment_table_01", (1.0, 3.0), 0.0,
         (0.0, 0.75, 0.0), (0.44, 0.1, 0.72)),
        ("frl_apartment_table_02", "Tbl2_Top1_frl_apartment_table_02", (1.0, 5.5), math.pi / 2,
         (0.0, 0.9, 0.0), (0.43, 0.1, 0.64)),
        ("frl_apartment_tvstand", "TvStnd1_Top1_frl_apartment_tvstand", (3.2, 0.5), math.pi,
         (0.0, 0.6, 0.0), (0.27, 0.1, 0.76)),
        ("frl_apartment_sofa", "Sofa_frl_apartment_sofa", (3.4, 4.0), math.radians(37),
         (0.0, 0.45, 0.0), (0.28, 0.15, 0.75)),
    ]  # fmt: skip
    found = []
    for number, (stem, name, (x, z), angle, centre, half) in enumerate(pieces):
        where = pose((x, FLOOR, z), turn("y", angle))
        attributes = {prefix + name: receptacle(centre, half, name=prefix + name)}
        found.append(Rigid(number, stem + "_:0000", where, attributes))
    for count, x in enumerate((0.0, 2.5)):
        # Its configuration has no name: then the key is one.
        attributes = {
            prefix + "Chr1_Top1_frl_apartment_chair_01": receptacle((0, 0.5, 0), (0.2, 0.1, 0.2)),
            "other": {"position": (0, 0, 0)},
        }
        where = pose((x, FLOOR, 1.0))
        handle = "frl_apartment_chair_01_:%04d" % count  # noqa: UP031
        found.append(Rigid(10 + count, handle, where, attributes))
    return found


def kitchen():
    """A block along the z axis whose drawers open towards +x."""
    inside = ((-0.2, -0.09, -0.3), (0.3, 0.09, 0.3))
    parts = [
        ("drawer1_top", (0.0, 0.6, 0.75), "slide", inside),
        ("drawer2_top", (0.0, 0.4, 0.0), "slide", inside),
        ("drawer3", (0.0, 0.6, -1.0), "slide", inside),
        ("drawer4", (0.0, 0.35, -1.0), "slide", inside),
    ]
    tail = "kitchen_counter"
    attributes = {}
    for name, part, centre, half in (
        ("sink_kitchen_counter", "body", (0, 0.75, 0), (0.15, 0.2, 0.23)),
        ("counter_right_kitchen_counter", "body", (0, 0.85, -1.03), (0.34, 0.15, 0.77)),
        ("counter_left_kitchen_counter", "body", (0, 0.85, 0.75), (0.34, 0.15, 0.5)),
        ("drawer_left_top_frl_apartment_" + tail, "drawer1_top", (0, 0, 0), (0.2, 0.05, 0.25)),
        ("drawer_right_top_frl_apartment_" + tail, "drawer3", (0, 0, 0), (0.2, 0.05, 0.25)),
    ):
        attributes["receptacle_aabb_" + name] = receptacle(centre, half, parent_link=part)
    bounds = ((-0.35, 0, -1.8), (0.35, 0.9, 1.3))
    return Articulated(tail + "_:0000", pose((-2.2, FLOOR, 1.9)), parts, bounds, attributes)


def fridge():
    parts = [
        ("bottom_door", (0.3, 0.3, 0.3), "turn", ((0, -0.2, -0.6), (0.1, 0.2, 0.0))),
        ("middle", (0.0, 0.9, 0.0), "slide", ((0, 0, 0), (0, 0, 0))),
        ("top_door", (0.3, 1.1, 0.3), "turn", ((0, -0.6, -0.6), (0.1, 0.6, 0.0))),
    ]
    name = "receptacle_aabb_middle_topfrl_apartment_refrigerator"
    attributes = {name: receptacle((0, 0, 0), (0.2, 0.15, 0.25), parent_link="middle")}
    bounds = ((-0.35, 0, -0.35), (0.3, 1.7, 0.35))
    return Articulated("fridge_:0000", pose((-2.2, FLOOR, 3.6)), parts, bounds, attributes)


habitat_sim = types.ModuleType("habitat_sim")
habitat_sim.__version__ = "0.3.0-stand-in"
habitat_sim.built_with_bullet = "no-bullet" not in FAULTS
habitat_sim.physics = types.SimpleNamespace(
    MotionType=types.SimpleNamespace(STATIC="STATIC", KINEMATIC="KINEMATIC", DYNAMIC="DYNAMIC")
)
habitat_sim.nav = types.SimpleNamespace(NavMeshSettings=NavMeshSettings)
habitat_sim.SensorType = types.SimpleNamespace(COLOR="COLOR")
for _one in (
    SimulatorConfiguration, Configuration, AgentConfiguration, AgentState, CameraSensorSpec,
    Simulator,
):  # fmt: skip
    setattr(habitat_sim, _one.__name__, _one)
