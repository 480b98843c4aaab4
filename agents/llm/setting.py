"""What the language-model agent is told by the environment: address, model, key, and patience."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

import msgspec

from ...core.errors import BadArgument

PREFIX = "POLYATHLON_LLM_"

FALLBACKS = {"URL": "OPENAI_BASE_URL", "MODEL": "OPENAI_MODEL", "KEY": "OPENAI_API_KEY"}
"""Variables of OpenAI's own clients that are taken where ours are not set."""

NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "TIMEOUT": (120, 0.1, 3600),
    "RETRIES": (5, 0, 100),
    "TEMPERATURE": (0, 0, 2),
    "MAX_TOKENS": (1024, 1, 1_000_000),
    "HISTORY": (8, 0, 1000),
    "CORRECTIONS": (1, 0, 10),
}
"""What is used when nobody says, and the least and the most that is taken."""

BROKEN = frozenset({"TIMEOUT", "TEMPERATURE"})
"""Those that need not be whole."""


class Secret:
    """A key. It says nothing of itself, neither in a message nor in a record."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __repr__(self) -> str:
        """Only that there is one."""
        return "Secret(...)" if self._key else "Secret()"

    @property
    def header(self) -> Mapping[str, str]:
        """What authorises a request; nothing where there is no key."""
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def scrub(self, text: str) -> str:
        """Text without the key: a server may send back what it was sent."""
        return text.replace(self._key, "[key]") if self._key else text


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is asked.

    Attributes:
        url: of the endpoint, such as ``http://localhost:8000/v1``.
        model: its name there.
        key: authorises.
        timeout: for one answer [s].
        retries: tries after the first, where the endpoint is at fault.
        temperature: 0 for the likeliest answer.
        max_tokens: of an answer.
        history: own actions that are told again.
        corrections: times that an answer without an action is asked for anew.
        images: whether pictures are sent.
        prices: US dollars for a million tokens in and out; None where nobody said.
        extra: further fields of every request; None takes one out.
    """

    url: str
    model: str
    key: Secret
    timeout: float
    retries: int
    temperature: float
    max_tokens: int
    history: int
    corrections: int
    images: bool
    prices: tuple[float, float] | None
    extra: Mapping[str, Any]

    @property
    def shown_url(self) -> str:
        """The address without what may be secret: name and password, and what is asked."""
        parts = urllib.parse.urlsplit(self.url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path}"

    def record(self) -> dict[str, str]:
        """What stands in the record of a run."""
        told: dict[str, Any] = {
            "model": self.model,
            "url": self.shown_url,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "history": self.history,
            "corrections": self.corrections,
            "images": self.images,
        }
        if self.extra:
            told["extra"] = self.key.scrub(json.dumps(self.extra, sort_keys=True))
        return {name: str(value) for name, value in told.items()}


def read_setting(environment: Mapping[str, str] | None = None) -> Setting:
    """The setting that the environment's variables say.

    Args:
        environment: instead of the process's own.

    Raises:
        BadArgument: one is missing, or is not what it should be; names it, and never a key.
    """
    known = os.environ if environment is None else environment

    def say(name: str, fallback: str = "") -> str:
        return known.get(PREFIX + name) or known.get(FALLBACKS.get(name, ""), "") or fallback

    numbers = {name: _number(name, say(name)) for name in NUMBERS}
    return Setting(
        url=_url(say("URL")),
        model=say("MODEL") or _demand("MODEL", "name the model, as the endpoint calls it"),
        key=Secret(_key(say("KEY").strip())),
        timeout=numbers["TIMEOUT"],
        retries=int(numbers["RETRIES"]),
        temperature=numbers["TEMPERATURE"],
        max_tokens=int(numbers["MAX_TOKENS"]),
        history=int(numbers["HISTORY"]),
        corrections=int(numbers["CORRECTIONS"]),
        images=_flag("IMAGES", say("IMAGES", "1")),
        prices=_prices(say("PRICES")),
        extra=_extra(say("EXTRA", "{}")),
    )


def _demand(name: str, what: str) -> str:
    raise BadArgument(f"agent 'llm' needs {PREFIX}{name} or {FALLBACKS[name]}: {what}")


def _url(text: str) -> str:
    if not text:
        _demand("URL", "the address of an endpoint, such as http://localhost:8000/v1")
    try:
        parts = urllib.parse.urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        # It is not shown: a key pasted into the wrong variable must not be printed.
        raise BadArgument(f"{PREFIX}URL is no address like http://localhost:8000/v1")
    return text.rstrip("/")


def _key(text: str) -> str:
    if not (text.isascii() and text.isprintable() and " " not in text):
        # As a header it would be refused by a message that quotes it.
        raise BadArgument(f"{PREFIX}KEY holds letters that no key has, such as a line break")
    return text


def _number(name: str, text: str) -> float:
    usual, least, most = NUMBERS[name]
    try:
        value = float(text or usual)
    except ValueError:
        value = float("nan")
    if not least <= value <= most or (name not in BROKEN and not value.is_integer()):
        kind = "a number" if name in BROKEN else "a whole number"
        raise BadArgument(
            f"{PREFIX}{name} is {text!r:.40}; it is {kind} from {least:g} to {most:g}"
        )
    return float(value)


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise BadArgument(f"{PREFIX}{name} is {text!r:.40}; it is 1 or 0")
    return text == "1"


def _prices(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        into, out = (float(part) for part in text.split(","))
    except ValueError:
        into = out = -1.0
    if not (0 <= into < 1e6 and 0 <= out < 1e6):
        raise BadArgument(
            f"{PREFIX}PRICES is {text!r:.40}; it is two numbers, US dollars for a million tokens "
            "in and out, such as 0.15,0.60"
        )
    return into, out


def _extra(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadArgument(f"{PREFIX}EXTRA is no JSON object of further fields of a request")
    return found
