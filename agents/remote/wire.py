"""What a policy's server and its clients say: msgpack messages, typed, sized, and never pickled.

A message is one binary WebSocket frame. Arrays travel as msgpack's extension 1: three letters of
dtype, the number of axes, each axis as four bytes (little endian), and the numbers in C order.
``docs/remote.md`` has the protocol for whoever writes another end of it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...core.specs import Embodiment

PROTOCOL = 1
"""Version of what is said here; the two ends must agree."""

LARGEST = 64 << 20
"""No message is longer [bytes]."""

MOST_AT_ONCE = 1024
"""No message speaks of more episodes."""

ARRAY = 1
"""The msgpack extension that holds an array."""

DTYPES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
)
"""What an array may hold: truth values, whole and broken numbers. Nothing that runs."""

MOST_AXES = 8


class WireError(ValueError):
    """A frame is not a message of this protocol."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that begins: its brief, and how what it shows is laid out.

    Attributes:
        episode: its number, the client's own.
        instruction: the words of the episode.
        embodiment: the convention of its actions.
        action_space: what the answers must lie in, as ``core.spaces`` writes a space.
        max_episode_steps: the horizon [steps].
        agent_seed: of the agent's own dice.
        layout: field of the observation to its form, e.g. ``|u1[64,64,3]``, ``text``, ``number``.
    """

    episode: int
    instruction: str
    embodiment: Embodiment
    action_space: dict[str, Any]
    max_episode_steps: int
    agent_seed: int
    layout: dict[str, str]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An observation that waits for its action; ``turn`` counts those of its episode from 0."""

    episode: int
    turn: int
    observation: dict[str, Any]


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The action, or why there is none: a code of ``CODES`` and a line for people."""

    action: Any = None
    code: str = ""
    message: str = ""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """From the client, first. ``session`` is that of a connection that was cut."""

    protocol: int
    client: str
    session: str = ""


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin"):
    """From the client: these episodes begin, and those are forgotten."""

    id: int
    openings: list[Opening]
    forget: list[int] = []


class Act(msgspec.Struct, frozen=True, kw_only=True, tag="act"):
    """From the client: these wait for an action."""

    id: int
    asked: list[Asked]


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """From the client: these episodes are over; what have they cost?"""

    id: int
    episodes: list[int]


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """From the server, in answer to a hello: who plays here, and by which contract.

    Attributes:
        protocol: version of what is said.
        server: program and version.
        session: names this connection, should it be cut.
        name: what the agent is called.
        path: its class.
        dialect: the adapter it speaks through.
        observations: the fields it wants; None for each task's own.
        embodiment: the convention that its actions follow; None for each task's own.
        image_size: side, or height and width, of the pictures that it was made for [px].
        source_digest: SHA-256 of the file of its class, or of its weights.
        adapter_digest: of the fitted adapter that its dialect names; else empty.
        settings: what else makes it another agent.
        accounts: whether it says what an episode has cost.
        identity: SHA-256 over all that makes it this agent.
    """

    protocol: int
    server: str
    session: str
    name: str
    path: str
    dialect: str
    observations: tuple[str, ...] | None
    embodiment: Embodiment | None
    image_size: int | tuple[int, int] | None = None
    source_digest: str
    adapter_digest: str = ""
    settings: dict[str, str]
    accounts: bool
    identity: str


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """From the server: they have begun, but for those that an answer speaks of."""

    id: int
    answers: list[Answer]


class Acted(msgspec.Struct, frozen=True, kw_only=True, tag="acted"):
    """From the server: an answer for each that waited, in order."""

    id: int
    answers: list[Answer]


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """From the server: what each of the episodes has cost, by name."""

    id: int
    spent: list[dict[str, float]]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """From the server: a request as a whole is refused; ``id`` 0 for the connection."""

    id: int
    code: str
    message: str


ToServer: TypeAlias = Hello | Begin | Act | End
ToClient: TypeAlias = Welcome | Begun | Acted | Ended | Refused

CODES: Mapping[str, str] = {
    "protocol": "another version, a malformed message, or one that has no place here",
    "busy": "no room for another connection or episode now",
    "contract": "bodies, spaces or observations do not agree",
    "lost": "the server does not have that episode, or does not have it any more",
    "order": "that is not the next turn of the episode",
    "spoiled": "the agent failed in a batch with episodes of others",
    "agent-failed": "the agent's code raised; the server's log has it",
    "refused": "the agent cannot play this; the message says why",
}
"""What an answer without an action says."""


def layout_of(observation: Mapping[str, Any]) -> dict[str, str]:
    """The form of each field, as an episode keeps it."""
    return {name: _form(value) for name, value in observation.items()}


def _form(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str}[{','.join(map(str, value.shape))}]"
    return "text" if isinstance(value, str) else "number"


def encode(message: ToServer | ToClient) -> bytes:
    """A message as a frame.

    Raises:
        WireError: it holds something that does not travel, e.g. an array of objects.
    """
    return encode_value(message)


def encode_value(value: Any) -> bytes:
    """What is inside a message, such as an action, ready to be put into one.

    Raises:
        WireError: it does not travel.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(str(error)) from error


