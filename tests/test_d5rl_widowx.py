"""The WidowX's world, played: senses, motors, starts, ends, grasps, pictures, and the expert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

pytest.importorskip("mujoco")

from polyathlon.benchmarks.making import Recipe, make_dataset, tiers_of
from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.tasks import catalogue, make, rendering
from polyathlon.tasks.d5rl import FAMILY
from polyathlon.tasks.d5rl.widowx import NO_OP, WIDOWX_TASKS, body, scene
from polyathlon.tasks.d5rl.widowx.environment import WidowX
from polyathlon.tasks.d5rl.widowx.expert import TIERS, PickingExpert, make_expert
from polyathlon.tasks.d5rl.widowx.goal import PAIRS
from polyathlon.tasks.d5rl.widowx.simulation import SUBSTEPS, Simulation

STAND = np.array(NO_OP, np.float32)


@pytest.fixture(scope="module")
def sorting() -> Iterator[WidowX]:
    env = WidowX("sorting")
    yield env
    env.close()


@pytest.fixture(scope="module")
def picking() -> Iterator[WidowX]:
    env = WidowX("pickplace", state="full")
    yield env
    env.close()


def expert_plays(
    env: WidowX, seed: int, steps: int, noise: float = 0.0, **arguments: float
) -> tuple[list[float], dict[str, Any]]:
    """Rewards, and what is told at the end."""
    expert, dice = make_expert(env, **arguments), np.random.default_rng([seed, 1])
    observation, info = env.reset(seed=seed)
    expert.reset(observation, info)
    rewards: list[float] = []
    for _ in range(steps):
        action = expert.act(observation) + noise * dice.standard_normal(7)
        observation, reward, terminated, _, info = env.step(action.astype(np.float32))
        rewards.append(reward)
        if terminated:
            break
    return rewards, info


def put(env: WidowX, number: int, place: tuple[float, float], height: float = 0.004) -> None:
    """Lays the shoe (0) or the toy (1) somewhere."""
    data = env.simulation.data
    data.joint(("shoe", "toy")[number]).qpos[:] = (*place, height, 1, 0, 0, 0)
    data.joint(("shoe", "toy")[number]).qvel[:] = 0


# --- body ----------------------------------------------------------------------------------


def test_the_tasks_are_the_family_s() -> None:
    assert all(task in FAMILY.tasks for task in WIDOWX_TASKS)
    sizes = [make(task.id).observation_space["state"].shape for task in WIDOWX_TASKS]
    assert sizes == [(17,), (17,), (30,), (30,)]


def test_states_have_17_numbers_and_30_with_what_lies_about(
    sorting: WidowX, picking: WidowX
) -> None:
    assert sorting.reset(seed=0)[0]["state"].shape == (17,)
    assert picking.reset(seed=0)[0]["state"].shape == (30,)


def test_the_arm_weighs_and_bends_as_upstream_s() -> None:
    import mujoco

    model = Simulation().model
    for one in body.LINKS:
        assert model.body(one.joint).mass[0] == pytest.approx(one.mass)
        assert model.joint(one.joint).range.tolist() == pytest.approx(list(one.limits))
    assert [model.actuator(number).name for number in range(model.nu)] == [
        "x", "y", "z", "rx", "ry", "rz", "grip",
    ]  # fmt: skip
    assert model.opt.timestep * SUBSTEPS == pytest.approx(0.05)
    assert model.neq == 1, "the fingers are coupled; nothing else is tied to anything"
    assert model.eq_type[0] == mujoco.mjtEq.mjEQ_JOINT


def test_at_home_the_hand_points_down_ahead_of_the_base(sorting: WidowX) -> None:
    state = sorting.reset(seed=0)[0]["state"]
    # Lengths of the links, with the forearm level and the hand hanging.
    lean = np.array([0.04975 * np.cos(0.6) - 0.25 * np.sin(0.6), 0, 0])
    ahead = lean[0] + 0.25
    height = 0.11065 + 0.04975 * np.sin(0.6) + 0.25 * np.cos(0.6) - 0.065 - body.TIP
    assert state[:3] == pytest.approx([-height, 0, ahead], abs=2e-3)
    assert sorting.simulation.turned == pytest.approx(0.0, abs=2e-3)


def test_senses_stand_in_their_order(picking: WidowX) -> None:
    picking.reset(seed=1)
    state = picking.step(np.array([0.2, 0.3, 0.4, 0, 0, 0, 0.5], np.float32))[0]["state"]
    world, data = picking.simulation, picking.simulation.data
    x, y, z = world.tip
    assert state[:3] == pytest.approx([-z, -x, y], abs=1e-6)
    assert state[3] == pytest.approx(data.joint("right_finger").qpos[0])
    assert state[4] == pytest.approx(data.joint("right_finger").qvel[0], abs=1e-6)
    assert state[5] == pytest.approx(data.joint("left_finger").qpos[0])
    assert state[6] == pytest.approx(data.joint("left_finger").qvel[0], abs=1e-6)
    assert state[7:17].tolist() == picking.goal.task_id.tolist()
    assert state[17] == pytest.approx(world.turned, abs=1e-6)
    x, y, z = world.place_of(0)
    assert state[18:21] == pytest.approx([-z, -x, y], abs=1e-6)
    assert state[27:30] == pytest.approx([-1, 0, 0], abs=1e-3), "the doll stands"


@pytest.mark.parametrize(
    ("number", "axis", "sign"), [(0, 2, -1), (1, 0, -1), (2, 1, 1)], ids=["down", "left", "ahead"]
)
def test_velocities_lead_down_left_and_ahead(
    sorting: WidowX, number: int, axis: int, sign: int
) -> None:
    sorting.reset(seed=0)
    action = STAND.copy()
    action[number] = 0.4
    for _ in range(4):
        sorting.step(action)
    before = sorting.simulation.tip
    for _ in range(8):
        sorting.step(action)
    moved = sorting.simulation.tip - before
    # The servos give way to the joints' damping: sideways, near the base, by nearly half.
    assert 0.4 * 0.2 * 0.4 * 0.5 < sign * moved[axis] < 0.4 * 0.2 * 0.4 * 1.05
    assert np.abs(np.delete(moved, axis)).max() < 0.6 * abs(moved[axis])


def test_the_hand_turns_to_an_angle_and_the_gripper_opens(sorting: WidowX) -> None:
    sorting.reset(seed=0)
    for _ in range(40):
        sorting.step(np.array([0, 0, 0, 0.1, 0, 0, 1], np.float32))
    assert sorting.simulation.turned == pytest.approx(0.3, abs=0.02)
    fingers = sorting.simulation.senses()[3:]
    assert fingers == pytest.approx([-0.037, 0, 0.037, 0], abs=1e-3)
    for _ in range(10):
        sorting.step(np.array([0, 0, 0, 0.1, 0, 0, -1], np.float32))
    assert sorting.simulation.senses()[5] == pytest.approx(0.015, abs=1e-3)


def test_the_no_op_stands(sorting: WidowX) -> None:
    sorting.reset(seed=0)
    before = sorting.simulation.tip
    for _ in range(20):
        sorting.step(STAND)
    assert np.abs(sorting.simulation.tip - before).max() < 2e-3


# --- starts and ends -----------------------------------------------------------------------


def test_starts_are_drawn_and_seeds_fix_them(picking: WidowX) -> None:
    drawn = []
    for seed in (3, 4, 3):
        observation, _ = picking.reset(seed=seed)
        colours = picking.simulation.model.mat("shoe").rgba.tolist()
        drawn.append((observation["state"].tolist(), observation["instruction"], colours))
    assert drawn[0] == drawn[2]
    assert drawn[0][0] != drawn[1][0]
    tasks = [(picking.reset(seed=seed)[0]["instruction"], picking.goal.pair) for seed in range(40)]
    assert {pair for _, pair in tasks} == set(PAIRS)
    assert {words.split()[3] for words, _ in tasks} == {"shoe", "toy"}
    assert {words.split()[-2] for words, _ in tasks} == {"white", "black"}


def test_options_name_the_task_and_change_nothing_else(picking: WidowX) -> None:
    drawn = picking.reset(seed=5)[0]
    wanted = {"pair": [4, 2], "object": "toy", "bin": "white"}
    named = picking.reset(seed=5, options=wanted)[0]
    assert named["instruction"] == "Put the blue toy into the white bin."
    assert np.array_equal(
        np.delete(drawn["state"], range(7, 17)), np.delete(named["state"], range(7, 17))
    )
    assert picking.simulation.model.mat("shoe").rgba == pytest.approx(scene.PAINT[4])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pair": (1, 1)}, "two different numbers"),
        ({"pear": (0, 1)}, "no option 'pear' of reset; it has: pair"),
        ({"bin": "white"}, "sorting has no option 'bin'"),
        (["pair"], "give a mapping"),
    ],
)
def test_bad_options_are_refused_and_the_episode_goes_on(
    sorting: WidowX, options: dict[str, Any], told: str
) -> None:
    before = sorting.reset(seed=0)[0]["state"]
    with pytest.raises(BadArgument, match=told):
        sorting.reset(seed=1, options=options)
    assert np.abs(sorting.step(STAND)[0]["state"] - before).max() < 0.01


@pytest.mark.parametrize(
    "wrong",
    [{"task": "stack"}, {"reward": "dense"}, {"camera": "12"}, {"state": "all"},
     {"render_mode": "human"}],
)  # fmt: skip
def test_bad_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        WidowX(**wrong)


@pytest.mark.parametrize(
    "wrong", [np.zeros(6), np.full(7, np.nan), np.array(["a"] * 7), np.full(7, np.inf)]
)
def test_a_bad_action_is_refused(sorting: WidowX, wrong: Any) -> None:
    sorting.reset(seed=0)
    with pytest.raises(InvalidAction, match="7 finite numbers"):
        sorting.step(wrong)


def test_a_step_before_the_first_reset_is_refused() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        WidowX().step(STAND)


@pytest.mark.parametrize(
    ("shoe", "toy", "placed", "success"),
    [
        (None, None, 0.0, False),
        (0, None, 1.0, False),
        (None, 1, 1.0, False),
        (1, 0, 0.0, False),
        (0, 0, 1.0, False),
        (0, 1, 2.0, True),
    ],
)
@pytest.mark.parametrize("reward", ["sparse", "d5rl"])
def test_what_sorting_pays(
    shoe: int | None, toy: int | None, placed: float, success: bool, reward: str
) -> None:
    env = WidowX("sorting", reward=reward)
    env.reset(seed=0)
    for number, place in enumerate((shoe, toy)):
        if place is not None:
            x, y = scene.BIN_PLACES[place]
            put(env, number, (x, y + (0.035 if number else -0.035)))
    _, paid, terminated, truncated, info = env.step(STAND)
    assert info["metrics"] == {"placed": placed}
    assert (info["success"], terminated, truncated) == (success, success, False)
    assert paid == {"sparse": (0.0, 1.0), "d5rl": (-1.0, 10.0)}[reward][success]
    if success:
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(STAND)


@pytest.mark.parametrize(
    ("number", "place", "success"), [(0, 0, False), (0, 1, True), (1, 1, False)]
)
def test_picking_pays_for_the_object_that_is_named(
    picking: WidowX, number: int, place: int, success: bool
) -> None:
    picking.reset(seed=0, options={"object": "shoe", "bin": "black"})
    put(picking, number, scene.BIN_PLACES[place])
    _, paid, terminated, _, info = picking.step(STAND)
    assert (info["success"], terminated, paid) == (success, success, float(success))


# --- grasps --------------------------------------------------------------------------------


def test_what_is_held_is_held_by_the_fingers_alone(picking: WidowX) -> None:
    expert = make_expert(picking)
    observation, info = picking.reset(seed=2)
    expert.reset(observation, info)
    number = int(picking.goal.bins[0] is None)
    world = picking.simulation
    for _ in range(60):
        observation, *_ = picking.step(expert.act(observation))
        if world.fingers_on(number) == 2 and world.place_of(number)[2] > 0.05:
            break
    height = world.place_of(number)[2]
    for _ in range(10):  # no motion, closed
        picking.step(np.array([0, 0, 0, 0, 0, 0, -1], np.float32))
    assert world.fingers_on(number) == 2
    assert world.place_of(number)[2] == pytest.approx(height, abs=0.02)
    for _ in range(10):
        picking.step(np.array([0, 0, 0, 0, 0, 0, 1], np.float32))
    assert world.fingers_on(number) == 0
    assert world.place_of(number)[2] < 0.035


def test_what_a_finger_touches_is_not_placed_yet(picking: WidowX) -> None:
    picking.reset(seed=0, options={"object": "toy", "bin": "white"})
    world = picking.simulation
    place = np.array([*scene.BIN_PLACES[0], 0.03])
    for _ in range(60):
        way = place - world.tip
        action = np.clip([-way[2] * 5, -way[0] * 5, way[1] * 5, 0, 0, 0, 1], -1, 1)
        picking.step(action.astype(np.float32))
    x, y, _ = world.tip
    put(picking, 1, (x, y))
    for _ in range(6):  # the world alone: the task would end before the fingers are there
        world.step(np.array([0, 0, 0, 0, 0, 0, -1.0]))
    assert world.fingers_on(1) == 2
    assert scene.in_bin(world.place_of(1), 0)
    assert picking.placed == (False, False)


# --- expert --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_expert_sorts_with_noisy_actions(sorting: WidowX, seed: int) -> None:
    rewards, info = expert_plays(sorting, seed, 160, noise=0.05)
    assert info["success"]
    assert rewards == [0.0] * (len(rewards) - 1) + [1.0]


@pytest.mark.parametrize("seed", range(3))
def test_the_expert_picks_and_places(picking: WidowX, seed: int) -> None:
    rewards, info = expert_plays(picking, seed, 80)
    assert info["success"]
    assert sum(rewards) == 1.0


def test_an_expert_that_errs_takes_things_to_the_wrong_bins(sorting: WidowX) -> None:
    rewards, info = expert_plays(sorting, 0, 160, bin_noise=1.0)
    assert not any(rewards)
    assert info["metrics"] == {"placed": 0.0}
    assert [sorting.simulation.rests_in(number, 1 - number) for number in (0, 1)] == [True, True]


def test_an_expert_is_refused_another_world_and_no_probability(sorting: WidowX) -> None:
    with pytest.raises(BadArgument, match="cannot play"):
        PickingExpert(make("d5rl.a1-walk"))
    with pytest.raises(BadArgument, match="bin_noise is 2"):
        make_expert(sorting, bin_noise=2.0)


# --- data ----------------------------------------------------------------------------------


def test_tiers_are_those_of_upstream_s_directories() -> None:
    tiers = tiers_of(catalogue.find("d5rl.widowx-sorting"))
    assert set(TIERS) < set(tiers)
    assert "expert" in tiers
    assert tiers["actionnoise0.05-binnoise0.1"].noise == 0.05
    assert tiers["actionnoise0.05-binnoise0.1"].solver == {"bin_noise": 0.1}
    assert set(tiers["d5rl"].parts) == set(TIERS) - {"d5rl"}
    assert "d5rl" not in tiers_of(catalogue.find("d5rl.a1-walk"))


def test_a_tier_is_recorded_alike_twice(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    told = []
    for name in ("one", "other"):
        recipe = Recipe(
            task="d5rl.widowx-pickplace-v1", episodes=1, tier="actionnoise0.05-binnoise0.1",
            references=1,
        )  # fmt: skip
        make_dataset(recipe, tmp_path / name)
        with h5py.File(tmp_path / name / "data" / "main_data.hdf5") as file:
            states = file["episode_0/observations/state"][()]
            told.append((states.tobytes(), file["episode_0/terminations"][()].tolist()))
    assert told[0] == told[1]
    assert states.shape[1] == 17
    with pytest.raises(BadArgument, match=r"has no tier 'binnoise'; .*expert, .*d5rl"):
        make_dataset(Recipe(task=recipe.task, episodes=1, tier="binnoise"), tmp_path / "no")


# --- pictures ------------------------------------------------------------------------------


def can_draw() -> bool:
    try:
        return bool(rendering.select_backend())
    except rendering.RenderingUnavailable:
        return False


@pytest.mark.skipif(not can_draw(), reason="nothing can draw here")
def test_pictures_show_the_colours_of_the_task() -> None:
    env = WidowX(observations=("rgb", "state"))
    red = env.reset(seed=0, options={"pair": (0, 1)})[0]["rgb"]
    blue = env.reset(seed=0, options={"pair": (2, 1)})[0]["rgb"]
    assert red.shape == (128, 128, 3)
    changed = (red != blue).any(axis=-1)
    assert 10 < changed.sum() < 600, "only the shoe has another colour"
    assert red[changed].mean(axis=0).argmax() == 0
    assert blue[changed].mean(axis=0).argmax() == 2
    assert env.render_info["profile"] == "fast"
    env.close()
    env.close()
