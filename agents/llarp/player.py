"""A trained LLaRP as an agent of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from ...core.errors import BadArgument
from ...core.specs import Brief, Embodiment, check_handshake
from ..lm.snapshot import digest_of_weights, load_snapshot, restore_modules
from .agent import Parts, assemble, identity_of
from .config import LlarpConfig
from .memory import Memory
from .network import Strand


class LlarpAgent:
    """Plays what a network has learnt, all waiting slots in one pass, each with its own past.

    What a slot draws depends on its own dice alone. That of many slots at once the last bits
    differ from those of one is in the nature of matrix products.

    Args:
        parts: the network, which is not changed, and what it sees and reads with.
        config: of the agent.
    """

    dialect = "native"

    def __init__(self, parts: Parts, config: LlarpConfig) -> None:
        self.parts, self.config = parts, config
        self.embodiment, self.name = parts.body, "llarp"
        self.observations = (config.senses, "instruction")
        self._memory = Memory(parts.network, 0)
        self._dice: dict[int, torch.Generator] = {}
        self._fresh: dict[int, str] = {}
        self.settings: Mapping[str, str] = {
            "adapter": config.adapter,
            "adapter_sha256": str(identity_of(config, parts)["adapter_sha256"]),
            "greedy": str(config.greedy).lower(),
        }

    @classmethod
    def load(cls, folder: Path, changes: Mapping[str, Any] | None = None) -> LlarpAgent:
        """The agent of a folder.

        Args:
            folder: of a training.
            changes: settings of ``loading`` that may differ where it is played, e.g. ``device``.

        Raises:
            BadArgument: no snapshot is there, it is damaged, or a model that it needs is gone or
                another.
        """
        found = load_snapshot(folder, "llarp")
        identity = found.identity
        plain = dict(identity["config"])
        plain["loading"] = {**plain["loading"], **(changes or {})}
        config = msgspec.convert(plain, LlarpConfig)
        body = msgspec.convert(identity["embodiment"], Embodiment)
        # Making the networks draws weights that are then overwritten: nobody's dice are to move.
        with torch.random.fork_rng(devices=[]):
            parts = assemble(config, body, {}, folder, seen=identity["seen"])
        mine = identity_of(config, parts)
        for part in ("adapter", "adapter_sha256"):
            if mine[part] != identity[part]:
                raise BadArgument(
                    f"{folder} was trained with another adapter ({part} {identity[part]!s:.16}, "
                    f"now {mine[part]!s:.16}): its tokenizer or the words of its actions differ"
                )
        for name, one in identity["models"].items():
            if mine["models"][name] != one:
                raise BadArgument(
                    f"{folder} was trained with another {name} model than the one that now lies "
                    "where it was: put the old one back"
                )
        restore_modules(parts.network, found.under("modules/network"), folder)
        parts.network.eval()
        return cls(parts, config)

    def digest(self) -> str:
        """SHA-256 of everything that was learnt."""
        return digest_of_weights(self.parts.network.trained())

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots.

        Raises:
            EmbodimentMismatch: a task has another body.
            BadArgument: an episode may be longer than the agent's context.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            check_handshake(self.embodiment, brief.embodiment, "the task")
            if brief.max_episode_steps > self.config.context:
                raise BadArgument(
                    f"episodes of {brief.max_episode_steps} steps are longer than the context of "
                    f"{self.config.context} that this agent was trained with"
                )
            self._dice[slot] = torch.Generator().manual_seed(brief.agent_seed)
            self._fresh[slot] = brief.instruction
        if max(slots) >= self._memory.slots:
            # A cache has a fixed number of rows: those that play go on in a larger one.
            self._grow(max(slots) + 1)

    def _grow(self, slots: int) -> None:
        old, self._memory = self._memory, Memory(self.parts.network, slots)
        self._memory.inherit(old)

    @torch.no_grad()
    def act(self, observations: Sequence[Mapping[str, Any]], slots: Sequence[int]) -> list[int]:
        """An action for each slot."""
        fresh = [slot for slot in slots if slot in self._fresh]
        if fresh:
            nothing = torch.zeros(0, self.parts.seen), torch.zeros(0, 0).long()
            told = [Strand(self._fresh.pop(slot), *nothing) for slot in fresh]
            self._memory.begin(fresh, told)
        seen = self.parts.sight.look(observations)
        draws = None
        if not self.config.greedy:
            draws = torch.stack([
                torch.rand(self.parts.choices, generator=self._dice[slot], dtype=torch.float64)
                for slot in slots
            ])  # fmt: skip
        return [int(one) for one in self._memory.decide(slots, seen, draws).actions]
