"""The loop: draw, update, log, save, play. A killed training goes on to the same last bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from typing import Protocol as Shape

import numpy as np
import torch

from ...core.errors import BadArgument, PlanMismatch
from ...core.files import sweep, write_atomically
from ..storage import FILE_NAME
from .checkpoint import (
    Identity,
    describe,
    load_checkpoint,
    make_learner,
    save_checkpoint,
)
from .learner import Learner
from .player import TrainedAgent
from .practice import FOLDER as PRACTICE
from .practice import Practice, Standing, World
from .protocol import Protocol
from .transition import Frame, Transitions

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


class Watcher(Shape):
    """Who wants to know how it goes."""

    def begun(self, step: int, protocol: Protocol) -> None:
        """So many of the protocol's updates are done already."""

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""

    def played(self, step: int, played: Played) -> None:
        """An evaluation is done."""

    def noted(self, text: str) -> None:
        """Something that is no fault and yet worth knowing."""


class Outcome(NamedTuple):
    """How a training ended.

    Attributes:
        offline: what was played after the last update on recorded episodes alone.
        last: after the last update.
        best: the best on the way.
        best_step: the update after which that was played, the first of several.
    """

    offline: Played
    last: Played
    best: Played
    best_step: int


Evaluate = Callable[[TrainedAgent, int, int], Played]
"""Plays so many episodes with the agent as it is after so many updates."""


class Training:
    """One training in a folder of its own.

    Args:
        folder: must exist; what it holds of the same training is gone on with.
        identity: algorithm, hyper-parameters, body, data and seed.
        protocol: how long and how often.
        data: what is learnt from.
        frame: the scales of its numbers.
        world: where it practises; needed by a protocol that has an online part.

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
        world: World | None = None,
    ) -> None:
        self._folder, self._identity, self._protocol = folder, identity, protocol
        self._data, self._frame = data, frame
        self._dice = np.random.default_rng(identity.seed)
        for room in (folder, folder / PRACTICE, folder / BEST):
            sweep(room)  # What a kill left in the midst of a write.
        self.learner: Learner
        self.step, standing = 0, None
        if (folder / FILE_NAME).is_file():
            standing = self._resume()
        else:
            torch.manual_seed(identity.seed)
            self.learner = make_learner(identity)
            self.learner.begin(data)
        self._practice = self._note = None
        if world is not None:
            self._practice = Practice(folder, world, self.learner, frame, data, identity.seed)
            self._note = self._practice.resume(standing) if standing else None
        elif protocol.online:
            raise BadArgument(f"{protocol.online} updates are to be online; give it a world")
        self._scores = self._cut_log()

    def _resume(self) -> Standing | None:
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
        return found.standing

    def run(self, evaluate: Evaluate, watcher: Watcher) -> Outcome:
        """Trains to the end.

        Args:
            evaluate: called at the protocol's steps; it must leave torch's generator alone.
            watcher: is told how it goes.

        Raises:
            BadArgument: it has diverged; the checkpoint is of before.
        """
        protocol = self._protocol
        watcher.begun(self.step, protocol)
        if self._note:
            watcher.noted(self._note)
        self.learner.train(True)
        gathered: list[dict[str, torch.Tensor]] = []
        if self._is_due() and self.step not in self._scores:
            self._play(evaluate, watcher)  # It was killed after the update, before the evaluation.
        while self.step < protocol.steps:
            gathered.append(self._update())
            self.step += 1
            ends = protocol.ends(self.step)
            if self.step % protocol.log_every == 0 or ends:
                losses = _finite(_means(gathered), self.step)
                gathered = []
                self._log({"step": self.step, "losses": losses})
                watcher.logged(self.step, losses)
            if self.step % protocol.save_every == 0 or ends:
                self._save(self._folder, self._practice)
            if self._is_due():
                self._play(evaluate, watcher)
        best = max(self._scores.values())
        return Outcome(
            self._scores[protocol.offline],
            self._scores[protocol.steps],
            best,
            next(step for step, score in self._scores.items() if score == best),
        )

    def _update(self) -> dict[str, torch.Tensor]:
        """One update, after a step in the world if it is an online one; what is to be logged."""
        online, told = self.step >= self._protocol.offline, {}
        if online:
            assert self._practice is not None
            earned = self._practice.step()
            if earned is not None:
                told["return"] = torch.tensor(earned, dtype=torch.float64)
        batch = self.learner.draw(self._data, self._dice)
        update = self.learner.update_online if online else self.learner.update
        return {**update(batch, self.step), **told}

    def _is_due(self) -> bool:
        """Whether an evaluation belongs after the update that was done last."""
        step, protocol = self.step, self._protocol
        return step > 0 and (protocol.ends(step) or step % protocol.evaluate_every == 0)

    def _play(self, evaluate: Evaluate, watcher: Watcher) -> None:
        protocol, identity = self._protocol, self._identity
        count = protocol.final_episodes if protocol.ends(self.step) else protocol.episodes
        agent = TrainedAgent(self.learner, self._frame, identity.embodiment, identity.learner)
        played = evaluate(agent, self.step, count)
        best = max(self._scores.values(), default=Played(-np.inf, -np.inf))
        self._scores[self.step] = played
        if played > best:
            (self._folder / BEST).mkdir(exist_ok=True)
            self._save(self._folder / BEST)
        score, mean = played
        self._log({"step": self.step, "score": score, "return": mean, "episodes": count})
        watcher.played(self.step, played)

    def _save(self, folder: Path, practice: Practice | None = None) -> None:
        standing = practice.stand() if practice else None
        save_checkpoint(
            folder, self._identity, self.learner, self._frame, self.step, self._dice, standing
        )

    def _log(self, line: Mapping[str, Any]) -> None:
        with (self._folder / LOG).open("a") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")

    def _cut_log(self) -> dict[int, Played]:
        """Drops the lines after the checkpoint; they are written again. The scores up to it."""
        path = self._folder / LOG
        kept = [one for one in read_log(path) if one.get("step", self.step + 1) <= self.step]
        if path.exists():
            text = "".join(json.dumps(one, sort_keys=True) + "\n" for one in kept)
            write_atomically(path, text.encode())
        return {one["step"]: Played(one["score"], one["return"]) for one in kept if "score" in one}


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


def _finite(losses: dict[str, float], step: int) -> dict[str, float]:
    """The losses, if all are numbers: what has diverged never comes back, and is not to be saved.

    Raises:
        BadArgument: one is not.
    """
    for name, loss in losses.items():
        if not np.isfinite(loss):
            raise BadArgument(
                f"after {step} updates the loss '{name}' is {loss}: the training has diverged; try "
                "a lower --set learning_rate or another --set reward_scale, with another --out"
            )
    return losses


def _means(losses: list[dict[str, torch.Tensor]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in losses for name in one)
    return {
        name: float(torch.stack([one[name] for one in losses if name in one]).mean())
        for name in names
    }
