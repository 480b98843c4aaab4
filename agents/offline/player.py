"""A trained learner as an agent of the evaluator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.specs import Brief, Embodiment
from .checkpoint import load_checkpoint
from .learner import Learner
from .past import Past
from .transition import Frame


class TrainedAgent:
    """Plays what a learner has learnt.

    Each slot is computed by itself: the last bits of a matrix product depend on how many rows it
    has, and a score must not depend on the number of slots.

    Args:
        learner: is left as it is but for dropout, which is off while it acts.
        frame: the scales of its numbers.
        embodiment: the body it was trained for.
        name: of the algorithm.
    """

    dialect = "native"

    def __init__(self, learner: Learner, frame: Frame, embodiment: Embodiment, name: str) -> None:
        self.learner, self.frame = learner, frame
        self.embodiment, self.name = embodiment, name
        self.observations: tuple[str, ...] = ("state",)
        if learner.hears_rewards:
            self.observations = ("state", "reward")
        self._dice: dict[int, torch.Generator] = {}
        self._pasts: dict[int, Past] = {}

    @classmethod
    def load(cls, folder: Path) -> TrainedAgent:
        """The agent of a checkpoint's folder.

        Raises:
            BadArgument: no checkpoint is there, or it is damaged.
        """
        # Making the networks draws weights that are then overwritten: nobody's dice are to move.
        with torch.random.fork_rng(devices=[]):
            found = load_checkpoint(folder)
        return cls(found.learner, found.frame, found.identity.embodiment, found.identity.learner)

    def digest(self) -> str:
        """SHA-256 of everything that was learnt: two agents that differ in a bit differ in it."""
        digest = hashlib.sha256()
        for owner, module in sorted(self.learner.modules.items()):
            for name, value in module.state_dict().items():
                digest.update(f"{owner}/{name}\0{tuple(value.shape)}\0".encode())
                digest.update(value.contiguous().numpy().data)
        for array in self.frame:
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)
            self._pasts[slot] = Past()

    def act(
        self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]
    ) -> list[NDArray[np.float32]]:
        """An action for each slot, in the environment's units."""
        self.learner.train(False)
        try:
            return [
                self._one(observation, self._pasts[slot], self._dice[slot])
                for observation, slot in zip(observations, slots, strict=True)
            ]
        finally:
            self.learner.train(True)

    def _one(
        self, observation: Mapping[str, Any], past: Past, dice: torch.Generator
    ) -> NDArray[np.float32]:
        state = np.asarray(observation["state"], np.float32).ravel()
        if state.size != self.learner.observation_size:
            raise BadArgument(
                f"this agent was trained on states of {self.learner.observation_size} numbers; "
                f"the task shows {state.size}"
            )
        if past.actions and self.learner.hears_rewards:
            past.earned(float(observation["reward"]))
        past.see(torch.from_numpy(self.frame.observe(state)[None]))
        action = self.learner.play(past, dice)
        past.did(action[None])
        return self.frame.stretch(action.numpy())
