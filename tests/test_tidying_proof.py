"""The proof of a small LLaRP: what is claimed of it, and by which figures."""

from __future__ import annotations

import pytest
from tidying import NOVICE, READER, REPHRASED, SCENE, Solved, claims_of, single_moves


def scores(train: int, scene: int, rephrased: int) -> dict[str, Solved]:
    return {
        "langr.train": Solved(train, 100),
        SCENE: Solved(scene, 40),
        REPHRASED: Solved(rephrased, 40),
    }


@pytest.mark.parametrize(
    ("who", "found", "holds"),
    [
        (READER, (90, 40, 38), [True, True]),
        (READER, (60, 40, 20), [False, False]),
        (NOVICE, (90, 40, 10), [True, True]),
        (NOVICE, (50, 40, 38), [False, False]),
    ],
)
def test_claims_are_those_of_the_figures(who, found, holds):
    assert list(claims_of({who: [scores(*found)] * 2}).values()) == holds


def test_one_seed_that_falls_short_is_enough():
    claims = claims_of({NOVICE: [scores(90, 40, 10), scores(40, 40, 10)]})
    assert list(claims.values()) == [False, True]


def test_single_moves_are_what_they_are_called():
    found = single_moves("langr.train", 0, 100)
    assert 20 < len(found) < 60
    assert found == sorted(set(found))
