"""Procgen against EnvPool itself."""

import os
import subprocess
import sys

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, MissingExtra
from polyathlon.tasks import make, procgen, qt_libraries
from polyathlon.tasks.procgen import ProcgenGame

NOOP = procgen.ACTION_NAMES.index("noop")


def on_level(game: str, level: int, **kwargs) -> ProcgenGame:
    env = ProcgenGame(game, **kwargs)
    env.levels = range(level, level + 1)
    return env


def course(env: ProcgenGame, seed: int, steps: int = 40) -> list:
    dice = np.random.default_rng(5)
    observation, info = env.reset(seed=seed)
    seen = [(observation["rgb"].tobytes(), info["level"])]
    for _ in range(steps):
        observation, reward, terminated, truncated, _ = env.step(dice.integers(15))
        seen.append((observation["rgb"].tobytes(), reward, terminated))
        if terminated or truncated:
            break
    return seen


def test_games_horizons_and_actions_are_those_of_upstream() -> None:
    env = ProcgenGame("maze")
    registry = env._envpool.registration.registry
    for task in procgen.TASKS:
        name = f"{task.kwargs['game'].capitalize()}{task.kwargs['distribution'].capitalize()}-v0"
        _, spec_class, options = registry.specs[name]
        assert spec_class
        assert options["max_episode_steps"] == task.max_episode_steps, task.id
    env.reset(seed=0)
    assert env._pool.action_space.n == len(procgen.ACTION_NAMES)
    easy = {
        name
        for name in registry.specs
        if name.endswith("Easy-v0")
        and "env_name" in registry.specs[name][2]
        and registry.specs[name][0] == "envpool.procgen"
    }
    assert len(easy) == len(procgen.INSTRUCTIONS) == 16
    assert len(procgen.TASKS) == 64


def test_every_game_draws_its_levels_from_the_split() -> None:
    train, test = ProcgenGame("maze", "easy", "train"), ProcgenGame("maze", "hard", "test")
    seen = {env: {env.reset(seed=seed)[1]["level"] for seed in range(60)} for env in (train, test)}
    assert max(seen[train]) < 200
    assert min(seen[test]) >= 500
    assert len(seen[test]) == 60
    assert len(seen[train]) > 40
    later = [train.reset()[1]["level"] for _ in range(10)]
    assert len(set(later)) > 1


def test_highest_level_can_be_played() -> None:
    env = on_level("coinrun", procgen.TEST_LEVELS[-1])
    observation, info = env.reset(seed=0)
    assert info["level"] == 2**31 - 2
    assert observation["rgb"].std() > 5


def test_worlds_side_by_side_do_not_influence_each_other() -> None:
    alone = course(ProcgenGame("starpilot"), 3)
    noisy = ProcgenGame("starpilot")
    others = [ProcgenGame(game, "hard", "test") for game in ("starpilot", "heist", "miner")]
    for seed, other in enumerate(others):
        course(other, seed, steps=15)
    noisy.reset(seed=8)
    noisy.step(NOOP)
    others[0].reset(seed=1)
    assert course(noisy, 3) == alone


def test_a_won_level_ends_in_success_once_and_for_all() -> None:
    env = on_level("jumper", 0)
    first, _ = env.reset(seed=0)
    dice = np.random.default_rng(0)
    terminated = False
    while not terminated:
        observation, reward, terminated, truncated, info = env.step(dice.integers(15))
    assert not truncated
    assert reward == 10.0
    assert info["success"] is True
    assert info["metrics"] == {"return": 10.0, "over_rmax": 1.0}
    # The last picture is of the level that was won, not of a next one.
    assert not np.array_equal(observation["rgb"], first["rgb"])
    with pytest.raises(BadArgument, match="reset"):
        env.step(NOOP)
    assert env.reset(seed=0)[1]["success"] is False


def test_a_lost_level_is_no_success() -> None:
    env = on_level("bossfight", 0)
    env.reset(seed=0)
    terminated = False
    while not terminated:
        _, _, terminated, truncated, info = env.step(NOOP)
        assert not truncated
    assert info["success"] is False


def test_time_runs_out_at_the_horizon() -> None:
    env = make("procgen.maze-easy-train")
    env.reset(seed=2)
    flags = [env.step(NOOP)[2:4] for _ in range(500)]
    assert flags == [(False, False)] * 499 + [(False, True)]


def test_small_rewards_add_up_without_rounding() -> None:
    env = on_level("chaser", 0)
    env.reset(seed=0)
    dice = np.random.default_rng(0)
    rewards = [env.step(dice.integers(9))[1] for _ in range(30)]
    assert set(rewards) <= {0.0, 0.04}
    assert sum(rewards) > 0


def test_pictures_grow_by_whole_pixels() -> None:
    small, large = ProcgenGame("miner"), ProcgenGame("miner", image_size=128)
    one, two = (env.reset(seed=1)[0]["rgb"] for env in (small, large))
    assert one.shape == (64, 64, 3)
    assert np.array_equal(two, one.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads under /proc")
def test_threads_do_not_pile_up() -> None:
    env = ProcgenGame("heist")
    env.reset(seed=0)
    before = len(os.listdir("/proc/self/task"))
    for seed in range(30):
        env.reset(seed=seed)
    assert len(os.listdir("/proc/self/task")) <= before
    env.close()
    assert len(os.listdir("/proc/self/task")) < before


def test_instructions_fit_and_differ() -> None:
    texts = {task.instruction for task in procgen.TASKS}
    assert len(texts) == 16
    assert all(40 < len(text) < 400 for text in texts)


def test_normalisation_of_published_scores() -> None:
    by_id = {task.id: task for task in procgen.TASKS}
    assert by_id["procgen.miner-easy-test-v0"].normalise(1.5, False) == 0.0
    assert by_id["procgen.miner-easy-test-v0"].normalise(13, False) == 1.0
    assert by_id["procgen.miner-hard-test-v0"].normalise(20, False) == 1.0
    assert by_id["procgen.fruitbot-hard-train-v0"].normalise(-0.5, False) == 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"game": "pong"},
        {"distribution": "extreme"},
        {"split": "validation"},
        {"observations": ["state"]},
        {"image_size": (64, 64, 3)},
        {"render_profile": "lavish"},
        {"render_mode": "human"},
    ],
)
def test_bad_arguments(wrong: dict) -> None:
    with pytest.raises(BadArgument):
        ProcgenGame(**{"game": "maze", **wrong})


def test_bad_action() -> None:
    env = ProcgenGame("maze")
    env.reset(seed=0)
    with pytest.raises(BadArgument, match="action"):
        env.step(15)


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "envpool", None)
    with pytest.raises(MissingExtra, match=r"polyathlon\[procgen\]"):
        ProcgenGame("maze")


def test_qt_comes_from_the_wheel_where_there_is_one() -> None:
    assert qt_libraries.wheel_folder() is not None
    assert qt_libraries.preload_qt() == "wheel"


def test_without_the_wheel_the_systems_qt_is_tried() -> None:
    code = (
        "import sys; sys.modules['PyQt5'] = None\n"
        "from polyathlon.tasks import make\n"
        "try: make('procgen.maze-easy-train').reset(seed=0); print('played')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.startswith(("played", "MissingExtra the procgen tasks need the package"))
