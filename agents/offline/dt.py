"""Decision Transformer: what to do next, given what is still to be earned.

Chen et al. 2021 (arXiv 2106.01345): a causal transformer over returns to go, observations and
actions, trained to name the action; it is played by asking for a high return.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import nn

from ...core.errors import BadArgument
from ..bound import Count, Positive, Share, Weight
from .learner import Config, Learner, descend
from .past import Past
from .transition import Transitions

LONGEST = 1000
"""Steps of an episode that have a place of their own; later ones share the last: ``max_ep_len`` of
the authors' ``gym/experiment.py``."""


class TransformerConfig(Config, frozen=True, kw_only=True):
    """Source: ``gym/experiment.py`` of github.com/kzl/decision-transformer.

    ``hidden`` says nothing here, ``width`` does; ``discount`` must stay 1.

    Attributes:
        context: K, steps that it looks back.
        width: of the embeddings.
        layers: blocks.
        heads: of attention.
        dropout: share left out while training.
        decay: of the weights.
        warm_up: updates over which the learning rate rises.
        most_gradient: norm at which gradients are cut: ``training/seq_trainer.py``, same place.
        target: return that is asked for; None asks for the highest among the data.
    """

    learning_rate: Positive = 1e-4
    batch_size: Count = 64
    discount: float = 1.0
    context: Count = 20
    width: Count = 128
    layers: Count = 3
    heads: Count = 1
    dropout: Share = 0.1
    decay: Weight = 1e-4
    warm_up: int = 10_000
    most_gradient: Positive = 0.25
    target: float | None = None


class Stretch(NamedTuple):
    """Some stretches of episodes, K steps each at most.

    Attributes:
        returns: `[B, K]`, to go, scaled.
        observations: `[B, K, D]`.
        actions: `[B, K, A]`.
        places: `[B, K]`, numbers of the steps in their episodes.
        there: `[B, K]` of bool: False beyond the end of an episode.
    """

    returns: torch.Tensor
    observations: torch.Tensor
    actions: torch.Tensor
    places: torch.Tensor
    there: torch.Tensor


class CausalTransformer(nn.Module):
    """From a stretch to the action at each of its steps.

    A step is three tokens, return, observation, action; each sees those before it. The action is
    read off the observation's.
    """

    def __init__(self, config: TransformerConfig, observation_size: int, action_size: int) -> None:
        super().__init__()
        width = config.width
        self.place = nn.Embedding(LONGEST, width)
        self.returns = nn.Linear(1, width)
        self.observation = nn.Linear(observation_size, width)
        self.action = nn.Linear(action_size, width)
        self.entry = nn.LayerNorm(width)
        block = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, config.dropout, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(
            block, config.layers, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.exit = nn.Linear(width, action_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, stretch: Stretch) -> torch.Tensor:
        """The actions, `[B, K, A]`, each without having seen the one in its place."""
        place = self.place(stretch.places.clamp(max=LONGEST - 1))
        tokens = torch.stack(
            [
                self.returns(stretch.returns[..., None]) + place,
                self.observation(stretch.observations) + place,
                self.action(stretch.actions) + place,
            ],
            2,
        ).flatten(1, 2)
        length = tokens.shape[1]
        ahead = torch.ones(length, length, dtype=torch.bool).triu(1)
        seen = self.blocks(self.dropout(self.entry(tokens)), mask=ahead)
        return torch.tanh(self.exit(seen[:, 1::3]))


class Aim(nn.Module):
    """What is asked for, and the scale of it, learnt from the data before the first update."""

    target: torch.Tensor
    scale: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("target", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))


class DecisionTransformer(Learner):
    """Sequence modelling in place of values."""

    kind: ClassVar[type[Config]] = TransformerConfig
    config: TransformerConfig
    hears_rewards: ClassVar[bool] = True

    def __init__(
        self, config: TransformerConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        if config.width % config.heads:
            raise BadArgument(
                f"width is {config.width}, heads {config.heads}; the heads must divide the width"
            )
        if config.discount != 1.0:
            raise BadArgument(f"discount is {config.discount}; returns to go are not discounted")
        super().__init__(config, observation_size, action_size, steps)
        self.transformer = CausalTransformer(config, observation_size, action_size)
        self.aim = Aim()
        self.modules = {"transformer": self.transformer, "aim": self.aim}
        adam = torch.optim.AdamW(
            self.transformer.parameters(),
            lr=config.learning_rate,
            weight_decay=config.decay,
            fused=True,
        )
        self.optimisers = {"transformer": adam}

    def begin(self, data: Transitions) -> None:
        """Takes the highest return among the data for what to ask, the largest for the scale."""
        returns = data.take(np.asarray(data.starts[:-1])).returns
        target = self.config.target
        self.aim.target.fill_(returns.max() if target is None else target)
        self.aim.scale.fill_(returns.abs().max().clamp(min=1e-6))

    def draw(self, data: Transitions, dice: Any) -> Stretch:
        """Stretches from steps drawn uniformly: K steps, or fewer at an episode's end."""
        count, length = self.config.batch_size, self.config.context
        places, steps, there = data.stretches(count, length, dice)
        batch = data.take(places.ravel())
        return Stretch(
            (batch.returns / self.aim.scale).reshape(count, length),
            batch.observations.reshape(count, length, -1),
            batch.actions.reshape(count, length, -1),
            torch.from_numpy(steps),
            torch.from_numpy(there),
        )

    def update(self, batch: Stretch, step: int) -> dict[str, torch.Tensor]:  # type: ignore[override]
        """One step towards the recorded actions, each from what came before it."""
        config, optimiser = self.config, self.optimisers["transformer"]
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * min((step + 1) / max(config.warm_up, 1), 1.0)
        error = (self.transformer(batch) - batch.actions)[batch.there]
        loss = error.square().mean()
        return {"transformer": descend(optimiser, loss, config.most_gradient)}

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The actions with which it would begin an episode."""
        count = len(observations)
        first = Stretch(
            (self.aim.target / self.aim.scale).expand(count, 1),
            observations[:, None],
            torch.zeros(count, 1, self.action_size),
            torch.zeros(count, 1, dtype=torch.long),
            torch.ones(count, 1, dtype=torch.bool),
        )
        actions: torch.Tensor = self.transformer(first)[:, 0]
        return actions

    @torch.no_grad()
    def play(self, past: Past, dice: torch.Generator) -> torch.Tensor:
        """The action that follows from the last K steps and from what is still to be earned."""
        now, config = len(past.actions), self.config
        rewards = np.asarray(past.rewards, np.float64) * config.reward_scale + config.reward_shift
        left = float(self.aim.target) - np.concatenate([[0.0], np.cumsum(rewards)])
        first = max(0, now + 1 - config.context)
        actions = [*past.actions[first:], torch.zeros(1, self.action_size)]
        whole = Stretch(
            torch.from_numpy(left[first:]).float()[None] / self.aim.scale,
            torch.cat(past.observations[first:])[None],
            torch.cat(actions)[None],
            torch.arange(first, now + 1)[None],
            torch.ones(1, now + 1 - first, dtype=torch.bool),
        )
        action: torch.Tensor = self.transformer(whole)[0, -1]
        return action
