"""The real habitat-sim behind the same door: its bridge, its geometry, and itself where it is.

Where habitat-sim is not installed the real worker program runs all the same, over a stand-in for
the module: ``worlds/habitat_stand_in.py``.
"""

from __future__ import annotations

import ast
import gc
import importlib.util
import math
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, WorkerFault
from polyathlon.tasks.langr import layout
from polyathlon.tasks.langr.environment import LanguageRearrangement
from polyathlon.tasks.langr.episode import Episode, Placement
from polyathlon.tasks.langr.expression import Predicate
from polyathlon.tasks.langr.habitat import frame, geometry, settings, worker
from polyathlon.tasks.langr.habitat.apartment import Apartment
from polyathlon.tasks.langr.habitat.bridge import Deadlines
from polyathlon.tasks.langr.habitat.settings import HabitatUnavailable
from polyathlon.tasks.langr.habitat.world import HANDLES, PARTS, HabitatWorld
from polyathlon.tasks.langr.home import GRIPPER, Box, Home
from polyathlon.tasks.langr.layout import FLOOR, Pose
from polyathlon.tasks.langr.library import make_world
from polyathlon.tasks.langr.rules import Rules
from polyathlon.tasks.langr.vocabulary import (
    DRAWERS,
    FRIDGE,
    NAVIGABLE,
    OFFICIAL_RECEPTACLES,
    RECEPTACLES,
    SKILL_INDEX,
    SKILLS,
)

STAND_IN = Path(__file__).parent / "worlds" / "habitat_stand_in.py"
FOLDER = Path(worker.__file__).parent
PROGRAM = ("worker", "frame", "geometry", "simulator", "apartment")
SCENE, OTHER = "v3_sc3_staging_00", "v3_sc3_staging_01"
APPLE, BALL, MUG = "013_apple", "056_tennis_ball", "025_mug"
SHORT = Deadlines(hello=30, load=30, draw=30)

installed = pytest.mark.skipif(
    not (os.environ.get(settings.PYTHON) and os.environ.get(settings.ASSETS)),
    reason=f"{settings.PYTHON} and {settings.ASSETS} are not set: no habitat-sim here",
)


def episode(home: str = SCENE, things: tuple[str, ...] = (APPLE, MUG, BALL)) -> Episode:
    return Episode(
        id="0",
        split="scene",
        source="official",
        home=home,
        instruction="Bring an apple to the brown table.",
        family="f0917e29",
        goal=Predicate("not_holding"),
        objects=tuple(
            # On the stand-in's black table.
            Placement(asset=asset, position=(1.0 + 0.1 * index, -3.0, 0.75), receptacle="Tbl1")
            for index, asset in enumerate(things)
        ),
    )


