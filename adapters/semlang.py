"""An action's own words as its tokens: a language model says what is to be done.

"SemLang" of Szot et al., "Grounding Multimodal Large Language Models in Actions" (2024): every
action has a phrase, the language model's own tokenizer cuts it up, and no weight is new. The
padding, the terminator and the checks are of our own design.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import Space
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, InvalidAction
from ..core.specs import Embodiment
from .batch import alone_as_int, discrete_range, indices_of

PADDING = -1
"""What fills a sequence up to the longest: no vocabulary has a token of this id."""

Sequences = tuple[tuple[int, ...], ...]


class Utterances(Space[NDArray[np.int64]]):
    """The token sequences that are actions, and no others: rows of one table.

    Args:
        table: `[A, m]`, one row an action, padded with ``PADDING``; no row twice.
    """

    def __init__(self, table: NDArray[np.int64]) -> None:
        self.table = np.array(table, np.int64)
        self.table.setflags(write=False)
        self._rows = {row.tobytes() for row in self.table}
        super().__init__((self.table.shape[1],), np.int64)

    @property
    def is_np_flattenable(self) -> bool:
        """False: there is no fixed number of coordinates that all mean something."""
        return False

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> NDArray[np.int64]:
        """The sequence of an action drawn evenly.

        Raises:
            BadArgument: a mask or probabilities were given, which this space does not take.
        """
        if mask is not None or probability is not None:
            raise BadArgument("Utterances draws every action alike: it takes no mask")
        row = int(self.np_random.integers(len(self.table)))
        return np.array(self.table[row])

    def contains(self, x: Any) -> bool:
        """Whether it is the sequence of an action."""
        if not isinstance(x, np.ndarray) or x.shape != self.shape or x.dtype.kind not in "iu":
            return False
        return x.astype(np.int64).tobytes() in self._rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Utterances) and np.array_equal(self.table, other.table)

    __hash__ = None  # type: ignore[assignment]  # mutable, as Gymnasium's own spaces are

    def __repr__(self) -> str:
        return f"Utterances({len(self.table)} actions, at most {self.table.shape[1]} tokens)"


class SequenceAdapter:
    """Discrete actions as token sequences of their own, told apart whatever follows.

    Args:
        env_space: Discrete.
        embodiment: a discrete body.
        sequences: the tokens of each action, in the order of the actions.
        phrases: what they stand for, for messages.
        terminator: the token that ends an action which is the beginning of another.

    Attributes:
        sequences: the tokens of each action, terminator included where one is needed.
        padding: what fills a row of ``decode`` and ``encode`` up to the longest.

    Raises:
        BadArgument: the space does not fit, two actions have the same tokens, an action has none,
            or a terminator is needed and there is none.
    """

    kinds = ("discrete",)
    padding = PADDING
    clipped = 0
    """Always 0: no discrete action lies outside by a little."""

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        sequences: Sequence[Sequence[int]],
        phrases: Sequence[str],
        terminator: int | None = None,
    ) -> None:
        self._first, count = discrete_range(env_space, embodiment, "words")
        if len(sequences) != count:
            raise BadArgument(
                f"the action space has {count} actions, '{embodiment.id}' has words for "
                f"{len(sequences)}; give one phrase for each action"
            )
        self.env_space, self.embodiment = env_space, embodiment
        self.phrases, self.terminator = tuple(phrases), terminator
        self.sequences = terminated(sequences, self.phrases, terminator)
        longest = max(map(len, self.sequences))
        self._table = np.full((count, longest), PADDING, np.int64)
        for row, sequence in zip(self._table, self.sequences, strict=True):
            row[: len(sequence)] = sequence
        self.agent_space: Space[Any] = Utterances(self._table)
        self.resolution: NDArray[np.float64] = np.zeros(1)
        self._weights, self._hashes, self._order = _perfect_hash(self._table)

    @property
    def tokens_per_action(self) -> tuple[int, int]:
        """The fewest and the most tokens that an action takes."""
        lengths = [len(sequence) for sequence in self.sequences]
        return min(lengths), max(lengths)

    def decode(self, uttered: Any) -> Any:
        """The actions of token sequences `[..., m]`, padded with ``PADDING``: `[...]`.

        Raises:
            DecodeError: a sequence that is no action's, or an array of another kind.
        """
        try:
            tokens = np.asarray(uttered)
        except (TypeError, ValueError, OverflowError) as error:
            raise DecodeError(f"{uttered!r:.80} is not an array of token ids") from error
        width = self._table.shape[1]
        if tokens.dtype.kind not in "iu" or tokens.shape[-1:] != (width,):
            raise DecodeError(
                f"an utterance of '{self.embodiment.id}' is {width} whole token ids, padded with "
                f"{PADDING}; given was {tokens.dtype} of shape {tokens.shape}"
            )
        tokens = tokens.astype(np.int64, copy=False)
        hashes = tokens.view(np.uint64) @ self._weights
        rows = self._order[np.searchsorted(self._hashes, hashes) % self._hashes.size]
        wrong = (self._table[rows] != tokens).any(axis=-1)
        if wrong.any():
            place = np.argwhere(wrong)[0]
            said = tokens[tuple(place)].tolist()
            where = f" at batch index {place.tolist()}" if place.size else ""
            raise DecodeError(f"the tokens {said}{where} are no action of '{self.embodiment.id}'")
        return alone_as_int(np.asarray(rows + self._first))

    def encode(self, action: Any) -> Any:
        """The token sequences of actions `[...]`: `[..., m]`, padded with ``PADDING``.

        Raises:
            InvalidAction: not whole numbers, or no action of this body.
        """
        rows = indices_of(action, self._first, len(self._table), InvalidAction) - self._first
        return self._table[rows]


class SemLangAdapter(SequenceAdapter):
    """Each action by its own words, in a language model's own tokens.

    Args:
        env_space: Discrete.
        embodiment: a discrete body; its action names are the phrases unless others are given.
        phrases: other words for the actions, in their order.
        tokenizer: from ``tokenizers`` or ``transformers``; None splits at white space and
            numbers the words alphabetically.
        leading: put before each phrase before it is cut up. Whether a model expects a space
            there depends on its tokenizer and on how the prompt ends.
        terminator: the token that ends an action which is the beginning of another; by default
            the tokenizer's end of sequence, or a number after the last word's.

    Raises:
        BadArgument: the space does not fit, or the phrases cannot be told apart by their tokens;
            names the two.
    """

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        phrases: Sequence[str] | None = None,
        tokenizer: Any | None = None,
        leading: str = "",
        terminator: int | None = None,
    ) -> None:
        discrete_range(env_space, embodiment, "semlang")
        said = tuple(embodiment.action_names if phrases is None else phrases)
        sequences, end = tokens_of(said, tokenizer, leading)
        super().__init__(
            env_space, embodiment, sequences, said, end if terminator is None else terminator
        )


def tokens_of(
    phrases: Sequence[str], tokenizer: Any | None, leading: str = ""
) -> tuple[Sequences, int | None]:
    """The token ids of phrases, and the id that can end one, where there is any.

    Args:
        phrases: in the order of the actions.
        tokenizer: with ``encode(text, add_special_tokens=False)``; None for words of our own.
        leading: put before each phrase.
    """
    if tokenizer is not None:
        end = getattr(tokenizer, "eos_token_id", None)
        return tuple(encoded(tokenizer, leading + phrase) for phrase in phrases), end
    words = sorted({word for phrase in phrases for word in phrase.split()})
    number = {word: index for index, word in enumerate(words)}
    split = tuple(tuple(number[word] for word in phrase.split()) for phrase in phrases)
    return split, len(words)


def encoded(tokenizer: Any, text: str) -> tuple[int, ...]:
    """The token ids of a text, no special token added, from either library's tokenizer."""
    found = tokenizer.encode(text, add_special_tokens=False)
    ids: Iterable[int] = getattr(found, "ids", found)
    return tuple(int(one) for one in ids)


