"""An endpoint on loopback that answers as OpenAI's do, or fails as it is told to: real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What is sent back.

    Attributes:
        status: of HTTP.
        body: bytes, or what becomes JSON.
        headers: besides the usual ones.
        pause: before it is sent [s].
        drip: whether it is sent a byte at a time, with the pause before each.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = {}
    pause: float = 0.0
    drip: bool = False


Answerer = Callable[[dict[str, Any]], str | Reply]


def completion(text: Any, tokens: tuple[int, int] | None = (100, 7)) -> dict[str, Any]:
    """What a model said, as an endpoint puts it."""
    answer: dict[str, Any] = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]
    }
    if tokens is not None:
        answer["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return answer


class StubEndpoint(ThreadingHTTPServer):
    """Hands each request to a function.

    Attributes:
        requests: bodies that came, in order.
        authorisations: the header of each.
    """

    daemon_threads = True

    def __init__(self, answer: Answerer) -> None:
        self.answer, self.gone = answer, threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.authorisations: list[str | None] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: StubEndpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.authorisations.append(self.headers["Authorization"])
        assert self.path == "/v1/chat/completions", self.path
        said = self.server.answer(body)
        reply = said if isinstance(said, Reply) else Reply(body=completion(said))
        data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.server.gone.wait(reply.pause)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.drip:
            self.wfile.write(data)
            return
        for number in range(len(data)):
            if self.server.gone.wait(reply.pause):
                return
            self.wfile.write(data[number : number + 1])
            self.wfile.flush()

    def handle(self) -> None:
        """As ever, but without a word where the other side has lost patience."""
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def serving(answer: Answerer) -> Iterator[StubEndpoint]:
    """A stub that answers while the context lasts."""
    server = StubEndpoint(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.gone.set()
        server.shutdown()
        thread.join()
        server.server_close()
