"""What was decided in practice, kept to be judged again after the weights have moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...core.specs import Embodiment
from ..lm.utterance import NOTHING
from .memory import Step
from .network import Critic, GeaNetwork
from .sequence import Pieces, Scribe, padded
from .tongue import padded_rows


class Moment(NamedTuple):
    """One decision.

    Attributes:
        body: whose.
        prompt: tokens of the prompt.
        steps: the window: what was seen and said before, and last what was seen and said then.
        glance: what the eyes saw then, in one row, `[D]`.
    """

    body: Embodiment
    prompt: list[int]
    steps: tuple[Step, ...]
    glance: Tensor


class Judged(NamedTuple):
    """Of some moments.

    Attributes:
        log_probs: of what was said, `[N]`.
        entropies: over what could have been said, in [0, 1], `[N]`.
        values: on the common scale, `[N]`.
    """

    log_probs: Tensor
    entropies: Tensor
    values: Tensor


def judge(
    network: GeaNetwork,
    scribe: Scribe,
    critic: Critic,
    moments: Sequence[Moment],
    worlds: Tensor,
) -> Judged:
    """What a network makes of moments, in one full pass; differentiable.

    Args:
        network: the policy.
        scribe: writes them down.
        critic: judges where they lead.
        moments: of listed bodies.
        worlds: which scale each has, `[N]`.
    """
    device = network.device
    lines, ends = [], []
    looked: list[Tensor] = []
    states: list[tuple[str, Any]] = []
    for one in moments:
        said = [step.said for step in one.steps]
        tail = scribe.tail(one.body, one.steps[-1].seen, len(said), said)
        lines.append(one.prompt + tail.ids)
        ends.append(len(one.prompt) + tail.ends[-1])
        looked += [step.looked for step in one.steps if step.looked is not None]
        states += [
            (one.body.id, np.asarray(step.seen["state"], np.float32).ravel())
            for step in one.steps
            if "state" in step.seen
        ]
    pieces = Pieces(padded(lines), [len(one) for one in lines], [], states, [])
    hidden = network.read(pieces, torch.stack(looked) if looked else None)
    last = [one.steps[-1].said for one in moments]
    tokens = padded_rows(last, max(map(len, last)), device)
    row = torch.arange(len(moments), device=device)
    end = torch.tensor(ends, device=device)
    # What is behind a shorter action is padding: any place will do.
    before = (end[:, None] + torch.arange(tokens.shape[1], device=device)).clamp(
        max=hidden.shape[1] - 1
    )
    before = torch.where(tokens != NOTHING, before, end[:, None])
    found = network.judge([one.body.id for one in moments], hidden[row[:, None], before], tokens)
    glances = torch.stack([one.glance for one in moments])
    values = critic(hidden[row, end], glances, worlds)
    return Judged(found.log_probs, found.entropies, values)