def terminated(
    sequences: Sequence[Sequence[int]], phrases: Sequence[str], terminator: int | None
) -> Sequences:
    """The sequences, with the terminator after each that is the beginning of another.

    Raises:
        BadArgument: two sequences are the same, one is empty, or a terminator is needed and is
            missing or occurs inside an action.
    """
    owner: dict[tuple[int, ...], int] = {}
    for index, one in enumerate(sequences):
        key = tuple(one)
        if not key or min(key) < 0:
            raise BadArgument(
                f"action {index} ('{phrases[index]}') has no tokens or a negative one: {list(key)}"
            )
        if key in owner:
            raise BadArgument(
                f"actions {owner[key]} ('{phrases[owner[key]]}') and {index} "
                f"('{phrases[index]}') have the same tokens {list(key)}; give them phrases that "
                "the tokenizer tells apart"
            )
        owner[key] = index
    beginnings: dict[tuple[int, ...], int] = {}
    for index, one in enumerate(sequences):
        beginnings.update((tuple(one[:size]), index) for size in range(1, len(one)))
    shorter = [key for key in owner if key in beginnings]
    if not shorter:
        return tuple(owner)
    index = owner[shorter[0]]
    both = f"'{phrases[index]}' is the beginning of '{phrases[beginnings[shorter[0]]]}'"
    if terminator is None:
        raise BadArgument(f"{both}: give a terminator, a token that ends the shorter one")
    if any(terminator in key for key in owner):
        raise BadArgument(f"{both}, and the terminator {terminator} is itself part of an action")
    return tuple((*key, terminator) if key in beginnings else key for key in owner)


def _perfect_hash(
    table: NDArray[np.int64],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Odd weights under which no two rows have the same sum modulo 2**64; the sums, sorted."""
    for seed in range(64):
        random = np.random.default_rng(seed)
        drawn = random.integers(0, 2**64, table.shape[1], dtype=np.uint64)
        weights = np.asarray(drawn | np.uint64(1))
        hashes = np.asarray(table.view(np.uint64) @ weights)
        if np.unique(hashes).size == len(table):
            order = np.argsort(hashes)
            return weights, hashes[order], order
    raise AssertionError("sixty-four hashes of 64 bits cannot all have clashed")
