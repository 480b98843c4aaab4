"""Agents that compute each slot by itself, with dice of its own.

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
from ..core.specs import Brief, Embodiment
from .checkpoint import Identity, Scale, digest_of_learnt


class Soloist(abc.ABC):
    """Plays what was learnt.

    Args:
        name: of the learner.
        embodiment: the body it was trained for.
        observations: the fields that it is to be shown.
    """

    dialect = "native"

    def __init__(self, name: str, embodiment: Embodiment, observations: tuple[str, ...]) -> None:
        self.name, self.embodiment, self.observations = name, embodiment, observations
        self._dice: dict[int, torch.Generator] = {}

    @abc.abstractmethod
    def digest(self) -> str:
        """SHA-256 of everything that was learnt: two agents that differ in a bit differ in it."""

    @abc.abstractmethod
    def settle(self) -> None:
        """Turns off what is for learning alone, such as dropout."""

    @abc.abstractmethod
    def play(self, observation: Mapping[str, Any], slot: int, dice: torch.Generator) -> Any:
        """An action for a slot, as the environment takes it."""

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)

    @torch.no_grad()
    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[Any]:
        """An action for each slot, as the environment takes it."""
        self.settle()
        return [
            self.play(observation, slot, self._dice[slot])
            for observation, slot in zip(observations, slots, strict=True)
        ]


class SensingSoloist(Soloist):
    """One that sees what its senses say, and nothing of what was before.

    Args:
        identity: of the training.
        network: what was learnt; is left as it is but for its mode.
        scale: of the states, or None.
    """

    def __init__(self, identity: Identity, network: nn.Module, scale: Scale | None) -> None:
        super().__init__(identity.agent, identity.embodiment, identity.senses.fields)
        self.identity, self.network, self.scale = identity, network, scale
        self.space = space_from_data(identity.action_space)

    @abc.abstractmethod
    def decide(self, tensors: dict[str, Tensor], dice: torch.Generator) -> Any:
        """An action as the environment takes it, from one observation in a batch of one."""

    def digest(self) -> str:
        """SHA-256 of the weights, and of the scale of the states."""
        return digest_of_learnt(self.network.state_dict(), self.scale)

    def settle(self) -> None:
        """Turns off what is for learning alone, such as dropout."""
        self.network.train(False)

    def play(self, observation: Mapping[str, Any], slot: int, dice: torch.Generator) -> Any:
        """An action, from what is seen now."""
        seen = self.identity.senses.read(observation)
        if self.scale is not None:
            seen["state"] = self.scale.apply(seen["state"])
        tensors = {name: torch.from_numpy(np.array(array)[None]) for name, array in seen.items()}
        return self.decide(tensors, dice)
