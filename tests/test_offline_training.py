"""Training: a killed one ends with the same weights, and its folder is an agent that plays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from point_mass import STEPS, Plane, mixed_data

from polyathlon.agents.chronicle import BEST, LOG, Outcome, Played
from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.checkpoint import Identity, load_checkpoint
from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.player import TrainedAgent
from polyathlon.agents.offline.practice import FOLDER
from polyathlon.agents.offline.protocol import PROTOCOLS, Protocol
from polyathlon.agents.offline.training import Training
from polyathlon.agents.offline.transition import Transitions, discounted, fit_frame
from polyathlon.agents.storage import FILE_NAME
from polyathlon.core.errors import BadArgument, PlanMismatch, TrainingDiverged
from polyathlon.core.specs import Brief, Embodiment, digest_of

BODY = Embodiment(
    id="point", kind="continuous", action_names=("x", "y"), low=(-1.0, -1.0), high=(1.0, 1.0)
)
SHORT = Protocol(
    offline=24, evaluate_every=12, episodes=1, final_episodes=1, save_every=8, log_every=4
)
BOTH = Protocol(
    offline=24,
    online=40,
    evaluate_every=32,
    episodes=1,
    final_episodes=1,
    save_every=8,
    log_every=4,
)
USUAL, BEST_PLAY = Played(0.5, -2.0), Played(0.5, -1.0)  # Alike in score, not in return.
ENDS = Outcome(USUAL, USUAL, BEST_PLAY, 12)
SMALL = {"hidden": (16,), "batch_size": 16}
CHUNKS = "bc, chunks and an average"
"""Cloning with all that it can have; not a learner's name."""


class Killed(Exception):
    """The process is gone."""


