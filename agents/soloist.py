"""An agent that computes each slot by itself, with dice of its own.

The last bits of a matrix product depend on how many rows it has, and a score must not depend on the
number of slots.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.spaces import space_from_data
from ..core.specs import Brief
from .checkpoint import Identity, Scale, digest_of_learnt


class Soloist(abc.ABC):
    """Plays what was learnt.

    Args:
        identity: of the training.
        network: what was learnt; is left as it is but for its mode.
        scale: of the states, or None.
    """

    dialect = "native"

    def __init__(self, identity: Identity, network: nn.Module, scale: Scale | None) -> None:
        self.identity, self.network, self.scale = identity, network, scale
        self.name, self.embodiment = identity.agent, identity.embodiment
        self.observations = identity.senses.fields
        self.space = space_from_data(identity.action_space)
        self._dice: dict[int, torch.Generator] = {}

    @abc.abstractmethod
    def decide(self, tensors: dict[str, Tensor], dice: torch.Generator) -> Any:
        """An action as the environment takes it, from one observation in a batch of one."""

    def digest(self) -> str:
        """SHA-256 of everything that was learnt: two agents that differ in a bit differ in it."""
        return digest_of_learnt(self.network.state_dict(), self.scale)

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)

    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[Any]:
        """An action for each slot, as the environment takes it."""
        self.network.train(False)
        with torch.no_grad():
            return [
                self.decide(self._read(observation), self._dice[slot])
                for observation, slot in zip(observations, slots, strict=True)
            ]

    def _read(self, observation: Mapping[str, Any]) -> dict[str, Tensor]:
        seen = self.identity.senses.read(observation)
        if self.scale is not None:
            seen["state"] = self.scale.apply(seen["state"])
        return {name: torch.from_numpy(np.array(array)[None]) for name, array in seen.items()}
