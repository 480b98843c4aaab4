"""Actions on a screen as words: a small grammar with an open place for typed text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.errors import BadArgument, DecodeError, InvalidAction


class UiWords:
    """Actions on a screen as words: a type, and a cell of a grid or free text.

    A place is two whole numbers, the column and the row of a cell of 50 x 50 (GEA, section 4.2);
    typed text is itself. Of free text there is no finite set to choose from, so a language model
    is asked for a type and then writes until it says ``STOP``; within text, a line break, a
    carriage return and a backslash are written as two characters each. The types are those of
    AndroidControl.

    Args:
        grid: cells along either side.
        width: the screen's, in the unit of ``x``; 1 for shares of it.
        height: the screen's, in the unit of ``y``.

    Attributes:
        resolution: how far a place can move in a round trip: half a cell along x and y.
        clipped: how many coordinates given to ``encode`` lay outside the screen.

    Raises:
        BadArgument: the grid or the screen has no extent.
    """

    STOP = "\n"
    PLACES = ("tap", "long_press")
    TEXTS: Mapping[str, str] = {"input_text": "text", "open_app": "app_name"}
    PLAIN = ("navigate_home", "navigate_back", "wait")
    DIRECTIONS = ("up", "down", "left", "right")

    def __init__(self, grid: int = 50, width: float = 1.0, height: float = 1.0) -> None:
        if grid < 1 or not (0 < width < np.inf and 0 < height < np.inf):
            raise BadArgument(f"a screen of {width} x {height} has no grid of {grid} cells a side")
        self.grid, self.width, self.height, self.clipped = grid, width, height, 0
        self.resolution = np.array([width, height]) / (2 * grid)

    def encode(self, action: Mapping[str, Any]) -> str:
        """The words of an action such as ``{"type": "tap", "x": 0.5, "y": 0.25}``.

        Raises:
            InvalidAction: an unknown type, a field missing or too many, or not of its kind.
        """
        kind = str(action.get("type"))
        if kind in self.PLACES:
            self._check_fields(action, "x", "y")
            cells = (self._cell(action["x"], self.width), self._cell(action["y"], self.height))
            return f"{kind} {cells[0]} {cells[1]}"
        if kind in self.TEXTS:
            field = self.TEXTS[kind]
            self._check_fields(action, field)
            if not isinstance(action[field], str):
                raise InvalidAction(f"the {field} of {kind} is {action[field]!r:.60}, not a text")
            return f"{kind} {_escaped(action[field])}"
        if kind == "scroll":
            self._check_fields(action, "direction")
            if action["direction"] not in self.DIRECTIONS:
                raise InvalidAction(
                    f"the direction of scroll is {action['direction']!r:.60}; it must be one of "
                    + ", ".join(self.DIRECTIONS)
                )
            return f"scroll {action['direction']}"
        if kind in self.PLAIN:
            self._check_fields(action)
            return kind
        known = ", ".join([*self.PLACES, *self.TEXTS, "scroll", *self.PLAIN])
        raise InvalidAction(f"{kind!r:.60} is no type of action; there are {known}")

    def decode(self, uttered: str) -> dict[str, Any]:
        """The action of some words, without the ``STOP`` that ended them; places are cell centres.

        Raises:
            DecodeError: the words are no action, to the letter.
        """
        if not isinstance(uttered, str):
            raise DecodeError(f"{uttered!r:.60} is not a text")
        kind, space, rest = uttered.partition(" ")
        if kind in self.PLACES and (
            cells := re.fullmatch(r"(0|[1-9][0-9]*) (0|[1-9][0-9]*)", rest)
        ):
            x, y = int(cells[1][:9]), int(cells[2][:9])
            if max(x, y) < self.grid:
                size = self.resolution * 2
                return {
                    "type": kind,
                    "x": float((x + 0.5) * size[0]),
                    "y": float((y + 0.5) * size[1]),
                }
        elif kind in self.TEXTS and space:
            return {"type": kind, self.TEXTS[kind]: _plain(rest)}
        elif kind == "scroll" and rest in self.DIRECTIONS:
            return {"type": kind, "direction": rest}
        elif uttered in self.PLAIN:
            return {"type": uttered}
        raise DecodeError(f"{uttered!r:.80} is no action on a screen of {self.grid} cells a side")

    def _check_fields(self, action: Mapping[str, Any], *fields: str) -> None:
        if set(action) != {"type", *fields}:
            raise InvalidAction(
                f"an action of type {action['type']} has the fields {', '.join(fields) or 'none'} "
                f"beside it, not {', '.join(sorted(str(key) for key in action if key != 'type'))}"
            )

    def _cell(self, place: Any, size: float) -> int:
        real = isinstance(place, (int, float, np.integer, np.floating)) and place is not True
        if not real or place is False or not np.isfinite(place):
            raise InvalidAction(f"{place!r:.60} is no place on a screen")
        self.clipped += not 0 <= place <= size
        return int(np.clip(np.floor(place / size * self.grid), 0, self.grid - 1))


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _plain(words: str) -> str:
    """The text that was escaped.

    Raises:
        DecodeError: a line break that is not escaped, or a backslash before another letter.
    """
    if not re.fullmatch(r"(?:[^\\\n\r]|\\[\\nr])*", words):
        raise DecodeError(f"the text {words!r:.60} has a line break, or a backslash of no meaning")
    back = {two: one for one, two in _ESCAPES.items()}
    return re.sub(r"\\[\\nr]", lambda pair: back[pair[0]], words)
