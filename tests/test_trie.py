"""Constrained decoding: the forest, the token table, and a model that speaks under the mask."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters.decoding import decode_by
from polyathlon.adapters.semlang import SemLangAdapter
from polyathlon.adapters.uniform import UniformAdapter
from polyathlon.core.errors import BadArgument, DecodeError, UnknownName
from polyathlon.tasks.catalogue import all_tasks
from polyathlon.tasks.langr import ROBOT
from polyathlon.tasks.langr.vocabulary import SKILLS

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from polyathlon.adapters.logits import ConstrainedLogits  # noqa: E402
from polyathlon.adapters.trie import DEAD, DONE, Forest  # noqa: E402
from polyathlon.adapters.vocabulary import (  # noqa: E402
    TokenTable,
    apply_to_model,
    fingerprint,
    special_ids,
    vocabulary_size,
)

pytestmark = pytest.mark.xdist_group("trie")  # one process: what it makes is dear

BABYAI = next(t.embodiment for t in all_tasks().values() if t.embodiment.id == "babyai-agent")
ARM = next(t.embodiment for t in all_tasks().values() if t.embodiment.id == "sawyer-xyz")
BODIES = {
    task.embodiment.id: task.embodiment
    for task in all_tasks().values()
    if task.embodiment.kind != "text"
}
"""Every body that a task has."""

SPOKEN = tuple(skill.spoken for skill in SKILLS)

KEYS = ((1, 9), (1, 2, 9), (1, 2, 3), (4,), (5, 1))
"""Open, open fridge, open fridge door; close; a two-word action."""

BINS = ((10, 11, 12), (20, 21), (10, 11, 12))
"""A body of three steps, the first and last of which share their tokens."""


def forest(end: int | None = 0) -> Forest:
    return Forest({"keys": KEYS}, steps={"bins": BINS}, end=end)


def test_a_walk_meets_what_a_search_finds() -> None:
    both, size = forest(), 30
    for prefix in {key[:n] for key in KEYS for n in range(len(key))}:
        states = both.start("keys")
        for token in prefix:
            states = both.advance(states, torch.tensor([token]))
        wanted = {key[len(prefix)] for key in KEYS if key[: len(prefix)] == prefix}
        ids, real = both.allowed_ids(states)
        assert set(ids[real].tolist()) == wanted
        assert set(both.allowed(states, size)[0].nonzero()[:, 0].tolist()) == wanted


def test_the_longest_action_is_known() -> None:
    assert forest().longest == 3
    assert Forest(steps={"bins": [range(50)] * 2}).longest == 2


def test_bodies_together_are_as_each_alone() -> None:
    both, size = forest(), 30
    alone = {"keys": Forest({"keys": KEYS}, end=0), "bins": Forest(steps={"bins": BINS}, end=0)}
    names = ["keys", "bins", "bins", "keys", "bins"]
    tokens = torch.tensor([[1, 2, 3], [10, 20, 12], [11, 25, 10], [4, 0, 0], [12, 21, 11]])
    states = both.start(names)
    apart = {row: alone[name].start(name) for row, name in enumerate(names)}
    logits = torch.randn(5, size, generator=torch.Generator().manual_seed(0))
    for token in tokens.unbind(1):
        mask, chosen = both.allowed(states, size), both.choose(logits, states, token)
        for row, name in enumerate(names):
            one = alone[name]
            assert torch.equal(mask[row : row + 1], one.allowed(apart[row], size))
            single = one.choose(logits[row : row + 1], apart[row], token[row : row + 1])
            for mine, theirs in zip(chosen, single, strict=True):
                assert torch.allclose(mine[row : row + 1], theirs)
            apart[row] = one.advance(apart[row], token[row : row + 1])
        states = both.advance(states, token)
    assert states.tolist() == [DONE, DONE, DEAD, DONE, DONE]
    order = torch.tensor([3, 0, 4, 2, 1])
    mixed = both.parse(both.start([names[i] for i in order]), tokens[order])
    straight = both.parse(both.start(names), tokens)
    for one, other in zip(mixed, straight, strict=True):
        assert torch.equal(one, other[order])


def test_a_mask_may_be_written_again() -> None:
    both = forest()
    first, second = both.start("keys", 2), both.start(["bins", "keys"])
    out = both.allowed(first, 30)
    again = both.allowed(second, 30, out=out, previous=first)
    assert again is out
    assert torch.equal(out, both.allowed(second, 30))
    assert torch.equal(both.allowed(first, 30, out=out), both.allowed(first, 30))
    dead = torch.tensor([DEAD, DEAD])
    assert not both.allowed(dead, 30, out=out, previous=first).any()


def test_probabilities_are_those_under_the_mask() -> None:
    both, size = forest(), 30
    names = ["keys", "bins", "keys"]
    states, tokens = both.start(names), torch.tensor([4, 11, 5])
    logits = torch.randn(3, size, generator=torch.Generator().manual_seed(1), requires_grad=True)
    chosen = both.choose(logits, states, tokens)
    masked = logits.masked_fill(~both.allowed(states, size), -torch.inf)
    reference = torch.distributions.Categorical(logits=masked)
    assert torch.allclose(chosen.log_prob, reference.log_prob(tokens))
    assert torch.allclose(chosen.entropy, reference.entropy())
    assert torch.allclose(chosen.normalised, reference.entropy() / math.log(3))
    gathered = logits.gather(1, both.allowed_ids(states)[0])
    for one, other in zip(
        chosen, both.choose(gathered, states, tokens, gathered=True), strict=True
    ):
        assert torch.equal(one, other)
    (chosen.log_prob.sum() + chosen.entropy.sum()).backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[~both.allowed(states, size)] == 0).all()


def test_what_is_impossible_gives_no_nan() -> None:
    both = forest(end=None)
    states = torch.tensor([DEAD, DONE, int(both.start("keys")[0])])
    logits = torch.randn(3, 30, generator=torch.Generator().manual_seed(2), requires_grad=True)
    chosen = both.choose(logits, states, torch.tensor([1, 1, 29]))
    assert chosen.log_prob.tolist() == [-math.inf] * 3
    assert chosen.entropy[:2].tolist() == [0, 0]
    chosen.entropy.sum().backward()
    assert torch.isfinite(logits.grad).all()
    none = logits.detach().clone()
    none[:, 4] = -torch.inf
    assert torch.isfinite(both.choose(none, states, torch.tensor([1, 1, 5])).entropy).all()


def test_a_choice_of_one_has_no_entropy() -> None:
    both = forest()
    after = both.advance(both.start("keys"), torch.tensor([5]))
    chosen = both.choose(torch.randn(1, 30), after, torch.tensor([1]))
    assert [float(one) for one in chosen] == [0, 0, 0]


def test_whole_actions_are_scored_step_by_step() -> None:
    both, size = forest(), 30
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 3, size, generator=generator)
    tokens = torch.tensor([[5, 1, 0], [10, 21, 12]])
    scored = both.score(logits, both.start(["keys", "bins"]), tokens)
    states, log_prob, entropy = both.start(["keys", "bins"]), torch.zeros(2), torch.zeros(2)
    for step in range(3):
        part = both.choose(logits[:, step], states, tokens[:, step])
        log_prob, entropy = log_prob + part.log_prob, entropy + part.entropy
        states = both.advance(states, tokens[:, step])
    assert torch.allclose(scored.log_prob, log_prob)
    assert torch.allclose(scored.entropy, entropy)
    room = torch.tensor([math.log(3), math.log(3 * 2 * 3)])
    assert torch.allclose(scored.normalised, entropy / room)
    # All probability is on valid actions: summed over every one of a body it is 1.
    everything = torch.tensor([[a, b, c] for a in BINS[0] for b in BINS[1] for c in BINS[2]])
    same = logits[1:].expand(len(everything), -1, -1)
    total = both.score(same, both.start("bins", len(everything)), everything).log_prob.exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-5)


def test_free_running_output_is_read_or_refused() -> None:
    both = forest()
    tokens = [[1, 9, 7, 7], [1, 2, 3, 0], [4, 1, 1, 1]]
    parsed = both.parse(both.start("keys", 3), torch.tensor(tokens))
    assert parsed.actions.tolist() == [0, 2, 3]
    assert parsed.lengths.tolist() == [2, 3, 1]
    assert both.rows("keys", tokens).tolist() == [[1, 9, -1], [1, 2, 3], [4, -1, -1]]
    with pytest.raises(DecodeError, match=r"row 1 .*'bins': token 9 at place 1"):
        both.rows(["bins", "bins"], [[10, 20, 10], [10, 9, 10]])
    with pytest.raises(DecodeError, match="ends before"):
        both.rows("keys", [[1, 2]])
    assert both.invalid_rate("keys", [[1, 2], [4, 4], [6, 6], [1, 9]]) == 0.5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sequences": {"a": [(1,), (1, 2)]}}, "beginning"),
        ({"sequences": {"a": [(1, 2), (1,)]}}, "beginning"),
        ({"sequences": {"a": [(1, 2), (1, 2)]}}, "another's"),
        ({"sequences": {"a": [()]}}, "no tokens"),
        ({"sequences": {}}, "at least one"),
        ({"steps": {"a": [(1, 1)]}}, "twice"),
        ({"sequences": {"a": [(1,)]}, "steps": {"a": [(1,)]}}, "twice"),
    ],
    ids=str,
)
def test_what_makes_no_forest_is_refused(given: Any, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        Forest(**given)


def test_strangers_and_small_vocabularies_are_refused() -> None:
    both = forest()
    with pytest.raises(UnknownName, match="bin"):
        both.start("bin")
    with pytest.raises(BadArgument, match="outside the vocabulary"):
        both.allowed(both.start("keys"), 21)


# The token table


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models

    words = ["<pad>", "<end>", *sorted({word for one in SPOKEN for word in one.split()})]
    phrases = [name for body in BODIES.values() for name in body.action_names]
    spoken = {word for one in phrases for word in re.findall(r"\w+|[^\w\s]+", one)}
    words += sorted(spoken - set(words)) + [f"rare{n}" for n in range(40)]
    known = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<pad>"))
    from tokenizers.pre_tokenizers import Whitespace

    known.pre_tokenizer = Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=known, eos_token="<end>", pad_token="<pad>"
    )


def test_rows_are_added_after_the_vocabulary() -> None:
    known = tokenizer()
    size = vocabulary_size(known)
    table = TokenTable.added({"arm": [512, 512], "leg": [4]}, known)
    assert table.token_ids() == tuple(range(size, size + 1028))
    assert table.token("arm", 1, 0) == size + 512
    assert table.size == size + 1028
    codes = np.random.default_rng(0).integers(0, 512, (5, 3, 2))
    assert np.array_equal(table.codes("arm", table.tokens("arm", codes)), codes)


@pytest.mark.parametrize(
    ("sharing", "count"), [("none", 36), ("levels", 20), ("bodies", 22), ("all", 12)]
)
def test_sharing_is_as_declared(sharing: Any, count: int) -> None:
    table = TokenTable.added({"a": [8, 6], "b": [10, 12]}, 100, sharing=sharing)
    assert len(table.token_ids()) == count
    assert (table.token("a", 0, 3) == table.token("a", 1, 3)) == (sharing in ("levels", "all"))
    assert (table.token("a", 0, 3) == table.token("b", 0, 3)) == (sharing in ("bodies", "all"))
    again = TokenTable({b: table.steps(b) for b in table.bodies}, 100, sharing=sharing)
    assert again == table


def test_ids_are_overwritten_only_as_told() -> None:
    known = tokenizer()
    last = vocabulary_size(known)
    spare = [known.convert_tokens_to_ids(f"rare{n}") for n in range(40)]
    table = TokenTable.overwriting({"arm": [4, 4]}, known, spare)
    assert table.token_ids() == tuple(spare[:8])
    assert table.size == last
    tail = TokenTable.overwriting({"arm": [4, 4]}, known, "tail")
    assert tail.token_ids() == tuple(range(last - 8, last))
    assert special_ids(known) == {0, 1}
    with pytest.raises(BadArgument, match="a special token"):
        TokenTable.overwriting({"arm": [2]}, known, [7, 1])
    with pytest.raises(BadArgument, match="twice"):
        TokenTable.overwriting({"arm": [2]}, known, [7, 7])
    with pytest.raises(BadArgument, match="outside"):
        TokenTable.overwriting({"arm": [2]}, known, [7, last])
    with pytest.raises(BadArgument, match="41 ids are needed, 40"):
        TokenTable.overwriting({"arm": [41]}, known, spare)
    with pytest.raises(BadArgument, match="or 'tail'"):
        TokenTable.overwriting({"arm": [2]}, known, "head")  # type: ignore[arg-type]
    everything = TokenTable.overwriting({"arm": [last - 2]}, known, "tail")
    assert min(everything.token_ids()) == 2
    used = known.encode(SPOKEN[0], add_special_tokens=False)
    table.check_spared(used, "the skills")
    with pytest.raises(BadArgument, match="the skills uses"):
        everything.check_spared(used, "the skills")


@pytest.mark.parametrize(
    ("ids", "sharing", "told"),
    [
        ({"a": [[1, 2]], "b": [[2, 3]]}, "none", "token 2"),
        ({"a": [[1, 1]]}, "all", "token 1"),
        ({"a": [[1, 2], [2, 1]]}, "levels", "do not share"),
        ({"a": [[1], [1]]}, "bodies", "do not share"),
        ({"a": [[-1]]}, "none", "negative"),
        ({"a": [[]]}, "none", "no ids"),
        ({"a": [[1]]}, "some", "sharing"),
    ],
    ids=str,
)
def test_collisions_are_refused(ids: Any, sharing: Any, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        TokenTable(ids, 10, sharing=sharing)


@pytest.mark.parametrize(
    "tokens", [[100], [100, 108, 100], [108, 100], [0, 0], [100.0, 108.0]], ids=str
)
def test_tokens_that_stand_for_no_code_are_refused(tokens: Any) -> None:
    table = TokenTable.added({"a": [8, 6]}, 100)
    with pytest.raises(DecodeError):
        table.codes("a", tokens)
    with pytest.raises(DecodeError):
        table.tokens("a", [0, 6])
    with pytest.raises(UnknownName):
        table.codes("b", tokens)


def test_a_table_is_kept_with_its_hash(tmp_path: Path) -> None:
    known, path = tokenizer(), tmp_path / "tokens.json"
    table = TokenTable.overwriting({"é": [3], "a": [2, 2]}, known, [9, 8, 20, 21, 22, 5, 6])
    table.save(path)
    again = TokenTable.load(path)
    assert again == table
    assert again.steps("é") == ((9, 8, 20),)
    again.save(tmp_path / "again.json")
    assert path.read_bytes() == (tmp_path / "again.json").read_bytes()
    again.check_tokenizer(known)
    other = tokenizer()
    other.add_tokens(["more"])
    assert fingerprint(other) != fingerprint(known)
    with pytest.raises(BadArgument, match="another tokenizer"):
        again.check_tokenizer(other)
    edited = json.loads(path.read_text())
    edited["bodies"]["a"][0] = [[30, 32]]
    path.write_text(json.dumps(edited))
    with pytest.raises(BadArgument, match="hash differs"):
        TokenTable.load(path)
    for text in ("", "[]", '{"format": 2}', '{"format": 1}'):
        path.write_text(text)
        with pytest.raises(BadArgument):
            TokenTable.load(path)
    with pytest.raises(BadArgument, match="cannot read"):
        TokenTable.load(tmp_path / "none.json")


# Models


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


@pytest.fixture(scope="module")
def thousand(speakers: Any) -> tuple[Any, Any]:
    """A thousand utterances of every body, under the mask and free, in two generations."""
    model, together, _, _ = speakers
    names = [name for name in BODIES for _ in range(1000)]
    processor = ConstrainedLogits(together, names)
    masked = generate(model, len(names), together.longest, [processor])
    return masked, generate(model, len(names), together.longest, [])


@pytest.mark.parametrize("name", BODIES)
def test_a_thousand_actions_under_the_mask_are_all_valid(
    speakers: Any, thousand: Any, name: str
) -> None:
    _, together, adapters, table = speakers
    rows = slice(1000 * list(BODIES).index(name), 1000 * (list(BODIES).index(name) + 1))
    said, free = (one[rows] for one in thousand)
    assert together.invalid_rate(name, said) == 0
    actions = decoded(together, name, adapters, table, said)
    assert len(actions) == 1000
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
