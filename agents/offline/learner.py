"""What an algorithm is: networks, optimisers, one update, one action."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import msgspec
import torch
from torch import nn

from ...core.errors import BadArgument, did_you_mean
from ...core.trajectory import Trajectory
from ..bound import Count, Positive, Share, Weight
from .past import Past
from .transition import Batch, Transitions


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What every algorithm is given; each adds its own.

    Attributes:
        hidden: widths of the hidden layers.
        learning_rate: of Adam.
        batch_size: transitions an update.
        discount: of future rewards.
        normalise: give observations mean 0 and deviation 1 over the data set.
        reward_scale: what rewards are multiplied by.
        reward_shift: what is then added to them.
        exploration: deviation of what is added to actions, from -1 to 1, where it practises
            online; TD3's (arXiv 1802.09477, section 6.1). 0 where actions are drawn anyway.
    """

    hidden: tuple[Count, ...] = (256, 256)
    learning_rate: Positive = 3e-4
    batch_size: Count = 256
    discount: Share = 0.99
    normalise: bool = True
    reward_scale: float = 1.0
    reward_shift: float = 0.0
    exploration: Weight = 0.1


class Learner(abc.ABC):
    """One algorithm with its networks.

    A subclass fills ``modules`` and ``optimisers`` when it is made: what is in these two is what a
    checkpoint holds. Its randomness comes from torch's global generator, which a checkpoint holds
    as well, and in ``act`` from the dice that are given.

    Args:
        config: of the subclass's ``kind``.
        observation_size: numbers in an observation.
        action_size: numbers in an action.
        steps: updates that are planned, for schedules.
    """

    kind: ClassVar[type[Config]] = Config

    hears_rewards: ClassVar[bool] = False
    """Whether it must be told what its actions bring in order to play."""

    def __init__(self, config: Any, observation_size: int, action_size: int, steps: int) -> None:
        self.config = config
        self.observation_size, self.action_size = observation_size, action_size
        self.steps = steps
        self.modules: dict[str, nn.Module] = {}
        self.optimisers: dict[str, torch.optim.Optimizer] = {}

    @abc.abstractmethod
    def update(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """One step of learning; the losses by name, without gradients."""

    @abc.abstractmethod
    def act(self, observations: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
        """Actions in [-1, 1] `[B, A]` for normalised observations `[B, D]`."""

    def update_online(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """One step of learning while it practises; the same, unless an algorithm says otherwise."""
        return self.update(batch, step)

    def play(self, past: Past, dice: torch.Generator) -> torch.Tensor:
        """The action `[A]` in an episode; most look at nothing but the present."""
        return self.act(past.observations[-1], dice)[0]

    def explore(self, past: Past, dice: torch.Generator) -> torch.Tensor:
        """The action `[A]` while it practises: as it plays, and a little beside."""
        action = self.play(past, dice)
        if self.config.exploration:
            noise = torch.randn(action.shape, generator=dice)
            action = (action + self.config.exploration * noise).clamp(-1, 1)
        return action

    def begin(self, data: Transitions) -> None:  # noqa: B027 - most need not
        """Looks at the data before the first update; what it keeps of them lies in a module."""

    def draw(self, data: Transitions, dice: Any) -> Any:
        """What one update learns from; uniform transitions unless an algorithm asks for others."""
        return data.sample(self.config.batch_size, dice)

    def choose(self, trajectories: Sequence[Trajectory]) -> Sequence[Trajectory]:
        """The episodes it learns from; all, unless an algorithm is choosy."""
        return trajectories

    def train(self, mode: bool = True) -> None:
        """Turns dropout on or off."""
        for module in self.modules.values():
            module.train(mode)

    def _adam(self, *names: str, rate: float | None = None) -> torch.optim.Optimizer:
        """Adam over the parameters of some modules, each tensor in one pass: networks are small."""
        parameters = [one for name in names for one in self.modules[name].parameters()]
        return torch.optim.Adam(parameters, lr=rate or self.config.learning_rate, fused=True)


def descend(
    optimiser: torch.optim.Optimizer, loss: torch.Tensor, most: float | None = None
) -> torch.Tensor:
    """One step down the gradient, cut to a norm where one is given; the loss, detached."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if most is not None:
        for group in optimiser.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], most)
    optimiser.step()
    return loss.detach()


def cosine_rate(optimiser: torch.optim.Optimizer, rate: float, step: int, steps: int) -> None:
    """Sets a learning rate that falls from ``rate`` to 0 along half a cosine; needs no memory."""
    share = min(step / max(steps, 1), 1.0)
    for group in optimiser.param_groups:
        group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * share))


def bootstrapped(batch: Batch, next_values: torch.Tensor, discount: float) -> torch.Tensor:
    """What a transition is worth when the value after it is known, `[B]`."""
    return batch.rewards + discount * batch.masks * next_values


Settings = TypeVar("Settings", bound=msgspec.Struct)


def configured(kind: type[Settings], changes: Mapping[str, Any]) -> Settings:
    """A configuration with some of its defaults changed.

    Raises:
        BadArgument: a name it does not have, or a value of another type.
    """
    known = kind.__struct_fields__
    for name in changes:
        if name not in known:
            raise BadArgument(
                f"there is no hyper-parameter '{name}'.{did_you_mean(name, known)} "
                f"There are: {', '.join(known)}"
            )
    try:
        return msgspec.convert(dict(changes), kind)
    except msgspec.ValidationError as error:
        raise BadArgument(f"hyper-parameters: {str(error).replace('`$.', '`')}") from error
