"""Figures and episodes that do not follow from what was played, or cannot be, are refused."""

from __future__ import annotations

import itertools
import json
import zlib

import msgspec
import pytest
from forging import EPISODES, RESULT, chained, dumped, refusal

from polyathlon.core.actions import pack_actions
from polyathlon.core.episode import Outcome
from polyathlon.core.metric import MetricSpec, MetricTable
from polyathlon.core.specs import Group
from polyathlon.leaderboard import plausibility, validation
from polyathlon.leaderboard.submission import pack
from polyathlon.leaderboard.summary import summarise

replace = msgspec.structs.replace
LENGTH = MetricSpec(key="length", title="length of the way")


def test_a_changed_digit_anywhere_in_the_result(members, filed, rehashed):
    """Every digit of every figure, one after the other, with the hashes made anew."""
    text = members[RESULT]
    digits = [at for at, byte in enumerate(text) if byte in b"0123456789"]
    for at in digits[:: max(1, len(digits) // 40)]:
        changed = bytearray(text)
        changed[at] = ord("1") if text[at] != ord("1") else ord("2")
        files = rehashed({**members, RESULT: bytes(changed)})
        try:
            stated = json.loads(bytes(changed))
        except ValueError:  # A leading zero.
            stated = None
        if stated is not None and close(stated, json.loads(text)):
            continue  # The last digits of a double: another processor's order of adding.
        assert "result.json" in refusal(filed(files))


def close(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9)
    return type(one) is type(other) and one == other


def test_what_would_take_hours_to_count(packed, filed, monkeypatch):
    """Groups are summed up by themselves, and figures are held for every episode."""
    benchmark = packed.manifest.benchmark
    groups = tuple(Group(name=f"g{n}", title="", tasks=benchmark.tasks) for n in range(3))
    grouped = replace(benchmark, groups=groups)
    monkeypatch.setattr(validation, "MOST_GROUPS", 2)
    monkeypatch.setattr(validation, "MOST_DECLARED", 7)
    for change, words in (
        ({"benchmark": grouped, "benchmark_digest": grouped.digest()}, "3 groups of tasks"),
        ({"metrics": {"babyai": MetricTable(metrics=(LENGTH,))}}, "1 figures of 8 episodes"),
    ):
        manifest = replace(packed.manifest, **change)
        run = replace(packed, manifest=manifest, result=summarise(manifest, packed.results))
        assert words in refusal(filed(pack("Agent", [run])))


def test_a_figure_that_does_not_follow_is_named(members, filed, rehashed):
    result = json.loads(members[RESULT])
    result["overall"]["success"]["value"] = 1.0
    result["headline"]["value"] = 1.0
    words = refusal(filed(rehashed({**members, RESULT: dumped(result)})))
    assert "headline.value is 1.0, the episodes give" in words
    assert "overall.success.value is 1.0, the episodes give" in words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            MetricTable(metrics=(LENGTH,), shown=("width",)),
            "names 'width', which it does not declare",
        ),
        (MetricTable(metrics=(LENGTH,), counts_by="width"), "names 'width'"),
        (MetricTable(metrics=(replace(LENGTH, weight="width"),)), "names 'width'"),
        (MetricTable(metrics=(LENGTH, LENGTH)), "declares a figure twice"),
    ],
)
def test_figures_that_are_named_and_not_declared(packed, filed, table, words):
    manifest = replace(packed.manifest, metrics={"babyai": table})
    run = replace(packed, manifest=manifest, result=summarise(manifest, packed.results))
    found = refusal(filed(pack("Agent", [run])))
    assert "manifest.json: metrics.babyai" in found
    assert words in found


# Episodes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda lines: lines[:-1],
            "nothing stands where the plan has babyai.open-v0 episode 3",
        ),
        (lambda lines: lines[1:], "babyai.go-to-obj-v0 episode 1 stands where the plan has"),
        (lambda lines: [*lines, lines[-1]], "stands where the plan has nothing more"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "in the plan's order"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "in the plan's order"),
        (lambda lines: [], "nothing stands where the plan has babyai.go-to-obj-v0 episode 0"),
    ],
)
def test_episodes_dropped_doubled_and_reordered(members, filed, rehashed, change, words):
    lines = members[EPISODES].splitlines()
    files = rehashed({**members, EPISODES: chained(change(lines))})
    assert words in refusal(filed(files))


