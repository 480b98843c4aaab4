"""Keys and chords as events of the DevTools protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...core.errors import DecodeError

Event = tuple[str, Mapping[str, Any]]

NAMED: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "Enter": (13, "\r"),
        "Tab": (9, ""),
        "Escape": (27, ""),
        "Backspace": (8, ""),
        "Delete": (46, ""),
        "Space": (32, " "),
        "Home": (36, ""),
        "End": (35, ""),
        "PageUp": (33, ""),
        "PageDown": (34, ""),
        "ArrowLeft": (37, ""),
        "ArrowUp": (38, ""),
        "ArrowRight": (39, ""),
        "ArrowDown": (40, ""),
    }
)
"""Named keys: their virtual key code (Windows) and the text that they give."""

MODIFIERS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"Alt": (1, 18), "Control": (2, 17), "Meta": (4, 91), "Shift": (8, 16)}
)
"""Modifiers: their bit in the protocol and their virtual key code."""

CHORDS = (
    *("Control+a", "Control+c", "Control+v", "Control+x"),
    *("Shift+Tab", "Shift+ArrowLeft", "Shift+ArrowRight", "Shift+Home", "Shift+End"),
)
"""Chords that agents are told of; every other is understood too."""

SHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', "1234567890-=[]\\;',./`", strict=True))
"""Signs above the others on an American keyboard."""

_SIGNS = {
    ";": 186, "=": 187, ",": 188, "-": 189, ".": 190, "/": 191, "`": 192, "[": 219, "\\": 220,
    "]": 221, "'": 222, " ": 32,
}  # fmt: skip


def _code(letter: str) -> int:
    plain = SHIFTED.get(letter, letter)
    return _SIGNS.get(plain, ord(plain.upper()) if plain.isascii() else 0)


def typing(text: str) -> list[Event]:
    """The events of typing a text, key by key."""
    events: list[Event] = []
    for letter in text:
        shifted = letter in SHIFTED or letter.isupper()
        told = {
            "key": letter,
            "windowsVirtualKeyCode": _code(letter),
            "modifiers": 8 if shifted else 0,
        }
        events.append(("Input.dispatchKeyEvent", {"type": "keyDown", "text": letter, **told}))
        events.append(("Input.dispatchKeyEvent", {"type": "keyUp", **told}))
    return events


def chord(keys: str) -> list[Event]:
    """The events of pressing a key or a chord such as ``Control+a``.

    Raises:
        DecodeError: there is no such key.
    """
    *held, last = keys.split("+") if keys != "+" else ["+"]
    if any(name not in MODIFIERS for name in held):
        raise DecodeError(f"{keys!r:.40} has a part that is none of {', '.join(MODIFIERS)}")
    if last not in NAMED and not (len(last) == 1 and last.isprintable()):
        raise DecodeError(
            f"there is no key {last!r:.40}; there are the letters and {', '.join(NAMED)}"
        )
    bits = sum(MODIFIERS[name][0] for name in held)
    code, text = NAMED[last] if last in NAMED else (_code(last), last)
    if bits & ~MODIFIERS["Shift"][0]:
        text = ""  # With Control and its like a key is a command, not a letter.
    told = {
        "key": " " if last == "Space" else last,
        "code": last if last in NAMED else "",
        "windowsVirtualKeyCode": code,
        "modifiers": bits,
    }
    down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
    events: list[Event] = [("Input.dispatchKeyEvent", _modifier(name, "Down")) for name in held]
    events.append(("Input.dispatchKeyEvent", {**down, **told}))
    events.append(("Input.dispatchKeyEvent", {"type": "keyUp", **told}))
    events += [("Input.dispatchKeyEvent", _modifier(name, "Up")) for name in reversed(held)]
    return events


def _modifier(name: str, way: str) -> dict[str, Any]:
    bit, code = MODIFIERS[name]
    return {
        "type": "rawKeyDown" if way == "Down" else "keyUp",
        "key": name,
        "windowsVirtualKeyCode": code,
        "modifiers": bit if way == "Down" else 0,
    }
