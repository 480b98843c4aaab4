"""The floor of every table: actions drawn uniformly from the action space."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ..core.protocols import Observation
from ..core.specs import Brief


class RandomAgent:
    """Draws from the action space with dice of each episode's own."""

    dialect = "native"

    def __init__(self) -> None:
        self._spaces: dict[int, Any] = {}

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Takes new dice for those slots, seeded by the brief."""
        for slot, brief in zip(slots, briefs, strict=True):
            space = copy.deepcopy(brief.action_space)
            # NumPy takes any size of seed; some spaces of Gymnasium's only 32 bits.
            space.seed(brief.agent_seed % 2**32)
            self._spaces[slot] = space

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """One uniform draw for each slot."""
        return [self._spaces[slot].sample() for slot in slots]