def test_a_broken_chain(members, filed, rehashed):
    lines = members[EPISODES].splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"outcome":"failure"', b'"outcome":"success"', 1)
    words = refusal(filed(rehashed({**members, EPISODES: b"".join(lines)})))
    assert "line 3" in words or "line 1" in words


def first_only(changed):
    """Changes the first episode, and leaves the others."""
    counter = itertools.count()
    return lambda one: changed(one) if next(counter) == 0 else one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: replace(one, steps=one.steps - 1), "actions for"),
        (lambda one: replace(one, steps=10**6), "steps where the task has at most"),
        (lambda one: replace(one, steps=0), "0 steps"),
        (lambda one: replace(one, attempts=3), "3 attempts with 0 faults"),
        (lambda one: replace(one, wall_time=-1.0), "cannot be"),
        (lambda one: replace(one, wall_time=1e200), "cannot be"),
        (lambda one: replace(one, times={"policy": -1.0}), "cannot be"),
        (lambda one: replace(one, total_reward=-1e300), "a figure beyond 1e+100"),
        (lambda one: replace(one, metrics={"length": 1e200}), "a figure beyond 1e+100"),
        (lambda one: replace(one, trace=None), "without actions"),
        (lambda one: replace(one, start_digest="x"), "a digest that is none"),
        (lambda one: replace(one, instruction="go\u202e"), "cannot be seen"),
        (lambda one: replace(one, instruction="go " * 30_000), "90000 letters"),
        (lambda one: replace(one, metrics={f"m{n}": 0.0 for n in range(2000)}), "further figures"),
        (lambda one: replace(one, spent={"a\u200bb": 1.0}), "cannot be seen"),
        (lambda one: replace(one, outcome=Outcome.INVALID), "invalid episode"),
    ],
)  # fmt: skip
def test_episodes_that_cannot_be(forged, filed, change, words):
    assert words in refusal(filed(forged(first_only(change))))


def test_an_episode_from_another_seed(packed, filed, members, rehashed):
    one = packed.results[0]
    line = members[EPISODES].splitlines()[0].replace(str(one.plan.seed).encode(), b"7")
    lines = [line, *members[EPISODES].splitlines()[1:]]
    words = refusal(filed(rehashed({**members, EPISODES: chained(lines)})))
    assert "episodes.jsonl: babyai.go-to-obj-v0 episode 0 was played from seed 7" in words


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity", b'"1"', b"null"])
def test_rewards_that_are_no_numbers(members, filed, rehashed, number):
    lines = members[EPISODES].splitlines()
    head, _, tail = lines[0].partition(b'"total_reward":')
    lines[0] = head + b'"total_reward":' + number + tail[tail.index(b",") :]
    assert "line 1" in refusal(filed(rehashed({**members, EPISODES: chained(lines)})))


def test_actions_of_another_kind(packed, filed):
    """A block that unpacks to objects, to far too much, or to another number of actions."""
    first = packed.results[0]
    bomb = zlib.compress(b"\0" * (80 << 20))
    blocks = [
        (bomb, "0" * 64),
        (packed.actions[: first.trace.length] + b"x", first.trace.digest),
        pack_actions([0] * (first.steps + 1)),
        pack_actions([]),
    ]
    for block, digest in blocks:
        shift = len(block) - first.trace.length
        results = [
            replace(
                one,
                trace=replace(one.trace, offset=one.trace.offset + (shift if one != first else 0)),
            )
            for one in packed.results
        ]
        trace = replace(first.trace, length=len(block), digest=digest)
        results[0] = replace(first, trace=trace)
        run = replace(
            packed,
            results=tuple(results),
            actions=block + packed.actions[first.trace.length :],
            result=summarise(packed.manifest, results),
        )
        assert "actions" in refusal(filed(pack("Agent", [run])))


def test_actions_that_unpack_to_too_much_together(members, filed, monkeypatch):
    monkeypatch.setattr(plausibility, "LARGEST_TRACES", 1000)
    assert "actions unpack to more than" in refusal(filed(members))
