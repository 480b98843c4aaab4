"""Worlds that are played at once: those of EnvPool are the task's own, but for what is named."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, UnknownName
from polyathlon.core.worlds import Steps, Worlds
from polyathlon.tasks import catalogue
from polyathlon.tasks.atari import AtariGame
from polyathlon.tasks.fleet import differences, make_worlds
from polyathlon.tasks.fleet.pool import translation
from polyathlon.tasks.metaworld import MetaWorld

STEPS = 128
"""As many are compared."""


def worlds(task: str, count: int, seed: int, fields: tuple[str, ...], backend: str) -> Any:
    return make_worlds(catalogue.find(task), count, seed, {"observations": fields}, backend)


def alone(seen: Any, place: int = 0) -> dict[str, Any]:
    return {name: seen[name][place] for name in seen}


def same(one: Any, other: Any) -> bool:
    assert set(one) == set(other)
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_procgen_is_the_task_itself_level_by_level() -> None:
    env = catalogue.build(catalogue.find("procgen.coinrun-easy-train"), observations=("rgb",))
    pool: Worlds = worlds("procgen.coinrun-easy-train", 1, 0, ("rgb",), "envpool")
    pool.close()
    first, info = env.reset(seed=3)
    make = translation(catalogue.find("procgen.coinrun-easy-train"))
    inner: Any = pool
    inner._pool = _one_level(make.name, info["level"])
    assert same(first, alone(inner.reset()))
    dice, compared = np.random.default_rng(0), 0
    for _ in range(STEPS):
        action = int(dice.integers(15))
        seen, reward, ended, cut, told = env.step(action)
        steps = inner.step([action])
        assert (float(steps.rewards[0]), steps.terminated[0]) == (np.float32(reward), ended)
        assert steps.success[0] == told["success"]
        compared += 1
        if ended or cut:
            assert same(seen, steps.last[0])
            break
        assert same(seen, alone(steps.seen))
    assert compared == STEPS
    inner.close()


def _one_level(name: str, level: int) -> Any:
    from polyathlon.tasks.procgen import import_envpool

    return import_envpool().make(
        name, env_type="gymnasium", num_envs=1, seed=0, num_levels=1, start_level=level
    )


def test_babyai_is_the_task_itself_from_the_same_start() -> None:
    task, count = "babyai.go-to-obj-s4", 64
    pool = worlds(task, count, 1, ("state", "instruction"), "envpool")
    begun = pool.reset()
    # Two cells by two, and one object: where it is in sight, what is seen is all there is.
    places = {}
    for place in range(count):
        cells = begun["state"][place][:147].reshape(49, 3)
        if (cells[:, 0] > 3).sum() == 1:
            places[key(alone(begun, place))] = place
    pairs = {}
    for seed in range(300):
        env = catalogue.build(catalogue.find(task))
        place = places.pop(key(env.reset(seed=seed)[0]), None)
        if place is not None:
            pairs[place] = env
    dice, compared = np.random.default_rng(0), 0
    while pairs:
        actions = dice.integers(0, 7, count)
        steps = pool.step(list(actions))
        for place, env in list(pairs.items()):
            seen, reward, ended, cut, told = env.step(actions[place])
            assert steps.rewards[place] == np.float32(round(reward, 6))
            assert (steps.terminated[place], steps.truncated[place]) == (ended, cut and not ended)
            assert steps.success[place] == told["success"]
            assert same(seen, steps.last.get(place) or alone(steps.seen, place))
            compared += 1
            if ended or cut:
                del pairs[place]
    assert compared >= STEPS
    pool.close()


def key(seen: Any) -> bytes:
    return bytes(seen["state"].tobytes() + seen["instruction"].encode())


@pytest.mark.parametrize(("task", "off"), [("reach-v3", 2e-6), ("push-v3", 1e-3)])
def test_metaworld_is_the_task_itself_from_the_same_start(task: str, off: float) -> None:
    pool = worlds(f"metaworld.{task}", 1, 5, ("state",), "envpool")
    raw = np.array(pool._pool.reset()[0][0])
    env = MetaWorld(task)
    env.reset(seed=0)
    world = env._world
    world._last_rand_vec = np.concatenate([raw[4:7], raw[36:39]])
    world._freeze_rand_vec = True
    for _ in range(2):
        mujoco.mj_resetData(world.model, world.data)
        state = world.reset_model()
    state[18:36] = state[:18]
    world._prev_obs = state[:18].copy()
    env._state = state
    hand, turned = [*range(4), *range(18, 22)], [*range(7, 11), *range(25, 29)]
    dice = np.random.default_rng(0)
    for _ in range(STEPS):
        action = dice.uniform(-1, 1, 4).astype(np.float32)
        seen, reward, _, cut, told = env.step(action)
        steps = pool.step([action])
        apart = np.abs(seen["state"] - steps.seen["state"][0])
        assert apart[hand].max() < 1e-6
        assert np.delete(apart, turned).max() < 3e-4  # It creeps.
        assert apart[turned].max() < 5e-3
        assert steps.rewards[0] == pytest.approx(reward, abs=off)
        assert (steps.truncated[0], steps.success[0]) == (cut, told["success"])
    pool.close()


@pytest.mark.parametrize("game", ["breakout", "pong"])
def test_atari_is_the_task_itself_but_for_what_is_named(game: str) -> None:
    made = translation(catalogue.find(f"atari.{game}-v5"))
    from polyathlon.tasks.procgen import import_envpool

    plain = {"frame_skip": 1, "repeat_action_probability": 0.0}
    pool = import_envpool().make(
        made.name, env_type="gymnasium", num_envs=1, seed=1, **{**made.options, **plain}
    )
    raw, info = pool.reset()
    env = AtariGame(game, observations=("rgb", "state"), **plain)
    env.reset(seed=0)
    seen = env.step(0)[0]  # The frame in which nothing is done.
    assert same(seen, alone(made.read(raw, info)))
    dice = np.random.default_rng(0)
    for _ in range(STEPS):
        action = int(dice.integers(18))
        raw, rewards, ended, _, info = pool.step(np.array([action], np.int32))
        seen, reward, over, _, _ = env.step(action)
        assert same(seen, alone(made.read(raw, info)))
        assert (float(rewards[0]), bool(ended[0])) == (reward, over)
    assert len(made.differences) == 4
    pool.close()


@pytest.mark.parametrize("backend", ["gymnasium", "envpool"])
def test_an_episode_that_ends_shows_its_end_and_the_next_beginning(backend: str) -> None:
    two = worlds("babyai.go-to-obj-s4", 2, 0, ("state", "instruction"), backend)
    begun, ended = two.reset(), 0
    assert begun["state"].shape == (2, 151)
    assert len(begun["instruction"]) == 2
    for _ in range(40):
        steps: Steps = two.step([6, 6])  # They do nothing until time is up.
        over = np.flatnonzero(steps.terminated | steps.truncated).tolist()
        assert sorted(steps.last) == over
        ended += len(over)
        for place in over:
            assert steps.truncated[place]
            assert steps.last[place]["instruction"].startswith("go to")
            assert steps.seen["state"][place].shape == (151,)
    assert ended == 4  # Of 16 steps each.
    two.close()


def test_the_same_seed_makes_the_same_worlds() -> None:
    def trail(seed: int) -> Any:
        few = worlds("babyai.go-to-local", 3, seed, ("state",), "gymnasium")
        shown = [few.reset()["state"]]
        shown += [few.step([n % 3] * 3).seen["state"] for n in range(80)]
        few.close()
        return np.stack(shown)

    assert np.array_equal(trail(1), trail(1))
    assert not np.array_equal(trail(1), trail(2))


@pytest.mark.parametrize(
    ("task", "fields", "backend", "told"),
    [
        ("langr.train", ("state",), "envpool", "EnvPool does not have langr.train-v1"),
        ("babyai.go-to-obj", ("rgb",), "envpool", "observation 'rgb' needs --backend gymnasium"),
    ],
)
def test_what_envpool_does_not_have(
    task: str, fields: tuple[str, ...], backend: str, told: str
) -> None:
    with pytest.raises(BadArgument, match=told):
        worlds(task, 1, 0, fields, backend)


def test_a_backend_that_there_is_not() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'envpool'"):
        worlds("babyai.go-to-obj", 1, 0, ("state",), "envpol")
    assert differences(catalogue.find("babyai.go-to-obj"), "gymnasium") == ()
