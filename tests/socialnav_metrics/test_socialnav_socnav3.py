"""The SocNav3 format: there and back without loss, strict about what is wrong."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, BadLog
from polyathlon.tasks.socialnav.log import EpisodeLog, Goal
from polyathlon.tasks.socialnav.metric import score
from polyathlon.tasks.socialnav.socnav3 import load_socnav3
from polyathlon.tasks.socialnav.socnav3_export import save_socnav3

Build = Callable[..., EpisodeLog]

FRAMES = 6


def frame(k: int) -> dict[str, Any]:
    """A robot at 1 m/s along y, facing that way, and two people, one of whom comes later."""
    people = [{"id": 4, "x": 2.0 - 0.1 * k, "y": 1.0, "angle": math.pi}]
    if k >= 2:
        people.append({"id": 9, "x": 5.0, "y": 0.2 * k, "angle": 1.5})
    return {
        "timestamp": 10 + 0.1 * k,
        "robot": {
            "shape": {"type": "circle", "width": 0.8, "length": 0.8},
            "x": 0,
            "y": 0.1 * k,
            "angle": math.pi / 2,
            "speed_x": 0.0,
            "speed_y": 1.0,
            "speed_a": 0.0,
        },
        "goal": {
            "type": "go-to",
            "human": None,
            "x": 0.0,
            "y": 5.0,
            "angle": 0.0,
            "pos_threshold": 0.25,
            "angle_threshold": 3.2,
        },
        "people": people,
        "objects": [
            {
                "id": 1,
                "type": "table",
                "x": 3.0,
                "y": 3.0,
                "angle": 0.5,
                "shape": {"type": "rectangle", "width": 0.5, "length": 1.5},
            }
        ],
    }


def document() -> dict[str, Any]:
    grid = {"width": 1, "height": 1, "cell_size": 0.5, "x_orig": 0.0, "y_orig": 0.0}
    return {
        "metadata": "of some simulator",
        "grid": {**grid, "angle_orig": 0.0, "data": [[0]]},
        "walls": [[-1.0, -1.0, 1.0, -1.0]],
        "sequence": [frame(k) for k in range(FRAMES)],
    }


def written(path: Path, found: Any) -> Path:
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    return path


def test_a_file_of_another_simulator_becomes_a_log(tmp_path: Path) -> None:
    log = load_socnav3(written(tmp_path / "a.json", document()), human_radius=0.25)
    assert log.robot.radius == pytest.approx(0.4)  # a circle's length is its diameter
    assert log.robot.goal.pos_tol == 0.25
    assert log.robot.goal.yaw is None  # half a turn off is any heading
    assert log.humans.id.tolist() == [4, 9]
    assert log.humans.radius.tolist() == [0.25, 0.25]
    assert log.humans.valid.sum(axis=0).tolist() == [6, 4]
    np.testing.assert_allclose(log.humans.vel[:, 0], np.tile((-1.0, 0.0), (6, 1)), atol=1e-9)
    np.testing.assert_allclose(log.humans.vel[2:, 1], np.tile((0.0, 2.0), (4, 1)), atol=1e-9)
    assert (log.objects[0].length, log.objects[0].width) == (1.5, 0.5)
    assert log.meta["metadata"] == "of some simulator"
    assert log.meta["grid"]["cell_size"] == 0.5
    assert score(log)["clearance_min"] == pytest.approx(0.6)


def test_there_and_back_changes_nothing(tmp_path: Path, something_of_everything: Build) -> None:
    log = something_of_everything()
    people, dice = log.humans, np.random.default_rng(3)
    order = np.array([2, 0, 3, 1])  # nobody asks for ids in order
    log = dataclasses.replace(
        log,
        robot=dataclasses.replace(log.robot, cmd=dice.normal(size=(log.steps, 2))),
        humans=dataclasses.replace(
            people,
            id=people.id[order],
            # A world's own velocities are not those of its positions, least so at step 0.
            vel=people.vel + dice.normal(0, 0.2, people.vel.shape),
        ),
    )
    save_socnav3(tmp_path / "one.json", log)
    again = load_socnav3(tmp_path / "one.json")
    save_socnav3(tmp_path / "two.json", again)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    for name in ("pos", "yaw", "vel", "omega", "cmd"):
        np.testing.assert_array_equal(getattr(again.robot, name), getattr(log.robot, name))
    for name in ("id", "pos", "yaw", "vel", "valid", "radius", "goal", "group_id", "reached_t"):
        np.testing.assert_array_equal(getattr(again.humans, name), getattr(log.humans, name))
    np.testing.assert_array_equal(again.walls, log.walls)
    assert again.events == log.events
    assert score(again) == score(log)


def test_a_text_that_tells_no_velocities_is_still_read(
    tmp_path: Path, something_of_everything: Build
) -> None:
    log = something_of_everything()
    save_socnav3(tmp_path / "a.json", log)
    found = json.loads((tmp_path / "a.json").read_text())
    told = json.loads(found["metadata"])
    del told["people"]["vel"], told["cmd"]
    found["metadata"] = json.dumps(told)
    again = load_socnav3(written(tmp_path / "b.json", found))
    np.testing.assert_allclose(again.humans.vel, log.humans.vel, atol=1e-9)


def test_there_and_back_of_a_foreign_file(tmp_path: Path) -> None:
    first = load_socnav3(written(tmp_path / "a.json", document()))
    save_socnav3(tmp_path / "b.json", first)
    second = json.loads((tmp_path / "b.json").read_text())
    for key in ("grid", "walls"):
        assert second[key] == document()[key]
    for ours, theirs in zip(second["sequence"], document()["sequence"], strict=True):
        theirs["goal"]["angle_threshold"] = math.pi
        assert ours == theirs
    assert score(load_socnav3(tmp_path / "b.json")) == score(first)


def test_a_rectangular_robot_and_a_person_to_follow(tmp_path: Path, episode: Build) -> None:
    log = episode(np.zeros((3, 2)), [np.ones((3, 2))], radius=0.5, footprint=(0.8, 0.6))
    goal = Goal(
        pos=np.arange(6.0).reshape(3, 2), kind="follow", human=0, yaw=np.arange(3.0), yaw_tol=0.5
    )
    log = dataclasses.replace(log, robot=dataclasses.replace(log.robot, goal=goal))
    save_socnav3(tmp_path / "a.json", log)
    again = load_socnav3(tmp_path / "a.json")
    assert again.robot.footprint == (0.8, 0.6)
    assert again.robot.goal.human == 0
    np.testing.assert_array_equal(again.robot.goal.pos, goal.pos)
    np.testing.assert_array_equal(np.asarray(again.robot.goal.yaw), [0.0, 1.0, 2.0])


def test_speeds_may_be_missing_or_in_the_robot_s_frame(tmp_path: Path) -> None:
    stated = load_socnav3(written(tmp_path / "a.json", document()))
    bare = document()
    for one in bare["sequence"]:
        for name in ("speed_x", "speed_y", "speed_a"):
            del one["robot"][name]
    found = load_socnav3(written(tmp_path / "b.json", bare))
    np.testing.assert_allclose(found.robot.vel, stated.robot.vel, atol=1e-9)
    np.testing.assert_allclose(found.robot.omega, 0, atol=1e-9)
    own = document()
    for one in own["sequence"]:
        one["robot"].update(speed_x=1.0, speed_y=0.0)
    path = written(tmp_path / "c.json", own)
    with pytest.raises(BadLog, match=r"speed_x: speeds, taken in the world's frame, are 1\.41 m/s"):
        load_socnav3(path)
    for speeds in ("robot", "positions"):
        turned = load_socnav3(path, speeds=speeds)  # type: ignore[arg-type]
        np.testing.assert_allclose(turned.robot.vel, stated.robot.vel, atol=1e-9)


def test_older_files_say_height_for_length(tmp_path: Path) -> None:
    old = document()
    for one in old["sequence"]:
        for shape in (one["robot"]["shape"], one["objects"][0]["shape"]):
            shape["height"] = shape.pop("length")
        one["goal"]["pos_th"] = one["goal"].pop("pos_threshold")
    log = load_socnav3(written(tmp_path / "a.json", old))
    assert (log.robot.radius, log.robot.goal.pos_tol) == (0.4, 0.25)
    assert log.objects[0].length == 1.5


def test_a_thing_that_a_frame_leaves_out_stays(tmp_path: Path) -> None:
    seen = document()
    for k in (0, 1, 4):
        seen["sequence"][k]["objects"] = []
    seen["sequence"][5]["objects"][0]["x"] = 4.0
    (thing,) = load_socnav3(written(tmp_path / "a.json", seen)).objects
    assert thing.pos[:, 0].tolist() == [3.0, 3.0, 3.0, 3.0, 3.0, 4.0]


def set_at(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return spoil


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        del found[path[-1]]

    return spoil


S = "sequence"
MALFORMED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no grid": (drop("grid"), "grid: missing"),
    "no walls": (drop("walls"), "walls: missing"),
    "no sequence": (drop(S), "sequence: missing"),
    "no frames": (set_at(S, value=[]), "sequence: no frame"),
    "frames as a word": (set_at(S, value="many"), "sequence: Expected `array`, got `str`"),
    "short wall": (set_at("walls", value=[[1, 2, 3]]), r"walls\[0\]: Expected `array` of length"),
    "no timestamp": (drop(S, 2, "timestamp"), r"sequence\[2\].timestamp: missing"),
    "no robot": (drop(S, 3, "robot"), r"sequence\[3\].robot: missing"),
    "no x": (drop(S, 1, "robot", "x"), r"sequence\[1\].robot.x: missing"),
    "no people": (drop(S, 1, "people"), r"sequence\[1\].people: missing"),
    "no goal": (drop(S, 0, "goal"), r"sequence\[0\].goal: missing"),
    "x as a word": (
        set_at(S, 4, "robot", "x", value="left"),
        r"sequence\[4\].robot.x: Expected `float`, got `str`",
    ),
    "x null": (
        set_at(S, 4, "people", 0, "x", value=None),
        r"sequence\[4\].people\[0\].x: Expected `float`, got `null`",
    ),
    "NaN": (set_at(S, 2, "robot", "y", value=math.nan), r"sequence\[2\].robot.y: nan is not a"),
    "infinite": (
        set_at(S, 2, "robot", "y", value=math.inf),
        r"sequence\[2\].robot.y: inf is not a",
    ),
    "time runs backwards": (
        set_at(S, 3, "timestamp", value=10.0),
        r"sequence\[3\].timestamp: time does not increase, 10 s after 10.2 s",
    ),
    "time stands": (
        set_at(S, 1, "timestamp", value=10.0),
        r"sequence\[1\].timestamp: time does not increase",
    ),
    "flickering person": (
        set_at(S, 3, "people", value=[]),
        r"sequence\[4\].people: id 4 flickers: it was last in sequence\[2\]",
    ),
    "person twice": (
        set_at(S, 2, "people", 1, "id", value=4),
        r"sequence\[2\].people\[1\].id: 4 is there twice",
    ),
    "person of half an id": (
        set_at(S, 2, "people", 1, "id", value=4.5),
        r"sequence\[2\].people\[1\].id: Expected `int`",
    ),
    "some speeds": (
        set_at(S, 3, "robot", "speed_y", value=None),
        r"sequence\[3\].robot.speed_y: missing; state it in every frame or in none",
    ),
    "robot grows": (
        set_at(S, 3, "robot", "shape", "length", value=2.0),
        r"sequence\[3\].robot.shape: \(2.0, 0.8\), but \(0.8, 0.8\) at first",
    ),
    "robot without length": (
        drop(S, 3, "robot", "shape", "length"),
        r"sequence\[3\].robot.shape.length: missing",
    ),
    "thing without length": (
        drop(S, 3, "objects", 0, "shape", "length"),
        r"sequence\[3\].objects\[0\].shape.length: missing",
    ),
    "robot of no size": (
        lambda found: [set_at("robot", "shape", "length", value=0.0)(one) for one in found[S]],
        "robot.radius: 0 is not positive",
    ),
    "unknown shape": (
        set_at(S, 0, "robot", "shape", "type", value="star"),
        r"sequence\[0\].robot.shape.type: Invalid enum value",
    ),
    "another errand": (
        set_at(S, 2, "goal", "type", value="follow"),
        r"sequence\[2\].goal.type: 'follow', but 'go-to' at first",
    ),
    "another table": (
        set_at(S, 2, "objects", 0, "type", value="chair"),
        r"sequence\[2\].objects\[0\]: id 1 is another thing",
    ),
    "at the end of the world": (
        set_at(S, 2, "robot", "x", value=1e300),
        r"robot.pos\[2, 0\]: 1e\+300 is beyond 1e\+06",
    ),
    "ours, but null": (
        set_at("metadata", value='{"polyathlon_log": 1, "meta": {}, "people": null}'),
        "metadata: people: no object",
    ),
    "of the future": (
        set_at("metadata", value='{"polyathlon_log": 99}'),
        "metadata.polyathlon_log: 99; this version reads 1",
    ),
    "ours, but cut": (
        set_at("metadata", value='{"polyathlon_log": 1, "meta": {}}'),
        "metadata.people: missing",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_by_the_name_of_the_field(case: str, tmp_path: Path) -> None:
    spoil, words = MALFORMED[case]
    found = copy.deepcopy(document())
    spoil(found)
    path = written(tmp_path / "bad.json", found)
    with pytest.raises(BadLog, match=words) as caught:
        load_socnav3(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\x00\x01", "[" * 3000])
def test_what_is_no_trajectory_at_all(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadLog, match=r"bad\.json: "):
        load_socnav3(written(tmp_path / "bad.json", text))


def test_bad_arguments_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", document())
    with pytest.raises(BadArgument, match="speeds 'sideways' are none of"):
        load_socnav3(path, speeds="sideways")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="human radius of 0 m"):
        load_socnav3(path, human_radius=0.0)


def test_other_robots_cannot_be_written_and_nothing_is(tmp_path: Path, episode: Build) -> None:
    log = episode(np.zeros((2, 2)), others=[np.ones((2, 2))])
    with pytest.raises(BadLog, match="agents: the SocNav3 format has no room"):
        save_socnav3(tmp_path / "a.json", log)
    assert not list(tmp_path.iterdir())


def test_a_radius_that_is_not_that_of_the_shape_is_refused(
    tmp_path: Path, something_of_everything: Build
) -> None:
    save_socnav3(tmp_path / "a.json", something_of_everything())
    found = json.loads((tmp_path / "a.json").read_text())
    told = json.loads(found["metadata"])
    told["robot"]["radius"] = 5.0
    found["metadata"] = json.dumps(told)
    with pytest.raises(BadLog, match=r"metadata: robot.radius: 5.0 m, but the shape"):
        load_socnav3(written(tmp_path / "b.json", found))
