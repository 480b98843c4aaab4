"""A night with power cuts gives the scores of a quiet one; so does any number of slots.

``LAWS=all``, as in ``make laws``, has ten cuts in six families; without it there are four in small
worlds, and the six families are played with two slots alone.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import time

import numpy as np
import pytest
from run_evidence import evidence

EVERY = os.environ.get("LAWS") == "all"
SMALL = ("faulty.slow,babyai.go-to-red-ball,faulty.sound-discrete", 60)
FAMILIES = (
    "faulty.slow,babyai.go-to-red-ball,procgen.coinrun-easy-test,atari.breakout,metaworld.reach,"
    "socialnav.intersection-no-gesture",
    8 if EVERY else 2,
)
"""Tasks, and how many episodes of each."""

NIGHT, KILLS = (FAMILIES, 10) if EVERY else (SMALL, 4)


def arguments(out, slots=2, pattern=NIGHT[0], episodes=NIGHT[1]):
    return (
        "eval", pattern, "--agent", "random", "--episodes", str(episodes), "--slots", str(slots),
        "--out", out, "--video", "0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, command_line):
    """What a run of some tasks, by one slot, is evidence of; each is played once."""

    @functools.cache
    def played(pattern, episodes):
        folder = tmp_path_factory.mktemp("quiet")
        command = arguments("run", slots=1, pattern=pattern, episodes=episodes)
        done = command_line(folder).run(*command)
        assert done.returncode == 0, done.stderr
        return evidence(folder / "run")

    return played


def test_kills_and_resumes_give_the_undisturbed_scores(polyathlon, tmp_path, until, undisturbed):
    rng = np.random.default_rng(0)
    journal = tmp_path / "run" / "episodes.jsonl"
    killed_at = []
    for _ in range(KILLS):
        process = polyathlon.start(*arguments("run"))
        before = journal.read_bytes().count(b"\n") if journal.exists() else 0
        wanted = before + int(rng.integers(1, 4))
        until(lambda: process.poll() is not None or _lines(journal) >= wanted)  # noqa: B023
        time.sleep(float(rng.uniform(0, 0.3)))
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed_at.append(_lines(journal))
    print("killed with so many episodes on the disk:", killed_at)
    assert killed_at == sorted(killed_at), "an episode was lost"
    assert killed_at[-1] > 0, "the kills came too early to prove anything"
    whole = NIGHT[1] * len(NIGHT[0].split(","))
    assert killed_at[-1] < 5 / 6 * whole, "the kills came too late to prove anything"
    done = polyathlon.run(*arguments("run"))
    assert done.returncode == 0, done.stderr
    assert evidence(tmp_path / "run") == undisturbed(*NIGHT)


def _lines(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.mark.parametrize(("slots", "tasks"), [(2, FAMILIES), (8, NIGHT)])
def test_the_number_of_slots_changes_no_score(polyathlon, tmp_path, undisturbed, slots, tasks):
    done = polyathlon.run(*arguments("run", slots, *tasks))
    assert done.returncode == 0, done.stderr
    assert evidence(tmp_path / "run") == undisturbed(*tasks)


def test_the_same_command_on_a_finished_run_plays_nothing(polyathlon, tmp_path):
    command = arguments("run", 1, "faulty.sound", 3)
    assert polyathlon.run(*command).returncode == 0
    before = (tmp_path / "run" / "episodes.jsonl").read_bytes()
    again = polyathlon.run(*command)
    assert again.returncode == 0
    assert "resuming: 3 of 3" in again.stderr
    assert (tmp_path / "run" / "episodes.jsonl").read_bytes() == before


def test_invalid_episodes_are_played_again_only_when_asked(polyathlon, tmp_path):
    (tmp_path / "marker").mkdir()
    command = (*arguments("run", 1, "faulty.exit", 2), "--max-attempts", "1")
    polyathlon.environment["FAULTY_MARKER"] = str(tmp_path / "marker")
    first = polyathlon.run(*command)
    assert first.returncode == 3, first.stderr
    assert "INVALID: faulty.exit-v0 #" in first.stderr
    assert polyathlon.run(*command).returncode == 3
    again = polyathlon.run(*command, "--retry-invalid")
    assert again.returncode == 0, again.stderr
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["overall"]["n_valid"] == 2


def test_a_second_evaluator_on_the_same_run_is_refused(polyathlon, tmp_path, until):
    command = arguments("run", 1, "faulty.slow", 5000)
    first = polyathlon.start(*command)
    until(lambda: _lines(tmp_path / "run" / "episodes.jsonl") >= 1)
    second = polyathlon.run(*command)
    assert second.returncode == 2
    assert "another evaluation is writing to run" in second.stderr
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    first.communicate()
    assert first.returncode == 130
