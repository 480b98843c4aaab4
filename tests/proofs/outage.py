"""Faults of a served policy, at random moments: what is scored, what is lost, what is left."""

from __future__ import annotations

import contextlib
import functools
import random
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import psutil

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
sys.path.append(str(Path(__file__).resolve().parents[1] / "worlds"))

from relay import relaying, trickling
from serving import Process, Served, connect, process, serving, until

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, Outcome
from polyathlon.core.specs import derive_seed

EPISODES, SLOTS = 8, 2
WORLD = {"rest_seconds": 0.004, "length": 40}
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
        noticed: from the first fault to when the client knew [s]; None where nobody has to.
    """

    wrong: int
    invalid: int
    retried: int
    left: int
    noticed: float | None = None


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


def _compare(
    found: dict[Any, Any], expected: dict[Any, Any], left: int, noticed: float | None = None
) -> Trial:
    valid = {key: one for key, one in found.items() if one[0].outcome is not Outcome.INVALID}
    wrong = sum(
        (one[0].total_reward, one[1]) != (expected[key][0].total_reward, expected[key][1])
        for key, one in valid.items()
    )
    retried = sum(one[0].attempts - 1 for one in found.values())
    return Trial(wrong + EPISODES - len(found), len(found) - len(valid), retried, left, noticed)


def _alive(pids: set[int]) -> int:
    return sum(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        for pid in pids
    )


def _episodes_at(address: str) -> int:
    with urllib.request.urlopen(address.replace("ws", "http", 1) + "/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(x for x in lines if x.startswith("polyathlon_episodes ")).split()[1]))


class _During:
    """Lets something happen while the agent is asked for the umpteenth time.

    Attributes:
        noticed: how long after that the agent dropped its connection [s].
    """

    def __init__(self, agent: Any, action: Callable[[], Any], dice: random.Random) -> None:
        self._agent, self._action = agent, action
        self._moment, self._calls = dice.randrange(5, LATEST), 0
        self._thread = threading.Thread(target=self._happen)
        self._begun: float | None = None
        self.noticed: float | None = None

    def _happen(self) -> None:
        self._begun = time.monotonic()
        self._action()

    def __enter__(self) -> Self:
        act, drop = self._agent.act, self._agent._drop
        self._before = act, drop

        def counted(observations: Any, slots: Any) -> Any:
            self._calls += 1
            if self._calls == self._moment:
                self._thread.start()
            return act(observations, slots)

        def dropped() -> None:
            if self._begun is not None and self.noticed is None:
                self.noticed = time.monotonic() - self._begun
            drop()

        self._agent.act, self._agent._drop = counted, dropped
        return self

    def __exit__(self, *_: Any) -> None:
        self._agent.act, self._agent._drop = self._before
        assert self._thread.ident, "the play was over before the fault"
        self._thread.join()


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
        with _During(agent, fault(server), dice) as moment:
            found, pids = _play(agent)
        agent.close()
        with contextlib.suppress(AssertionError):
            until(lambda: not _episodes_at(server.address), 10.0)
        left = _alive(pids) + _episodes_at(server.address)
        code, _, _ = server.stop()
    left += (code != 0) + _alive({server.process.pid})
    return _compare(found, expected, left, moment.noticed)


def _killed(expected: Any, dice: random.Random) -> Trial:
    return _with_process(lambda server: _restart(server, Process.kill), expected, dice)


def _ended(expected: Any, dice: random.Random) -> Trial:
    return _with_process(lambda server: _restart(server, Process.stop), expected, dice)


def _frozen(expected: Any, dice: random.Random) -> Trial:
    return _with_process(_freeze, expected, dice, TIMEOUT=str(TIMEOUT))


def _cut(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server:
        agent = connect(server.address)
        with _During(agent, server.cut, dice) as first, _During(agent, server.cut, dice) as second:
            found, pids = _play(agent)
        times = [one.noticed for one in (first, second) if one.noticed is not None]
        return _compare(found, expected, _goodbye(agent, server, pids), max(times, default=None))


def _goodbye(agent: Any, server: Served, pids: set[int]) -> int:
    """What is left once a client has gone."""
    agent.close()
    with contextlib.suppress(AssertionError):
        until(lambda: not server.open_episodes, 40.0)
    return _alive(pids) + server.open_episodes


def _disordered(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server, relaying(server.port, dice.randrange(1 << 30)) as relay:
        agent = connect(relay.address)
        found, pids = _play(agent)
        assert relay.disorder > 20, "it was not disturbed"
        return _compare(found, expected, _goodbye(agent, server, pids))


def _slow(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server, trickling(server.port, dice.randrange(1 << 30)) as wire:
        agent = connect(wire.address)
        found, pids = _play(agent)
        assert wire.pieces > 300, "it was not disturbed"
        return _compare(found, expected, _goodbye(agent, server, pids))


def _silent(expected: Any, dice: random.Random) -> Trial:
    with serving(RandomAgent()) as server, trickling(server.port, dice.randrange(1 << 30)) as wire:
        agent = connect(wire.address, PATIENCE="60", TIMEOUT=str(TIMEOUT))

        def fall_silent() -> None:
            wire.silence()
            time.sleep(FROZEN)
            wire.go_on()

        with _During(agent, fall_silent, dice) as moment:
            found, pids = _play(agent)
        return _compare(found, expected, _goodbye(agent, server, pids), moment.noticed)


FAULTS = {
    "kill -9 of the server, started again": _killed,
    "SIGTERM of the server, started again": _ended,
    "hang in act: the server is frozen": _frozen,
    "network cut, twice": _cut,
    "network slow: small pieces, each late": _slow,
    "network silent beyond the client's timeout": _silent,
    "frames twice, late and reordered": _disordered,
}


@functools.cache
def undisturbed() -> dict[Any, Any]:
    """What the agent plays in the process."""
    return _play(RandomAgent())[0]


def outages(trials: int) -> Iterator[tuple[str, list[Trial]]]:
    """Each fault, and what came of it."""
    for name, fault in FAULTS.items():
        dice = [random.Random(f"{name} {number}") for number in range(trials)]
        yield name, [fault(undisturbed(), one) for one in dice]
