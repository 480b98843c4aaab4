"""The Adroit hand of D5RL: upstream's physics, binary rewards, bodies, recorded data."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

pytest.importorskip("gymnasium_robotics")

from polyathlon.benchmarks.making import Recipe, make_dataset
from polyathlon.cli import _polyathlon
from polyathlon.core.errors import BadArgument, EmbodimentMismatch, InvalidAction
from polyathlon.tasks import catalogue, rendering
from polyathlon.tasks.d5rl.adroit import ADROIT_TASKS
from polyathlon.tasks.d5rl.adroit.environment import WORLDS, AdroitHand
from polyathlon.tasks.d5rl.adroit.goal import (
    GOALS,
    ball_is_there,
    door_is_open,
    nail_is_in,
    pen_is_turned,
    reward_of,
)
from polyathlon.tasks.d5rl.adroit.hand import ARMS, HAND
from polyathlon.tasks.dataset.layout import Dataset, import_h5py
from polyathlon.tasks.dataset.official_import import import_path

SIZES = {"door": (39, 28), "hammer": (46, 26), "pen": (45, 24), "relocate": (39, 30)}
"""Of state and action: gymnasium_robotics/envs/adroit_hand."""


@pytest.fixture(scope="module")
def hands():
    made = {name: AdroitHand(name, "Do it.") for name in WORLDS}
    yield made
    for env in made.values():
        env.close()


# --- rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "measured", "reached"),
    [
        (door_is_open, (1.34,), False),
        (door_is_open, (1.35,), True),
        (pen_is_turned, (0.074, 0.951), True),
        (pen_is_turned, (0.075, 0.951), False),
        (pen_is_turned, (0.074, 0.95), False),
        (ball_is_there, (0.099,), True),
        (ball_is_there, (0.1,), False),
        (nail_is_in, (0.009,), True),
        (nail_is_in, (0.01,), False),
    ],
)
def test_when_a_task_is_done(rule, measured, reached):
    assert rule(*measured) is reached
    assert reward_of(rule(*measured)) == (0.0 if reached else -1.0)


@pytest.mark.parametrize("task", ADROIT_TASKS, ids=lambda task: task.id)
def test_returns_lie_between_floor_and_ceiling(task):
    steps = task.max_episode_steps
    assert steps == (100 if "pen" in task.id else 200)
    assert task.floor == steps * reward_of(False)
    assert task.ceiling == steps * reward_of(True)
    assert task.normalise(-steps / 4, True) == 0.75


def move_to_goal(name: str, env: AdroitHand, share: float) -> None:
    """Puts what the task is about at the goal (1), far from it (0), or between."""
    model, data = env.model, env.data
    if name == "door":
        data.joint("door_hinge").qpos[0] = 1.45 * share
    elif name == "hammer":
        data.joint("nail_dir").qpos[0] = 0.09 * share
    elif name == "relocate":
        begin, end = model.body("Object").pos.copy(), model.site("target").pos
        for axis, joint in enumerate(("OBJTx", "OBJTy", "OBJTz")):
            data.joint(joint).qpos[0] = share * (end[axis] - begin[axis])
    else:
        mujoco = pytest.importorskip("mujoco")
        turn = np.array([np.cos(0.4 * (1 - share)), 0, 0, np.sin(0.4 * (1 - share))])
        mujoco.mju_mulQuat(model.body("target").quat, turn, model.body("Object").quat)


@pytest.mark.parametrize("name", WORLDS)
def test_success_is_upstreams_flag_on_the_way_from_the_goal(hands, name):
    from gymnasium_robotics.envs import adroit_hand

    with contextlib.redirect_stderr(io.StringIO()):
        upstream = getattr(adroit_hand, WORLDS[name])(reward_type="sparse")
    env, found = hands[name], []
    env.reset(seed=0)
    upstream.reset(seed=int(np.random.default_rng(0).integers(2**31)))
    for share in np.linspace(1, 0, 12):
        for one in (env, upstream):
            move_to_goal(name, one, share)
        still = np.zeros(env.action_space.shape, np.float32)
        observation, reward, _, _, info = env.step(still)
        theirs, their_reward, _, _, told = upstream.step(still)
        assert np.array_equal(observation["state"], theirs.astype(np.float32))
        assert info["success"] == bool(told["success"]) == (their_reward > 0)
        assert reward == reward_of(info["success"])
        assert GOALS[name].reached(**info["metrics"]) is info["success"]
        found.append(info["success"])
    assert set(found) == {False, True}
    upstream.close()


# --- body and senses -----------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_sizes_are_upstreams(hands, name):
    env = hands[name]
    observation, info = env.reset(seed=0)
    assert (observation["state"].size, env.action_space.shape[0]) == SIZES[name]
    assert info["success"] is False


@pytest.mark.parametrize("name", WORLDS)
def test_bodies_say_what_the_model_s_motors_do(hands, name):
    model, motors = hands[name].model, {**ARMS[name], **HAND}
    body = catalogue.find(f"d5rl.adroit-{name}").embodiment
    assert list(motors) == [model.actuator(number).name[2:] for number in range(model.nu)]
    assert tuple(motors) == body.action_names
    assert np.allclose(list(motors.values()), model.actuator_ctrlrange)
    slides = [model.joint(one).type[0] == 2 for one in motors]  # mjJNT_SLIDE
    assert [unit.endswith(" m") for unit in body.action_units] == slides
    assert body.control_hz == pytest.approx(1 / hands[name]._world.dt)


def test_seeds_place_things_and_global_dice_do_not(hands):
    env = hands["relocate"]
    places = []
    for seed in (0, 1, 0):
        np.random.seed(7)  # noqa: NPY002
        env.reset(seed=seed)
        places.append((env.model.body("Object").pos.copy(), env.model.site("target").pos.copy()))
    for first, other, again in zip(*places, strict=True):
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("wrong", [np.zeros(27), np.full(28, np.nan), np.full(28, "1")])
def test_a_bad_action_is_refused(hands, wrong):
    hands["door"].reset(seed=0)
    with pytest.raises(InvalidAction, match="28 finite numbers"):
        hands["door"].step(wrong)


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(gymnasium.error.ResetNeeded):
        AdroitHand("pen", "").step(np.zeros(24, np.float32))


@pytest.mark.parametrize("wrong", [{"task": "pan"}, {"camera": "view_1"}, {"render_mode": "human"}])
def test_bad_arguments_are_refused(wrong):
    with pytest.raises(BadArgument):
        AdroitHand(**{"task": "pen", "instruction": "", **wrong})


# --- recorded data -------------------------------------------------------------------------


def test_random_play_can_be_recorded_and_the_solver_s_cannot(tmp_path: Path):
    task = "d5rl.adroit-pen-v1"
    for tier in ("expert", "mixed"):
        with pytest.raises(BadArgument, match=r"no oracle.*--tier random needs none"):
            make_dataset(Recipe(task=task, episodes=1, tier=tier), tmp_path / tier)
    make_dataset(Recipe(task=task, episodes=2, tier="random", references=1), tmp_path / "random")
    dataset = Dataset(tmp_path / "random")
    assert [one.steps for one in dataset.trajectories()] == [100, 100]
    assert -100 <= dataset.metadata["ref_min_score"] <= 0
    assert dataset.metadata["ref_max_score"] == 0


def flat_file(path: Path, name: str) -> None:
    """Two short episodes in the layout of D5RL's ``{door,pen,relocate}_binary.hdf5``."""
    dice, (state, action) = np.random.default_rng(0), SIZES[name]
    with import_h5py().File(path, "w") as file:
        for column, size in (("observations", state), ("next_observations", state),
                             ("actions", action)):  # fmt: skip
            file[column] = dice.uniform(-1, 1, (40, size)).astype(np.float32)
        file["rewards"] = np.where(np.arange(40) % 20 > 15, 0, -1).astype(np.float32)
        file["masks"] = np.ones(40, np.float32)
        file["terminals"] = np.zeros(40, bool)
        file["timeouts"] = np.arange(40) % 20 == 19


