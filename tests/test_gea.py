from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parent / "language_model"))

from signposts import CLERK, SLIDER, WALKER, brief_of, demonstrations, make_worlds, sign

from polyathlon.agents.gea.cloning import GeaCloning, schedule, states_of
from polyathlon.agents.gea.config import PRESETS, GeaConfig
from polyathlon.agents.gea.demonstration import DemoSet, Mixture
from polyathlon.agents.gea.memory import Memory
from polyathlon.agents.gea.moment import Moment, judge
from polyathlon.agents.gea.network import Critic
from polyathlon.agents.gea.player import GeaAgent
from polyathlon.agents.gea.prompt import prompt_of
from polyathlon.agents.gea.reinforcing import GeaReinforcing
from polyathlon.agents.gea.sequence import write
from polyathlon.agents.gea.tongue import FOLDER, fit_tokenizer
from polyathlon.agents.lm.backbone import Loading
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.fault import TrainingFailed
from polyathlon.agents.lm.small import Small, make_small
from polyathlon.core.errors import BadArgument, EmbodimentMismatch, PlanMismatch, UnknownName

BODIES = (WALKER, SLIDER, CLERK)

TINY = {
    "small": {
        "width": 32,
        "layers": 1,
        "heads": 4,
        "words": 400,
        "image_size": 16,
        "patch_size": 4,
        "vision_width": 32,
        "vision_layers": 1,
    },
    "image_tokens": 4,
    "history": 3,
    "codes": 16,
    "tokenizer_width": 32,
    "tokenizer_updates": 150,
    "tokenizer_batch": 64,
    "cloning.batch_size": 12,
    "cloning.learning_rate": 3e-3,
    "cloning.updates": 4,
    "log_every": 2,
    "save_every": 2,
    "reinforcing.steps": 64,
    "reinforcing.environments": 4,
    "reinforcing.critic": 16,
    "reinforcing.ppo.rollout": 8,
    "reinforcing.ppo.minibatches": 2,
    "reinforcing.cloning_batch": 3,
    "reinforcing.at_once": 7,
}


def config_of(**changes) -> GeaConfig:
    small = {f"small.{name}": value for name, value in TINY["small"].items()}
    rest = {name: value for name, value in TINY.items() if name != "small"}
    return configure(PRESETS, "gea-mini", {**small, **rest, **changes})


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """An agent of three bodies that has learnt a little."""
    folder = tmp_path_factory.mktemp("taught")
    training = GeaCloning(folder, config_of(**{"cloning.updates": 300}), demonstrations())
    training.run()
    return folder, training


def test_one_set_of_weights_learns_three_kinds_of_action(taught):
    folder, _ = taught
    agent = GeaAgent.load(folder)
    agent.reset([0, 1, 2], [brief_of(body) for body in BODIES])
    for sides in ((0, 1, 1), (1, 0, 0), (1, 1, 0), (0, 0, 1)):
        seen = [sign(body, side) for body, side in zip(BODIES, sides, strict=True)]
        walk, slide, text = agent.act(seen, [0, 1, 2])
        assert walk == sides[0]
        assert np.abs(slide - (2 * sides[1] - 1)).max() < 0.3
        assert text == f'click("{"right" if sides[2] else "left"}")'


