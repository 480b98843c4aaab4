"""Bytes that come in whatever pieces are the same messages to our reader as to websockets' own."""

from __future__ import annotations

import mmap
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Echo, Raw, asked, brief, connect, opening, serving
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from polyathlon.agents.remote.connection import SPACE, RoomyReader
from polyathlon.agents.remote.wire import Act, Begin, encode

LARGEST = 12 * SPACE


def protocol(reader: RoomyReader | None, largest: int = LARGEST) -> ServerProtocol:
    """A server's side of an open connection."""
    made = ServerProtocol(state=State.OPEN, max_size=largest)
    if reader is not None:
        made.reader = reader
        made.parser = made.parse()
        next(made.parser)
    return made


def heard(made: ServerProtocol) -> Any:
    """All that a protocol makes of what it was fed."""
    events = [(one.opcode, bytes(one.data), one.fin) for one in made.events_received()]  # type: ignore[union-attr]
    return events, made.data_to_send(), made.state, made.close_code, repr(made.parser_exc)


SIZES = st.sampled_from(
    [0, 1, 125, 126, SPACE - 1, SPACE, SPACE + 1, 3 * SPACE + 7, 65_536, LARGEST, LARGEST + 1]
)
FRAMES = st.tuples(
    st.sampled_from([Opcode.BINARY, Opcode.TEXT, Opcode.CONT, Opcode.PING, Opcode.CLOSE]),
    SIZES,
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(FRAMES, min_size=1, max_size=4), st.integers(0, 2**32), st.booleans())
def test_a_stream_in_any_pieces_is_read_as_websockets_reads_it(
    frames: list[tuple[Opcode, int, bool]], seed: int, cut: bool
) -> None:
    dice = np.random.default_rng(seed)
    stream = b"".join(
        Frame(
            code, dice.bytes(min(size, 100) if code >= Opcode.CLOSE else size), fin or code >= 8
        ).serialize(mask=True)
        for code, size, fin in frames
    )
    if cut:
        stream = stream[: int(dice.integers(len(stream)))]
    plain, reader = protocol(None), RoomyReader()
    roomy = protocol(reader)
    plain.receive_data(stream)
    left = memoryview(stream)
    while left:
        room = reader.room()[: int(2 ** dice.uniform(0, 19))]
        taken = min(len(room), len(left))
        assert taken
        room[:taken] = left[:taken]
        left = left[taken:]
        reader.fill(taken)
        roomy.receive_data(b"")
    assert heard(roomy) == heard(plain)
    for one in (plain, roomy):
        one.receive_eof()
    assert heard(roomy) == heard(plain)


def resident() -> int:
    """Memory that this process has [bytes]."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


def test_who_announces_much_and_sends_nothing_takes_no_memory() -> None:
    head = b"\x82\xff" + (64 << 20).to_bytes(8, "big") + b"mask"
    before, waiting = resident(), []
    for _ in range(16):
        reader = RoomyReader()
        made = protocol(reader, 64 << 20)
        reader.room()[: len(head)] = head
        reader.fill(len(head))
        made.receive_data(b"")
        assert len(reader.room()) == 64 << 20
        waiting.append((made, reader))
    assert resident() - before < 64 << 20
    for made, reader in waiting:
        made.receive_eof()
        assert made.state is State.CLOSED
        assert len(reader.room()) == SPACE


def test_a_message_in_pieces_slow_and_among_pings_arrives_whole() -> None:
    with serving(Echo()) as server:
        client = connect(server.address)
        client.reset([0], [brief(5)])
        wide = {"state": np.ones(5 * SPACE, np.float64), "rgb": np.full((99, 99, 3), 7, np.uint8)}
        sent = client._link._socket  # type: ignore[union-attr]
        sent.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # So it goes out by and by.
        for step in range(3):
            (action,) = client.act([wide], [0])
            assert action.tolist() == [5, step + 1, (step + 1) * 5 * SPACE]
        client.close()


class Hanging(Echo):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let, self.asked = threading.Event(), threading.Event()

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        self.asked.set()
        self.let.wait(60)
        return super().act(observations, slots)


def test_a_server_ends_though_its_agent_hangs_and_more_wait_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from polyathlon.agents.remote import server as module

    monkeypatch.setattr(module, "CLOSING", 0.2)
    agent = Hanging()
    with serving(agent, max_batch=1, max_clients=4) as server:  # Room for four.
        raw = Raw(server.address)
        raw.hello()
        raw.say(Begin(id=1, openings=[opening(number) for number in range(7)]))
        raw.socket.send(encode(Act(id=2, asked=[asked(number, 0) for number in range(7)])))
        assert agent.asked.wait(30)
    with pytest.raises(ConnectionClosed):
        raw.hear()
    agent.let.set()
    raw.close()
