"""Several worlds of one task that are played at once, for those who learn by playing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Seen = Mapping[str, Any]
"""By field, what all worlds show: arrays whose axis 0 is the world, and a list of texts."""


class Steps(NamedTuple):
    """What one action in each world brought.

    Attributes:
        seen: what is shown now; where an episode ended, the beginning of the next.
        rewards: `[N]`.
        terminated: `[N]`: the world ended.
        truncated: `[N]`: its clock did, and it would have gone on.
        success: `[N]`: whether the task held to be done just then.
        last: where an episode ended, its last observation.
    """

    seen: Seen
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    success: NDArray[np.bool_]
    last: Mapping[int, Mapping[str, Any]]


class Worlds(Protocol):
    """N worlds of a task, each of which begins its next episode by itself.

    Attributes:
        count: N.
        observation_space: of one.
        action_space: of one.
    """

    count: int
    observation_space: spaces.Dict
    action_space: spaces.Space[Any]

    def reset(self) -> Seen:
        """Begins an episode in each."""

    def step(self, actions: Sequence[Any]) -> Steps:
        """Does an action in each."""

    def close(self) -> None:
        """Ends them all."""
