"""What PPO or SAC has learnt, as an agent of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.sac.policies import SACPolicy

from ...core.errors import BadArgument
from ...core.spaces import space_from_data
from ...core.specs import Brief
from ..checkpoint import Identity, Scale, digest_of_learnt, load_checkpoint
from .policy import make_policy
from .setting import CONFIGS, OnlineConfig, PPOConfig


class OnlineAgent:
    """Plays what was learnt.

    Each slot is computed by itself: the last bits of a matrix product depend on how many rows it
    has, and a score must not depend on the number of slots.

    Args:
        identity: of the training.
        config: its hyper-parameters.
        policy: is left as it is but for its mode.
        scale: of the states, or None.
    """

    dialect = "native"

    def __init__(
        self, identity: Identity, config: OnlineConfig, policy: BasePolicy, scale: Scale | None
    ) -> None:
        self.identity, self.policy, self.scale = identity, policy, scale
        self.name, self.embodiment = identity.agent, identity.embodiment
        self.observations = identity.senses.fields
        self.image_size = config.image_size or None
        self._space = space_from_data(identity.action_space)
        self._draws = isinstance(config, PPOConfig) and not config.greedy
        self._dice: dict[int, torch.Generator] = {}

    @classmethod
    def load(cls, folder: Path) -> OnlineAgent:
        """The agent of a checkpoint's folder.

        Raises:
            BadArgument: no checkpoint is there, or it is damaged or of another version.
        """
        found = load_checkpoint(folder, CONFIGS)
        identity, space = found.identity, space_from_data(found.identity.action_space)
        # Making the networks draws weights that are then overwritten: nobody's dice are to move.
        with torch.random.fork_rng(devices=[]):
            policy = make_policy(identity.agent, found.config, identity.senses, space)
        try:
            policy.load_state_dict(found.weights)
        except RuntimeError as error:
            raise BadArgument(f"{folder} was made by another version: {error}") from error
        return cls(identity, found.config, policy, found.scale)

    def digest(self) -> str:
        """SHA-256 of everything that was learnt: two agents that differ in a bit differ in it."""
        return digest_of_learnt(self.policy.state_dict(), self.scale)

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)

    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[Any]:
        """An action for each slot, as the environment takes it."""
        self.policy.set_training_mode(False)
        return [
            self._one(observation, self._dice[slot])
            for observation, slot in zip(observations, slots, strict=True)
        ]

    @torch.no_grad()
    def _one(self, observation: Mapping[str, Any], dice: torch.Generator) -> Any:
        seen = self.identity.senses.read(observation)
        if self.scale is not None:
            seen["state"] = self.scale.apply(seen["state"])
        tensors = {name: torch.from_numpy(np.array(array)[None]) for name, array in seen.items()}
        space, policy = self._space, self.policy
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
