"""Meta-World: the task list is upstream's, and a seed is the whole start."""

import pickle
import random

import gymnasium
import numpy as np
import pytest

import polyathlon
from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.tasks import catalogue, metaworld
from polyathlon.tasks.rendering import RenderingUnavailable, select_backend

pytest.importorskip("metaworld")
mujoco = pytest.importorskip("mujoco")

assert polyathlon.__version__

try:
    select_backend()
    DRAWS = True
except RenderingUnavailable:
    DRAWS = False
drawing = pytest.mark.skipif(not DRAWS, reason="no OpenGL library loads here")


@pytest.fixture
def make():
    made = []

    def making(task, **kwargs):
        made.append(metaworld.MetaWorld(task, **kwargs))
        return made[-1]

    yield making
    for env in made:
        env.close()


def model_bytes(env):
    buffer = np.empty(mujoco.mj_sizeModel(env._world.model), np.uint8)
    mujoco.mj_saveModel(env._world.model, None, buffer)
    return buffer


def play(env, seed, steps=4):
    """State, physics and rewards of a few steps, as bytes."""
    env.reset(seed=seed)
    data = env._world.data
    seen = [env.world_state.tobytes(), data.qpos.tobytes(), data.qvel.tobytes()]
    dice = np.random.default_rng(0)
    for _ in range(steps):
        observation, reward, *_ = env.step(dice.uniform(-1, 1, 4).astype(np.float32))
        seen += [observation["state"].tobytes(), np.float64(reward).tobytes()]
    return seen


# --- the list ------------------------------------------------------------------------------


def test_the_tasks_are_upstreams_in_its_order():
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS

    assert [task.kwargs["task"] for task in metaworld.TASKS] == list(ALL_V3_ENVIRONMENTS)
    assert len(metaworld.TASKS) == 50


def test_the_groups_are_upstreams():
    from metaworld import env_dict

    upstream = {
        "mt10": env_dict.MT10_V3,
        "mt50": env_dict.MT50_V3,
        "ml10-train": env_dict.ML10_V3["train"],
        "ml10-test": env_dict.ML10_V3["test"],
        "ml45-train": env_dict.ML45_V3["train"],
        "ml45-test": env_dict.ML45_V3["test"],
    }
    assert {tag: set(names) for tag, names in upstream.items()} == dict(metaworld.GROUPS)
    assert len(catalogue.match("tag:ml45-train")) == 45


def test_every_task_has_an_instruction_of_its_own():
    sentences = [task.instruction for task in metaworld.TASKS]
    assert len(set(sentences)) == 50
    assert all(one[0].isupper() and one.endswith(".") and one.isascii() for one in sentences)


def test_the_cameras_are_the_models(make):
    model = make("reach-v3")._world.model
    assert {model.camera(number).name for number in range(model.ncam)} == set(metaworld.CAMERAS)


# --- the law of the seed -------------------------------------------------------------------


@pytest.mark.parametrize("task", metaworld.INSTRUCTIONS)
def test_the_seed_alone_decides_the_start_and_what_follows(task, make):
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    untouched = pickle.dumps((np.random.get_state(), random.getstate()))  # noqa: NPY002
    env = make(task)
    first = play(env, seed=7)
    model = model_bytes(env)
    assert pickle.dumps((np.random.get_state(), random.getstate())) == untouched  # noqa: NPY002

    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    policy = metaworld.scripted_policy(env)
    other, info = env.reset(seed=8)
    assert other["state"].tobytes() != np.frombuffer(first[0]).astype(np.float32).tobytes()
    policy.reset(other, info)
    for _ in range(30):  # leave traces: the hand moved, objects touched
        env.step(policy.act(other))

    assert play(env, seed=7) == first
    assert np.array_equal(model_bytes(env), model)


def test_without_a_seed_the_next_start_is_drawn(make):
    env = make("push-v3")

    def three():
        env.reset(seed=3)
        return [env.reset()[0]["state"].tobytes() for _ in range(2)]

    starts = three()
    assert starts[0] != starts[1]
    assert three() == starts


