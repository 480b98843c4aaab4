"""Cloning of any task: what is perceived, that it is learnt, a kill, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from gymnasium import spaces

from polyathlon.agents.checkpoint import Identity
from polyathlon.agents.chronicle import Chronicle, Played
from polyathlon.agents.cloning.demonstration import Demonstrations
from polyathlon.agents.cloning.player import CloningAgent
from polyathlon.agents.cloning.setting import CloningConfig
from polyathlon.agents.cloning.training import CloningTraining
from polyathlon.agents.offline.protocol import Protocol
from polyathlon.agents.perception import PLACES, Perception, Senses, counted, senses_of
from polyathlon.agents.storage import FILE_NAME
from polyathlon.cli import _polyathlon
from polyathlon.core.errors import BadArgument, PolyathlonError
from polyathlon.core.spaces import space_to_data
from polyathlon.core.specs import Brief, Embodiment
from polyathlon.core.trajectory import Trajectory

LISTED = spaces.Discrete(3)
VECTORS = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32))
SHOWN = spaces.Dict(
    {
        "rgb": spaces.Box(0, 255, (40, 40, 3), np.uint8),
        "state": spaces.Box(-np.inf, np.inf, (2,), np.float32),
    }
)
BODY = Embodiment(id="toy", kind="discrete", action_names=("a", "b", "c"))
SCHEDULE = Protocol(
    offline=0, online=60, evaluate_every=30, episodes=1, final_episodes=1, save_every=30,
    log_every=10,
)  # fmt: skip


def episodes(done: spaces.Space[Any], pictures: bool = False, count: int = 4) -> list[Trajectory]:
    """What is to be done stands in what is seen: the sign of the first number, a bright half."""
    dice, made = np.random.default_rng(0), []
    for number in range(count):
        states = dice.normal(size=(21, 2)).astype(np.float32)
        which = (states[:-1, 0] > 0).astype(int)
        seen: dict[str, Any] = {"state": states}
        if pictures:
            films = np.zeros((21, 40, 40, 3), np.uint8)
            films[:, :, 20:][states[:, 0] > 0] = 255
            films[:, :, :20][states[:, 0] <= 0] = 255
            seen = {"rgb": films}
        vectors = np.stack([4.0 * which - 2.0, 1.0 * which], 1).astype(np.float32)
        ends = np.arange(20) == 19
        made.append(
            Trajectory(
                seen, which if isinstance(done, spaces.Discrete) else vectors,
                np.zeros(20, np.float32), ends & False, ends, ends, number, "go there",
            )
        )  # fmt: skip
    return made


def identity(data: Demonstrations, done: spaces.Space[Any], config: CloningConfig) -> Identity:
    return Identity(
        agent="bc", config=msgspec.to_builtins(config), task="toy.one-v0", embodiment=BODY,
        action_space=space_to_data(done), senses=data.senses, steps=60, seed=3, dataset="00",
    )  # fmt: skip


class Silent:
    def begun(self, step: int, protocol: Protocol) -> None: ...

    def logged(self, step: int, losses: Any) -> None: ...

    def played(self, step: int, played: Played) -> None: ...

    def noted(self, text: str) -> None: ...


def train(folder: Path, done: spaces.Space[Any], pictures: bool = False, score: Any = None) -> None:
    folder.mkdir(exist_ok=True)
    config = CloningConfig(hidden=(32,), width=16, learning_rate=1e-2, batch_size=32, shift=1)
    data = Demonstrations(episodes(done, pictures), SHOWN, done, ())
    told = score or (lambda agent, step, count: Played(float(step), 0.0))
    training = CloningTraining(folder, identity(data, done, config), data)
    training.run(Chronicle(folder, SCHEDULE, told, Silent()))


def play(agent: CloningAgent, seen: dict[str, Any], done: spaces.Space[Any]) -> Any:
    told = Brief(
        instruction="", embodiment=BODY, action_space=done, max_episode_steps=9, agent_seed=1
    )
    agent.reset([0], [told])
    return agent.act([{**seen, "instruction": "go there"}], [0])[0]


@pytest.mark.parametrize("done", [LISTED, VECTORS], ids=["listed", "vectors"])
@pytest.mark.parametrize("pictures", [False, True], ids=["state", "rgb"])
def test_what_was_done_is_done_again(
    tmp_path: Path, done: spaces.Space[Any], pictures: bool
) -> None:
    train(tmp_path / "one", done, pictures)
    agent = CloningAgent.load(tmp_path / "one")
    assert agent.image_size == ([40, 40] if pictures else None)
    (one, *_) = episodes(done, pictures, 1)
    right = 0
    for step in range(20):
        seen = {name: array[step] for name, array in one.observations.items()}
        action = play(agent, seen, done)
        assert done.contains(action)
        right += np.abs(np.asarray(action) - one.actions[step]).max() < 0.9
    assert right >= 16


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def die(agent: CloningAgent, step: int, count: int) -> Played:
        raise Killed

    train(tmp_path / "whole", LISTED)
    with pytest.raises(Killed):
        train(tmp_path / "killed", LISTED, score=die)
    assert json.loads((tmp_path / "killed" / FILE_NAME).read_text())["step"] == 30
    train(tmp_path / "killed", LISTED)
    whole, killed = (CloningAgent.load(tmp_path / name) for name in ("whole", "killed"))
    assert whole.digest() == killed.digest()


@pytest.mark.parametrize(
    ("fields", "done", "told"),
    [
        (("rgb",), LISTED, "'rgb' was not recorded; there are state, instruction"),
        ((), spaces.Text(9), "bc clones vectors and places in a list"),
    ],
)
def test_what_cannot_be_cloned(fields: Any, done: Any, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        Demonstrations(episodes(LISTED), SHOWN, done, fields)
    with pytest.raises(BadArgument, match="no episode"):
        Demonstrations([], SHOWN, LISTED, ())


def test_symbols_are_told_from_quantities() -> None:
    space = spaces.Dict({"state": spaces.Box(0, np.array([3, 1], np.float32))})
    whole, broken = ({"state": np.array(row, np.float32)} for row in ([2, 1], [0.5, 1]))
    assert senses_of(space, ("state",), [whole]).values == (4, 2)
    assert senses_of(space, ("state",), [whole, broken]).values == ()
    assert senses_of(SHOWN, ("state",), [whole]).values == ()
    spread = Perception(Senses(state=2, values=(4, 2)))
    assert spread({"state": torch.tensor([[2.0, 1.0]])}).tolist() == [[0, 0, 1, 0, 0, 1]]


def test_pictures_that_are_too_small_for_a_net_are_named() -> None:
    seen = {"rgb": torch.zeros(1, 3, 32, 36)}
    assert Perception(Senses(picture=(32, 36, 3)), "impala", 8)(seen).shape == (1, 8)
    with pytest.raises(BadArgument, match=r"these have 32 x 36: set net=impala"):
        Perception(Senses(picture=(32, 36, 3)), "nature", 8)
    seen = {"rgb": torch.zeros(1, 3, 36, 36)}
    assert Perception(Senses(picture=(36, 36, 3)), "nature", 8)(seen).shape == (1, 8)


def test_words_are_counted() -> None:
    counts = counted("Go to the red ball, then to the key")
    assert counts.shape == (PLACES,)
    assert counts.sum() == 9
    assert np.array_equal(counts, counted("to THE key then go to the red ball"))


def test_another_size_of_what_is_seen_is_named() -> None:
    senses = Senses(state=3, picture=(8, 8, 3))
    with pytest.raises(BadArgument, match=r"pictures of \[8, 8, 3\]; the task shows \[9, 8, 3\]"):
        senses.read({"rgb": np.zeros((9, 8, 3), np.uint8), "state": np.zeros(3)})
    with pytest.raises(BadArgument, match=r"states of \[3\]; the task shows \[4\]"):
        Senses(state=3).read({"state": np.zeros(4)})


def test_the_command_clones_places_in_a_list(tmp_path: Path, typed: Any) -> None:
    data, task = tmp_path / "data", "babyai.go-to-obj-s4"
    typed("data", "make", task, "--episodes", "3", "--slots", "1", "--out", data)
    small = ("--protocol", "smoke", "--steps", "20", "--set", "hidden=[8]", "--episodes", "1")
    command = ("train", "bc", task, "--dataset", data, *small, "--out", tmp_path / "one")
    done = typed(*command, learns=True)
    assert "bc on babyai.go-to-obj-s4-v0, 20 updates" in done.stdout
    told = json.loads((tmp_path / "one" / "training.json").read_text())["identity"]
    assert len(told["senses"]["values"]) == 151
    words = ["train", "iql", task, "--dataset", str(data), "--out", str(tmp_path / "two")]
    with pytest.raises(PolyathlonError, match="has no continuous actions"):
        _polyathlon.main(words, standalone_mode=False)
