"""The episode log: what it refuses, that it cannot be changed, that it survives the disk."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyathlon.core.errors import BadLog
from polyathlon.tasks.socialnav.archive import load_log, save_log
from polyathlon.tasks.socialnav.log import EpisodeLog, Event, Thing

Build = Callable[..., EpisodeLog]
NAN = np.nan


def spoiled(array: Any, where: Any, value: Any) -> Any:
    copy = np.array(array)
    copy[where] = value
    return copy


def robot(log: EpisodeLog, **fields: Any) -> EpisodeLog:
    return dataclasses.replace(log, robot=dataclasses.replace(log.robot, **fields))


def humans(log: EpisodeLog, **fields: Any) -> EpisodeLog:
    return dataclasses.replace(log, humans=dataclasses.replace(log.humans, **fields))


def goal(log: EpisodeLog, **fields: Any) -> EpisodeLog:
    return robot(log, goal=dataclasses.replace(log.robot.goal, **fields))


def thing(log: EpisodeLog, **fields: Any) -> EpisodeLog:
    return dataclasses.replace(log, objects=(dataclasses.replace(log.objects[0], **fields),))


def event(log: EpisodeLog, *events: Event) -> EpisodeLog:
    return dataclasses.replace(log, events=events)


MALFORMED: dict[str, tuple[Callable[[EpisodeLog], EpisodeLog], str]] = {
    "no step": (lambda log: dataclasses.replace(log, t=np.zeros(0)), "^t: no step"),
    "time stands": (
        lambda log: dataclasses.replace(log, t=spoiled(log.t, 4, log.t[3])),
        "^t: time does not increase at step 4",
    ),
    "time runs backwards": (
        lambda log: dataclasses.replace(log, t=log.t[::-1]),
        "^t: time does not increase at step 1",
    ),
    "time is not a number": (
        lambda log: dataclasses.replace(log, t=spoiled(log.t, 2, NAN)),
        r"^t\[2\]: nan is not a finite",
    ),
    "times as words": (
        lambda log: dataclasses.replace(log, t=np.array(["a"] * log.steps)),
        "^t: <U1 where float64",
    ),
    "too few positions": (
        lambda log: robot(log, pos=log.robot.pos[:-1]),
        r"^robot.pos: shape \[39, 2\] where \[40, 2\]",
    ),
    "robot position NaN": (
        lambda log: robot(log, pos=spoiled(log.robot.pos, (3, 1), NAN)),
        r"^robot.pos\[3, 1\]: nan",
    ),
    "robot velocity infinite": (
        lambda log: robot(log, vel=spoiled(log.robot.vel, (0, 0), np.inf)),
        r"^robot.vel\[0, 0\]: inf",
    ),
    "no radius": (lambda log: robot(log, radius=0.0), "^robot.radius: 0 is not positive"),
    "radius as a word": (lambda log: robot(log, radius="wide"), "^robot.radius: 'wide' is not"),
    "footprint beyond the disc": (
        lambda log: robot(log, footprint=(1.0, 0.2)),
        "^robot.radius: a disc of 0.3 m does not cover",
    ),
    "unknown wheels": (
        lambda log: robot(log, kinematics="tracks"),
        "^robot.kinematics: 'tracks' is none of",
    ),
    "negative way": (
        lambda log: robot(log, shortest_path=-1.0),
        "^robot.shortest_path: -1 is not",
    ),
    "no tolerance": (lambda log: goal(log, pos_tol=0.0), "^robot.goal.pos_tol: 0 is not positive"),
    "heading without tolerance": (lambda log: goal(log, yaw=0.0), "^robot.goal.yaw_tol"),
    "unknown errand": (lambda log: goal(log, kind="flee"), "^robot.goal.kind: 'flee' is none of"),
    "human NaN where valid": (
        lambda log: humans(log, pos=spoiled(log.humans.pos, (2, 1, 0), NAN)),
        r"^humans.pos\[2, 1, 0\]: nan",
    ),
    "human twice": (
        lambda log: humans(log, id=np.array([0, 1, 2, 1])),
        "^humans.id: 1 is there twice",
    ),
    "human ids as fractions": (
        lambda log: humans(log, id=np.array([0.0, 1.5, 2.0, 3.0])),
        "^humans.id: float64 where int64",
    ),
    "human flickers": (
        lambda log: humans(log, valid=spoiled(log.humans.valid, (5, 1), False)),
        "^humans.valid: id 1 flickers: .* at step 6",
    ),
    "human never there": (
        lambda log: humans(log, valid=spoiled(log.humans.valid, (slice(None), 2), False)),
        "^humans.valid: id 2 is never there",
    ),
    "human of no size": (
        lambda log: humans(log, radius=spoiled(log.humans.radius, 0, -0.1)),
        "^humans.radius: -0.1 m",
    ),
    "models of some": (
        lambda log: humans(log, model=("orca",)),
        "^humans.model: a word for each of 4",
    ),
    "wall of three numbers": (
        lambda log: dataclasses.replace(log, walls=np.zeros((2, 3))),
        r"^walls: shape \[2, 3\] where \[any, 4\]",
    ),
    "ragged walls": (
        lambda log: dataclasses.replace(log, walls=[[1.0, 2.0], [3.0]]),
        "^walls: not an array",
    ),
    "oval": (
        lambda log: thing(log, shape="circle", length=1.0, width=0.5),
        r"^objects\[0\].width: a circle",
    ),
    "object nowhere": (
        lambda log: thing(log, pos=np.array([NAN, 0.0])),
        r"^objects\[0\].pos\[0\]: nan",
    ),
    "objects alike": (
        lambda log: dataclasses.replace(log, objects=(log.objects[0], log.objects[0])),
        "^objects.id: 7 is there twice",
    ),
    "unknown event": (
        lambda log: event(log, Event(t=4.0, kind="hug")),  # type: ignore[arg-type]
        r"^events\[0\].kind: 'hug' is none of",
    ),
    "event before time": (
        lambda log: event(log, Event(t=1.0, kind="goal")),
        r"^events\[0\].t: 1 s is outside the log's 3 to",
    ),
    "events in disorder": (
        lambda log: event(log, Event(t=5.0, kind="goal"), Event(t=4.0, kind="goal")),
        r"^events\[1\].t: 4 s comes after 5 s",
    ),
    "collision with a stranger": (
        lambda log: event(log, Event(t=5.0, kind="collision_human", other_id=99)),
        r"^events\[0\].other_id: 99, but the log has no such human",
    ),
    "collision with another robot where none is": (
        lambda log: event(log, Event(t=5.0, kind="collision_agent")),
        r"^events\[0\].other_id: None, but the log has no such agent",
    ),
    "person at the end of the world": (
        lambda log: humans(log, pos=spoiled(log.humans.pos, (2, 1, 0), 1e200)),
        r"^humans.pos\[2, 1, 0\]: 1e\+200 is beyond",
    ),
    "robot as large as a town": (lambda log: robot(log, radius=1e3), "^robot.radius: 1000 m is"),
    "arrival after the end": (
        lambda log: humans(log, reached_t=np.array([1e9, NAN, NAN, NAN])),
        r"^humans.reached_t\[0\]: 1e\+09 s is outside",
    ),
    "arrival before the start": (
        lambda log: humans(log, reached_t=np.array([NAN, -5.0, NAN, NAN])),
        r"^humans.reached_t\[1\]: -5 s is outside",
    ),
    "limit as a word": (
        lambda log: dataclasses.replace(log, meta={"time_limit": "abc"}),
        "^meta.time_limit: 'abc' is not a positive number",
    ),
    "meta not JSON": (
        lambda log: dataclasses.replace(log, meta={"x": {1, 2}}),
        "^meta: JSON cannot say this",
    ),
    "meta NaN": (lambda log: dataclasses.replace(log, meta={"x": NAN}), "^meta: JSON cannot"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_log_is_refused_by_the_name_of_the_field(
    case: str, something_of_everything: Build
) -> None:
    spoil, words = MALFORMED[case]
    with pytest.raises(BadLog, match=words) as caught:
        spoil(something_of_everything())
    assert "\n" not in str(caught.value)


def test_what_stands_still_is_repeated_and_what_is_left_out_filled(
    episode: Build, straight: Build
) -> None:
    log = episode(straight((0, 0), (1, 0), 5), [straight((0, 2), (1, 2), 5)])
    assert log.robot.goal.pos.tolist() == [[100.0, 0.0]] * 5
    assert log.robot.cmd.shape == (5, 0)
    assert log.humans.group_id.tolist() == [-1]
    assert log.humans.goal.shape == (5, 1, 2)
    assert np.isnan(log.humans.reached_t).all()
    assert len(log.agents) == 0
    assert log.agents.pos.shape == (5, 0, 2)


def test_who_is_not_there_is_nan_whatever_was_given(something_of_everything: Build) -> None:
    log = something_of_everything()
    away = ~log.humans.valid
    assert away.any()
    assert np.isnan(log.humans.pos[away]).all()
    assert np.isfinite(log.humans.pos[~away]).all()


def test_a_log_shares_no_memory_and_cannot_be_changed(episode: Build) -> None:
    mine = np.zeros((3, 2))
    log = episode(mine)
    mine[0] = 5
    assert log.robot.pos[0].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        log.robot.pos[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        log.t = np.zeros(3)  # type: ignore[misc]


def test_a_log_survives_the_disk_to_the_last_bit(
    tmp_path: Path, something_of_everything: Build
) -> None:
    log = something_of_everything()
    save_log(tmp_path / "one.npz", log)
    again = load_log(tmp_path / "one.npz")
    save_log(tmp_path / "two.npz", again)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    np.testing.assert_array_equal(again.humans.pos, log.humans.pos)
    np.testing.assert_array_equal(again.robot.goal.candidates, log.robot.goal.candidates)
    np.testing.assert_array_equal(again.objects[1].pos, log.objects[1].pos)
    assert again.events == log.events
    assert again.meta == log.meta
    assert again.humans.model == log.humans.model
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npz", "two.npz"]


def _without(name: str) -> Callable[[Path, Path], None]:
    def spoil(whole: Path, path: Path) -> None:
        with np.load(whole) as archive:
            arrays = {key: archive[key] for key in archive.files if key != name}
        np.savez(path, **arrays)

    return spoil


def _cut(whole: Path, path: Path) -> None:
    path.write_bytes(whole.read_bytes()[:900])


def _pickled(whole: Path, path: Path) -> None:
    np.savez(path, t=np.array([{"a": 1}], dtype=object))


def _empty_archive(whole: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


DAMAGED: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "not there": (lambda whole, path: None, "cannot be read: No such file"),
    "cut short": (_cut, "is no log of arrays"),
    "text": (lambda whole, path: path.write_bytes(b"PKhello") and None, "is no log of arrays"),
    "no ids": (_without("humans.id"), "humans.id: missing"),
    "pickled": (_pickled, "is no log of arrays: it holds Python objects"),
    "empty": (_empty_archive, "json: missing"),
    "no time": (_without("t"), "t: missing"),
    "no positions": (_without("robot.pos"), "robot.pos: missing"),
    "no words": (_without("json"), "json: missing"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_named_with_what_is_wrong(
    case: str, tmp_path: Path, something_of_everything: Build
) -> None:
    spoil, words = DAMAGED[case]
    save_log(tmp_path / "whole.npz", something_of_everything())
    path = tmp_path / "bad.npz"
    spoil(tmp_path / "whole.npz", path)
    with pytest.raises(BadLog, match=words) as caught:
        load_log(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_thing_may_move(episode: Build) -> None:
    way = np.zeros((4, 2))
    cart = Thing(id=1, pos=np.arange(8.0).reshape(4, 2), yaw=np.arange(4.0), length=1, width=1)
    assert episode(way, objects=(cart,)).objects[0].pos[3].tolist() == [6.0, 7.0]
