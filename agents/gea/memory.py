"""What the network knows of each slot's episode: its prompt stays, the last observations slide."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...core.specs import Embodiment
from ..lm.cache import SlotCache
from ..lm.utterance import NOTHING, Choice, utter
from .network import GeaNetwork
from .sequence import Pieces, Scribe, padded
from .tongue import LONGEST_TEXT, within


class Step(NamedTuple):
    """One observation and what was done after it.

    Attributes:
        seen: the observation's fields that count.
        looked: the tokens of its picture `[n, D]`, where it has one.
        said: the tokens of the action, or none where a head acts.
        taken: the action's numbers, where a head acts.
    """

    seen: Mapping[str, Any]
    looked: Tensor | None
    said: list[int]
    taken: Any


class Thought(NamedTuple):
    """What the network made of the present of some slots.

    Attributes:
        hidden: of the last observation's last token, `[B, D]`.
        glance: the mean of what the eyes saw there, or of the state's row, `[B, D]`.
    """

    hidden: Tensor
    glance: Tensor


class Uttered(NamedTuple):
    """Actions of some slots.

    Attributes:
        actions: in the body's own terms.
        tokens: how they were said.
        log_probs: `[B]`; of free text and of heads 0.
    """

    actions: list[Any]
    tokens: list[list[int]]
    log_probs: Tensor


class _Slot:
    def __init__(self, body: Embodiment, prompt: list[int], history: int) -> None:
        self.body, self.prompt = body, prompt
        self.past: deque[Step] = deque(maxlen=max(history - 1, 0))
        self.cached = False
        self.now: tuple[Mapping[str, Any], Tensor | None] = ({}, None)
        self.last = Step({}, None, [], None)


class Memory:
    """The past of some slots, inside a network that stays as it is meanwhile.

    The keys and values of a prompt are computed once an episode. What slides behind it begins
    elsewhere with every step and is computed anew; pictures are looked at once.

    Args:
        network: the policy.
        scribe: writes episodes down.
        slots: how many; more are made room for when they come.
    """

    def __init__(self, network: GeaNetwork, scribe: Scribe, slots: int) -> None:
        self.network, self.scribe = network, scribe
        self._slots: dict[int, _Slot] = {}
        self._cache = SlotCache(slots, 0)

    def begin(self, slot: int, body: Embodiment, instruction: str) -> None:
        """An episode begins there."""
        prompt = self.scribe.prompt(body, instruction)
        self._slots[slot] = _Slot(body, prompt, self.network.config.history)
        config, forest = self.network.config, self.network.tongue.forest
        words = max(LONGEST_TEXT + 1, forest.longest if forest is not None else 1)
        # The words of the past stand between its observations, the present's come last.
        room = len(prompt) + config.history * (config.image_tokens + 1 + words)
        if slot >= self._cache.slots or room > self._cache.capacity:
            larger = SlotCache(max(slot + 1, self._cache.slots), max(room, self._cache.capacity))
            self._cache = larger
            for one in self._slots.values():
                one.cached = False  # They are computed anew; it happens a few times in a run.

    def fill(self, slot: int, steps: Sequence[Step]) -> None:
        """Puts back what a slot has seen and done before now."""
        self._slots[slot].past.extend(steps)

    def steps(self, slot: int) -> list[Step]:
        """What a slot has seen and done, as far as it counts."""
        return list(self._slots[slot].past)

    def said(self, slot: int) -> Step:
        """The present of a slot, once it has spoken."""
        return self._slots[slot].last

    @torch.no_grad()
    def think(self, slots: Sequence[int], observations: Sequence[Mapping[str, Any]]) -> Thought:
        """Takes in the present of some slots.

        Args:
            slots: which.
            observations: what each sees.
        """
        network = self.network
        known = [
            self.scribe.kept(self._slots[slot].body, one)
            for slot, one in zip(slots, observations, strict=True)
        ]
        pictured = [place for place, one in enumerate(known) if "rgb" in one]
        looks: list[Tensor | None] = [None] * len(slots)
        if pictured:
            looked = network.look([np.asarray(known[place]["rgb"]) for place in pictured])
            for place, one in zip(pictured, looked, strict=True):
                looks[place] = one
        lines, counts = [], []
        for slot, seen, look in zip(slots, known, looks, strict=True):
            mine = self._slots[slot]
            mine.now = (seen, look)
            lines.append(self._line(mine))
            self._cache.forget([slot], len(mine.prompt) if mine.cached else 0)
            mine.cached = True
            counts.append(len(lines[-1]))
        rows = self._embed([self._slots[slot] for slot in slots], lines)
        opened = self._cache.open(slots, counts)
        hidden = network.backbone(rows, self._cache, opened)
        ends = torch.tensor(counts, device=hidden.device) - 1
        last = hidden[torch.arange(len(slots), device=hidden.device), ends]
        glance = torch.stack([
            rows[place, count - 1] if look is None else look.mean(0).to(rows.dtype)
            for place, (count, look) in enumerate(zip(counts, looks, strict=True))
        ])  # fmt: skip
        return Thought(last, glance)

    def _line(self, one: _Slot) -> list[int]:
        """What is new to the cache: the prompt, if need be, and all that slides."""
        said = [step.said for step in one.past]
        tail = self.scribe.tail(one.body, one.now[0], len(said) + 1, said)
        return ([] if one.cached else one.prompt) + tail.ids

    def _embed(self, which: Sequence[_Slot], lines: Sequence[list[int]]) -> Tensor:
        looked: list[Tensor] = []
        states, headed = [], []
        for one in which:
            name = one.body.id
            for step in (*one.past, Step(*one.now, [], None)):
                if step.looked is not None:
                    looked.append(step.looked)
                if "state" in step.seen:
                    states.append((name, np.asarray(step.seen["state"], np.float32).ravel()))
                if step.taken is not None:
                    headed.append((name, step.taken))
        pieces = Pieces(padded(lines), [len(one) for one in lines], [], states, headed)
        return self.network.rows(pieces, torch.stack(looked) if looked else None)

    @torch.no_grad()
    def speak(self, slots: Sequence[int], thought: Thought, draws: Tensor | None = None) -> Uttered:
        """The actions that follow, all slots a token at a time; and forgets the words again.

        Args:
            slots: which; as they were thought of.
            thought: what ``think`` gave.
            draws: a number in [0, 1) for each slot and token; None for the likeliest.
        """
        tongue, hidden = self.scribe.tongue, thought.hidden
        tokens: list[list[int]] = [[] for _ in slots]
        actions: list[Any] = [None] * len(slots)
        log_probs = torch.zeros(len(slots), device=hidden.device)
        bodies = [self._slots[slot].body.id for slot in slots]
        listed = [place for place, name in enumerate(bodies) if tongue.is_listed(name)]
        if listed:
            assert tongue.forest is not None
            said = utter(
                self.network.backbone, tongue.forest, [bodies[place] for place in listed],
                hidden[listed], self._cache, [slots[place] for place in listed],
                Choice(None if draws is None else draws[listed]),
            )  # fmt: skip
            log_probs[listed] = said.log_probs
            for place, row in zip(listed, said.tokens.tolist(), strict=True):
                tokens[place] = [token for token in row if token != NOTHING]
        headed = [place for place, name in enumerate(bodies) if tongue.is_headed(name)]
        free = [place for place in range(len(slots)) if place not in {*listed, *headed}]
        if free:
            written = self._write([slots[place] for place in free], hidden[free])
            for place, row in zip(free, written, strict=True):
                tokens[place] = row
        if headed:
            assert self.network.head is not None
            numbers = self.network.head(hidden[headed].float()).cpu().numpy()
            for place, row in zip(headed, numbers, strict=True):
                body = tongue.body(bodies[place])
                actions[place] = within(body, row[: len(body.action_names)])
        for place, slot in enumerate(slots):
            if place not in headed:
                actions[place] = tongue.mean(bodies[place], tokens[place])
            mine = self._slots[slot]
            taken = actions[place] if place in headed else None
            mine.last = Step(*mine.now, tokens[place], taken)
            mine.past.append(mine.last)
        return Uttered(actions, tokens, log_probs)

    def _write(self, slots: Sequence[int], hidden: Tensor) -> list[list[int]]:
        """Free text of some slots, the likeliest word each time, until it ends."""
        backbone, end = self.network.backbone, self.scribe.tongue.end
        written: list[list[int]] = [[] for _ in slots]
        going = list(range(len(slots)))
        for _ in range(LONGEST_TEXT + 1):
            # Codes of continuous bodies are no text.
            words = backbone.logits(hidden)[:, : backbone.base_size].argmax(1)
            for place, word in zip(going, words.tolist(), strict=True):
                written[place].append(word)
            still = [n for n, word in enumerate(words.tolist()) if word != end]
            going = [going[n] for n in still]
            if not going:
                break
            rows = backbone.embed(words[still])[:, None]
            named = [slots[place] for place in going]
            opened = self._cache.open(named, [1] * len(named))
            hidden = backbone(rows, self._cache, opened)[:, 0]
        return written
