"""Does gestures on a page: finds the place, and moves mouse and keyboard there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.element import Element
from ...core.errors import DecodeError
from .gesture import Gesture
from .keyboard import Event, chord, typing
from .mark import Mark
from .page import Page

Point = tuple[float, float]

PACE = 5
"""Moves between two points of a drag: pages that follow the pointer see it on its way."""


class Missed(Exception):
    """A gesture has nothing to act on; the page is left as it is."""


class Hand:
    """Mouse and keyboard of one page.

    Args:
        page: acted on.

    Attributes:
        marks: where it acted, for pictures.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self.marks: tuple[Mark, ...] = ()

    def do(self, gesture: Gesture, elements: Mapping[int, Element]) -> None:
        """Does a gesture.

        Args:
            gesture: what to do.
            elements: what was last seen, by ref.

        Raises:
            Missed: the element is not there, or the place is outside of the screen.
            DecodeError: there is no such key.
            BrowserFault: the page or its browser is gone.
        """
        verb = gesture.verb
        if verb == "fill":
            self._fill(gesture.refs[0], gesture.text, elements)
        elif verb == "scroll":
            start = self._inside(gesture.points[0])
            self._scroll(start, gesture.shift)
            end = (start[0] + gesture.shift[0], start[1] + gesture.shift[1])
            self.marks = (Mark("scroll", (start, end)),)
        elif verb == "type":
            self._page.gesture(typing(gesture.text))
            self.marks = (Mark("type", (), gesture.text),)
        elif verb == "press":
            self._page.gesture(chord(gesture.key))
            self.marks = (Mark("type", (), gesture.key),)
        elif verb == "click" and self._is_option(gesture.refs[0], elements):
            if not self._page.evaluate(f"__page.choose({gesture.refs[0]})"):
                raise Missed(f"option {gesture.refs[0]} cannot be chosen")
            self.marks = (Mark("type", (), elements[gesture.refs[0]].text),)
        elif verb != "wait":
            points = [self._inside(point) for point in gesture.points]
            points += [self._place(ref, elements) for ref in gesture.refs]
            self._page.gesture(mouse(verb, points))
            self.marks = (Mark(verb.partition("_at")[0], tuple(points)),)

    @staticmethod
    def _is_option(ref: int, elements: Mapping[int, Element]) -> bool:
        return ref in elements and elements[ref].tag == "option"

    def _inside(self, point: Point) -> Point:
        height, width = self._page.size
        x, y = point
        if not (0 <= x < width and 0 <= y < height):
            raise Missed(f"({x:g}, {y:g}) is outside of the screen of {width} x {height} pixels")
        return x, y

    def _place(self, ref: int, elements: Mapping[int, Element]) -> Point:
        """The middle of an element, scrolled to where it can be seen."""
        if ref not in elements:
            raise Missed(f"there is no element {ref}")
        if ref < 0:  # A piece of text is no element of the page: only its box is known.
            return elements[ref].centre
        found = self._page.evaluate(f"__page.place({ref})")
        if found is None:
            raise Missed(f"element {ref} is gone")
        return float(found[0]), float(found[1])

    def _fill(self, ref: int, text: str, elements: Mapping[int, Element]) -> None:
        if ref not in elements or ref < 0:
            raise Missed(f"there is no field {ref}")
        if not self._page.evaluate(f"__page.enter({ref})"):
            raise Missed(f"element {ref} takes no text")
        self._page.gesture(typing(text) if text else chord("Delete"))
        self.marks = (Mark("type", (elements[ref].centre,), text),)

    def _scroll(self, point: Point, shift: Point) -> None:
        self._page.evaluate(f"__page.scroll({json.dumps([*point, *shift])})")


def mouse(verb: str, points: Sequence[Point]) -> list[Event]:
    """The events of a gesture with the mouse.

    Raises:
        DecodeError: it is none.
    """
    events = [_event("mouseMoved", points[0])]
    if verb in ("hover", "hover_at"):
        return events
    if verb in ("click", "click_at", "double_click", "double_click_at"):
        for count in (1, 2) if verb.startswith("double") else (1,):
            events.append(_event("mousePressed", points[0], clickCount=count))
            events.append(_event("mouseReleased", points[0], clickCount=count))
        return events
    if verb in ("drag", "drag_to"):
        events.append(_event("mousePressed", points[0], clickCount=1))
        pace = PACE if len(points) == 2 else 1
        for start, end in itertools.pairwise(points):
            for step in range(1, pace + 1):
                share = step / pace
                between = (
                    start[0] + share * (end[0] - start[0]),
                    start[1] + share * (end[1] - start[1]),
                )
                events.append(_event("mouseMoved", between, buttons=1))
        events.append(_event("mouseReleased", points[-1], clickCount=1))
        return events
    raise DecodeError(f"{verb!r} is nothing that a mouse can do")


def _event(kind: str, point: Point, **more: Any) -> Event:
    button = "none" if kind == "mouseMoved" and not more else "left"
    return (
        "Input.dispatchMouseEvent",
        {"type": kind, "x": point[0], "y": point[1], "button": button, **more},
    )
