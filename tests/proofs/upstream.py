"""MiniWoB beside upstream's own Selenium client: the same words, elements and verdicts."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from miniwob.constants import (
    ATTRIBUTE_MAX_LENGTH,
    DEFAULT_ALLOWED_KEYS,
    TEXT_MAX_LENGTH,
    TYPING_MAX_LENGTH,
)

from polyathlon.core.element import Element
from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import Gesture, click
from polyathlon.tasks.miniwob.oracle import ORACLES
from polyathlon.tasks.miniwob.oracle.view import View
from polyathlon.tasks.miniwob.roster import CHORES

Row = tuple[str, str, str, str, str]
Said = tuple[str, dict[str, Any]]
"""An action of upstream's client: its type, and what it takes."""

PAUSE = 0.1
"""What a step takes here, which upstream has to wait for [s]."""

LEISURE = 10
"""What time limits are multiplied with: upstream's client needs 8 to 10 s to draw a line of 48
points, and a page gives 10. A raw reward knows of no time."""


class Found(NamedTuple):
    """What came of one task.

    Attributes:
        task: the package's name.
        seeds: episodes that were begun with both clients.
        words: on how many of them the words agree.
        elements: on how many the elements agree.
        verdicts: endings whose raw rewards agree.
        endings: that were played with both.
        rewards: ours, of every ending.
        differences: what differs, in words, the first of each kind.
    """

    task: str
    seeds: int
    words: int
    elements: int
    verdicts: int
    endings: int
    rewards: tuple[float, ...]
    differences: tuple[str, ...]


def compare(task: str, seeds: Sequence[int]) -> Found:
    """Plays a task with both clients."""
    theirs, ours = _upstream(task), MiniWoB(task, time_scale=LEISURE)
    words = elements = verdicts = 0
    rewards: list[float] = []
    told: dict[str, str] = {}
    endings = list(_endings(task))
    for seed in seeds:
        seen, _ = theirs.reset(seed=seed)
        limit = 1000 * LEISURE * CHORES[task].limit
        theirs.instance.driver.execute_script(f"core.EPISODE_MAX_TIME = {limit};")
        ours.reset(seed=seed)
        pair = seen["utterance"], ours.instruction
        words += pair[0] == pair[1]
        if pair[0] != pair[1]:
            told.setdefault("words", f"seed {seed}, words: {pair[0]!r:.90} here {pair[1]!r:.90}")
        rows = _rows(seen["dom_elements"]), _folded(ours.elements)
        elements += rows[0] == rows[1]
        if rows[0] != rows[1]:
            told.setdefault("elements", f"seed {seed}, elements: {_first_difference(*rows)}")
        for ending in endings:
            ended = _ended(ours, theirs, ending, seed)
            if ended is None:
                continue
            mine, upstreams = ended
            verdicts += mine == upstreams
            rewards.append(mine)
            if mine != upstreams:
                name = ending.__name__
                told.setdefault(name, f"seed {seed}, {name}: {upstreams:g} here {mine:g}")
    theirs.close()
    ours.close()
    counts = len(seeds), words, elements, verdicts, len(rewards)
    return Found(task, *counts, tuple(rewards), tuple(told.values()))


def _first_difference(theirs: Sequence[Row], ours: Sequence[Row]) -> str:
    pairs = itertools.zip_longest(theirs, ours)
    place, (their, our) = next((n, two) for n, two in enumerate(pairs) if two[0] != two[1])
    return f"{len(theirs)} here {len(ours)}; element {place}: {their!r:.90} here {our!r:.90}"


