"""Faults of a served policy, at random moments: what is scored, what is lost, what is left."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "worlds"))

from relay import relaying
from serving import Process, connect, process, serving, until

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, Outcome
from polyathlon.core.specs import derive_seed

EPISODES, SLOTS = 8, 2
WORLD = {"step_seconds": 0.004, "length": 40}
LATEST = 140
"""A play has at least 160 calls of the agent; the fault comes at one of the first so many."""

FROZEN, TIMEOUT = 0.9, 0.5
"""A server that is frozen is so for longer than the client waits [s]."""


class Trial(NamedTuple):
    """What came of one play.

    Attributes:
        wrong: episodes scored otherwise than in an undisturbed run, or with other actions.
        invalid: episodes given up.
        retried: attempts that did not count.
        left: processes and episodes that outlived it.
    """

    wrong: int
    invalid: int
    retried: int
    left: int


def _play(agent: Any) -> tuple[dict[Any, Any], set[int]]:
    import faulty_worlds  # Not sooner: the package is there first, and finds it whole.

    (spec,) = [task for task in faulty_worlds.FAMILY.tasks if task.id == "faulty.sound-v0"]
    plans = [
        EpisodePlan(task=spec.id, index=index, seed=derive_seed("outage", index))
        for index in range(EPISODES)
    ]
    found: dict[Any, Any] = {}
    pids: set[int] = set()
    with Pool(SLOTS, Limits(startup=60.0, step=30.0)) as pool:

        def finished(entry: Any) -> None:
            found[entry.result.plan.index] = (entry.result, entry.digest)
            pids.update(slot.process.pid for slot in pool.slots if slot.process)

        Runner(pool, agent, {spec.id: spec}, {spec.id: WORLD}, 3, finished).run(plans)
    return found, pids


def _compare(found: dict[Any, Any], expected: dict[Any, Any], left: int) -> Trial:
    valid = {key: one for key, one in found.items() if one[0].outcome is not Outcome.INVALID}
    wrong = sum(
        (one[0].total_reward, one[1]) != (expected[key][0].total_reward, expected[key][1])
        for key, one in valid.items()
    )
    retried = sum(one[0].attempts - 1 for one in found.values())
    return Trial(wrong + EPISODES - len(found), len(found) - len(valid), retried, left)


def _alive(pids: set[int]) -> int:
    return sum(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        for pid in pids
    )


def _episodes_at(address: str) -> int:
    with urllib.request.urlopen(address.replace("ws", "http", 1) + "/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(x for x in lines if x.startswith("polyathlon_episodes ")).split()[1]))


@contextlib.contextmanager
def _during(agent: Any, action: Callable[[], Any], dice: random.Random) -> Iterator[None]:
    """Lets something happen while the agent is asked for the umpteenth time."""
    moment, calls, act = dice.randrange(5, LATEST), 0, agent.act
    thread = threading.Thread(target=action)

    def counted(observations: Any, slots: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == moment:
            thread.start()
        return act(observations, slots)

    agent.act = counted
    try:
        yield
    finally:
        agent.act = act
        assert thread.ident, "the play was over before the fault"
        thread.join()


def _restart(server: Process, end: Callable[[Process], Any]) -> Callable[[], None]:
    def restarted() -> None:
        end(server)
        server.start()

    return restarted


def _freeze(server: Process) -> Callable[[], None]:
    def frozen() -> None:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(FROZEN)
        server.process.send_signal(signal.SIGCONT)

    return frozen


def _with_process(
    fault: Callable[[Process], Callable[[], None]], expected: Any, dice: random.Random, **terms: str
) -> Trial:
    with process("random") as server:
        agent = connect(server.address, PATIENCE="60", **terms)
        with _during(agent, fault(server), dice):
            found, pids = _play(agent)
        agent.close()
        with contextlib.suppress(AssertionError):
            until(lambda: not _episodes_at(server.address), 10.0)
        left = _alive(pids) + _episodes_at(server.address)
        code, _, _ = server.stop()
    return _compare(found, expected, left + (code != 0) + _alive({server.process.pid}))


def _killed(expected: Any, dice: random.Random) -> Trial:
    return _with_process(lambda server: _restart(server, Process.kill), expected, dice)


def _ended(expected: Any, dice: random.Random) -> Trial:
    return _with_process(lambda server: _restart(server, Process.stop), expected, dice)


def _frozen(expected: Any, dice: random.Random) -> Trial:
    return _with_process(_freeze, expected, dice, TIMEOUT=str(TIMEOUT))


def _cut(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server:
        agent = connect(server.address)
        with _during(agent, server.cut, dice), _during(agent, server.cut, dice):
            found, pids = _play(agent)
        agent.close()
        with contextlib.suppress(AssertionError):
            until(lambda: not server.open_episodes, 10.0)
        left = _alive(pids) + server.open_episodes
    return _compare(found, expected, left)


def _disordered(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server, relaying(server.port, dice.randrange(1 << 30)) as relay:
        agent = connect(relay.address)
        found, pids = _play(agent)
        agent.close()
        with contextlib.suppress(AssertionError):
            until(lambda: not server.open_episodes, 40.0)
        left = _alive(pids) + server.open_episodes
    return _compare(found, expected, left)


FAULTS = {
    "kill -9 of the server, started again": _killed,
    "SIGTERM of the server, started again": _ended,
    "server frozen beyond the client's patience": _frozen,
    "connections cut, twice": _cut,
    "frames twice, late and out of order": _disordered,
}


def outages(trials: int) -> Iterator[tuple[str, list[Trial]]]:
    """Each fault, and what came of it."""
    expected, _ = _play(RandomAgent())
    for name, fault in FAULTS.items():
        yield name, [fault(expected, random.Random(f"{name} {number}")) for number in range(trials)]
