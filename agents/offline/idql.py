"""IDQL: a diffusion model proposes what would have been done, a critic of IQL's kind chooses.

Hansen-Estruch et al. 2023 (arXiv 2304.10573): an implicit critic, whichever loss it has, is the
value of a policy that weighs recorded actions; drawing from the behaviour and weighing the draws
gives that policy without ever having trained it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import torch
from torch.nn import functional

from ...core.errors import BadArgument
from ..bound import Count, Share, Weight
from .ddpm_bc import DiffusionCloning, DiffusionConfig
from .iql import expectile_loss
from .learner import Config, bootstrapped, descend
from .network import TwinQ, Value, follow, frozen_copy
from .transition import Batch

LARGEST_EXPONENT = 6.0
"""The largest exponent of the exponential critic; beyond it the slope grows no further."""

SMALLEST_ADVANTAGE = 1e-6
"""Weights divide by the advantage; ours, against division by zero."""


class IDQLConfig(DiffusionConfig, frozen=True, kw_only=True):
    """Source: the paper's section 5 and its repository (github.com/philippe-eecs/IDQL).

    Attributes:
        critic: ``expectile``, ``quantile`` or ``exponential``.
        tau: of the expectile or quantile; 0.7 for locomotion, 0.9 for mazes.
        alpha: of the exponential.
        samples: N, actions that are proposed.
        choice: ``argmax`` takes the one of most value, ``implicit`` draws by the critic's weights.
        follow: share of the way the target network goes with each update.
    """

    critic: str = "expectile"
    tau: Share = 0.7
    alpha: Weight = 1.0
    samples: Count = 64
    choice: str = "argmax"
    follow: Share = 0.005


def quantile_loss(difference: torch.Tensor, tau: float) -> torch.Tensor:
    """Distances of `Q - V`; those above 0 count by tau, those below by the rest, `[B]`."""
    return torch.where(difference > 0, tau, 1 - tau) * difference.abs()


def exponential_loss(difference: torch.Tensor, alpha: float) -> torch.Tensor:
    """`exp(alpha u) - alpha u`: its slope is `alpha (exp(alpha u) - 1)`, cut off from above, `[B]`.

    Beyond the cut it goes on along the tangent, so that its slope never grows further.
    """
    exponent = alpha * difference
    cut = torch.tensor(LARGEST_EXPONENT, dtype=exponent.dtype)
    tangent = cut.exp() * (1 + exponent - cut)
    return torch.where(exponent > cut, tangent, exponent.clamp(max=cut.item()).exp()) - exponent


def implied_weights(advantages: torch.Tensor, config: IDQLConfig) -> torch.Tensor:
    """How much each action counts in the policy that a critic is the value of, `[N]`.

    `|U'(A)| / |A|` for the critic's loss U: equation 8 of the paper.
    """
    size = advantages.abs().clamp(min=SMALLEST_ADVANTAGE)
    sided = torch.where(advantages > 0, config.tau, 1 - config.tau)
    if config.critic == "expectile":
        return sided
    if config.critic == "quantile":
        return sided / size
    exponent = (config.alpha * advantages).clamp(max=LARGEST_EXPONENT)
    # Near 0 the quotient tends to alpha squared; as written it would be 0 there.
    slope = (config.alpha * exponent.expm1()).abs() / size
    return torch.where(advantages.abs() < SMALLEST_ADVANTAGE, config.alpha**2, slope)


LOSSES: Mapping[str, Callable[[torch.Tensor, IDQLConfig], torch.Tensor]] = MappingProxyType(
    {
        "expectile": lambda difference, config: expectile_loss(difference, config.tau),
        "quantile": lambda difference, config: quantile_loss(difference, config.tau),
        "exponential": lambda difference, config: exponential_loss(difference, config.alpha),
    }
)
"""By name, the loss of the value against the target's Q."""


class IDQL(DiffusionCloning):
    """The behaviour model of DDPM-BC, an implicit critic beside it, and a choice between draws."""

    kind: ClassVar[type[Config]] = IDQLConfig
    config: IDQLConfig

    def __init__(
        self, config: IDQLConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        if config.critic not in LOSSES:
            raise BadArgument(f"no critic '{config.critic}'; choose one of: {', '.join(LOSSES)}")
        if config.choice not in ("argmax", "implicit"):
            raise BadArgument(f"choice is '{config.choice}'; it is argmax or implicit")
        super().__init__(config, observation_size, action_size, steps)
        self.critic = TwinQ(observation_size, action_size, config.hidden)
        self.value = Value(observation_size, config.hidden)
        self.target = frozen_copy(self.critic)
        self.modules |= {"critic": self.critic, "value": self.value, "target": self.target}
        self.optimisers |= {name: self._adam(name) for name in ("critic", "value")}

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """Value, critic and actor; the actor hears nothing of the others."""
        return {**self.update_online(batch, step), "actor": self.clone(batch, step)}

    def update_online(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """Value and critic alone: D5RL's scripts leave the actor as cloned."""
        config, losses = self.config, {}
        with torch.no_grad():
            best = self.target.least(batch.observations, batch.actions)
            ahead = self.value(batch.next_observations)
        difference = best - self.value(batch.observations)
        loss = LOSSES[config.critic](difference, config).mean()
        losses["value"] = descend(self.optimisers["value"], loss)
        wanted = bootstrapped(batch, ahead, config.discount)
        found = self.critic(batch.observations, batch.actions)
        loss = functional.mse_loss(found, wanted.expand_as(found))
        losses["critic"] = descend(self.optimisers["critic"], loss)
        follow(self.target, self.critic, config.follow)
        return losses

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """For each observation, one of N draws from the behaviour."""
        return torch.cat([self._choose(one[None], dice) for one in observations])

    def _choose(self, observation: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        seen = observation.expand(self.config.samples, -1)
        proposed = self.average.sample(seen, dice)
        worth = self.target.least(seen, proposed)
        if self.config.choice == "argmax" or self.config.samples == 1:
            place = worth.argmax()[None]
        else:
            weights = implied_weights(worth - self.value(seen), self.config)
            place = torch.multinomial(weights, 1, generator=dice)
        return proposed[place]
