"""The command language of the ``text`` action space: ``click(7)``, ``type("abc")``."""

from __future__ import annotations

import json
import re

from ...core.command import CommandSpace
from ...core.errors import DecodeError
from .gesture import KEY, MOST_LETTERS, MOST_POINTS, POINT, REF, SHIFT, TEXT, VERBS, Gesture
from .keyboard import CHORDS, NAMED, chord

LONGEST = 1024
"""Longest command [characters]."""

LIKELY_REFS = 64
"""Elements that most pages have; what the random agent draws refs from."""

MOST_SHIFT = 200
"""How far the random agent scrolls at once [px]."""

LARGEST = 1_000_000
"""No number in a command may be larger."""

_CALL = re.compile(r"\s*([a-z_]+)\s*\((.*)\)\s*", re.DOTALL)
_WRONG = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def command_space(size: tuple[int, int]) -> CommandSpace:
    """The space of commands.

    Args:
        size: height and width of the screen [px].
    """
    holes = {
        REF: f"<1..{LIKELY_REFS}>",
        POINT: f"<0..{size[1] - 1}>, <0..{size[0] - 1}>",
        SHIFT: f"<-{MOST_SHIFT}..{MOST_SHIFT}>, <-{MOST_SHIFT}..{MOST_SHIFT}>",
        TEXT: "<text>",
        KEY: f'"<{"|".join((*NAMED, *CHORDS))}>"',
    }
    forms = (f"{verb}({', '.join(holes[kind] for kind in kinds)})" for verb, kinds in VERBS.items())
    return CommandSpace(tuple(forms), LONGEST)


def parse(command: str) -> Gesture:
    """The gesture that a command means.

    Raises:
        DecodeError: it is none; says what is wrong with it.
    """
    if not isinstance(command, str):
        raise DecodeError(f"{command!r:.60} is not a text")
    if len(command) > LONGEST:
        raise DecodeError(f"a command has {LONGEST} letters at most, this one {len(command)}")
    found = _CALL.fullmatch(command)
    if found is None:
        raise DecodeError(f"{command!r:.60} is no command; write e.g. click(7)")
    verb, inside = found[1], found[2]
    if verb not in VERBS:
        raise DecodeError(f"there is no command {verb!r:.40}; there are {', '.join(VERBS)}")
    try:
        arguments = json.loads(f"[{inside}]")
    except (ValueError, RecursionError) as error:
        raise DecodeError(
            f"the arguments of {command!r:.60} are not numbers and texts in double quotes"
        ) from error
    return _gesture(verb, arguments)


def _gesture(verb: str, arguments: list[object]) -> Gesture:
    kinds = VERBS[verb]
    wanted = sum(2 if kind in (POINT, SHIFT) else 1 for kind in kinds)
    given = len(arguments)
    longer = verb == "drag" and given % 2 == 0 and wanted < given <= 2 * MOST_POINTS
    if given != wanted and not longer:
        raise DecodeError(f"{verb} takes {wanted} arguments, {given} are given")
    numbers = [one for one in arguments if not isinstance(one, str)]
    texts = [one for one in arguments if isinstance(one, str)]
    spoken = sum(kind in (TEXT, KEY) for kind in kinds)
    if len(texts) != spoken or (spoken and not isinstance(arguments[-1], str)):
        raise DecodeError(
            f"the arguments of {verb} are {', '.join(kinds) or 'none'}, in this order"
        )
    checked = [_number(verb, one) for one in numbers]
    if REF in kinds:
        refs = tuple(_whole(verb, one) for one in checked)
        return Gesture(verb, refs=refs, text=_text("".join(texts)))
    if kinds == (KEY,):
        chord(texts[0])
        return Gesture(verb, key=texts[0])
    if kinds == (TEXT,) or not kinds:
        return Gesture(verb, text=_text("".join(texts)))
    pairs = tuple(zip(checked[::2], checked[1::2], strict=True))
    if SHIFT in kinds:
        return Gesture(verb, points=pairs[:1], shift=pairs[1])
    return Gesture(verb, points=pairs)


def _number(verb: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DecodeError(f"{verb} takes numbers, not {value!r:.40}")
    if not abs(value) <= LARGEST:
        trouble = "no number" if value != value else "too large a number"
        raise DecodeError(f"{value!r:.40} is {trouble} for {verb}")
    return float(value)


def _whole(verb: str, value: float) -> int:
    if value != int(value):
        raise DecodeError(f"{verb} takes the ref of an element, not {value:g}")
    return int(value)


def _text(text: str) -> str:
    if len(text) > MOST_LETTERS:
        raise DecodeError(f"{len(text)} letters at once are too many; {MOST_LETTERS} are not")
    if _WRONG.search(text):
        raise DecodeError("the text has control characters; press keys instead")
    return text


def write(gesture: Gesture) -> str:
    """The command that ``parse`` reads as that gesture."""
    said: list[str] = [str(ref) for ref in gesture.refs]
    said += [f"{number:g}" for point in gesture.points for number in point]
    kinds = VERBS[gesture.verb]
    if SHIFT in kinds:
        said += [f"{number:g}" for number in gesture.shift]
    if TEXT in kinds:
        said.append(json.dumps(gesture.text))
    if KEY in kinds:
        said.append(json.dumps(gesture.key))
    return f"{gesture.verb}({', '.join(said)})"
