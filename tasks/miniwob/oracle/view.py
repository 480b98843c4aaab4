"""What an oracle sees of its page, and how it looks for things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from ....core.element import Element
from ..environment import MiniWoB
from ..gesture import Gesture, wait

Course: TypeAlias = Iterator[Gesture]
"""What an oracle does, a gesture a step."""


LONGEST_SLIDE = 20
"""Steps after which something that moves is taken to go on for ever."""


class NotFound(LookupError):
    """An oracle looks for an element that the page does not have."""


class View:
    """The page as it is at each moment, for the oracle of one episode.

    Args:
        env: the environment that is played.
    """

    def __init__(self, env: MiniWoB) -> None:
        self._env = env

    @property
    def elements(self) -> tuple[Element, ...]:
        """Everything on the page, parents before their children."""
        return self._env.elements

    @property
    def instruction(self) -> str:
        """What the page asks for."""
        return self._env.instruction

    @property
    def quoted(self) -> list[str]:
        """The parts of the instruction in double quotes, in order."""
        return re.findall(r'"([^"]*)"', self.instruction)

    @property
    def ordinal(self) -> int:
        """The number that the instruction counts by: 3 for "the 3rd"."""
        return int(self.match(r"(\d+)(?:st|nd|rd|th)")[0])

    def match(self, pattern: str) -> tuple[str, ...]:
        """The groups of a pattern that is searched in the instruction.

        Raises:
            NotFound: the instruction is of another form.
        """
        found = re.search(pattern, self.instruction)
        if found is None:
            raise NotFound(f"{pattern!r} is not in {self.instruction!r}")
        return found.groups()

    def all(
        self,
        *,
        tag: str | None = None,
        text: str | None = None,
        id: str | None = None,
        cls: str | None = None,
        inside: Element | None = None,
        where: Callable[[Element], bool] = lambda _: True,
    ) -> list[Element]:
        """The elements of which all that is given holds, in the order of the page.

        Args:
            tag: as in ``Element``.
            text: the whole of its text.
            id: as in ``Element``.
            cls: one of its classes.
            inside: a parent, near or far.
            where: anything else.
        """
        held = None if inside is None else self._within(inside)
        return [
            one
            for one in self.elements
            if (tag is None or one.tag == tag)
            and (text is None or one.text == text)
            and (id is None or one.id == id)
            and (cls is None or cls in one.classes.split())
            and (held is None or one.ref in held)
            and where(one)
        ]

    def find(
        self,
        *,
        tag: str | None = None,
        text: str | None = None,
        id: str | None = None,
        cls: str | None = None,
        inside: Element | None = None,
        where: Callable[[Element], bool] = lambda _: True,
    ) -> Element:
        """The first element of which all that is given holds; see ``all``.

        Raises:
            NotFound: there is none.
        """
        found = self.all(tag=tag, text=text, id=id, cls=cls, inside=inside, where=where)
        if not found:
            given = {"tag": tag, "text": text, "id": id, "class": cls}
            told = ", ".join(f"{key} {value!r}" for key, value in given.items() if value)
            raise NotFound(f"no element with {told or 'that'} on the page")
        return found[0]

    def parent(self, element: Element) -> Element:
        """The element around another.

        Raises:
            NotFound: it is the root.
        """
        return self.find(where=lambda one: one.ref == element.parent)

    def parent_tag(self, element: Element) -> str:
        """The tag of the element around another; empty for the root."""
        return next((one.tag for one in self.elements if one.ref == element.parent), "")

    def children(self, element: Element) -> list[Element]:
        """The elements right inside another, in the order of the page."""
        return [one for one in self.elements if one.parent == element.ref]

    def still(self) -> Course:
        """Waits until nothing moves any more: what slides open is not to be clicked."""
        for _ in range(LONGEST_SLIDE):
            before = [(one.ref, one.centre) for one in self.elements]
            yield wait()
            if before == [(one.ref, one.centre) for one in self.elements]:
                break

    def words(self, element: Element) -> str:
        """All text within an element, joined by spaces."""
        held = self._within(element) | {element.ref}
        return " ".join(one.text for one in self.elements if one.ref in held and one.text)

    def _within(self, element: Element) -> set[int]:
        held = {element.ref}
        for one in self.elements:
            if one.parent in held:
                held.add(one.ref)
        return held - {element.ref}


Oracle: TypeAlias = Callable[[View], Course]
"""A function of a view that does a task."""
