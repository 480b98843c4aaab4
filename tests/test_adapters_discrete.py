"""Adapters of named actions: a categorical head, words, digits."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import msgspec
import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters.lang import LangAdapter, draw_codes, lengthened
from polyathlon.adapters.pred import PredAdapter
from polyathlon.adapters.semlang import PADDING, SemLangAdapter, Utterances
from polyathlon.core.errors import BadArgument, DecodeError, InvalidAction
from polyathlon.core.specs import Embodiment
from polyathlon.tasks.langr import ROBOT
from polyathlon.tasks.langr.vocabulary import SKILLS

SPOKEN = tuple(skill.spoken for skill in SKILLS)
SKILL_SPACE = spaces.Discrete(len(SKILLS))


def body(*names: str) -> tuple[spaces.Discrete, Embodiment]:
    return spaces.Discrete(len(names)), Embodiment(id="keys", kind="discrete", action_names=names)


def word_pieces(words: list[str]) -> Any:
    """A small byte-pair tokenizer that tells a leading space and the case of letters."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, show_progress=False, initial_alphabet=alphabet
    )
    made.train_from_iterator(words * 3, trainer)
    return made


def whole_words(words: list[str]) -> Any:
    """A tokenizer that knows these words and nothing else."""
    tokenizers = pytest.importorskip("tokenizers")
    known = {word: number for number, word in enumerate(["[unknown]", *words])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="[unknown]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return made


def test_a_categorical_head_says_the_index() -> None:
    adapter = PredAdapter(spaces.Discrete(5, start=3), body(*"abcde")[1])
    assert adapter.agent_space == spaces.Discrete(5, start=3)
    assert adapter.decode(4) == 4
    assert isinstance(adapter.decode(np.int32(4)), int)
    with pytest.raises(DecodeError, match="outside"):
        adapter.decode(2)
    with pytest.raises(InvalidAction, match="outside"):
        adapter.encode([3, 8])
    with pytest.raises(InvalidAction, match="float"):
        adapter.encode(3.0)


def test_words_of_ones_own_are_numbered_alphabetically() -> None:
    adapter = SemLangAdapter(*body("pick apple", "drop apple", "stop"))
    assert adapter.encode([0, 1, 2]).tolist() == [[2, 0], [1, 0], [3, PADDING]]
    assert adapter.tokens_per_action == (1, 2)
    assert adapter.decode([3, -1]) == 2


@pytest.mark.parametrize("phrases", [None, SPOKEN], ids=["names", "spoken"])
@pytest.mark.parametrize("leading", ["", " "], ids=["bare", "space"])
def test_seventy_skills_are_told_apart_by_a_tokenizer(phrases: Any, leading: str) -> None:
    said = list(phrases or ROBOT.action_names)
    pieces = word_pieces([" " + one for one in said])
    adapter = SemLangAdapter(
        SKILL_SPACE, ROBOT, phrases=phrases, tokenizer=pieces, leading=leading, terminator=999
    )
    everything = np.arange(70)
    assert np.array_equal(adapter.decode(adapter.encode(everything)), everything)
    for one, sequence in zip(said, adapter.sequences, strict=True):
        ids = [token for token in sequence if token != 999]
        assert pieces.decode(ids) == leading + one


def test_a_leading_space_and_case_change_the_tokens() -> None:
    pieces = word_pieces([" " + one for one in SPOKEN])
    plain = SemLangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN, tokenizer=pieces, terminator=999)
    spaced = SemLangAdapter(
        SKILL_SPACE, ROBOT, phrases=SPOKEN, tokenizer=pieces, leading=" ", terminator=999
    )
    assert plain.sequences != spaced.sequences
    with pytest.raises(DecodeError):
        plain.decode(spaced.encode(5)[..., : plain.agent_space.shape[0]])
    loud = [one.upper() for one in SPOKEN]
    shouted = SemLangAdapter(SKILL_SPACE, ROBOT, phrases=loud, tokenizer=pieces, terminator=999)
    assert shouted.sequences[0] != plain.sequences[0]


