"""What a hand can do on a screen: one form for all action spaces."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

REF, POINT, SHIFT, TEXT, KEY = "ref", "point", "shift", "text", "key"
"""Kinds of arguments: an element, a place, a distance, a text, a key or a chord of keys."""

VERBS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "click": (REF,),
        "double_click": (REF,),
        "hover": (REF,),
        "fill": (REF, TEXT),
        "drag_to": (REF, REF),
        "click_at": (POINT,),
        "double_click_at": (POINT,),
        "hover_at": (POINT,),
        "drag": (POINT, POINT),
        "scroll": (POINT, SHIFT),
        "type": (TEXT,),
        "press": (KEY,),
        "wait": (),
    }
)
"""Every verb and its arguments. ``drag`` takes two points or more."""

MOST_POINTS = 64
"""Points of one ``drag``, enough for a circle."""

MOST_LETTERS = 256
"""Letters that one ``type`` or ``fill`` may have."""


class Gesture(msgspec.Struct, frozen=True):
    """One thing done with mouse or keyboard.

    Attributes:
        verb: a name in ``VERBS``.
        refs: the elements it concerns.
        points: places on the screen, x and y from the upper left corner [px].
        shift: how far to scroll, to the right and down [px].
        text: what is typed.
        key: what is pressed, e.g. ``Enter`` or ``Control+a``.
    """

    verb: str
    refs: tuple[int, ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    shift: tuple[float, float] = (0.0, 0.0)
    text: str = ""
    key: str = ""


def click(ref: int) -> Gesture:
    """Clicks the middle of an element; an option is chosen."""
    return Gesture("click", refs=(ref,))


def hover(ref: int) -> Gesture:
    """Points at the middle of an element."""
    return Gesture("hover", refs=(ref,))


def fill(ref: int, text: str) -> Gesture:
    """Replaces what a field holds by typing."""
    return Gesture("fill", refs=(ref,), text=text)


def click_at(x: float, y: float) -> Gesture:
    """Clicks a place."""
    return Gesture("click_at", points=((x, y),))


def drag(*points: tuple[float, float]) -> Gesture:
    """Presses at the first point, moves over the others and lets go at the last."""
    return Gesture("drag", points=points)


def scroll(x: float, y: float, right: float, down: float) -> Gesture:
    """Turns the wheel with the pointer at a place."""
    return Gesture("scroll", points=((x, y),), shift=(right, down))


def type_text(text: str) -> Gesture:
    """Types into whatever has the focus."""
    return Gesture("type", text=text)


def press(key: str) -> Gesture:
    """Presses a key or a chord."""
    return Gesture("press", key=key)


def wait() -> Gesture:
    """Lets time pass."""
    return Gesture("wait")
