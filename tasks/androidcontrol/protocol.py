"""How a step is judged: scoring protocols as versioned data, all of them computed from one log.

Published accuracies on AndroidControl differ by more than ten points for one and the same model,
because a tap, a text and a direction are compared in different ways (UI-TARS issue 79, Qwen3-VL
issue 1155, AgentCPM-GUI issue 77). So a figure here always carries the name of its protocol, and
every evaluation gives the figures of all of them. A protocol is never changed: one that judges
otherwise has another version.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from .action import PLACED, Kind, UiAction
from .screen import Element, Screen


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """One way to judge a step.

    The types must always agree, but for what ``icons`` says.

    Attributes:
        id: its name and version.
        title: what it does, in a few words.
        source: whose it is, or what it follows.
        place: when a place is right: ``pixel`` (the recorded one), ``cells`` (so many cells of a
            grid away at most, along x and along y), ``shares`` (the distance in shares of width
            and height), ``diagonal`` (the distance in pixels, as a share of the screen's
            diagonal), ``element`` (on the element that the recorded place is taken to mean).
        reach: for ``cells`` how many, for ``shares`` and ``diagonal`` the share.
        grid: cells along either side, for ``cells``.
        enlarged: for ``element``, the factor by which its box is enlarged about its middle.
        near: for ``element``, a place this near is right as well: a share of the longer side.
        text: when text is right: ``same``, ``substring`` (either holds the other, without regard
            to case and to spaces about it), ``words`` (the same, or an F1 above 0.5 over the sets
            of words, without regard to case).
        app: the same for the name of an app.
        icons: whether an app may also be opened by a tap on the element that is called like it.
    """

    id: str
    title: str
    source: str
    place: Literal["pixel", "cells", "shares", "diagonal", "element"]
    reach: float = 0.0
    grid: int = 50
    enlarged: float = 1.0
    near: float = 0.0
    text: Literal["same", "substring", "words"] = "same"
    app: Literal["same", "substring", "words"] = "same"
    icons: bool = False


PROTOCOLS: Mapping[str, Protocol] = {
    one.id: one
    for one in (
        Protocol(
            id="exact-v1",
            title="the recorded action itself",
            source="the strictest reading of the dataset's README",
            place="pixel",
        ),
        Protocol(
            id="gea-v1",
            title="within 5 of 50 cells; text either way a substring",
            source="GEA, arXiv 2412.08442, evaluation details of AndroidControl",
            place="cells",
            reach=5,
            text="substring",
            app="substring",
        ),
        Protocol(
            id="shares-14pct-v1",
            title="within 0.14 in shares of width and height; text by its words",
            source="14% of the screen (UI-TARS issue 79), read in normalised coordinates",
            place="shares",
            reach=0.14,
            text="words",
        ),
        Protocol(
            id="diagonal-14pct-v1",
            title="within 14% of the diagonal in pixels; text by its words",
            source="14% of the screen (UI-TARS issue 79), read in pixels over both sides",
            place="diagonal",
            reach=0.14,
            text="words",
        ),
        Protocol(
            id="element-v1",
            title="on the element that was touched; text the same",
            source="boxes of the accessibility tree (Qwen3-VL issue 1155), as they are",
            place="element",
        ),
        Protocol(
            id="element-enlarged-v1",
            title="on the element enlarged by 1.2, or within 4% of the longer side; substrings",
            source="boxes of the accessibility tree (Qwen3-VL issue 1155, InfiGUI-R1 issue 8)",
            place="element",
            enlarged=1.2,
            near=0.04,
            text="substring",
            app="substring",
            icons=True,
        ),
    )
}
"""Every protocol by its id."""


class Verdict(NamedTuple):
    """What a protocol says of a step.

    Attributes:
        kind: whether the type is right.
        place: whether the place is, given that the type is; None where the recorded action has no
            place, or the type is wrong.
        right: whether the step is.
    """

    kind: bool
    place: bool | None
    right: bool


def judge(protocol: Protocol, said: UiAction | None, recorded: UiAction, screen: Screen) -> Verdict:
    """Judges a step.

    Args:
        protocol: by which.
        said: what the agent did; None where its words meant no action.
        recorded: what was done.
        screen: on which.
    """
    if said is None:
        return Verdict(False, None, False)
    if said.kind != recorded.kind:
        by_icon = protocol.icons and _opens_by_icon(protocol, said, recorded, screen)
        return Verdict(by_icon, None, by_icon)
    if recorded.kind in PLACED:
        right = _is_near(protocol, said, recorded, screen)
        return Verdict(True, right, right)
    if recorded.kind == "input_text":
        return Verdict(True, None, _agree(protocol.text, said.argument, recorded.argument))
    if recorded.kind == "open_app":
        return Verdict(True, None, _agree(protocol.app, said.argument, recorded.argument))
    # A direction, a status, or nothing at all.
    return Verdict(True, None, said.argument == recorded.argument)


def _is_near(protocol: Protocol, said: UiAction, recorded: UiAction, screen: Screen) -> bool:
    assert said.place is not None
    assert recorded.place is not None
    (x, y), (there_x, there_y) = said.place, recorded.place
    width, height = screen.width, screen.height
    if protocol.place == "pixel":
        return _pixel(said.place, screen) == _pixel(recorded.place, screen)
    if protocol.place == "cells":
        ours = (_cell(x, protocol.grid), _cell(y, protocol.grid))
        theirs = (_cell(there_x, protocol.grid), _cell(there_y, protocol.grid))
        return max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= protocol.reach
    if protocol.place == "shares":
        return math.hypot(x - there_x, y - there_y) <= protocol.reach
    distance = math.hypot((x - there_x) * width, (y - there_y) * height)
    if protocol.place == "diagonal":
        return distance <= protocol.reach * math.hypot(width, height)
    element = screen.element_at(recorded.place)
    if element is not None and _lies_on(element, said.place, screen, protocol.enlarged):
        return True
    if protocol.near:
        return distance <= protocol.near * max(width, height)
    # Nothing is known of what was touched: then only the touch itself will do.
    return element is None and _pixel(said.place, screen) == _pixel(recorded.place, screen)


def _pixel(place: tuple[float, float], screen: Screen) -> tuple[int, int]:
    return round(place[0] * screen.width), round(place[1] * screen.height)


def _cell(share: float, grid: int) -> int:
    return min(int(share * grid), grid - 1)


def _lies_on(element: Element, place: tuple[float, float], screen: Screen, enlarged: float) -> bool:
    left, top, right, bottom = element.box
    x, y = place[0] * screen.width, place[1] * screen.height
    across, down = (right - left) * enlarged / 2, (bottom - top) * enlarged / 2
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    return abs(x - middle_x) <= across and abs(y - middle_y) <= down


def _opens_by_icon(protocol: Protocol, said: UiAction, recorded: UiAction, screen: Screen) -> bool:
    """Whether a tap lands on what is called like the app that was opened by its name."""
    if recorded.kind != "open_app" or said.kind != "click" or said.place is None:
        return False
    element = screen.element_at(said.place)
    return element is not None and _agree("substring", element.name, recorded.argument)


def _agree(rule: str, said: str, recorded: str) -> bool:
    if rule == "same":
        return said == recorded
    ours, theirs = said.lower().strip(), recorded.lower().strip()
    if rule == "substring":
        # An empty text is held by every other; nobody means that.
        return ours == theirs or (bool(ours and theirs) and (ours in theirs or theirs in ours))
    if said == recorded:
        return True
    one, other = set(ours.split()), set(theirs.split())
    shared = len(one & other)
    return bool(shared) and 2 * shared / (len(one) + len(other)) > 0.5


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an episode's log.

    Attributes:
        said: what the agent did; None where its words meant no action.
        recorded: what was done.
        screen: on which.
    """

    said: UiAction | None
    recorded: UiAction
    screen: Screen


