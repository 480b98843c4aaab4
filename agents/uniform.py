"""The floor of every table: actions drawn uniformly from the action space."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from ..core.protocols import Observation
from ..core.specs import Brief


class RandomAgent:
    """Draws from the action space with dice of each episode's own."""

    dialect = "native"

    def __init__(self) -> None:
        self._draws: dict[int, Callable[[], Any]] = {}

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            self._draws[slot] = _dice(brief.action_space, brief.agent_seed)

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """One uniform draw for each slot."""
        return [self._draws[slot]() for slot in slots]


def _dice(space: Any, seed: int) -> Callable[[], Any]:
    """A function that draws from a space; the two common kinds without the space's own cost."""
    rng = np.random.default_rng(seed)
    if isinstance(space, spaces.Discrete):
        first, past = int(space.start), int(space.start + space.n)
        return lambda: int(rng.integers(first, past))
    if isinstance(space, spaces.Box) and space.dtype.kind == "f" and space.is_bounded():
        low, span, dtype = space.low, space.high - space.low, space.dtype
        return lambda: (low + span * rng.random(low.shape)).astype(dtype)
    own = copy.deepcopy(space)
    own.seed(seed % 2**32)  # Some spaces take 32 bits only.
    return own.sample  # type: ignore[no-any-return]
