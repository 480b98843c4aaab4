"""What PPO or SAC has learnt, as an agent of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.sac.policies import SACPolicy
from torch import Tensor

from ...core.errors import BadArgument
from ...core.spaces import space_from_data
from ..checkpoint import Identity, Scale, load_checkpoint
from ..soloist import SensingSoloist
from .policy import make_policy
from .setting import CONFIGS, OnlineConfig, PPOConfig


class OnlineAgent(SensingSoloist):
    """Plays what was learnt.

    Args:
        identity: of the training.
        config: its hyper-parameters.
        policy: is left as it is but for its mode.
        scale: of the states, or None.
    """

    def __init__(
        self, identity: Identity, config: OnlineConfig, policy: BasePolicy, scale: Scale | None
    ) -> None:
        super().__init__(identity, policy, scale)
        self.image_size = config.image_size or None
        self._draws = isinstance(config, PPOConfig) and not config.greedy

    @classmethod
    def load(cls, folder: Path) -> OnlineAgent:
        """The agent of a checkpoint's folder.

        Raises:
            BadArgument: no checkpoint is there, or it is damaged or of another version.
        """
        found = load_checkpoint(folder, CONFIGS)
        try:
            return cls.of(found.identity, found.config, found.weights, found.scale)
        except RuntimeError as error:
            raise BadArgument(f"{folder} was made by another version: {error}") from error

    @classmethod
    def of(
        cls,
        identity: Identity,
        config: OnlineConfig,
        weights: Mapping[str, Tensor],
        scale: Scale | None,
    ) -> OnlineAgent:
        """The agent with such weights, from wherever they lie, on the processor.

        Raises:
            RuntimeError: the weights are not of these networks.
        """
        space = space_from_data(identity.action_space)
        # Making the networks draws weights that are then overwritten: nobody's dice are to move.
        with torch.random.fork_rng(devices=[]):
            policy = make_policy(identity.agent, config, identity.senses, space)
        policy.load_state_dict(weights)
        return cls(identity, config, policy, scale)

    def decide(self, tensors: dict[str, Tensor], dice: torch.Generator) -> Any:
        """An action drawn from what PPO has learnt, or the likeliest; of SAC the mean."""
        space, policy = self.space, self.network
        if isinstance(space, spaces.Discrete):
            assert isinstance(policy, ActorCriticPolicy)
            odds = policy.get_distribution(tensors).distribution.probs[0]  # type: ignore[union-attr]
            chosen = torch.multinomial(odds, 1, generator=dice) if self._draws else odds.argmax()
            return np.int64(chosen.item())
        assert isinstance(space, spaces.Box)
        if isinstance(policy, SACPolicy):
            mean, _, _ = policy.actor.get_action_dist_params(tensors)
            action = policy.unscale_action(torch.tanh(mean)[0].numpy())
        else:
            assert isinstance(policy, ActorCriticPolicy)
            normal: Any = policy.get_distribution(tensors).distribution
            action = normal.mean[0]
            if self._draws:
                noise = torch.randn(action.shape, generator=dice)
                action = action + normal.stddev[0] * noise
            action = action.numpy()
        return np.clip(action, space.low, space.high).astype(space.dtype)
