"""One training by cloning, which after a kill goes on to the same last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ...core.errors import BadArgument
from ...core.spaces import space_from_data
from ..checkpoint import Identity, demand_same, load_checkpoint, save_checkpoint
from ..chronicle import Chronicle
from ..offline.learner import configured, cosine_rate, descend
from ..storage import DICE, FILE_NAME, below, optimiser_arrays, restore_optimiser
from .clone import Clone
from .demonstration import Demonstrations
from .player import CloningAgent
from .setting import CONFIGS

OPTIMISER, RANDOM = "optimiser", "random"
"""Where the optimiser's state and that of torch's generator lie among the arrays."""


class CloningTraining:
    """One training in a folder of its own.

    Args:
        folder: must exist; what it holds of the same training is gone on with.
        identity: hyper-parameters, body, senses, data and seed.
        data: what is learnt from.

    Raises:
        PlanMismatch: the folder holds another training.
        BadArgument: its checkpoint is damaged.
    """

    def __init__(self, folder: Path, identity: Identity, data: Demonstrations) -> None:
        self._folder, self._identity, self._data = folder, identity, data
        self._config = configured(CONFIGS[identity.agent], identity.config)
        self._done = space_from_data(identity.action_space)
        self._dice = np.random.default_rng(identity.seed)
        torch.manual_seed(identity.seed)
        self._clone = Clone(identity.senses, self._done, self._config)
        parameters = self._clone.parameters()
        self._adam = torch.optim.Adam(parameters, lr=self._config.learning_rate, fused=True)
        self.step = 0
        if (folder / FILE_NAME).is_file():
            self._resume()

    def _resume(self) -> None:
        found = load_checkpoint(self._folder, CONFIGS)
        demand_same(self._folder, found.identity, self._identity)
        try:
            self._clone.load_state_dict(found.weights)
            restore_optimiser(self._adam, below(found.arrays, OPTIMISER), found.facts["groups"])
            self._dice.bit_generator.state = found.facts[DICE]
        except (RuntimeError, KeyError, ValueError) as error:
            raise BadArgument(f"{self._folder} cannot be gone on with: {error}") from error
        torch.set_rng_state(found.arrays[RANDOM])
        self.step = found.step

    def run(self, chronicle: Chronicle) -> None:
        """Trains to the end.

        Raises:
            TrainingDiverged: the loss is no number any more.
        """
        chronicle.begin(self.step, self)
        while self.step < self._identity.steps:
            self._clone.train()
            loss = self._update()
            self.step += 1
            chronicle.reached(self.step, {"policy": loss}, self)

    def _update(self) -> float:
        config = self._config
        cosine_rate(self._adam, config.learning_rate, self.step, self._identity.steps)
        seen, actions = self._data.sample(config.batch_size, config.shift, self._dice)
        said = self._clone(seen)
        if self._clone.listed:
            loss = functional.cross_entropy(said, actions)
        else:
            loss = (said - actions).square().sum(-1).mean()
        return float(descend(self._adam, loss))

    def agent(self) -> CloningAgent:
        """Plays what has been learnt so far."""
        return CloningAgent(self._identity, self._config, self._clone, self._data.scale)

    def save(self, folder: Path, step: int, whole: bool) -> None:
        """Writes a checkpoint; one that is only to be played leaves out the optimiser."""
        further: dict[str, Any] = {}
        if whole:
            memory = optimiser_arrays(self._adam)
            further = {
                "arrays": {f"{OPTIMISER}/{key}": value for key, value in memory.items()}
                | {RANDOM: torch.get_rng_state()},
                "facts": {"groups": self._adam.state_dict()["param_groups"]},
                "dice": self._dice,
            }
        weights, scale = self._clone.state_dict(), self._data.scale
        save_checkpoint(folder, "cloning", self._identity, step, weights, scale, **further)

    def close(self) -> None:
        """Nothing is open."""