def test_two_actions_of_the_same_tokens_are_named() -> None:
    known = whole_words(["pick", "apple"])
    with pytest.raises(BadArgument, match=r"1 .'pick pear'. and 2 .'pick plum'.") as told:
        SemLangAdapter(*body("pick apple", "pick pear", "pick plum"), tokenizer=known)
    assert "phrases" in str(told.value)
    with pytest.raises(BadArgument, match=r"0 .'go'. and 1 .'go'."):
        SemLangAdapter(*body("go", "go"))
    with pytest.raises(BadArgument, match="no tokens"):
        SemLangAdapter(*body("go", " "))


def test_an_action_that_begins_another_is_ended() -> None:
    space, keys = body("open", "open fridge", "open fridge door", "close")
    adapter = SemLangAdapter(space, keys)
    end = adapter.terminator
    assert [one[-1] == end for one in adapter.sequences] == [True, True, False, False]
    assert adapter.decode(adapter.encode(np.arange(4))).tolist() == [0, 1, 2, 3]
    unended = [*adapter.sequences[0][:1], PADDING, PADDING]
    with pytest.raises(DecodeError, match="no action"):
        adapter.decode(unended)


def test_where_a_tokenizer_has_no_end_one_must_be_given() -> None:
    space, keys = body("open", "open fridge")
    known = whole_words(["open", "fridge"])
    with pytest.raises(BadArgument, match="'open' is the beginning of 'open fridge'"):
        SemLangAdapter(space, keys, tokenizer=known)
    with pytest.raises(BadArgument, match="part of an action"):
        SemLangAdapter(space, keys, tokenizer=known, terminator=2)
    ended = SemLangAdapter(space, keys, tokenizer=known, terminator=9)
    assert ended.sequences == ((1, 9), (1, 2))


def test_a_transformers_tokenizer_ends_with_its_own_token() -> None:
    transformers = pytest.importorskip("transformers")
    known = whole_words(["open", "fridge", "<end>"])
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=known, eos_token="<end>")
    adapter = SemLangAdapter(*body("open", "open fridge"), tokenizer=wrapped)
    assert adapter.terminator == 3
    assert adapter.sequences == ((1, 3), (1, 2))


@pytest.mark.parametrize(
    "tokens", [[0, 0, 0], [0], [99, 99], [0.0, 1.0], [-1, -1], [2**62, 2**62]], ids=str
)
def test_tokens_that_are_no_action_are_refused(tokens: Any) -> None:
    adapter = SemLangAdapter(*body("pick apple", "drop apple"))
    with pytest.raises(DecodeError):
        adapter.decode(tokens)
    with pytest.raises(DecodeError):
        adapter.decode([[2, 0], tokens] if len(tokens) == 2 else [tokens])


def test_a_batch_says_which_utterance_is_wrong() -> None:
    adapter = SemLangAdapter(*body("pick apple", "drop apple"))
    said = adapter.encode(np.zeros((3, 2), np.int64))
    said[1, 1, 0] = 7
    with pytest.raises(DecodeError, match=r"\[7, 0\] at batch index \[1, 1\]"):
        adapter.decode(said)


def test_phrases_must_be_as_many_as_actions() -> None:
    with pytest.raises(BadArgument, match="70 actions"):
        SemLangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN[:-1])
    with pytest.raises(BadArgument, match="one phrase for each"):
        SemLangAdapter(spaces.Discrete(6), ROBOT)


def test_actions_may_count_from_elsewhere() -> None:
    _, keys = body("up", "down", "left")
    for adapter in (SemLangAdapter, LangAdapter):
        shifted = adapter(spaces.Discrete(3, start=-1), keys)
        assert shifted.decode(shifted.encode([-1, 0, 1])).tolist() == [-1, 0, 1]
        with pytest.raises(InvalidAction):
            shifted.encode(2)


