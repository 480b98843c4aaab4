"""Actions as words within the sequence: each is said after what was seen, and stays in the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from ...adapters.semlang import SemLangAdapter
from ...adapters.trie import Forest
from ...core.specs import Embodiment
from ..lm.backbone import Backbone
from ..lm.utterance import NOTHING, Said, score
from ..lm.wording import phrases_of

if TYPE_CHECKING:
    from .network import Strand


class Vocation:
    """The words of one body's actions, in a model's own tokens.

    Args:
        body: a discrete one.
        backbone: the model that says them.

    Attributes:
        adapter: from words to actions.
        forest: the valid sequences of tokens.
    """

    def __init__(self, body: Embodiment, backbone: Backbone) -> None:
        self.body, self.backbone = body, backbone
        space = spaces.Discrete(len(body.action_names))
        self.adapter = SemLangAdapter(
            space, body, phrases=phrases_of(body), tokenizer=backbone.tokenizer
        )
        self.forest = Forest({body.id: self.adapter.sequences}, device=backbone.device)

    def to(self, device: torch.device) -> None:
        """Moves the tables of the forest."""
        self.forest.to(device)

    def tokens(self, actions: Sequence[int]) -> Tensor:
        """The tokens `[N, m]` of actions, filled up with ``NOTHING``."""
        return torch.from_numpy(np.asarray(self.adapter.encode(np.asarray(actions)), np.int64))

    def actions(self, tokens: Tensor) -> list[int]:
        """The actions of tokens `[N, m]`."""
        return [int(one) for one in np.atleast_1d(self.adapter.decode(tokens.cpu().numpy()))]

    def score(self, hidden: Tensor, tokens: Tensor) -> Said:
        """How likely tokens were, from the hidden states `[N, m, D]` before each."""
        return score(self.backbone, self.forest, [self.body.id] * len(tokens), hidden, tokens)

    def weave(
        self,
        instructions: Sequence[Tensor],
        rows: Sequence[Tensor],
        strands: Sequence[Strand],
        spans: Sequence[int],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Whole sequences, and where in them the hidden states before each token stand.

        Args:
            instructions: of each strand, `[L, D]`.
            rows: of what was seen, `[t, D]`.
            strands: with what was said after each.
            spans: of how many last steps the places are wanted.

        Returns:
            Sequences `[T, D]`, and places `[n, m]` for each strand.
        """
        whole, places = [], []
        for told, seen, strand, span in zip(instructions, rows, strands, spans, strict=True):
            parts, place, stands = [told], len(told), []
            words = self.backbone.embed(strand.tokens.clamp(min=0))
            for step, tokens in enumerate(strand.tokens):
                count = int((tokens != NOTHING).sum())
                parts += [seen[step : step + 1], words[step, :count]]
                stands.append(torch.arange(tokens.shape[0]).clamp(max=max(count - 1, 0)) + place)
                place += 1 + count
            whole.append(torch.cat(parts))
            places.append(torch.stack(stands[-span:]))
        return whole, places
