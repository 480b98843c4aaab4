"""Constrained decoding: the forest, the token table, and a model that speaks under the mask."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_forest import BINS, KEYS, SPOKEN, forest, tokenizer

from polyathlon.core.errors import BadArgument, DecodeError, UnknownName

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from polyathlon.adapters.trie import DEAD, DONE, Forest  # noqa: E402
from polyathlon.adapters.vocabulary import (  # noqa: E402
    TokenTable,
    fingerprint,
    special_ids,
    vocabulary_size,
)


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
