"""What a training does beside learning: log, save, play, keep the best, stop when it diverges.

Whatever learns calls ``reached`` whenever its state is whole; how many steps lie between two calls
is its own affair. Everything that is due since the last call is then done.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ..core.errors import TrainingDiverged
from ..core.files import sweep, write_atomically
from ..core.protocols import Agent
from .offline.protocol import Protocol as Schedule

LOG = "log.jsonl"

BEST = "best"
"""The folder, below a training's, of the checkpoint that played best."""


class Played(NamedTuple):
    """What an evaluation came to; of two, the one with the better score, then return, is better.

    Attributes:
        score: the task's own.
        mean_return: total reward, mean over the episodes.
    """

    score: float
    mean_return: float


class Watcher(Protocol):
    """Who wants to know how it goes."""

    def begun(self, step: int, protocol: Schedule) -> None:
        """So many of the protocol's steps are done already."""

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""

    def played(self, step: int, played: Played) -> None:
        """An evaluation is done."""

    def noted(self, text: str) -> None:
        """Something that is no fault and yet worth knowing."""


class Outcome(NamedTuple):
    """How a training ended.

    Attributes:
        offline: what was played after the last step on recorded episodes alone, if there was one.
        last: after the last step.
        best: the best on the way.
        best_step: the step after which that was played, the first of several.
    """

    offline: Played
    last: Played
    best: Played
    best_step: int


Evaluate = Callable[[Any, int, int], Played]
"""Plays so many episodes with an agent as it is after so many steps."""


class Lesson(Protocol):
    """What learns, as far as its chronicle is concerned."""

    def agent(self) -> Agent:
        """Plays what has been learnt so far; training goes on undisturbed after it."""

    def save(self, folder: Path, step: int, whole: bool) -> None:
        """Writes a checkpoint.

        Args:
            folder: must exist.
            step: where it stands.
            whole: with all that is needed to go on; else with what is needed to play.
        """


class Chronicle:
    """The folder of one training, from its beginning, or a checkpoint, to its end.

    Args:
        folder: must exist.
        schedule: how long, and how often what is done.
        evaluate: must leave torch's generator alone.
        watcher: is told how it goes.
    """

    def __init__(
        self, folder: Path, schedule: Schedule, evaluate: Evaluate, watcher: Watcher
    ) -> None:
        self._folder, self._schedule = folder, schedule
        self._evaluate, self._watcher = evaluate, watcher
        for room in (folder, folder / BEST):
            sweep(room)  # What a kill left in the midst of a write.
        self._step = self._saved = 0
        self._scores: dict[int, Played] = {}
        self._gathered: list[Mapping[str, float]] = []

    @property
    def steps(self) -> int:
        """All that are planned."""
        return self._schedule.steps

    def begin(self, step: int, lesson: Lesson) -> None:
        """The training stands at a step: 0, or that of its checkpoint.

        Lines of the log that came after it are dropped; they are written again. An evaluation that
        a kill prevented is made up for.
        """
        self._step = self._saved = step
        path = self._folder / LOG
        kept = [one for one in read_log(path) if one.get("step", step + 1) <= step]
        if path.exists():
            text = "".join(json.dumps(one, sort_keys=True) + "\n" for one in kept)
            write_atomically(path, text.encode())
        self._scores = {
            one["step"]: Played(one["score"], one["return"]) for one in kept if "score" in one
        }
        self._watcher.begun(step, self._schedule)
        if self._is_due(max(self._scores, default=0), self._schedule.evaluate_every):
            self._play(lesson)

    def noted(self, text: str) -> None:
        """Something that is no fault and yet worth knowing."""
        self._watcher.noted(text)

    def reached(self, step: int, figures: Mapping[str, float], lesson: Lesson) -> None:
        """A step is done, and the state is whole.

        Args:
            step: steps done since the beginning.
            figures: losses and the like since the last call; ``return`` is that of practice.
            lesson: what learns.

        Raises:
            TrainingDiverged: a figure is no number; nothing is saved.
            RunDirectoryError: the disk refused.
        """
        wrong = [name for name, value in figures.items() if not math.isfinite(value)]
        if wrong:
            raise self.diverged(f"{wrong[0]} is {figures[wrong[0]]} at step {step:,}")
        before, self._step = self._step, min(step, self.steps)
        if figures:
            self._gathered.append(figures)
        if self._is_due(before, self._schedule.log_every) and self._gathered:
            losses = _means(self._gathered)
            self._gathered = []
            self._log({"step": self._step, "losses": losses})
            self._watcher.logged(self._step, losses)
        plays = self._is_due(before, self._schedule.evaluate_every)
        if plays or self._is_due(before, self._schedule.save_every):
            lesson.save(self._folder, self._step, whole=True)
            self._saved = self._step
        if plays:
            self._play(lesson)

    def diverged(self, what: str) -> TrainingDiverged:
        """The error that says where the last good checkpoint is."""
        kept = f"the checkpoint of step {self._saved:,} stands in {self._folder}"
        if not self._saved:
            kept = "there is no checkpoint yet"
        return TrainingDiverged(
            f"the training diverged: {what}; {kept}. Give --set learning_rate a smaller value and "
            "another --out."
        )

    def outcome(self) -> Outcome:
        """How it ended."""
        best = max(self._scores.values())
        last = self._scores[max(self._scores)]
        offline = self._scores.get(self._schedule.offline, last)
        first_best = next(step for step, score in self._scores.items() if score == best)
        return Outcome(offline, last, best, first_best)

    def _is_due(self, before: int, every: int) -> bool:
        """Whether a multiple, or an end, lies beyond a step and not beyond where it stands."""
        now, schedule = self._step, self._schedule
        ends = any(before < end <= now for end in (schedule.offline, schedule.steps))
        return ends or now // every > before // every

    def _play(self, lesson: Lesson) -> None:
        schedule = self._schedule
        ends = schedule.ends(self._step)
        count = schedule.final_episodes if ends else schedule.episodes
        played = self._evaluate(lesson.agent(), self._step, count)
        best = max(self._scores.values(), default=Played(-math.inf, -math.inf))
        self._scores[self._step] = played
        if played > best:
            (self._folder / BEST).mkdir(exist_ok=True)
            lesson.save(self._folder / BEST, self._step, whole=False)
        score, mean = played
        self._log({"step": self._step, "score": score, "return": mean, "episodes": count})
        self._watcher.played(self._step, played)

    def _log(self, line: Mapping[str, Any]) -> None:
        with (self._folder / LOG).open("a") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")


def _means(gathered: list[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in gathered for name in one)
    means = {}
    for name in names:
        values = [one[name] for one in gathered if name in one]
        means[name] = sum(values) / len(values)
    return means


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log that are whole."""
    if path.is_file():
        for line in path.read_text(errors="replace").splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue  # A kill may cut the last line.
            if isinstance(found, dict):
                yield found
