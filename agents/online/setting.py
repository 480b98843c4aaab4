"""Hyper-parameters of the online learners, and what differs by body."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from ...core.errors import BadArgument
from ...core.specs import Embodiment
from ..bound import Count, Positive, Share, Weight, Whole
from ..device import demand_device
from ..offline.learner import configured
from ..perception import demand_net


class OnlineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What both learners are given.

    Attributes:
        observations: fields that are seen; none for ``state`` where the task shows it by default,
            else ``rgb``, and the instruction.
        image_size: side of the pictures [px]; 0 for the task's own.
        net: of ``perception.NETS``, for pictures.
        width: features that pictures give.
        hidden: widths of the layers thereafter.
        worlds: that are played at once.
        learning_rate: of Adam.
        batch_size: steps an update.
        discount: of future rewards.
        normalise: give measured states mean 0 and deviation 1, as far as seen.
        device: where the networks learn: ``cpu``, ``cuda``, ``cuda:1``; they play on the processor.
    """

    observations: tuple[str, ...] = ()
    image_size: Whole = 0
    net: str = "nature"
    width: Count = 256
    hidden: tuple[Count, ...] = (64, 64)
    worlds: Count = 16
    learning_rate: Positive = 3e-4
    batch_size: Count = 256
    discount: Share = 0.99
    normalise: bool = True
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuses what no type refuses.

        Raises:
            BadArgument: there is no such net.
        """
        demand_net(self.net)


class PPOConfig(OnlineConfig, frozen=True, kw_only=True):
    """Of Schulman et al. 2017 (arXiv 1707.06347); the defaults are ours.

    Attributes:
        rollout: steps of each world between updates.
        epochs: passes over them.
        gae: lambda of the advantages.
        clip: of the ratio of probabilities.
        entropy: weight of the policy's entropy.
        value_weight: of the values' loss.
        most_gradient: norm to which gradients are cut.
        normalise_rewards: divide them by the deviation of returns.
        anneal: let the learning rate fall to 0.
        greedy: play the likeliest action rather than draw one.
    """

    rollout: Count = 128
    epochs: Count = 4
    gae: Share = 0.95
    clip: Positive = 0.2
    entropy: Weight = 0.01
    value_weight: Weight = 0.5
    most_gradient: Positive = 0.5
    normalise_rewards: bool = False
    anneal: bool = True
    greedy: bool = False


class SACConfig(OnlineConfig, frozen=True, kw_only=True):
    """Of Haarnoja et al. 2018 (arXiv 1812.05905), table 1, but for the warm-up, which is ours.

    Attributes:
        buffer: steps that are remembered.
        warm_up: steps of random play before the first update.
        follow: share of the way that target critics move at an update.
        updates: for each step of all worlds.
        temperature: weight of the policy's entropy at the beginning; it is learnt, too.
    """

    worlds: Count = 1
    hidden: tuple[Count, ...] = (256, 256)
    buffer: Count = 1_000_000
    warm_up: Whole = 5_000
    follow: Share = 0.005
    updates: Count = 1
    temperature: Positive = 1.0


CONFIGS: Mapping[str, type[OnlineConfig]] = MappingProxyType({"ppo": PPOConfig, "sac": SACConfig})
"""The learners by name."""

PRESETS: Mapping[tuple[str, str], Mapping[str, Any]] = MappingProxyType(
    {
        # train.py of github.com/openai/train-procgen, but for the worlds, of which it has 64, and
        # the net, which is IMPALA's there: --set net=impala.
        ("ppo", "procgen-keys"): {
            "rollout": 256, "batch_size": 2048, "epochs": 3, "discount": 0.999,
            "learning_rate": 5e-4, "anneal": False, "normalise_rewards": True, "worlds": 32,
        },
        # The rest is ours.
        ("ppo", "atari-joystick"): {"image_size": 84, "hidden": (256,), "worlds": 8},
        ("ppo", "babyai-agent"): {
            "learning_rate": 1e-3, "worlds": 32, "rollout": 64, "batch_size": 512,
        },
        ("ppo", "sawyer-xyz"): {
            "rollout": 500, "batch_size": 500, "epochs": 10, "entropy": 0.0, "worlds": 8,
            "normalise_rewards": True, "greedy": True, "hidden": (128, 128),
        },
        # Rewards of up to 10 a step: values settle after 1 / (1 - discount) / follow updates, which
        # are 20,000 by the paper's figures and 500 by these; a temperature of 1 outweighs what a
        # step nearer the goal brings. Goals count, and a world shows one in 500 steps: so many
        # worlds. The instruction never changes.
        ("sac", "sawyer-xyz"): {
            "observations": ("state",), "worlds": 16, "hidden": (128, 128), "warm_up": 2_000,
            "learning_rate": 1e-3, "discount": 0.9, "follow": 0.02, "temperature": 0.1,
        },
    }
)  # fmt: skip
"""By learner and body, what is put in place of the above."""


def plain(config: OnlineConfig) -> dict[str, Any]:
    """What a training is known by, as plain data: where it learns makes it no other."""
    found: dict[str, Any] = msgspec.to_builtins(config)
    del found["device"]
    return found


def settle(agent: str, body: Embodiment, changes: Mapping[str, Any]) -> OnlineConfig:
    """The hyper-parameters of a learner for a body, with the user's changes.

    Raises:
        BadArgument: a name that it does not have, a value that makes no sense, or a device that is
            not here.
    """
    config = configured(CONFIGS[agent], {**PRESETS.get((agent, body.id), {}), **changes})
    demand_device(config.device)
    if isinstance(config, PPOConfig) and config.worlds * config.rollout % config.batch_size:
        steps = config.worlds * config.rollout
        raise BadArgument(
            f"batch_size={config.batch_size} must divide the {steps} steps of worlds times rollout"
        )
    return config
