"""One vocabulary of actions for all bodies: codes, words, and free text; what is said and meant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from ...adapters.quantiser import Recipe
from ...adapters.semlang import SemLangAdapter, encoded
from ...adapters.tokenizer import SLOTS, MultiEmbodimentTokenizer, box_of
from ...adapters.trie import Forest
from ...adapters.uniform import UniformAdapter
from ...adapters.vocabulary import TokenTable
from ...core.errors import BadArgument, DecodeError, EmbodimentMismatch, UnknownName
from ...core.specs import Embodiment, digest_of
from ..lm.utterance import NOTHING
from ..lm.wording import phrases_of
from .config import GeaConfig

FOLDER = "tokenizer"
"""Below an agent's folder: the fitted quantiser of its continuous bodies."""

LONGEST_TEXT = 48
"""Tokens of a command in writing."""


class Speech(NamedTuple):
    """How one body is spoken for.

    Attributes:
        body: whose actions.
        adapter: between actions and codes or words; None for free text and for a head.
    """

    body: Embodiment
    adapter: Any


class Tongue:
    """What every body says, in one model's tokens.

    Args:
        bodies: whose actions are said.
        words: tokenizer of the model; its vocabulary counts as many ids as ``base_size``.
        base_size: rows of the model's vocabulary.
        config: says the dialect of continuous bodies.
        tokenizer: the fitted quantiser, where the dialect has one.

    Attributes:
        extra: tokens beyond the model's own.
        forest: what may be said by those whose actions can be listed; None where nobody's can.
        end: the token that ends a command in writing.

    Raises:
        BadArgument: two bodies have one id, or the words of actions cannot be told apart.
    """

    def __init__(
        self,
        bodies: Iterable[Embodiment],
        words: Any,
        base_size: int,
        config: GeaConfig,
        tokenizer: MultiEmbodimentTokenizer | None,
    ) -> None:
        self.words, self.base_size, self.dialect = words, base_size, config.dialect
        self.end: int = words.eos_token_id
        self.tokenizer = tokenizer
        self._speech: dict[str, Speech] = {}
        codes: dict[str, Sequence[int]] = {}
        for body in bodies:
            if body.id in self._speech:
                raise BadArgument(f"two bodies are called '{body.id}'")
            adapter = self._adapter(body, config)
            self._speech[body.id] = Speech(body, adapter)
            if body.kind == "continuous" and adapter is not None:
                codes[body.id] = adapter.agent_space.nvec.tolist()
        self.table = TokenTable.added(codes, base_size, sharing=config.sharing) if codes else None
        self.extra = 0 if self.table is None else self.table.size - base_size
        lists = {
            name: one.adapter.sequences
            for name, one in self._speech.items()
            if one.body.kind == "discrete"
        }
        steps = {name: self.table.steps(name) for name in codes} if self.table else {}
        self.forest = Forest(lists, steps=steps) if lists or steps else None

    def _adapter(self, body: Embodiment, config: GeaConfig) -> Any:
        if body.kind == "discrete":
            space = spaces.Discrete(len(body.action_names))
            return SemLangAdapter(
                space, body, phrases=phrases_of(body), tokenizer=self.words, leading=" ",
                terminator=self.end,
            )  # fmt: skip
        if body.kind == "text" or config.dialect == "pred":
            return None
        if config.dialect == "uniform":
            return UniformAdapter(box_of(body), body, bins=config.codes)
        assert self.tokenizer is not None
        return self.tokenizer.for_embodiment(body)

    @property
    def bodies(self) -> tuple[Embodiment, ...]:
        """All of them."""
        return tuple(one.body for one in self._speech.values())

    def body(self, name: str) -> Embodiment:
        """A body by its id.

        Raises:
            UnknownName: nobody is called so.
        """
        if name not in self._speech:
            taught = f" This agent was taught {', '.join(self._speech)}."
            raise UnknownName("embodiment", name, self._speech, taught)
        return self._speech[name].body

    def check(self, body: Embodiment) -> None:
        """Refuses a body that was not taught, or whose actions mean something else.

        Raises:
            UnknownName: it was not taught.
            EmbodimentMismatch: any field differs.
        """
        differing = self.body(body.id).differences(body)
        if differing:
            raise EmbodimentMismatch(
                f"this agent learnt '{body.id}' with other actions: {'; '.join(differing)}"
            )

    def is_listed(self, name: str) -> bool:
        """Whether all that a body can say is known beforehand."""
        return self.forest is not None and name in self.forest.bodies

    @property
    def headed(self) -> list[Embodiment]:
        """The bodies for which a head acts."""
        return [body for body in self.bodies if self.is_headed(body.id)]

    def is_headed(self, name: str) -> bool:
        """Whether a head, and not words, acts for a body."""
        return self.dialect == "pred" and self.body(name).kind == "continuous"

    def say(self, name: str, actions: NDArray[Any]) -> list[list[int]]:
        """The tokens of actions of one body, without padding; none for a head.

        Args:
            name: of the body.
            actions: `[T, D]`, `[T]` of numbers, or `[T]` of texts.
        """
        speech = self._speech[name]
        if speech.body.kind == "text":
            return [[*encoded(self.words, f" {one}")[:LONGEST_TEXT], self.end] for one in actions]
        if speech.adapter is None:
            return [[] for _ in actions]
        if speech.body.kind == "discrete":
            numbers = np.asarray(actions)
            if numbers.ndim == 2:
                numbers = numbers[:, 0]  # Recorded as rows of one number.
            rows = np.asarray(speech.adapter.encode(numbers.astype(np.int64)))
            return [row[row != NOTHING].tolist() for row in rows]
        low, high = speech.adapter.env_space.low, speech.adapter.env_space.high
        # Scripts ask for more than a body does: what is out of range was cut by the world as well.
        inside = np.clip(np.asarray(actions, np.float32), low, high)
        assert self.table is not None
        found: list[list[int]] = self.table.tokens(name, speech.adapter.encode(inside)).tolist()
        return found

    def mean(self, name: str, tokens: Sequence[int]) -> Any:
        """The action of tokens: a vector, the number of an action, or a text.

        Raises:
            DecodeError: they mean none.
        """
        speech = self._speech[name]
        if speech.body.kind == "text":
            said = [one for one in tokens if 0 <= one < self.base_size and one != self.end]
            return str(self.words.decode(said)).strip()
        if speech.body.kind == "discrete":
            width = speech.adapter.agent_space.shape[0]
            row = np.full(width, NOTHING, np.int64)
            row[: len(tokens)] = tokens
            return int(speech.adapter.decode(row))
        if self.table is None:
            raise DecodeError(f"'{name}' has no codes")
        return speech.adapter.decode(self.table.codes(name, np.asarray(tokens, np.int64)))

    def digest(self) -> str:
        """SHA-256 of all that tokens mean: bodies, words, codes, ids."""
        books = {} if self.tokenizer is None else self.tokenizer.quantiser.arrays
        return digest_of({
            "dialect": self.dialect,
            "bodies": [msgspec.to_builtins(one) for one in self.bodies],
            "words": {
                name: [list(row) for row in one.adapter.sequences]
                for name, one in self._speech.items() if one.body.kind == "discrete"
            },
            "table": None if self.table is None else self.table.plain(),
            "books": {key: _digest(value) for key, value in sorted(books.items())},
        })  # fmt: skip

    def to(self, device: Any) -> None:
        """Moves the tables of what may be said."""
        if self.forest is not None:
            self.forest.to(device)

    def save(self, folder: Path) -> None:
        """Writes what was fitted, and the bodies, below an agent's folder."""
        if self.tokenizer is not None:
            self.tokenizer.save(folder / FOLDER)


