"""The loop: draw, update, practise. A killed training goes on to the same last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ...core.errors import BadArgument
from ...core.files import sweep
from ..checkpoint import demand_same
from ..chronicle import Chronicle, Evaluate, Outcome, Played, Watcher
from ..storage import FILE_NAME
from .checkpoint import Identity, load_checkpoint, make_learner, save_checkpoint
from .learner import Learner
from .player import TrainedAgent
from .practice import FOLDER as PRACTICE
from .practice import Practice, Standing, World
from .protocol import Protocol
from .transition import Frame, Transitions


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
        sweep(folder / PRACTICE)  # What a kill left in the midst of a write.
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

    def _resume(self) -> Standing | None:
        found = load_checkpoint(self._folder)
        demand_same(self._folder, found.identity, self._identity)
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
            TrainingDiverged: a loss is no number any more; the checkpoint is of before.
        """

        def played(agent: TrainedAgent, step: int, count: int) -> Played:
            found = evaluate(agent, step, count)
            self.learner.train(True)
            return found

        chronicle = Chronicle(self._folder, self._protocol, played, watcher)
        self.learner.train(True)
        chronicle.begin(self.step, self)
        if self._note:
            chronicle.noted(self._note)
        while self.step < self._protocol.steps:
            figures = self._update()
            self.step += 1
            chronicle.reached(self.step, figures, self)
        return chronicle.outcome()

    def _update(self) -> dict[str, float]:
        """One update, after a step in the world if it is an online one; what is to be logged."""
        online, told = self.step >= self._protocol.offline, {}
        if online:
            assert self._practice is not None
            earned = self._practice.step()
            if earned is not None:
                told["return"] = earned
        batch = self.learner.draw(self._data, self._dice)
        update = self.learner.update_online if online else self.learner.update
        losses = update(batch, self.step)
        return {**{name: float(loss) for name, loss in losses.items()}, **told}

    def agent(self) -> TrainedAgent:
        """Plays what has been learnt so far."""
        identity = self._identity
        return TrainedAgent(self.learner, self._frame, identity.embodiment, identity.learner)

    def save(self, folder: Path, step: int, whole: bool) -> None:
        """Writes a checkpoint; one that is only to be played leaves out practice."""
        standing = self._practice.stand() if whole and self._practice else None
        save_checkpoint(
            folder, self._identity, self.learner, self._frame, step, self._dice, standing
        )
