"""What an evaluator and a troupe say: typed msgpack, so that Ray carries nothing but bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from ...core.episode import EpisodePlan, EpisodeResult, Fault
from ...core.manifest import AgentRecord
from ...core.protocols import DecodePolicy
from ...core.specs import TaskSpec
from ..workers.slot import Limits


class Engagement(msgspec.Struct, frozen=True, kw_only=True):
    """To a troupe, first: what is played, by whom, and how.

    Attributes:
        agent: by which name the agent is loaded.
        loader: ``module:function`` that loads it.
        record: what the evaluator knows of it; the troupe's must be the same.
        packages: versions at the evaluator; the node's must be the same.
        machine: of the evaluator; system and processor must be the same.
        specs: the tasks.
        task_kwargs: arguments of each.
        slots: worker processes of the troupe.
        limits: deadlines.
        max_attempts: starts of an episode before it is invalid.
        on_invalid: what is done with an utterance that means no action.
        rewards: show the agent what its last action brought.
        interpreters: family to the Python that plays it.
        path: the evaluator's import path.
        folder: where the evaluator was started.
        variables: of its environment, as far as they are ours.
    """

    agent: str
    loader: str
    record: AgentRecord
    packages: Mapping[str, str]
    machine: Mapping[str, Any]
    specs: Sequence[TaskSpec]
    task_kwargs: Mapping[str, Mapping[str, Any]]
    slots: int
    limits: Limits
    max_attempts: int
    on_invalid: DecodePolicy
    rewards: bool
    interpreters: Mapping[str, str]
    path: Sequence[str]
    folder: str
    variables: Mapping[str, str]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An episode to play.

    Attributes:
        plan: which.
        film: whether it is filmed.
        record: whether its own log is kept.
        faults: of attempts that were lost with another troupe.
    """

    plan: EpisodePlan
    film: bool = False
    record: bool = False
    faults: tuple[Fault, ...] = ()


class Played(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From a troupe: an episode is over.

    Attributes:
        result: what came of it.
        packed: its actions.
        digest: of them.
        films: what was drawn of it, by ending.
        records: its own log, by ending.
    """

    result: EpisodeResult
    packed: bytes = b""
    digest: str = ""
    films: Mapping[str, bytes] = {}
    records: Mapping[str, bytes] = {}


class Prepared(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From a troupe: this draws the pictures of a task."""

    task: str
    render_info: Mapping[str, str]


class Noted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From a troupe: no fault, and yet worth knowing."""

    text: str


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From a troupe, last: it cannot go on.

    Attributes:
        kind: class of the error.
        message: its words.
        traceback: where it is the agent's own.
        user: whether it is a mistake that a person can mend.
    """

    kind: str
    message: str
    traceback: str = ""
    user: bool = True


Event: TypeAlias = Played | Prepared | Noted | Broken

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(list[Event])
_parts = msgspec.msgpack.Decoder(list[Part])
_engagement = msgspec.msgpack.Decoder(Engagement)


def encode(value: Engagement | Sequence[Part] | Sequence[Event]) -> bytes:
    """As it travels."""
    return _encoder.encode(value)


def decode_engagement(data: bytes) -> Engagement:
    """What ``encode`` made of one."""
    return _engagement.decode(data)


def decode_parts(data: bytes) -> list[Part]:
    """What ``encode`` made of them."""
    return _parts.decode(data)


def decode_events(data: bytes) -> list[Event]:
    """What ``encode`` made of them."""
    return _events.decode(data)
