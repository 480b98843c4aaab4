"""TD3+BC: twin delayed actor-critic, held to the data by plain cloning.

Fujimoto and Gu 2021 (arXiv 2106.06860).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional

from ..bound import Count, Share, Weight
from .learner import Config, Learner, bootstrapped, descend
from .network import Policy, TwinQ, follow, frozen_copy
from .transition import Batch


class TD3BCConfig(Config, frozen=True, kw_only=True):
    """Source: the paper's table 3; normalised observations as in its section 4.

    Attributes:
        alpha: weight of the value against cloning.
        noise: deviation of what is added to the target's actions.
        most_noise: where that is cut off.
        delay: critic updates a policy update.
        follow: share of the way target networks go with each policy update.
    """

    alpha: Weight = 2.5
    noise: Weight = 0.2
    most_noise: Weight = 0.5
    delay: Count = 2
    follow: Share = 0.005


class TD3BC(Learner):
    """Deterministic policy gradient with a term that keeps it near the recorded actions."""

    kind: ClassVar[type[Config]] = TD3BCConfig
    config: TD3BCConfig

    def __init__(
        self, config: TD3BCConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        self.policy = Policy(observation_size, action_size, config.hidden)
        self.critic = TwinQ(observation_size, action_size, config.hidden)
        self.policy_target, self.critic_target = frozen_copy(self.policy), frozen_copy(self.critic)
        self.modules = {
            "policy": self.policy, "critic": self.critic,
            "policy_target": self.policy_target, "critic_target": self.critic_target,
        }  # fmt: skip
        self.optimisers = {name: self._adam(name) for name in ("policy", "critic")}

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """The critic; every other time the policy and the targets as well."""
        config = self.config
        with torch.no_grad():
            noise = torch.randn_like(batch.actions) * config.noise
            noise = noise.clamp(-config.most_noise, config.most_noise)
            then = (self.policy_target(batch.next_observations) + noise).clamp(-1, 1)
            ahead = self.critic_target.least(batch.next_observations, then)
            wanted = bootstrapped(batch, ahead, config.discount)
        found = self.critic(batch.observations, batch.actions)
        loss = functional.mse_loss(found, wanted.expand_as(found))
        losses = {"critic": descend(self.optimisers["critic"], loss)}
        if step % config.delay == 0:
            actions = self.policy(batch.observations)
            worth = self.critic(batch.observations, actions)[0]
            # The scale of the values must not decide how much cloning counts.
            weight = config.alpha / worth.abs().mean().detach().clamp(min=1e-6)
            cloning = functional.mse_loss(actions, batch.actions)
            losses["policy"] = descend(self.optimisers["policy"], cloning - weight * worth.mean())
            follow(self.policy_target, self.policy, config.follow)
            follow(self.critic_target, self.critic, config.follow)
        return losses

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The policy's action."""
        return self.policy(observations)  # type: ignore[no-any-return]
