"""A run on a Ray cluster: scores of the local engine, whatever dies meanwhile."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from run_evidence import evidence

pytest.importorskip("ray", reason="Ray is not installed")

TASKS = "faulty.slow,babyai.go-to-red-ball,faulty.sound-discrete"
EPISODES = 40


def arguments(out: str, *more: str) -> tuple[str, ...]:
    return (
        "eval", TASKS, "--agent", "random", "--episodes", str(EPISODES), "--slots", "2",
        "--video", "0", "--out", out, *more,
    )  # fmt: skip


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def actors(pid: int) -> list[psutil.Process]:
    """The processes of a run's actors, by the title that Ray gives them."""
    found = []
    for one in family(pid):
        try:
            if one.name().startswith("ray::Troupe") or "ray::Troupe" in " ".join(one.cmdline()):
                found.append(one)
        except psutil.NoSuchProcess:
            continue
    return found


def test_lost_actors_interrupts_and_a_lost_evaluator_change_no_score(
    polyathlon: Any,
    until: Callable[..., Any],
    still_alive: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of a cluster that is gone: without --address a run has one of its own.
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    assert polyathlon.run(*arguments("here")).returncode == 0
    journal = tmp_path / "there" / "episodes.jsonl"

    def lines() -> int:
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    run = polyathlon.start(*arguments("there", "--engine", "ray"))
    until(lambda: lines() >= 5, 120)
    victim = actors(run.pid)[0]
    workers = [one.pid for one in victim.children(recursive=True)]
    assert workers
    victim.kill()
    before = lines()
    until(lambda: lines() >= before + 10, 120)
    assert until(lambda: not still_alive(workers))
    # An interrupt ends it in order,
    ours = [one.pid for actor in actors(run.pid) for one in (actor, *actor.children(True))]
    run.send_signal(signal.SIGINT)
    _, err = run.communicate()
    assert run.returncode == 130
    assert "an actor was lost, another takes its place" in err
    assert "episodes are safe in there; the same command goes on" in err
    assert "Traceback" not in err
    assert until(lambda: not still_alive(ours))
    # and a SIGKILL without any.
    before = lines()
    run = polyathlon.start(*arguments("there", "--engine", "ray"))
    until(lambda: lines() >= before + 10, 120)
    # Ray's own two agents stay for a minute.
    ours = [one.pid for actor in actors(run.pid) for one in (actor, *actor.children(True))]
    assert len(ours) >= 2, "an actor and its worker; the other may still be on its way"
    kept = lines()
    assert kept < 3 * EPISODES, "the kill came too late to prove anything"
    run.kill()
    run.communicate()
    assert until(lambda: not still_alive(ours))
    assert lines() >= kept
    done = polyathlon.run(*arguments("there", "--engine", "ray", "--actor-slots", "2"))
    assert done.returncode == 0, done.stderr
    assert f"of {3 * EPISODES} episodes are on the disk already" in done.stderr
    assert evidence(tmp_path / "there") == evidence(tmp_path / "here")
    retried = [
        fault["kind"]
        for line in journal.read_text().splitlines()
        for fault in json.loads(line)["episode"]["faults"]
    ]
    # An interrupt may have come before what the lost actor was playing was over again.
    assert set(retried) <= {"actor-lost"}


def test_an_address_where_nobody_is_is_named(polyathlon: Any) -> None:
    done = polyathlon.run(*arguments("run", "--engine", "ray", "--address", "127.0.0.1:1"))
    assert done.returncode == 1
    assert "no Ray cluster can be reached at '127.0.0.1:1'" in done.stderr
    assert "Traceback" not in done.stderr
    done = polyathlon.run(*arguments("run", "--address", "auto"))
    assert done.returncode == 2
    assert "--address is for --engine ray" in done.stderr
