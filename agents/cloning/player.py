"""What was cloned, as an agent of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from ...core.errors import BadArgument
from ...core.spaces import space_from_data
from ...core.specs import Brief
from ..checkpoint import Identity, Scale, digest_of_learnt, load_checkpoint
from .clone import Clone
from .setting import CONFIGS, CloningConfig


class CloningAgent:
    """Plays what was cloned, each slot by itself: a score must not depend on their number.

    Args:
        identity: of the training.
        config: its hyper-parameters.
        clone: the networks; are left as they are but for their mode.
        scale: of the states, or None.
    """

    dialect = "native"

    def __init__(
        self, identity: Identity, config: CloningConfig, clone: nn.Module, scale: Scale | None
    ) -> None:
        self.identity, self.clone, self.scale = identity, clone, scale
        self.name, self.embodiment = identity.agent, identity.embodiment
        self.observations = identity.senses.fields
        self.image_size = list(identity.senses.picture[:2]) or None
        self._space, self._greedy = space_from_data(identity.action_space), config.greedy
        self._dice: dict[int, torch.Generator] = {}

    @classmethod
    def load(cls, folder: Path) -> CloningAgent:
        """The agent of a checkpoint's folder.

        Raises:
            BadArgument: no checkpoint is there, or it is damaged or of another version.
        """
        found = load_checkpoint(folder, CONFIGS)
        space = space_from_data(found.identity.action_space)
        # Making the networks draws weights that are then overwritten: nobody's dice are to move.
        with torch.random.fork_rng(devices=[]):
            clone = Clone(found.identity.senses, space, found.config)
        try:
            clone.load_state_dict(found.weights)
        except RuntimeError as error:
            raise BadArgument(f"{folder} was made by another version: {error}") from error
        return cls(found.identity, found.config, clone, found.scale)

    def digest(self) -> str:
        """SHA-256 of everything that was learnt."""
        return digest_of_learnt(self.clone.state_dict(), self.scale)

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)

    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[Any]:
        """An action for each slot, as the environment takes it."""
        self.clone.eval()
        return [
            self._one(observation, self._dice[slot])
            for observation, slot in zip(observations, slots, strict=True)
        ]

    @torch.no_grad()
    def _one(self, observation: Mapping[str, Any], dice: torch.Generator) -> Any:
        seen = self.identity.senses.read(observation)
        if self.scale is not None:
            seen["state"] = self.scale.apply(seen["state"])
        tensors = {name: torch.from_numpy(np.array(array)[None]) for name, array in seen.items()}
        if "rgb" in tensors:
            tensors["rgb"] = tensors["rgb"].float() / 255
        said = self.clone(tensors)[0]
        space = self._space
        if isinstance(space, spaces.Discrete):
            if self._greedy:
                return np.int64(said.argmax().item())
            return np.int64(torch.multinomial(said.softmax(0), 1, generator=dice).item())
        assert isinstance(space, spaces.Box)
        share = (said.numpy() + 1) / 2
        whole = space.low + share * (space.high - space.low)
        return np.clip(whole, space.low, space.high).astype(space.dtype)
