"""Text from strangers: what may stand in a name, and what may stand anywhere.

A name is shown beside figures, on pages and in terminals: nothing in it may look like a tag, hide,
or turn the order of what follows around.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from ..core.errors import SubmissionRefused

DEEPEST = 40
"""Most levels of lists and objects in one JSON value."""

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that nobody sees: controls, formats (among them all that turn text around),
surrogates, private use, and separators of lines and paragraphs."""

_RIGHT_TO_LEFT = {"R", "AL", "AN"}
"""Bidirectional classes of letters and digits that run the other way (UAX #9, table 4)."""


_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Letters and marks that show nothing: Default_Ignorable_Code_Point of Unicode's
DerivedCoreProperties.txt, as far as ``_HIDDEN`` does not hold them, and the empty Braille cell."""

MOST_MARKS = 4
"""Combining marks one upon the other in a name: more of them climb into the lines around it."""

LONGEST_LINE = 600
"""Letters of a message that quotes a stranger."""


def one_line(words: str) -> str:
    """A message in one printable line: it may quote what strangers wrote."""
    words = " ".join(words.split())
    return "".join(one if one.isprintable() else "?" for one in words)[:LONGEST_LINE]


def check_text(text: str, where: str) -> None:
    """Refuses characters that cannot be seen; line ends and tabs are welcome.

    Args:
        text: of a stranger.
        where: file and field, for the message.

    Raises:
        SubmissionRefused: there is one, or the text is not in Unicode's composed form (NFC).
    """
    if text.isascii() and text.isprintable():
        return
    for at, character in enumerate(text):
        if unicodedata.category(character) in _HIDDEN and character not in "\n\t":
            raise SubmissionRefused(
                f"{where} holds U+{ord(character):04X} at character {at + 1}, which cannot be seen"
            )
    if not unicodedata.is_normalized("NFC", text):
        raise SubmissionRefused(f"{where} is not in Unicode's composed form (NFC)")


def check_name(text: str, where: str) -> None:
    """Refuses what has no place in a name: tags, line ends, blanks, right-to-left characters.

    Args:
        text: of a stranger.
        where: file and field, for the message.

    Raises:
        SubmissionRefused: there is one, or the name is only space or has some at an end.
    """
    check_text(text, where)
    marks = 0
    for at, character in enumerate(text):
        what = ""
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if character in "<>&":
            what = f"'{character}', as HTML does"
        elif character in "\n\t":
            what = "a line end or a tab"
        elif unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
            what = f"U+{ord(character):04X}, which runs from right to left"
        elif character in _BLANK:
            what = f"U+{ord(character):04X}, which shows nothing,"
        elif marks > MOST_MARKS:
            what = f"more than {MOST_MARKS} marks one upon the other"
        if what:
            raise SubmissionRefused(f"{where} holds {what} at character {at + 1}")
    if text != text.strip():
        raise SubmissionRefused(f"{where} begins or ends with space")


def check_path(text: str, where: str) -> None:
    """Refuses a path that leads out of its folder, or that no name may hold.

    Args:
        text: of a stranger.
        where: file and field, for the message.

    Raises:
        SubmissionRefused: it does, or a part of it would be refused as a name.
    """
    parts = text.split("/")
    if ".." in parts or "" in parts or "\\" in text or ":" in text:
        raise SubmissionRefused(f"{where} leads out of its folder")
    for part in parts:
        check_name(part, where)


def check_all_text(value: Any, where: str, depth: int = 0) -> None:
    """``check_text`` of every text in a JSON value, keys included.

    Args:
        value: of JSON's types.
        where: what it is, for the message.
        depth: how deep this value lies.

    Raises:
        SubmissionRefused: a text is refused, or the value is nested deeper than ``DEEPEST``.
    """
    if depth > DEEPEST:
        raise SubmissionRefused(f"{where:.200} is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        check_text(value, where)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_text(str(key), f"a key of {where}")
            check_all_text(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            check_all_text(item, f"{where}[{at}]", depth + 1)
