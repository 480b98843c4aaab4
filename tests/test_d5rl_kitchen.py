"""The kitchens of D5RL: upstream's physics, the rules of both, the expert, the pictures."""

from __future__ import annotations

import contextlib
import io

import gymnasium
import numpy as np
import pytest

pytest.importorskip("gymnasium_robotics")

from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.tasks import catalogue, rendering
from polyathlon.tasks.d5rl.kitchen import IN_DISTRIBUTION, OUT_OF_DISTRIBUTION
from polyathlon.tasks.d5rl.kitchen.arm import Arm, facing, rotation_error
from polyathlon.tasks.d5rl.kitchen.element import ELEMENTS, instruct, parse_elements
from polyathlon.tasks.d5rl.kitchen.environment import Kitchen
from polyathlon.tasks.d5rl.kitchen.expert import make_expert


@pytest.fixture(scope="module")
def kitchen():
    env = Kitchen()
    yield env
    env.close()


@pytest.fixture(scope="module")
def randomized():
    env = Kitchen(randomized=True)
    yield env
    env.close()


def play(env: Kitchen, seed: int, steps: int) -> tuple[list[float], dict]:
    """What the expert earns, step by step, and what is told in the end."""
    observation, info = env.reset(seed=seed)
    expert = make_expert(env)
    expert.reset(observation, info)
    rewards = []
    for _ in range(steps):
        observation, reward, _, _, info = env.step(expert.act(observation))
        rewards.append(reward)
        if info["success"]:
            break
    return rewards, info


# --- rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "index", "value", "standard", "strict"),
    [
        ("microwave", 22, -0.44, False, False),
        ("microwave", 22, -0.46, True, False),
        ("microwave", 22, -0.56, True, True),
        ("bottom burner", 11, -0.57, False, False),
        ("bottom burner", 11, -0.64, True, False),
        ("bottom burner", 11, -0.66, True, True),
        ("top burner", 15, -0.66, True, True),
        ("light switch", 17, -0.40, True, False),
        ("light switch", 17, -0.46, True, True),
        ("slide cabinet", 19, 0.08, True, False),
        ("slide cabinet", 19, 0.26, True, True),
        ("hinge cabinet", 21, 1.2, True, False),
        ("hinge cabinet", 21, 1.3, True, True),
        ("kettle", 24, 0.55, True, False),
        ("kettle", 24, 0.66, True, True),
    ],
)
def test_when_an_element_is_done(name, index, value, standard, strict):
    one = ELEMENTS[name]
    qpos = np.zeros(30)
    if name == "kettle":
        qpos[list(one.indices)] = one.goal
    qpos[index] = value
    assert one.done(qpos) is standard
    assert one.done(qpos, strict=True) is strict


def test_elements_and_goals_are_upstreams():
    from gymnasium_robotics.envs.franka_kitchen import kitchen_env

    assert set(ELEMENTS) == set(kitchen_env.OBS_ELEMENT_GOALS)
    for name, one in ELEMENTS.items():
        assert list(one.indices) == kitchen_env.OBS_ELEMENT_INDICES[name].tolist()
        assert list(one.goal) == kitchen_env.OBS_ELEMENT_GOALS[name].tolist()


def test_the_two_sets_and_their_words():
    assert len(set(IN_DISTRIBUTION) & set(OUT_OF_DISTRIBUTION)) == 3
    assert instruct(parse_elements(["kettle"])) == "Move the kettle to the burner behind it."
    assert instruct(parse_elements(["microwave", "light switch"])).count(" and ") == 1


@pytest.mark.parametrize("wrong", [[], ["kettel"], ["kettle", "kettle"]])
def test_bad_elements_are_refused(wrong):
    with pytest.raises(BadArgument, match=r"kettle|name one"):
        Kitchen(elements=wrong)


@pytest.mark.parametrize("wrong", [{"camera": "12"}, {"state": "all"}, {"render_mode": "human"}])
def test_bad_arguments_are_refused(wrong):
    with pytest.raises(BadArgument):
        Kitchen(**wrong)


# --- the standard kitchen ------------------------------------------------------------------


