"""A trained GEA as an agent of the evaluator: every body it was taught, all slots in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ...core.errors import DecodeError
from ...core.specs import Brief
from ..lm.snapshot import digest_of_weights, load_snapshot, restore_modules
from .agent import Parts, rebuild
from .config import GeaConfig
from .memory import Memory
from .prompt import digest as prompt_digest


class GeaAgent:
    """Plays what a network has learnt.

    What a slot draws depends on its own dice alone. That of many slots at once the last bits
    differ from those of one is in the nature of matrix products.

    Args:
        parts: the network, which is not changed, and what it speaks with.
        config: of the agent.
    """

    dialect = "native"

    def __init__(self, parts: Parts, config: GeaConfig) -> None:
        self.parts, self.config, self.name = parts, config, "gea"
        self._memory = Memory(parts.network, parts.scribe, 0)
        self._dice: dict[int, torch.Generator] = {}
        self._briefs: dict[int, Brief] = {}
        self.settings: Mapping[str, str] = {
            "adapter": config.dialect,
            "adapter_sha256": parts.tongue.digest(),
            "prompt_sha256": prompt_digest(),
            "history": str(config.history),
            "greedy": str(config.greedy).lower(),
        }

    @property
    def observations(self) -> tuple[str, ...] | None:
        """The fields it sees, the instruction among them; None where its bodies differ in that."""
        seen = set(self.parts.fields.values())
        return (*next(iter(seen)), "instruction") if len(seen) == 1 else None

    @property
    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """What it sees of each body."""
        return self.parts.fields

    @classmethod
    def load(cls, folder: Path, changes: Mapping[str, Any] | None = None) -> GeaAgent:
        """The agent of a folder.

        Args:
            folder: of a training.
            changes: settings of ``loading`` that may differ where it is played, e.g. ``device``.

        Raises:
            BadArgument: no snapshot is there, it is damaged, or what it was trained with is gone
                or another.
        """
        found = load_snapshot(folder, "gea")
        with torch.random.fork_rng(devices=[]):
            if found.identity.get("stage") == "reinforcing":
                from .reinforcing import load_reinforced

                config, parts = load_reinforced(folder, found, changes)
            else:
                config, parts = rebuild(found.identity, folder, changes)
        restore_modules(parts.network, found.under("modules/network"), folder)
        return cls(parts, config)

    def digest(self) -> str:
        """SHA-256 of everything that was learnt."""
        return digest_of_weights(self.parts.network.trained())

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots.

        Raises:
            UnknownName: a body that it was not taught.
            EmbodimentMismatch: a body whose actions mean something else.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            self.parts.tongue.check(brief.embodiment)
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)
            self._memory.begin(slot, brief.embodiment, brief.instruction)
            self._briefs[slot] = brief

    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[Any]:
        """An action for each slot.

        Raises:
            BadArgument: an observation lacks what it was taught to see.
        """
        network = self.parts.network
        network.eval()
        thought = self._memory.think(slots, observations)
        draws = None
        if not self.config.greedy:
            forest = self.parts.tongue.forest
            count = 1 if forest is None else forest.longest
            draws = torch.stack([
                torch.rand(count, generator=self._dice[slot], dtype=torch.float64)
                for slot in slots
            ])  # fmt: skip
        said = self._memory.speak(slots, thought, draws)
        return [
            self._fit(action, self._briefs[slot])
            for action, slot in zip(said.actions, slots, strict=True)
        ]

    def _fit(self, action: Any, brief: Brief) -> Any:
        """A text in letters that the task knows; anything else as it is."""
        space = brief.action_space
        if not isinstance(action, str):
            return action
        known = getattr(space, "character_set", None)
        if known is None:
            raise DecodeError(f"'{action:.40}' is text; the task takes {space}")
        return "".join(one for one in action if one in known)[: space.max_length] or "?"