def test_log_probabilities_in_play_are_those_of_a_full_pass(taught):
    _, training = taught
    network, scribe = training.network.eval(), training.parts.scribe
    memory, dice = Memory(network, scribe, 2), np.random.default_rng(0)
    bodies = [WALKER, SLIDER, WALKER, SLIDER]
    for slot, body in enumerate(bodies):
        memory.begin(slot, body, brief_of(body).instruction)
    critic = Critic(32, 32, 16, 1, 0.1)
    moments, log_probs, values = [], [], []
    for step in range(6):
        # Slots wait at different times, and an episode ends meanwhile.
        slots = [slot for slot in (2, 0, 3, 1) if (slot + step) % 3]
        if step == 3:
            memory.begin(0, bodies[0], "follow the sign")
        before = {slot: memory.steps(slot) for slot in slots}
        thought = memory.think(slots, [sign(bodies[n], int(dice.integers(2))) for n in slots])
        said = memory.speak(slots, thought, torch.from_numpy(dice.random((len(slots), 9))))
        worlds = torch.zeros(len(slots), dtype=torch.long)
        with torch.no_grad():
            values.append(critic(thought.hidden, thought.glance, worlds))
        log_probs.append(said.log_probs)
        for place, slot in enumerate(slots):
            text = (
                "follow the sign" if slot == 0 and step >= 3 else brief_of(bodies[slot]).instruction
            )
            moments.append(
                Moment(
                    bodies[slot],
                    scribe.prompt(bodies[slot], text),
                    (*before[slot], memory.said(slot)),
                    thought.glance[place],
                )
            )
    with torch.no_grad():
        found = judge(network, scribe, critic, moments, torch.zeros(len(moments)).long())
        # Each in a row of its own, behind its own prompt.
        alone = [judge(network, scribe, critic, [one], torch.zeros(1).long()) for one in moments]
    assert torch.allclose(found.log_probs, torch.cat(log_probs), atol=1e-4)
    assert torch.allclose(found.values, torch.cat(values), atol=1e-4)
    for name, together in found._asdict().items():
        apart = torch.cat([getattr(one, name) for one in alone])
        assert torch.allclose(together, apart, atol=1e-5), name
    assert bool(((found.entropies >= 0) & (found.entropies <= 1 + 1e-5)).all())


def test_pictures_of_several_sizes_are_looked_at_in_their_order(tmp_path):
    training = GeaCloning(tmp_path, config_of(), demonstrations(2, (WALKER,)))
    network, dice = training.network.eval(), np.random.default_rng(0)
    pictures = [dice.integers(0, 256, (side, side, 3), np.uint8) for side in (24, 16, 24, 8, 16)]
    with torch.no_grad():
        together = network.look(pictures)
        alone = torch.cat([network.look([one]) for one in pictures])
    assert torch.allclose(together, alone, atol=1e-5)


def test_what_a_slot_does_depends_on_no_other(taught):
    folder, _ = taught
    together, alone = GeaAgent.load(folder), GeaAgent.load(folder)
    slots = [3, 0, 5]
    together.reset(slots, [brief_of(body) for body in BODIES])
    for slot, body in zip(slots, BODIES, strict=True):
        alone.reset([slot], [brief_of(body)])
    for side in (0, 1, 1, 0):
        seen = [sign(body, side) for body in BODIES]
        both = together.act(seen, slots)
        for place, slot in enumerate(slots):
            (one,) = alone.act([seen[place]], [slot])
            assert np.array_equal(one, both[place])


@pytest.mark.parametrize("loss", ["all", "allowed"])
def test_a_mixed_batch_loses_what_its_parts_lose(taught, loss):
    _, training = taught
    spans = training.mixture.draw(9, np.random.default_rng(3))
    network = training.network.eval()
    kept = network.config
    network.config = msgspec.structs.replace(kept, loss=loss)
    scribe = training.parts.scribe
    with torch.no_grad():
        whole = network.cloning_loss(write(scribe, spans))
        batches = [write(scribe, [span]) for span in spans]
        counts = [sum(map(len, batch.tokens)) for batch in batches]
        parts = [float(network.cloning_loss(batch)) for batch in batches]
    network.config = kept
    assert float(whole) == pytest.approx(np.average(parts, weights=counts), abs=1e-4)


@pytest.mark.parametrize("dialect", ["vq", "uniform", "pred"])
def test_every_dialect_learns_and_comes_back(tmp_path, dialect):
    sets = demonstrations(bodies=(SLIDER, WALKER))
    training = GeaCloning(tmp_path, config_of(dialect=dialect), sets)
    training.run()
    agent = GeaAgent.load(tmp_path)
    assert agent.digest() == training.agent().digest()
    agent.reset([0], [brief_of(SLIDER)])
    for side in (0, 1):
        (action,) = agent.act([sign(SLIDER, side)], [0])
        assert action.shape == (2,)
        assert np.isfinite(action).all()


def test_a_head_acts_for_bodies_of_any_width_and_of_no_bounds(tmp_path):
    names = tuple(f"joint {number}" for number in range(24))
    giant = msgspec.structs.replace(SLIDER, id="giant", action_names=names, low=(), high=())
    sets = demonstrations(bodies=(giant, WALKER))
    GeaCloning(tmp_path / "giant", config_of(dialect="pred"), sets).run()
    agent = GeaAgent.load(tmp_path / "giant")
    agent.reset([0], [brief_of(giant)])
    for side in (0, 1):
        (action,) = agent.act([sign(giant, side)], [0])
        assert action.shape == (24,)
    alone = GeaCloning(tmp_path / "walker", config_of(dialect="pred"), sets[1:])
    alone.run()  # With nobody to act for, the head stays as it was drawn.
    assert alone.update == 4


