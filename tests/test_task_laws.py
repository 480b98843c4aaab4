"""The laws of tasks: those that cost little for every task registered, the dear ones for samples.

Families hold up to a hundred tasks that are one environment with other data. ``make laws``, which
is ``LAWS=all``, holds each task of theirs to every law.
"""

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import polyathlon.tasks
from polyathlon.core.registry import load_object
from polyathlon.core.specs import TaskSpec
from polyathlon.tasks import catalogue
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser

TASKS = tuple(catalogue.all_tasks().values())
EVERY = os.environ.get("LAWS") == "all"
"""Whether every task is held to the dear laws too."""

SAMPLES = {
    "androidcontrol": "high low high-app-unseen",
    "atari": "breakout montezuma-revenge name-this-game pong skiing tetris video-chess zaxxon",
    "d5rl": """a1-walk a1-hiking a1-runto kitchen-standard widowx-sorting widowx-pickplace-full
        adroit-pen adroit-door adroit-hammer adroit-relocate""",
    "langr": "train novel-objects",
    "metaworld": """reach push pick-place door-open drawer-open drawer-close button-press-topdown
        peg-insert-side window-open window-close""",
    "miniwob": "click-test-2 login-user drag-box terminal",
    "socialnav": """crowdnav-circle crowdnavpp frontal-approach intersection-wait
        blind-corner-mixed narrow-doorway-invisible exiting-elevator-no-yield join-group following
        perpendicular-traffic-invisible crowd-navigation object-handover dense-crowd
        recorded-crowd""",
}
"""Families whose tasks are alike, and those that stand for the rest: a game that waits long in its
title, a card of each kind and a track of each, MT10."""

SOLVED = {
    **SAMPLES,
    "babyai": """go-to-red-ball go-to-local go-to-obj-maze-s4 go-to-seq-s5r2 open open-two-doors
        pickup unblock-pickup put-next-local unlock blocked-unlock-pickup find-obj-s5
        key-corridor-s3r3 move-two-across-s5n2 synth-s5r2 mini-boss-level""",
    "d5rl": "a1-walk kitchen-standard widowx-sorting",
}
"""Those whose solver is held to winning: it plays whole episodes, and so does chance."""

PASSED_OVER = ("androidcontrol", "langr", "metaworld", "miniwob")
"""Families of which a pass over all is in their own tests."""

STEPS = 8
LONGER = (64, 600)  # some Atari games wait this long in a title before an action tells
OTHERS = range(6)  # other random actions
FAMILY_SAMPLES = tuple(family.tasks[0] for family in catalogue.families().values())
SIMULATORS = {
    "ale_py", "envpool", "metaworld", "minigrid", "mujoco", "numba", "pygame", "pyrvo", "shapely",
    "torch",
}  # fmt: skip


class Rollout(NamedTuple):
    observations: list[dict[str, Any]]
    rewards: list[Any]
    flags: list[tuple[Any, Any]]
    infos: list[dict[str, Any]]

    def add(self, observation: Any, reward: Any, ended: Any, cut: Any, info: Any) -> bool:
        """Takes what a step gave; whether it was the last."""
        self.observations.append(observation)
        self.rewards.append(reward)
        self.flags.append((ended, cut))
        self.infos.append(info)
        return bool(ended or cut)


@pytest.fixture(autouse=True)
def browser_for_pages(request: pytest.FixtureRequest) -> None:
    """Pages are played where a browser is; elsewhere the reason says what to type."""
    if "miniwob" in request.node.name:
        try:
            find_browser()
        except BrowserMissing as missing:
            pytest.skip(str(missing))


def chosen(task: TaskSpec, samples: dict[str, str]) -> bool:
    """Whether a task is held to a dear law itself."""
    names = samples.get(task.family)
    short = task.id.partition(".")[2].rpartition("-v")[0]
    return EVERY or names is None or short in names.split()


