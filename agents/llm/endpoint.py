"""One question to an endpoint and its answer, over plain HTTP, with patience that has an end."""

from __future__ import annotations

import email.utils
import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...core.errors import PolyathlonError
from .setting import Setting

LARGEST = 16 << 20
"""An answer has at most so many bytes [B]."""

LONGEST_PAUSE = 60.0
"""Between two tries [s]."""

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""States that pass: the endpoint is busy, or was."""

TOLD = 300
"""Of what a server says of its trouble, this many characters are passed on."""


class EndpointFailed(PolyathlonError):
    """An endpoint refuses, or does not answer as agreed; says which, why, and what to do."""

    exit_code = 1


class Answer(NamedTuple):
    """What came back.

    Attributes:
        text: what the model said; may be empty.
        tokens_in: of the question; None where the endpoint does not count.
        tokens_out: of the answer.
        tries: how often was asked.
        seconds: from the first try to the answer [s].
    """

    text: str
    tokens_in: int | None
    tokens_out: int | None
    tries: int
    seconds: float


class _Passing(Exception):
    """Trouble that may be over at the next try."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would carry the key to whoever it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Nowhere."""
        return


class Endpoint:
    """Asks one model.

    Args:
        setting: which, and how.
        sleep: waits so many seconds; for tests.
    """

    def __init__(self, setting: Setting, sleep: Callable[[float], None] = time.sleep) -> None:
        self._setting, self._sleep = setting, sleep
        self._opener = urllib.request.build_opener(_NoRedirect)
        base, question, query = setting.url.partition("?")
        self._address = f"{base.rstrip('/')}/chat/completions{question}{query}"

    def ask(self, messages: Sequence[Mapping[str, Any]], seed: int) -> Answer:
        """The model's answer to a conversation.

        Args:
            messages: as in OpenAI's "chat completions".
            seed: of the model's dice, where it has some.

        Raises:
            EndpointFailed: it refuses, or every try was in vain.
        """
        setting = self._setting
        body: dict[str, Any] = {
            "model": setting.model,
            "messages": list(messages),
            "temperature": setting.temperature,
            "max_tokens": setting.max_tokens,
            "seed": seed % 2**31,
            **setting.extra,
        }
        data = json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        begun = time.monotonic()
        trouble = ""
        for attempt in range(setting.retries + 1):
            try:
                text, counted = _read_answer(self._send(data))
            except _Passing as error:
                trouble = str(error)
                if attempt < setting.retries:
                    self._sleep(_pause(attempt) if error.pause is None else error.pause)
                continue
            seconds = time.monotonic() - begun
            return Answer(text, *counted, tries=attempt + 1, seconds=seconds)
        raise self._failed(
            f"did not answer in {setting.retries + 1} tries, at last: {trouble}. Finished episodes "
            "are kept, and the same command goes on"
        )

    def _send(self, data: bytes) -> bytes:
        """The bytes of an answer."""
        setting = self._setting
        headers = {"Content-Type": "application/json", "User-Agent": "polyathlon"}
        request = urllib.request.Request(
            self._address, data, {**headers, **setting.key.header}, method="POST"
        )
        deadline = time.monotonic() + setting.timeout
        try:
            with self._opener.open(request, timeout=setting.timeout) as response:
                return _read_within(response, deadline)
        except urllib.error.HTTPError as error:
            with error:
                said = setting.key.scrub(_explanation(error))
            if error.code in PASSING:
                raise _Passing(f"HTTP {error.code} {said}", _retry_after(error)) from None
            raise self._failed(f"says HTTP {error.code}: {said}") from None
        except TimeoutError:
            raise _Passing(f"no answer within {setting.timeout:g} s") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise _Passing(f"no answer within {setting.timeout:g} s") from None
            raise _Passing(setting.key.scrub(str(error.reason))[:TOLD]) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = setting.key.scrub(f"{type(error).__name__}: {error}")[:TOLD]
            raise _Passing(said) from None

    def _failed(self, what: str) -> EndpointFailed:
        setting = self._setting
        told = "".join(letter if letter.isprintable() else " " for letter in what)
        return EndpointFailed(f"the model '{setting.model}' at {setting.shown_url} {told}")


def _read_within(response: Any, deadline: float) -> bytes:
    """All of an answer, unless it is endless or comes too slowly."""
    parts, size = [], 0
    while part := response.read1(1 << 16):
        size += len(part)
        parts.append(part)
        if size > LARGEST:
            raise _Passing(f"the answer has more than {LARGEST >> 20} MiB")
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(parts)


def _read_answer(data: bytes) -> tuple[str, tuple[int | None, int | None]]:
    """What the model said, and the tokens of question and answer."""
    try:
        answer = json.loads(data)
        content = answer["choices"][0]["message"].get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _Passing("what it answered is no chat completion") from None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(text for text in texts if isinstance(text, str))
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    counted = tuple(
        value if type(value := usage.get(name)) is int and value >= 0 else None
        for name in ("prompt_tokens", "completion_tokens")
    )
    return (content if isinstance(content, str) else ""), (counted[0], counted[1])


def _explanation(error: urllib.error.HTTPError) -> str:
    """What a server says of its trouble."""
    try:
        raw = error.read(1 << 16)
    except (OSError, http.client.HTTPException):
        return str(error.reason)[:TOLD]
    try:
        found = json.loads(raw)
        found = found.get("error", found)
        found = found.get("message", found) if isinstance(found, dict) else found
    except (ValueError, AttributeError, RecursionError):
        found = raw.decode(errors="replace")
    return str(found).strip()[:TOLD] or str(error.reason)[:TOLD]


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    """How long a server asks to be left alone [s], if it says."""
    said = error.headers.get("Retry-After", "")
    try:
        pause = float(said)
    except ValueError:
        try:
            then = email.utils.parsedate_to_datetime(said)
        except ValueError:
            return None
        pause = then.timestamp() - time.time()
    return min(max(pause, 0.0), LONGEST_PAUSE)


def _pause(attempt: int) -> float:
    """Longer each time, and never the same for all who were turned away at once [s]."""
    return min(0.5 * 2.0**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.0)
