"""Networks of the learners: small, and all of their randomness at the start."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


class MLP(nn.Sequential):
    """Linear layers with ReLU between them.

    Args:
        widths: of the input, of each hidden layer, and of the output.
        dropout: share of hidden units that is left out while training.
    """

    def __init__(self, widths: Sequence[int], dropout: float = 0.0) -> None:
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(itertools.pairwise(widths)):
            layers.append(nn.Linear(before, after))
            if number < len(widths) - 2:
                layers.append(nn.ReLU())
                if dropout:
                    layers.append(nn.Dropout(dropout))
        super().__init__(*layers)


class Value(nn.Module):
    """V(s), `[B]`."""

    def __init__(self, observation_size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.net = MLP((observation_size, *hidden, 1))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The value of each observation."""
        value: torch.Tensor = self.net(observations).squeeze(-1)
        return value


class TwinQ(nn.Module):
    """Two Q(s, a) that begin differently, `[2, B]`."""

    def __init__(self, observation_size: int, action_size: int, hidden: Sequence[int]) -> None:
        super().__init__()
        widths = (observation_size + action_size, *hidden, 1)
        self.first, self.second = MLP(widths), MLP(widths)

    def forward(self, observations: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Both values of each pair."""
        pair = torch.cat([observations, actions], -1)
        return torch.stack([self.first(pair).squeeze(-1), self.second(pair).squeeze(-1)])

    def least(self, observations: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """The lower of the two, `[B]`."""
        return self(observations, actions).amin(0)  # type: ignore[no-any-return]


class Policy(nn.Module):
    """An action in [-1, 1] for each observation: tanh of an MLP."""

    def __init__(
        self,
        observation_size: int,
        action_size: int,
        hidden: Sequence[int],
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.net = MLP((observation_size, *hidden, action_size), dropout)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The actions, `[B, A]`."""
        return torch.tanh(self.net(observations))


def frozen_copy(module: Module) -> Module:
    """A copy that no gradient reaches: a target network."""
    copied = copy.deepcopy(module)
    copied.requires_grad_(False)
    return copied


@torch.no_grad()
def follow(target: nn.Module, source: nn.Module, rate: float) -> None:
    """Moves a target network towards its source by a share of the way."""
    pairs = list(zip(target.parameters(), source.parameters(), strict=True))
    torch._foreach_lerp_([one for one, _ in pairs], [other for _, other in pairs], rate)
