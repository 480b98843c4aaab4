"""LangR's sentences: worded, reworded, filled, and in proper English."""

import collections
import itertools
import re

import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.families import FAMILIES, THINGS, TRAINING_FAMILIES
from polyathlon.tasks.langr.phrasing import plural, say, with_article, wordings
from polyathlon.tasks.langr.vocabulary import (
    CATEGORIES,
    OPEN_AIR,
)

pytest.importorskip("scipy")


def test_every_training_family_is_worded_and_reworded():
    for family in TRAINING_FAMILIES:
        assert len(wordings()[family, "train", ""].sentences) in (11, 12)
        assert len(wordings()[family, "eval", ""].sentences) == 3
    assert len(wordings()["f0917e29", "distraction", ""].sentences) == 3
    for (family, bucket, _), wording in wordings().items():
        if bucket == "eval" and family not in TRAINING_FAMILIES:
            assert len(wording.sentences) == 11


def test_no_sentence_is_in_two_wordings():
    seen = collections.Counter()
    for (family, bucket, _name), wording in wordings().items():
        assert len(set(wording.sentences)) == len(wording.sentences)
        # Both conditional families say the same, so that the fridge decides.
        group = "condition" if family in ("5d5460d6", "e75d9d69") else (family, bucket)
        seen.update({(sentence, group) for sentence in wording.sentences})
    texts = collections.Counter(sentence.lower() for sentence, _ in seen)
    assert max(texts.values()) == 1


def test_every_sentence_fills_with_every_word():
    for wording in wordings().values():
        family = FAMILIES[wording.family]
        blanks = {*family.sources, *family.sources.values(), *family.targets}
        blanks |= {"O", "R"} if wording.bystander else set()
        for category, place in itertools.product(CATEGORIES, OPEN_AIR):
            values = {blank: category if blank in THINGS else place for blank in blanks}
            values |= wording.fixed
            for sentence in wording.sentences:
                text = say(sentence, values)
                assert "{" not in text
                assert "<" not in text
                assert not re.search(
                    r"(?<!pair of )scissors (is|was|goes|wants|belongs|does|lies)\b", text
                )
                assert text.isascii()
                assert text[0] == text[0].upper()
                assert text[-1] in ".?"
                assert len(text) <= 300


def test_blanks_that_are_unknown_are_an_error():
    with pytest.raises(BadArgument, match="unknown blank 'Q'"):
        say("Take the {Q}.", {"X": "apple"})


def test_articles_and_numbers_agree():
    assert with_article("apple") == "an apple"
    assert with_article("orange") == "an orange"
    assert with_article("scissors") == "a pair of scissors"
    assert with_article("rubriks cube") == "a rubik's cube"
    assert say(
        "Take the {X} {offA} and put {itX} {onB}.", {"X": "scissors", "A": "sink", "B": "Sofa"}
    ) == ("Take the scissors out of the sink and put them on the sofa.")
    assert [plural(name) for name in ("knife", "box", "peach", "strawberry", "lego")] == [
        "knives",
        "boxes",
        "peaches",
        "strawberries",
        "legos",
    ]
