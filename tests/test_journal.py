"""The journal: what it refuses, what it mends, and that it never loses a whole line."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyathlon.core.actions import pack_actions, unpack_actions
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Fault, Outcome
from polyathlon.core.errors import JournalCorrupt, RunDirectoryError, RunLocked
from polyathlon.core.journal import Entry, Journal, read_actions, read_journal


def result(index, outcome=Outcome.SUCCESS):
    plan = EpisodePlan(task="toy.walk-v0", index=index, seed=1000 + index)
    return EpisodeResult(plan=plan, outcome=outcome, total_reward=0.1 * index, steps=3)


def entry(index):
    packed, digest = pack_actions([np.full(2, index, np.float32)] * 3)
    return Entry(result(index), packed, digest)


@contextlib.contextmanager
def appending(directory):
    with Journal(directory) as journal:
        journal.open()
        yield journal


@pytest.fixture
def run(tmp_path):
    with appending(tmp_path) as journal:
        journal.append([entry(0), entry(1)])
        journal.append([entry(2)])
    return tmp_path


def test_what_is_written_is_read(run):
    results = read_journal(run)
    assert [one.plan.index for one in results] == [0, 1, 2]
    assert np.array_equal(read_actions(run, results[2].trace), np.full((3, 2), 2, np.float32))


def test_it_goes_on_where_it_ended(run):
    with appending(run) as journal:
        assert [plan.index for plan in journal.missing([result(k).plan for k in range(5)])] == [
            3,
            4,
        ]
        journal.append([entry(3)])
    assert [one.plan.index for one in read_journal(run)] == [0, 1, 2, 3]
    assert np.array_equal(read_actions(run, read_journal(run)[3].trace)[0], [3, 3])


@given(cut=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_a_tail_torn_anywhere_costs_only_that_episode(tmp_path_factory, cut):
    run = tmp_path_factory.mktemp("torn")
    with appending(run) as journal:
        journal.append([entry(0), entry(1)])
    path = run / "episodes.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % len(whole)])
    left = path.read_bytes().count(b"\n")
    assert len(read_journal(run)) == left
    torn = path.read_bytes().rpartition(b"\n")[2]
    with appending(run) as journal:
        assert len(journal.results) == left
        journal.append([entry(index) for index in range(left, 3)])
    assert [one.plan.index for one in read_journal(run)] == [0, 1, 2]
    if torn:
        assert torn in (run / "episodes.torn").read_bytes()


@given(position=st.integers(min_value=0), flip=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_is_noticed_and_nothing_is_touched(tmp_path_factory, position, flip):
    run = tmp_path_factory.mktemp("flipped")
    with appending(run) as journal:
        journal.append([entry(0), entry(1)])
    path = run / "episodes.jsonl"
    data = bytearray(path.read_bytes())
    position %= len(data) - 1  # The last byte is the newline: without it the tail is torn.
    data[position] ^= flip
    path.write_bytes(data)
    try:
        with pytest.raises(JournalCorrupt, match=r"line [12]"):
            Journal(run)
    finally:
        assert path.read_bytes() == data


def test_a_line_twice_is_corrupt(run):
    path = run / "episodes.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[0]]))
    with pytest.raises(JournalCorrupt, match="line 4"):
        read_journal(run)


def test_an_invalid_episode_may_be_followed_by_a_valid_one_but_not_the_reverse(tmp_path):
    fault = Fault(kind="worker-died", message="gone")
    invalid = msgspec.structs.replace(result(0, Outcome.INVALID), faults=(fault,))
    with appending(tmp_path) as journal:
        journal.append([Entry(invalid)])
        assert journal.missing([invalid.plan]) == []
        assert journal.missing([invalid.plan], retry_invalid=True) == [invalid.plan]
        journal.append([entry(0)])
    assert [one.outcome for one in read_journal(tmp_path)] == [Outcome.SUCCESS]
    with appending(tmp_path) as journal:
        journal.append([entry(0)])
    with pytest.raises(JournalCorrupt, match="a second time"):
        read_journal(tmp_path)


def test_actions_without_a_line_are_dropped(run):
    size = (run / "actions.bin").stat().st_size
    with open(run / "actions.bin", "ab") as file:
        file.write(b"half a block")
    with appending(run):
        assert (run / "actions.bin").stat().st_size == size


def test_lines_without_their_actions_are_refused(run):
    (run / "actions.bin").write_bytes(b"")
    before = (run / "episodes.jsonl").read_bytes()
    with pytest.raises(JournalCorrupt, match="it was cut"), appending(run):
        pass
    assert (run / "episodes.jsonl").read_bytes() == before


def test_damaged_actions_are_noticed(run):
    data = bytearray((run / "actions.bin").read_bytes())
    data[-3] ^= 1
    (run / "actions.bin").write_bytes(data)
    with pytest.raises(JournalCorrupt):
        read_actions(run, read_journal(run)[2].trace)


def test_one_writer_at_a_time(run):
    with Journal(run), pytest.raises(RunLocked, match="another evaluation"):
        Journal(run)
    Journal(run).close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_named_and_loses_nothing(run):
    with appending(run) as journal, open("/dev/full", "ab", buffering=0) as full:
        journal._episodes = full
        with pytest.raises(RunDirectoryError, match=os.strerror(errno.ENOSPC)):
            journal.append([entry(3)])
        assert 3 not in [key[1] for key in journal.results]
    assert [one.plan.index for one in read_journal(run)] == [0, 1, 2]
    with appending(run) as journal:
        journal.append([entry(3)])
    assert np.array_equal(read_actions(run, read_journal(run)[3].trace)[0], [3, 3])


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [np.zeros(4, np.float32), np.ones(4, np.float32)],
        [3, 1, 2],
        [np.int64(3), np.int64(4)],
        ["click 3", "type 'x'"],
        [{"kind": "tap", "at": np.array([3, 4])}],
    ],
)
def test_actions_come_back_as_they_were(actions):
    packed, digest = pack_actions(actions)
    found = unpack_actions(packed, digest)
    assert len(found) == len(actions)
    for was, now in zip(actions, found, strict=True):
        if isinstance(was, dict):
            assert now == {"kind": "tap", "at": [3, 4]}
        else:
            assert np.array_equal(was, now)
            assert not isinstance(was, np.ndarray) or was.dtype == now.dtype


def test_nothing_is_touched_before_it_is_opened(run):
    (run / "episodes.jsonl").write_bytes((run / "episodes.jsonl").read_bytes() + b"torn")
    (run / "actions.bin").write_bytes((run / "actions.bin").read_bytes() + b"half")
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with Journal(run) as journal:
        assert len(journal.results) == 3
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_a_fork_does_not_hold_the_lock_of_a_parent_that_was_killed(run):
    """Data loaders fork; what they leave behind must not lock a run out."""
    program = (
        "import os, sys, time, pathlib\n"
        "from polyathlon.core.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "os.waitid(os.P_PID, child, os.WEXITED)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(run)], stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    try:
        with pytest.raises(RunLocked):
            Journal(run)
        parent.kill()
        parent.wait()
        Journal(run).close()
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()
