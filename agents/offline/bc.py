"""Behaviour cloning: do as was done, and its stricter sister that learns from the best tenth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import torch

from ...core.trajectory import Trajectory
from ..bound import Count, Positive, Share
from .learner import Config, Learner, cosine_rate, descend
from .network import Policy, follow, frozen_copy
from .past import Past
from .transition import Transitions

AGE_WEIGHT = 0.01
"""A foretelling counts `exp(-0.01 n)` if n are older than it: ``m`` of Zhao et al. 2023 (arXiv
2304.13705, algorithm 2; github.com/tonyzhaozh/act)."""


class CloningConfig(Config, frozen=True, kw_only=True):
    """Source: D5RL's scripts for A1 (github.com/d5rlbenchmark/d5rl): 256x2, dropout 0.1, 1e-3.

    Attributes:
        dropout: share of hidden units left out while training.
        best: share of the episodes, by total reward, that is learnt from.
        chunk: actions that are foretold at once, of this step and of those that follow. The one
            that is done is the mean of all that were foretold for its step: action chunks with
            temporal ensembling (arXiv 2304.13705, section IV-A).
        average: share of the way that the network that acts goes with each update towards the one
            that learns; 0 lets the latter act.
    """

    learning_rate: Positive = 1e-3
    dropout: Share = 0.1
    best: Share = 1.0
    chunk: Count = 1
    average: Share = 0.0


class BestTenthConfig(CloningConfig, frozen=True, kw_only=True):
    """Source: "10% BC" of Chen et al. 2021 (arXiv 2106.01345, section 5.1)."""

    best: Share = 0.1


class Shown(NamedTuple):
    """What was seen, and what was done from then on; K is the chunk.

    Attributes:
        observations: `[B, D]`.
        actions: `[B, K, A]`.
        there: `[B, K]` of bool: False beyond the end of an episode.
    """

    observations: torch.Tensor
    actions: torch.Tensor
    there: torch.Tensor


class BehaviourCloning(Learner):
    """Least squares on the actions: the likelihood of a Gaussian of fixed width."""

    kind: ClassVar[type[Config]] = CloningConfig
    config: CloningConfig

    def __init__(
        self, config: CloningConfig, observation_size: int, action_size: int, steps: int
    ) -> None:
        super().__init__(config, observation_size, action_size, steps)
        width = config.chunk * action_size
        self.policy = Policy(observation_size, width, config.hidden, config.dropout)
        self.modules = {"policy": self.policy}
        if config.average:
            self.modules["average"] = frozen_copy(self.policy)
        self.optimisers = {"policy": self._adam("policy")}

    def choose(self, trajectories: Sequence[Trajectory]) -> Sequence[Trajectory]:
        """The share of episodes with the most reward; of equals the earlier."""
        count = max(1, math.ceil(self.config.best * len(trajectories)))
        order = sorted(range(len(trajectories)), key=lambda n: -trajectories[n].total_reward)
        return [trajectories[number] for number in sorted(order[:count])]

    def draw(self, data: Transitions, dice: Any) -> Shown:
        """Steps drawn uniformly, each with the actions of the chunk that it begins."""
        count, length = self.config.batch_size, self.config.chunk
        places, _, there = data.stretches(count, length, dice)
        batch = data.take(places.ravel())
        return Shown(
            batch.observations[::length],
            batch.actions.reshape(count, length, -1),
            torch.from_numpy(there),
        )

    def update(self, batch: Shown, step: int) -> dict[str, torch.Tensor]:  # type: ignore[override]
        """One step towards the recorded actions."""
        cosine_rate(self.optimisers["policy"], self.config.learning_rate, step, self.steps)
        error = self.policy(batch.observations).view_as(batch.actions) - batch.actions
        loss = error.square().sum(-1)[batch.there].mean()
        told = descend(self.optimisers["policy"], loss)
        if self.config.average:
            follow(self.modules["average"], self.policy, self.config.average)
        return {"policy": told}

    @torch.no_grad()
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """The mean action of the present."""
        return self._foretell(observations)[:, 0]

    @torch.no_grad()
    def play(self, past: Past, dice: torch.Generator) -> torch.Tensor:
        """The mean of what was foretold for now, the oldest first and foremost."""
        seen = torch.cat(past.observations[-self.config.chunk :])
        count = len(seen)
        foretold = self._foretell(seen)[torch.arange(count), torch.arange(count - 1, -1, -1)]
        weight = torch.exp(-AGE_WEIGHT * torch.arange(count))
        action: torch.Tensor = (weight / weight.sum()) @ foretold
        return action

    def _foretell(self, observations: torch.Tensor) -> torch.Tensor:
        """The actions of the chunks that begin with each observation, `[B, K, A]`."""
        acting = self.modules.get("average", self.policy)
        chunk: torch.Tensor = acting(observations)
        return chunk.view(len(observations), self.config.chunk, self.action_size)


class BestTenth(BehaviourCloning):
    """Behaviour cloning of the tenth of the episodes that earned most."""

    kind: ClassVar[type[Config]] = BestTenthConfig