HEADER = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
"""
"""Begins a program for this interpreter; a path with a space cannot stand after ``#!``."""


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Assets as far as the worker looks at them: names of files."""
    data = tmp_path / "data"
    for name in (
        "replica_cad/replicaCAD.scene_dataset_config.json",
        *(f"replica_cad/configs/scenes/{scene}.scene_instance.json" for scene in (SCENE, OTHER)),
        f"replica_cad/navmeshes/{SCENE}.navmesh",
        "replica_cad/configs/objects/frl_apartment_book_01.object_config.json",
        *(f"objects/ycb/configs/{name}.object_config.json" for name in (APPLE, BALL, MUG)),
        "robots/hab_fetch/robots/hab_suction.urdf",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    return data


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts the stand-in where the worker's interpreter looks for habitat-sim."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "habitat_stand_in.py").write_text(STAND_IN.read_text())
    for name in ("habitat_sim", "magnum"):
        (library / f"{name}.py").write_text(
            f"import sys, habitat_stand_in\nsys.modules[__name__] = habitat_stand_in.{name}\n"
        )
    monkeypatch.setenv("PYTHONPATH", str(library))
    monkeypatch.setenv(settings.GPU, "-1")

    def failing(*faults: str) -> None:
        monkeypatch.setenv("HABITAT_STAND_IN", ",".join(faults))

    failing()
    return failing


Make = Callable[..., HabitatWorld]


@pytest.fixture
def make(stand_in: object, assets: Path) -> Iterator[Make]:
    made: list[HabitatWorld] = []

    def making(python: str | Path = sys.executable, **changes: Any) -> HabitatWorld:
        changes = {"image_size": (48, 64), "deadlines": SHORT, **changes}
        made.append(HabitatWorld(python=str(python), assets=assets, **changes))
        return made[-1]

    yield making
    for world in made:
        world.close()


def pid_of(world: object) -> int:
    assert isinstance(world, HabitatWorld)
    assert world._bridge is not None
    return world._bridge.pid


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def is_gone(pid: int, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_running(pid)


# --- frames ------------------------------------------------------------------------------------


def test_a_frame_comes_back_as_it_was() -> None:
    arrays = {
        "rgb": np.arange(24, dtype=np.uint8).reshape(2, 4, 3),
        "positions": np.linspace(0, 1, 6).reshape(2, 3),
        "none": np.zeros((0, 3), np.float32),
    }
    whole = frame.pack({"call": "draw", "base": [1.5, -2.0, 0.25]}, arrays)
    header, body = frame.measure(whole[: frame.PREFIX.size])
    text = whole[frame.PREFIX.size :][:header]
    words, back = frame.unpack(text, whole[frame.PREFIX.size + header :])
    assert words == {"call": "draw", "base": [1.5, -2.0, 0.25]}
    assert len(whole) == frame.PREFIX.size + header + body
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)


@pytest.mark.parametrize(
    "prefix",
    [
        b"garbage on the w",
        frame.PREFIX.pack(frame.MAGIC, 1 << 30, 0),
        frame.PREFIX.pack(frame.MAGIC, 10, 1 << 40),
    ],
)
def test_what_begins_otherwise_is_no_frame(prefix: bytes) -> None:
    with pytest.raises(frame.BadFrame, match="does not begin a frame"):
        frame.measure(prefix[: frame.PREFIX.size])


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (b"not json", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'{"arrays": []}', b"more"),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": [2]}]}', b"short"),
        (b'{"arrays": [{"name": "a", "dtype": "|O", "shape": [1]}]}', b"\0" * 8),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": [-1]}]}', b"\0" * 8),
        (b'{"arrays": [{"name": "a", "dtype": "<f8", "shape": "long"}]}', b"\0" * 8),
        (b'{"arrays": 7}', b""),
        (b"\xff\xfe", b""),
    ],
)
def test_a_frame_that_lies_is_refused(text: bytes, body: bytes) -> None:
    with pytest.raises(frame.BadFrame, match="does not hold what it announces"):
        frame.unpack(text, body)


def test_objects_are_never_sent() -> None:
    with pytest.raises(frame.BadFrame, match="object"):
        frame.pack({}, {"array": np.array([print])})


# --- the program -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAM)
def test_the_worker_is_for_python_3_8_and_imports_next_to_nothing(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(), feature_version=(3, 8))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert (node.level, node.module in PROGRAM) == (1, True)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found <= {*sys.stdlib_module_names, "numpy"}
    assert "__future__" in found


def served(request: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the server answers to one request, which it takes from a real socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        worker.Server(theirs, Apartment("nowhere", (8, 8), -1)).serve()
        header, body = frame.measure(frame.receive(ours, frame.PREFIX.size))
        return frame.unpack(frame.receive(ours, header), frame.receive(ours, body))


def test_the_server_answers_what_it_does_not_know_and_goes_on() -> None:
    answer, _ = served(frame.pack({"call": "serve", "number": 3}))
    assert answer["number"] == 3
    assert answer["ok"] is False
    assert "'serve' is nothing that can be asked" in answer["error"]


def test_the_server_refuses_to_draw_what_was_not_loaded() -> None:
    answer, _ = served(frame.pack({"call": "draw", "number": 1}))
    assert (answer["ok"], answer["refused"]) == (False, True)
    assert "no scene is loaded" in answer["error"]


# --- geometry ----------------------------------------------------------------------------------


def test_the_frames_are_those_of_the_layouts() -> None:
    point = (1.25, 0.87, -3.5)
    ours = geometry.from_habitat(point, FLOOR)
    assert tuple(ours) == pytest.approx(layout.from_habitat(*point))
    assert geometry.to_habitat(ours, FLOOR) == pytest.approx(point)
    assert geometry.to_habitat(ours, FLOOR) == pytest.approx(layout.to_habitat(*ours))


def rotation(yaw: float) -> np.ndarray[Any, Any]:
    """About habitat's vertical."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


@pytest.mark.parametrize("yaw", [0.0, 0.4, math.pi / 2, 2.5, -1.1])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_a_box_is_turned_with_its_furniture(yaw: float, scale: float) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(yaw) * scale, (2.0, FLOOR, -1.0)
    low, high = (-0.4, 0.7, -0.8), (0.4, 0.9, 0.6)
    told = geometry.upright_box(matrix, low, high, FLOOR)
    box = Box(tuple(told["centre"]), tuple(told["half"]), told["yaw"])
    assert box.half == pytest.approx([0.4 * scale, 0.7 * scale, 0.1 * scale])
    assert math.remainder(box.yaw - yaw, math.tau) == pytest.approx(0, abs=1e-9)
    middle = matrix @ [0.0, 0.8, -0.1, 1.0]
    assert box.centre == pytest.approx(tuple(geometry.from_habitat(middle[:3], FLOOR)))
    for share, inside in ((0.99, True), (1.01, False)):
        centre = (np.array(low) + high) / 2
        corner = centre + share * (np.array(high) - centre)
        point = geometry.from_habitat((matrix @ [*corner, 1.0])[:3], FLOOR)
        assert bool(box.contains(tuple(point))) is inside


