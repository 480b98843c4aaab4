"""MiniWoB beside upstream's own Selenium client: the same words, elements and verdicts."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from polyathlon.core.element import Element
from polyathlon.tasks.miniwob.environment import MiniWoB
from polyathlon.tasks.miniwob.gesture import Gesture, click
from polyathlon.tasks.miniwob.oracle import ORACLES
from polyathlon.tasks.miniwob.oracle.view import View

Row = tuple[str, str, str, str, str]
SPOKEN = {"click": "CLICK_ELEMENT", "fill": "FOCUS_ELEMENT_AND_TYPE_TEXT"}
"""Gestures that upstream's client can do, by its names for them."""


class Found(NamedTuple):
    """What came of one task: seeds on which words, elements and verdicts agree, and how many."""

    task: str
    seeds: int
    words: int
    elements: int
    verdicts: int
    endings: int
    rewards: tuple[float, ...]


def compare(task: str, seeds: Sequence[int]) -> Found:
    """Plays a task with both clients."""
    theirs, ours = _upstream(task), MiniWoB(task)
    words = elements = verdicts = 0
    rewards: list[float] = []
    endings = list(_endings(task))
    for seed in seeds:
        seen, _ = theirs.reset(seed=seed)
        ours.reset(seed=seed)
        words += seen["utterance"] == ours.instruction
        elements += _rows(seen["dom_elements"]) == _folded(ours.elements)
        for ending in endings:
            mine, upstreams = _ended(ours, theirs, ending, seed)
            verdicts += mine == upstreams
            rewards.append(mine)
    theirs.close()
    ours.close()
    count = len(seeds)
    return Found(task, count, words, elements, verdicts, count * len(endings), tuple(rewards))


def _upstream(task: str) -> Any:
    os.environ["MINIWOB_CHROME_BINARY"] = str(shutil.which("chromium"))
    os.environ["MINIWOB_CHROMEDRIVER"] = str(shutil.which("chromedriver"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from miniwob.environment import MiniWoBEnvironment

        return MiniWoBEnvironment(subdomain=task)


def _rows(told: Sequence[dict[str, Any]]) -> list[Row]:
    return [
        (one["tag"].lower(), one["text"], one["value"], _own(one["id"]), one["classes"])
        for one in told
    ]


def _folded(elements: Sequence[Element]) -> list[Row]:
    """Our elements as upstream's client tells of them.

    It has ``SVG_CLASS`` for every class within a drawing, no value for a list, and takes the
    texts of an element that has nothing else for its own.
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


def _ended(ours: MiniWoB, theirs: Any, ending: Any, seed: int) -> tuple[float, float]:
    """The raw reward of an ending by either client; NaN, which equals nothing, if one goes on."""
    theirs.reset(seed=seed)
    ours.reset(seed=seed)
    info: dict[str, Any] = {}
    raw = 0.0
    for gesture in ending(View(ours)):
        if gesture.verb not in SPOKEN:
            return 0.0, 0.0
        said: dict[str, Any] = {"ref": gesture.refs[0]}
        if gesture.verb == "fill":
            said["text"] = gesture.text
        _, _, over, _, info = theirs.step(theirs.create_action(SPOKEN[gesture.verb], **said))
        _, _, done, _, told = ours.step(ours.speech.say(gesture))
        raw = told["metrics"]["raw_reward"]
        if over or done:
            return raw, float(info["raw_reward"]) if over == done else float("nan")
    return raw, float(info.get("raw_reward", 0.0))
