"""``polyathlon serve`` from the command line: what it refuses, TLS, and how it ends."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from serving import Echo, brief, connect, process, serving

from polyathlon.cli.serve import is_loopback, serve_command
from polyathlon.core.errors import BadArgument, PolicyFailed

TOKEN = "a-token-for-this-test"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs the command, which must not get as far as serving; what it says."""
    monkeypatch.delenv("POLYATHLON_REMOTE_TOKEN", raising=False)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(serve_command, arguments, standalone_mode=False)
        assert isinstance(done.exception, BadArgument), done.exception
        return str(done.exception)

    return run


def test_another_address_than_loopback_wants_a_token(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com"):
        assert "can be reached by others" in refused("random", "--host", host)
    short = tmp_path / "token"
    short.write_text("short\n")
    assert "holds no token" in refused("random", "--token-file", str(short))
    assert "short" not in refused("random", "--token-file", str(short)).replace(str(short), "")
    assert "cannot be read" in refused("random", "--token-file", str(tmp_path / "none"))


def test_loopback_is_what_this_machine_alone_can_reach() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.example.com")))


def test_what_cannot_be_served_is_named(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "oracle looks into the world" in refused("oracle")
    assert "is served already" in refused("ws://127.0.0.1:1")
    assert "go together" in refused("random", "--tls-cert", str(tmp_path / "cert"))
    file = tmp_path / "no.pem"
    file.write_text("no certificate")
    assert "no certificate and its key" in refused(
        "random", "--tls-cert", str(file), "--tls-key", str(file)
    )


def test_a_port_that_is_taken_is_one_line(refused: Callable[..., str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen at 127.0.0.1:{port}" in refused("random", "--port", port)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_tls_and_a_token_let_in_who_has_both(certificate: Any, tmp_path: Path) -> None:
    cert, key = certificate
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--token-file", str(token))
    with process("random", *options) as server:
        assert server.address.startswith("wss://")
        client = connect(server.address, TOKEN_FILE=str(token), CA=str(cert))
        client.reset([0], [brief(1)])
        picture = np.zeros((300, 300, 3), np.uint8)  # More than one record of TLS.
        assert client.act([{"rgb": picture}], [0])[0].shape == (2,)
        client.close()
        with pytest.raises(PolicyFailed, match="no trusted TLS"):
            connect(server.address, TOKEN=TOKEN)
        with pytest.raises(PolicyFailed, match="401"):
            connect(server.address, TOKEN=TOKEN + "x", CA=str(cert))
        with pytest.raises(PolicyFailed):
            connect(server.address.replace("wss", "ws"), TOKEN=TOKEN, TIMEOUT="5")
        code, out, err = server.stop()
    assert (code, err) == (0, "")
    assert "stopped" in out
    assert TOKEN not in out


def test_what_goes_through_tls_arrives_whole(certificate: Any) -> None:
    cert, key = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    with serving(Echo(), tls=context) as server:
        client = connect(server.address, CA=str(cert))
        client.reset([0], [brief(1)])
        shown = np.random.default_rng(0).integers(0, 2**20, 200_000).astype(np.float64)
        for turn in (1, 2):
            (action,) = client.act([{"state": shown}], [0])
            assert action.tolist() == [1, turn, turn * shown.sum()]
        client.close()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TIMEOUT": "soon"}, "TIMEOUT is 'soon'"), ({"PATIENCE": "-1"}, "PATIENCE is '-1'"),
        ({"TOKEN": "short"}, "holds no token"), ({"TOKEN": "two words and more"}, "holds no token"),
        ({"CA": "/nowhere/ca.pem"}, "there is no file"),
        ({"TOKEN_FILE": "/nowhere/token"}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_variable_with_a_mistake_is_named(variables: dict[str, str], told: str) -> None:
    with pytest.raises(BadArgument, match=told) as caught:
        connect("ws://127.0.0.1:1", **variables)
    assert "two words" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["ws://", "ws://:80", "ws://host:notaport", "wss://user:secret@host:1", "ws://host:1?token=x",
     "ws://host:99999", "ws://host:0"],
)  # fmt: skip
def test_an_address_that_is_none_is_named_without_what_may_be_secret(address: str) -> None:
    with pytest.raises(BadArgument, match=r"is not like wss?://127") as caught:
        connect(address)
    assert "secret" not in str(caught.value)
