"""Atari against the Arcade Learning Environment itself."""

import math
import sys

import gymnasium
import numpy as np
import pytest

from polyathlon.core.errors import BadArgument, MissingExtra
from polyathlon.tasks import atari, make
from polyathlon.tasks.atari import AtariGame
from polyathlon.tasks.reference_scores import ATARI


class Listener:
    """Passes everything on to a console and keeps the actions it was given."""

    def __init__(self, console) -> None:
        self.console, self.acted = console, []

    def act(self, action):
        self.acted.append(action)
        return self.console.act(action)

    def __getattr__(self, name):
        return getattr(self.console, name)


def test_games_are_those_of_upstream() -> None:
    import ale_py  # noqa: F401  registers its games

    registered = [
        spec.kwargs["game"]
        for name, spec in gymnasium.registry.items()
        if name.startswith("ALE/") and name.endswith("-v5")
    ]
    assert sorted(registered) == sorted(atari.GAMES)
    assert len(atari.GAMES) == 104


def test_actions_are_those_of_upstream() -> None:
    import ale_py

    plain = [name.replace("-", "") for name in atari.ACTION_NAMES]
    assert [ale_py.Action(index).name.lower() for index in range(18)] == plain


@pytest.mark.parametrize("game", ["breakout", "tennis", "carnival", "skiing"])
def test_without_sticking_it_plays_as_upstream_does(game: str) -> None:
    from ale_py import AtariEnv

    upstream = AtariEnv(
        game, obs_type="ram", repeat_action_probability=0.0, full_action_space=True, frameskip=4
    )
    ours = AtariGame(game, repeat_action_probability=0.0, observations=["rgb", "state"])
    upstream.reset(seed=1)
    observation, _ = ours.reset(seed=2)
    dice = np.random.default_rng(0)
    for _ in range(60):
        assert np.array_equal(observation["state"], upstream.ale.getRAM())
        assert np.array_equal(observation["rgb"], upstream.ale.getScreenRGB())
        index = int(dice.integers(upstream.action_space.n))
        expected = upstream.step(index)
        action = upstream._action_set[index].value
        observation, reward, terminated, *_ = ours.step(action)
        assert (reward, terminated) == expected[1:3]


def test_actions_stick_a_quarter_of_the_time() -> None:
    env = AtariGame("pong", max_frames=10**6)
    env.reset(seed=0)
    env._ale = listener = Listener(env._ale)
    first_frames = []
    for step in range(600):
        wanted = step % 2 + 2
        _, _, terminated, _, _ = env.step(wanted)
        first_frames.append(listener.acted[-4].value != wanted)
        assert not terminated
    rate = np.mean(first_frames)
    assert abs(rate - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 600)
    # An action that has taken hold stays, so the last of four frames is stuck far more rarely.
    late = np.mean([one.value != step % 2 + 2 for step, one in enumerate(listener.acted[3::4])])
    assert late < 0.03


def test_a_used_console_is_as_good_as_a_new_one() -> None:
    def course(env: AtariGame) -> list[bytes]:
        dice = np.random.default_rng(1)
        seen = [env.reset(seed=7)[0]["state"].tobytes()]
        return seen + [env.step(dice.integers(18))[0]["state"].tobytes() for _ in range(50)]

    used = AtariGame("tennis", observations=["state"])
    new = course(AtariGame("tennis", observations=["state"]))
    assert course(used) == new
    used.reset()
    used.step(3)
    assert course(used) == new
    assert len(set(new)) > 40


def test_seeds_decide_when_actions_stick() -> None:
    env = AtariGame("pong", observations=["state"])
    courses = []
    for seed in (0, 1):
        env.reset(seed=seed)
        courses.append([env.step(2 + step % 2)[0]["state"].tobytes() for step in range(60)])
    assert courses[0] != courses[1]


def test_frame_cap_and_the_steps_of_the_horizon_agree() -> None:
    for task in atari.TASKS:
        frames = task.max_episode_steps * task.kwargs["frame_skip"]
        assert frames == task.kwargs["max_frames"] == 108_000
        assert task.kwargs["repeat_action_probability"] == 0.25
    env = AtariGame("pong", max_frames=40)
    env.reset(seed=0)
    flags = [env.step(0)[2:4] for _ in range(10)]
    assert flags == [(False, False)] * 9 + [(False, True)]
    with pytest.raises(BadArgument, match="reset"):
        env.step(0)


