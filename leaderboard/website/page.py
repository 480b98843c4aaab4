"""What all pages of a site share: what they may do, how they look, how they find their scripts.

Nothing that a page shows can run: the policy admits one inline script by its hash, what that one
loads, and no other; and it asks the browser to take no text for HTML (trusted types), so that
``innerHTML`` fails even if somebody writes it. There is no connection, form, frame or font.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ...core.specs import canonical_json
from ..markup import Child, Markup, element, join
from ..style import STYLE
from .feed import Asset

FOLDER = Path(__file__).parent / "asset"

SCRIPTS = ("shared", "statistics", "chart", "board", "player", "submission", "difference")
"""Scripts that are copied to the site's ``asset/``."""

NAME = "polyathlon"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The inline parts of every page, and the policy that admits them and nothing else."""

    style: str
    loader: str
    words: str


@functools.cache
def policy() -> Policy:
    """The policy of every page; the same for all."""
    style = STYLE + (FOLDER / "site.css").read_text()
    loader = (FOLDER / "loader.js").read_text()
    words = "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src {_hash(style)}",
            f"script-src {_hash(loader)} 'strict-dynamic'",
            "require-trusted-types-for 'script'",
            f"trusted-types {NAME}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return Policy(style=style, loader=loader, words=words)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def script_assets() -> list[Asset]:
    """The scripts that pages load."""
    return [Asset(f"asset/{name}.js", (FOLDER / f"{name}.js").read_bytes()) for name in SCRIPTS]


def page(
    title: str,
    body: Sequence[Child],
    *,
    root: str,
    trail: Sequence[tuple[str, str]] = (),
    scripts: Sequence[str] = (),
    data: Any = None,
) -> bytes:
    """A whole page.

    Args:
        title: of the window.
        body: what stands in ``main``.
        root: the way to the site's top: empty, or ``../``.
        trail: words and addresses of the pages above this one.
        scripts: of ``SCRIPTS``, in order.
        data: what the scripts read, as JSON in the page.
    """
    rules = policy()
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=rules.words),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} · {NAME}"),
        element("style", Markup(rules.style)),
        # The one script that the policy admits, by its hash.
        element("script", Markup(rules.loader), data_root=root, data_scripts=" ".join(scripts))
        if scripts
        else None,
    )
    inside = element(
        "body",
        element("a", "Skip to the content", class_="skip", href="#content"),
        _masthead(root, trail),
        element("main", *body, id="content", tabindex="-1"),
        _footer(root),
        None if data is None else _data(data),
    )
    return f"<!doctype html>\n{element('html', head, inside, lang='en')}\n".encode()


def _masthead(root: str, trail: Sequence[tuple[str, str]]) -> Markup:
    steps = [element("a", NAME, href=f"{root}index.html", class_="wordmark")]
    steps += [element("a", words, href=f"{root}{address}") for words, address in trail]
    return element(
        "header",
        element("nav", element("ol", *(element("li", one) for one in steps)), aria_label="Where"),
        class_="masthead",
    )


def _footer(root: str) -> Markup:
    return element(
        "footer",
        element(
            "p",
            "Every figure here was counted again from recorded episodes; none was taken from "
            "anybody's word. Intervals are at 95%. Names and descriptions are their authors'.",
        ),
        element("p", element("a", "leaderboard.json", href=f"{root}leaderboard.json")),
        class_="colophon",
    )


def _data(value: Any) -> Markup:
    """JSON in a page: no letter of it can end its element."""
    text = canonical_json(value).decode()
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return element("script", Markup(text), type="application/json", id="data")


def foreign(text: str) -> Markup:
    """What a stranger calls something: as text, and its direction kept to itself."""
    return element("bdi", text)


def section(title: str, name: str, *children: Child, note: Child = None) -> Markup:
    """A part of a page under a heading that can be linked to."""
    return element(
        "section",
        element("h2", title, id=name),
        None if note is None else element("p", note, class_="note"),
        join(children),
        aria_labelledby=name,
    )
