"""Geometry of habitat-sim's homes: frames, boxes, cameras, rotations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from habitat_room import load_stand_in

from polyathlon.tasks.langr import layout
from polyathlon.tasks.langr.habitat import geometry
from polyathlon.tasks.langr.home import Box
from polyathlon.tasks.langr.layout import FLOOR


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
