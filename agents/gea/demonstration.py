"""Demonstrations of many bodies, and spans drawn from them by weight."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadArgument
from ...core.specs import Embodiment
from ...core.trajectory import Trajectory, digest_of_trajectories

KINDS = {"f": "continuous", "i": "discrete", "u": "discrete", "U": "text"}
"""What a type of numbers or letters says of the body whose actions they are."""


class DemoSet(msgspec.Struct, frozen=True, kw_only=True):
    """The episodes of one task.

    Attributes:
        name: of the task or data set, for messages.
        body: whose actions.
        instruction: for episodes that have none of their own.
        episodes: at least one; only what succeeded, in the paper.
        weight: how often it is drawn from, beside the others'. In the paper all are equal but for
            OpenX and Procgen (2) and questions about pictures (3).
    """

    name: str
    body: Embodiment
    instruction: str
    episodes: tuple[Trajectory, ...]
    weight: float = 1.0


class Span(NamedTuple):
    """A few steps of an episode.

    Attributes:
        body: whose.
        instruction: of the episode.
        observations: field to what was seen, `[n, ...]`.
        actions: what was done after each, `[n, ...]`; for what is still to be acted, one fewer.
        where: names it in a message.
    """

    body: Embodiment
    instruction: str
    observations: Mapping[str, NDArray[Any]]
    actions: NDArray[Any]
    where: str


class Mixture:
    """Draws spans from several sets: a set by weight, an episode of it, a step of that.

    Args:
        sets: at least one.
        history: steps of a span; fewer where an episode has just begun.
        senses: fields that are kept, where an episode has them.

    Raises:
        BadArgument: a set is empty, has another kind of action than its body, nothing that is
            seen, or no weight.
    """

    def __init__(self, sets: Sequence[DemoSet], history: int, senses: Sequence[str]) -> None:
        if not sets:
            raise BadArgument("cloning needs demonstrations: name at least one data set")
        self.sets, self.history, self.senses = tuple(sets), history, tuple(senses)
        for one in sets:
            _check(one, self.senses)
        weights = np.array([one.weight for one in sets], float)
        self._shares = weights / weights.sum()

    @property
    def bodies(self) -> list[Embodiment]:
        """Whose actions are demonstrated, in the order of the sets.

        Raises:
            BadArgument: two bodies of one id differ.
        """
        found: dict[str, Embodiment] = {}
        for one in self.sets:
            known = found.setdefault(one.body.id, one.body)
            if known != one.body:
                differing = "; ".join(known.differences(one.body))
                raise BadArgument(f"{one.name}: two bodies are called '{known.id}': {differing}")
        return list(found.values())

    def fields(self) -> dict[str, tuple[str, ...]]:
        """What of each body is seen; a body is seen alike in all of its sets.

        Raises:
            BadArgument: it is not.
        """
        found: dict[str, tuple[str, ...]] = {}
        for one in self.sets:
            for number, each in enumerate(one.episodes):
                own = tuple(name for name in self.senses if name in each.observations)
                known = found.setdefault(one.body.id, own)
                if known != own:
                    raise BadArgument(
                        f"{one.name} episode {number} shows {' and '.join(own)}; other episodes of "
                        f"'{one.body.id}' show {' and '.join(known)}: record them alike"
                    )
        return found

    def streams(self) -> dict[Embodiment, NDArray[np.float32]]:
        """All actions of every continuous body, `[N, D]`."""
        parts: dict[Embodiment, list[NDArray[Any]]] = {}
        for one in self.sets:
            if one.body.kind == "continuous":
                parts.setdefault(one.body, []).extend(each.actions for each in one.episodes)
        return {body: np.concatenate(rows).astype(np.float32) for body, rows in parts.items()}

    def texts(self) -> list[str]:
        """Every instruction once, and every command in writing."""
        found: dict[str, None] = {}
        for one in self.sets:
            for each in one.episodes:
                found.setdefault(each.instruction or one.instruction)
                if one.body.kind == "text":
                    # As it is said: behind a space.
                    found |= dict.fromkeys(f" {action}" for action in each.actions)
        return list(found)

    def draw(self, count: int, dice: np.random.Generator) -> list[Span]:
        """So many spans."""
        return [
            self._span(self.sets[int(place)], dice)
            for place in dice.choice(len(self.sets), count, p=self._shares)
        ]

    def _span(self, one: DemoSet, dice: np.random.Generator) -> Span:
        number = int(dice.integers(len(one.episodes)))
        episode = one.episodes[number]
        last = int(dice.integers(episode.steps))
        first = max(0, last - self.history + 1)
        return Span(
            one.body,
            _wording(episode.instruction or one.instruction, dice),
            {
                name: episode.observations[name][first : last + 1]
                for name in self.senses
                if name in episode.observations
            },
            episode.actions[first : last + 1],
            f"{one.name} episode {number} step {last}",
        )

    def digest(self) -> str:
        """SHA-256 over every episode, body and weight."""
        digest = hashlib.sha256()
        for one in self.sets:
            digest.update(f"{one.name}\0{one.weight}\0{one.instruction}\0".encode())
            digest.update(msgspec.json.encode(one.body))
            digest.update(digest_of_trajectories(one.episodes).encode())
        return digest.hexdigest()


def _wording(instruction: str, dice: np.random.Generator) -> str:
    """One of the wordings, a line each."""
    lines = instruction.splitlines() or [""]
    return lines[int(dice.integers(len(lines)))] if len(lines) > 1 else lines[0]


def _check(one: DemoSet, senses: Sequence[str]) -> None:
    if not one.episodes or not one.weight > 0:
        raise BadArgument(f"{one.name} has no episode, or a weight of {one.weight}")
    for number, each in enumerate(one.episodes):
        kind = KINDS.get(each.actions.dtype.kind)
        # Numbers of actions may have been recorded as rows of one float.
        rows_of_one = kind == "continuous" and each.actions.shape[1:] == (1,)
        if kind != one.body.kind and not (one.body.kind == "discrete" and rows_of_one):
            raise BadArgument(
                f"{one.name} episode {number}: its actions are {each.actions.dtype} of shape "
                f"{each.actions.shape}; those of '{one.body.id}' are {one.body.kind}"
            )
        if not set(senses) & set(each.observations):
            raise BadArgument(
                f"{one.name} episode {number} has {', '.join(each.observations)}; this agent sees "
                f"{' and '.join(senses)}: record it anew with these, or set senses"
            )