def test_physics_and_rewards_are_upstreams(kitchen):
    from gymnasium_robotics.envs.franka_kitchen import KitchenEnv

    with contextlib.redirect_stderr(io.StringIO()):
        upstream = KitchenEnv(list(IN_DISTRIBUTION), False, False)
    observation, _ = kitchen.reset(seed=4)
    upstream.reset(seed=int(np.random.default_rng(4).integers(2**31)))
    dice = np.random.default_rng(0)
    for _ in range(12):
        action = dice.uniform(-1, 1, 9).astype(np.float32)
        observation, reward, *_ = kitchen.step(action)
        theirs, their_reward, *_ = upstream.step(action.astype(np.float64))
        assert np.array_equal(observation["state"], theirs["observation"].astype(np.float32))
        assert reward == their_reward
    upstream.close()


def test_state_has_59_or_9_numbers(kitchen):
    assert kitchen.reset(seed=0)[0]["state"].shape == (59,)
    assert Kitchen(state="robot").reset(seed=0)[0]["state"].shape == (9,)


@pytest.mark.parametrize("wrong", [np.zeros(8), np.full(9, np.nan)])
def test_a_bad_action_is_refused(kitchen, wrong):
    kitchen.reset(seed=0)
    with pytest.raises(InvalidAction, match="9 finite numbers"):
        kitchen.step(wrong)


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded):
        Kitchen().step(np.zeros(9, np.float32))


def test_the_expert_does_all_four_and_rewards_stay(kitchen):
    rewards, info = play(kitchen, 0, 280)
    assert info["success"]
    assert info["metrics"] == {"manipulated": 4.0}
    assert rewards == sorted(rewards)
    assert rewards[-1] == 4.0


@pytest.mark.parametrize("name", sorted(set(ELEMENTS) - set(IN_DISTRIBUTION)))
def test_the_expert_does_the_other_elements(name):
    env = Kitchen(elements=[name])
    assert play(env, 1, 280)[1]["success"]


# --- the randomised kitchen ----------------------------------------------------------------


def test_seeds_draw_kitchens(randomized):
    drawn = []
    for seed in (0, 1, 0):
        randomized.reset(seed=seed)
        model, data = randomized.model, randomized.data
        drawn.append((model.body("microwave").pos.copy(), data.qpos.copy(), model.mat_rgba.copy()))
    for first, other, again in zip(*drawn, strict=True):
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_randomised_tasks_last_500_steps():
    task = catalogue.find("d5rl.kitchen-randomized")
    assert task.max_episode_steps == 500
    assert catalogue.find("d5rl.kitchen-standard").max_episode_steps == 280


# --- arm -----------------------------------------------------------------------------------


def test_the_arm_plans_to_a_pose(kitchen):
    kitchen.reset(seed=0)
    arm = Arm(kitchen.model)
    arm.begin(kitchen.data)
    start, turned = arm.pose_of(kitchen.data)
    goal = start + np.array([0.1, 0.1, 0.1])
    assert arm.aim(goal, turned, iterations=60) < 1e-3


def test_orientations_are_rotations():
    for angles in ((0.0, 0.0, 0.0), (0.4, 0.5, 0.0), (-0.3, 0.2, np.pi / 2)):
        turned = facing(*angles)
        assert np.allclose(turned.T @ turned, np.eye(3))
        assert np.isclose(np.linalg.det(turned), 1.0)
    step = rotation_error(facing(0.1), facing(0.0))
    assert np.allclose(step, [0.0, 0.0, 0.1], atol=1e-3)


# --- pictures ------------------------------------------------------------------------------


def can_draw() -> bool:
    try:
        return bool(rendering.select_backend())
    except rendering.RenderingUnavailable:
        return False


@pytest.mark.skipif(not can_draw(), reason="nothing can draw here")
def test_the_wrist_sees_what_moves():
    env = Kitchen(observations=("rgb", "state"), image_size=48, camera="wrist", state="robot")
    first = env.reset(seed=0)[0]["rgb"]
    for _ in range(4):
        observation, *_ = env.step(np.full(9, 0.5, np.float32))
    assert first.shape == (48, 48, 3)
    assert first.std() > 10
    assert not np.array_equal(first, observation["rgb"])
    assert env.render_info["profile"] == "fast"
    env.close()
    env.close()
