"""What teaches agents with a language model inside: LLaRP, and GEA in its two stages."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..agents.bound import Positive
from ..agents.chronicle import LOG, Evaluate, Outcome, Played, Watcher, read_log
from ..agents.lm.ledger import Ledger
from ..agents.offline.protocol import Protocol as Schedule
from ..benchmarks.inventory import take_inventory
from ..core.errors import BadArgument
from ..core.specs import TaskSpec
from ..tasks import catalogue
from .lesson import SMOKE, Request
from .training_folder import write_manifest

if TYPE_CHECKING:
    from ..agents.gea.config import GeaConfig

USUAL = {"llarp": "llarp-mini", "gea": "gea-mini"}
"""The configuration of a bare name."""

OPTIONS = {
    "seed": "--seed",
    "evaluate_every": "--evaluate-every",
    "evaluate_episodes": "--episodes",
}
"""Settings that the command line has options for, which would overrule them."""

TRIED = 2
"""Updates of a training that only shows that all works."""


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
        request.refuse_parts()
        for name, option in OPTIONS.items():
            if name in request.changes:
                raise BadArgument(f"'{name}' is set by {option}")
        for option in ("obs", "image_size"):
            if request.options[option] is not None:
                raise BadArgument(
                    f"--{option.replace('_', '-')} is not for '{self.learner}': what it sees is "
                    "said by --set senses"
                )
        self.tasks: tuple[TaskSpec, ...] = catalogue.match(request.pattern)
        self.spec, self.request = self.tasks[0], request
        self.preset = USUAL.get(request.learner, request.learner)
        self.asked: int | None = request.options["steps"]
        self._is_tried = self.asked is None and request.options["protocol"] == SMOKE

    @property
    @abc.abstractmethod
    def protocol(self) -> Schedule:
        """How long and how often."""

    @property
    @abc.abstractmethod
    def unit(self) -> str:
        """What its steps are."""

    @abc.abstractmethod
    def _open(self, folder: Path, seed: int) -> Any:
        """The training of a seed, from its beginning or from where the folder stands."""

    @abc.abstractmethod
    def _stand(self, training: Any) -> Mapping[str, int]:
        """Where a training stands, as lines of its log say; the last number counts."""

    @abc.abstractmethod
    def _train(self, training: Any, evaluate: Any, watch: Any) -> None:
        """Trains to the end."""

    def run(self, folder: Path, seed: int, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains with a seed, from where the folder stands to the end.

        An evaluation that a kill prevented is made up for.
        """
        write_manifest(
            folder, learner=self.learner, tasks=self.tasks, seed=seed, config=self.settings(seed)
        )
        schedule = self.protocol
        with contextlib.closing(_Opened(self._open(folder, seed))) as opened:
            training = opened.training
            stand = self._stand(training)
            step = list(stand.values())[-1]
            scores = _scores(folder)
            watcher.begun(step, schedule)

            def judge(agent: Any, step: int, _: int) -> Mapping[str, float]:
                over = step >= schedule.steps
                count = schedule.final_episodes if over else schedule.episodes
                scores[step] = played = evaluate(agent, step, count)
                watcher.played(step, played)
                return {"score": played.score, "return": played.mean_return}

            every = training.config.evaluate_every
            due = step >= schedule.steps or (every and training.update % every == 0)
            if step and due and step not in scores:
                found = judge(training.agent(), step, 0)
                Ledger(folder, next(iter(stand)), next(iter(stand.values()))).write(
                    {**stand, **found}
                )
            self._train(training, judge, watcher.logged)
        best = max(scores.values())
        first = next(step for step, one in scores.items() if one == best)
        last = scores[max(scores)]
        return Outcome(last, last, best, first)

    def follow(self, folder: Path, seed: int) -> None:
        """Takes part in another process's training, which keeps the folder and plays."""
        with contextlib.closing(_Opened(self._open(folder, seed))) as opened:
            self._train(opened.training, None, lambda *_: None)

    @property
    @abc.abstractmethod
    def _pace(self) -> int:
        """Steps of an update."""

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


class _Opened:
    """A training that is under way; its worlds are closed with it, where it plays in some."""

    def __init__(self, training: Any) -> None:
        self.training = training

    def close(self) -> None:
        """Closes the worlds."""
        stage = getattr(self.training, "stage", None)
        if stage is not None:
            stage.close()


