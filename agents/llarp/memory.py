"""What the network knows of each slot's episode while it is played: one step costs one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..lm.cache import SlotCache
from ..lm.utterance import NOTHING, Choice, pick, utter
from .network import LlarpNetwork, Strand


class Decided(NamedTuple):
    """Of the slots that were asked.

    Attributes:
        actions: numbers of the actions, `[B]`.
        tokens: how they were said, `[B, m]`; of no width for a head of its own.
        log_probs: `[B]`.
        values: `[B]`.
    """

    actions: Tensor
    tokens: Tensor
    log_probs: Tensor
    values: Tensor


class Memory:
    """The past of some slots, inside a network that stays as it is meanwhile.

    Args:
        network: the policy.
        slots: how many.
    """

    def __init__(self, network: LlarpNetwork, slots: int) -> None:
        self.network, self.slots = network, slots
        with torch.no_grad():
            self._words = network.vocabulary()
        self._asked: dict[int, Tensor] = {}
        self._waiting: dict[int, list[Tensor]] = {}
        words = 0 if network.vocation is None else network.vocation.forest.longest
        if network.backbone is not None:
            room = network.config.context * (1 + words) + 256
            self._cache = SlotCache(slots, room)
        else:
            self._state: dict[int, tuple[Tensor, Tensor]] = {}

    @torch.no_grad()
    def begin(self, slots: Sequence[int], strands: Sequence[Strand]) -> None:
        """Forgets those slots, and takes in what has happened in their episodes so far.

        Args:
            slots: which.
            strands: their instructions, and what was seen and said before now; nothing of it for
                an episode that begins.
        """
        network = self.network
        rows = network.instruct([one.instruction for one in strands])
        asked = torch.split(network.ask(rows), 1)
        for slot, told, wanted, strand in zip(slots, rows, asked, strands, strict=True):
            self._asked[slot] = wanted
            # What is not yet in the cache goes in with the next observation.
            self._waiting[slot] = [told] if network.backbone is not None else []
            if network.backbone is None:
                self._state.pop(slot, None)
            if len(strand.seen):
                self._take_in(slot, strand)
        if network.backbone is not None:
            self._cache.forget(slots)

    def _take_in(self, slot: int, strand: Strand) -> None:
        """Lays what was seen and said before now to what waits."""
        network = self.network
        asked = self._asked[slot].expand(len(strand.seen), -1)
        seen = network.observe(strand.seen, asked, self._words)
        if network.recurrent is not None:
            _, state = network.recurrent(self._beside(slot, seen)[None])
            self._state[slot] = state
        elif network.vocation is None:
            self._waiting[slot].append(seen)
        else:
            # The last thing said leads to the next observation: it belongs to the past as well.
            whole, _ = network.vocation.weave([seen[:0]], [seen], [strand], [1])
            self._waiting[slot].append(whole[0])

    @torch.no_grad()
    def decide(self, slots: Sequence[int], seen: Tensor, draws: Tensor | None) -> Decided:
        """An action for each of those slots.

        Args:
            slots: which.
            seen: what the frozen sight made of what they see, `[B, F]`.
            draws: a number in [0, 1) for each slot and token, `[B, m]`; None for the likeliest.
        """
        network = self.network
        asked = torch.cat([self._asked[slot] for slot in slots])
        rows = network.observe(seen, asked, self._words)
        hidden = self._step(slots, rows)
        features = network.heads.features(hidden.float())
        values = network.heads.value(features)[:, 0]
        if network.vocation is None:
            scores = network.scores(features, asked, self._words)
            chosen = pick(scores, None if draws is None else draws[:, 0])
            log_probs = scores.gather(1, chosen[:, None])[:, 0]
            return Decided(chosen, chosen.new_zeros(len(slots), 0), log_probs, values)
        assert network.backbone is not None
        said = utter(
            network.backbone, network.vocation.forest, [network.body.id] * len(slots), hidden,
            self._cache, slots, Choice(draws),
        )  # fmt: skip
        for slot, tokens in zip(slots, said.tokens, strict=True):
            last = tokens[tokens != NOTHING][-1:]
            self._waiting[slot] = [network.backbone.embed(last)]
        actions = torch.tensor(network.vocation.actions(said.tokens), device=seen.device)
        return Decided(actions, said.tokens, said.log_probs, values)

    def _step(self, slots: Sequence[int], rows: Tensor) -> Tensor:
        """The hidden states `[B, D]` of new observations, with what waited before them."""
        if self.network.recurrent is not None:
            return self._recur(slots, rows)
        found = torch.empty_like(rows)
        # Those that begin have a whole instruction before them: padding everybody to their length
        # would cost the others as much again.
        counts = [sum(map(len, self._waiting[slot])) for slot in slots]
        for group in (
            [place for place, count in enumerate(counts) if count > 1],
            [place for place, count in enumerate(counts) if count <= 1],
        ):
            if not group:
                continue
            named = [slots[place] for place in group]
            parts = [
                torch.cat([*self._waiting[slot], rows[place : place + 1]])
                for slot, place in zip(named, group, strict=True)
            ]
            lengths = [len(one) for one in parts]
            opened = self._cache.open(named, lengths)
            assert self.network.backbone is not None
            hidden = self.network.backbone(
                pad_sequence(parts, batch_first=True), self._cache, opened
            )
            ends = torch.tensor(lengths, device=hidden.device) - 1
            found[group] = hidden[torch.arange(len(group), device=hidden.device), ends]
        for slot in slots:
            self._waiting[slot] = []
        return found

    def _beside(self, slot: int, rows: Tensor) -> Tensor:
        return torch.cat([rows, self._asked[slot].expand(len(rows), -1)], -1)

    def _recur(self, slots: Sequence[int], rows: Tensor) -> Tensor:
        network = self.network
        assert network.recurrent is not None
        size = (network.recurrent.num_layers, 1, network.recurrent.hidden_size)
        empty = rows.new_zeros(size)
        states = [self._state.get(slot, (empty, empty)) for slot in slots]
        packed = tuple(torch.cat([state[part] for state in states], 1) for part in (0, 1))
        asked = torch.cat([self._asked[slot] for slot in slots])
        beside = torch.cat([rows, asked], -1)[:, None]
        hidden, (short, long) = network.recurrent(beside, packed)
        for place, slot in enumerate(slots):
            self._state[slot] = (short[:, place : place + 1], long[:, place : place + 1])
        found: Tensor = hidden[:, 0]
        return found

    def inherit(self, other: Memory) -> None:
        """Takes over what a smaller memory of the same network knows."""
        self._asked, self._waiting = dict(other._asked), dict(other._waiting)
        if self.network.backbone is None:
            self._state = dict(other._state)
        else:
            self._cache.inherit(other._cache)