def alike(task: TaskSpec) -> bool:
    """Whether another stands for a task, which is held to the cheap laws alone."""
    return task.family not in PASSED_OVER and not chosen(task, SAMPLES)


def by_id(task: TaskSpec) -> str:
    return task.id


def play(
    env: gymnasium.Env, seed: int, *, disturbance: int, steps: int = STEPS, actions: int = 99
) -> Rollout:
    """Plays random actions that depend on nothing but their own seed.

    The disturbance seeds the global generators: a world must not listen to them.
    """
    random.seed(disturbance)
    np.random.seed(disturbance)  # noqa: NPY002
    dice = np.random.default_rng(actions)
    observation, info = env.reset(seed=seed)
    rollout = Rollout([observation], [], [], [info])
    env.action_space.seed(actions)
    for _ in range(steps):
        action = draw(env.action_space, dice)
        if rollout.add(*env.step(action)):
            break
    return rollout


def draw(space: gymnasium.Space, dice: np.random.Generator) -> Any:
    if isinstance(space, gymnasium.spaces.Discrete):
        return np.int64(dice.integers(space.n))
    if isinstance(space, gymnasium.spaces.Box):
        return dice.uniform(space.low, space.high).astype(space.dtype)
    return space.sample()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return bool(one == other)


def same_course(one: Rollout, other: Rollout) -> bool:
    return (
        one.rewards == other.rewards
        and one.flags == other.flags
        and len(one.observations) == len(other.observations)
        and all(
            left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
            for left, right in zip(one.observations, other.observations, strict=True)
        )
    )


def law_default_fields_are_there(task: TaskSpec, rollout: Rollout) -> None:
    for observation in rollout.observations:
        assert tuple(observation) == task.default_observations
    text = rollout.observations[0].get("instruction", task.instruction)
    assert isinstance(text, str)
    assert text


def law_observations_lie_in_the_space(env: gymnasium.Env, rollout: Rollout) -> None:
    for observation in rollout.observations:
        for key, value in observation.items():
            assert env.observation_space[key].contains(value), key


def law_rewards_and_flags_are_plain(rollout: Rollout) -> None:
    for reward, flags in zip(rollout.rewards, rollout.flags, strict=True):
        assert type(reward) is float
        assert np.isfinite(reward)
        assert [type(flag) for flag in flags] == [bool, bool]


def law_info_says_success(rollout: Rollout) -> None:
    for info in rollout.infos:
        assert type(info["success"]) is bool
        for value in info.get("metrics", {}).values():
            assert type(value) is float
            assert np.isfinite(value)
    assert not rollout.infos[0]["success"]


def law_observations_share_no_memory(rollout: Rollout) -> None:
    for field in rollout.observations[0]:
        arrays = [o[field] for o in rollout.observations if isinstance(o[field], np.ndarray)]
        for earlier, later in itertools.pairwise(arrays):
            assert not np.shares_memory(earlier, later), field


def law_seed_determines_course(env: gymnasium.Env, first: Rollout, between: Rollout) -> None:
    """Whatever was played between, and though somebody writes into what that showed."""
    for observation in between.observations:
        for value in observation.values():
            if isinstance(value, np.ndarray):
                value[...] = 7
    assert same_course(first, play(env, 0, disturbance=2))


def law_seeds_differ(task: TaskSpec, env: gymnasium.Env, first: Rollout, other: Rollout) -> None:
    """Of three seeds one at least gives another course.

    If need be a longer one, one of other actions, one with every field (what differs may be drawn
    alone), or the solver's: a number that is to be guessed shows in nothing but what is answered.
    """
    if not same_course(first, other) or not same_course(first, play(env, 2, disturbance=0)):
        return
    for steps in LONGER:
        if differ(play(env, seed, disturbance=0, steps=steps) for seed in range(3)):
            return
    for actions in OTHERS:
        if differ(play(env, seed, disturbance=0, actions=actions) for seed in range(3)):
            return
    whole = catalogue.build(task, observations=task.observations)
    try:
        assert differ(play(whole, seed, disturbance=0) for seed in range(3)) or (
            task.oracle and differ(solve(whole, task, seed) for seed in range(3))
        ), "three seeds, one course"
    finally:
        whole.close()


