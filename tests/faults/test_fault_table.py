"""Every way in which a worker can fail: named, retried or INVALID, respawned, closed, no orphan."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil
import pytest

from polyathlon.benchmarks.workers.pool import CLOSING
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import Outcome
from polyathlon.core.errors import AgentFailed

PROMISED = 5.0
"""What the project promises for closing, whatever state the workers are in [s].

How long it takes on a busy machine says nothing; how long it waits for a worker that does not
go does. The fault matrix measures the rest.
"""

STEP_FAULTS = {
    "raise": ("env-raised", "the world broke, as planned"),
    "kill": ("worker-died", "SIGKILL"),
    "segfault": ("worker-died", "SIGSEGV"),
    "exit": ("worker-died", "last words of the world"),
    "nan-reward": ("env-raised", "not finite"),
    "no-success-key": ("env-raised", "success"),
    "reset-raise": ("env-raised", "the world broke, as planned"),
}
HANGS = {"hang": "step-timeout", "hang-stubborn": "step-timeout", "reset-hang": "step-timeout"}
CONSTRUCTOR_FAULTS = {
    "make-raise": ("startup-failed", "the world broke, as planned"),
    "make-exit": ("worker-died", "last words of the world"),
}


def check_closing(played):
    """It waited for workers, all of them together, less than is promised."""
    assert len(played.patience) > 0
    assert max(played.patience) <= CLOSING < PROMISED


def check_invalid(played, fault, kind, words, attempts):
    broken = played.results[f"faulty.{fault}-v0", 0]
    assert broken.outcome is Outcome.INVALID
    assert {found.kind for found in broken.faults} == {kind}
    assert words in broken.faults[0].message
    assert len(broken.faults) == broken.attempts == attempts
    sound = [one for key, one in played.results.items() if key[0] == "faulty.sound-v0"]
    assert len(sound) == 2
    assert all(one.valid for one in sound)
    check_closing(played)


@pytest.mark.parametrize("agent", ["random", None], ids=["evaluator", "worker"])
@pytest.mark.parametrize("fault", STEP_FAULTS)
def test_a_broken_episode_is_invalid_and_the_others_are_played(play, still_alive, fault, agent):
    kind, words = STEP_FAULTS[fault]
    played = play([fault, "sound"], slots=2, agent=agent, max_attempts=2)
    check_invalid(played, fault, kind, words, attempts=2)
    assert len(played.pids) >= 4, "a worker that failed must be replaced"
    assert still_alive(played.pids) == []


@pytest.mark.parametrize("fault", CONSTRUCTOR_FAULTS)
def test_a_world_that_cannot_be_made_names_the_real_cause(play, still_alive, fault):
    kind, words = CONSTRUCTOR_FAULTS[fault]
    played = play([fault, "sound"], episodes=2, slots=2, max_attempts=2)
    broken = played.results[f"faulty.{fault}-v0", 0]
    assert broken.outcome is played.results[f"faulty.{fault}-v0", 1].outcome is Outcome.INVALID
    assert broken.faults[0].kind == kind
    assert words in broken.faults[0].message
    assert played.results["faulty.sound-v0", 1].valid
    check_closing(played)
    assert still_alive(played.pids) == []


@pytest.mark.parametrize("fault", HANGS)
def test_a_hang_is_ended_by_the_parent(play, still_alive, fault):
    played = play([fault, "sound"], slots=2, max_attempts=1, limits=Limits(startup=60.0, step=2.0))
    check_invalid(played, fault, HANGS[fault], "no answer in 2 s", attempts=1)
    assert still_alive(played.pids) == []


def test_a_hang_of_an_oracle_is_ended_by_the_parent(play):
    played = play(["hang"], 1, agent=None, max_attempts=1, limits=Limits(step=2.0))
    assert played.results["faulty.hang-v0", 0].faults[0].kind == "step-timeout"


def test_a_hang_in_the_constructor_is_ended_by_the_parent(play, still_alive):
    played = play(["make-hang"], 1, max_attempts=1, limits=Limits(startup=5.0))
    assert played.results["faulty.make-hang-v0", 0].faults[0].kind == "startup-timeout"
    check_closing(played)
    assert still_alive(played.pids) == []


def test_an_episode_that_never_ends_is_ended_by_the_parent(play):
    played = play(["hang"], 1, max_attempts=1, limits=Limits(step=60.0, episode=1.0))
    assert played.results["faulty.hang-v0", 0].faults[0].kind == "episode-timeout"


def test_a_fault_that_passes_leaves_the_score_as_it_was(play, tmp_path, monkeypatch):
    """The second attempt gives what an undisturbed episode gives, digest for digest."""
    monkeypatch.setenv("FAULTY_MARKER", str(tmp_path))
    faults = [*STEP_FAULTS, *CONSTRUCTOR_FAULTS, "hang-stubborn"]
    limits = Limits(startup=60.0, step=2.0)
    disturbed = play(faults, 2, slots=2, limits=limits)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(faults)
    undisturbed = play(faults, 2, slots=2, limits=limits)  # The markers are there: nothing fails.
    assert len(undisturbed.results) == 2 * len(faults)
    for fault in faults:
        keys = [(f"faulty.{fault}-v0", index) for index in range(2)]
        assert sorted(disturbed.results[key].attempts for key in keys) == [1, 2], fault
        assert [undisturbed.results[key].attempts for key in keys] == [1, 1], fault
    assert disturbed.digests == undisturbed.digests
    for key, one in undisturbed.results.items():
        again = disturbed.results[key]
        assert (again.outcome, again.total_reward, again.reward_digest) == (
            one.outcome,
            one.total_reward,
            one.reward_digest,
        )


def test_the_children_of_a_worker_go_with_it(play, tmp_path, monkeypatch, still_alive, until):
    note = tmp_path / "pid"
    monkeypatch.setenv("FAULTY_GRANDCHILD", str(note))
    played = play(["grandchild-kill"], 1, max_attempts=1)
    assert played.results["faulty.grandchild-kill-v0", 0].outcome is Outcome.INVALID
    grandchild = int(note.read_text())
    assert until(lambda: not still_alive([grandchild]))


@pytest.mark.parametrize("slots", [1, 3])
def test_closing_in_the_middle_of_a_hang_leaves_nothing(play, worlds, still_alive, slots):
    class Impatient:
        dialect = "native"
        calls = 0

        def reset(self, waiting, briefs):
            pass

        def act(self, observations, waiting):
            self.calls += 1
            if self.calls > 4:
                raise KeyboardInterrupt
            return [[0.0, 0.0]] * len(waiting)

    children = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(KeyboardInterrupt):
        play(["hang-stubborn", "sound"], slots=slots, agent=Impatient())
    left = {child.pid for child in psutil.Process().children(recursive=True)} - children
    assert still_alive(left) == []


def test_an_agent_that_raises_is_named_with_its_place(play):
    class Broken:
        dialect = "native"

        def reset(self, slots, briefs):
            pass

        def act(self, observations, slots):
            raise ZeroDivisionError("no reason")

    with pytest.raises(AgentFailed, match=r"ZeroDivisionError: no reason \(at faulty.sound-v0 #0"):
        play(["sound"], agent=Broken())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("world", ["hang-stubborn", "slow"])
def test_an_interrupt_ends_everything_and_keeps_what_is_done(
    polyathlon, until, still_alive, tmp_path, number, world
):
    pattern = "faulty.slow" if world == "slow" else "faulty.sound,faulty.hang-stubborn"
    # Under nohup SIGHUP is ignored, and a child inherits that.
    before = signal.signal(number, signal.default_int_handler)
    evaluation = polyathlon.start(
        "eval", pattern, "--agent", "random", "--episodes", "5000" if world == "slow" else "3",
        "--slots", "2", "--out", "run",
    )  # fmt: skip
    signal.signal(number, before)
    journal = tmp_path / "run" / "episodes.jsonl"
    until(lambda: journal.exists() and journal.read_text().count("\n") >= 3)
    workers = [child.pid for child in psutil.Process(evaluation.pid).children(recursive=True)]
    evaluation.send_signal(number)
    _, err = evaluation.communicate()
    assert evaluation.returncode == 130
    assert "episodes are safe in run; the same command goes on" in err
    assert "Traceback" not in err
    assert still_alive(workers) == []


def test_workers_end_when_the_evaluator_is_killed(polyathlon, until, still_alive, tmp_path):
    evaluation = polyathlon.start(
        "eval", "faulty.sound,faulty.hang-stubborn", "--agent", "random", "--slots", "2",
        "--out", "run",
    )  # fmt: skip
    journal = tmp_path / "run" / "episodes.jsonl"
    until(lambda: journal.exists() and journal.read_text().count("\n") >= 5)
    workers = [child.pid for child in psutil.Process(evaluation.pid).children(recursive=True)]
    assert workers
    evaluation.kill()
    evaluation.communicate()
    assert until(lambda: still_alive(workers) == [])


def test_nothing_of_a_run_stays_in_shared_memory(play, until):
    before = segments_left()
    played = play(["sound", "kill"], slots=2, max_attempts=1)
    assert len(played.results) == 4
    assert until(lambda: not segments_left() - before)


def segments_left() -> set[str]:
    """What lies in shared memory and is in use by no process but this one, if by any.

    Tests beside this one make semaphores of their own: those are in somebody's use. They are told
    by their inodes, for a semaphore is mapped before it has its name.
    """
    folder = Path("/dev/shm")
    found: dict[int, str] = {}
    for path in folder.iterdir() if folder.exists() else ():
        with contextlib.suppress(FileNotFoundError):  # It was just taken away.
            found[path.stat().st_ino] = path.name
    for maps in Path("/proc").glob("[0-9]*/maps"):
        if maps.parent.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):  # It has ended, or is another user's.
            for line in maps.read_text().splitlines():
                if "/dev/shm/" in line:
                    found.pop(int(line.split()[4]), None)
    return set(found.values())