def test_the_official_layout_becomes_data_of_this_body_that_can_be_learnt(tmp_path: Path):
    flat_file(tmp_path / "pen_binary.hdf5", "pen")
    (found,) = import_path(tmp_path / "pen_binary.hdf5", tmp_path / "data")
    folder = tmp_path / "data" / "d5rl" / found.name
    dataset, task = Dataset(folder), catalogue.find("d5rl.adroit-pen")
    own = dataset.metadata["polyathlon"]["embodiment"]
    assert own["id"] == task.embodiment.id
    seen = json.loads(dataset.metadata["observation_space"])["subspaces"]["state"]
    assert seen["shape"] == [SIZES["pen"][0]]

    def train(name: str) -> None:
        small = ["--protocol", "smoke", "--offline", "2", "--online", "0", "--set", "hidden=[8]"]
        words = ["train", "iql", f"d5rl.adroit-{name}", "--dataset", str(folder), *small]
        _polyathlon.main([*words, "--out", str(tmp_path / name)], standalone_mode=False)

    train("pen")
    assert (tmp_path / "pen" / "evaluations" / "0000002" / "result.json").is_file()
    with pytest.raises(EmbodimentMismatch, match="follow 'adroit-pen'"):
        train("door")


# --- pictures ------------------------------------------------------------------------------


def can_draw() -> bool:
    try:
        return bool(rendering.select_backend())
    except rendering.RenderingUnavailable:
        return False


@pytest.mark.skipif(not can_draw(), reason="nothing can draw here")
def test_pictures_are_opt_in_and_show_what_moves():
    env = AdroitHand("door", "", observations=("rgb", "state"), image_size=48, camera="fixed")
    first = env.reset(seed=0)[0]["rgb"]
    for _ in range(20):
        observation, *_ = env.step(np.ones(28, np.float32))
    assert first.shape == (48, 48, 3)
    assert not np.array_equal(first, observation["rgb"])
    assert env.render_info["profile"] == "fast"
    env.close()
    env.close()
