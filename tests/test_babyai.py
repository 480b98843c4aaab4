"""BabyAI against the minigrid package itself."""

import os
import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, MissingExtra
from polyathlon.tasks import babyai, make

DONE = babyai.ACTION_NAMES.index("done")


def longest_episode(world) -> int:
    """The bound of upstream's limit, from what the level says of itself."""
    if world.fixed_max_steps:
        return world.max_steps
    walks = world.num_navs_needed(world.instrs)
    if hasattr(world, "action_kinds"):
        walks = 2 if "putnext" in world.action_kinds else 1
        clauses = 4 if "seq" in world.instr_kinds else 2 if "and" in world.instr_kinds else 1
        walks *= clauses
    return walks * world.room_size**2 * world.num_rows * world.num_cols


def test_levels_are_those_of_upstream() -> None:
    make("babyai.go-to-obj").close()
    upstream = {name for name in gymnasium.registry if name.startswith("BabyAI-")}
    assert {f"BabyAI-{level}" for level in babyai.HORIZONS} == upstream


def test_actions_are_those_of_upstream() -> None:
    make("babyai.go-to-obj").close()
    from minigrid.core.actions import Actions

    assert tuple(action.name for action in Actions) == babyai.ACTION_NAMES


@pytest.mark.parametrize("task", babyai.TASKS, ids=lambda task: task.id)
def test_horizon_is_the_longest_episode(task) -> None:
    env = babyai.BabyAILevel(**task.kwargs)
    for seed in range(3):
        env.reset(seed=seed)
        assert 0 < env.world.max_steps <= task.max_episode_steps
    assert longest_episode(env.world) == task.max_episode_steps


@pytest.mark.parametrize(
    ("level", "name"),
    [
        ("GoToRedBall-v0", "go-to-red-ball-v0"),
        ("GoToLocalS8N7-v0", "go-to-local-s8n7-v0"),
        ("OpenDoorsOrderN2Debug-v0", "open-doors-order-n2-debug-v0"),
        ("GoToObjS6-v1", "go-to-obj-s6-v1"),
    ],
)
def test_names(level: str, name: str) -> None:
    assert babyai.task_name(level) == name


def test_state_is_the_symbolic_view_and_the_direction() -> None:
    env = babyai.BabyAILevel("GoToLocal-v0")
    observation, _ = env.reset(seed=4)
    for action in (0, 2, 2, 1):
        assert observation["state"].dtype == np.float32
        seen = env.world.gen_obs()
        assert np.array_equal(observation["state"][:147].reshape(7, 7, 3), seen["image"])
        assert observation["state"][147:].tolist() == np.eye(4)[seen["direction"]].tolist()
        assert observation["instruction"] == seen["mission"]
        observation, *_ = env.step(action)


def test_upstreams_own_limit_truncates() -> None:
    env = make("babyai.go-to-seq-s5r2")
    env.reset(seed=1)
    limit = env.unwrapped.world.max_steps
    assert limit < 400
    flags = [env.step(DONE)[2:4] for _ in range(limit)]
    assert flags == [(False, False)] * (limit - 1) + [(False, True)]
    with pytest.raises(BadArgument, match="reset"):
        env.unwrapped.step(DONE)


def test_a_wrong_door_fails_the_strict_mission() -> None:
    env = babyai.BabyAILevel("OpenDoorsOrderN4Debug-v0")
    ends = []
    for seed in range(30):
        dice = np.random.default_rng(seed)
        env.reset(seed=seed)
        over = False
        while not over:
            _, reward, terminated, truncated, info = env.step(dice.integers(7))
            over = terminated or truncated
        ends.append((terminated, reward > 0, info["success"]))
    assert (True, False, False) in ends
    assert (True, True, True) in ends
    assert all(paid == success for _, paid, success in ends)


def test_oracle_needs_no_field_in_particular() -> None:
    env = make("babyai.put-next-local", observations=["instruction"])
    oracle = babyai.make_oracle(env)
    observation, info = env.reset(seed=5)
    oracle.reset(observation, info)
    terminated = truncated = False
    while not (terminated or truncated):
        observation, reward, terminated, truncated, info = env.step(oracle.act(observation))
    assert info["success"]
    assert info["metrics"] == {"return": reward}
    assert 0.1 <= reward < 1.0


@pytest.mark.parametrize(
    ("level", "reason"), [("PutNextS5N2Carrying-v0", "Error"), ("UnlockToUnlock-v0", "replans")]
)
def test_oracle_says_when_it_gives_up(level: str, reason: str) -> None:
    env = babyai.BabyAILevel(level)
    oracle = babyai.make_oracle(env)
    faults = []
    for seed in range(12):
        observation, info = env.reset(seed=seed)
        oracle.reset(observation, info)
        assert oracle.fault == ""
        over = False
        while not (over or oracle.fault):
            action = oracle.act(observation)
            observation, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
        if oracle.fault:
            assert action == DONE
            assert oracle.act(observation) == DONE
            faults.append(oracle.fault)
    assert any(reason in fault for fault in faults)


def test_wide_grids_keep_their_proportions() -> None:
    env = babyai.BabyAILevel("PutNextS7N4-v0", observations=["rgb"], image_size=130)
    picture = env.reset(seed=0)[0]["rgb"]
    assert not picture[:30].any()
    assert not picture[100:].any()
    assert picture[30:100].reshape(7, 10, -1).any(axis=(1, 2)).all()


def test_small_pictures_and_the_agents_own_view() -> None:
    for view in babyai.VIEWS:
        env = babyai.BabyAILevel("GoTo-v0", view=view, observations=["rgb"], image_size=32)
        picture = env.reset(seed=0)[0]["rgb"]
        assert picture.shape == (32, 32, 3)
        assert picture.std() > 10
    full = babyai.BabyAILevel("GoTo-v0", observations=["rgb"]).reset(seed=0)[0]["rgb"]
    partial = babyai.BabyAILevel("GoTo-v0", view="partial", observations=["rgb"])
    assert not np.array_equal(full, partial.reset(seed=0)[0]["rgb"])


def test_rejected_missions_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    env = babyai.BabyAILevel("PutNextLocal-v0")
    for seed in range(40):
        env.reset(seed=seed)
    assert capfd.readouterr().out == ""


def test_hash_seed_changes_nothing() -> None:
    code = (
        "import hashlib, polyathlon.tasks as t; e = t.make('babyai.boss-level');"
        "o = [e.reset(seed=s)[0] for s in range(4)];"
        "print(hashlib.sha256(repr([(x['state'].tolist(), x['instruction']) for x in o])"
        ".encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "GoToNowhere-v0"},
        {"view": "sideways"},
        {"observations": ["depth"]},
        {"observations": []},
        {"image_size": 4},
        {"render_profile": "lavish"},
        {"render_mode": "human"},
    ],
)
def test_bad_arguments(wrong: dict) -> None:
    with pytest.raises(BadArgument):
        babyai.BabyAILevel(**{"level": "GoTo-v0", **wrong})


def test_bad_action() -> None:
    env = babyai.BabyAILevel("GoTo-v0")
    env.reset(seed=0)
    with pytest.raises(BadArgument, match="action"):
        env.step(7)


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minigrid", None)
    with pytest.raises(MissingExtra, match=r"polyathlon\[babyai\]"):
        babyai.BabyAILevel("GoTo-v0")
