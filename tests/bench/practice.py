"""Environment steps a second of a whole PPO training, and of its worlds alone: EnvPool or not."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measure
import torch
from measure import Ratio

from polyathlon.agents.chronicle import Played
from polyathlon.cli.lesson import Request, schedule_of
from polyathlon.cli.online_course import OnlineCourse, usual_fields
from polyathlon.tasks import catalogue
from polyathlon.tasks.fleet import make_worlds

TASKS = {
    "babyai.go-to-red-ball": 16_384,
    "metaworld.reach": 8_000,
    "procgen.coinrun-easy-train": 8_192,
}
"""Task to the steps of a training that is timed."""

WORLDS = 8
"""Where the worlds are timed alone."""


class Silent:
    """Nobody watches."""

    def begun(self, *_: Any) -> None: ...

    def logged(self, *_: Any) -> None: ...

    def played(self, *_: Any) -> None: ...

    def noted(self, *_: Any) -> None: ...


def practice(pairs: int) -> list[Ratio]:
    """Ratios of steps a second, EnvPool's worlds against the task's own, on one thread of torch."""
    torch.set_num_threads(1)
    rows = []
    for task, steps in TASKS.items():
        name = task.partition("-")[0]
        alone = [_stepping(task, backend) for backend in ("envpool", "gymnasium")]
        rows.append(measure.ratio(f"{name}: worlds alone, EnvPool / not", *alone, pairs))
        whole = [_training(task, steps, backend) for backend in ("envpool", "gymnasium")]
        rows.append(measure.ratio(f"{name}: PPO, EnvPool / not", *whole, pairs))
    return rows


def _stepping(task: str, backend: str) -> Callable[[], float]:
    spec = catalogue.find(task)
    fields = usual_fields(spec.default_observations)

    def rate() -> float:
        worlds = make_worlds(spec, WORLDS, 0, {"observations": fields}, backend)
        worlds.action_space.seed(0)
        worlds.reset()
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < 1.0:
            worlds.step([worlds.action_space.sample() for _ in range(WORLDS)])
            done += WORLDS
        spent = time.perf_counter() - begun
        worlds.close()
        return done / spent

    return rate


def _training(task: str, steps: int, backend: str) -> Callable[[], float]:
    options = {
        "protocol": "smoke", "steps": steps, "evaluate_every": steps, "episodes": 1,
        "dataset": None, "backend": backend, "offline": None, "online": None,
    }  # fmt: skip
    course = OnlineCourse(Request("ppo", task, {}, schedule_of("ppo", options), options))

    def rate() -> float:
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            course.run(Path(folder), 0, lambda *_: Played(0.0, 0.0), Silent())
            return steps / (time.perf_counter() - begun)

    return rate
