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


WINDOWS = 4
"""Behind one prompt in one row: with more of them what no token may see would be most of a row."""


def judge(
    network: GeaNetwork,
    scribe: Scribe,
    critic: Critic,
    moments: Sequence[Moment],
    worlds: Tensor,
) -> Judged:
    """What a network makes of moments, in one full pass; differentiable.

    Moments of one prompt share it: their windows stand behind it in one row, each at the positions
    that it would have alone, and see the prompt and themselves. At small size a prompt is most of
    a moment.

    Args:
        network: the policy.
        scribe: writes them down.
        critic: judges where they lead.
        moments: of listed bodies.
        worlds: which scale each has, `[N]`.
    """
    device, written = network.device, _write(scribe, moments)
    hidden = network.read(
        written.pieces, torch.stack(written.looked) if written.looked else None, written.opened
    )
    last = [one.steps[-1].said for one in moments]
    tokens = padded_rows(last, max(map(len, last)), device)
    row, end = written.row.to(device), written.end.to(device)
    # What is behind a shorter action is padding: any place will do.
    before = (end[:, None] + torch.arange(tokens.shape[1], device=device)).clamp(
        max=hidden.shape[1] - 1
    )
    before = torch.where(tokens != NOTHING, before, end[:, None])
    found = network.judge([one.body.id for one in moments], hidden[row[:, None], before], tokens)
    glances = torch.stack([one.glance for one in moments])
    values = critic(hidden[row, end], glances, worlds)
    return Judged(found.log_probs, found.entropies, values)


class _Written(NamedTuple):
    pieces: Pieces
    looked: list[Tensor]
    opened: tuple[Tensor, Tensor] | None
    row: Tensor
    end: Tensor


def _write(scribe: Scribe, moments: Sequence[Moment]) -> _Written:
    """Moments as rows; of each, which row it is in and the place of its last observation's end."""
    tails = [
        scribe.tail(one.body, one.steps[-1].seen, len(one.steps), [step.said for step in one.steps])
        for one in moments
    ]
    shared, lines = _rows(moments), list[list[int]]()
    looked: list[Tensor] = []
    states: list[tuple[str, Any]] = []
    row, end = torch.zeros(2, len(moments), dtype=torch.long)
    for place, members in enumerate(shared):
        line = list(moments[members[0]].prompt)
        for member in members:
            body, steps = moments[member].body, moments[member].steps
            row[member], end[member] = place, len(line) + tails[member].ends[-1]
            line += tails[member].ids
            looked += [step.looked for step in steps if step.looked is not None]
            states += [
                (body.id, np.asarray(step.seen["state"], np.float32).ravel())
                for step in steps
                if "state" in step.seen
            ]
        lines.append(line)
    pieces = Pieces(padded(lines), [len(one) for one in lines], [], states, [])
    opened = None
    if len(shared) < len(moments):
        opened = _opened(pieces, [
            (len(moments[members[0]].prompt), [len(tails[member].ids) for member in members])
            for members in shared
        ])  # fmt: skip
    return _Written(pieces, looked, opened, row, end)


def _rows(moments: Sequence[Moment]) -> list[list[int]]:
    """Which moments share a row: some of one prompt."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for place, one in enumerate(moments):
        alike.setdefault(tuple(one.prompt), []).append(place)
    return [
        places[first : first + WINDOWS]
        for places in alike.values()
        for first in range(0, len(places), WINDOWS)
    ]


def _opened(pieces: Pieces, rows: Sequence[tuple[int, list[int]]]) -> tuple[Tensor, Tensor]:
    """Positions `[B, T]` and what each token sees, `[B, 1, T, T]`, of prompts and their windows."""
    width = pieces.ids.shape[1]
    # What pads a row sees itself: else its softmax would be over nothing.
    windows = torch.full((len(rows), width), -1)
    positions = torch.zeros(len(rows), width, dtype=torch.long)
    for row, (prompt, sizes) in enumerate(rows):
        windows[row, :prompt] = 0
        positions[row, :prompt] = torch.arange(prompt)
        first = prompt
        for number, size in enumerate(sizes, 1):
            windows[row, first : first + size] = number
            positions[row, first : first + size] = prompt + torch.arange(size)
            first += size
    before = torch.ones(width, width, dtype=torch.bool).tril()
    alike = windows[:, :, None] == windows[:, None, :]
    seen = before & (alike | (windows == 0)[:, None, :])
    return positions, seen[:, None]
