"""Proximal policy optimisation: advantages, the clipped objective, and returns on one scale.

Schulman et al. 2017 (arXiv 1707.06347); generalised advantages of Schulman et al. 2015 (arXiv
1506.02438, equation 16); PopArt of van Hasselt et al. 2016 (arXiv 1602.07714).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import torch
from torch import Tensor, nn

from ..bound import Count, Positive, Share, Weight


class PpoSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of PPO.

    The defaults are LLaRP's: github.com/apple/ml-llarp, and where that says nothing those of
    habitat-baselines, which it builds on.

    Attributes:
        rollout: steps of every environment between updates.
        epochs: times that a rollout is learnt from.
        minibatches: parts that it is cut into.
        clip: how far the ratio of probabilities may move.
        learning_rate: of AdamW.
        epsilon: of AdamW.
        weight_decay: of AdamW.
        discount: of future rewards.
        trace: lambda of the generalised advantages.
        value_weight: of the value's loss.
        clip_value: whether a value may move no further than ``clip`` from what it was.
        entropy_weight: of the entropy.
        normalise: give the advantages of a rollout mean 0 and deviation 1.
        gradient_norm: the longest step.
    """

    rollout: Count = 32
    epochs: Count = 2
    minibatches: Count = 8
    clip: Positive = 0.2
    learning_rate: Positive = 3e-4
    epsilon: Positive = 1e-5
    weight_decay: Weight = 0.01
    discount: Share = 0.99
    trace: Share = 0.95
    value_weight: Weight = 0.5
    clip_value: bool = True
    entropy_weight: Weight = 0.01
    normalise: bool = False
    gradient_norm: Positive = 0.2


class Losses(NamedTuple):
    """Of one minibatch.

    Attributes:
        total: what is descended.
        policy: the clipped objective.
        value: of the value.
        entropy: mean over the steps.
        moved: mean of how far the logarithms of probabilities moved.
    """

    total: Tensor
    policy: Tensor
    value: Tensor
    entropy: Tensor
    moved: Tensor


def advantages_of(
    rewards: Tensor,
    values: Tensor,
    ended: Tensor,
    last: Tensor,
    discount: float,
    trace: float,
) -> Tensor:
    """Generalised advantages `[T, N]`.

    Args:
        rewards: `[T, N]`; where an episode was cut by its horizon, with what was still to be hoped
            for added by the caller.
        values: of the states in which was acted, `[T, N]`.
        ended: whether the episode ended with that step, `[T, N]`.
        last: value of the state after the last step, `[N]`.
        discount: of future rewards.
        trace: lambda.
    """
    found = torch.zeros_like(rewards)
    running, following = torch.zeros_like(last), last
    for step in range(len(rewards) - 1, -1, -1):
        going = (~ended[step]).to(rewards.dtype)
        surprise = rewards[step] + discount * following * going - values[step]
        running = surprise + discount * trace * going * running
        found[step], following = running, values[step]
    return found


def clipped_losses(
    setting: PpoSetting,
    log_probs: Tensor,
    entropies: Tensor,
    values: Tensor,
    old_log_probs: Tensor,
    old_values: Tensor,
    advantages: Tensor,
    returns: Tensor,
) -> Losses:
    """The losses over some steps, all `[N]`."""
    moved = log_probs - old_log_probs
    ratio = moved.exp()
    clipped = ratio.clamp(1 - setting.clip, 1 + setting.clip)
    policy = -torch.minimum(ratio * advantages, clipped * advantages).mean()
    error = (values - returns).square()
    if setting.clip_value:
        near = old_values + (values - old_values).clamp(-setting.clip, setting.clip)
        error = torch.maximum(error, (near - returns).square())
    value, entropy = 0.5 * error.mean(), entropies.mean()
    total = policy + setting.value_weight * value - setting.entropy_weight * entropy
    return Losses(total, policy, value, entropy, moved.abs().mean())


class PopArt(nn.Module):
    """The last layer of values for several worlds, each with its own scale of returns.

    Its outputs have deviation 1 about mean 0 in every world; when the scale of a world moves, the
    layer's rows move against it, so that what it says in the world's own unit stays as it was. The
    first returns of a world set its scale at once, and the rows stay: they have said nothing yet
    that is to be kept, and a mean that they had to unlearn would cost thousands of small steps.

    Args:
        width: of what comes in.
        worlds: how many.
        rate: share of the way that a scale moves towards a batch's.
    """

    mean: Tensor
    square: Tensor
    known: Tensor

    def __init__(self, width: int, worlds: int, rate: float = 3e-2) -> None:
        super().__init__()
        self.layer, self.rate = nn.Linear(width, worlds), rate
        self.register_buffer("mean", torch.zeros(worlds))
        self.register_buffer("square", torch.ones(worlds))
        self.register_buffer("known", torch.zeros(worlds, dtype=torch.bool))

    @property
    def deviation(self) -> Tensor:
        """Of the returns of each world, at least a ten thousandth."""
        return (self.square - self.mean.square()).clamp(min=1e-8).sqrt()

    def forward(self, features: Tensor, worlds: Tensor) -> Tensor:
        """Values on the common scale `[N]` of features `[N, D]` in worlds `[N]`."""
        found: Tensor = self.layer(features).gather(1, worlds[:, None])[:, 0]
        return found

    def restore(self, scaled: Tensor, worlds: Tensor) -> Tensor:
        """Values in the worlds' own units."""
        return scaled * self.deviation[worlds] + self.mean[worlds]

    def scale(self, returns: Tensor, worlds: Tensor) -> Tensor:
        """Returns on the common scale."""
        return (returns - self.mean[worlds]) / self.deviation[worlds]

    @torch.no_grad()
    def observe(self, returns: Tensor, worlds: Tensor) -> None:
        """Moves each world's scale towards that of returns `[N]`, and the layer against it."""
        mean, deviation = self.mean.clone(), self.deviation.clone()
        for world in sorted(set(worlds.tolist())):
            seen, rate = returns[worlds == world], self.rate if self.known[world] else 1.0
            self.mean[world] += rate * (seen.mean() - self.mean[world])
            self.square[world] += rate * (seen.square().mean() - self.square[world])
        now, old = self.deviation, self.known.clone()
        self.known[worlds] = True
        weight = self.layer.weight * (deviation / now)[:, None]
        bias = (deviation * self.layer.bias + mean - self.mean) / now
        self.layer.weight.copy_(torch.where(old[:, None], weight, self.layer.weight))
        self.layer.bias.copy_(torch.where(old, bias, self.layer.bias))