def test_success_is_the_human_score_at_the_end() -> None:
    # Nought is more than the human tester's -16.4, but counts only once the game has ended.
    env = AtariGame("double_dunk", max_frames=12)
    assert env.reset(seed=0)[1]["success"] is False
    assert [env.step(0)[4]["success"] for _ in range(3)] == [False, False, True]
    # Nought is less than 14.6.
    env = AtariGame("pong", max_frames=4)
    env.reset(seed=0)
    assert env.step(0)[4]["success"] is False


def test_game_over_ends_the_episode() -> None:
    env = make("atari.breakout")
    env.reset(seed=0)
    dice = np.random.default_rng(0)
    total, terminated = 0.0, False
    while not terminated:
        _, reward, terminated, truncated, info = env.step(dice.integers(18))
        total += reward
        assert not truncated
    assert info["metrics"]["lives"] == 0.0
    assert info["metrics"]["return"] == total
    assert info["metrics"]["human_normalised"] == pytest.approx((total - 1.7) / 28.8)
    assert info["metrics"]["gea_normalised"] == pytest.approx(abs(total - 1.7) / 28.8)


def test_games_without_a_reference_report_their_return_only() -> None:
    env = make("atari.donkey-kong")
    _, info = env.reset(seed=0)
    assert set(info["metrics"]) == {"return", "lives"}
    bare = [task for task in atari.TASKS if "no-reference" in task.tags]
    scored = [task for task in atari.TASKS if "human-reference" in task.tags]
    assert (len(bare), len(scored)) == (47, 57)
    assert all(task.score == "none" and task.normalise(5.0, False) is None for task in bare)
    assert all(task.score == "return" for task in scored)
    assert {task.kwargs["game"] for task in scored} == set(ATARI)


def test_worse_than_random_is_below_nought_but_not_by_the_absolute_formula() -> None:
    pong = ATARI["pong"]
    assert pong.normalise(-21) < 0 < pong.absolute(-21)
    assert pong.normalise(14.6) == pong.absolute(14.6) == 1.0


def test_groups() -> None:
    assert sum("gea44" in task.tags for task in atari.TASKS) == 44
    assert {task.kwargs["game"] for task in atari.TASKS if "gea44" in task.tags} <= set(ATARI)


@pytest.mark.parametrize(
    ("game", "shape"), [("breakout", (210, 160, 3)), ("adventure", (250, 160, 3))]
)
def test_pictures_have_the_games_own_size_unless_told(game: str, shape: tuple[int, ...]) -> None:
    assert AtariGame(game).reset(seed=0)[0]["rgb"].shape == shape
    assert AtariGame(game, image_size=84).reset(seed=0)[0]["rgb"].shape == (84, 84, 3)


def test_titles_read_well() -> None:
    assert atari.title("space_invaders") == "Space Invaders"
    assert atari.title("qbert") == "Q*bert"
    assert set(atari.TITLES) <= set(atari.GAMES)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    AtariGame("freeway").reset(seed=0)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"game": "combat"},
        {"repeat_action_probability": 1.5},
        {"frame_skip": 0},
        {"max_frames": 0},
        {"observations": ["sound"]},
        {"image_size": "big"},
        {"render_profile": "lavish"},
        {"render_mode": "human"},
    ],
)
def test_bad_arguments(wrong: dict) -> None:
    with pytest.raises(BadArgument):
        AtariGame(**{"game": "pong", **wrong})


def test_smaller_action_set_on_demand() -> None:
    env = AtariGame("pong", full_action_space=False)
    assert env.action_space == gymnasium.spaces.Discrete(6)
    env.reset(seed=0)
    with pytest.raises(BadArgument, match="action"):
        env.step(6)


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ale_py", None)
    with pytest.raises(MissingExtra, match=r"polyathlon\[atari\]"):
        AtariGame("pong")