def _upstream(task: str) -> Any:
    os.environ["MINIWOB_CHROME_BINARY"] = str(shutil.which("chromium"))
    os.environ["MINIWOB_CHROMEDRIVER"] = str(shutil.which("chromedriver"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from miniwob.environment import MiniWoBEnvironment

        # What we load anew for every episode, upstream does too: its page keeps as much.
        return MiniWoBEnvironment(subdomain=task, refresh_freq=int(CHORES[task].reload))


def _rows(told: Sequence[dict[str, Any]]) -> list[Row]:
    return [
        (one["tag"].lower(), one["text"], one["value"], _own(one["id"]), one["classes"])
        for one in told
    ]


def _folded(elements: Sequence[Element]) -> list[Row]:
    """Our elements as upstream's client tells of them.

    It has ``SVG_CLASS`` for every class within a drawing, no value for a list, takes the texts of
    an element that has nothing else for its own, and cuts what is long.
    """
    drawn: set[int] = set()
    children: dict[int, list[Element]] = {}
    for one in elements:
        children.setdefault(one.parent, []).append(one)
        if one.tag == "svg" or one.parent in drawn:
            drawn.add(one.ref)
    rows, swallowed = [], set()
    for one in elements:
        if one.ref in swallowed:
            continue
        within, text = children.get(one.ref, []), one.text
        if within and all(child.tag == "t" for child in within):
            text = " ".join(child.text for child in within)
            swallowed |= {child.ref for child in within}
        value = "" if one.tag == "select" else one.value or ("True" if one.checked else "")
        svg = one.ref in drawn and one.tag != "t"
        text, value = text[:TEXT_MAX_LENGTH], value[:ATTRIBUTE_MAX_LENGTH]
        rows.append((one.tag, text, value, one.id, "SVG_CLASS" if svg else one.classes))
    return rows


def _own(name: str) -> str:
    return "" if re.fullmatch(r"ui-id-\d+", name) else name


def _at_once(view: View) -> Iterator[Gesture]:
    """Ends the episode with what looks like its button, whatever was asked for."""
    buttons = view.all(where=lambda one: one.tag == "button" or one.id == "subbtn")
    if buttons:
        yield click(buttons[-1].ref)


def _endings(task: str) -> Iterator[Any]:
    yield _at_once
    if task in ORACLES:
        yield ORACLES[task]


def _ended(ours: MiniWoB, theirs: Any, ending: Any, seed: int) -> tuple[float, float] | None:
    """The raw reward of an ending by either client.

    NaN, which equals nothing, if one goes on where the other ends; None where neither ends, or
    upstream's client has no words for a gesture.
    """
    theirs.reset(seed=seed)
    ours.reset(seed=seed)
    for gesture in ending(View(ours)):
        said = _translated(gesture)
        if said is None:
            return None
        over, info = False, {}
        for kind, told in said:
            _, _, over, _, info = theirs.step(theirs.create_action(kind, **told))
            if over:
                break
        if gesture.verb == "wait":
            time.sleep(PAUSE)
        _, _, done, _, mine = ours.step(ours.speech.say(gesture))
        if over or done:
            raw = mine["metrics"]["raw_reward"]
            return raw, float(info["raw_reward"]) if over == done else float("nan")
    return None


def _translated(gesture: Gesture) -> list[Said] | None:
    """A gesture in actions of upstream's client; None if it has none."""
    points = [{"coords": np.array(point, np.float32)} for point in gesture.points]
    ref = {"ref": gesture.refs[0]} if gesture.refs else {}
    if len(gesture.text) > TYPING_MAX_LENGTH:
        return None
    match gesture.verb:
        case "click":
            return [("CLICK_ELEMENT", ref)]
        case "fill":
            return [("FOCUS_ELEMENT_AND_TYPE_TEXT", {**ref, "text": gesture.text})]
        case "type":
            return [("TYPE_TEXT", {"text": gesture.text})]
        case "wait":
            return [("NONE", {})]
        case "click_at":
            return [("CLICK_COORDS", points[0])]
        case "double_click_at":
            return [("DBLCLICK_COORDS", points[0])]
        case "drag":
            moves = [("MOVE_COORDS", point) for point in points[1:]]
            return [("MOUSEDOWN_COORDS", points[0]), *moves, ("MOUSEUP_COORDS", points[-1])]
        case "press":
            key = gesture.key.replace("Control+", "C-").replace("Shift+", "S-")
            key = key if len(key.rpartition("-")[2]) == 1 else f"<{key}>"
            if key in DEFAULT_ALLOWED_KEYS:
                return [("PRESS_KEY", {"key": DEFAULT_ALLOWED_KEYS.index(key)})]
    return None