def fit_tokenizer(
    streams: Mapping[Embodiment, NDArray[np.float32]], config: GeaConfig
) -> MultiEmbodimentTokenizer | None:
    """The quantiser of all continuous bodies, where the dialect has one; read, or fitted."""
    if config.dialect in ("uniform", "pred") or not streams:
        return None
    if config.tokenizer:
        return MultiEmbodimentTokenizer.load(Path(config.tokenizer))
    recipe = Recipe(
        levels=2 if config.dialect == "rvq" else 1, codes=config.codes,
        width=config.tokenizer_width, updates=config.tokenizer_updates,
        batch=config.tokenizer_batch, seed=config.seed,
    )  # fmt: skip
    clipped = {body: within(body, actions) for body, actions in streams.items()}
    widest = max(actions.shape[1] for actions in streams.values())
    return MultiEmbodimentTokenizer.fit(clipped, slots=max(SLOTS, widest), recipe=recipe)


def within(body: Embodiment, actions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Actions `[..., D]` cut to the range that a body declares, if it does."""
    if not body.low:
        return actions
    low, high = (np.asarray(bound, np.float32) for bound in (body.low, body.high))
    return np.clip(actions, low, high).astype(np.float32)


def padded_rows(rows: Sequence[Sequence[int]], width: int, device: Any) -> Tensor:
    """Token rows `[N, width]`, filled up with ``NOTHING``."""
    found = torch.full((len(rows), width), NOTHING, dtype=torch.long)
    for place, row in enumerate(rows):
        found[place, : len(row)] = torch.tensor(list(row), dtype=torch.long)
    return found.to(device)


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def plain_bodies(bodies: Iterable[Embodiment]) -> list[Any]:
    """Bodies as plain JSON."""
    return [json.loads(msgspec.json.encode(one)) for one in bodies]