def _scores(folder: Path) -> dict[int, Played]:
    """What evaluations before a kill came to, by step."""
    return {
        int(line.get("steps", line.get("step", 0))): Played(line["score"], line["return"])
        for line in read_log(folder / LOG)
        if "score" in line
    }


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
        if self._is_tried:
            self.config = msgspec.structs.replace(self.config, steps=TRIED * self._pace)

    @property
    def protocol(self) -> Schedule:
        """Steps of the environments."""
        return self._schedule(self.config.steps, self._pace)

    @property
    def _pace(self) -> int:
        return self.config.ppo.rollout * self.config.environments

    def settings(self, seed: int) -> Any:
        """The whole configuration."""
        schedule = self.protocol
        return msgspec.structs.replace(
            self.config, seed=seed, evaluate_episodes=schedule.episodes,
            evaluate_every=max(1, schedule.evaluate_every // self._pace),
        )  # fmt: skip

    def _open(self, folder: Path, seed: int) -> Any:
        from ..agents.llarp.training import LlarpTraining

        return LlarpTraining(folder, self.settings(seed), make_worlds_of(self.tasks))

    def _stand(self, training: Any) -> Mapping[str, int]:
        return {"update": training.update, "steps": training.steps}

    def _train(self, training: Any, evaluate: Any, watch: Any) -> None:
        training.run(evaluate, lambda one: watch(one.steps, one.figures))


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
        data = _listed(changes.pop("data", []))
        if request.options["dataset"] is not None:
            data.append((str(request.options["dataset"]), 1.0))
        if not data and self._begin is None:
            raise BadArgument(
                "GEA learns from demonstrations: --dataset DIR, or --set data='[\"DIR\", ...]'; "
                "or, once taught, by playing: --set begin=DIR"
            )
        self._sets = [self._demonstrations(one) for one in data]
        if self._begin is None:
            self._demand_taught()
        if self.asked is not None:
            name = "cloning.updates" if self._begin is None else "reinforcing.steps"
            changes[name] = self.asked
        self.config = configure(PRESETS, self.preset, changes)
        if self._is_tried:
            self.config = self._shortened()

    def _shortened(self) -> GeaConfig:
        """The configuration for a training that only shows that all works."""
        config, replace = self.config, msgspec.structs.replace
        if self._begin is None:
            return replace(config, cloning=replace(config.cloning, updates=TRIED))
        steps = TRIED * self._pace
        return replace(config, reinforcing=replace(config.reinforcing, steps=steps))

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

    def _open(self, folder: Path, seed: int) -> Any:
        from ..agents.gea.cloning import GeaCloning
        from ..agents.gea.reinforcing import GeaReinforcing

        if self._begin is None:
            return GeaCloning(folder, self.settings(seed), self._sets)
        return GeaReinforcing(
            folder, self.settings(seed), Path(self._begin), make_worlds_of(self.tasks), self._sets
        )

    def _stand(self, training: Any) -> Mapping[str, int]:
        return {"step": training.update if self._begin is None else training.steps}

    def _train(self, training: Any, evaluate: Any, watch: Any) -> None:
        training.run(evaluate, lambda one: watch(one.step, one.figures))

    def _demonstrations(self, named: Any) -> Any:
        """The episodes of a data set that was recorded of a task here."""
        from ..agents.gea.demonstration import DemoSet
        from ..tasks.dataset.layout import Dataset

        path, weight = named
        if trouble := take_inventory(Path(path)).trouble:
            raise BadArgument(f"{path} is damaged: {trouble}")
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

    def _demand_taught(self) -> None:
        """Refuses a task that would be played at evaluations with a body that nobody shows.

        Raises:
            BadArgument: names it.
        """
        taught = {one.body.id for one in self._sets}
        for task in self.tasks:
            if task.embodiment.id not in taught:
                raise BadArgument(
                    f"{task.id} has the body '{task.embodiment.id}'; the demonstrations are of "
                    f"{', '.join(sorted(taught))}: add some of it, or leave the task out"
                )


def _listed(data: Any) -> list[tuple[str, float]]:
    """Folders of data sets and their weights, from what ``--set data=`` was given.

    Raises:
        BadArgument: it is no list of folders, or of pairs of a folder and a weight above 0.
    """
    try:
        pairs = msgspec.convert(data, list[str | tuple[str, Positive]])
    except msgspec.ValidationError as error:
        raise BadArgument(
            f"data={data!s:.80} is no list of folders, nor of pairs of a folder and a weight "
            f'above 0, such as ["DIR", ["DIR", 2]]: {error}'
        ) from error
    return [(one, 1.0) if isinstance(one, str) else one for one in pairs]
