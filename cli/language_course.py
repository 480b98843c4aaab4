"""What teaches agents with a language model inside: LLaRP, and GEA in its two stages."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..agents.chronicle import Evaluate, Outcome, Played, Watcher
from ..agents.offline.protocol import Protocol as Schedule
from ..core.errors import BadArgument
from ..core.specs import TaskSpec
from ..tasks import catalogue
from .lesson import Request
from .training_folder import write_manifest

USUAL = {"llarp": "llarp-mini", "gea": "gea-mini"}
"""The configuration of a bare name."""


def open_language(request: Request) -> LanguageCourse:
    """The course of a name: a configuration's, or an agent's for its small one."""
    kind = GeaCourse if request.learner.startswith("gea") else LlarpCourse
    return kind(request)


class LanguageCourse(abc.ABC):
    """What the two have in common.

    Args:
        request: what is asked for.

    Raises:
        UnknownName: no such configuration, or no such task.
        BadArgument: a setting that there is not.
    """

    scale: tuple[float, float] | None = None

    def __init__(self, request: Request) -> None:
        self.learner, self.pattern = request.learner, request.pattern
        self.tasks: tuple[TaskSpec, ...] = catalogue.match(request.pattern)
        self.spec, self.request = self.tasks[0], request
        self.preset = USUAL.get(request.learner, request.learner)
        self.asked: int | None = request.options["steps"]

    @property
    @abc.abstractmethod
    def protocol(self) -> Schedule:
        """How long and how often."""

    @property
    @abc.abstractmethod
    def unit(self) -> str:
        """What its steps are."""

    @abc.abstractmethod
    def _run(self, folder: Path, seed: int, evaluate: Any, watch: Any) -> None:
        """Trains to the end."""

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end."""
        write_manifest(
            folder, learner=self.learner, tasks=self.tasks, seed=seed, config=self.settings(seed)
        )
        schedule, scores = self.protocol, dict[int, Played]()
        watcher.begun(0, schedule)

        def judge(agent: Any, step: int, _: int) -> Mapping[str, float]:
            over = step >= schedule.steps
            count = schedule.final_episodes if over else schedule.episodes
            scores[step] = played = evaluate(agent, step, count)
            watcher.played(step, played)
            return {"score": played.score, "return": played.mean_return}

        self._run(folder, seed, judge, watcher.logged)
        if not scores:
            raise BadArgument(f"{folder} is trained to its end already; give --steps for more")
        best = max(scores.values())
        first = next(step for step, one in scores.items() if one == best)
        last = scores[max(scores)]
        return Outcome(last, last, best, first)

    def follow(self, folder: Path, seed: int) -> None:
        """Takes part in another process's training, which keeps the folder and plays."""
        self._run(folder, seed, None, lambda *_: None)

    @abc.abstractmethod
    def settings(self, seed: int) -> Any:
        """The whole configuration, for the record."""

    def close(self) -> None:
        """Nothing is open but what is read once."""
        self.tasks = ()

    def _schedule(self, steps: int, pace: int) -> Schedule:
        """A schedule of so many steps, of which an update takes so many."""
        given = self.request.schedule
        every = self.request.options["evaluate_every"] or max(pace, steps // 10)
        return msgspec.structs.replace(
            given, offline=0, online=steps, evaluate_every=every, save_every=pace, log_every=pace
        )


def make_worlds_of(tasks: Sequence[TaskSpec]) -> Any:
    """What makes worlds of several tasks in turn, with the fields that each has."""
    from ..agents.lm.stage import World
    from .course import NumberedEpisodes

    def make(count: int, fields: Sequence[str]) -> list[World]:
        worlds = []
        for number in range(count):
            task = tasks[number % len(tasks)]
            shown = tuple(one for one in fields if one in task.observations)
            env = catalogue.build(task, observations=shown)
            if task.numbered_episodes:
                env = NumberedEpisodes(env, task.numbered_episodes)
            worlds.append(World(env, task))
        return worlds

    return make


class LlarpCourse(LanguageCourse):
    """A language model taught by reinforcement alone."""

    unit = "steps"

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        from ..agents.llarp.config import PRESETS
        from ..agents.lm.configuration import configure

        if request.options["dataset"] is not None:
            raise BadArgument(f"'{self.learner}' learns by playing; leave --dataset out")
        changes = dict(request.changes)
        if self.asked is not None:
            changes["steps"] = self.asked
        self.config = configure(PRESETS, self.preset, changes)

    @property
    def protocol(self) -> Schedule:
        """Steps of the environments."""
        config = self.config
        return self._schedule(config.steps, config.ppo.rollout * config.environments)

    def settings(self, seed: int) -> Any:
        """The whole configuration."""
        schedule, config = self.protocol, self.config
        pace = config.ppo.rollout * config.environments
        return msgspec.structs.replace(
            config, seed=seed, evaluate_every=max(1, schedule.evaluate_every // pace),
            evaluate_episodes=schedule.episodes,
        )  # fmt: skip

    def _run(self, folder: Path, seed: int, evaluate: Any, watch: Any) -> None:
        from ..agents.llarp.training import train

        train(
            folder, self.settings(seed), make_worlds_of(self.tasks), evaluate,
            lambda one: watch(one.steps, one.figures),
        )  # fmt: skip


class GeaCourse(LanguageCourse):
    """One model over many bodies: cloned, or from a cloned one on by reinforcement.

    ``--dataset DIR`` or ``--set data=[DIR, [DIR, WEIGHT], ...]`` names what is cloned;
    ``--set begin=DIR`` an agent that is to practise in the tasks, beside what is cloned.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        from ..agents.gea.config import PRESETS
        from ..agents.lm.configuration import configure

        changes = dict(request.changes)
        self._begin = changes.pop("begin", None)
        data = list(changes.pop("data", []))
        if request.options["dataset"] is not None:
            data.append(str(request.options["dataset"]))
        if not data and self._begin is None:
            raise BadArgument(
                "GEA learns from demonstrations: --dataset DIR, or --set data='[\"DIR\", ...]'; "
                "or, once taught, by playing: --set begin=DIR"
            )
        self._sets = [self._demonstrations(one) for one in data]
        if self.asked is not None:
            name = "cloning.updates" if self._begin is None else "reinforcing.steps"
            changes[name] = self.asked
        self.config = configure(PRESETS, self.preset, changes)

    @property
    def unit(self) -> str:
        """Updates of cloning, or steps of practice."""
        return "updates" if self._begin is None else "steps"

    @property
    def _pace(self) -> int:
        practice = self.config.reinforcing
        return 1 if self._begin is None else practice.ppo.rollout * practice.environments

    @property
    def protocol(self) -> Schedule:
        """How long and how often."""
        config = self.config
        steps = config.cloning.updates if self._begin is None else config.reinforcing.steps
        return self._schedule(steps, self._pace)

    def settings(self, seed: int) -> Any:
        """The whole configuration."""
        schedule = self.protocol
        return msgspec.structs.replace(
            self.config, seed=seed, evaluate_episodes=schedule.episodes,
            evaluate_every=max(1, schedule.evaluate_every // self._pace),
        )  # fmt: skip

    def _run(self, folder: Path, seed: int, evaluate: Any, watch: Any) -> None:
        from ..agents.gea.cloning import GeaCloning
        from ..agents.gea.reinforcing import GeaReinforcing

        training: GeaCloning | GeaReinforcing
        if self._begin is None:
            training = GeaCloning(folder, self.settings(seed), self._sets)
        else:
            training = GeaReinforcing(
                folder, self.settings(seed), Path(self._begin), make_worlds_of(self.tasks),
                self._sets,
            )  # fmt: skip
        training.run(evaluate, lambda one: watch(one.step, one.figures))

    def _demonstrations(self, named: Any) -> Any:
        """The episodes of a data set that was recorded of a task here."""
        from ..agents.gea.demonstration import DemoSet
        from ..tasks.dataset.layout import Dataset

        path, weight = (named, 1.0) if isinstance(named, str) else (named[0], float(named[1]))
        dataset = Dataset(Path(path))
        if not dataset.task:
            raise BadArgument(
                f"{path} does not say which task was recorded: make one with polyathlon data make"
            )
        task = catalogue.find(dataset.task)
        dataset.demand_body(task)
        return DemoSet(
            name=task.id, body=task.embodiment, instruction=task.instruction, weight=weight,
            episodes=tuple(dataset.trajectories()),
        )  # fmt: skip
