"""What was cloned, as an agent of the evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from ...core.errors import BadArgument
from ...core.spaces import space_from_data
from ..checkpoint import Identity, Scale, load_checkpoint
from ..soloist import SensingSoloist
from .clone import Clone
from .setting import CONFIGS, CloningConfig


class CloningAgent(SensingSoloist):
    """Plays what was cloned.

    Args:
        identity: of the training.
        config: its hyper-parameters.
        clone: the networks; are left as they are but for their mode.
        scale: of the states, or None.
    """

    def __init__(
        self, identity: Identity, config: CloningConfig, clone: nn.Module, scale: Scale | None
    ) -> None:
        super().__init__(identity, clone, scale)
        self.image_size = list(identity.senses.picture[:2]) or None
        self._greedy = config.greedy

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

    def decide(self, tensors: dict[str, Tensor], dice: torch.Generator) -> Any:
        """The likeliest action, or one drawn; of vectors the one that was cloned."""
        if "rgb" in tensors:
            tensors = {**tensors, "rgb": tensors["rgb"].float() / 255}
        said, space = self.network(tensors)[0], self.space
        if isinstance(space, spaces.Discrete):
            if self._greedy:
                return np.int64(said.argmax().item())
            return np.int64(torch.multinomial(said.softmax(0), 1, generator=dice).item())
        assert isinstance(space, spaces.Box)
        share = (said.numpy() + 1) / 2
        whole = space.low + share * (space.high - space.low)
        return np.clip(whole, space.low, space.high).astype(space.dtype)
