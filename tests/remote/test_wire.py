"""What travels arrives as it was, and what is no message is refused before anything is made."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from serving import BODY

from polyathlon.agents.remote import wire
from polyathlon.agents.remote.wire import Act, Acted, Answer, Asked, Begin, Opening

FORMS = sorted(wire.DTYPES)


@given(
    arrays.arrays(
        st.sampled_from([np.dtype(form) for form in FORMS]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
def test_an_array_arrives_as_it_was(array: Any) -> None:
    found = wire.unpack_array(memoryview(wire.pack_array(array)))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()
    assert isinstance(found, np.generic) or found.flags.writeable


def test_views_and_foreign_byte_orders_arrive_as_the_numbers_they_are() -> None:
    base = np.arange(24, dtype=">i4").reshape(4, 6)
    for array in (base[::2, ::-1], base.T, np.asfortranarray(base)):
        assert np.array_equal(wire.unpack_array(memoryview(wire.pack_array(array))), array)


@pytest.mark.parametrize(
    "array",
    [
        np.array([object()]), np.array(["text"]), np.zeros(2, "c16"), np.zeros(2, "M8[s]"),
        np.zeros(2, [("a", "i4")]), np.zeros(2, np.longdouble), np.zeros((1,) * 9),
    ],
    ids=lambda array: str(array.dtype),
)  # fmt: skip
def test_what_is_no_plain_number_does_not_travel(array: Any) -> None:
    with pytest.raises(wire.WireError, match="does not travel"):
        wire.encode(Acted(id=1, answers=[Answer(action=array)]))


def extension(dtype: bytes, shape: tuple[int, ...], data: bytes, axes: int | None = None) -> Any:
    head = dtype + struct.pack(f"<B{len(shape)}I", len(shape) if axes is None else axes, *shape)
    return msgspec.msgpack.Ext(wire.ARRAY, head + data)


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("dtype", extension(b"|O8", (1,), b"12345678")),
        ("dtype", extension(b"<M8", (1,), b"12345678")),
        ("dtype", msgspec.msgpack.Ext(wire.ARRAY, b"|u1")),
        ("bytes, not", extension(b"|u1", (2**32 - 1,) * 8, b"")),
        ("bytes, not", extension(b"|u1", (3,), b"12")),
        ("axes", extension(b"|u1", (1,), b"1", axes=200)),
        ("truth", extension(b"|b1", (3,), b"\x00\x02\x01")),
        ("extension 2", msgspec.msgpack.Ext(2, b"")),
    ],
)  # fmt: skip
def test_an_array_that_is_none_is_refused_before_it_is_made(told: str, value: Any) -> None:
    frame = msgspec.msgpack.encode(
        {"type": "act", "id": 1, "asked": [{"episode": 1, "turn": 0, "observation": {"x": value}}]}
    )
    with pytest.raises(wire.WireError, match=told):
        wire.decode_request(frame)


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xc1", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
     b"\xc6\xff\xff\xff\xff", b"\x80\x04\x95cos\nsystem\n", b"<html>", b"GET / HTTP/1.1"],
)  # fmt: skip
def test_what_is_no_message_is_named_so(frame: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_request(frame)
    with pytest.raises(wire.WireError):
        wire.decode_reply(frame)


def test_a_frame_that_is_too_long_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST", 10)
    with pytest.raises(wire.WireError, match="at most 10"):
        wire.decode_request(b"\x00" * 11)


MESSAGES = [
    Act(id=3, asked=[Asked(episode=1, turn=2, observation={
        "rgb": np.zeros((4, 4, 3), np.uint8), "instruction": "go", "reward": 0.5})]),
    Begin(id=1, forget=[7], openings=[Opening(
        episode=1, instruction="go", embodiment=BODY, action_space={"kind": "discrete", "n": 3,
        "start": 0}, max_episode_steps=9, agent_seed=2**53 - 1, layout={"rgb": "|u1[4,4,3]"})]),
    wire.Hello(protocol=1, client="test", session="abc"),
    wire.End(id=4, episodes=[1, 2]),
]  # fmt: skip


@settings(max_examples=400)
@given(st.sampled_from(MESSAGES), st.data())
def test_damaged_messages_are_refused_or_read_and_never_more(message: Any, data: Any) -> None:
    frame = bytearray(wire.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(frame) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "insert"]))
        if kind == "change":
            frame[place] = data.draw(st.integers(0, 255))
        elif kind == "insert":
            frame[place:place] = data.draw(st.binary(max_size=6))
        else:
            frame = frame[: max(place, 1)]
    try:
        found = wire.decode_request(bytes(frame))
    except wire.WireError:
        return
    assert isinstance(found, wire.Hello | Begin | Act | wire.End)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_request(noise)