class Quiet:
    """Watches nothing; or ends the process, as it were, at a line of the log."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.kill_at = kill_at

    def begun(self, step: int, protocol: Protocol) -> None:
        self.first = step

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        if step == self.kill_at:
            raise Killed

    def played(self, step: int, played: Played) -> None:
        pass

    def noted(self, text: str) -> None:
        self.note = text


def training(
    folder: Path,
    learner: str = "iql",
    seed: int = 0,
    protocol: Protocol = SHORT,
    world: object = None,
    **changes: object,
) -> Training:
    folder.mkdir(exist_ok=True)
    data = mixed_data(4, 0)
    small = {**SMALL, **changes}
    if learner == CHUNKS:
        learner, small = "bc", {**small, "chunk": 4, "average": 0.1}
    if learner in ("ddpm-bc", "idql"):
        small["blocks"] = 1
    if learner == "dt":
        small |= {"width": 16, "layers": 1, "context": 4}
    config = configured(LEARNERS[learner].kind, small)
    frame = fit_frame(data, np.full(2, -1, np.float32), np.full(2, 1, np.float32), True)
    identity = Identity(
        learner=learner, config=msgspec.to_builtins(config), embodiment=BODY, observation_size=2,
        steps=protocol.steps, offline=protocol.offline, seed=seed, dataset="0" * 64,
    )  # fmt: skip
    transitions = Transitions(data, frame, config.discount)
    return Training(folder, identity, protocol, transitions, frame, world or Plane())


def score(agent: TrainedAgent, step: int, count: int) -> Played:
    """An evaluation that makes use of the agent, and is best in the midst."""
    brief = Brief(
        instruction="", embodiment=BODY, action_space=None, max_episode_steps=9, agent_seed=1
    )
    agent.reset([0], [brief])
    for _ in range(3):
        agent.act([{"state": np.zeros(2, np.float32), "reward": -1.0}], [0])
    return BEST_PLAY if step == 12 else USUAL


def arrays(folder: Path) -> bytes:
    (file,) = folder.glob("arrays-*.safetensors")
    return file.read_bytes()


@pytest.mark.parametrize("learner", ["bc", CHUNKS, "iql", "td3-bc", "cql", "idql", "dt"])
def test_a_killed_training_ends_with_the_same_bits(tmp_path: Path, learner: str) -> None:
    whole = training(tmp_path / "whole", learner).run(score, Quiet())
    for kill_at in (4, 12, 20):
        with pytest.raises(Killed):
            training(tmp_path / "killed", learner).run(score, Quiet(kill_at))
        torch.manual_seed(kill_at)  # Whatever the next process draws before.
    last = Quiet()
    resumed = training(tmp_path / "killed", learner).run(score, last)
    assert last.first == 16
    assert resumed == whole == ENDS
    for part in (".", BEST):
        assert arrays(tmp_path / "killed" / part) == arrays(tmp_path / "whole" / part)
    logs = [(tmp_path / name / LOG).read_text() for name in ("killed", "whole")]
    assert logs[0] == logs[1]
    assert [json.loads(line)["step"] for line in logs[0].splitlines()] == [
        *(4, 8, 12, 12, 16, 20, 24, 24)
    ]


def test_a_kill_between_update_and_evaluation_loses_no_evaluation(tmp_path: Path) -> None:
    def die(agent: TrainedAgent, step: int, count: int) -> Played:
        raise Killed

    training(tmp_path / "whole").run(score, Quiet())
    with pytest.raises(Killed):
        training(tmp_path / "killed").run(die, Quiet())
    assert training(tmp_path / "killed").run(score, Quiet()) == ENDS
    assert arrays(tmp_path / "killed") == arrays(tmp_path / "whole")
    assert training(tmp_path / "killed").run(die, Quiet()) == ENDS  # Nothing is left to do.


@pytest.mark.parametrize("learner", [CHUNKS, "iql", "td3-bc", "cql", "idql", "dt"])
def test_a_training_killed_online_ends_with_the_same_bits(tmp_path: Path, learner: str) -> None:
    whole = training(tmp_path / "whole", learner, protocol=BOTH).run(score, Quiet())
    for kill_at in (20, 28, 44, 52, 60):  # Some in the midst of an episode of 25 steps.
        with pytest.raises(Killed):
            training(tmp_path / "killed", learner, protocol=BOTH).run(score, Quiet(kill_at))
        torch.manual_seed(kill_at)
    resumed = training(tmp_path / "killed", learner, protocol=BOTH).run(score, Quiet())
    assert resumed == whole
    assert arrays(tmp_path / "killed") == arrays(tmp_path / "whole")
    logs = [(tmp_path / name / LOG).read_text() for name in ("killed", "whole")]
    assert logs[0] == logs[1]
    lines = [json.loads(line) for line in logs[0].splitlines()]
    earned = {
        one["step"]: one["losses"]["return"] for one in lines if "return" in one.get("losses", {})
    }
    assert list(earned) == [24 + 28]  # The only episode that came to an end, logged every 4.
    (file,) = (tmp_path / "whole" / FOLDER).iterdir()
    assert [one.name for one in (tmp_path / "killed" / FOLDER).iterdir()] == [file.name]


def test_finished_episodes_join_the_data_with_their_returns(tmp_path: Path) -> None:
    trained = training(tmp_path / "one", "iql", protocol=BOTH)
    before = len(trained._data)
    trained.run(score, Quiet())
    data = trained._data
    assert len(data) == before + STEPS  # 40 steps: one episode is over, the next is not.
    added = data.take(np.arange(before, before + STEPS))
    assert added.masks.tolist() == [1.0] * STEPS
    assert torch.equal(added.observations[1:], added.next_observations[:-1])
    rewards = added.rewards.numpy()
    assert np.allclose(added.returns.numpy(), discounted(rewards, 0.99))
    assert list(data.episodes())[-1] == slice(before, before + STEPS)


def test_the_actor_of_idql_stays_as_cloned_while_it_practises(tmp_path: Path) -> None:
    trained = training(tmp_path / "one", "idql", protocol=BOTH)
    copies = {}

    def keep(agent: TrainedAgent, step: int, count: int) -> Played:
        copies[step] = {
            name: [one.clone() for one in module.parameters()]
            for name, module in agent.learner.modules.items()
        }
        return USUAL

    trained.run(keep, Quiet())
    same = {name: all(map(torch.equal, copies[24][name], copies[64][name])) for name in copies[24]}
    assert same == {
        "actor": True, "average": True, "critic": False, "value": False, "target": False
    }  # fmt: skip


def test_a_world_that_does_not_repeat_itself_is_told_of(tmp_path: Path) -> None:
    class Fickle(Plane):
        """Pushes a little harder each time it is made."""

        made = 0

        def __init__(self) -> None:
            type(self).made += 1
            self._push = np.float32(0.01 * self.made)

        def step(self, action):
            return super().step(action + self._push)

    with pytest.raises(Killed):
        training(tmp_path / "one", protocol=BOTH, world=Fickle()).run(score, Quiet(36))
    watcher = Quiet()
    training(tmp_path / "one", protocol=BOTH, world=Fickle()).run(score, watcher)
    assert "did not repeat itself: practice episode 0 begins anew" in watcher.note


def test_damaged_practice_is_named(tmp_path: Path) -> None:
    training(tmp_path / "one", protocol=BOTH).run(score, Quiet())
    (file,) = (tmp_path / "one" / FOLDER).iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(BadArgument, match=r"episodes-.* is damaged: its hash"):
        training(tmp_path / "one", protocol=BOTH)
    file.unlink()
    with pytest.raises(BadArgument, match=r"cannot read .*episodes-"):
        training(tmp_path / "one", protocol=BOTH)


def test_seeds_differ_and_evaluating_changes_nothing(tmp_path: Path) -> None:
    training(tmp_path / "one").run(score, Quiet())
    training(tmp_path / "two").run(lambda *_: USUAL, Quiet())
    training(tmp_path / "other", seed=1).run(score, Quiet())
    assert arrays(tmp_path / "one") == arrays(tmp_path / "two") != arrays(tmp_path / "other")


def test_what_has_diverged_is_told_and_not_saved(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingDiverged, match=r"diverged: \w+ is (nan|inf) at step \d+; there is no"
    ):
        training(tmp_path / "one", "iql", learning_rate=1e12).run(score, Quiet())
    assert not (tmp_path / "one" / FILE_NAME).exists()
    assert not list(tmp_path.glob("one/evaluations"))


def test_another_training_is_refused(tmp_path: Path) -> None:
    training(tmp_path / "one").run(score, Quiet())
    with pytest.raises(PlanMismatch, match=r"holds another training: .*seed 0"):
        training(tmp_path / "one", seed=1)
    with pytest.raises(PlanMismatch, match="learner iql"):
        training(tmp_path / "one", "bc")


@pytest.mark.parametrize(
    ("name", "shown", "changes"),
    [("idql", ("state",), {"samples": 4}), ("dt", ("state", "reward"), {})],
)
def test_a_folder_is_an_agent(
    tmp_path: Path, name: str, shown: tuple[str, ...], changes: dict[str, object]
) -> None:
    trained = training(tmp_path / "one", name, **changes)
    trained.run(score, Quiet())
    state = torch.get_rng_state()
    agent = TrainedAgent.load(tmp_path / "one")
    assert torch.equal(state, torch.get_rng_state())
    assert (agent.name, agent.embodiment, agent.observations) == (name, BODY, shown)
    dice = np.random.default_rng(0)
    seen = [{"state": dice.normal(size=2).astype(np.float32), "reward": float(n)} for n in range(3)]
    briefs = [
        Brief(instruction="", embodiment=BODY, action_space=None, max_episode_steps=9, agent_seed=n)
        for n in range(3)
    ]
    agent.reset([0, 1, 2], briefs)
    together = [np.stack(agent.act(seen, [0, 1, 2])) for _ in range(3)]
    agent.reset([5, 7, 6], [briefs[2], briefs[0], briefs[1]])
    apart = [agent.act([seen[2], seen[0], seen[1]], [5, 7, 6]) for _ in range(3)]
    for one, other in zip(together, apart, strict=True):
        assert np.array_equal(one, np.stack(other)[[1, 2, 0]])
        assert (np.abs(one) <= 1).all()
    assert agent.digest() == TrainedAgent.load(tmp_path / "one").digest()
    assert agent.digest() != TrainedAgent.load(tmp_path / "one" / BEST).digest()
    with pytest.raises(BadArgument, match="trained on states of 2 numbers; the task shows 5"):
        agent.act([{"state": np.zeros(5, np.float32)}], [5])


def test_hyper_parameters_of_after_a_checkpoint_have_their_defaults(tmp_path: Path) -> None:
    """A training goes on though its algorithm has learnt to do more since."""
    with pytest.raises(Killed):
        training(tmp_path / "one", "bc").run(score, Quiet(12))
    path = tmp_path / "one" / FILE_NAME
    document = json.loads(path.read_bytes())
    assert document["identity"]["config"].pop("chunk") == 1
    del document["sha256"]
    document["sha256"] = digest_of({**document, "dice": json.dumps(document["dice"],
                                                                   sort_keys=True)})  # fmt: skip
    path.write_text(json.dumps(document))
    assert training(tmp_path / "one", "bc").run(score, Quiet()) == ENDS


def test_damage_is_named(tmp_path: Path) -> None:
    training(tmp_path / "one").run(score, Quiet())
    (file,) = (tmp_path / "one").glob("arrays-*.safetensors")

    def broken(name: str) -> Path:
        return Path(shutil.copytree(tmp_path / "one", tmp_path / name))

    folder = broken("arrays")
    (folder / file.name).write_bytes(file.read_bytes()[:-1] + b"\0\0")
    with pytest.raises(BadArgument, match="is damaged: its hash"):
        load_checkpoint(folder)
    (folder / file.name).unlink()
    with pytest.raises(BadArgument, match=r"cannot read .*safetensors"):
        load_checkpoint(folder)
    folder = broken("document")
    text = (folder / FILE_NAME).read_text()
    (folder / FILE_NAME).write_text(text.replace('"step": 24', '"step": 25'))
    with pytest.raises(BadArgument, match="was edited or damaged"):
        load_checkpoint(folder)
    (folder / FILE_NAME).write_text('{"format": 99}')
    with pytest.raises(BadArgument, match="is of format 99"):
        load_checkpoint(folder)
    (folder / FILE_NAME).write_text("{")
    with pytest.raises(BadArgument, match="is not JSON"):
        load_checkpoint(folder)
    with pytest.raises(BadArgument, match="is no trained agent"):
        TrainedAgent.load(tmp_path)


def test_a_save_that_fails_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    training(tmp_path / "one").run(score, Quiet())
    before = load_checkpoint(tmp_path / "one")
    # What a crash after the arrays and before the document leaves.
    (tmp_path / "one" / "arrays-0123456789abcdef.safetensors").write_bytes(b"half")
    assert load_checkpoint(tmp_path / "one").digest == before.digest


def test_protocols_save_before_they_play() -> None:
    for protocol in PROTOCOLS.values():
        assert protocol.evaluate_every % protocol.save_every == 0
        assert protocol.save_every % protocol.log_every == 0