def differ(courses: Iterable[Rollout]) -> bool:
    """Whether one of them is unlike the first."""
    each = iter(courses)
    first = next(each)
    return any(not same_course(first, other) for other in each)


def law_gymnasium_checks_it(env: gymnasium.Env) -> None:
    check_env(env.unwrapped, skip_render_check=True, skip_close_check=True)


def law_spec_agrees(task: TaskSpec, env: gymnasium.Env) -> None:
    assert env.spec is not None
    assert env.spec.max_episode_steps == task.max_episode_steps
    body = task.embodiment
    if body.kind == "discrete":
        assert env.action_space == gymnasium.spaces.Discrete(len(body.action_names))
    elif body.kind == "text":
        assert isinstance(env.action_space, gymnasium.spaces.Text)
    else:
        assert env.action_space.shape == (len(body.action_names),)
        assert env.action_space.low.tolist() == pytest.approx(list(body.low))
        assert env.action_space.high.tolist() == pytest.approx(list(body.high))
    assert all(
        isinstance(value, str) for pair in env.unwrapped.render_info.items() for value in pair
    )


# Honest bounds: positions and velocities of simulated bodies have none.
@pytest.mark.filterwarnings("ignore:.*A Box observation space .* is -?infinity:UserWarning")
@pytest.mark.parametrize("task", [task for task in TASKS if chosen(task, SAMPLES)], ids=by_id)
def test_task_obeys_the_laws(task: TaskSpec) -> None:
    env = catalogue.build(task)
    try:
        first = play(env, 0, disturbance=0)
        law_spec_agrees(task, env)
        law_default_fields_are_there(task, first)
        law_observations_lie_in_the_space(env, first)
        law_rewards_and_flags_are_plain(first)
        law_info_says_success(first)
        law_observations_share_no_memory(first)
        other = play(env, 1, disturbance=1)
        law_seeds_differ(task, env, first, other)
        law_seed_determines_course(env, first, other)
        law_gymnasium_checks_it(env)
    finally:
        env.close()
    env.close()


@pytest.mark.parametrize("task", [task for task in TASKS if alike(task)], ids=by_id)
def test_task_is_what_it_says(task: TaskSpec) -> None:
    """What costs little, of those for which others stand."""
    env = catalogue.build(task)
    try:
        first = play(env, 0, disturbance=0, steps=1)
        law_spec_agrees(task, env)
        law_default_fields_are_there(task, first)
        law_observations_lie_in_the_space(env, first)
        law_rewards_and_flags_are_plain(first)
        law_info_says_success(first)
    finally:
        env.close()


def solvable(family: str) -> list[TaskSpec]:
    """The tasks of a family whose oracle is held to winning."""
    return [
        task
        for task in TASKS
        if task.family == family and task.oracle and task.oracle_solves and chosen(task, SOLVED)
    ]


def blind(task: TaskSpec) -> gymnasium.Env:
    """The task without its pictures, which neither oracle nor chance looks at."""
    fields = tuple(field for field in task.observations if field not in ("rgb", "depth"))
    return catalogue.build(task, observations=fields or task.observations)


def solve(env: gymnasium.Env, task: TaskSpec, seed: int) -> Rollout:
    """The course of the task's oracle, which ends with its success."""
    assert task.oracle is not None
    oracle = load_object(task.oracle)(env)
    observation, info = env.reset(seed=seed)
    oracle.reset(observation, info)
    rollout = Rollout([observation], [], [], [info])
    while True:
        action = oracle.act(observation)
        assert env.action_space.contains(action)
        over = rollout.add(*env.step(action))
        if over or rollout.infos[-1]["success"]:
            return rollout
        observation = rollout.observations[-1]


