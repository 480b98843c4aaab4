"""What is done with utterances that mean no action."""

from __future__ import annotations

import pytest
from gymnasium import spaces

from polyathlon.adapters import trie
from polyathlon.adapters.decoding import InvalidTally, decode_by
from polyathlon.adapters.semlang import SemLangAdapter
from polyathlon.core.errors import BadArgument, DecodeError
from polyathlon.core.specs import Embodiment


def words() -> SemLangAdapter:
    keys = Embodiment(id="keys", kind="discrete", action_names=("wait", "go", "stop"))
    return SemLangAdapter(spaces.Discrete(3), keys)


def test_policies_differ_in_what_they_do() -> None:
    adapter, tally = words(), InvalidTally()
    said = [[2], [9], [0], [7]]
    with pytest.raises(DecodeError):
        decode_by("fail", adapter, said)
    held = decode_by("no-op", adapter, said, no_op=0)
    assert held.actions.tolist() == [0, 0, 1, 0]
    assert held.invalid.tolist() == [False, True, False, True]
    asked: list[int] = []

    def again(position: int) -> list[int]:
        asked.append(position)
        return [9] if len(asked) == 1 else [1]

    mended = decode_by("resample", adapter, said, resample=again)
    assert mended.actions.tolist() == [0, 2, 1, 2]
    assert asked == [1, 3, 1]
    assert mended.invalid.tolist() == held.invalid.tolist()
    sound = decode_by("fail", adapter, [[1], [1]])
    for one in (held, mended, sound):
        tally.add(one)
    assert (tally.asked, tally.invalid, tally.rate) == (10, 4, 0.4)
    assert InvalidTally().rate == 0


def test_a_policy_takes_what_a_model_said_freely() -> None:
    pytest.importorskip("torch")
    keys = Embodiment(id="keys", kind="discrete", action_names=("open", "open it", "shut it up"))
    adapter = SemLangAdapter(spaces.Discrete(3), keys)
    forest = trie.Forest({"keys": adapter.sequences})
    open_, it, shut, up, end = 1, 0, 2, 3, adapter.terminator
    said = [[open_, end, up], [open_, it, up], [open_, up, up], [shut, it, end], [shut, it, up]]
    rows = forest.rows("keys", said, strict=False)
    held = decode_by("no-op", adapter, rows, no_op=0)
    assert held.actions.tolist() == [0, 1, 0, 0, 2]
    assert held.invalid.tolist() == [False, False, True, True, False]


def test_policies_want_what_they_need() -> None:
    adapter = words()
    with pytest.raises(BadArgument, match="does nothing"):
        decode_by("no-op", adapter, [[9]])
    with pytest.raises(BadArgument, match="ask again"):
        decode_by("resample", adapter, [[9]])
    with pytest.raises(BadArgument, match="no decode policy"):
        decode_by("zeros", adapter, [[9]])  # type: ignore[arg-type]
    with pytest.raises(DecodeError, match="nor did 2 more"):
        decode_by("resample", adapter, [[9]], resample=lambda _: [9], attempts=2)
