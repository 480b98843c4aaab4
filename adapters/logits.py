"""Constrained decoding inside ``transformers.generate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.errors import BadArgument
from .trie import DONE, Forest

if TYPE_CHECKING:
    from torch import Tensor


class ConstrainedLogits:
    """Leaves the tokens that may come next as they are and gives all others -inf.

    Goes into ``generate(logits_processor=[...])``. It serves one generation, whose first call
    tells it where the prompt ends; make a new one for the next. Beams and several sequences a
    prompt are followed by their tokens, so rows may change places between steps. Once an action
    is complete the forest's ``end`` alone is allowed; a forest without one leaves that row free
    while others go on, and lets nothing follow once all are complete. With an end, only ends
    follow: also in what you take for the next generation, so make a new one for it.

    Args:
        forest: the valid token sequences.
        bodies: the body of all prompts, or of each.

    Raises:
        UnknownName: a body that the forest does not hold.
    """

    def __init__(self, forest: Forest, bodies: str | Sequence[str]) -> None:
        self.forest = forest
        self._roots = forest.start(bodies)
        self._prompt = 0
        self._seen: Tensor | None = None
        self._states = self._roots

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """The scores `[B, V]` under the mask, for what has been said so far `[B, T]`.

        Raises:
            BadArgument: it was used for a generation before, all actions of a forest without an
                end are complete, or the rows are no multiple of the bodies given.
        """
        import torch

        states = self._follow(input_ids)
        self.forest.check_vocabulary(scores.shape[1])
        ids, real = self.forest.allowed_ids(states)
        at = scores.gather(1, ids)
        # Where another processor has ruled out all that is allowed, the constraint still holds.
        at = at.masked_fill(at.isneginf().all(1, keepdim=True), 0.0)
        masked = torch.full_like(scores, -torch.inf).scatter_(1, ids, at)
        free = ~real[:, 0]
        return torch.where(free[:, None], scores, masked) if bool(free.any()) else masked

    def _follow(self, input_ids: Tensor) -> Tensor:
        """The nodes of the rows, from those of the step before where the rows are the same."""
        import torch

        seen = self._seen
        if seen is None:
            rows, given = len(input_ids), len(self._roots)
            if rows % given:
                raise BadArgument(f"{rows} rows are generated for {given} bodies")
            self._prompt = input_ids.shape[1]
            self._roots = self._roots.repeat_interleave(rows // given)
            self._states = self._roots
        elif (
            input_ids.shape[0] != seen.shape[0]
            or input_ids.shape[1] != seen.shape[1] + 1
            or not torch.equal(input_ids[:, : self._prompt], seen[:, : self._prompt])
        ):
            raise BadArgument("a ConstrainedLogits serves one generation: make a new one")
        elif torch.equal(input_ids[:, :-1], seen):
            self._states = self._step(self._states, input_ids[:, -1])
        else:
            self._states = self._roots
            for token in input_ids[:, self._prompt :].unbind(1):
                self._states = self._step(self._states, token)
        if self.forest.end is None and bool((self._states == DONE).all()):
            # The next generation of a rollout looks just like one more step of this one.
            raise BadArgument(
                "every action is complete, and the forest has no end that could follow. Generate "
                "as many tokens as the action has; for the next make a new ConstrainedLogits"
            )
        self._seen = input_ids
        return self._states

    def _step(self, states: Tensor, tokens: Tensor) -> Tensor:
        import torch

        # What pads a finished row is the caller's affair and need not be the forest's end.
        return torch.where(states == DONE, states, self.forest.advance(states, tokens))
