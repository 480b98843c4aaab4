r"""What stands on a screen: a flat list of elements, and its lossless text form.

The text form has one line an element, children after their parent and one space further in::

    [1] body (0,0 500x210)
     [2] div (0,0 160x210) id="wrap"
      [5] input_text (2,70 148x21) id="tt" value="Ab\\u00e9" focused
      [6] button "Submit" (2,95 54x25) id="subbtn" class="secondary-action"

Texts are JSON, so a line is never broken and every letter is printable ASCII.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import msgspec

from .errors import BadArgument

FLAGS = ("focused", "touched", "checked", "selected", "disabled", "scrollable")
"""What may be said of an element, in this order."""


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a screen.

    Attributes:
        ref: what actions call it by; negative for a piece of text among other elements.
        parent: the ref of the element around it; 0 for the root.
        tag: lower case; of an input with its type, e.g. ``input_checkbox``; ``t`` for text.
        text: what is written on it, where it holds text only.
        value: what a field holds.
        left: of its box, from the screen's left edge [px].
        top: of its box, from the screen's upper edge [px].
        width: of its box [px].
        height: of its box [px].
        id: its name in the page, if it has one.
        classes: its classes, joined by spaces.
        focused: what is typed goes there.
        touched: it was clicked or filled in this episode.
        checked: a box or button that is switched on.
        selected: an option that is chosen.
        disabled: it does nothing.
        scrollable: it holds more than it shows.
    """

    ref: int
    parent: int = 0
    tag: str = ""
    text: str = ""
    value: str = ""
    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0
    id: str = ""
    classes: str = ""
    focused: bool = False
    touched: bool = False
    checked: bool = False
    selected: bool = False
    disabled: bool = False
    scrollable: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its box: x and y [px]."""
        return self.left + self.width / 2, self.top + self.height / 2


_LINE = re.compile(
    r"(?P<indent> *)\[(?P<ref>-?\d+)\] (?P<tag>[^\s\"(]+)"
    r"(?: (?P<text>\"(?:[^\"\\]|\\.)*\"))?"
    r" \((?P<left>[-\d.]+),(?P<top>[-\d.]+) (?P<width>[\d.]+)x(?P<height>[\d.]+)\)"
    r"(?P<words>(?: (?:id|class|value)=\"(?:[^\"\\]|\\.)*\")*)"
    rf"(?P<flags>(?: (?:{'|'.join(FLAGS)}))*)"
)
_WORD = re.compile(r" (id|class|value)=(\"(?:[^\"\\]|\\.)*\")")


def write_elements(elements: Sequence[Element], limit: int | None = None) -> str:
    """The text form; see the module's head. Boxes are given to a hundredth of a pixel.

    Args:
        elements: parents before their children.
        limit: whole lines are left out from the end so that it is no longer [characters].
    """
    depth: dict[int, int] = {0: -1}
    lines = []
    for element in elements:
        depth[element.ref] = depth.get(element.parent, -1) + 1
        lines.append(" " * depth[element.ref] + _write(element))
    text = "\n".join(lines)
    if limit is None or len(text) <= limit:
        return text
    return text[: max(text.rfind("\n", 0, limit + 1), 0)]


def _write(element: Element) -> str:
    words = [f"[{element.ref}]", element.tag]
    if element.text:
        words.append(json.dumps(element.text))
    words.append(
        f"({_short(element.left)},{_short(element.top)} "
        f"{_short(element.width)}x{_short(element.height)})"
    )
    named = (("id", element.id), ("class", element.classes), ("value", element.value))
    words += [f"{name}={json.dumps(said)}" for name, said in named if said]
    words += [flag for flag in FLAGS if getattr(element, flag)]
    return " ".join(words)


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".").replace("-0", "0", number == 0)


def read_elements(text: str) -> tuple[Element, ...]:
    """The elements that ``write_elements`` wrote down.

    Raises:
        BadArgument: a line is none of its lines; names the line.
    """
    return tuple(_read(text.splitlines()))


def _read(lines: Iterable[str]) -> Iterable[Element]:
    above: list[int] = []
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        if found is None or len(found["indent"]) > len(above):
            raise BadArgument(f"line {number} of the elements is none: {line!r:.80}")
        depth, ref = len(found["indent"]), int(found["ref"])
        parent = above[depth - 1] if depth else 0
        above[depth:] = [ref]
        words = {name: json.loads(said) for name, said in _WORD.findall(found["words"])}
        yield Element(
            ref=ref,
            parent=parent,
            tag=found["tag"],
            text=json.loads(found["text"]) if found["text"] else "",
            value=words.get("value", ""),
            left=float(found["left"]),
            top=float(found["top"]),
            width=float(found["width"]),
            height=float(found["height"]),
            id=words.get("id", ""),
            classes=words.get("class", ""),
            **dict.fromkeys(found["flags"].split(), True),
        )