def _to_wire(value: Any) -> Any:
    if not isinstance(value, (np.ndarray, np.generic)) and not hasattr(value, "__array__"):
        raise TypeError(f"{type(value).__name__} does not travel: give numbers, texts or arrays")
    try:
        array = np.asarray(value)
    except Exception as error:  # It says itself how it is made one: a tensor may refuse to be.
        raise TypeError(f"{type(value).__name__} does not travel: {error}") from error
    return msgspec.msgpack.Ext(ARRAY, pack_array(array))


def pack_array(array: NDArray[Any]) -> bytes:
    """An array as the contents of the extension.

    Raises:
        TypeError: a dtype that does not travel, or too many axes.
    """
    array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    if array.dtype.str not in DTYPES or array.ndim > MOST_AXES:
        raise TypeError(f"an array of {array.dtype} with {array.ndim} axes does not travel")
    head = array.dtype.str.encode() + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    return b"".join((head, array.data))


def unpack_array(data: memoryview) -> Any:
    """The array in an extension, a copy of its own; a number where it has no axes.

    Nothing is made before all is checked.

    Raises:
        WireError: dtype, shape and length are not those of an array.
    """
    dtype = bytes(data[:3]).decode("ascii", "replace")
    if dtype not in DTYPES or len(data) < 4:
        raise WireError(f"no array is of dtype {dtype!r}")
    axes = data[3]
    start = 4 + 4 * axes
    if axes > MOST_AXES or len(data) < start:
        raise WireError(f"an array has {axes} axes; it has at most {MOST_AXES}, and all of them")
    shape = struct.unpack_from(f"<{axes}I", data, 4)
    size = math.prod(shape) * int(dtype[2])
    if len(data) - start != size:
        raise WireError(f"an array of {dtype} {shape} has {size} bytes, not {len(data) - start}")
    if size == 0:
        return np.zeros(shape, dtype)
    found: NDArray[Any] = np.frombuffer(data, dtype, offset=start).reshape(shape).copy()
    if dtype == "|b1" and data[start:].tobytes().strip(b"\x00\x01"):
        raise WireError("a truth value is neither 0 nor 1")
    return found if axes else found[()]


def _from_wire(code: int, data: memoryview) -> Any:
    if code != ARRAY:
        raise WireError(f"extension {code} is none of this protocol")
    return unpack_array(data)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_to_wire)
_TO_SERVER = msgspec.msgpack.Decoder(ToServer, ext_hook=_from_wire)
_TO_CLIENT = msgspec.msgpack.Decoder(ToClient, ext_hook=_from_wire)


def decode_request(data: bytes) -> ToServer:
    """What a client says.

    Raises:
        WireError: it is no message of a client.
    """
    found: ToServer = _decode(_TO_SERVER, data)
    return found


def decode_reply(data: bytes) -> ToClient:
    """What a server says.

    Raises:
        WireError: it is no message of a server.
    """
    found: ToClient = _decode(_TO_CLIENT, data)
    return found


def _decode(decoder: msgspec.msgpack.Decoder[Any], data: bytes) -> Any:
    if len(data) > LARGEST:
        raise WireError(f"a message has {len(data)} bytes; at most {LARGEST} are taken")
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        raise WireError(f"{type(error).__name__}: {error}") from error
