"""The four action spaces: how each says a gesture, and what it can say at all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from ...core.command import PRINTABLE
from ...core.errors import BadArgument, InvalidAction
from . import language
from .gesture import MOST_LETTERS, VERBS, Gesture

MOST_REFS = 4096
"""Refs from ``-MOST_REFS`` to ``MOST_REFS`` can be said in the ``element`` space."""

GRID = 50
"""Cells along either side of the ``grid`` space (GEA, section 4.2)."""

Space = spaces.Space[Any]


class Speech(Protocol):
    """One action space: reads its actions as gestures, and says gestures in it."""

    space: Space

    def read(self, action: Any) -> Gesture:
        """The gesture of an action.

        Raises:
            InvalidAction: it is not in the space.
            DecodeError: it is, and means nothing.
        """

    def say(self, gesture: Gesture) -> Any:
        """The action of a gesture.

        Raises:
            InvalidAction: this space has no word for it.
        """


class _Written:
    """``text``: commands in writing; what is no command does nothing and is counted."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.space: Space = language.command_space(size)

    def read(self, action: Any) -> Gesture:
        if not isinstance(action, str):
            raise InvalidAction(f"{action!r:.60} is not a text")
        return language.parse(action)

    def say(self, gesture: Gesture) -> str:
        return language.write(gesture)


class _Structured:
    """A Dict with ``verb`` and what verbs take; what a verb does not take is not looked at."""

    verbs: tuple[str, ...]

    def __init__(self, fields: Mapping[str, Space]) -> None:
        text = spaces.Text(MOST_LETTERS, min_length=0, charset=PRINTABLE)
        self.space: Space = spaces.Dict(
            {"verb": spaces.Discrete(len(self.verbs)), **fields, "text": text}
        )

    def read(self, action: Any) -> Gesture:
        if not self.space.contains(action):
            raise InvalidAction(_complaint(self.space, action))
        return self._gesture(self.verbs[int(action["verb"])], action)

    def _gesture(self, verb: str, action: Mapping[str, Any]) -> Gesture:
        raise NotImplementedError

    def _action(self, gesture: Gesture, **said: Any) -> dict[str, Any]:
        if gesture.verb not in self.verbs:
            raise InvalidAction(
                f"this action space has no word for {gesture.verb}; it has {', '.join(self.verbs)}"
            )
        spoken = {name: said.get(name, 0) for name in self._numbers()}
        text = gesture.key if gesture.verb == "press" else gesture.text
        return {"verb": self.verbs.index(gesture.verb), **spoken, "text": text}

    def _numbers(self) -> list[str]:
        assert isinstance(self.space, spaces.Dict)
        return [name for name in self.space.spaces if name not in ("verb", "text")]


class _Element(_Structured):
    """``element``: mouse and keyboard by the refs of ``dom``."""

    verbs = ("click", "double_click", "hover", "fill", "drag_to", "type", "press", "wait")

    def __init__(self, size: tuple[int, int]) -> None:
        refs = spaces.Discrete(2 * MOST_REFS + 1, start=-MOST_REFS)
        super().__init__({"ref": refs, "to": refs})

    def _gesture(self, verb: str, action: Mapping[str, Any]) -> Gesture:
        kinds = VERBS[verb]
        refs = (int(action["ref"]), int(action["to"]))[: kinds.count("ref")]
        return _with_text(Gesture(verb, refs=refs), kinds, action["text"])

    def say(self, gesture: Gesture) -> dict[str, Any]:
        return self._action(gesture, **dict(zip(("ref", "to"), gesture.refs, strict=False)))


class _Coordinate(_Structured):
    """``coordinate``: mouse and keyboard by pixels; a scroll goes from the place to the other."""

    verbs = ("click_at", "double_click_at", "hover_at", "drag", "scroll", "type", "press", "wait")

    def __init__(self, size: tuple[int, int]) -> None:
        x, y = spaces.Discrete(size[1]), spaces.Discrete(size[0])
        super().__init__({"x": x, "y": y, "to_x": x, "to_y": y})

    def _gesture(self, verb: str, action: Mapping[str, Any]) -> Gesture:
        start = (float(action["x"]), float(action["y"]))
        end = (float(action["to_x"]), float(action["to_y"]))
        return _pointed(verb, start, end, action["text"])

    def say(self, gesture: Gesture) -> dict[str, Any]:
        ends = [round(number) for point in _ends(gesture) for number in point]
        return self._action(gesture, **dict(zip(("x", "y", "to_x", "to_y"), ends, strict=False)))


