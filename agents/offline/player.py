"""A trained learner as an agent of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.specs import Brief, Embodiment
from ..checkpoint import digest_of_learnt
from ..soloist import Soloist
from .checkpoint import load_checkpoint
from .learner import Learner
from .past import Past
from .transition import Frame


class TrainedAgent(Soloist):
    """Plays what a learner has learnt, from the past of each slot's episode.

    Args:
        learner: is left as it is but for dropout, which is off once it has acted.
        frame: the scales of its numbers.
        embodiment: the body it was trained for.
        name: of the algorithm.
    """

    def __init__(self, learner: Learner, frame: Frame, embodiment: Embodiment, name: str) -> None:
        fields = ("state", "reward") if learner.hears_rewards else ("state",)
        super().__init__(name, embodiment, fields)
        self.learner, self.frame = learner, frame
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
        """SHA-256 of the weights, and of the scales."""
        weights = {
            f"{owner}/{name}": value
            for owner, module in sorted(self.learner.modules.items())
            for name, value in module.state_dict().items()
        }
        return digest_of_learnt(weights, self.frame)

    def settle(self) -> None:
        """Turns dropout off."""
        self.learner.train(False)

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, and forgets what was."""
        super().reset(slots, briefs)
        self._pasts.update((slot, Past()) for slot in slots)

    def play(
        self, observation: Mapping[str, Any], slot: int, dice: torch.Generator
    ) -> NDArray[np.float32]:
        """An action in the environment's units.

        Raises:
            BadArgument: the state has another size than that which was learnt.
        """
        past = self._pasts[slot]
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
