"""What one episode has shown so far."""

from __future__ import annotations

import torch


class Past:
    """The normalised observations, the actions and the rewards of an episode up to now.

    Attributes:
        observations: `[1, D]` each; the last is of now.
        actions: `[1, A]` each, from -1 to 1: one fewer than observations.
        rewards: what each action brought, as the world gave it; none where nobody told.
    """

    def __init__(self) -> None:
        self.observations: list[torch.Tensor] = []
        self.actions: list[torch.Tensor] = []
        self.rewards: list[float] = []

    def see(self, observation: torch.Tensor) -> None:
        """The episode shows something."""
        self.observations.append(observation)

    def did(self, action: torch.Tensor) -> None:
        """Something was done."""
        self.actions.append(action)

    def earned(self, reward: float) -> None:
        """What was done brought so much."""
        self.rewards.append(reward)