class _Grid(_Structured):
    """``grid``: a place is a cell of 50 x 50, as GEA's agents tap screens; then text and keys."""

    verbs = ("click_at", "double_click_at", "drag", "scroll", "type", "press", "wait")

    def __init__(self, size: tuple[int, int]) -> None:
        self._cell = (size[1] / GRID, size[0] / GRID)
        cells = spaces.Discrete(GRID)
        super().__init__({"column": cells, "row": cells, "to_column": cells, "to_row": cells})

    def _gesture(self, verb: str, action: Mapping[str, Any]) -> Gesture:
        start = self._middle(action["column"], action["row"])
        end = self._middle(action["to_column"], action["to_row"])
        return _pointed(verb, start, end, action["text"])

    def _middle(self, column: Any, row: Any) -> tuple[float, float]:
        return (int(column) + 0.5) * self._cell[0], (int(row) + 0.5) * self._cell[1]

    def say(self, gesture: Gesture) -> dict[str, Any]:
        cells = [
            int(np.clip(number // self._cell[axis], 0, GRID - 1))
            for point in _ends(gesture)
            for axis, number in enumerate(point)
        ]
        names = ("column", "row", "to_column", "to_row")
        return self._action(gesture, **dict(zip(names, cells, strict=False)))


def _pointed(verb: str, start: tuple[float, float], end: tuple[float, float], text: str) -> Gesture:
    kinds = VERBS[verb]
    if verb == "scroll":
        return Gesture(verb, points=(start,), shift=(end[0] - start[0], end[1] - start[1]))
    return _with_text(Gesture(verb, points=(start, end)[: kinds.count("point")]), kinds, text)


def _with_text(gesture: Gesture, kinds: tuple[str, ...], text: str) -> Gesture:
    if "text" in kinds:
        return Gesture(gesture.verb, gesture.refs, gesture.points, text=str(text))
    if "key" in kinds:
        return Gesture(gesture.verb, gesture.refs, gesture.points, key=str(text))
    return gesture


def _ends(gesture: Gesture) -> list[tuple[float, float]]:
    """First and last place of a gesture; a longer way is beyond what two places can say.

    Raises:
        InvalidAction: it has more than two places.
    """
    if len(gesture.points) > 2:
        raise InvalidAction("this action space has no word for a drag over more than two places")
    if gesture.verb == "scroll":
        (x, y), (right, down) = gesture.points[0], gesture.shift
        return [(x, y), (x + right, y + down)]
    return list(gesture.points)


def _complaint(space: Space, action: Any) -> str:
    if not isinstance(action, Mapping) or not isinstance(space, spaces.Dict):
        return f"{action!r:.60} is not a Dict of the action space"
    if set(action) != set(space.spaces):
        return f"an action has {', '.join(space.spaces)}, this one {', '.join(map(str, action))}"
    wrong = next(name for name, part in space.spaces.items() if not part.contains(action[name]))
    told = f"{action[wrong]!r:.60} is not in {space.spaces[wrong]}"
    if wrong == "text" and isinstance(action[wrong], str):
        told = f"a text has {MOST_LETTERS} letters of printable ASCII at most"
        told += f", this one {len(action[wrong])}: {action[wrong]!r:.40}"
    return f"{wrong}: {told:.200}"


SPEECHES: Mapping[str, Any] = MappingProxyType(
    {"text": _Written, "element": _Element, "coordinate": _Coordinate, "grid": _Grid}
)
"""The action spaces by name."""


def make_speech(name: str, size: tuple[int, int]) -> Speech:
    """An action space by name.

    Args:
        name: in ``SPEECHES``.
        size: height and width of the screen [px].

    Raises:
        BadArgument: there is none of that name.
    """
    if name not in SPEECHES:
        raise BadArgument(f"action_space is {name!r}; miniwob tasks know {', '.join(SPEECHES)}")
    speech: Speech = SPEECHES[name](size)
    return speech
