"""The quick way to canonical JSON writes, byte for byte, what the plain one does."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyathlon.core.episode import EpisodePlan, EpisodeResult, Fault, Outcome, TraceRef
from polyathlon.core.errors import BadArgument
from polyathlon.core.specs import canonical_json

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e17, 1e17),
    st.floats(-1e-3, 1e-3),
    st.sampled_from([0.0, -0.0, 1e-4, 9.999e-5, 1e15, 1e16, 9999999999999998.0, 2.0**53, 0.1]),
    st.integers(-300, 300).map(lambda power: math.ldexp(1.0, power)),
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
FIGURES = st.dictionaries(WORDS, NUMBERS, max_size=4)
WHOLE = st.integers(-(2**63), 2**63 - 1)

EPISODES = st.builds(
    EpisodeResult,
    plan=st.builds(EpisodePlan, task=WORDS, index=WHOLE, seed=WHOLE),
    outcome=st.sampled_from(Outcome),
    total_reward=NUMBERS,
    score=st.none() | NUMBERS,
    steps=WHOLE,
    metrics=FIGURES,
    instruction=WORDS,
    trace=st.none() | st.builds(TraceRef, offset=WHOLE, length=WHOLE, digest=WORDS),
    reward_digest=WORDS,
    wall_time=NUMBERS,
    faults=st.lists(st.builds(Fault, kind=WORDS, message=WORDS), max_size=2).map(tuple),
    spent=FIGURES,
)


@settings(max_examples=150, deadline=None)
@given(EPISODES)
def test_the_quick_way_is_the_plain_way(episode):
    assert episode.canonical() == canonical_json(episode)
    assert msgspec.json.decode(episode.canonical(), type=EpisodeResult) == episode


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "field", ["total_reward", "score", "wall_time", "metrics", "spent", "times"]
)
def test_what_is_no_number_is_refused(field, number):
    plan = EpisodePlan(task="a.b-v0", index=0, seed=0)
    value = {"x": number} if field in ("metrics", "spent", "times") else number
    episode = EpisodeResult(plan=plan, outcome=Outcome.SUCCESS, **{field: value})
    with pytest.raises(BadArgument, match=field):
        episode.canonical()
