"""What was played comes out again; what was made up does not, however well it is made up."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from polyathlon.benchmarks.replay import Line, Replayer, compare, is_this_platform
from polyathlon.benchmarks.workers.message import Finished
from polyathlon.cli import main
from polyathlon.core.episode import Outcome
from polyathlon.core.errors import BadArgument, RunDirectoryError
from polyathlon.leaderboard.assembly import build_board
from polyathlon.leaderboard.submission import pack
from polyathlon.leaderboard.validation import actions_of, validate
from polyathlon.leaderboard.verification import (
    Check,
    beside,
    catch_probability,
    draw,
    forged_tasks,
    judge,
    read_verification,
    write_verification,
)

FORGED = ("babyai.go-to-obj-v0", 0)
"""An episode that was lost, the first of the plan."""


@pytest.fixture(scope="module")
def replayer(packed):
    """One for all: what takes long is to start its worker."""
    with Replayer(packed.manifest) as replayer:
        yield replayer


@pytest.fixture
def verify(capsys):
    """The command, and the verdict it left."""

    def run(path, *options, code=0):
        with pytest.raises(SystemExit) as ended:
            main(["leaderboard", "verify", str(path), *options])
        assert ended.value.code == code
        return capsys.readouterr().out, read_verification(beside(path))

    return run


def forge_one(one):
    """A failure, said to have been won."""
    if one.plan.key != FORGED:
        return one
    assert one.outcome is Outcome.FAILURE
    return msgspec.structs.replace(one, outcome=Outcome.SUCCESS, total_reward=1.0)


def test_an_honest_run_is_verified(members, filed, verify):
    path = filed(members)
    told, verdict = verify(path, "--all")
    assert "8 of 8 episodes played again, all match" in told
    assert (verdict.status, verdict.checked, verdict.by_bit) == ("verified", 8, 8)
    assert verdict.submission == validate(path).digest
    (row,) = build_board([path]).groups[0].rows
    assert (row.status, row.checked, row.submission, row.rank) == ("verified", 8, "Uniform play", 1)


def test_a_forged_row_is_valid_and_is_caught(forged, members, filed, verify):
    honest = validate(filed(members)).runs[0].result.overall.success.value
    path = filed(forged(forge_one))
    assert validate(path).runs[0].result.overall.success.value == honest + 1 / 8
    (row,) = build_board([path]).groups[0].rows
    assert (row.status, row.rank) == ("self-reported", 1)
    told, verdict = verify(path, "--all", code=1)
    assert "DIFFERS  babyai.go-to-obj-v0 #0: outcome: success recorded, failure here" in told
    assert verdict.status == "failed"
    assert [(one.task, one.index) for one in verdict.differing] == [FORGED]
    (row,) = build_board([path]).groups[0].rows
    assert (row.status, row.rank) == ("failed", None)


def test_a_sample_says_how_likely_it_catches_one(forged, filed, verify):
    path = filed(forged(forge_one))
    hit = next(seed for seed in range(99) if 0 in draw(8, 2, seed).chosen)
    missed = next(seed for seed in range(99) if 0 not in draw(8, 2, seed).chosen)
    told, verdict = verify(path, "--sample", "2", "--seed", str(hit), code=1)
    assert "one forged episode is caught with probability 0.250" in told
    assert (verdict.status, verdict.catches_one) == ("failed", 0.25)
    _, verdict = verify(path, "--sample", "2", "--seed", str(missed))
    assert (verdict.status, verdict.checked) == ("verified", 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"total_reward": 0.25, "outcome": Outcome.SUCCESS}, "outcome"),
        ({"reward_digest": "0" * 64}, "rewards, step by step"),
        ({"start_digest": "1" * 64}, "first observation"),
        ({"end_digest": "2" * 64}, "last observation"),
        ({"metrics": {"made up": 1.0}}, "figure made up"),
        ({"instruction": "go home"}, "instruction"),
    ],
)
def test_everything_that_is_told_of_an_episode_is_played_again(packed, replayer, change, words):
    one = packed.results[0]
    found = replayer.play(msgspec.structs.replace(one, **change), actions_of(packed, one))
    assert not found.matches
    assert found.differing.startswith(words)


def test_actions_that_cannot_be_taken_do_not_match(packed, replayer):
    one = packed.results[0]
    short = replayer.play(one, actions_of(packed, one)[:-1])
    strange = replayer.play(one, [99] * one.steps)
    again = replayer.play(one, actions_of(packed, one))
    assert (short.matches, strange.matches, again.matches) == (False, False, True)
    assert "the recording ends before the episode does" in short.differing


def test_other_versions_prove_nothing(packed, forged, filed, verify):
    run = validate(filed(forged(forge_one))).runs[0]
    manifest = msgspec.structs.replace(
        run.manifest, packages={**run.manifest.packages, "minigrid": "1.0.0"}
    )
    path = filed(pack("Agent", [msgspec.structs.replace(run, manifest=manifest)]))
    told, verdict = verify(path, "--all", code=3)
    assert verdict.status == "self-reported"
    assert "minigrid 1.0.0 there" in told


def test_other_versions_in_a_family_s_own_python_prove_nothing(packed, forged, filed, verify):
    """What counts is what played the family, not what the evaluator had installed."""
    run = validate(filed(forged(forge_one))).runs[0]
    python = {"python": "3.11.1", "minigrid": "1.0.0"}
    manifest = msgspec.structs.replace(run.manifest, interpreters={"babyai": python})
    path = filed(pack("Agent", [msgspec.structs.replace(run, manifest=manifest)]))
    told, verdict = verify(path, "--all", code=3)
    assert verdict.status == "self-reported"
    assert "minigrid 1.0.0 there" in told


def test_a_task_that_is_declared_otherwise_is_not_played(packed, filed, verify):
    tasks = tuple(
        msgspec.structs.replace(spec, entry_point="subprocess:Popen")
        for spec in packed.manifest.tasks
    )
    manifest = msgspec.structs.replace(packed.manifest, tasks=tasks)
    path = filed(pack("Agent", [msgspec.structs.replace(packed, manifest=manifest)]))
    told, verdict = verify(path, "--all", code=3)
    assert (verdict.status, verdict.checked) == ("self-reported", 0)
    assert "otherwise than this installation does" in told


def test_another_platform_lets_the_outcome_decide(packed):
    one = packed.results[0]
    digest = "a" * 64
    played = Finished(
        plan=one.plan, success=one.outcome is Outcome.SUCCESS, total_reward=one.total_reward + 1e-9,
        steps=one.steps, metrics=one.metrics, instruction=one.instruction, packed_actions=b"",
        action_digest=one.trace.digest, reward_digest=digest, start_digest=digest,
        end_digest=digest, wall_time=0.0, stepping=0.0, drawing=0.0, deciding=0.0, render_info={},
    )  # fmt: skip
    found = {
        by: compare(one, played, one.plan.seed, False, by)
        for by in ("bit", "outcome", "distribution")
    }
    assert {by: each.matches for by, each in found.items()} == {
        "bit": False,
        "outcome": True,
        "distribution": True,
    }
    assert "another platform" in found["outcome"].notes[0]
    lost = msgspec.structs.replace(played, success=not played.success)
    assert not compare(one, lost, one.plan.seed, False, "outcome").matches
    assert compare(one, lost, one.plan.seed, False, "distribution").matches
    assert isinstance(found["bit"].lines[0], Line)
    machine = dict(packed.manifest.machine)
    assert is_this_platform(machine)
    assert not is_this_platform({**machine, "processor": "riscv64"})
    assert not is_this_platform({})


def checks(recorded, played):
    return [
        Check(
            benchmark="b", task="noisy.walk-v0", index=index, by="distribution", matches=True,
            what="", recorded=(was > 0, was), played=(now > 0, now),
        )
        for index, (was, now) in enumerate(zip(recorded, played, strict=True))
    ]  # fmt: skip


def test_statistical_tasks_are_held_as_distributions():
    """100 honest runs of 60 noisy episodes, of which 1 in 100 may be called forged."""
    dice = np.random.default_rng(3)
    honest = [forged_tasks(checks(*dice.normal(size=(2, 60)))) for _ in range(100)]
    assert sum(map(bool, honest)) <= 4
    better = forged_tasks(checks(dice.normal(1.5, 1, 60), dice.normal(size=60)))
    assert "won as submitted" in better["noisy.walk-v0"]
    wider = forged_tasks(checks(dice.normal(0, 9, 60), dice.normal(size=60)))
    assert "distributed otherwise" in wider["noisy.walk-v0"]
    verdict = judge("0" * 64, draw(60, None), checks([1.0] * 60, [-1.0] * 60), "", {}, {})
    assert verdict.status == "failed"


@pytest.mark.parametrize(
    ("population", "size", "forged"), [(110, 20, 1), (110, 20, 5), (8, 3, 8), (5, 5, 1), (5, 0, 1)]
)
def test_the_probability_is_the_hypergeometric_one(population, size, forged):
    from scipy.stats import hypergeom

    found = catch_probability(population, size, forged)
    assert found == pytest.approx(1 - hypergeom.pmf(0, population, forged, size), abs=1e-12)


def test_samples_catch_as_often_as_they_say():
    """2,000 samples of 20 in 110: 4 forged episodes are hit as often as stated."""
    due = catch_probability(110, 20, 4)
    hits = sum(not {3, 50, 77, 109}.isdisjoint(draw(110, 20, seed).chosen) for seed in range(2000))
    assert hits / 2000 == pytest.approx(due, abs=4 * math.sqrt(due * (1 - due) / 2000))


def test_samples():
    assert draw(5, None) == draw(5, 9) == ((0, 1, 2, 3, 4), 5, None)
    assert len(draw(100, 7).chosen) == 7
    assert draw(100, 7).seed != draw(100, 7).seed
    with pytest.raises(BadArgument, match="at least 1"):
        draw(5, 0)
    with pytest.raises(BadArgument, match="drawn"):
        catch_probability(5, 6, 1)


def test_a_verification_of_other_bytes_says_nothing(members, filed):
    path = filed(members)
    verdict = judge("0" * 64, draw(8, None), [], "", {}, {})
    write_verification(beside(path), verdict)
    (row,) = build_board([path]).groups[0].rows
    assert (row.status, row.checked) == ("self-reported", 0)
    beside(path).write_text("{}")
    with pytest.raises(RunDirectoryError, match="not a verification"):
        build_board([path])
