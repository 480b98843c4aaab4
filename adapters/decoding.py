"""What is done with utterances that mean no action, and how often it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError
from ..core.protocols import ActionAdapter, DecodePolicy

ATTEMPTS = 3
"""How often an utterance is asked for anew before it is given up; of our own choice."""


class Decoded(NamedTuple):
    """The actions of a batch, and which of its utterances meant none at first.

    Attributes:
        actions: `[N, ...]`, one for each utterance.
        invalid: `[N]`.
    """

    actions: NDArray[Any]
    invalid: NDArray[np.bool_]


class InvalidTally:
    """Counts utterances and those among them that meant no action.

    Attributes:
        asked: utterances decoded.
        invalid: those that meant no action when first said.
    """

    def __init__(self) -> None:
        self.asked = self.invalid = 0

    def add(self, decoded: Decoded) -> None:
        """Counts a batch."""
        self.asked += decoded.invalid.size
        self.invalid += int(decoded.invalid.sum())

    @property
    def rate(self) -> float:
        """The share that meant no action, in [0, 1]; 0 where nothing was asked."""
        return self.invalid / self.asked if self.asked else 0.0


def decode_by(
    policy: DecodePolicy,
    adapter: ActionAdapter,
    uttered: Sequence[Any] | NDArray[Any],
    *,
    no_op: Any = None,
    resample: Callable[[int], Any] | None = None,
    attempts: int = ATTEMPTS,
) -> Decoded:
    """Decodes a batch, and does with what means no action as the policy says.

    Args:
        policy: ``no-op``, ``resample`` or ``fail``.
        adapter: decodes one utterance, or a batch along axis 0.
        uttered: the utterances, `[N, ...]`, or a sequence of any.
        no_op: the action that does nothing, for ``no-op``. It must be named: zeros hold still in
            delta control and are a move in absolute control.
        resample: gives another utterance for a position in the batch, for ``resample``.
        attempts: how often it is asked for one position.

    Raises:
        DecodeError: an utterance means no action, and the policy is ``fail`` or every attempt
            was in vain.
        BadArgument: the policy is unknown, or lacks what it needs.
    """
    _check(policy, adapter, no_op, resample)
    try:
        return Decoded(np.asarray(adapter.decode(uttered)), np.zeros(len(uttered), bool))
    except DecodeError:
        if policy == "fail":
            raise
    actions, invalid = settle(
        policy,
        uttered,
        lambda _, one: adapter.decode(one),
        no_op=lambda _: no_op,
        ask_again=lambda places: [resample(place) for place in places] if resample else [],
        attempts=attempts,
    )
    return Decoded(np.asarray(actions), invalid)


def settle(
    policy: DecodePolicy,
    uttered: Sequence[Any] | NDArray[Any],
    decode: Callable[[int, Any], Any],
    *,
    no_op: Callable[[int], Any],
    ask_again: Callable[[Sequence[int]], Sequence[Any]],
    attempts: int = ATTEMPTS,
) -> tuple[list[Any], NDArray[np.bool_]]:
    """The same where each utterance has a decoder of its own: the evaluator's slots.

    Args:
        policy: ``no-op``, ``resample`` or ``fail``.
        uttered: the utterances.
        decode: the action of the utterance at a place, or a ``DecodeError``.
        no_op: the action that does nothing at a place.
        ask_again: other utterances for some places; called once a round, with all that lack one.
        attempts: rounds.

    Returns:
        The actions in order, and which of the utterances meant none at first, `[N]`.

    Raises:
        DecodeError: an utterance means no action, and the policy is ``fail`` or every attempt
            was in vain.
    """
    actions: list[Any] = [None] * len(uttered)
    wrong = _decode_into(actions, range(len(uttered)), uttered, decode)
    invalid = np.zeros(len(uttered), bool)
    invalid[list(wrong)] = True
    if policy == "no-op":
        for place in wrong:
            actions[place] = no_op(place)
        return actions, invalid
    for _ in range(attempts if policy == "resample" else 0):
        if not wrong:
            break
        places = list(wrong)
        wrong = _decode_into(actions, places, ask_again(places), decode)
    if not wrong:
        return actions, invalid
    error = next(iter(wrong.values()))
    if policy == "fail":
        raise error
    raise DecodeError(f"{error} (nor did {attempts} more utterances mean any)") from error


def _decode_into(
    actions: list[Any],
    places: Sequence[int],
    uttered: Sequence[Any] | NDArray[Any],
    decode: Callable[[int, Any], Any],
) -> dict[int, DecodeError]:
    """Puts actions in their places; returns what is wrong with the utterances that mean none."""
    wrong = {}
    for place, one in zip(places, uttered, strict=True):
        try:
            actions[place] = decode(place, one)
        except DecodeError as error:
            wrong[place] = error
    return wrong


def _check(
    policy: str, adapter: ActionAdapter, no_op: Any, resample: Callable[[int], Any] | None
) -> None:
    if policy not in ("no-op", "resample", "fail"):
        raise BadArgument(f"no decode policy is called '{policy}': no-op, resample or fail")
    if policy == "no-op" and not adapter.env_space.contains(no_op):
        raise BadArgument(
            f"the policy no-op needs the action that does nothing; {no_op!r:.60} is not in "
            f"{adapter.env_space}"
        )
    if policy == "resample" and resample is None:
        raise BadArgument("the policy resample needs somebody to ask again: give resample=")
