"""Many short episodes in one run: memory, files, processes and shared memory stay as they were."""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.append(str(Path(__file__).resolve().parents[1] / "worlds"))

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.recorder import Recorder
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.core.episode import EpisodePlan
from polyathlon.core.journal import Journal

SLOTS, LOOKS = 2, 10

GROWTH = 1.1
"""Most memory at the end over that after a fifth of the episodes, results held by the journal
apart: those are what a run is for."""

HELD = 3000
"""Of an episode that is over, the evaluator may hold so much for its journal [bytes]."""


class Held(NamedTuple):
    """What is held after so many episodes.

    Attributes:
        episodes: played until then.
        evaluator: memory of this process, shared parts by their share [bytes].
        workers: of its workers, likewise [bytes].
        handles: open files of this process.
        processes: that it has started and that live.
        segments: files in shared memory.
    """

    episodes: int
    evaluator: int
    workers: int
    handles: int
    processes: int
    segments: int


def held(episodes: int) -> Iterator[Held]:
    """Plays and looks, ten times on the way."""
    import faulty_worlds

    (spec,) = [task for task in faulty_worlds.FAMILY.tasks if task.id == "faulty.sound-v0"]
    each = episodes // LOOKS
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal(Path(folder)) as journal,
        Pool(SLOTS, Limits()) as pool,
    ):
        recorder = Recorder(journal, lambda _: None)
        runner = Runner(pool, RandomAgent(), {spec.id: spec}, {spec.id: {}}, 3, recorder.put)
        for look in range(LOOKS):
            first = look * each
            runner.run(
                EpisodePlan(task=spec.id, index=index, seed=index)
                for index in range(first, first + each)
            )
            yield _look(first + each, pool)
        recorder.close()
        assert len(journal.results) == each * LOOKS


def _look(episodes: int, pool: Any) -> Held:
    gc.collect()
    this = psutil.Process()
    children = this.children(recursive=True)
    shared = Path("/dev/shm")
    return Held(
        episodes,
        this.memory_full_info().pss,
        sum(one.memory_full_info().pss for one in children),
        this.num_fds(),
        len(children),
        len(list(shared.iterdir())) if shared.is_dir() else 0,
    )


def is_flat(found: list[Held]) -> bool:
    """Whether nothing grew after the first fifth but what the journal holds."""
    start, end = found[LOOKS // 5 - 1], found[-1]
    kept = HELD * (end.episodes - start.episodes)
    return (
        end.evaluator - kept <= GROWTH * start.evaluator
        and end.workers <= GROWTH * start.workers
        and end.handles <= start.handles
        and end.processes == start.processes
        and end.segments <= start.segments
    )
