"""Words without meaning: every action as digits, as many as its own words would take.

"Lang" of Szot et al., "Grounding Multimodal Large Language Models in Actions" (2024): what
remains of :mod:`.semlang` when the words say nothing. The study does not say how it kept actions
apart; here the codes are drawn so that none is the beginning of another.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import Space

from ..core.errors import BadArgument
from ..core.specs import Embodiment, derive_seed, digest_of
from .batch import discrete_range
from .semlang import SequenceAdapter, encoded, tokens_of

BASE = 10
"""The digits "0" to "9"."""


class LangAdapter(SequenceAdapter):
    """Each action by digits, drawn from a seed that the body gives.

    An action has as many digits as :class:`SemLangAdapter` would give it words or tokens. Where
    the actions of some length are more than there are codes left (70 actions of one word have
    only ten digits), all of that length get one digit more, and so on until they fit.

    Args:
        env_space: Discrete.
        embodiment: a discrete body; seeds the codes.
        phrases: the words whose number of tokens counts; by default the action names.
        tokenizer: from ``tokenizers`` or ``transformers``; None counts words at white space, and
            the ids of the digits are 0 to 9.
        leading: put before each phrase, as for :class:`SemLangAdapter`.
        digit_ids: the token ids of the ten digits; by default the tokenizer's.

    Attributes:
        codes: the digits of each action, e.g. ``("53", "08")``.

    Raises:
        BadArgument: the space does not fit, or the tokenizer has no single token for a digit.
    """

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        phrases: Sequence[str] | None = None,
        tokenizer: Any | None = None,
        leading: str = "",
        digit_ids: Sequence[int] | None = None,
    ) -> None:
        discrete_range(env_space, embodiment, "lang")
        said = tuple(embodiment.action_names if phrases is None else phrases)
        words, _ = tokens_of(said, tokenizer, leading)
        seed = derive_seed("lang", digest_of(embodiment))
        self.codes = draw_codes([len(one) for one in words], seed)
        ids = _digit_ids(tokenizer) if digit_ids is None else tuple(digit_ids)
        if len(ids) != BASE or len(set(ids)) != BASE:
            raise BadArgument(f"ten different token ids are needed for the digits, not {ids}")
        sequences = [[ids[int(digit)] for digit in code] for code in self.codes]
        super().__init__(env_space, embodiment, sequences, said)


def draw_codes(lengths: Sequence[int], seed: int) -> tuple[str, ...]:
    """Strings of digits, none the beginning of another, of at least the lengths asked for.

    Args:
        lengths: digits of each, at least 1.
        seed: of the draw; the same lengths and seed give the same codes.

    Raises:
        BadArgument: a length below 1.
    """
    if min(lengths, default=1) < 1:
        raise BadArgument(f"action {list(lengths).index(min(lengths))} has no words to count")
    random = np.random.default_rng(seed)
    codes: dict[int, str] = {}
    for level, members in sorted(lengthened(lengths).items()):
        # What is used up of [0, 10**level), as half-open ranges.
        taken = [
            (_start(code, level), _start(code, level) + BASE ** (level - len(code)))
            for code in codes.values()
        ]
        taken.sort()
        for index in members:
            free = BASE**level - sum(past - first for first, past in taken)
            code = int(random.integers(min(free, 2**62)))
            for first, past in taken:
                if first > code:
                    break
                code += past - first
            bisect.insort(taken, (code, code + 1))
            codes[index] = str(code).zfill(level)
    return tuple(codes[index] for index in range(len(lengths)))


def lengthened(lengths: Sequence[int]) -> Mapping[int, list[int]]:
    """Which actions get how many digits, so that codes without common beginnings exist.

    Going from short to long, a length whose members would leave no code for the longer ones
    moves, as a whole, to the next.
    """
    wanted: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        wanted.setdefault(length, []).append(index)
    settled: dict[int, list[int]] = {}
    level, free = 0, 1
    while wanted:
        level, free = level + 1, free * BASE
        members = wanted.pop(level, [])
        if len(members) > free or (len(members) == free and wanted):
            wanted[level + 1] = sorted([*members, *wanted.get(level + 1, [])])
        elif members:
            settled[level] = members
            free -= len(members)
    return settled


def _start(code: str, level: int) -> int:
    """The first number of so many digits that begins with the code."""
    return int(code.ljust(level, "0"))


def _digit_ids(tokenizer: Any | None) -> tuple[int, ...]:
    if tokenizer is None:
        return tuple(range(BASE))
    found = [encoded(tokenizer, str(digit)) for digit in range(BASE)]
    for digit, ids in enumerate(found):
        if len(ids) != 1:
            raise BadArgument(
                f"the tokenizer has no single token for the digit {digit} (it gives {list(ids)}): "
                "name the ten ids in digit_ids"
            )
    return tuple(ids[0] for ids in found)
