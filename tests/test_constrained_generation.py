"""A model that speaks under the mask: all that it says is an action."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from small_forest import ARM, BABYAI, BODIES, KEYS, SPOKEN, forest, tokenizer

from polyathlon.adapters.decoding import decode_by
from polyathlon.adapters.semlang import SemLangAdapter
from polyathlon.adapters.uniform import UniformAdapter
from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr import ROBOT

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from polyathlon.adapters.logits import ConstrainedLogits  # noqa: E402
from polyathlon.adapters.trie import Forest  # noqa: E402
from polyathlon.adapters.vocabulary import (  # noqa: E402
    TokenTable,
    apply_to_model,
    vocabulary_size,
)


def tiny_model(vocabulary: int, tied: bool = False) -> Any:
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=tied,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
    )
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(config).eval()


@pytest.mark.parametrize("tied", [True, False])
def test_a_model_gets_rows_and_keeps_its_own(tied: bool) -> None:
    models = [tiny_model(200, tied) for _ in range(3)]
    before = models[0].get_input_embeddings().weight.detach().clone()
    added = TokenTable.added({"arm": [30]}, 200)
    state = torch.random.get_rng_state()
    apply_to_model(models[0], added)
    apply_to_model(models[1], added)
    apply_to_model(models[2], TokenTable.overwriting({"arm": [30]}, 200, "tail"), seed=4)
    assert torch.equal(torch.random.get_rng_state(), state)
    for part in ("get_input_embeddings", "get_output_embeddings"):
        first, second, over = (getattr(model, part)().weight.detach() for model in models)
        assert first.shape == (230, 32)
        assert torch.equal(first, second)
        assert over.shape == (200, 32)
        assert len(torch.unique(first[200:], dim=0)) == 30
        assert torch.allclose(first[200:].mean(0), first[:200].mean(0), atol=0.2 * first.std())
        assert first[200:].std() < 0.3 * first[:200].std()
    weight = models[0].get_input_embeddings().weight.detach()
    assert torch.equal(weight[:200], before)
    weight = models[2].get_input_embeddings().weight.detach()
    assert torch.equal(weight[:170], before[:170])
    assert not torch.equal(weight[170:], before[170:])
    apply_to_model(models[2], added)
    assert models[2].config.vocab_size == 230


@pytest.fixture(scope="module")
def speakers() -> tuple[Any, Forest, dict[str, Any], TokenTable]:
    """A model with the table applied, and every body there is, speaking through it."""
    known = tokenizer()
    adapters: dict[str, Any] = {}
    for body in BODIES.values():
        if body.kind == "continuous":
            box = spaces.Box(np.float32(body.low), np.float32(body.high), dtype=np.float32)
            adapters[body.id] = UniformAdapter(box, body)
        else:
            count = spaces.Discrete(len(body.action_names))
            spoken = SPOKEN if body.id == ROBOT.id else None
            adapters[body.id] = SemLangAdapter(count, body, phrases=spoken, tokenizer=known)
    binned = {name: one for name, one in adapters.items() if isinstance(one, UniformAdapter)}
    counts = {name: one.agent_space.nvec.tolist() for name, one in binned.items()}
    table = TokenTable.added(counts, known, sharing="levels")
    model = tiny_model(vocabulary_size(known))
    apply_to_model(model, table)
    together = Forest(
        {name: one.sequences for name, one in adapters.items() if name not in binned},
        steps={name: table.steps(name) for name in binned},
        end=known.eos_token_id,
    )
    return model, together, adapters, table


def generate(model: Any, rows: int, length: int, processors: list[Any], **options: Any) -> Any:
    torch.manual_seed(0)
    prompt = torch.randint(2, 60, (rows, 3), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        said = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=length,
            do_sample=options.pop("do_sample", True),
            logits_processor=processors,
            **options,
        )
    return said[:, 3:]


def decoded(forest: Forest, name: str, adapters: Any, table: TokenTable, said: Any) -> Any:
    rows = forest.rows(name, said)
    return adapters[name].decode(table.codes(name, rows) if name in table.bodies else rows)


MANY = int(os.environ.get("MASKED_ACTIONS", "30"))
"""Utterances of each body; ``make proof`` asks for a thousand, which takes five minutes."""


@pytest.fixture(scope="module")
def many(speakers: Any) -> tuple[Any, Any]:
    """Utterances of every body, under the mask and free, in two generations."""
    model, together, _, _ = speakers
    names = [name for name in BODIES for _ in range(MANY)]
    processor = ConstrainedLogits(together, names)
    masked = generate(model, len(names), together.longest, [processor])
    return masked, generate(model, len(names), together.longest, [])


@pytest.mark.parametrize("name", BODIES)
def test_all_actions_under_the_mask_are_valid(speakers: Any, many: Any, name: str) -> None:
    _, together, adapters, table = speakers
    rows = slice(MANY * list(BODIES).index(name), MANY * (list(BODIES).index(name) + 1))
    said, free = (one[rows] for one in many)
    assert together.invalid_rate(name, said) == 0
    actions = decoded(together, name, adapters, table, said)
    assert len(actions) == MANY
    assert all(adapters[name].env_space.contains(action) for action in actions)
    assert len(np.unique(actions, axis=0)) >= min(7, len(adapters[name].embodiment.action_names))
    # Untrained and free, it says an action by accident alone.
    assert together.invalid_rate(name, free) > 0.8
    if name not in table.bodies:
        said_freely = together.rows(name, free, strict=False)
        doing = decode_by("no-op", adapters[name], said_freely, no_op=0)
        assert doing.invalid.mean() == pytest.approx(together.invalid_rate(name, free))


def test_bodies_may_share_a_batch_of_generation(speakers: Any) -> None:
    model, together, adapters, table = speakers
    names = [ROBOT.id, ARM.id, BABYAI.id] * 20
    processor = ConstrainedLogits(together, names)
    said = generate(model, 60, together.longest, [processor], do_sample=False)
    for name in names[:3]:
        mine = [row for row, one in enumerate(names) if one == name]
        assert len(decoded(together, name, adapters, table, said[mine])) == 20
        single = ConstrainedLogits(together, name)
        apart = generate(model, 60, together.longest, [single], do_sample=False)
        width = min(apart.shape[1], said.shape[1])
        assert torch.equal(apart[mine][:, :width], said[mine][:, :width])


def test_beams_change_places_and_stay_valid(speakers: Any) -> None:
    model, together, _, _ = speakers
    processor = ConstrainedLogits(together, [ROBOT.id, ARM.id, BABYAI.id, ARM.id])
    options = {"num_beams": 5, "num_return_sequences": 5, "do_sample": False}
    said = generate(model, 4, together.longest, [processor], **options)
    names = [name for name in (ROBOT.id, ARM.id, BABYAI.id, ARM.id) for _ in range(5)]
    assert together.invalid_rate(names, said) == 0
    arms = said[5:10].tolist()
    assert len({tuple(row) for row in arms}) == 5
    with pytest.raises(BadArgument, match="one generation"):
        processor(said[:3], torch.zeros(3, 900))
    with pytest.raises(BadArgument, match="rows are generated"):
        ConstrainedLogits(together, [ROBOT.id] * 2)(said[:3], torch.zeros(3, 900))


def test_without_an_end_the_model_is_free_after_the_action() -> None:
    both = forest(end=None)
    processor = ConstrainedLogits(both, "keys")
    scores = torch.randn(2, 30, generator=torch.Generator().manual_seed(0))
    prompt = torch.tensor([[3], [3]])
    assert torch.isfinite(processor(prompt, scores)).sum().item() == 6
    said = torch.cat([prompt, torch.tensor([[4], [5]])], 1)
    after = processor(said, scores)
    assert torch.equal(after[0], scores[0])
    assert torch.isfinite(after[1]).nonzero().tolist() == [[1]]
    ruled_out = torch.full_like(scores, -torch.inf)
    forced = ConstrainedLogits(both, "keys")(prompt, ruled_out)
    assert torch.isfinite(forced).nonzero()[:, 1].tolist() == [1, 4, 5] * 2


def test_a_processor_does_not_serve_the_next_generation_of_a_rollout() -> None:
    both, scores = forest(end=None), torch.zeros(1, 30)
    key = min(KEYS, key=len)
    processor = ConstrainedLogits(both, "keys")
    said = torch.tensor([[3]])
    for token in key:
        processor(said, scores)
        said = torch.cat([said, torch.tensor([[token]])], 1)
    with pytest.raises(BadArgument, match="every action is complete"):
        processor(said, scores)


def test_a_processor_does_not_serve_another_prompt() -> None:
    processor, scores = ConstrainedLogits(forest(), "keys"), torch.zeros(1, 30)
    processor(torch.tensor([[3, 7]]), scores)
    with pytest.raises(BadArgument, match="one generation"):
        processor(torch.tensor([[8, 7, 4]]), scores)
