"""A phone's screen as an agent sees it: its picture, and what stands on it in words."""

from __future__ import annotations

import io
import json
import re
import string
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ...core.element import Element as Written
from ...core.element import write_elements
from ...core.errors import BadArgument
from ...core.stopwatch import RENDERING
from .action import SCALE, UiAction

Box = tuple[int, int, int, int]
"""Left, top, right and bottom [px]."""

FLAGS = ("clickable", "long-clickable", "editable", "checkable", "checked", "scrollable",
         "selected", "focused", "disabled")  # fmt: skip
"""What an element may be said to be."""

ACTED_ON = frozenset(("clickable", "long-clickable", "editable", "checkable", "scrollable"))
"""Flags of an element that something can be done with."""

TOUCHED = ACTED_ON - {"scrollable"}
"""Flags of an element that is there to be touched."""

LONGEST_NAME = 80
"""Of an element's words, this many characters are told."""

LARGEST_SIDE = 8192
"""A longer side of a picture is a mistake [px]."""


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something visible on a screen: a node of the accessibility tree.

    Attributes:
        box: where it is.
        role: the short name of its class, such as ``Button``.
        text: what is written on it.
        description: what a screen reader says in its place.
        flags: some of ``FLAGS``, in that order.
        window: ``application``, ``keyboard`` or ``system``.
    """

    box: Box
    role: str = "View"
    text: str = ""
    description: str = ""
    flags: tuple[str, ...] = ()
    window: str = "application"

    @property
    def name(self) -> str:
        """What it is called: its text, or else its description."""
        return self.text or self.description

    @property
    def area(self) -> int:
        """Its area [px^2]."""
        left, top, right, bottom = self.box
        return max(right - left, 0) * max(bottom - top, 0)

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies on it [px]."""
        left, top, right, bottom = self.box
        return left <= x < right and top <= y < bottom


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """One screen.

    Attributes:
        width: [px].
        height: [px].
        elements: what is visible, in the order of the tree.
        image: makes its picture, which costs something.
    """

    width: int
    height: int
    elements: tuple[Element, ...]
    image: Callable[[], Image.Image]

    def element_at(self, place: tuple[float, float]) -> Element | None:
        """The element that a place is taken to mean.

        The smallest under it of those that something can be done with, as a label is no target but
        what it stands on is; where there are none, the smallest of all.

        Args:
            place: as shares of the screen.
        """
        x, y = place[0] * self.width, place[1] * self.height
        under = [one for one in self.elements if one.holds(x, y)]
        targets = [one for one in under if TOUCHED & set(one.flags)]
        return min(targets or under, key=lambda one: one.area, default=None)


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded course: the screens, and what was done between them.

    Attributes:
        number: the dataset's ``episode_id``.
        goal: what was to be done.
        screens: one more than actions.
        actions: what was done.
        step_instructions: what each step was to do, in words; one an action.
    """

    number: int
    goal: str
    screens: tuple[Screen, ...]
    actions: tuple[UiAction, ...]
    step_instructions: tuple[str, ...]


SAID = ("focused", "checked", "selected", "disabled", "scrollable")
"""Flags for which the writing has words of its own."""

_TAG = re.compile(r"[^\w.-]")


def in_ascii(text: str) -> str:
    """Text as observations hold it: what ASCII lacks is written as JSON does, by its number.

    Typographic quotes, dashes and spaces become plain ones.
    """
    plain = text.translate(_PLAIN)
    if plain.isascii() and all(letter in _PRINTABLE for letter in plain):
        return plain
    return "".join(letter if letter in _PRINTABLE else json.dumps(letter)[1:-1] for letter in plain)


_PRINTABLE = frozenset(string.printable)
_PLAIN = {
    0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2010: "-", 0x2011: "-", 0x2013: "-",
    0x2014: "-", 0x2026: "...", 0x00A0: " ", 0x202F: " ", 0x2009: " ", 0x200B: "",
}  # fmt: skip


def describe(screen: Screen, longest: int) -> str:
    """The elements of a screen in writing (:mod:`polyathlon.core.element`), one a line.

    Only those that have words or that something can be done with. Boxes are in thousandths of the
    screen, as commands have places; what can be done stands where classes do.

    Args:
        screen: what to describe.
        longest: characters; what is beyond is left out.
    """
    told = [one for one in screen.elements if one.name.strip() or ACTED_ON & set(one.flags)]
    lines: list[str] = []
    for number, element in enumerate(told, 1):
        line = write_elements([_in_writing(element, number, screen)])
        longest -= len(line) + 1
        if longest < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def _in_writing(element: Element, number: int, screen: Screen) -> Written:
    left, top, right, bottom = element.box
    across, down = SCALE / screen.width, SCALE / screen.height
    name = " ".join(element.name.split())
    shown = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."
    return Written(
        ref=number,
        tag=_TAG.sub("", element.role) or "View",
        text=shown.translate(_PLAIN),
        left=round(left * across),
        top=round(top * down),
        width=round((right - left) * across),
        height=round((bottom - top) * down),
        classes=" ".join(flag for flag in element.flags if flag not in SAID),
        focused="focused" in element.flags,
        checked="checked" in element.flags,
        selected="selected" in element.flags,
        disabled="disabled" in element.flags,
        scrollable="scrollable" in element.flags,
    )


@RENDERING.counts
def picture(screen: Screen, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A screen's picture, uint8 `[H, W, 3]`, squeezed into a size by averaging.

    Args:
        screen: what to show.
        size: height and width [px].
    """
    image = squeezed(screen.image(), size)
    return np.array(image, np.uint8)


def squeezed(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture at another size: averaged where it gets smaller.

    Args:
        image: the picture.
        size: height and width [px].
    """
    height, width = size
    if image.size == (width, height):
        return image
    across, rest_across = divmod(image.width, width)
    down, rest_down = divmod(image.height, height)
    if not rest_across and not rest_down:
        return image.reduce((across, down))  # The same averages, in a tenth of the time.
    shrinking = width < image.width or height < image.height
    method = Image.Resampling.BOX if shrinking else Image.Resampling.BILINEAR
    return image.resize((width, height), method)


def open_png(data: bytes, where: str = "a screenshot") -> Image.Image:
    """A stored picture.

    Raises:
        BadArgument: it is none, or too large; names where it stands.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG",))
        if max(image.size) > LARGEST_SIDE:
            raise BadArgument(f"{where} is {image.width} x {image.height} pixels large")
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, BadArgument):
            raise
        raise BadArgument(f"{where} is no PNG that can be read: {error}") from error