def test_a_fresh_environment_starts_like_a_used_one(make):
    used = make("door-lock-v3")
    play(used, seed=1, steps=30)
    assert play(used, seed=5, steps=20) == play(make("door-lock-v3"), seed=5, steps=20)


@pytest.mark.parametrize("task", ["reach-v3", "assembly-v3", "coffee-push-v3", "lever-pull-v3"])
def test_starts_and_steps_are_upstreams_for_the_same_draw(task, make):
    """Upstream with ``set_task`` and the vector that we drew must do the very same."""
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS
    from metaworld.types import Task

    ours = make(task)
    ours.reset(seed=11)
    upstream = ALL_V3_ENVIRONMENTS[task]()
    drawn = {
        "rand_vec": ours._world._last_rand_vec,
        "env_cls": type(upstream),
        "partially_observable": False,
    }
    upstream.set_task(Task(env_name=task, data=pickle.dumps(drawn)))
    state, _ = upstream.reset()
    assert np.array_equal(state, ours.world_state)
    dice = np.random.default_rng(0)
    for _ in range(20):
        action = dice.uniform(-1, 1, 4).astype(np.float32)
        state, reward, _, _, told = upstream.step(action)
        _, our_reward, _, _, info = ours.step(action)
        assert np.array_equal(state, ours.world_state)
        assert our_reward == reward
        assert info["success"] == bool(told["success"])


# --- the episode ---------------------------------------------------------------------------


def test_the_horizon_is_500_and_success_does_not_end_it():
    env = gymnasium.make("polyathlon/metaworld.reach-v3")
    policy = metaworld.scripted_policy(env)
    observation, info = env.reset(seed=0)
    policy.reset(observation, info)
    assert info["success"] is False
    once = False
    for step in range(1, 501):
        observation, reward, terminated, truncated, info = env.step(policy.act(observation))
        once |= info["success"]
        assert isinstance(reward, float)
        assert np.isfinite(reward)
        assert not terminated
        assert truncated == (step == 500)
        assert info["metrics"]["success_once"] == once
        assert info["metrics"]["success_at_end"] == info["success"]
    assert once
    env.unwrapped.step(np.zeros(4, np.float32))  # only the wrapper counts
    env.close()


@pytest.mark.parametrize(
    "task",
    ["reach-v3", "push-v3", "drawer-open-v3", "button-press-topdown-v3", "window-close-v3"],
)
def test_the_oracle_wins(task):
    env = catalogue.build(catalogue.find(f"metaworld.{task}"), observations=("instruction",))
    policy = metaworld.scripted_policy(env)
    for seed in (0, 1):
        observation, info = env.reset(seed=seed)
        policy.reset(observation, info)
        truncated = False
        while not info["success"] and not truncated:
            action = policy.act(observation)
            assert env.action_space.contains(action)
            observation, _, _, truncated, info = env.step(action)
        assert info["success"], f"seed {seed}"
    env.close()


def test_the_embodiment_is_what_the_simulator_does(make):
    env = make("reach-v3")
    assert 1 / env._world.dt == metaworld.SAWYER.control_hz
    gap = {}
    for effort in (1, -1):
        env.reset(seed=0)
        before = env._world.data.mocap_pos[0].copy()
        env.step(np.array([0.5, 0, 1, effort], np.float32))
        moved = env._world.data.mocap_pos[0] - before
        assert np.allclose(moved, [0.005, 0, 0.01], atol=1e-6)  # [m]
        for _ in range(30):
            env.step(np.array([0, 0, 0, effort], np.float32))
        gap[effort] = env.world_state[3]
    assert gap[1] < 0.5 < gap[-1]


def test_actions_that_mean_nothing_are_refused(make):
    env = make("reach-v3")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(4, np.float32))
    env.reset(seed=0)
    for action in (np.zeros(3), np.full(4, np.nan)):
        with pytest.raises(InvalidAction, match="4 finite"):
            env.step(action)


