"""Spans of several bodies as one batch of token rows, and where in it actions are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.errors import BadArgument
from ...core.specs import Embodiment
from .demonstration import Span
from .prompt import prompt_of
from .tongue import Tongue

PICTURE, STATE, HEADED = -2, -3, -4
"""What stands in a row of ids where no word stands: a token of a picture, a state, an action that a
head has taken."""

MOST_KNOWN = 16_384
"""Prompts that are kept as they were written down; the oldest are forgotten first."""


class Tail(NamedTuple):
    """What comes after a prompt.

    Attributes:
        ids: tokens, or what stands for one.
        ends: of each step, the place of its observation's last token: from there an action follows.
        said: of each step but perhaps the last, the tokens of its action.
    """

    ids: list[int]
    ends: list[int]
    said: list[list[int]]


class Pieces(NamedTuple):
    """What a batch of rows is made of.

    Attributes:
        ids: `[B, T]`, padded at the right.
        lengths: of each row, without what is padded, `[B]`.
        pictures: all pictures in the order of the rows.
        states: of each body the rows that show a state and all states, in that order.
        headed: actions that stand in the rows as no word, in that order.
    """

    ids: Tensor
    lengths: list[int]
    pictures: list[NDArray[np.uint8]]
    states: list[tuple[str, NDArray[np.float32]]]
    headed: list[tuple[str, NDArray[np.float32]]]


class Scribe:
    """Writes episodes down as rows of tokens.

    Args:
        tongue: what every body says.
        words: tokenizer of the model.
        image_tokens: of each picture.
        fields: what of each body is seen.
    """

    def __init__(
        self,
        tongue: Tongue,
        words: Any,
        image_tokens: int,
        fields: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.tongue, self._words, self._image_tokens = tongue, words, image_tokens
        self._fields = dict(fields)
        self._known: dict[tuple[str, str], list[int]] = {}

    def prompt(self, body: Embodiment, instruction: str) -> list[int]:
        """The tokens of a prompt."""
        key = (body.id, instruction)
        if key not in self._known:
            if len(self._known) == MOST_KNOWN:
                del self._known[next(iter(self._known))]
            text = prompt_of(body, instruction)
            self._known[key] = list(self._words.encode(text, add_special_tokens=False))
        return self._known[key]

    def kept(self, body: Embodiment, observation: Mapping[str, Any]) -> dict[str, Any]:
        """What of an observation of a body is seen: the rest it was not taught with.

        Raises:
            BadArgument: a field is missing.
        """
        fields = self._fields[body.id]
        lacking = [name for name in fields if name not in observation]
        if lacking:
            raise BadArgument(
                f"this agent sees {' and '.join(fields)} of '{body.id}'; the task shows "
                f"{', '.join(observation)}: give --obs {','.join((*fields, 'instruction'))}"
            )
        return {name: observation[name] for name in fields}

    def seen(self, observation: Mapping[str, Any]) -> list[int]:
        """What stands for an observation."""
        ids = [PICTURE] * self._image_tokens if "rgb" in observation else []
        return [*ids, STATE] if "state" in observation else ids

    def tail(self, body: Embodiment, fields: Mapping[str, Any], count: int, said: Any) -> Tail:
        """What follows the prompt.

        Args:
            body: whose.
            fields: that are seen; names alone matter.
            count: observations.
            said: tokens of the actions after each, or after all but the last.
        """
        ids: list[int] = []
        ends, seen, headed = [], self.seen(fields), self.tongue.is_headed(body.id)
        for step in range(count):
            ids += seen
            ends.append(len(ids) - 1)
            if step < len(said):
                ids += [HEADED] if headed else said[step]
        return Tail(ids, ends, list(said))


class Batch(NamedTuple):
    """Spans written down.

    Attributes:
        pieces: the rows.
        rows: of each action, the row it stands in, `[N]`.
        ends: of each action, the place of the token before it, `[N]`.
        tokens: of each action, `[N, m]`, padded; of no token where a head acts.
        bodies: of each action.
        targets: of each action of a head, in their order, its numbers.
        where: of each row, for messages.
    """

    pieces: Pieces
    rows: Tensor
    ends: Tensor
    tokens: list[list[int]]
    bodies: list[str]
    targets: list[NDArray[np.float32]]
    where: list[str]


def write(scribe: Scribe, spans: Sequence[Span]) -> Batch:
    """A batch of spans; every action of theirs is to be learnt."""
    rows, ends, tokens, bodies, targets = [], [], [], [], []
    lines: list[list[int]] = []
    pictures: list[NDArray[np.uint8]] = []
    states: list[tuple[str, NDArray[np.float32]]] = []
    headed: list[tuple[str, NDArray[np.float32]]] = []
    for row, span in enumerate(spans):
        said = scribe.tongue.say(span.body.id, span.actions)
        prompt = scribe.prompt(span.body, span.instruction)
        count = len(next(iter(span.observations.values())))
        tail = scribe.tail(span.body, span.observations, count, said)
        lines.append(prompt + tail.ids)
        if "rgb" in span.observations:
            pictures += list(span.observations["rgb"])
        if "state" in span.observations:
            states += [
                (span.body.id, np.asarray(one, np.float32).ravel())
                for one in span.observations["state"]
            ]
        for step in range(len(said)):
            rows.append(row)
            ends.append(len(prompt) + tail.ends[step])
            tokens.append(said[step])
            bodies.append(span.body.id)
            if scribe.tongue.is_headed(span.body.id):
                numbers = np.asarray(span.actions[step], np.float32)
                targets.append(numbers)
                headed.append((span.body.id, numbers))
    pieces = Pieces(padded(lines), [len(one) for one in lines], pictures, states, headed)
    return Batch(
        pieces, torch.tensor(rows), torch.tensor(ends), tokens, bodies, targets,
        [span.where for span in spans],
    )  # fmt: skip


def padded(lines: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids `[B, T]`; what is behind the last of a row is the token 0, and seen by nobody."""
    found = torch.zeros(len(lines), max(map(len, lines)), dtype=torch.long)
    for row, line in enumerate(lines):
        found[row, : len(line)] = torch.tensor(list(line), dtype=torch.long)
    return found
