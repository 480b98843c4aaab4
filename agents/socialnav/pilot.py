"""The agent around a way of moving: a body for each slot, one decision for each observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.protocols import Observation
from ...core.specs import Brief
from .drive import Drive
from .view import View, read_view


class Pilot:
    """Asks ``decide`` for each slot. Who moves by the present alone has nothing to forget."""

    dialect = "native"

    def __init__(self) -> None:
        self._drives: dict[int, Drive] = {}

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Learns which bodies those slots have now.

        Raises:
            BadArgument: a body that is not a robot's on a floor.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            self._drives[slot] = Drive(brief)

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """One action for each slot."""
        return [
            self.decide(read_view(seen, self._drives[slot].drives), self._drives[slot])
            for seen, slot in zip(observations, slots, strict=True)
        ]

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action of one robot."""
        raise NotImplementedError
