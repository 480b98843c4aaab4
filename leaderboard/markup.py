"""HTML from values: whatever is not markup already is escaped, so no name can become a tag."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from typing import TypeAlias

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, half characters, and those that turn the direction of the text."""

_EMPTY = frozenset({"meta", "img", "source", "rect", "line", "circle", "path"})
"""Elements without content; the SVG ones are closed in place."""


class Markup(str):
    """A string that is HTML already. Only this module, and constants, make one."""

    __slots__ = ()


Child: TypeAlias = str | int | float | None
"""What may stand inside an element; None leaves nothing. Plain strings are escaped."""


def escape(text: object) -> Markup:
    """Any text as HTML; characters that cannot be seen become U+FFFD."""
    words = str(text)
    if words.isalnum():  # Most of a page: classes, numbers, names.
        return Markup(words)
    return Markup(html.escape(_UNSEEN.sub("\ufffd", words), quote=True))


def element(tag: str, /, *children: Child, **attributes: Child | bool) -> Markup:
    """One element.

    Args:
        tag: its name.
        *children: markup is kept, anything else escaped, None passed over.
        **attributes: an underscore at the end is dropped and others become hyphens (``class_``,
            ``data_label``); None and False leave the attribute out, True leaves it bare.
    """
    inside = "".join(_attribute(key, value) for key, value in attributes.items())
    if tag in _EMPTY:
        return Markup(f"<{tag}{inside}/>")
    return Markup(f"<{tag}{inside}>{join(children)}</{tag}>")


def _attribute(key: str, value: Child | bool) -> str:
    if value is None or value is False:
        return ""
    # viewBox is the one attribute here whose case matters to SVG.
    name = "viewBox" if key == "viewbox" else key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other, escaped where they are not markup."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else escape(child)
            for child in children
            if child is not None
        )
    )


def document(title: str, style: str, body: Markup) -> str:
    """A whole page that may load nothing, run nothing, and send nothing.

    Args:
        title: of the page.
        style: the style sheet; allowed by its hash alone, so ``style`` attributes do not work.
        body: the content.
    """
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{fingerprint}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style)),
    )
    page = element("html", head, element("body", body), lang="en")
    return f"<!doctype html>\n{page}\n"
