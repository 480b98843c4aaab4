"""Denoising diffusion of actions: schedules, the noise predictor, sampling.

Ho, Jain and Abbeel 2020 (arXiv 2006.11239); the network is LN-ResNet of IDQL (Hansen-Estruch et
al. 2023, arXiv 2304.10573).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from ...core.errors import BadArgument

VP_LEAST, VP_MOST = 0.1, 10.0
"""Ends of the variance-preserving schedule: IDQL's ``vp_beta_schedule``."""

COSINE_OFFSET = 0.008
"""Nichol and Dhariwal 2021 (arXiv 2102.09672, section 3.2)."""

LARGEST_BETA = 0.999
"""Where the cosine schedule is cut off, in the same place."""

TIME_SIZE, CONDITION = 64, (128, 128)
"""Fourier features of the time, and the layers over them: IDQL's ``ddpm_iql_learner.py``."""

BLOCK_SIZE, DROPOUT = 256, 0.1
"""Width of a residual block and the share it leaves out while training: IDQL's LN-ResNet."""


def betas(schedule: str, count: int) -> torch.Tensor:
    """How much noise each of the steps adds, `[T]`, float64.

    Args:
        schedule: ``vp``, ``cosine`` or ``linear``.
        count: T, steps.

    Raises:
        BadArgument: no such schedule, or no step.
    """
    if count < 1:
        raise BadArgument(f"a diffusion of {count} steps; it must have at least 1")
    time = torch.arange(1, count + 1, dtype=torch.float64)
    if schedule == "vp":
        kept = -VP_LEAST / count - 0.5 * (VP_MOST - VP_LEAST) * (2 * time - 1) / count**2
        return 1 - kept.exp()
    if schedule == "cosine":
        share = torch.arange(count + 1, dtype=torch.float64) / count
        left = ((share + COSINE_OFFSET) / (1 + COSINE_OFFSET) * math.pi / 2).cos().square()
        return (1 - left[1:] / left[:-1]).clamp(0, LARGEST_BETA)
    if schedule == "linear":
        return torch.linspace(1e-4, 2e-2, count, dtype=torch.float64)
    raise BadArgument(f"no schedule '{schedule}'; choose one of: vp, cosine, linear")


class Block(nn.Module):
    """Dropout, normalisation, four times as wide and back, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Dropout(DROPOUT),
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.Mish(),
            nn.Linear(4 * width, width),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """The features, changed a little."""
        return features + self.net(features)  # type: ignore[no-any-return]


class NoisePredictor(nn.Module):
    """The noise in an action, from the noisy action, the observation and the time.

    Args:
        observation_size: numbers in an observation.
        action_size: numbers in an action.
        blocks: residual blocks.
    """

    def __init__(self, observation_size: int, action_size: int, blocks: int) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(0.2 * torch.randn(TIME_SIZE // 2))
        first, second = CONDITION
        self.condition = nn.Sequential(
            nn.Linear(TIME_SIZE, first), nn.Mish(), nn.Linear(first, second)
        )
        self.entry = nn.Linear(action_size + observation_size + second, BLOCK_SIZE)
        self.blocks = nn.Sequential(*(Block(BLOCK_SIZE) for _ in range(blocks)))
        self.exit = nn.Linear(BLOCK_SIZE, action_size)
        for layer in (self.entry, self.exit):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, observations: torch.Tensor, noisy: torch.Tensor, time: torch.Tensor
    ) -> torch.Tensor:
        """The noise, `[B, A]`; ``time`` is `[B]`, from 0."""
        turns = 2 * math.pi * time[:, None].float() * self.frequencies
        condition = self.condition(torch.cat([turns.cos(), turns.sin()], -1))
        entered = self.entry(torch.cat([noisy, observations, condition], -1))
        noise: torch.Tensor = self.exit(nn.functional.mish(self.blocks(entered)))
        return noise


class Diffusion(nn.Module):
    """A noise predictor with its schedule.

    Args:
        observation_size: numbers in an observation.
        action_size: numbers in an action.
        blocks: residual blocks.
        schedule: a name that ``betas`` knows.
        steps: T.
    """

    betas: torch.Tensor
    kept: torch.Tensor

    def __init__(
        self, observation_size: int, action_size: int, blocks: int, schedule: str, steps: int
    ) -> None:
        super().__init__()
        self.net = NoisePredictor(observation_size, action_size, blocks)
        self.action_size = action_size
        added = betas(schedule, steps)
        self.register_buffer("betas", added.float(), persistent=False)
        self.register_buffer("kept", (1 - added).cumprod(0).float(), persistent=False)

    def loss(self, observations: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Squared error of the predicted noise, summed over an action's numbers, `[B]`."""
        time = torch.randint(0, len(self.betas), (len(actions),))
        noise = torch.randn_like(actions)
        kept = self.kept[time][:, None]
        noisy = kept.sqrt() * actions + (1 - kept).sqrt() * noise
        return (self.net(observations, noisy, time) - noise).square().sum(-1)  # type: ignore[no-any-return]

    @torch.no_grad()
    def sample(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """An action for each observation, `[B, A]`: ancestral sampling, held to [-1, 1]."""
        shape = (len(observations), self.action_size)
        actions = torch.randn(shape, generator=dice)
        for time in reversed(range(len(self.betas))):
            beta, kept = self.betas[time], self.kept[time]
            noise = self.net(observations, actions, torch.full((shape[0],), time))
            actions = (actions - beta / (1 - kept).sqrt() * noise) / (1 - beta).sqrt()
            if time:
                actions = actions + beta.sqrt() * torch.randn(shape, generator=dice)
            actions = actions.clamp(-1, 1)
        return actions
