"""The pages of the miniwob package, handed to the browser without a server.

The browser asks for ``http://miniwob.invalid/...``, a name that no network knows (RFC 2606); the
request is paused and answered from the package. Every other address is refused.
"""

from __future__ import annotations

import base64
import importlib.util
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ...core.errors import MissingExtra

HOST = "miniwob.invalid"
"""The host that pages seem to come from."""


class Answer(NamedTuple):
    """A file as the browser wants it: its type and its bytes in base64."""

    media_type: str
    body: str


def root() -> Path:
    """The package's folder of pages; the package itself is not imported, nor is Selenium.

    Raises:
        MissingExtra: the package is not installed.
    """
    found = importlib.util.find_spec("miniwob")
    if found is None or found.origin is None:
        raise MissingExtra("miniwob", "miniwob", "miniwob")
    return Path(found.origin).parent / "html"


def address(task: str) -> str:
    """The page of a task, e.g. ``click-test`` or ``flight.AA``."""
    if task.startswith("flight."):
        return f"http://{HOST}/flight/{task.removeprefix('flight.')}/wrapper.html"
    return f"http://{HOST}/miniwob/{task}.html"


@lru_cache(maxsize=512)
def answer(url: str) -> Answer | None:
    """What lies at an address; None where it is outside, or there is nothing."""
    parts = urlsplit(url)
    if parts.hostname != HOST:
        return None
    folder = root().resolve()
    try:
        path = (folder / unquote(parts.path).lstrip("/")).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            return None
    except (OSError, ValueError):  # No name of a file: too long, or with a zero byte.
        return None
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        # All of the package is; a page that does not say so would be read as Latin-1.
        media_type += "; charset=utf-8"
    return Answer(media_type, base64.b64encode(path.read_bytes()).decode())


def is_inside(url: str) -> bool:
    """Whether an address is one of the package's host, or no address of a network at all."""
    return is_blank(url) or urlsplit(url).hostname == HOST


def is_blank(url: str) -> bool:
    """Whether what an address names is in the address itself, or in the page."""
    return urlsplit(url).scheme in ("data", "blob", "about")
