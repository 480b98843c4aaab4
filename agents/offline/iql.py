"""Implicit Q-learning: an expectile of what was done stands for the best that can be done.

Kostrikov, Nair and Levine 2021 (arXiv 2110.06169).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional

from ..bound import Positive, Share, Weight
from .learner import Config, Learner, bootstrapped, cosine_rate, descend
from .network import Policy, TwinQ, Value, follow, frozen_copy
from .transition import Batch


class ImplicitConfig(Config, frozen=True, kw_only=True):
    """Source: the paper's appendix B, locomotion; D5RL's scripts use expectile 0.5 for pixels.

    Attributes:
        expectile: 0.5 values what was done, towards 1 the best of it.
        temperature: how much more an action counts in the policy for its advantage.
        most_weight: no action counts more than this.
        follow: share of the way target networks go with each update.
        dropout: share of the policy's hidden units left out while training.
    """

    expectile: Share = 0.7
    temperature: Weight = 3.0
    most_weight: Positive = 100.0
    follow: Share = 0.005
    dropout: Share = 0.0


def expectile_loss(difference: torch.Tensor, expectile: float) -> torch.Tensor:
    """Squares of `Q - V`; those above 0 count by the expectile, those below by the rest, `[B]`."""
    weight = torch.where(difference > 0, expectile, 1 - expectile)
    return weight * difference.square()


class ImplicitQ(Learner):
    """Values by expectile regression, then a policy by weighted regression on recorded actions."""

    kind: ClassVar[type[Config]] = ImplicitConfig
    config: ImplicitConfig

    def __init__(
        self, config: ImplicitConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        self.policy = Policy(observation_size, action_size, config.hidden, config.dropout)
        self.critic = TwinQ(observation_size, action_size, config.hidden)
        self.value = Value(observation_size, config.hidden)
        self.target = frozen_copy(self.critic)
        self.modules = {
            "policy": self.policy, "critic": self.critic, "value": self.value,
            "target": self.target,
        }  # fmt: skip
        self.optimisers = {name: self._adam(name) for name in ("policy", "critic", "value")}

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """Value, critic, policy, in this order, each from the other two as they stood."""
        config, losses = self.config, {}
        with torch.no_grad():
            best = self.target.least(batch.observations, batch.actions)
            ahead = self.value(batch.next_observations)
        advantage = best - self.value(batch.observations)
        losses["value"] = descend(
            self.optimisers["value"], expectile_loss(advantage, config.expectile).mean()
        )
        wanted = bootstrapped(batch, ahead, config.discount)
        found = self.critic(batch.observations, batch.actions)
        losses["critic"] = descend(
            self.optimisers["critic"], functional.mse_loss(found, wanted.expand_as(found))
        )
        weight = (config.temperature * advantage.detach()).exp().clamp(max=config.most_weight)
        error = (self.policy(batch.observations) - batch.actions).square().sum(-1)
        cosine_rate(self.optimisers["policy"], config.learning_rate, step, self.steps)
        losses["policy"] = descend(self.optimisers["policy"], (weight * error).mean())
        follow(self.target, self.critic, config.follow)
        return losses

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The mean action."""
        return self.policy(observations)  # type: ignore[no-any-return]
