"""What is done with utterances that mean no action, and how often it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError
from ..core.protocols import ActionAdapter

DecodePolicy = Literal["no-op", "resample", "fail"]
"""Do what the caller names as doing nothing, ask again, or raise."""

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
    invalid = np.zeros(len(uttered), bool)
    try:
        return Decoded(np.asarray(adapter.decode(uttered)), invalid)
    except DecodeError:
        if policy == "fail":
            raise
    actions: list[Any] = []
    for position, one in enumerate(uttered):
        try:
            actions.append(adapter.decode(one))
        except DecodeError:
            invalid[position] = True
            if policy == "no-op":
                actions.append(no_op)
            else:
                assert resample is not None
                actions.append(_decode_again(adapter, resample, position, attempts))
    return Decoded(np.asarray(actions), invalid)


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


def _decode_again(
    adapter: ActionAdapter, resample: Callable[[int], Any], position: int, attempts: int
) -> Any:
    for _ in range(attempts):
        try:
            return adapter.decode(resample(position))
        except DecodeError as error:
            latest = error
    raise DecodeError(
        f"utterance {position} meant no action, nor did {attempts} more"
        + (f": {latest}" if attempts else "")
    )