def random_succeeds(env: gymnasium.Env, seed: int) -> bool:
    dice = np.random.default_rng(seed)
    env.action_space.seed(seed)
    env.reset(seed=seed)
    while True:
        _, _, terminated, truncated, info = env.step(draw(env.action_space, dice))
        if info["success"] or terminated or truncated:
            return info["success"]


@pytest.mark.parametrize("family", sorted({task.family for task in TASKS if task.oracle}))
def test_oracles_win_and_the_random_agent_does_not(family: str) -> None:
    tasks, lost, lucky = solvable(family), [], []
    for task in tasks:
        env = blind(task)
        try:
            if not solve(env, task, seed=0).infos[-1]["success"]:
                lost.append(task.id)
            if random_succeeds(env, seed=0):
                lucky.append(task.id)
        finally:
            env.close()
    assert len(lost) <= 1, lost  # upstream's scripts lose on a few start states
    assert len(lucky) <= 0.6 * (len(tasks) - len(lost)), lucky


@pytest.mark.parametrize("task", FAMILY_SAMPLES, ids=by_id)
def test_gymnasium_makes_it(task: TaskSpec) -> None:
    env = gymnasium.make(task.gym_id)
    observation, info = env.reset(seed=0)
    assert observation in env.observation_space
    assert info["success"] is False
    env.step(env.action_space.sample())
    env.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("task", FAMILY_SAMPLES, ids=by_id)
def test_gymnasium_makes_several(task: TaskSpec, mode: str) -> None:
    envs = gymnasium.make_vec(task.gym_id, num_envs=2, vectorization_mode=mode)
    observations, _ = envs.reset(seed=[3, 4])
    assert set(observations) == set(task.default_observations)
    if "instruction" in observations:
        alone = [catalogue.build(task).reset(seed=seed)[0]["instruction"] for seed in (3, 4)]
        assert list(observations["instruction"]) == alone
    _, rewards, _, _, info = envs.step(envs.action_space.sample())
    assert rewards.shape == (2,)
    assert info["success"].shape == (2,)
    envs.close()


@pytest.mark.parametrize("task", FAMILY_SAMPLES, ids=by_id)
def test_every_offered_field_and_size(task: TaskSpec) -> None:
    env = polyathlon.tasks.make(
        task.id, observations=task.observations, image_size=(48, 80), render_mode="rgb_array"
    )
    observation, _ = env.reset(seed=0)
    assert tuple(observation) == task.observations
    assert observation in env.observation_space
    picture = env.render()
    assert picture.shape == (48, 80, 3)
    assert picture.dtype == np.uint8
    films_what_is_seen = env.unwrapped.metadata.get("film", {}).get("of") != "render"
    if "rgb" in task.observations and films_what_is_seen:
        assert np.array_equal(picture, observation["rgb"])
    assert picture.std() > 1
    env.close()


@pytest.fixture(scope="module")
def imported_modules() -> set[str]:
    code = "import sys, polyathlon; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_import_loads_no_simulator(imported_modules: set[str]) -> None:
    assert "polyathlon" in imported_modules
    assert not imported_modules & SIMULATORS


def test_enough_tasks_of_enough_families() -> None:
    assert len(TASKS) >= 280
    assert len({task.family for task in TASKS}) >= 4


def test_samples_are_tasks() -> None:
    ids = {task.id.rpartition("-v")[0] for task in TASKS}
    for family, names in SOLVED.items():
        assert {f"{family}.{name}" for name in names.split()} <= ids


def test_ids_stay_apart_when_hyphens_are_left_out() -> None:
    folded = {task.id.replace("-", "") for task in TASKS}
    assert len(folded) == len(TASKS)


def test_scores_can_be_normalised() -> None:
    for task in TASKS:
        assert np.isfinite([task.floor, task.ceiling]).all()
        assert task.ceiling > task.floor, task.id
        due = None if task.score == "none" else pytest.approx(1.0)
        assert task.normalise(task.ceiling, True) == due
        assert bool(task.reference_source) == (task.score == "return"), task.id
