"""DDPM-BC: behaviour cloning with a diffusion model, which can do one thing or another.

The behaviour model of IDQL (Hansen-Estruch et al. 2023, arXiv 2304.10573) by itself.
"""

from __future__ import annotations

from typing import ClassVar

import torch

from ..bound import Count, Share, Weight
from .diffusion import Diffusion
from .learner import Config, Learner, cosine_rate, descend
from .network import follow, frozen_copy
from .transition import Batch


class DiffusionConfig(Config, frozen=True, kw_only=True):
    """Source: IDQL's repository (github.com/philippe-eecs/IDQL).

    Attributes:
        schedule: of the noise.
        diffusion_steps: from an action to noise.
        blocks: residual blocks of the network.
        average: share of the way the network that acts goes with each update.
    """

    schedule: str = "vp"
    diffusion_steps: Count = 5
    blocks: Count = 3
    average: Share = 0.001
    exploration: Weight = 0.0


class DiffusionCloning(Learner):
    """Learns the distribution of the recorded actions, and draws from it."""

    kind: ClassVar[type[Config]] = DiffusionConfig
    config: DiffusionConfig

    def __init__(
        self, config: DiffusionConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        self.actor = Diffusion(
            observation_size, action_size, config.blocks, config.schedule, config.diffusion_steps
        )
        self.average = frozen_copy(self.actor)
        self.modules = {"actor": self.actor, "average": self.average}
        decayed = torch.optim.AdamW(self.actor.parameters(), lr=config.learning_rate, fused=True)
        self.optimisers = {"actor": decayed}

    def train(self, mode: bool = True) -> None:
        """Turns dropout on or off; the network that acts never has any."""
        super().train(mode)
        self.average.eval()

    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """One step of the actor."""
        return {"actor": self.clone(batch, step)}

    def clone(self, batch: Batch, step: int) -> torch.Tensor:
        """One step towards the recorded actions; the loss."""
        cosine_rate(self.optimisers["actor"], self.config.learning_rate, step, self.steps)
        loss = self.actor.loss(batch.observations, batch.actions).mean()
        told = descend(self.optimisers["actor"], loss)
        follow(self.average, self.actor, self.config.average)
        return told

    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """A draw from what would have been done."""
        return self.average.sample(observations, dice)
