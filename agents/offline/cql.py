"""Conservative Q-learning, and the calibrated kind that fine-tunes without a fall.

CQL: Kumar et al. 2020 (arXiv 2006.04779). Cal-QL: Nakamoto et al. 2023 (arXiv 2303.05479).
"""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from ..bound import Count, Positive, Share, Weight
from .learner import Config, Learner, bootstrapped, descend
from .network import MLP, TwinQ, follow, frozen_copy
from .past import Past
from .transition import Batch

LOG_SCALE = (-5.0, 2.0)
"""Bounds of the logarithm of the policy's deviation; ours, as is usual for soft actor-critic."""


class ConservativeConfig(Config, frozen=True, kw_only=True):
    """Source: D5RL's scripts (github.com/d5rlbenchmark/d5rl): alpha 5, four actions of each kind.

    Attributes:
        alpha: weight of the conservative term.
        actions: of each kind, drawn at random and from the policy, that are held down.
        policy_rate: learning rate of the policy.
        follow: share of the way the target network goes with each update.
        calibrated: hold no value down below what was in fact earned from there.
    """

    alpha: Weight = 5.0
    actions: Count = 4
    policy_rate: Positive = 1e-4
    follow: Share = 0.005
    calibrated: bool = False
    exploration: Weight = 0.0


class CalibratedConfig(ConservativeConfig, frozen=True, kw_only=True):
    """As above, calibrated: section 4 of Cal-QL."""

    calibrated: bool = True


class Drawn(NamedTuple):
    """Actions from a policy, and the logarithm of their density."""

    actions: torch.Tensor
    density: torch.Tensor


class GaussianPolicy(nn.Module):
    """A normal distribution for each observation, squashed into [-1, 1] by tanh."""

    def __init__(self, observation_size: int, action_size: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.net = MLP((observation_size, *hidden, 2 * action_size))

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Means and logarithms of deviations, before squashing."""
        mean, log_scale = self.net(observations).chunk(2, -1)
        return mean, log_scale.clamp(*LOG_SCALE)

    def draw(self, observations: torch.Tensor) -> Drawn:
        """An action for each observation, through which gradients flow."""
        mean, log_scale = self(observations)
        noise = torch.randn_like(mean)
        raw = mean + log_scale.exp() * noise
        density = -0.5 * noise.square() - log_scale - 0.5 * math.log(2 * math.pi)
        # log(1 - tanh(x)^2), in a form that loses nothing far out.
        squash = 2 * (math.log(2) - raw - functional.softplus(-2 * raw))
        return Drawn(raw.tanh(), (density - squash).sum(-1))


class Conservative(Learner):
    """Soft actor-critic whose critic is pressed down on actions that were not recorded."""

    kind: ClassVar[type[Config]] = ConservativeConfig
    config: ConservativeConfig

    def __init__(
        self, config: ConservativeConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        self.policy = GaussianPolicy(observation_size, action_size, config.hidden)
        self.critic = TwinQ(observation_size, action_size, config.hidden)
        self.target = frozen_copy(self.critic)
        self.entropy = nn.ParameterList([nn.Parameter(torch.zeros(()))])
        self.modules = {
            "policy": self.policy, "critic": self.critic, "target": self.target,
            "entropy": self.entropy,
        }  # fmt: skip
        self.optimisers = {
            "policy": self._adam("policy", rate=config.policy_rate),
            "critic": self._adam("critic"),
            "entropy": self._adam("entropy", rate=config.policy_rate),
        }

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """The critic with its conservative term, then policy and temperature."""
        config = self.config
        wanted = bootstrapped(batch, self._ahead(batch), config.discount)
        found = self.critic(batch.observations, batch.actions)
        bellman = functional.mse_loss(found, wanted.expand_as(found))
        gap = (self._soft_maximum(batch) - found).mean()
        losses = {
            "critic": descend(self.optimisers["critic"], bellman + config.alpha * gap),
            "gap": gap.detach(),
        }
        drawn = self.policy.draw(batch.observations)
        temperature = self.entropy[0].exp()
        worth = self.critic.least(batch.observations, drawn.actions)
        loss = (temperature.detach() * drawn.density - worth).mean()
        losses["policy"] = descend(self.optimisers["policy"], loss)
        # Soft actor-critic's target: as many nats of entropy, negative, as actions have numbers.
        slack = drawn.density.detach() - self.action_size
        descend(self.optimisers["entropy"], -(temperature * slack).mean())
        follow(self.target, self.critic, config.follow)
        return losses

    @torch.no_grad()
    def _ahead(self, batch: Batch) -> torch.Tensor:
        """Value of the next observation: the best of several of the policy's actions, `[B]`."""
        drawn = [
            self.policy.draw(batch.next_observations).actions for _ in range(self.config.actions)
        ]
        values = [self.target.least(batch.next_observations, actions) for actions in drawn]
        return torch.stack(values).amax(0)

    def _soft_maximum(self, batch: Batch) -> torch.Tensor:
        """Logarithm of the mean of `exp Q` over all actions, by importance sampling, `[2, B]`."""
        repeats, size = self.config.actions, self.action_size
        values = []
        for _ in range(repeats):
            uniform = torch.rand_like(batch.actions) * 2 - 1
            worth = self.critic(batch.observations, uniform)
            values.append(worth + size * math.log(2))  # Less the density of a cube of side 2.
            with torch.no_grad():
                actions, density = self.policy.draw(batch.observations)
            worth = self.critic(batch.observations, actions)
            if self.config.calibrated:
                worth = torch.maximum(worth, batch.returns)
            values.append(worth - density)
        return torch.stack(values).logsumexp(0) - math.log(len(values))

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The mean action."""
        return torch.tanh(self.policy(observations)[0])

    @torch.no_grad()
    def explore(self, past: Past, dice: torch.Generator) -> torch.Tensor:
        """A draw from the policy."""
        mean, log_scale = self.policy(past.observations[-1])
        noise = torch.randn(mean.shape, generator=dice)
        return torch.tanh(mean + log_scale.exp() * noise)[0]


class Calibrated(Conservative):
    """Conservative Q-learning that holds no value down below the recorded return."""

    kind: ClassVar[type[Config]] = CalibratedConfig
