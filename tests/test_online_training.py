"""PPO, SAC and cloning as a user types them: training, a kill, playing, and mistakes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from polyathlon.agents.chronicle import BEST, LOG, Chronicle, Played
from polyathlon.agents.offline.protocol import Protocol
from polyathlon.agents.online.player import OnlineAgent
from polyathlon.agents.online.setting import CONFIGS, PRESETS, settle
from polyathlon.agents.online.training import OnlineTraining
from polyathlon.agents.storage import FILE_NAME
from polyathlon.cli import _polyathlon
from polyathlon.cli.lesson import Request, schedule_of
from polyathlon.cli.online_course import OnlineCourse
from polyathlon.cli.trained import KINDS, load_trained
from polyathlon.core.errors import (
    BadArgument,
    EmbodimentMismatch,
    PlanMismatch,
    PolyathlonError,
    TrainingDiverged,
    UnknownName,
)
from polyathlon.core.specs import Brief
from polyathlon.tasks import catalogue

OPTIONS: dict[str, Any] = {
    "protocol": "smoke", "steps": 256, "evaluate_every": None, "episodes": 1, "dataset": None,
    "backend": "gymnasium", "config": None, "assignments": (), "offline": None, "online": None,
}  # fmt: skip

SMALL = {
    "ppo": {"worlds": 2, "rollout": 32, "batch_size": 32, "epochs": 1, "hidden": [8]},
    "sac": {"worlds": 2, "hidden": [8], "warm_up": 16, "batch_size": 8},
}


class Silent:
    """Watches, and keeps what was logged."""

    def __init__(self) -> None:
        self.losses: list[Mapping[str, float]] = []
        self.steps: list[int] = []

    def begun(self, step: int, protocol: Protocol) -> None:
        self.steps.append(step)

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        self.losses.append(losses)

    def played(self, step: int, played: Played) -> None:
        self.steps.append(step)

    def noted(self, text: str) -> None:
        pass


def request(learner: str, task: str, steps: int = 256, **changes: Any) -> Request:
    options = {**OPTIONS, "steps": steps}
    settings = {**SMALL[learner], **changes}
    return Request(learner, task, settings, schedule_of(learner, options), options)


def trained(
    folder: Path, learner: str, task: str, watcher: Any = None, score: Any = None, **more: Any
) -> Any:
    """Trains in this process; evaluations are told, not played."""
    folder.mkdir(exist_ok=True)
    course = OnlineCourse(request(learner, task, **more))
    told = score or (lambda agent, step, count: Played(float(step), 0.0))
    return course.run(folder, 0, told, watcher or Silent())


@pytest.fixture(scope="module")
def ppo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("online") / "ppo"
    trained(folder, "ppo", "babyai.go-to-obj")
    return folder


def brief(task: str, space: Any, seed: int) -> Brief:
    spec = catalogue.find(task)
    return Brief(
        instruction="", embodiment=spec.embodiment, action_space=space,
        max_episode_steps=spec.max_episode_steps, agent_seed=seed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("learner", "task", "settings"),
    [
        ("ppo", "babyai.go-to-obj", {}),
        ("ppo", "metaworld.reach", {"rollout": 16, "batch_size": 16}),
        ("ppo", "procgen.coinrun-easy-train", {"rollout": 16, "batch_size": 16, "net": "impala"}),
        ("ppo", "langr.train", {"observations": ["state", "instruction"]}),
        ("sac", "metaworld.reach", {}),
    ],
)
def test_what_was_learnt_plays_as_it_did_when_it_was_saved(
    tmp_path: Path, learner: str, task: str, settings: dict[str, Any]
) -> None:
    spec = catalogue.find(task)
    digests: list[str] = []

    def keep(agent: OnlineAgent, step: int, count: int) -> Played:
        digests.append(agent.digest())
        return Played(float(step), 0.0)

    watcher = Silent()
    trained(tmp_path / "one", learner, task, watcher, keep, steps=64, **settings)
    assert watcher.losses
    record, agent = load_trained(tmp_path / "one")
    assert record.source_digest == digests[-1]
    assert agent.embodiment == spec.embodiment  # type: ignore[attr-defined]
    env = catalogue.build(spec, observations=record.observations)
    seen, _ = env.reset(seed=0)
    said = []
    for slots in ([0], [0, 1]):
        agent.reset(slots, [brief(task, env.action_space, 7) for _ in slots])
        said += list(agent.act([seen for _ in slots], slots))
    assert all(env.action_space.contains(action) for action in said)
    assert all(np.array_equal(action, said[0]) for action in said)
    env.close()


def test_it_is_played_by_the_evaluator(
    ppo: Path, python: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    python(
        *("-m", "polyathlon.cli", "eval", "babyai.go-to-obj", "--agent", ppo / BEST),
        *("--episodes", "2", "--slots", "1", "--out", out),
    )
    agent = json.loads((out / "manifest.json").read_text())["agent"]
    assert (agent["name"], agent["observations"]) == ("ppo", ["state", "instruction"])


def test_the_command_trains_plays_and_tells(python: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(
        "worlds = 2\nrollout = 32\nbatch_size = 32\nepochs = 1\nhidden = [8]\n"
    )
    done = python(
        *("-m", "polyathlon.cli", "train", "ppo", "babyai.goto-obj", "--protocol", "smoke"),
        *("--steps", "128", "--config", "small.toml", "--set", "epochs=2", "--out", "one"),
        *("--backend", "envpool", "--episodes", "1"),
        cwd=tmp_path,
    )
    assert "ppo on babyai.go-to-obj-v0, 128 steps" in done.stdout
    told = json.loads((tmp_path / "one" / "training.json").read_text())
    assert told["command"][:4] == ["polyathlon", "train", "ppo", "babyai.goto-obj"]
    identity = told["identity"]
    assert (identity["backend"], identity["config"]["epochs"]) == ("envpool", 2)
    assert "other dice" in identity["differences"][0]
    assert (tmp_path / "one" / "evaluations" / "0000128" / "result.json").is_file()
    assert (tmp_path / "one" / "summary.json").is_file()


class Killed(Exception):
    pass


@pytest.mark.parametrize(("learner", "task"), [("ppo", "babyai.go-to-obj"),
                                               ("sac", "metaworld.reach")])  # fmt: skip
def test_a_killed_training_goes_on_with_all_that_it_knew(
    tmp_path: Path, learner: str, task: str
) -> None:
    def die(agent: OnlineAgent, step: int, count: int) -> Played:
        raise Killed

    with pytest.raises(Killed):
        trained(tmp_path / "one", learner, task, score=die, steps=128)
    document = json.loads((tmp_path / "one" / FILE_NAME).read_text())
    assert document["step"] == 64
    course = OnlineCourse(request(learner, task, 128))
    told = json.loads((tmp_path / "one" / "training.json").read_text())
    identity = load_identity(tmp_path / "one")
    assert told["identity"]["senses"]["state"] == identity.senses.state
    training = OnlineTraining(tmp_path / "one", identity, lambda s: course._worlds(
        course._config.worlds, s))  # fmt: skip
    assert training.step == 64
    if learner == "sac":
        buffer: Any = training._model.replay_buffer
        assert buffer.size() * buffer.n_envs == 64
    training.close()
    watcher = Silent()
    # Where its networks learn does not make it another training.
    outcome = trained(tmp_path / "one", learner, task, watcher, steps=128, device="cpu:0")
    assert watcher.steps == [64, 64, 128]  # It made up for the evaluation.
    assert outcome.last.score == 128
    lines = [json.loads(line) for line in (tmp_path / "one" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines if "score" in line] == [64, 128]


def load_identity(folder: Path) -> Any:
    from polyathlon.agents.checkpoint import load_checkpoint

    return load_checkpoint(folder, CONFIGS).identity


def test_another_training_in_the_folder_is_refused(ppo: Path) -> None:
    with pytest.raises(PlanMismatch, match="holds another training: steps 256"):
        trained(ppo, "ppo", "babyai.go-to-obj", steps=512)


def test_losses_that_are_no_numbers_stop_it_and_the_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = OnlineTraining.agent

    def poison(training: OnlineTraining) -> OnlineAgent:
        with torch.no_grad():
            next(training._model.policy.parameters()).fill_(torch.nan)
        return made(training)

    monkeypatch.setattr(OnlineTraining, "agent", poison)
    told = r"diverged: .*; the checkpoint of step 128 stands in .*learning_rate"
    with pytest.raises(TrainingDiverged, match=told):
        trained(tmp_path / "one", "ppo", "babyai.go-to-obj")
    agent = OnlineAgent.load(tmp_path / "one")
    assert all(bool(one.isfinite().all()) for one in agent.network.parameters())


def test_a_figure_that_is_no_number_is_named(tmp_path: Path) -> None:
    schedule = schedule_of("ppo", OPTIONS)
    chronicle = Chronicle(tmp_path, schedule, lambda *_: Played(0.0, 0.0), Silent())
    lesson: Any = None
    with pytest.raises(TrainingDiverged, match="value is nan at step 3; there is no checkpoint"):
        chronicle.reached(3, {"value": float("nan")}, lesson)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sac", "babyai.go-to-obj"), "sac takes actions that are vectors.*: use ppo"),
        (("ppo", "miniwob.click-test"), "are text"),
        (("ppo", "babyai.go-to-obj", "--set", "rollot=3"), "Did you mean 'rollout'"),
        (("ppo", "babyai.go-to-obj", "--set", "worlds=0"), "`int` >= 1 - at `worlds`"),
        (("ppo", "babyai.go-to-obj", "--set", "clip=-1"), "`float` > 0.0 - at `clip`"),
        (
            ("ppo", "babyai.go-to-obj", "--set", "net=vgg"),
            "no net 'vgg'; choose one of: nature, impala",
        ),
        (("ppo", "babyai.go-to-obj", "--set", "batch_size=100"), "batch_size"),
        (("ppo", "babyai.go-to-obj", "--set", "device=warp"), "device 'warp' here.*it can on cpu"),
        (("sac", "metaworld.reach", "--set", "device=cuda:99"), "device 'cuda:99' here"),
        (("ppo", "babyai.go-to-obj", "--set", "device=meta"), "device 'meta' here"),
        (("ppo", "babyai.go-to-obj", "--dataset", "x"), "learns by playing"),
        (("ppo", "babyai.go-to-obj", "--backend", "pool"), "unknown backend 'pool'"),
        (("ppo", "langr.train", "--backend", "envpool"), "EnvPool does not have langr.train"),
        (("ppo", "babyai.go-to-obj", "--config", "none.json"), "cannot read none.json"),
        (("ppo", "babyai.go-to-obj", "--obs", "state,dom"), "'dom'"),
        (("ppo", "babyai.go-to-obj", "--offline", "9"), "'ppo' takes --steps"),
        (("ppo", "babyai.go-to-obj", "--protocol", "official"), "'ppo' takes lite or smoke"),
        (("iql", "metaworld.reach"), "--dataset DIR, which polyathlon data make metaworld.reach"),
        (("iql", "metaworld.reach", "--backend", "envpool"), "--backend envpool is of ppo and sac"),
        (("pppo", "metaworld.reach"), "Did you mean 'ppo'"),
    ],
)
def test_trainings_that_make_no_sense(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    with pytest.raises(PolyathlonError, match=told):
        _polyathlon.main(["train", *words, "--out", str(tmp_path / "one")], standalone_mode=False)
    assert not (tmp_path / "one").exists()


def test_another_body_is_refused(ppo: Path, tmp_path: Path) -> None:
    words = ["eval", "procgen.coinrun-easy-train", "--agent", str(ppo)]
    with pytest.raises(EmbodimentMismatch, match="follow 'babyai-agent'"):
        _polyathlon.main([*words, "--out", str(tmp_path / "run")], standalone_mode=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('"step": 256', '"step": 257'), "edited or damaged"),
        (lambda text: text.replace('"format": 1', '"format": 9'), "of format 9"),
        (lambda text: text[:-20], "is not JSON"),
    ],
)
def test_damaged_checkpoints_are_named(
    ppo: Path, tmp_path: Path, change: Callable[[str], str], told: str
) -> None:
    shutil.copytree(ppo, tmp_path / "one")
    path = tmp_path / "one" / FILE_NAME
    path.write_text(change(path.read_text()))
    with pytest.raises(BadArgument, match=told):
        load_trained(tmp_path / "one")


def test_a_kind_that_nobody_plays(ppo: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delitem(KINDS, "online")
    with pytest.raises(UnknownName, match="unknown kind of agent 'online'"):
        load_trained(ppo)


def test_presets_are_of_bodies_that_there_are() -> None:
    bodies = {spec.embodiment.id: spec.embodiment for spec in catalogue.all_tasks().values()}
    for learner, body in PRESETS:
        assert settle(learner, bodies[body], {})
