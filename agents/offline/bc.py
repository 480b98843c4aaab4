"""Behaviour cloning: do as was done, and its stricter sister that learns from the best tenth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch

from ...core.trajectory import Trajectory
from .learner import Config, Learner, cosine_rate, descend
from .network import Policy
from .transition import Batch


class CloningConfig(Config, frozen=True, kw_only=True):
    """Source: D5RL's scripts for A1 (github.com/d5rlbenchmark/d5rl): 256x2, dropout 0.1, 1e-3.

    Attributes:
        dropout: share of hidden units left out while training.
        best: share of the episodes, by total reward, that is learnt from.
    """

    learning_rate: float = 1e-3
    dropout: float = 0.1
    best: float = 1.0


class BestTenthConfig(CloningConfig, frozen=True, kw_only=True):
    """Source: "10% BC" of Chen et al. 2021 (arXiv 2106.01345, section 5.1)."""

    best: float = 0.1


class BehaviourCloning(Learner):
    """Least squares on the actions: the likelihood of a Gaussian of fixed width."""

    kind: ClassVar[type[Config]] = CloningConfig
    config: CloningConfig

    def __init__(
        self, config: CloningConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        self.policy = Policy(observation_size, action_size, config.hidden, config.dropout)
        self.modules = {"policy": self.policy}
        self.optimisers = {"policy": self._adam("policy")}

    def choose(self, trajectories: Sequence[Trajectory]) -> Sequence[Trajectory]:
        """The share of episodes with the most reward; of equals the earlier."""
        count = max(1, math.ceil(self.config.best * len(trajectories)))
        order = sorted(range(len(trajectories)), key=lambda n: -trajectories[n].total_reward)
        return [trajectories[number] for number in sorted(order[:count])]

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """One step towards the recorded actions."""
        cosine_rate(self.optimisers["policy"], self.config.learning_rate, step, self.steps)
        error = self.policy(batch.observations) - batch.actions
        return {"policy": descend(self.optimisers["policy"], error.square().sum(-1).mean())}

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The mean action."""
        return self.policy(observations)  # type: ignore[no-any-return]


class BestTenth(BehaviourCloning):
    """Behaviour cloning of the tenth of the episodes that earned most."""

    kind: ClassVar[type[Config]] = BestTenthConfig
