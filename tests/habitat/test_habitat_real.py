"""The real habitat-sim, where it is installed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

import numpy as np
import pytest
from habitat_room import APPLE, BALL, MUG, OTHER, SCENE, pid_of

from polyathlon.tasks.langr.episode import Episode, Placement
from polyathlon.tasks.langr.expression import Predicate
from polyathlon.tasks.langr.habitat import settings
from polyathlon.tasks.langr.habitat.world import HabitatWorld
from polyathlon.tasks.langr.layout import Pose
from polyathlon.tasks.langr.rules import Rules
from polyathlon.tasks.langr.vocabulary import (
    DRAWERS,
    FRIDGE,
    RECEPTACLES,
    SKILL_INDEX,
    SKILLS,
)

installed = pytest.mark.skipif(
    not (os.environ.get(settings.PYTHON) and os.environ.get(settings.ASSETS)),
    reason=f"{settings.PYTHON} and {settings.ASSETS} are not set: no habitat-sim here",
)


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
