"""What the two sides say over the control socket: msgpack frames, typed, never pickled.

Only the beginning and the end of an episode go this way; its steps go through shared memory.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.episode import EpisodePlan
from ...core.errors import WorkerFault
from ...core.specs import TaskSpec
from ...core.tier import Tier

LARGEST = 1 << 30
"""A longer frame is a fault of the protocol [bytes]."""


class Setup(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the worker: make this environment."""

    spec: TaskSpec
    kwargs: Mapping[str, Any]
    spin: float


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written of an episode, step by step, and how it is played for it.

    Attributes:
        path: of the file.
        tier: how well the task's own oracle plays.
    """

    path: str
    tier: Tier


class Play(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the worker: play this episode.

    Attributes:
        plan: the episode.
        oracle: let the task's own oracle act, beside the environment.
        actions: play these recorded actions again instead of asking anybody.
        media: path without suffix for a film and a first picture; empty for none.
        record: path without suffix for the environment's own log; empty for none.
        recording: play for a data set, whatever ``oracle`` says; None to play for a score.
    """

    plan: EpisodePlan
    oracle: bool = False
    actions: tuple[Any, ...] | None = None
    media: str = ""
    record: str = ""
    recording: Recording | None = None


class Quit(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the worker: close the environment and end."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Where one array lies in the shared memory; an empty dtype means text or JSON."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From the worker: the environment stands; here is how to talk to it."""

    action_space: dict[str, Any]
    observation_space: dict[str, Any]
    action: Field
    observation: tuple[Field, ...]
    memory: int
    render_info: Mapping[str, str]


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From the worker: the episode is over.

    Attributes:
        stepping: time in the environment, less what is drawn there [s].
        drawing: time in which pictures were drawn [s].
        deciding: time in which an action was waited for, whoever decided [s].
    """

    plan: EpisodePlan
    success: bool
    total_reward: float
    steps: int
    metrics: Mapping[str, float]
    instruction: str
    packed_actions: bytes
    action_digest: str
    reward_digest: str
    start_digest: str
    end_digest: str
    wall_time: float
    stepping: float = 0.0
    drawing: float = 0.0
    deciding: float = 0.0
    render_info: Mapping[str, str]
    notes: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From the worker: something raised. ``user`` marks a mistake that the user can mend."""

    kind: str
    message: str
    traceback: str = ""
    user: bool = False


ToWorker = Setup | Play | Quit
FromWorker = Ready | Finished | Raised

_encoder = msgspec.msgpack.Encoder()


class Control:
    """One end of the control socket.

    Args:
        end: a connected stream socket, which this object owns from now on.
        answers: the union of messages that come in at this end.
    """

    def __init__(self, end: socket.socket, answers: Any) -> None:
        self._socket = end
        self._decoder = msgspec.msgpack.Decoder(answers)
        self.fileno = end.fileno

    def send(self, message: ToWorker | FromWorker) -> None:
        """Sends one message.

        Raises:
            OSError: the other side is gone.
        """
        body = _encoder.encode(message)
        self._socket.sendall(len(body).to_bytes(4, "little") + body)

    def receive(self) -> Any:
        """Waits for the next message.

        Raises:
            EOFError: the other side is gone.
            WorkerFault: what came is no message.
        """
        size = int.from_bytes(self._exactly(4), "little")
        if size > LARGEST:
            raise WorkerFault("protocol", f"a frame of {size} bytes was announced")
        try:
            return self._decoder.decode(self._exactly(size))
        except msgspec.DecodeError as error:
            raise WorkerFault("protocol", f"a frame is no message: {error}") from error

    def peek(self) -> bytes:
        """The next byte without taking it; empty when the other side has hung up.

        Raises:
            OSError: the connection is broken, or there is nothing to read yet.
        """
        return self._socket.recv(1, socket.MSG_PEEK)

    def _exactly(self, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            try:
                piece = self._socket.recv(size - len(pieces))
            except ConnectionError as error:
                raise EOFError("the other side of the control socket is gone") from error
            if not piece:
                raise EOFError("the other side of the control socket is gone")
            pieces += piece
        return bytes(pieces)

    def close(self) -> None:
        """Closes this end; can be called twice."""
        self._socket.close()
