"""Who is let in, and what becomes of damage, slowness and strangers at a server's door."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

import msgspec
import numpy as np
import pytest
from serving import Echo, Raw, answering, brief, connect, page, seen, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as open_socket

from polyathlon.agents.remote import wire
from polyathlon.agents.remote.opening import open_agent
from polyathlon.agents.remote.wire import Hello
from polyathlon.core.errors import (
    PolicyFailed,
)
from polyathlon.core.specs import Embodiment

TOKEN = "a-token-of-twenty-four-letters"


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"\x80\x04\x95pickle", "something else"), ("hello", "something else"),
        (wire.encode(Hello(protocol=2, client="later")), "version 2"),
        (msgspec.msgpack.encode({"type": "hello", "protocol": 9, "new": 1}), "version 9"),
        (wire.encode(wire.End(id=1, episodes=[])), "something else"),
    ],
)  # fmt: skip
def test_a_first_word_that_is_none_is_answered_by_a_code(frame: Any, told: str) -> None:
    with serving(Echo()) as server:
        raw = Raw(server.address)
        reply = raw.say(frame)
        assert (reply.code, reply.id) == ("protocol", 0)
        assert told in reply.message
        with pytest.raises(ConnectionClosed):
            raw.hear()
        raw.close()
        client = connect(server.address)
        client.close()


def test_damage_in_the_middle_ends_that_connection_alone() -> None:
    with serving(Echo()) as server:
        client = connect(server.address)
        client.reset([0], [brief(3)])
        for frame in (
            b"\xc1",
            "text",
            wire.encode(Hello(protocol=1, client="again")),
            b"\x91" * 99,
        ):
            raw = Raw(server.address)
            raw.hello()
            assert raw.say(frame).code == "protocol"
            raw.close()
            client.act([seen(1.0)], [0])
        client.close()


def test_a_frame_that_is_too_long_is_refused_before_it_is_read() -> None:
    with serving(Echo()) as server:
        raw = Raw(server.address)
        raw.hello()
        with contextlib.suppress(ConnectionClosed):
            raw.socket.send(b"\x00" * (wire.LARGEST + 1))
        with pytest.raises(ConnectionClosed) as caught:
            raw.hear()
        raw.close()
        assert caught.value.rcvd is None or caught.value.rcvd.code == 1009
        client = connect(server.address)
        client.close()


def test_a_client_that_speaks_a_letter_at_a_time_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from polyathlon.agents.remote import server as module

    monkeypatch.setattr(module, "OPENING", 0.3)
    with serving(Echo()) as server:
        sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(30)]
        for one in sockets:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        silent = Raw(server.address)  # Shakes hands, and says no hello.
        client = connect(server.address)
        client.reset([0], [brief(3)])
        assert client.act([seen(1.0)], [0])[0].tolist() == [3, 1, 1]
        for one in sockets:
            one.settimeout(30)
            while one.recv(1000):
                pass
            one.close()
        assert silent.hear().code == "protocol"
        silent.close()
        client.close()


def test_a_token_is_asked_for_and_a_wrong_one_named() -> None:
    with serving(Echo(), token=TOKEN) as server:
        for variables in ({}, {"TOKEN": TOKEN[:-1] + "x"}):
            with pytest.raises(PolicyFailed, match="401: a token is needed") as caught:
                connect(server.address, **variables)
            assert TOKEN[:-1] not in str(caught.value)
        connect(server.address, TOKEN=TOKEN).close()
        assert page(server.address, "/metrics")[0] == 401
        assert page(server.address, "/metrics", TOKEN)[0] == 200
        assert page(server.address, "/health")[0] == 200


def test_a_page_in_a_browser_is_not_let_in() -> None:
    with (
        serving(Echo()) as server,
        pytest.raises(InvalidStatus) as caught,
        open_socket(server.address, origin="https://example.com", proxy=None),
    ):
        pass
    assert caught.value.response.status_code == 403


def test_too_many_clients_are_told_so_and_too_many_episodes_wait() -> None:
    with serving(Echo(), max_clients=1, max_episodes=1) as server:
        client = connect(server.address, PATIENCE="0.2")
        with pytest.raises(PolicyFailed, match="too many clients"):
            connect(server.address)
        client.reset([0], [brief(1)])
        client.act([seen(1.0)], [0])
        client.reset([0], [brief(2)])
        assert client.act([seen(2.0)], [0])[0].tolist() == [2, 1, 2], "the slot was not given back"
        client.reset([1], [brief(3)])
        with pytest.raises(PolicyFailed, match="busy"):
            client.act([seen(2.0)], [1])
        client.close()


def test_nobody_there_a_web_page_and_another_protocol_are_one_line_each() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PolicyFailed, match=r"Connection refused.*polyathlon serve"):
        connect(f"ws://127.0.0.1:{port}")
    for answer, told in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>hi</html>", "a web page"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "no WebSocket"),
        (b"", "closed before it stood"),
        (None, "no greeting within"),
    ):
        with answering(answer) as address, pytest.raises(PolicyFailed, match=told):
            connect(address, TIMEOUT="0.3")


def test_the_record_of_a_run_holds_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYATHLON_REMOTE_TOKEN", TOKEN)
    with serving(Echo(), token=TOKEN) as server:
        record, agent = open_agent(server.address)
        told = json.dumps(msgspec.to_builtins(record))
        assert record.placement == "remote"
        assert TOKEN not in told + repr(agent._setting)  # type: ignore[attr-defined]
        agent.close()  # type: ignore[attr-defined]


def test_a_body_and_the_size_of_pictures_travel_whole() -> None:
    body = Embodiment(
        id="arm", kind="continuous", action_names=("x",), action_units=("m/s",), frame="world",
        control_hz=12.5, low=(-0.1,), high=(float(np.float32(0.1)),), gripper="+1 closes",
    )  # fmt: skip
    agent = Echo()
    agent.embodiment = body  # type: ignore[attr-defined]
    agent.image_size = [96, 128]  # type: ignore[attr-defined]
    with serving(agent) as server:
        record, client = open_agent(server.address)
        assert record.name == "toy"
        assert client.embodiment == body
        assert tuple(client.image_size) == (96, 128)
        client.close()
