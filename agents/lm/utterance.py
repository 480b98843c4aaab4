"""Saying actions token by token under a mask, and how likely it was to say them so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ...adapters.trie import DONE, Forest
from .backbone import Backbone
from .cache import SlotCache

NOTHING = -1
"""What fills a row after an action is complete."""


class Said(NamedTuple):
    """Actions in tokens.

    Attributes:
        tokens: `[B, m]`, filled up with ``NOTHING``.
        log_probs: of the whole action among those that were allowed, `[B]` [nats].
        entropies: of the choices, over the most that they could have been, `[B]`, in [0, 1].
    """

    tokens: Tensor
    log_probs: Tensor
    entropies: Tensor


class Choice(NamedTuple):
    """How the next token is chosen.

    Attributes:
        draws: a number in [0, 1) for each row and step, `[B, m]`; None for the likeliest.
        temperature: 1 for the model's own probabilities.
    """

    draws: Tensor | None = None
    temperature: float = 1.0


def pick(scores: Tensor, draws: Tensor | None) -> Tensor:
    """The places `[B]` drawn from log-probabilities `[B, W]`: by inversion, one number a row.

    A number a row, and not one generator for all: a slot's choices depend on its own dice alone.
    """
    if draws is None:
        return scores.argmax(1)
    steps = scores.double().exp().cumsum(1)
    # The last step may fall short of 1 by rounding.
    return (draws.to(steps)[:, None] * steps[:, -1:] < steps).long().argmax(1)


@torch.no_grad()
def utter(
    backbone: Backbone,
    forest: Forest,
    bodies: Sequence[str],
    hidden: Tensor,
    cache: SlotCache,
    slots: Sequence[int],
    choice: Choice,
) -> Said:
    """Says an action for each row, all rows a token at a time.

    The cache holds all that was said but for each row's last token.

    Args:
        backbone: the model.
        forest: the valid token sequences.
        bodies: whose actions, one a row.
        hidden: the last hidden state of each row, from which the first token follows, `[B, D]`.
        cache: the past of the slots.
        slots: which slot each row is.
        choice: how a token is chosen.
    """
    states = forest.start(bodies)
    longest = forest.longest
    tokens = torch.full((len(slots), longest), NOTHING, dtype=torch.long, device=hidden.device)
    log_probs = torch.zeros(len(slots), device=hidden.device)
    entropies, room = torch.zeros_like(log_probs), torch.zeros_like(log_probs)
    going = torch.arange(len(slots), device=hidden.device)
    for step in range(longest):
        ids, real = forest.allowed_ids(states[going])
        logits = backbone.logits_at(hidden, ids).float().masked_fill(~real, -torch.inf)
        scores = torch.log_softmax(logits, 1)
        draws = None if choice.draws is None else choice.draws[going.cpu(), step]
        place = pick(torch.log_softmax(logits / choice.temperature, 1), draws)
        chosen = ids.gather(1, place[:, None])[:, 0]
        tokens[going, step] = chosen
        log_probs[going] += scores.gather(1, place[:, None])[:, 0]
        entropies[going] -= (scores.exp() * scores.masked_fill(~real, 0.0)).sum(1)
        room[going] += forest.size[states[going]].clamp(min=1).log()
        states[going] = forest.advance(states[going], chosen)
        still = states[going] != DONE
        going = going[still]
        if not len(going):
            break
        rows = backbone.embed(chosen[still])[:, None]
        named = [slots[place] for place in going.tolist()]
        hidden = backbone(rows, cache, cache.open(named, [1] * len(named)))[:, 0]
    return Said(tokens, log_probs, entropies / room.clamp(min=math.log(2)))


def score(
    backbone: Backbone, forest: Forest, bodies: Sequence[str], hidden: Tensor, tokens: Tensor
) -> Said:
    """How likely actions were that have been said; differentiable.

    Args:
        backbone: the model.
        forest: the valid token sequences.
        bodies: whose actions, one a row.
        hidden: the hidden states from which each token follows, `[N, m, D]`.
        tokens: what was said, `[N, m]`, filled up with ``NOTHING``.
    """
    states = forest.start(bodies)
    log_probs = torch.zeros(len(tokens), device=hidden.device)
    entropies, room = torch.zeros_like(log_probs), torch.zeros_like(log_probs)
    for step in range(tokens.shape[1]):
        going = (tokens[:, step] != NOTHING).nonzero()[:, 0]
        if not len(going):
            break
        ids, _ = forest.allowed_ids(states[going])
        logits = backbone.logits_at(hidden[going, step], ids)
        part = forest.choose(logits, states[going], tokens[going, step], gathered=True)
        log_probs = log_probs.index_add(0, going, part.log_prob)
        entropies = entropies.index_add(0, going, part.entropy)
        room = room.index_add(0, going, forest.size[states[going]].clamp(min=1).log())
        states[going] = forest.advance(states[going], tokens[going, step])
    return Said(tokens, log_probs, entropies / room.clamp(min=math.log(2)))
