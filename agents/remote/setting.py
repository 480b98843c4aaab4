"""How a client reaches a policy's server: the address, the token, and patience.

The token comes from the environment or a file, never from a command line or an address: those are
seen by everybody on the machine and stand in the record of a run.
"""

from __future__ import annotations

import os
import re
import ssl
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ...core.errors import BadArgument
from ..llm.setting import Secret

PREFIX = "POLYATHLON_REMOTE_"

SCHEMES = ("ws", "wss", "openpi", "vlaeval")
"""What an agent's address may begin with."""

NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "TIMEOUT": (120, 0.05, 86400),
    "PATIENCE": (60, 0, 86400),
}
"""What is used when nobody says, and the least and the most that is taken [s]."""

SHORTEST_TOKEN = 16
"""A token has at least so many letters: it is all that stands between a port and the policy."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Where to ask, and how long.

    Attributes:
        address: with its scheme.
        token: authorises.
        timeout: for one answer [s].
        patience: for a server that is away to come back [s].
        authority: a file of certificates to trust, besides the system's.
    """

    address: str
    token: Secret
    timeout: float
    patience: float
    authority: str = ""


def is_address(name: str) -> bool:
    """Whether the name of an agent is meant as the address of a server, mistyped or not."""
    known = "|".join(SCHEMES)  # One may have a module of that name, with a class in it.
    return bool(re.match(rf"\w+:/|({known}):(?![a-z_]\w*$)", name, re.IGNORECASE))


def read_setting(address: str, environment: Mapping[str, str] | None = None) -> Setting:
    """The setting for an address, as the environment's variables say.

    Args:
        address: such as ``ws://127.0.0.1:8765``.
        environment: instead of the process's own.

    Raises:
        BadArgument: the address is none, or a variable is not what it should be.
    """
    known = os.environ if environment is None else environment
    numbers = {name: _number(name, known.get(PREFIX + name, "")) for name in NUMBERS}
    authority = known.get(PREFIX + "CA", "")
    if authority:
        _check_authority(authority)
    return Setting(
        address=_address(address),
        token=Secret(read_token(None, known)),
        timeout=numbers["TIMEOUT"],
        patience=numbers["PATIENCE"],
        authority=authority,
    )


def read_token(file: Path | None, environment: Mapping[str, str] | None = None) -> str:
    """The token from a file, or from ``POLYATHLON_REMOTE_TOKEN`` or ``..._TOKEN_FILE``; or "".

    Raises:
        BadArgument: the file cannot be read, or what it holds is no token. The message never
            holds it.
    """
    known = os.environ if environment is None else environment
    where = f"{PREFIX}TOKEN"
    named = str(file) if file is not None else known.get(PREFIX + "TOKEN_FILE", "")
    if not named and where not in known:
        return ""
    text = known.get(where, "")
    if named:
        where = named
        try:
            text = Path(named).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadArgument(f"the token cannot be read from {named}: {error}") from None
    token = text.strip()
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", token):
        raise BadArgument(
            f"{where} holds no token: it takes at least {SHORTEST_TOKEN} printable letters without "
            'spaces; make one with: python3 -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return token


def _check_authority(file: str) -> None:
    if not Path(file).is_file():
        raise BadArgument(f"{PREFIX}CA is {file}, where there is no file")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError:  # ssl.SSLError is one.
        raise BadArgument(f"{PREFIX}CA is {file}, which holds no certificate") from None


def _address(text: str) -> str:
    try:
        parts = urllib.parse.urlsplit(text)
        fits = text.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))
        fits = fits and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", text)
        fits = fits and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        fits = False
    if not fits:
        # It is not shown whole: a token written into it must not be printed.
        meant = text.partition(":")[0].lower()
        raise BadArgument(
            f"the agent's address is not like {meant if meant in SCHEMES else 'ws'}"
            f"://127.0.0.1:8765; a token goes into {PREFIX}TOKEN"
        )
    return text.rstrip("/")


def _number(name: str, text: str) -> float:
    usual, least, most = NUMBERS[name]
    try:
        value = float(text or usual)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadArgument(
            f"{PREFIX}{name} is {text!r:.40}; it is seconds from {least:g} to {most:g}"
        )
    return value
