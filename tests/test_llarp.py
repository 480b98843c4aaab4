from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).resolve().parent / "language_model"))

from signposts import SLIDER, WALKER, brief_of, make_worlds, sign

from polyathlon.agents.llarp.bridge import ListBridge
from polyathlon.agents.llarp.config import PRESETS, LlarpConfig
from polyathlon.agents.llarp.memory import Memory
from polyathlon.agents.llarp.network import Strand
from polyathlon.agents.llarp.player import LlarpAgent
from polyathlon.agents.llarp.training import LlarpTraining, train
from polyathlon.agents.lm.backbone import Loading
from polyathlon.agents.lm.configuration import configure
from polyathlon.agents.lm.fault import TrainingFailed
from polyathlon.agents.lm.small import Small, make_small
from polyathlon.core.errors import BadArgument, EmbodimentMismatch, PlanMismatch

SIZES = {"small.width": 32, "small.layers": 1, "small.words": 300}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A frozen vision model and a frozen encoder of texts, saved as any other is."""
    transformers = pytest.importorskip("transformers")
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    vit = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=16, patch_size=8,
    )  # fmt: skip
    transformers.ViTModel(vit).save_pretrained(root / "vision")
    make_small(root / "words", Small(width=16, layers=1), ["follow the sign"])
    (root / "words" / "model.safetensors").unlink()
    bert = transformers.BertConfig(
        vocab_size=600, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    transformers.BertModel(bert).save_pretrained(root / "words")
    return root


def config_of(models, **changes) -> LlarpConfig:
    settings = {
        **SIZES, "senses": "rgb", "vision": str(models / "vision"), "layout": [], "things": [],
        "head": 16,
        "adapter": "pred", "environments": 4, "ppo.minibatches": 2, "ppo.rollout": 6,
        "steps": 48, "save_every": 1, "context": 6,
    }  # fmt: skip
    return configure(PRESETS, "llarp-mini", {**settings, **changes})


VARIANTS = {
    "head": {},
    "words": {"adapter": "semlang"},
    "names": {"adapter": "named"},
    "reader": {"reader": "words", "reading": "all"},
    "recurrent": {"reader": "words", "trunk": "lstm"},
    "things": {"layout": [4, 4, 3], "things": ["left", "right"], "adapter": "named"},
    "things in order": {
        "layout": [4, 4, 3], "things": ["left", "right"], "adapter": "named", "reading": "all",
    },
    "things read": {
        "layout": [4, 4, 3], "things": ["left", "right"], "adapter": "named", "reader": "words",
        "reading": "whole",
    },
    "frozen": {"loading.train": "nothing", "loading.model": "trunk"},
    "low-rank": {"loading.train": "lora", "loading.lora.rank": 2, "loading.model": "trunk"},
}  # fmt: skip


@pytest.fixture(params=VARIANTS)
def variant(request, models):
    changes = dict(VARIANTS[request.param])
    if "reader" in changes:
        changes["reader"] = str(models / "words")
    if "loading.model" in changes:
        trunk = models / "trunk"
        if not trunk.is_dir():
            make_small(trunk, Small(width=32, layers=1, words=300), ["follow the sign"])
        changes["loading.model"] = str(trunk)
    return config_of(models, **changes)


def test_every_variant_learns_plays_and_goes_on_to_the_same_bit(variant, tmp_path):
    worlds = make_worlds((WALKER,))
    whole = train(tmp_path / "whole", variant, worlds)
    part = LlarpTraining(tmp_path / "part", variant, worlds)
    part.config = msgspec.structs.replace(variant, steps=24)
    part.run()
    again = LlarpTraining(tmp_path / "part", variant, worlds)
    assert again.steps == 24
    again.run()
    assert again.agent().digest() == whole.digest()
    agent = LlarpAgent.load(tmp_path / "part")
    assert agent.digest() == whole.digest()
    agent.reset([1, 0], [brief_of(WALKER, 1), brief_of(WALKER, 0)])
    for side in (0, 1, 1):
        actions = agent.act([sign(WALKER, side), sign(WALKER, 1 - side)], [0, 1])
        assert all(action in range(3) for action in actions)


def test_play_with_a_cache_is_as_likely_as_a_full_pass_finds(variant, tmp_path):
    training = LlarpTraining(tmp_path, variant, make_worlds((WALKER,)))
    network, parts = training.network, training.parts
    memory, dice = Memory(network, 3), np.random.default_rng(0)
    texts = ["follow the sign of the walker", "go", "follow every sign"]
    seen: list[list[torch.Tensor]] = [[], [], []]
    tokens: list[list[torch.Tensor]] = [[], [], []]
    actions: list[list[int]] = [[], [], []]
    told: list[list[float]] = [[], [], []]
    worth: list[list[float]] = [[], [], []]
    empty = torch.zeros(0, parts.seen), torch.zeros(0, 0).long()
    memory.begin([0, 1, 2], [Strand(text, *empty) for text in texts])
    for step in range(4):
        slots = [slot for slot in (2, 0, 1) if (slot + step) % 3 or step == 0]
        looked = parts.sight.look([sign(WALKER, int(dice.integers(2))) for _ in slots])
        draws = torch.from_numpy(dice.random((len(slots), parts.choices)))
        decided = memory.decide(slots, looked, draws)
        for place, slot in enumerate(slots):
            seen[slot].append(looked[place])
            tokens[slot].append(decided.tokens[place])
            actions[slot].append(int(decided.actions[place]))
            told[slot].append(float(decided.log_probs[place]))
            worth[slot].append(float(decided.values[place]))
    strands = [
        Strand(text, torch.stack(a), torch.stack(b))
        for text, a, b in zip(texts, seen, tokens, strict=True)
    ]
    with torch.no_grad():
        found = network.judge(strands, [torch.tensor(one) for one in actions])
        last = network.judge(strands, [torch.tensor(one[-2:]) for one in actions])
    assert np.allclose(found.log_probs.numpy(), np.concatenate(told), atol=1e-4)
    assert np.allclose(found.values.numpy(), np.concatenate(worth), atol=1e-4)
    assert np.allclose(
        last.log_probs.numpy(), np.concatenate([one[-2:] for one in told]), atol=1e-4
    )


def test_it_learns_by_reward_alone(models, tmp_path):
    config = config_of(
        models, adapter="pred", environments=16, steps=16 * 8 * 40, save_every=1000,
        **{"ppo.rollout": 8, "ppo.learning_rate": 3e-3},
    )  # fmt: skip
    training = LlarpTraining(tmp_path, config, make_worlds((WALKER,)))
    told = []
    training.run(watch=told.append)
    early = np.mean([one.figures["return"] for one in told[:5]])
    late = np.mean([one.figures["return"] for one in told[-5:]])
    assert early < 2.5
    assert late > 3.2  # Of 4; whoever guesses gets 1.3.


def test_it_refuses_what_it_was_not_trained_with(models, tmp_path):
    config = config_of(models, reader=str(models / "words"))
    train(tmp_path / "agent", config, make_worlds((WALKER,)))
    with pytest.raises(PlanMismatch, match="another training: config"):
        LlarpTraining(
            tmp_path / "agent", msgspec.structs.replace(config, seed=3), make_worlds((WALKER,))
        )
    agent = LlarpAgent.load(tmp_path / "agent")
    with pytest.raises(EmbodimentMismatch, match="walker"):
        agent.reset([0], [brief_of(SLIDER)])
    longer = msgspec.structs.replace(brief_of(WALKER), max_episode_steps=7)
    with pytest.raises(BadArgument, match="7 steps are longer than the context of 6"):
        agent.reset([0], [longer])
    kept = models / "words" / "model.safetensors"
    shutil.copy(kept, tmp_path / "kept")
    kept.unlink()
    with pytest.raises(BadArgument, match=r"lacks model\.safetensors"):
        LlarpAgent.load(tmp_path / "agent")
    data = bytearray((tmp_path / "kept").read_bytes())
    data[-1] ^= 1
    kept.write_bytes(bytes(data))
    with pytest.raises(BadArgument, match="another reader model"):
        LlarpAgent.load(tmp_path / "agent")
    shutil.copy(tmp_path / "kept", kept)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last(models, tmp_path):
    training = LlarpTraining(tmp_path, config_of(models), make_worlds((WALKER,)))
    training.save()
    before = LlarpAgent.load(tmp_path).digest()
    with torch.no_grad():
        training.network.heads.value.weight.fill_(float("nan"))
    with pytest.raises(TrainingFailed, match="loss is nan in update 1, epoch 1, minibatch 1"):
        training.run()
    assert LlarpAgent.load(tmp_path).digest() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"senses": "rgb", "vision": ""}, "set vision="),
        ({"layout": [1, 2]}, "layout="),
        ({"things": ["left"]}, "state that is a list"),
        ({"trunk": "lstm"}, "set reader="),
        ({"environments": 5}, "multiple"),
    ],
)
def test_what_cannot_be_is_said_at_once(models, changes, said):
    with pytest.raises(BadArgument, match=said):
        config_of(models, **changes)


def test_names_that_do_not_go_round_are_refused(models, tmp_path):
    config = config_of(models, layout=[4, 4, 3], things=["left", "right", "up"])
    with pytest.raises(BadArgument, match="3 names cannot be dealt out to 4 things"):
        LlarpTraining(tmp_path, config, make_worlds((WALKER,)))


def test_episodes_that_are_longer_than_the_context_are_refused_before_anything_is_learnt(
    models, tmp_path
):
    with pytest.raises(BadArgument, match=r"have up to 4 steps, more than the context of 3"):
        LlarpTraining(tmp_path, config_of(models, context=3), make_worlds((WALKER,)))


def test_what_is_asked_for_by_name_is_looked_at_before_anything_is_learnt():
    torch.manual_seed(0)
    bridge, names = ListBridge((1, 4, 2), 16, named=True), torch.randn(2, 16)
    rows = torch.tensor([[1.0, 0.1], [1.0, 0.2], [1.0, 0.3], [0.0, 0.4]])
    seen = torch.cat([torch.zeros(1), rows.flatten()])[None]
    with torch.no_grad():  # The other looks are to tell nothing.
        bridge.what.zero_()
        bridge.numbers.weight.zero_()
        bridge.numbers.weight[:, -1] = 1.0

    def squashed(*numbers: float) -> torch.Tensor:
        return torch.full((16,), float(np.mean([2 * one / (1 + one) for one in numbers])))

    found = []
    bridge.numbers.register_forward_hook(lambda _, __, told: found.append(told[0]))
    for asked in (names[0], names[1]):
        bridge(seen, asked[None] - names.mean(0), names)
    looked = [one - bridge.numbers.bias for one in found]
    # The mean of the rows of that name that are there.
    assert torch.allclose(looked[0], squashed(0.1, 0.2), atol=1e-3)
    assert torch.allclose(looked[1], squashed(0.3), atol=1e-3)


def test_the_small_preset_names_things_as_instructions_do():
    from polyathlon.tasks.langr.phrasing import spoken
    from polyathlon.tasks.langr.symbols import HEAD_NAMES, ROW_NAMES, ROWS_PER_CATEGORY
    from polyathlon.tasks.langr.vocabulary import CATEGORIES

    preset = PRESETS["llarp-mini"]
    assert preset.things == tuple(map(spoken, CATEGORIES))
    rows = len(CATEGORIES) * ROWS_PER_CATEGORY
    assert preset.layout == (len(HEAD_NAMES), rows, len(ROW_NAMES))


def test_several_bodies_are_refused(models, tmp_path):
    with pytest.raises(BadArgument, match="different bodies"):
        LlarpTraining(tmp_path, config_of(models), make_worlds((WALKER, SLIDER)))
    with pytest.raises(BadArgument, match="'slider' is continuous"):
        LlarpTraining(tmp_path, config_of(models), make_worlds((SLIDER,)))


def test_the_full_size_is_the_papers():
    config = PRESETS["llarp-7b"]
    assert config.loading == Loading(
        model="huggyllama/llama-7b", device="cuda", dtype="bfloat16", train="nothing"
    )
    assert (config.ppo.clip, config.ppo.epochs, config.ppo.rollout) == (0.2, 2, 32)
    assert (config.ppo.minibatches, config.ppo.gradient_norm, config.environments) == (8, 0.2, 8)
    assert (config.context, config.instruction_tokens, config.head) == (32, 30, 512)
