"""The shapes that strangers implement: an agent, an adapter, an oracle, an environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from gymnasium import Space

from .errors import BadArgument
from .specs import Brief, Embodiment

Observation = Mapping[str, Any]
"""Some of ``rgb`` uint8 ``[H, W, 3]``, ``state`` float32 ``[D]``, ``instruction`` str."""

DecodePolicy: TypeAlias = Literal["fail", "no-op", "resample"]
"""What is done with an utterance that means no action: raise, do nothing instead, ask again."""


@runtime_checkable
class Agent(Protocol):
    """Decides for N slots at once. State is kept by slot, never shared between episodes.

    Optional attributes: ``embodiment`` (an :class:`Embodiment`: the convention that the agent's
    actions follow; checked against every task before it starts), ``observations`` (the fields it
    wants to see, e.g. ``("rgb", "instruction")``; ``reward`` among them is what its last action
    brought, 0 before its first) and ``settings`` (texts by name: what makes it another agent
    though its file is the same; never a secret). Optional method: ``spent``, see
    :class:`Spending`.
    """

    dialect: str
    """The name of the adapter it speaks through; ``native`` for the environment's own actions."""

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots and hears what each is to do next."""

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> Sequence[Any]:
        """One action for each observation, in order; only waiting slots are asked.

        Args:
            observations: one mapping a waiting slot; the agent may keep them.
            slots: whose they are, position by position.

        Returns:
            As many actions as observations: a sequence, or an array whose axis 0 is the slot. A
            :class:`~polyathlon.core.errors.WorkerFault` in place of an action says that what the
            agent runs on has failed this episode: it is played again, or becomes INVALID, and is
            never scored.
        """


@runtime_checkable
class Spending(Protocol):
    """An agent that keeps account of what it uses up."""

    def spent(self, slot: int) -> Mapping[str, float]:
        """What the episode that has just ended in a slot has cost, by name, e.g. ``tokens_in``."""


class ActionAdapter(Protocol):
    """Translates what an agent utters into what an environment does, and back."""

    agent_space: Space[Any]
    env_space: Space[Any]
    resolution: Any
    """Largest error of a round trip per dimension, in the action's own unit."""

    def decode(self, uttered: Any) -> Any:
        """The environment's action for an utterance. Total on ``agent_space``.

        Raises:
            DecodeError: the utterance means no action. Never answers with silent zeros.
        """

    def encode(self, action: Any) -> Any:
        """The utterance nearest to an action: right inverse of decode up to ``resolution``."""


class Oracle(Protocol):
    """A scripted solver that may look inside the world. Lives beside it, in the worker."""

    def reset(self, observation: Observation, info: Mapping[str, Any]) -> None:
        """Hears that an episode has begun."""

    def act(self, observation: Observation) -> Any:
        """The next action, in the environment's own action space."""


@runtime_checkable
class Rendering(Protocol):
    """What an environment may say of its pictures, for the record."""

    render_info: Mapping[str, str]
    """E.g. ``{"backend": "egl", "profile": "fast", "device": "llvmpipe"}``."""


@runtime_checkable
class Recording(Protocol):
    """An environment that can keep a log of its own of the episode that has just ended."""

    def keep_record(self, path: Path) -> None:
        """Writes it, whole or not at all.

        Args:
            path: without a suffix; whatever is written has this name and suffixes of its own.

        Raises:
            PolyathlonError: it cannot, e.g. because the disk refused.
        """


def embodiment_of(agent: object) -> Embodiment | None:
    """The convention an agent declares, or None when it follows the task's.

    Raises:
        BadArgument: what it declares is not an :class:`Embodiment`.
    """
    declared = getattr(agent, "embodiment", None)
    if declared is not None and not isinstance(declared, Embodiment):
        raise BadArgument(
            f"the agent's embodiment is {declared!r:.80}, not a polyathlon.core.specs.Embodiment"
        )
    return declared