def test_a_killed_training_goes_on_to_the_same_bit(tmp_path):
    sets = demonstrations()
    whole = GeaCloning(tmp_path / "whole", config_of(), sets)
    whole.run()
    part = GeaCloning(tmp_path / "part", config_of(), sets)
    for _ in range(2):
        part._step()
        part.update += 1
    part.save()
    part._step()  # What was done after the snapshot is lost.
    again = GeaCloning(tmp_path / "part", config_of(), sets)
    assert again.update == 2
    again.run()
    assert again.agent().digest() == whole.agent().digest()
    with pytest.raises(PlanMismatch, match="holds another training: config"):
        GeaCloning(tmp_path / "part", config_of(seed=1), sets)


def test_it_refuses_what_it_was_not_trained_with(taught, tmp_path):
    folder, training = taught
    agent = GeaAgent.load(folder)
    with pytest.raises(UnknownName, match="unknown embodiment 'wolker'"):
        agent.reset([0], [brief_of(msgspec.structs.replace(WALKER, id="wolker"))])
    other = msgspec.structs.replace(SLIDER, low=(-2.0, -1.0))
    with pytest.raises(EmbodimentMismatch, match="low"):
        agent.reset([0], [brief_of(other)])
    agent.reset([0], [brief_of(WALKER)])
    with pytest.raises(
        BadArgument, match="sees rgb of 'walker'; the task shows instruction: give --obs rgb"
    ):
        agent.act([{"instruction": "go"}], [0])
    copy = shutil.copytree(folder, tmp_path / "copy")
    foreign = fit_tokenizer(training.mixture.streams(), config_of(seed=3, codes=16))
    foreign.save(copy / FOLDER)
    with pytest.raises(BadArgument, match="other tokenizer or words"):
        GeaAgent.load(copy)
    shutil.rmtree(copy / FOLDER)
    with pytest.raises(BadArgument, match=r"copy lacks its tokenizer, .*copy the whole agent"):
        GeaAgent.load(copy)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last(tmp_path):
    sets = demonstrations()
    training = GeaCloning(tmp_path, config_of(), sets)
    training._step()
    training.update += 1
    training.save()
    before = GeaAgent.load(tmp_path).digest()
    with torch.no_grad():
        training.network.backbone.rows_in.fill_(float("nan"))
    with pytest.raises(TrainingFailed, match=r"loss is nan in update 2 \(.*episode.*step"):
        training.run()
    assert GeaAgent.load(tmp_path).digest() == before


def test_practice_in_two_families_goes_on_to_the_same_bit(taught, tmp_path):
    begin, _ = taught
    sets, worlds = demonstrations(), make_worlds((WALKER, SLIDER))
    config = config_of()
    whole = GeaReinforcing(tmp_path / "whole", config, begin, worlds, sets)
    told = []
    whole.run(watch=told.append)
    assert {"policy", "value", "entropy", "cloning"} <= set(told[-1].figures)
    part = GeaReinforcing(tmp_path / "part", config, begin, worlds, sets)
    part.config = msgspec.structs.replace(
        part.config, reinforcing=msgspec.structs.replace(part.config.reinforcing, steps=32)
    )
    part.run()
    again = GeaReinforcing(tmp_path / "part", config, begin, worlds, sets)
    assert again.steps == 32
    again.run()
    assert again.agent().digest() == whole.agent().digest()
    assert GeaAgent.load(tmp_path / "part").digest() == whole.agent().digest()


def test_a_practised_agent_moves_together_with_what_it_began_from(taught, tmp_path):
    before, after = tmp_path / "here", tmp_path / "there"
    shutil.copytree(taught[0], before / "taught")
    config = config_of(**{"reinforcing.steps": 32})
    training = GeaReinforcing(
        before / "practised", config, before / "taught", make_worlds((WALKER,))
    )
    training.run()
    before.rename(after)
    assert GeaAgent.load(after / "practised").digest() == training.agent().digest()
    shutil.rmtree(after / "taught")
    with pytest.raises(BadArgument, match="taught"):
        GeaAgent.load(after / "practised")


