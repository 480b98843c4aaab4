"""The networks of a clone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from ..offline.network import MLP
from ..perception import Perception, Senses
from .setting import CloningConfig


class Clone(nn.Module):
    """What is to be done: odds of actions in a list, `[B, n]`, or vectors from -1 to 1, `[B, A]`.

    Args:
        senses: what is seen.
        done: the actions.
        config: widths and dropout.
    """

    def __init__(self, senses: Senses, done: spaces.Space[Any], config: CloningConfig) -> None:
        super().__init__()
        self.perception = Perception(senses, config.net, config.width)
        self.listed = isinstance(done, spaces.Discrete)
        size = int(done.n) if isinstance(done, spaces.Discrete) else int(np.prod(done.shape or ()))
        self.head = MLP((self.perception.width, *config.hidden, size), config.dropout)

    def forward(self, seen: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Of each step."""
        out: torch.Tensor = self.head(self.perception(seen))
        return out if self.listed else torch.tanh(out)
