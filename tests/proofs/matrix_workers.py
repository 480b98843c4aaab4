"""Rows of the fault matrix in which a worker fails, once, somewhere in four episodes."""

from __future__ import annotations

import contextlib
import functools
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from trial import Row, Seen  # It first: it finds the others.

from conftest import alive, wait_until  # isort: skip

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan, EpisodeResult
from polyathlon.core.specs import TaskSpec, derive_seed

SLOTS, EPISODES = 2, 4

FAULTS = {
    "kill -9 of a worker": "kill",
    "kill -9 of a worker that leaves a child": "grandchild-kill",
    "segmentation fault": "segfault",
    "exit of the process": "exit",
    "exception in step": "raise",
    "memory runs out in step": "memory",
    "constructor raises": "make-raise",
    "hang in the constructor": "make-hang",
    "hang in reset": "reset-hang",
    "hang in step": "hang",
    "hang in step, SIGTERM ignored": "hang-stubborn",
    "hang in render": "render-hang",
}
"""What fails, and the world in which it does."""

STEP, STARTUP = 2.0, 15.0
"""Deadlines where there is something to hang [s]; elsewhere they are as long as anybody's."""


def world(name: str) -> TaskSpec:
    """One of the faulty family's tasks by its short name."""
    import faulty_worlds

    (spec,) = [task for task in faulty_worlds.FAMILY.tasks if task.id == f"faulty.{name}-v0"]
    return spec


def limits(name: str) -> Limits:
    """Deadlines for a world: short ones only for what they are to end."""
    if name == "make-hang":
        return Limits(startup=STARTUP)
    return Limits(step=STEP) if "hang" in name else Limits()


def moment(dice: random.Random, marker: str) -> dict[str, Any]:
    """Arguments of a world that is to fail at any moment of the first two episodes of a slot."""
    # Of four episodes in two slots one slot has two at least.
    return {"marker": marker, "fault_step": dice.randrange(1, 19), "spared": dice.randrange(2)}


def evidence(result: EpisodeResult, digest: str) -> tuple[Any, ...]:
    """What must not depend on any fault."""
    return (result.outcome, result.total_reward, result.steps, result.reward_digest,
            result.start_digest, result.end_digest, digest)  # fmt: skip


class _Watching(Runner):
    """Remembers when the first fault came to its ears."""

    noticed = 0.0

    def _fail(self, slot: Any, fault: Any) -> None:
        self.noticed = self.noticed or time.time()
        super()._fail(slot, fault)


def _play(name: str, kwargs: dict[str, Any], folder: Path) -> tuple[dict[int, Any], float, int]:
    """Results with the digests of their actions, when the fault was noticed, and what is left."""
    spec = world(name)
    found: dict[int, tuple[EpisodeResult, str]] = {}
    pids: set[int] = set()
    plans = [
        EpisodePlan(task=spec.id, index=index, seed=derive_seed("matrix", index))
        for index in range(EPISODES)
    ]
    film = name == "render-hang"
    kwargs = {**kwargs, **({"render_mode": "rgb_array"} if film else {})}
    with Pool(SLOTS, limits(name)) as pool:

        def finished(entry: Any) -> None:
            found[entry.result.plan.index] = (entry.result, entry.digest)

        def prepared(*_: Any) -> None:
            pids.update(slot.process.pid for slot in pool.slots if slot.process)

        runner = _Watching(
            pool, RandomAgent(), {spec.id: spec}, {spec.id: kwargs}, 3, finished, prepared,
            media=lambda plan: str(folder / f"film-{plan.index}") if film else "",
        )  # fmt: skip
        runner.run(plans)
    grandchild = folder / "grandchild"
    if grandchild.exists():
        pids.add(int(grandchild.read_text()))
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not alive(pids), 5.0)
    return found, runner.noticed, len(alive(pids))


@functools.cache
def _undisturbed(name: str) -> dict[int, tuple[Any, ...]]:
    """What the world gives that has failed before, and so does not."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).touch()
        found, _, _ = _play(name, {"marker": folder}, Path(folder))
    assert all(one.attempts == 1 for one, _ in found.values()), "it was to be left alone"
    return {index: evidence(*one) for index, one in found.items()}


def _in_worker(name: str) -> Callable[[random.Random], Seen]:
    def trial(dice: random.Random) -> Seen:
        with tempfile.TemporaryDirectory() as folder:
            found, noticed, left = _play(name, moment(dice, folder), Path(folder))
            injected = (Path(folder) / name).stat().st_mtime
        assert noticed, "nobody noticed"
        return _seen(name, found, noticed - injected, left)

    return trial


def _seen(name: str, found: dict[int, Any], noticed: float | None, left: int) -> Seen:
    return Seen(
        equal={index: evidence(*one) for index, one in found.items()} == _undisturbed(name),
        invalid=sum(not one.valid for one, _ in found.values()),
        lost=sum(one.attempts - 1 for one, _ in found.values()),
        noticed=noticed,
        left=left,
    )


def _clock(dice: random.Random) -> Seen:
    """The wall clock jumps by up to a day, back and forth, at every look at it."""
    real = time.time
    jumping = mock.Mock(side_effect=lambda: real() + dice.uniform(-86400, 86400))
    with tempfile.TemporaryDirectory() as folder, mock.patch("time.time", jumping):
        found, _, left = _play("sound", {}, Path(folder))
    return _seen("sound", found, None, left)


def rows() -> list[Row]:
    """The rows."""
    again = "played again; equal"
    return [
        *(Row("local", fault, again, _in_worker(name)) for fault, name in FAULTS.items()),
        Row("local", "the clock jumps by hours", "nothing happens", _clock),
    ]