def test_the_originals_box_is_too_small_where_furniture_stands_askew() -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(math.radians(44))
    low, high = np.array([-0.4, 0.0, -0.7]), np.array([0.4, 0.2, 0.7])
    ends = geometry.transformed(matrix, np.stack([low, high]))
    spanned = np.prod(np.abs(ends[1] - ends[0]))
    told = geometry.upright_box(matrix, low.tolist(), high.tolist(), 0.0)
    assert np.prod(told["half"]) * 8 == pytest.approx(0.8 * 0.2 * 1.4)
    assert spanned < 0.7 * np.prod(told["half"]) * 8


def test_a_box_of_something_that_lies_is_upright_all_the_same() -> None:
    lying = np.eye(4)
    lying[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])  # Its x axis is up.
    told = geometry.upright_box(lying, (0, -0.1, -0.2), (1, 0.1, 0.2), 0.0)
    assert sorted(told["half"][:2]) == pytest.approx([0.1, 0.2])
    assert told["half"][2] == pytest.approx(0.5)
    assert told["centre"][2] == pytest.approx(0.5)


def matrix_of(x: float, y: float, z: float, w: float) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = load_stand_in().rotation_of((x, y, z, w))
    return found


def load_stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("habitat_stand_in", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("target", [(1, 0, 0), (-3, 0.5, 2), (0, 1, 7), (0.3, -4, 0.1)])
def test_a_camera_looks_at_its_target_with_its_head_up(target: tuple[float, ...]) -> None:
    turn = matrix_of(*geometry.look((0, 1, 0), target, (0, 1, 0)))
    towards = np.array(target) - (0, 1, 0)
    assert turn @ [0, 0, -1] == pytest.approx(towards / np.linalg.norm(towards))
    assert (turn @ [0, 1, 0])[1] >= 0
    assert (turn @ [1, 0, 0])[1] == pytest.approx(0, abs=1e-9)


def test_a_turn_about_the_vertical_stays_one() -> None:
    half = 0.35
    w, x, y, z = geometry.turn_to_habitat((math.cos(half), 0, 0, math.sin(half)))
    ahead = matrix_of(x, y, z, w) @ [1, 0, 0]
    assert geometry.from_habitat(ahead, 0.0) == pytest.approx([math.cos(0.7), math.sin(0.7), 0])


def test_rotations_of_the_official_files_come_back_as_they_were() -> None:
    from polyathlon.tasks.langr.official_pose import convert_transforms

    dice = np.random.default_rng(0)
    wanted = dice.normal(size=(20, 4))
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    poses = np.tile(np.eye(4), (20, 1, 1))
    poses[:, :3, :3] = [matrix_of(*quaternion) for quaternion in wanted]
    for turn, stored in enumerate(convert_transforms(poses).rotations):
        w, x, y, z = geometry.turn_to_habitat(stored)
        assert matrix_of(x, y, z, w) == pytest.approx(poses[turn, :3, :3], abs=1e-4)


# --- an apartment, measured in this process over the stand-in ----------------------------------


@pytest.fixture
def measured(
    assets: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    def measure(scene: str = SCENE) -> tuple[dict[str, Any], dict[str, Any]]:
        module = load_stand_in()
        for name in ("habitat_sim", "magnum"):
            monkeypatch.setitem(sys.modules, name, getattr(module, name))
        apartment = Apartment(str(assets), (8, 8), -1)
        request = {
            "scene": scene, "objects": [APPLE], "floor": FLOOR, "measure": True,
            "receptacles": OFFICIAL_RECEPTACLES, "parts": PARTS, "handles": HANDLES,
            "fridge": FRIDGE, "samples": 50,
        }  # fmt: skip
        try:
            return apartment.load(request, {})
        finally:
            apartment.close()

    return measure


def test_places_are_where_the_apartment_has_them(measured: Callable[..., Any]) -> None:
    told, _ = measured()
    boxes = told["receptacles"]
    assert set(boxes) == set(RECEPTACLES)
    assert boxes["Tbl1"]["centre"] == pytest.approx([1.0, -3.0, 0.75])
    assert boxes["Sofa"]["yaw"] == pytest.approx(math.radians(37))
    assert boxes["Sofa"]["half"] == pytest.approx([0.28, 0.75, 0.15])
    # Two chairs define the name; the second is the one that can be spoken of.
    assert boxes["Chr1"]["centre"] == pytest.approx([2.5, -1.0, 0.5])
    # Drawers were ajar and are measured shut, handles with their offset.
    assert boxes["drawer_left"]["centre"] == pytest.approx([-2.2, -2.65, 0.6])
    assert told["markers"]["cab_push_point_7"] == pytest.approx([-1.9, -2.65, 0.6])
    assert told["markers"][FRIDGE] == pytest.approx([-1.8, -4.1, 0.48])
    assert told["drawer_axis"] == pytest.approx([1, 0, 0], abs=1e-6)
    assert told["drawers"]["cab_push_point_6"]["centre"] == pytest.approx([-2.15, -1.9, 0.4])
    fridge = told["fridge"]
    assert fridge["centre"][2] == pytest.approx(0.85)
    assert fridge["half"] == pytest.approx([0.375, 0.35, 0.85])
    assert told["gripper"] == pytest.approx([0.58, -0.2, 1.0])
    assert told["ground"] == pytest.approx(0, abs=1e-6)


def test_the_robot_stands_as_near_as_it_can_and_faces_the_place(
    measured: Callable[..., Any],
) -> None:
    told, arrays = measured()
    assert set(told["stands"]) == set(NAVIGABLE)
    x, y, yaw = told["stands"]["Tbl2"]
    assert (x, y) == pytest.approx((1.0, -5.5))  # The stand-in lets it stand on the table.
    x, y, yaw = told["stands"]["sink"]
    assert (x, y) == pytest.approx((-1.5, -1.9))
    assert abs(math.remainder(yaw - math.pi, math.tau)) < 1e-3
    # Too far for the nearest point to be found: a random one near it, the same each time.
    assert told["stands"]["TvStnd1"] == measured()[0]["stands"]["TvStnd1"]
    floor = arrays["floor"]
    assert floor.shape == (50, 2)
    assert np.array_equal(floor, measured()[1]["floor"])
    assert (floor[:, 0] <= 2.5).all(), "only the larger island can be reached"


def test_a_scene_without_a_stored_map_gets_one(measured: Callable[..., Any], assets: Path) -> None:
    assert not (assets / "replica_cad" / "navmeshes" / f"{OTHER}.navmesh").exists()
    assert measured(OTHER)[1]["floor"].shape == (50, 2)
    assert not (assets / "replica_cad" / "navmeshes" / f"{OTHER}.navmesh").exists()


def test_without_a_robot_nothing_says_where_its_gripper_is(
    measured: Callable[..., Any], assets: Path
) -> None:
    (assets / "robots" / "hab_fetch" / "robots" / "hab_suction.urdf").unlink()
    assert measured()[0]["gripper"] is None


# --- the world, in a process of its own over the stand-in --------------------------------------


def test_a_home_is_complete(make: Make) -> None:
    home = make().load(episode())
    assert isinstance(home, Home)
    assert home.id == SCENE
    assert tuple(home.receptacles) == RECEPTACLES
    assert set(home.markers) == {*DRAWERS, FRIDGE}
    assert set(home.drawers) == set(DRAWERS)
    assert set(home.stands) == set(NAVIGABLE)
    assert home.floor.shape == (1000, 2)
    assert not home.floor.flags.writeable
    assert home.gripper != GRIPPER
    assert home.fridge.contains((-2.2, -3.6, 0.9))
    assert home.receptacles["Sofa"].yaw == pytest.approx(math.radians(37))


def test_the_rules_run_over_it_unchanged(make: Make) -> None:
    world, dice = make(), np.random.default_rng(0)
    rules = Rules(world.load(episode()), episode())
    rules.begin(Pose(0.5, -3.0, 0.0))

    def do(name: str) -> bool:
        return rules.apply(SKILLS[SKILL_INDEX[name]], dice)

    assert do("pick_apple(robot_0)")
    assert do("nav(Tbl2)")
    assert do("place(Tbl2)")
    assert rules.receptacle_of(0) == "Tbl2"
    assert do("nav(cab_push_point_7)")
    before = world.draw(rules.state, "head")
    assert do("open_cab(cab_push_point_7)")
    assert not np.array_equal(world.draw(rules.state, "head"), before)
    assert do("nav(fridge_push_point)")
    assert do("open_fridge(fridge_push_point)")


def test_pictures_are_as_asked_for(make: Make) -> None:
    world = make()
    rules = Rules(world.load(episode()), episode())
    rules.begin(Pose(-0.5, -3.0, 0.0))
    head = world.draw(rules.state, "head")
    assert (head.shape, head.dtype) == ((48, 64, 3), np.uint8)
    assert np.array_equal(world.draw(rules.state, "head"), head)
    assert not np.shares_memory(world.draw(rules.state, "head"), head)
    for view in ("third-person", "top-down"):
        assert not np.array_equal(world.draw(rules.state, view), head)
    assert world.info["backend"] == "habitat"
    assert world.info["profile"] == "fast"
    assert "0.3.0-stand-in" in world.info["device"]


def spots(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Rows and columns where something is drawn."""
    found = np.argwhere(picture[:, :, 1] > 50)
    assert len(found)
    return found


def test_the_head_sees_what_is_ahead_and_what_is_held_at_the_right(
    make: Make, stand_in: object
) -> None:
    world = make(image_size=(64, 64))
    home = world.load(episode(things=(APPLE,)))
    rules = Rules(home, episode(things=(APPLE,)))
    rules.begin(Pose(0.0, -20.0, -math.pi / 2))  # Out of the home, looking away from it.
    background = world.draw(rules.state, "head")
    assert (background[:, :, 1] <= 50).all()

    def seen(position: tuple[float, float, float]) -> tuple[float, float]:
        rules.state.positions[0] = position
        row, column = spots(world.draw(rules.state, "head")).mean(axis=0)
        return float(row), float(column)

    ahead = seen((0.0, -21.0, 0.9))
    assert ahead[1] == pytest.approx(32, abs=1.5)
    assert seen((-0.4, -21.0, 0.9))[1] > 36, "facing -y, what is at -x is at the right"
    assert seen((0.0, -21.0, 1.3))[0] < ahead[0]
    # Straight along the camera's axis, which points 21.8 degrees down.
    on_axis = (0.0, -20.25 - 1.0, 1.2 - 0.4)
    assert seen(on_axis) == pytest.approx((32, 32), abs=1.5)


def test_objects_are_reused_and_scenes_are_entered_without_a_new_simulator(make: Make) -> None:
    world = make()
    home = world.load(episode())
    pid = pid_of(world)
    assert world.load(episode()) is home
    assert world.load(episode(things=(BALL,))) is home
    other = world.load(episode(OTHER))  # The stand-in allows one simulator a process.
    assert other.id == OTHER
    assert world.load(episode()) is home
    assert pid_of(world) == pid
    rules = Rules(home, episode())
    rules.begin(home.stands["Tbl1"])
    assert world.draw(rules.state, "head").shape == (48, 64, 3)


@pytest.mark.parametrize("home", ["terrace-00", "v3_sc3_staging_00_bench", "../v3_sc3_staging_00"])
def test_other_homes_are_not_habitats(make: Make, home: str) -> None:
    with pytest.raises(BadArgument, match="ReplicaCAD's scenes"):
        make().load(episode(home))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (episode("v3_sc1_staging_07"), "there is no scene v3_sc1_staging_07"),
        (episode(things=("025_mug", "072-a_toy_airplane")), "072-a_toy_airplane.object_config"),
    ],
    ids=["scene", "object"],
)
def test_what_the_assets_lack_is_said_and_the_world_goes_on(
    make: Make, asked: Episode, told: str
) -> None:
    world = make()
    world.load(episode())
    pid = pid_of(world)
    with pytest.raises(HabitatUnavailable, match=told):
        world.load(asked)
    assert world.load(episode()).id == SCENE
    assert pid_of(world) == pid


# --- interpreter and assets --------------------------------------------------------------------


def test_it_says_what_to_type_where_nothing_is_set(
    monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    for name in (settings.PYTHON, settings.ASSETS):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(HabitatUnavailable, match=r"environment-habitat\.yml"):
        HabitatWorld((8, 8))
    with pytest.raises(HabitatUnavailable, match="--uids rearrange_task_assets"):
        HabitatWorld((8, 8), python=sys.executable)
    with pytest.raises(HabitatUnavailable, match="not a program"):
        HabitatWorld((8, 8), python="no-python-of-this-name", assets=assets)
    (assets / "objects" / "ycb" / "configs").rename(assets / "elsewhere")
    with pytest.raises(HabitatUnavailable, match="lacks the YCB objects"):
        HabitatWorld((8, 8), python=sys.executable, assets=assets)


def test_the_variables_are_read(make: Make, monkeypatch: pytest.MonkeyPatch, assets: Path) -> None:
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    world = make_world("habitat", (8, 8), "full")
    try:
        assert isinstance(world, HabitatWorld)
        assert world.load(episode()).id == SCENE
        assert world.info == {"backend": "habitat", "profile": "full"}
    finally:
        world.close()


def test_the_environment_refuses_homes_of_our_own_and_closes(
    make: Make, monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    env = LanguageRearrangement("scene", backend="habitat", image_size=16)
    pid = pid_of(env.world)
    with pytest.raises(BadArgument, match='episodes="official"'):
        env.reset(seed=0)
    env.close()
    assert not is_running(pid)


def test_the_profile_is_one_of_ours(assets: Path) -> None:
    with pytest.raises(BadArgument, match="render_profile"):
        HabitatWorld((8, 8), "splendid", sys.executable, assets)


def test_an_interpreter_without_habitat_sim_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(HabitatUnavailable, match="cannot import habitat_sim"):
        make()


def test_habitat_sim_without_physics_is_told(make: Make, stand_in: Callable[..., None]) -> None:
    stand_in("no-bullet")
    with pytest.raises(HabitatUnavailable, match="withbullet"):
        make()


def test_a_gpu_that_aborts_is_not_used(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(settings.GPU)
    settings.probe.cache_clear()
    assert settings.find_gpu(sys.executable) == 0
    stand_in("gpu-aborts", "chatter")
    settings.probe.cache_clear()
    assert settings.find_gpu(sys.executable) == -1
    assert settings.probe(sys.executable, -1).values["draws"] is True
    settings.probe.cache_clear()
    monkeypatch.setenv(settings.GPU, "3")
    assert settings.find_gpu(sys.executable) == 3
    monkeypatch.setenv(settings.GPU, "none")
    with pytest.raises(BadArgument, match="give the number of a GPU"):
        settings.find_gpu(sys.executable)


# --- faults ------------------------------------------------------------------------------------


def state_of(world: HabitatWorld) -> Any:
    rules = Rules(world.load(episode()), episode())
    rules.begin(Pose(0.0, -3.0))
    return rules.state


def test_chatter_harms_nobody(make: Make, stand_in: Callable[..., None]) -> None:
    stand_in("chatter")
    world = make()
    assert world.draw(state_of(world), "head").shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("fault", "deadlines", "kind", "told"),
    [
        ("raise", SHORT, "env-raised", "RuntimeError: the picture tore"),
        ("die", SHORT, "worker-died", "by SIGKILL; it said: a last word"),
        ("hang", Deadlines(draw=1.0), "step-timeout", "no answer to 'draw' within 1 s"),
    ],
)
def test_a_process_that_fails_is_named_ended_and_replaced(
    make: Make,
    stand_in: Callable[..., None],
    fault: str,
    deadlines: Deadlines,
    kind: str,
    told: str,
) -> None:
    stand_in(fault)
    world = make(deadlines=deadlines)
    state = state_of(world)
    pid = pid_of(world)
    with pytest.raises(WorkerFault, match=told) as caught:
        world.draw(state, "head")
    assert caught.value.kind == kind
    assert is_gone(pid)
    with pytest.raises(WorkerFault, match="reset to start anew"):
        world.draw(state, "head")
    stand_in()
    assert world.draw(state_of(world), "head").shape == (48, 64, 3)
    assert pid_of(world) != pid


def test_a_process_that_is_killed_between_two_calls_is_replaced(make: Make) -> None:
    world = make()
    state = state_of(world)
    pid = pid_of(world)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerFault, match="worker-died"):
        world.draw(state, "head")
    assert world.load(episode()).id == SCENE
    assert is_gone(pid)


BROKEN = {
    "garbage": ("line.sendall(b'this is no frame at all, not at all')", "protocol", "no frame"),
    "truncated": (
        "line.sendall(PREFIX.pack(b'PLYH', 100, 0) + b'{\"half\"')",
        "worker-died",
        "ended during 'hello', with code 0",
    ),
    "endless": (
        "line.sendall(PREFIX.pack(b'PLYH', 1 << 31, 1 << 60))",
        "protocol",
        "does not begin a frame",
    ),
    "another's": (
        "text = b'{\"ok\": true, \"number\": 99, \"arrays\": []}'\n"
        "line.sendall(PREFIX.pack(b'PLYH', len(text), 0) + text)",
        "protocol",
        "no answer to what was asked",
    ),
    "exits": ("print('no room on this machine'); sys.exit(3)", "worker-died", "code 3.*no room"),
    "hangs": ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)", "startup-timeout",
              "within 2 s"),
    "dribbles": ("while True: line.sendall(b'P'); line.sendall(b''); time.sleep(600)",
                 "startup-timeout", "within 2 s"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_process_that_cannot_be_spoken_with_is_named_and_ended(
    make: Make, tmp_path: Path, name: str
) -> None:
    program, kind, told = BROKEN[name]
    script = tmp_path / "broken"
    script.write_text(
        HEADER + "import os, signal, socket, struct, sys, time\n"
        "open(sys.argv[0] + '.pid', 'w').write(str(os.getpid()))\n"
        "PREFIX = struct.Struct('<4sIQ')\n"
        "line = socket.socket(fileno=os.dup(0))\n"
        f"{program}\n"
    )
    script.chmod(0o755)
    deadlines = Deadlines(hello=2.0 if "timeout" in kind else 30.0)
    with pytest.raises(WorkerFault, match=told) as caught:
        make(python=script, deadlines=deadlines)
    assert caught.value.kind == kind
    assert is_gone(int((tmp_path / "broken.pid").read_text()))


def test_its_children_end_with_it(make: Make, tmp_path: Path) -> None:
    script = tmp_path / "parent"
    script.write_text(
        HEADER + "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[0] + '.pid', 'w').write(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    script.chmod(0o755)
    with pytest.raises(WorkerFault, match="startup-timeout"):
        make(python=script, deadlines=Deadlines(hello=3.0))
    assert is_gone(int((tmp_path / "parent.pid").read_text()))


def test_a_program_that_does_not_start_is_told(make: Make, tmp_path: Path) -> None:
    script = tmp_path / "empty"
    script.touch(0o755)
    with pytest.raises(HabitatUnavailable, match="does not start"):
        make(python=script)


# --- nothing is left behind --------------------------------------------------------------------


def test_closing_twice_ends_the_process_once(make: Make) -> None:
    world = make()
    world.load(episode())
    pid = pid_of(world)
    world.close()
    world.close()
    assert not is_running(pid)
    with pytest.raises(WorkerFault, match="nothing is loaded"):
        world.draw(None, "head")  # type: ignore[arg-type]


def test_a_world_that_is_forgotten_takes_its_process_along(assets: Path, stand_in: object) -> None:
    world = HabitatWorld((8, 8), python=sys.executable, assets=assets)
    world.load(episode())
    pid = pid_of(world)
    del world
    gc.collect()
    assert is_gone(pid)


def test_a_fork_leaves_the_process_to_its_owner(make: Make) -> None:
    world = make()
    state = state_of(world)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Of threads that others started.
        child = os.fork()
    if not child:
        try:
            world.draw(state, "head")
        except WorkerFault as fault:
            world.close()
            os._exit(7 if "another process" in str(fault) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert world.draw(state, "head").shape == (48, 64, 3)


FORGETFUL = """
import os, signal, sys
import test_langr_habitat as here
world = here.HabitatWorld((8, 8), python=sys.executable, assets=sys.argv[1])
world.load(here.episode())
print(here.pid_of(world), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["ends", "killed"])
def test_no_process_outlives_its_owner(assets: Path, stand_in: object, how: str) -> None:
    path = f"{os.environ['PYTHONPATH']}{os.pathsep}{Path(__file__).parent}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORGETFUL, str(assets), how],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if how == "ends" else -signal.SIGKILL), done.stderr
    assert is_gone(int(done.stdout))


# --- the doctor and the environment file -------------------------------------------------------


def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, assets: Path) -> None:
    from polyathlon.cli.habitat_probe import check_habitat

    for name in (settings.PYTHON, settings.ASSETS):
        monkeypatch.delenv(name, raising=False)
    check = check_habitat()
    assert check.state == "absent"
    assert settings.PYTHON in check.detail
    assert "conda env create -f environment-habitat.yml" in check.remedy
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    check = check_habitat()
    assert check.state == "broken"
    assert settings.ASSETS in check.detail
    assert "rearrange_task_assets" in check.remedy


def test_the_doctor_tries_it(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    from polyathlon.cli.habitat_probe import check_habitat

    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "ok"
    assert "0.3.0-stand-in" in check.detail
    assert check.remedy == ""
    stand_in("no-bullet")
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "broken"
    assert "withbullet" in check.remedy
    monkeypatch.delenv("PYTHONPATH")
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "broken"
    assert "cannot import habitat_sim" in check.detail
    settings.probe.cache_clear()


def test_the_environment_file_makes_what_the_bridge_needs() -> None:
    import yaml

    text = (Path(__file__).parent.parent / "environment-habitat.yml").read_text()
    loaded = yaml.safe_load(text)
    assert loaded["name"] in settings.MAKE
    assert loaded["channels"][:2] == ["conda-forge", "aihabitat"]
    wanted = loaded["dependencies"]
    assert "python=3.9" in wanted
    assert {"withbullet", "headless"} <= set(wanted)
    assert any(str(one).startswith("habitat-sim=0.3") for one in wanted)


# --- the real thing ----------------------------------------------------------------------------


def real_episode(home: str = SCENE) -> Episode:
    """Three objects on the furniture of the layout that was inferred from the official files."""
    from polyathlon.tasks.langr.home import home_named

    boxes = home_named(home).receptacles
    things = ((APPLE, "Tbl1"), (MUG, "counter_left"), (BALL, "Sofa"))
    return Episode(
        id="0",
        split="scene",
        source="official",
        home=home,
        instruction="",
        family="f0917e29",
        goal=Predicate("not_holding"),
        objects=tuple(
            Placement(asset=asset, position=boxes[place].centre, receptacle=place)
            for asset, place in things
        ),
    )


@pytest.fixture(scope="module")
def real() -> Iterator[HabitatWorld]:
    world = HabitatWorld((128, 128))
    yield world
    world.close()


@installed
def test_the_real_home_is_where_the_official_files_have_it(real: HabitatWorld) -> None:
    from polyathlon.tasks.langr.home import home_named

    home, inferred = real.load(real_episode()), home_named(SCENE)
    assert tuple(home.receptacles) == RECEPTACLES
    for place in ("Tbl1", "Tbl2", "TvStnd1", "Sofa", "sink", "counter_left", "counter_right"):
        box, guess = home.receptacles[place], inferred.receptacles[place]
        assert math.dist(box.centre[:2], guess.centre[:2]) < 0.25, place
        surface = guess.centre[2] - guess.half[2]
        assert abs(box.centre[2] - box.half[2] - surface) < 0.25, place
    for drawer, axis in ((drawer, home.drawer_axis) for drawer in DRAWERS):
        assert math.hypot(*axis) == pytest.approx(1)
        assert math.dist(home.drawers[drawer].centre, home.markers[drawer]) < 1.0
    assert abs(home.drawer_axis[2]) < 0.01
    assert home.fridge.half[2] > 0.6
    assert home.fridge.contains(home.receptacles["fridge-shelf"].centre)
    ahead, left, up = home.gripper
    assert 0.2 < ahead < 1.2
    assert abs(left) < 0.6
    assert 0.5 < up < 1.5


@installed
def test_the_real_robot_can_work_where_it_stands(real: HabitatWorld) -> None:
    home = real.load(real_episode())
    rules, dice = Rules(home, real_episode()), np.random.default_rng(0)
    rules.begin(Pose(*map(float, home.floor[0]), 0.0))
    for name in (
        "nav(Tbl1)", "pick_apple(robot_0)", "nav(Sofa)", "place(Sofa)", "nav(fridge_push_point)",
        "open_fridge(fridge_push_point)", "nav(cab_push_point_7)", "open_cab(cab_push_point_7)",
    ):  # fmt: skip
        assert rules.apply(SKILLS[SKILL_INDEX[name]], dice), name
    assert np.ptp(home.floor, axis=0).min() > 2.0


@installed
def test_the_real_pictures_show_the_state(real: HabitatWorld) -> None:
    home = real.load(real_episode())
    rules = Rules(home, real_episode())
    rules.begin(home.stands["Tbl1"])
    pictures = {view: real.draw(rules.state, view) for view in ("head", "third-person", "top-down")}
    for view, picture in pictures.items():
        assert (picture.shape, picture.dtype) == ((128, 128, 3), np.uint8)
        assert picture.mean() > 25, f"{view} is nearly black"
        assert picture.std() > 10, f"{view} is nearly uniform"
    assert np.array_equal(real.draw(rules.state, "head"), pictures["head"])
    apple = rules.state.positions[0]
    rules.state.positions[0] = (apple[0], apple[1], -5.0)
    assert not np.array_equal(real.draw(rules.state, "head"), pictures["head"])
    rules.state.positions[0] = apple
    rules.state.base = home.stands[FRIDGE]
    shut = real.draw(rules.state, "head")
    rules.state.fridge = 1.22
    opened = real.draw(rules.state, "head")
    assert np.mean(np.abs(opened.astype(int) - shut)) > 1.0
    assert "habitat-sim" in real.info["device"]


@installed
def test_the_real_geometry_is_the_same_in_another_process(real: HabitatWorld) -> None:
    home = real.load(real_episode())
    twin = HabitatWorld((32, 32))
    try:
        again = twin.load(real_episode())
        assert np.array_equal(again.floor, home.floor)
        assert again.stands == home.stands
        assert again.receptacles == home.receptacles
    finally:
        twin.close()


@installed
def test_the_real_scenes_change_without_a_new_process(real: HabitatWorld) -> None:
    home = real.load(real_episode())
    pid = pid_of(real)
    other = real.load(real_episode(OTHER))
    assert other.receptacles["Sofa"] != home.receptacles["Sofa"]
    assert real.load(real_episode()) is home
    assert pid_of(real) == pid