def test_low_rank_practice_changes_the_decoder_alone(taught, tmp_path):
    pytest.importorskip("peft")
    begin, taught_training = taught
    config = config_of(**{"loading.train": "lora", "loading.lora.rank": 2})
    training = GeaReinforcing(tmp_path, config, begin, make_worlds((WALKER,)), demonstrations())
    training.run()
    agent = GeaAgent.load(tmp_path)
    assert agent.digest() == training.agent().digest()
    kept = dict(taught_training.network.named_parameters())
    own = dict(agent.parts.network.named_parameters())
    name = "backbone.model.model.multi_modal_projector.linear_1.weight"
    assert torch.equal(kept[name], own[name])
    assert all("lora_" in name for name, one in own.items() if one.requires_grad)


def test_free_text_cannot_practise(taught, tmp_path):
    begin, _ = taught
    with pytest.raises(BadArgument, match="'clerk' acts by free text or a head"):
        GeaReinforcing(tmp_path, config_of(), begin, make_worlds((CLERK,)))


def test_demonstrations_are_held_against_their_body():
    (walk, slide) = demonstrations(bodies=(WALKER, SLIDER))
    with pytest.raises(BadArgument, match="those of 'slider' are continuous"):
        Mixture([msgspec.structs.replace(walk, body=SLIDER)], 3, ("rgb",))
    with pytest.raises(BadArgument, match="this agent sees rgb: record it anew"):
        Mixture([slide], 3, ("rgb",))
    with pytest.raises(BadArgument, match="has no episode"):
        Mixture([DemoSet(name="x", body=WALKER, instruction="", episodes=())], 3, ("rgb",))
    heavy = Mixture([walk, msgspec.structs.replace(slide, weight=3.0)], 2, ("rgb", "state"))
    drawn = heavy.draw(400, np.random.default_rng(0))
    assert 0.68 < np.mean([span.body == SLIDER for span in drawn]) < 0.82
    assert {len(span.actions) for span in drawn} == {1, 2}


def test_the_scale_of_states_is_that_of_all_sets():
    (_, slide) = demonstrations(bodies=(WALKER, SLIDER))

    def shifted(by: float, width: int) -> DemoSet:
        episodes = tuple(
            one._replace(observations={"state": np.full((one.steps + 1, width), by, np.float32)})
            for one in slide.episodes
        )
        return msgspec.structs.replace(slide, name=f"at {by}", episodes=episodes)

    both = Mixture([shifted(0.0, 4), shifted(1.0, 4)], 2, ("state",))
    rows = states_of(both, most=10)[SLIDER.id]
    assert len(rows) <= 10
    assert rows.mean() == pytest.approx(0.5, abs=0.15)
    with pytest.raises(BadArgument, match=r"at 1.0 episode 0 has states of 5 numbers; .* have 4"):
        states_of(Mixture([shifted(0.0, 4), shifted(1.0, 5)], 2, ("state",)))


def test_a_prompt_has_the_papers_skeleton():
    text = prompt_of(WALKER, "go home")
    parts = ("User:\nAgent: ", "\nActions: turn left, turn right, wait\n", "\nSimulator: ")
    assert all(part in text for part in (*parts, "\nCamera: ", "\nInstruction: go home\n\nAgent:"))
    assert schedule(0, 100, 0.1) == pytest.approx(0.1)
    assert schedule(10, 100, 0.1) == 1.0
    assert schedule(100, 100, 0.1) == pytest.approx(0.0)


def test_a_model_by_its_folder_goes_the_same_way(tmp_path):
    small = Small(kind="llava-onevision", **TINY["small"])
    model = make_small(tmp_path / "model", small, ["follow the sign", "Agent: Actions:"])
    config = msgspec.structs.replace(
        config_of(**{"cloning.updates": 20}), loading=Loading(model=str(model), train="all")
    )
    training = GeaCloning(tmp_path / "agent", config, demonstrations())
    training.run()
    agent = GeaAgent.load(tmp_path / "agent")
    agent.reset([0], [brief_of(WALKER)])
    assert agent.act([sign(WALKER, 0)], [0])[0] in range(3)
    make_small(
        model, msgspec.structs.replace(small, seed=9), ["follow the sign", "Agent: Actions:"]
    )
    with pytest.raises(BadArgument, match="other model that it began from"):
        GeaAgent.load(tmp_path / "agent")
