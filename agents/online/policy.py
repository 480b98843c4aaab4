"""The networks of Stable-Baselines3 over the perception of this suite, with and without worlds."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy, MultiInputActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.sac.policies import MultiInputPolicy

from ..perception import Perception, Senses
from .setting import OnlineConfig


class Eyes(BaseFeaturesExtractor):
    """The perception as a part that Stable-Baselines3 takes.

    Args:
        observation_space: of the senses.
        senses: what is seen.
        net: for pictures.
        width: features that these give.
    """

    def __init__(
        self, observation_space: spaces.Dict, senses: Senses, net: str, width: int
    ) -> None:
        perception = Perception(senses, net, width)
        super().__init__(observation_space, perception.width)
        self.perception = perception

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        """The features `[B, F]`."""
        features: torch.Tensor = self.perception(observations)
        return features


def policy_arguments(agent: str, config: OnlineConfig, senses: Senses) -> dict[str, Any]:
    """What Stable-Baselines3 is told of the networks."""
    return {
        "features_extractor_class": Eyes,
        "features_extractor_kwargs": {
            "senses": senses, "net": config.net, "width": config.width
        },
        "net_arch": list(config.hidden),
        **({"ortho_init": True} if agent == "ppo" else {}),
    }  # fmt: skip


def make_policy(
    agent: str, config: OnlineConfig, senses: Senses, action_space: spaces.Space[Any]
) -> BasePolicy:
    """The policy of a learner, without worlds, to be filled with what was learnt."""
    kind: type[BasePolicy] = MultiInputActorCriticPolicy if agent == "ppo" else MultiInputPolicy
    return kind(
        senses.space,
        action_space,
        lambda _: config.learning_rate,
        **policy_arguments(agent, config, senses),
    )
