"""An action space of short commands in writing, which says what commands there are.

A plain text space tells an agent nothing but the letters. This one carries the forms of its
commands, so that a language model can be told of them and the random agent draws sensible ones.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any

from gymnasium import spaces

PRINTABLE = "".join(chr(code) for code in range(32, 127))
"""The letters of a command: printable ASCII."""

_HOLE = re.compile(r"<([^<>]+)>")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")


class CommandSpace(spaces.Text):
    """Texts, of which those that follow a form mean something.

    A form is a text with holes: ``<0..159>`` for a whole number, ``<up|down>`` for one of several
    words, ``<text>`` for any text as JSON writes it, e.g. ``click_at(<0..159>, <0..209>)``.

    Args:
        forms: of the commands.
        max_length: of a text [characters].
    """

    def __init__(self, forms: Sequence[str], max_length: int) -> None:
        super().__init__(max_length, min_length=0, charset=PRINTABLE)
        self.forms = tuple(forms)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A command drawn uniformly from the forms, its holes filled uniformly."""
        form = self.forms[int(self.np_random.integers(len(self.forms)))]
        return _HOLE.sub(lambda hole: self._fill(hole[1]), form)

    def _fill(self, hole: str) -> str:
        bounds = _RANGE.fullmatch(hole)
        if bounds:
            return str(self.np_random.integers(int(bounds[1]), int(bounds[2]) + 1))
        if hole == "text":
            letters = self.np_random.choice(
                list(string.ascii_lowercase), int(self.np_random.integers(1, 9))
            )
            return '"' + "".join(letters) + '"'
        words = hole.split("|")
        return words[int(self.np_random.integers(len(words)))]

    def __eq__(self, other: Any) -> bool:
        """Whether both have the same forms and length."""
        return (
            isinstance(other, CommandSpace)
            and self.forms == other.forms
            and self.max_length == other.max_length
        )

    def __hash__(self) -> int:
        """Of the same."""
        return hash((self.forms, self.max_length))

    def __repr__(self) -> str:
        """Its forms, in short."""
        return f"CommandSpace({', '.join(self.forms)})"
