"""The A1's worlds, played: senses, motors, starts, ends, hills, pictures, and the expert."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

pytest.importorskip("mujoco")

from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.tasks import catalogue, make
from polyathlon.tasks.d5rl import FAMILY
from polyathlon.tasks.d5rl.a1 import A1_TASKS, NO_OP, terrain
from polyathlon.tasks.d5rl.a1.environment import A1Hike, A1Walk
from polyathlon.tasks.d5rl.a1.errand import A1RunTo
from polyathlon.tasks.d5rl.a1.expert import GAITS, TrotExpert, make_expert
from polyathlon.tasks.d5rl.a1.pose import JOINTS, action_of, standing_pose, target_of
from polyathlon.tasks.d5rl.a1.simulation import SUBSTEPS, Simulation

STAND = np.array(NO_OP, np.float32)


@pytest.fixture
def walk() -> Iterator[A1Walk]:
    env = A1Walk(0.5)
    env.reset(seed=0)
    yield env
    env.close()


@pytest.fixture(scope="module")
def hike() -> Iterator[A1Hike]:
    env = A1Hike()
    yield env
    env.close()


def expert_plays(task: str, seed: int, steps: int) -> tuple[float, dict[str, Any]]:
    env = make(task)
    expert = make_expert(env)
    observation, info = env.reset(seed=seed)
    expert.reset(observation, info)
    total = 0.0
    for _ in range(steps):
        observation, reward, terminated, truncated, info = env.step(expert.act(observation))
        total += float(reward)
        assert not terminated
        if truncated:
            break
    env.close()
    return total, info


def test_the_tasks_are_the_family_s() -> None:
    assert all(task in FAMILY.tasks for task in A1_TASKS)
    assert {task.max_episode_steps for task in A1_TASKS} == {400, 1000}
    asked = {task.kwargs["speed"] for task in A1_TASKS if "speed" in task.kwargs}
    assert asked == {0.25, 0.5, 0.75, 0.8, 1.0, 1.25}
    assert set(GAITS) == asked - {0.8}


def test_states_have_58_numbers_and_59_with_a_goal(walk: A1Walk, hike: A1Hike) -> None:
    assert walk.observation_space["state"].shape == (58,)
    assert hike.observation_space["state"].shape == (59,)


def test_senses_stand_in_their_order(walk: A1Walk) -> None:
    action = np.linspace(-0.2, 0.2, 12, dtype=np.float32)
    start = walk.reset(seed=1)[0]["state"]
    assert not start[46:].any(), "there is no target before the first"
    state = walk.step(action)[0]["state"]
    data = walk.simulation.data
    assert state[:12] == pytest.approx(data.qpos[7:], abs=1e-6)
    assert state[12:24] == pytest.approx(data.qvel[6:], abs=1e-5)
    assert state[24:28] == pytest.approx(data.qpos[3:7], abs=1e-6)
    turn = data.xmat[1].reshape(3, 3)
    assert state[28:31] == pytest.approx(data.qvel[3:6], abs=1e-5)
    assert state[31:34] == pytest.approx(turn.T @ data.qvel[:3], abs=1e-5)
    assert state[34:46] == pytest.approx(data.actuator_force, abs=1e-4)
    assert state[46:] == pytest.approx(target_of(action), abs=1e-6)


def test_motors_are_clipped_position_controllers() -> None:
    import mujoco

    simulation = Simulation()
    simulation.reset(np.random.default_rng(0))
    model, data = simulation.model, simulation.data
    assert [model.actuator(number).name for number in range(model.nu)] == list(JOINTS)
    dice = np.random.default_rng(1)
    clipped = 0
    for _ in range(20):
        data.qpos[7:] = standing_pose() + dice.normal(0, 0.4, 12)
        data.qvel[6:] = dice.normal(0, 4, 12)
        data.ctrl[:] = standing_pose()
        mujoco.mj_forward(model, data)
        wanted = 60 * (data.ctrl - data.qpos[7:]) - 6 * data.qvel[6:]
        assert data.actuator_force == pytest.approx(np.clip(wanted, -33.5, 33.5))
        clipped += int((np.abs(wanted) > 33.5).sum())
    assert clipped
    assert SUBSTEPS == 50


def test_the_body_weighs_what_an_a1_weighs() -> None:
    model = Simulation().model
    assert float(model.body_mass.sum()) == pytest.approx(4.713 + 4 * (0.696 + 1.013 + 0.226))
    assert model.body("trunk").inertia.tolist() == pytest.approx([0.0159, 0.0378, 0.0457])
    assert model.body("FR_hip").pos.tolist() == pytest.approx([0.183, -0.047, 0])
    assert model.body("RL_thigh").pos.tolist() == pytest.approx([0, 0.08505, 0])


def test_it_starts_in_the_air_just_above_the_ground(walk: A1Walk) -> None:
    walk.reset(seed=3)
    data = walk.simulation.data
    assert data.ncon == 0
    lowest = min(data.geom(f"{leg}_foot").xpos[2] - 0.02 for leg in ("FR", "FL", "RR", "RL"))
    assert 0 <= lowest <= 0.011


def test_without_noise_it_starts_standing() -> None:
    env = A1Walk(0.5, start_noise=0.0)
    env.reset(seed=5)
    assert env.simulation.data.qpos[7:] == pytest.approx(standing_pose())
    env.close()


def test_the_no_op_stands(walk: A1Walk) -> None:
    for _ in range(40):
        _, _, terminated, _, info = walk.step(STAND)
        assert not terminated
    assert abs(info["metrics"]["speed"]) < 0.05
    assert walk.simulation.data.qpos[2] > 0.2


def test_a_fall_ends_an_episode(walk: A1Walk) -> None:
    half = math.radians(70) / 2
    walk.simulation.data.qpos[2:7] = 0.6, math.cos(half), math.sin(half), 0, 0
    _, _, terminated, truncated, info = walk.step(STAND)
    assert (terminated, truncated) == (True, False)
    assert info["metrics"]["fallen"] == 1.0
    assert not info["success"]
    with pytest.raises(gymnasium.error.ResetNeeded):
        walk.step(STAND)


@pytest.mark.parametrize(
    "action", [np.zeros(11), np.full(12, np.nan), np.full(12, np.inf), "left", None]
)
def test_what_is_no_action_is_refused(walk: A1Walk, action: Any) -> None:
    with pytest.raises(InvalidAction, match="12 finite numbers"):
        walk.step(action)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"speed": 0.0}, "speed is 0.0"),
        ({"speed": math.nan}, "speed is nan"),
        ({"speed": 0.5, "start_noise": -1}, "start_noise -1"),
        ({"speed": 0.5, "camera": "nose"}, "no camera 'nose'"),
        ({"speed": 0.5, "render_mode": "human"}, "render_mode is 'human'"),
        ({"speed": 0.5, "observations": ("depth",)}, "'depth' is not one of them"),
        ({"speed": 0.5, "render_profile": "slow"}, "render_profile is 'slow'"),
    ],
)
def test_arguments_that_are_not_offered_are_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArgument, match=words):
        A1Walk(**arguments)


def test_bumps_are_drawn_and_stay_within_the_field() -> None:
    one, other = (terrain.bumps(np.random.default_rng(seed)) for seed in (0, 1))
    assert one.shape == (terrain.ROWS, terrain.COLUMNS)
    assert not np.array_equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 1
    middle, edge = one[terrain.ROWS // 2].mean(), one[0].mean()
    assert edge > middle + 0.5


def test_goals_are_reached_one_after_the_other(hike: A1Hike) -> None:
    state = hike.reset(seed=0)[0]["state"]
    assert state[0] == pytest.approx(0.0, abs=1e-6)
    data = hike.simulation.data
    reached = []
    for x in (-15.0, *terrain.GOALS_X, 41.0):
        data.qpos[:7] = x, 0, 1.5, 1, 0, 0, 0
        data.qvel[:] = 0
        _, _, terminated, _, info = hike.step(STAND)
        assert not terminated
        reached.append((info["metrics"]["goals"], info["success"]))
    assert reached == [
        (0.0, False), (1.0, False), (2.0, False), (3.0, True), (4.0, True), (4.0, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("x", "y", "yaw", "due"),
    [
        (-15.0, 0.0, 0.0, 0.0),
        (-15.0, 0.0, 0.5, -0.5),
        (-12.0, -2.0, 0.0, math.pi / 4),
        (-12.0, -2.0, -3.0, math.pi / 4 + 3.0 - 2 * math.pi),
    ],
)
def test_the_bearing_points_at_the_goal(
    hike: A1Hike, x: float, y: float, yaw: float, due: float
) -> None:
    import mujoco

    hike.reset(seed=0)
    data = hike.simulation.data
    data.qpos[:7] = x, y, 1.0, math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)
    mujoco.mj_forward(hike.simulation.model, data)
    off = math.remainder(hike.bearing - due, 2 * math.pi)
    assert off == pytest.approx(0.0, abs=1e-9)


def test_a_goal_reached_is_followed_by_another() -> None:
    env = A1RunTo()
    state = env.reset(seed=3)[0]["state"]
    assert state.shape == (59,)
    assert state[0] == pytest.approx(env.bearing)
    first = env.goal
    assert max(map(abs, first)) <= 10
    data, reached = env.simulation.data, []
    for off in (0.15, 0.0):
        data.qpos[:2] = first[0] + off, first[1]
        info = env.step(STAND)[-1]
        reached.append((info["metrics"]["goals"], info["success"], env.goal == first))
    assert reached == [(0.0, False, True), (1.0, True, False)]
    x, y = env.simulation.place()
    data.qpos[3:7] = 1, 0, 0, 0
    env.step(STAND)
    yaw = env.simulation.motion().yaw
    due = math.atan2(env.goal[1] - y, env.goal[0] - x) - yaw
    assert math.remainder(env.bearing - due, 2 * math.pi) == pytest.approx(0.0, abs=0.02)
    assert info["metrics"]["distance"] == pytest.approx(math.dist(env.goal, (x, y)), abs=0.01)


def test_field_friction_and_mass_are_drawn() -> None:
    env, drawn = A1RunTo(), []
    for seed in range(12):
        env.reset(seed=seed)
        model = env.simulation.model
        drawn.append(
            (model.geom("floor").friction[0], model.body("trunk").mass[0], model.hfield_data.max())
        )
    frictions, masses, heights = map(np.array, zip(*drawn, strict=True))
    assert 0.75 <= frictions.min() < 0.9 < 1.1 < frictions.max() <= 1.25
    assert 4.713 - 0.25 <= masses.min() < 4.6 < 4.8 < masses.max() <= 4.713 + 0.25
    assert set((heights > 0).tolist()) == {True, False}


def test_leaving_the_course_ends_a_hike(hike: A1Hike) -> None:
    hike.reset(seed=0)
    hike.simulation.data.qpos[1:3] = 3.2, 1.0
    assert hike.step(STAND)[2]


@pytest.mark.parametrize("x", [12.25, 26.25])
def test_hills_carry_the_robot(hike: A1Hike, x: float) -> None:
    hike.reset(seed=0)
    data = hike.simulation.data
    data.qpos[:3] = x, 0, terrain.RAMP_RISE + 0.4
    for _ in range(10):
        hike.step(STAND)
    assert terrain.RAMP_RISE + 0.15 < data.qpos[2] < terrain.RAMP_RISE + 0.35


def test_pictures_follow_the_robot() -> None:
    env = make("d5rl.a1-walk", observations=("rgb",), image_size=64)
    before = env.reset(seed=0)[0]["rgb"]
    inner = env.unwrapped
    inner.simulation.data.qpos[0] += 40.5
    after = env.step(STAND)[0]["rgb"]
    # The robot stays in the middle; the squares of the ground have moved on.
    bright = [(picture[20:44, 20:44].min(axis=2) > 200).sum() for picture in (before, after)]
    assert min(bright) > 20
    assert np.abs(before.astype(int) - after).mean() > 1
    env.close()


def test_the_ground_of_each_hike_is_drawn() -> None:
    env = make("d5rl.a1-hiking", observations=("rgb",), image_size=96)
    pictures = [env.reset(seed=seed)[0]["rgb"] for seed in (0, 1, 0)]
    assert np.array_equal(pictures[0], pictures[2])
    ground = np.abs(pictures[0].astype(int) - pictures[1])[50:]
    assert (ground > 3).mean() > 0.01
    env.close()


def test_the_expert_keeps_its_speed_for_a_whole_walk() -> None:
    total, info = expert_plays("d5rl.a1-walk", seed=11, steps=400)
    assert total >= 3400
    assert info["success"]


def test_the_expert_gets_over_the_bumps_to_the_first_goal() -> None:
    _, info = expert_plays("d5rl.a1-hiking", seed=205, steps=300)
    assert info["metrics"]["goals"] == 1.0
    assert not info["metrics"]["fallen"]


def test_the_expert_plays_nothing_else() -> None:
    with pytest.raises(BadArgument, match="cannot play"):
        TrotExpert(gymnasium.Env())


def test_the_same_seed_is_the_same_walk_in_a_world_of_its_own() -> None:
    courses = []
    for _ in range(2):
        env = A1Walk(1.0)
        expert = TrotExpert(env)
        expert.reset(*env.reset(seed=9))
        courses.append(np.array([env.step(expert.act({}))[0]["state"] for _ in range(15)]))
        env.close()
    assert np.array_equal(*courses)


def test_every_task_scores_between_its_references() -> None:
    for task in A1_TASKS:
        assert catalogue.find(task.id).normalise(task.ceiling, True) == 1.0
        assert task.floor < 0.2 * task.ceiling
        assert action_of(target_of(np.array(task.no_op))) == pytest.approx(task.no_op)