@pytest.mark.parametrize(
    "wrong",
    [
        {"task": "fly-v3"},
        {"observations": ("sound",)},
        {"observations": ()},
        {"image_size": 0},
        {"camera": "corner9"},
        {"render_mode": "human"},
        {"render_profile": "lavish"},
    ],
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(BadArgument, match=r"fly-v3|offer|pixels|corner4|lavish"):
        metaworld.MetaWorld(**{"task": "reach-v3"} | wrong)


def test_state_and_instruction_need_no_renderer(make):
    env = make("reach-v3")
    observation, _ = env.reset(seed=0)
    again = env.step(np.zeros(4, np.float32))[0]
    assert env.render() is None
    assert env.render_info == {"backend": "none"}
    assert not np.shares_memory(observation["state"], again["state"])
    assert observation in env.observation_space


# Gymnasium reads text from shared memory once, when the vector is made, and never again.
@pytest.mark.parametrize(("mode", "options"), [("sync", None), ("async", {"shared_memory": False})])
def test_vectors(mode, options):
    envs = gymnasium.make_vec(
        "polyathlon/metaworld.reach-v3",
        num_envs=2,
        vectorization_mode=mode,
        vector_kwargs=options,
    )
    observations, _ = envs.reset(seed=5)
    assert observations["state"].shape == (2, 39)
    assert observations["instruction"][1] == metaworld.INSTRUCTIONS["reach-v3"]
    _, rewards, _, _, infos = envs.step(np.zeros((2, 4), np.float32))
    assert np.isfinite(rewards).all()
    assert not infos["success"].any()
    envs.close()


# --- pictures ------------------------------------------------------------------------------


@drawing
@pytest.mark.parametrize("camera", ["corner", "corner2", "corner3", "corner4", "topview"])
def test_pictures_stand_upright(camera, make):
    """Table and floor lie below the sky: what is high in the world is high in the picture."""
    env = make("reach-v3", observations=("rgb",), image_size=96, camera=camera)
    env.reset(seed=0)
    data, model = env._world.data, env._world.model
    camera_id = model.camera(camera).id
    axes = data.cam_xmat[camera_id].reshape(3, 3) * (-1 if metaworld.CAMERAS[camera] else 1)
    # The second axis of a camera is the picture's upward direction; from above it is away
    # from the robot, which stands at negative y.
    upward = axes[:, 1]
    assert upward[1 if camera == "topview" else 2] > 0.3


@drawing
def test_the_goal_is_drawn_where_the_camera_puts_it(make):
    """The goal marker's red appears where its position projects to, the right way round."""
    env = make("reach-v3", observations=("rgb", "state"), image_size=(120, 200))
    for seed in (0, 1):
        observation, _ = env.reset(seed=seed)
        with_goal = observation["rgb"].astype(int)
        model, data = env._world.model, env._world.data
        camera, goal = model.camera("corner4").id, observation["state"][-3:]
        model.site("goal").rgba[3] = 0
        without = env._picture().astype(int)
        model.site("goal").rgba[3] = 1
        rows, columns = np.nonzero(np.abs(with_goal - without).max(axis=2) > 30)
        relative = data.cam_xmat[camera].reshape(3, 3).T @ (goal - data.cam_xpos[camera])
        scale = 60 / np.tan(np.deg2rad(model.cam_fovy[camera]) / 2) / -relative[2]
        # Turned by 180 degrees, the picture's rows grow with the camera's own upward axis.
        assert np.isclose(rows.mean(), 59.5 + scale * relative[1], atol=3)
        assert np.isclose(columns.mean(), 99.5 - scale * relative[0], atol=3)


@drawing
def test_pictures_of_two_tasks_alive_do_not_mix(make):
    first = make("drawer-open-v3", observations=("rgb",), image_size=64)
    alone = first.reset(seed=0)[0]["rgb"]
    second = make("door-open-v3", observations=("rgb",), image_size=64, render_mode="rgb_array")
    other = second.reset(seed=0)[0]["rgb"]
    assert np.array_equal(first.reset(seed=0)[0]["rgb"], alone)
    assert np.array_equal(second.render(), other)
    assert not np.shares_memory(second.render(), other)
    assert not np.array_equal(alone, other)
    assert second.render_info["profile"] == "fast"
    assert second.render_info["device"]
    second.close()
    second.close()
    assert np.array_equal(first.reset(seed=0)[0]["rgb"], alone)
