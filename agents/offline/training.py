"""The loop: draw, update, log, save, play. A killed training goes on to the same last bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from typing import Protocol as Shape

import numpy as np
import torch

from ...core.errors import PlanMismatch
from ...core.files import write_atomically
from .checkpoint import (
    FILE_NAME,
    Identity,
    describe,
    load_checkpoint,
    make_learner,
    save_checkpoint,
)
from .learner import Learner
from .player import TrainedAgent
from .protocol import Protocol
from .transition import Frame, Transitions

LOG = "log.jsonl"

BEST = "best"
"""The folder, below a training's, of the checkpoint that played best."""


class Watcher(Shape):
    """Who wants to know how it goes."""

    def begun(self, step: int, steps: int) -> None:
        """So many of the updates are done already."""

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""

    def played(self, step: int, score: float) -> None:
        """An evaluation is done."""


class Outcome(NamedTuple):
    """How a training ended: the score after the last update, and the best on the way."""

    last: float
    best: float


Evaluate = Callable[[TrainedAgent, int, int], float]
"""Plays so many episodes with the agent as it is after so many updates; the score."""


class Training:
    """One training in a folder of its own.

    Args:
        folder: must exist; what it holds of the same training is gone on with.
        identity: algorithm, hyper-parameters, body, data and seed.
        protocol: how long and how often.
        data: what is learnt from.
        frame: the scales of its numbers.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: its checkpoint is damaged.
    """

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        protocol: Protocol,
        data: Transitions,
        frame: Frame,
    ) -> None:
        self._folder, self._identity, self._protocol = folder, identity, protocol
        self._data, self._frame = data, frame
        self._dice = np.random.default_rng(identity.seed)
        self.learner: Learner
        self.step = 0
        if (folder / FILE_NAME).is_file():
            self._resume()
        else:
            torch.manual_seed(identity.seed)
            self.learner = make_learner(identity)
        self._scores = self._cut_log()

    def _resume(self) -> None:
        found = load_checkpoint(self._folder)
        if describe(found.identity) != describe(self._identity):
            mine, theirs = (
                {name: getattr(one, name) for name in one.__struct_fields__}
                for one in (self._identity, found.identity)
            )
            differing = [name for name in mine if mine[name] != theirs[name]]
            raise PlanMismatch(
                f"{self._folder} holds another training: "
                + "; ".join(f"{name} {theirs[name]!s:.60}" for name in differing)
                + ". Use another --out."
            )
        self.learner, self.step = found.learner, found.step
        self._dice.bit_generator.state = found.dice
        torch.set_rng_state(found.random)

    def run(self, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains to the end.

        Args:
            evaluate: called at the protocol's steps; it must leave torch's generator alone.
            watcher: is told how it goes.
        """
        protocol = self._protocol
        watcher.begun(self.step, protocol.steps)
        self.learner.train(True)
        gathered: list[dict[str, torch.Tensor]] = []
        if self._is_due() and self.step not in self._scores:
            self._play(evaluate, watcher)  # It was killed after the update, before the evaluation.
        while self.step < protocol.steps:
            batch = self.learner.draw(self._data, self._dice)
            gathered.append(self.learner.update(batch, self.step))
            self.step += 1
            last = self.step == protocol.steps
            if self.step % protocol.log_every == 0 or last:
                losses = _means(gathered)
                gathered = []
                self._log({"step": self.step, "losses": losses})
                watcher.logged(self.step, losses)
            if self.step % protocol.save_every == 0 or last:
                self._save(self._folder)
            if self._is_due():
                self._play(evaluate, watcher)
        return Outcome(self._scores[protocol.steps], max(self._scores.values()))

    def _is_due(self) -> bool:
        """Whether an evaluation belongs after the update that was done last."""
        last = self.step == self._protocol.steps
        return last or (self.step > 0 and self.step % self._protocol.evaluate_every == 0)

    def _play(self, evaluate: Evaluate, watcher: Watcher) -> None:
        last = self.step == self._protocol.steps
        count = self._protocol.final_episodes if last else self._protocol.episodes
        identity = self._identity
        agent = TrainedAgent(self.learner, self._frame, identity.embodiment, identity.learner)
        score = evaluate(agent, self.step, count)
        best = max(self._scores.values(), default=-np.inf)
        self._scores[self.step] = score
        if score > best:
            (self._folder / BEST).mkdir(exist_ok=True)
            self._save(self._folder / BEST)
        self._log({"step": self.step, "score": score, "episodes": count})
        watcher.played(self.step, score)

    def _save(self, folder: Path) -> None:
        save_checkpoint(folder, self._identity, self.learner, self._frame, self.step, self._dice)

    def _log(self, line: Mapping[str, Any]) -> None:
        with (self._folder / LOG).open("a") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")

    def _cut_log(self) -> dict[int, float]:
        """Drops the lines after the checkpoint; they are written again. The scores up to it."""
        path = self._folder / LOG
        kept = [one for one in _lines(path) if one.get("step", self.step + 1) <= self.step]
        if path.exists():
            text = "".join(json.dumps(one, sort_keys=True) + "\n" for one in kept)
            write_atomically(path, text.encode())
        return {one["step"]: one["score"] for one in kept if "score" in one}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log that are whole."""
    if path.is_file():
        for line in path.read_text(errors="replace").splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue  # A kill may cut the last line.
            if isinstance(found, dict):
                yield found


def _means(losses: list[dict[str, torch.Tensor]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in losses for name in one)
    return {
        name: float(torch.stack([one[name] for one in losses if name in one]).mean())
        for name in names
    }