def test_the_space_of_utterances_holds_the_actions_alone() -> None:
    space = SemLangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN).agent_space
    assert isinstance(space, Utterances)
    space.seed(5)
    drawn = [space.sample() for _ in range(400)]
    assert all(one in space for one in drawn)
    assert len({one.tobytes() for one in drawn}) == 70
    twin = copy.deepcopy(space)
    assert twin == space
    for one in (space, twin):
        one.seed(5)
    assert np.array_equal(space.sample(), twin.sample())
    drawn[0][0] += 1000
    assert drawn[0] not in space
    for other in (3, [1, 2], np.zeros(3), drawn[1].astype(float), drawn[1][:2]):
        assert other not in space
    with pytest.raises(BadArgument, match="mask"):
        space.sample(mask=np.ones(70))


def test_digits_are_as_many_as_words() -> None:
    words = SemLangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN)
    digits = LangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN)
    for phrase, code in zip(words.phrases, digits.codes, strict=True):
        assert len(code) == len(phrase.split())
        assert code.isdecimal()
    assert len(set(digits.codes)) == 70


def test_digits_depend_on_the_body_and_on_nothing_else() -> None:
    once, again = (LangAdapter(SKILL_SPACE, ROBOT, phrases=SPOKEN).codes for _ in range(2))
    other = msgspec.structs.replace(ROBOT, id="langr-skills-too")
    assert once == again
    assert LangAdapter(SKILL_SPACE, other, phrases=SPOKEN).codes != once
    # A change here would change what trained agents say.
    assert draw_codes([1, 2, 2, 3], seed=0) == PINNED


PINNED = ("8", "57", "45", "237")


def test_too_few_digits_are_made_more() -> None:
    assert lengthened([1] * 70) == {2: list(range(70))}
    assert lengthened([1] * 10) == {1: list(range(10))}
    # All ten codes of one digit would leave none for the eleventh action.
    assert lengthened([1] * 10 + [2]) == {2: list(range(11))}
    assert lengthened([1] * 9 + [2] * 11) == {1: list(range(9)), 3: list(range(9, 20))}
    assert LangAdapter(SKILL_SPACE, ROBOT).tokens_per_action == (2, 2)


@pytest.mark.parametrize("seed", range(20))
def test_no_code_begins_another(seed: int) -> None:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 6, int(random.integers(1, 400))).tolist()
    codes = draw_codes(lengths, seed)
    assert all(len(code) >= length for code, length in zip(codes, lengths, strict=True))
    ordered = sorted(codes)
    neighbours = itertools.pairwise(ordered)
    assert not any(after.startswith(before) for before, after in neighbours)


def test_long_codes_do_not_overflow() -> None:
    codes = draw_codes([40, 40, 1], seed=1)
    assert [len(code) for code in codes] == [40, 40, 1]
    assert len({code[:1] for code in codes}) >= 2
    with pytest.raises(BadArgument, match="no words"):
        draw_codes([2, 0], seed=1)


def test_digits_are_the_tokenizers_own() -> None:
    known = whole_words([*"0123456789", "open", "close"])
    adapter = LangAdapter(*body("open", "close"), tokenizer=known)
    assert [known.decode(list(one)) for one in adapter.sequences] == list(adapter.codes)
    named = LangAdapter(*body("open", "close"), tokenizer=known, digit_ids=range(50, 60))
    assert all(50 <= token < 60 for one in named.sequences for token in one)
    with pytest.raises(BadArgument, match="ten different"):
        LangAdapter(*body("open", "close"), digit_ids=[1] * 10)
    with pytest.raises(BadArgument, match="no single token"):
        LangAdapter(*body("open", "close"), tokenizer=pairs_only())


def pairs_only() -> Any:
    """A tokenizer that has two tokens for every digit."""

    class Pairs:
        def encode(self, text: str, add_special_tokens: bool) -> list[int]:
            assert not add_special_tokens
            return [1, ord(text[0])]

    return Pairs()