class Tally:
    """The figures of an episode under every protocol, from its steps.

    Args:
        steps: how many the episode has: those that were not played count as wrong.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._kinds: Counter[Kind] = Counter()
        self._right: Counter[tuple[str, Kind]] = Counter()
        self._typed = self._malformed = 0
        self._placed: Counter[str] = Counter()
        self._grounded: Counter[str] = Counter()

    def add(self, step: Step) -> dict[str, Verdict]:
        """Judges a step by every protocol, and counts it."""
        verdicts = {
            name: judge(protocol, step.said, step.recorded, step.screen)
            for name, protocol in PROTOCOLS.items()
        }
        kind = step.recorded.kind
        self._kinds[kind] += 1
        self._malformed += step.said is None
        self._typed += step.said is not None and step.said.kind == kind
        for name, verdict in verdicts.items():
            self._right[name, kind] += verdict.right
            if verdict.place is not None:
                self._placed[name] += 1
                self._grounded[name] += verdict.place
        return verdicts

    def right(self, protocol: str) -> int:
        """Steps that were right under a protocol."""
        return sum(self._right[protocol, kind] for kind in self._kinds)

    def figures(self) -> dict[str, float]:
        """Every figure by its key; those that are not defined yet are left out."""
        figures = {
            "steps": float(self._steps),
            "malformed": float(self._malformed),
            "type_accuracy": self._typed / self._steps,
        }
        figures |= {f"steps.{kind}": float(count) for kind, count in self._kinds.items()}
        for name in PROTOCOLS:
            right = self.right(name)
            figures[f"step_accuracy@{name}"] = right / self._steps
            figures[f"episode_success@{name}"] = float(right == self._steps)
            if self._placed[name]:
                share = self._grounded[name] / self._placed[name]
                figures[f"grounding@{name}"] = share
            figures |= {
                f"accuracy.{kind}@{name}": self._right[name, kind] / count
                for kind, count in self._kinds.items()
            }
        if any(self._placed.values()):
            figures["steps.grounded"] = float(max(self._placed.values()))
        return figures
