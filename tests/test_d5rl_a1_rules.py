"""The A1's formulas against values worked out by hand: poses, tolerances, rewards."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from polyathlon.tasks.d5rl.a1.gait import Gait, joint_targets, leg_angles
from polyathlon.tasks.d5rl.a1.pose import (
    LEGS,
    TARGET_HIGH,
    TARGET_LOW,
    action_of,
    standing_pose,
    target_of,
)
from polyathlon.tasks.d5rl.a1.reward import Motion, hike_reward, power, walk_reward
from polyathlon.tasks.d5rl.a1.tolerance import Shape, tolerance

STILL = Motion(
    forward=0.0, roll=0.0, pitch=0.0, yaw=0.0, up=1.0, joints=standing_pose(),
    speeds=np.zeros(12), torques=np.zeros(12),
)  # fmt: skip


def moving(**changes: object) -> Motion:
    return dataclasses.replace(STILL, **changes)


@pytest.mark.parametrize(
    ("shape", "at_margin", "value", "due"),
    [
        ("linear", 0.0, 1.0, 1.0),
        ("linear", 0.0, 0.9, 1.0),
        ("linear", 0.0, 1.3, 0.6),
        ("linear", 0.0, 0.65, 0.5),
        ("linear", 0.0, 0.4, 0.0),
        ("linear", 0.0, -5.0, 0.0),
        ("linear", 0.5, 1.6, 0.5),
        ("quadratic", 0.0, 1.1, 1.0),
        ("quadratic", 0.0, 1.35, 0.75),
        ("quadratic", 0.0, 1.6, 0.0),
        ("quadratic", 0.0, 9.0, 0.0),
        ("gaussian", 0.5, 1.1, 1.0),
        ("gaussian", 0.5, 1.6, 0.5),
        ("gaussian", 0.5, 0.4, 0.5),
        ("gaussian", 0.5, 2.1, 0.0625),
    ],
)
def test_tolerance(shape: Shape, at_margin: float, value: float, due: float) -> None:
    assert float(tolerance(value, 0.9, 1.1, 0.5, shape, at_margin)) == pytest.approx(due)


@pytest.mark.parametrize(
    ("changes", "speed", "due"),
    [
        ({"forward": 0.5}, 0.5, 10.0),
        ({"forward": 0.6}, 0.5, 10.0),
        ({"forward": 0.0}, 0.5, 2.0),  # 0.4 from the band, of a margin of 0.5
        ({"forward": -0.1}, 0.5, 0.0),
        ({"forward": 1.1}, 0.5, 0.0),
        ({"forward": 0.85}, 0.5, 5.0),
        ({"forward": 1.0, "yaw": math.pi / 3}, 0.5, 10.0),  # half of it leads ahead
        ({"forward": 1.0, "pitch": math.pi / 3}, 0.5, 10.0),
        ({"forward": 0.5, "yaw": math.pi}, 0.5, 0.0),
        ({"forward": 0.5, "up": 0.9}, 0.5, 10.0),
        ({"forward": 0.5, "up": 0.45}, 0.5, 7.5),
        ({"forward": 0.5, "up": 0.0}, 0.5, 0.0),
        ({"forward": 0.5, "speeds": np.full(12, 2.0), "torques": np.full(12, 5.0)}, 0.5, 8.8),
        ({"forward": 0.5, "speeds": np.full(12, -1.0), "torques": np.full(12, 5.0)}, 0.5, 10.6),
    ],
)
def test_the_reward_of_a_walk(changes: dict[str, object], speed: float, due: float) -> None:
    assert walk_reward(moving(**changes), speed) == pytest.approx(due)


def test_joints_count_each_for_itself() -> None:
    joints = standing_pose()
    joints[0] += 0.2  # at the end of its band
    assert walk_reward(moving(forward=0.5, joints=joints), 0.5) == pytest.approx(10.0)
    joints[0] += 0.2  # a margin outside
    assert walk_reward(moving(forward=0.5, joints=joints), 0.5) == pytest.approx(5.0)
    joints[1] -= 0.8
    assert walk_reward(moving(forward=0.5, joints=joints), 0.5) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("bearing", "due"),
    [(0.0, 10.0), (math.pi / 12, 10.0), (-math.pi / 12, 10.0), (math.pi / 12 + math.pi / 2, 5.0)],
)
def test_the_reward_of_a_hike(bearing: float, due: float) -> None:
    # The heading counts by the bearing alone.
    assert hike_reward(moving(forward=1.0, yaw=2.0), 1.0, bearing) == pytest.approx(due)


def test_a_hike_wastes_at_a_tenth_of_the_price() -> None:
    busy = moving(forward=1.0, speeds=np.full(12, 2.0), torques=np.full(12, 5.0))
    assert power(busy) == pytest.approx(120.0)
    assert walk_reward(busy, 1.0) == pytest.approx(10.0 - 1.2)
    assert hike_reward(busy, 1.0, 0.0) == pytest.approx(10.0 - 0.12)


@pytest.mark.parametrize(
    ("changes", "fallen"),
    [({}, False), ({"roll": 1.04}, False), ({"roll": -1.05}, True), ({"pitch": 1.05}, True)],
)
def test_sixty_degrees_are_a_fall(changes: dict[str, object], fallen: bool) -> None:
    assert moving(**changes).fallen is fallen


def test_targets_lie_three_spreads_around_standing_and_within_limits() -> None:
    for leg in range(len(LEGS)):
        own = slice(3 * leg, 3 * leg + 3)
        assert TARGET_LOW[own].tolist() == pytest.approx([-0.6, -0.3, -2.69653])
        assert TARGET_HIGH[own].tolist() == pytest.approx([0.6, 2.1, -0.916298])


def test_actions_and_targets_are_inverse() -> None:
    actions = np.random.default_rng(0).uniform(-1, 1, (50, 12))
    for action in actions:
        assert action_of(target_of(action)) == pytest.approx(action)
    assert target_of(np.full(12, 7.0)) == pytest.approx(TARGET_HIGH)
    assert target_of(-np.ones(12)) == pytest.approx(TARGET_LOW)


@pytest.mark.parametrize(("x", "z"), [(0.0, -0.25), (0.08, -0.3), (-0.1, -0.2)])
def test_legs_reach_where_they_are_sent(x: float, z: float) -> None:
    thigh, calf = leg_angles(x, z)
    assert -0.2 * (math.sin(thigh) + math.sin(thigh + calf)) == pytest.approx(x)
    assert -0.2 * (math.cos(thigh) + math.cos(thigh + calf)) == pytest.approx(z)
    assert calf < 0


def test_diagonal_legs_of_a_trot_move_together() -> None:
    gait = Gait(frequency=2.0, stride=0.1, lift=0.05, height=0.27, shift=0.0)
    joints = joint_targets(gait, 0.13).reshape(4, 3)
    assert np.array_equal(joints[0], joints[3])
    assert np.array_equal(joints[1], joints[2])
    later = joint_targets(gait, 0.63).reshape(4, 3)
    assert later[0] == pytest.approx(joints[1])


def test_a_goal_on_the_left_lengthens_strides_on_the_right() -> None:
    gait = Gait(frequency=2.0, stride=0.1, lift=0.0, height=0.27, shift=0.0, steer=1.0)
    feet = [joint_targets(gait, phase, bearing=0.5).reshape(4, 3)[:, 1] for phase in (0.0, 0.5)]
    right_front, left_front, right_rear, left_rear = np.abs(feet[0] - feet[1])
    assert right_front > left_front
    assert right_rear > left_rear


def test_legs_lean_to_where_the_trunk_drifts_and_tips() -> None:
    gait = Gait(frequency=2.0, stride=0.1, lift=0.0, height=0.27, shift=0.0, sway=0.5, right=-0.25)
    for pushed, lean in (({"drift": 0.2}, 0.1), ({"roll": 0.2}, 0.05), ({}, 0.0)):
        assert joint_targets(gait, 0.3, **pushed)[::3] == pytest.approx([lean] * 4)


def test_strides_grow_when_the_robot_sets_out() -> None:
    gait = Gait(frequency=2.0, stride=0.1, lift=0.0, height=0.27, shift=0.0, ease=4.0)
    swept = [
        np.abs(joint_targets(gait, phase) - joint_targets(gait, phase + 0.5))[1]
        for phase in (0.0, 1.0, 2.0, 4.0, 9.0)
    ]
    assert swept == sorted(swept)
    assert swept[0] < 0.5 * swept[1]
    assert swept[3] == pytest.approx(swept[4])
