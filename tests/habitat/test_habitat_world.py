"""Habitat's apartment, and the world over it, where a stand-in takes the place of habitat-sim."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from habitat_room import APPLE, BALL, OTHER, SCENE, Make, episode, load_stand_in, pid_of

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.episode import Episode
from polyathlon.tasks.langr.habitat.apartment import Apartment
from polyathlon.tasks.langr.habitat.settings import HabitatUnavailable
from polyathlon.tasks.langr.habitat.world import HANDLES, PARTS
from polyathlon.tasks.langr.home import GRIPPER, Home
from polyathlon.tasks.langr.layout import FLOOR, Pose
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


@pytest.fixture
def measured(
    assets: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    def measure(scene: str = SCENE) -> tuple[dict[str, Any], dict[str, Any]]:
        module = load_stand_in()
        monkeypatch.setitem(sys.modules, "habitat_sim", module.habitat_sim)
        monkeypatch.setitem(sys.modules, "magnum", sys.modules["magnum_stand_in"])
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
