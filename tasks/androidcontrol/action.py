"""What is done on a phone's screen: AndroidControl's actions, and the words they are said in.

An action is one command, such as ``click(500, 331.25)``, ``scroll("down")`` or ``type("milk")``.
A place is said in thousandths of the screen's width and height, from its top left: so it means the
same whatever the size of the picture. Text is quoted as in JSON, where a letter outside of ASCII
may be written by its number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from ...core.errors import DecodeError

Kind: TypeAlias = Literal[
    "click", "long_press", "scroll", "input_text", "open_app", "navigate_back", "navigate_home",
    "wait", "status",
]  # fmt: skip
"""AndroidControl's README, section "Action space", and ``status``, by which an agent says that it
is done; no recorded step has that one."""

KINDS: tuple[Kind, ...] = get_args(Kind)
RECORDED: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "status")
"""The types that the recorded steps are of."""

PLACED: tuple[Kind, ...] = ("click", "long_press")
"""Those that have a place."""

DIRECTIONS = ("up", "down", "left", "right")
STATUSES = ("complete", "infeasible")

SCALE = 1000.0
"""What the width and the height of the screen count in a command."""

LONGEST = 4096
"""A command has at most so many characters."""

COMMANDS: Mapping[str, Kind] = {
    **{kind: kind for kind in KINDS if kind != "input_text"},
    "type": "input_text",
    "input_text": "input_text",
}  # fmt: skip
"""Commands by name; the dataset's own word for ``type`` does as well."""

FORMS = (
    "click(<0..1000>, <0..1000>)",
    "long_press(<0..1000>, <0..1000>)",
    'scroll("<up|down|left|right>")',
    "type(<text>)",
    "open_app(<text>)",
    "navigate_back()",
    "navigate_home()",
    "wait()",
    'status("<complete|infeasible>")',
)
"""Every command, as the action space and messages tell them."""

# No two runs of spaces stand side by side: how to share them out would take minutes to try.
_CALL = re.compile(r"(\w+)(?:\s*\((.*)\))?\s*;?", re.DOTALL)
_NUMBERS = re.compile(r"\s*(-?\d+(?:\.\d*)?)\s*,\s*(-?\d+(?:\.\d*)?)\s*")


class UiAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action.

    Attributes:
        kind: its type.
        place: x and y as shares of the screen's width and height, where it has one.
        argument: the direction, the text, the app's name or the status, where it has one.
    """

    kind: Kind
    place: tuple[float, float] | None = None
    argument: str = ""


def parse_command(text: str) -> UiAction:
    """The action that a command means.

    Quotes may be left out, and so may the brackets of a command that takes nothing.

    Raises:
        DecodeError: it means none; says why.
    """
    match = _CALL.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if match is None:
        raise DecodeError(f"{text!r:.60} is no command such as click(500, 250)")
    name, inside = match[1], (match[2] or "").strip()
    kind = COMMANDS.get(name)
    if kind is None:
        raise DecodeError(f"there is no command '{name:.40}'; there are {', '.join(FORMS)}")
    if kind in PLACED:
        return UiAction(kind=kind, place=_parse_place(name, inside))
    argument = _parse_text(name, inside)
    choices = {"scroll": DIRECTIONS, "status": STATUSES}.get(kind)
    if choices and argument.lower() not in choices:
        raise DecodeError(f"{name} takes one of {', '.join(choices)}, not {argument!r:.40}")
    if choices:
        argument = argument.lower()
    if kind in ("navigate_back", "navigate_home", "wait"):
        # Some say for how long; a recorded wait has no length either.
        argument = ""
    elif not argument:
        raise DecodeError(f"{name} needs something in its brackets, as in {_example(kind)}")
    return UiAction(kind=kind, argument=argument)


def _parse_place(name: str, inside: str) -> tuple[float, float]:
    match = _NUMBERS.fullmatch(inside)
    if match is None:
        raise DecodeError(f"{name} takes two numbers, not ({inside:.40}), as in {name}(500, 250)")
    x, y = float(match[1]), float(match[2])
    if not (0 <= x <= SCALE and 0 <= y <= SCALE):
        raise DecodeError(f"({x:g}, {y:g}) is outside of the screen, which goes to {SCALE:g}")
    return x / SCALE, y / SCALE


def _parse_text(name: str, inside: str) -> str:
    quote = inside[:1]
    if quote not in ('"', "'"):
        return inside
    if len(inside) < 2 or inside[-1] != quote:
        raise DecodeError(f"the text of {name} has a quote at one end only: {inside:.60}")
    body = inside[1:-1]
    if quote == "'":
        body = body.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{body}"', strict=False))
    except ValueError:
        return body  # Quotes within quotes: what is meant is plain enough.


def _example(kind: Kind) -> str:
    return next(one for one in FORMS if COMMANDS[one.partition("(")[0]] == kind)


def format_command(action: UiAction) -> str:
    """The command of an action, in ASCII: ``parse_command`` gives the action back."""
    if action.kind in PLACED:
        assert action.place is not None
        x, y = (f"{round(SCALE * share, 4):.4f}".rstrip("0").rstrip(".") for share in action.place)
        return f"{action.kind}({x}, {y})"
    name = "type" if action.kind == "input_text" else action.kind
    return f"{name}({json.dumps(action.argument) if action.argument else ''})"


def from_record(record: Mapping[str, Any], width: int, height: int) -> UiAction:
    """An action of the dataset, which has places in pixels.

    The early type ``type``, a click with text and enter in one, is ``input_text`` here.

    Raises:
        DecodeError: it is none, or lies outside of the screen.
    """
    name = record.get("action_type")
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise DecodeError(f"there is no action_type {name!r:.40}")
    if kind in PLACED:
        x, y = record.get("x"), record.get("y")
        for value, size in ((x, width), (y, height)):
            if not isinstance(value, (int, float)) or not 0 <= value <= size:
                raise DecodeError(f"its place ({x!r:.20}, {y!r:.20}) is not on {width} x {height}")
        assert isinstance(x, (int, float))
        assert isinstance(y, (int, float))
        return UiAction(kind=kind, place=(x / width, y / height))
    field = {
        "scroll": "direction", "input_text": "text", "open_app": "app_name", "status": "goal_status"
    }.get(kind)  # fmt: skip
    if field is None:
        return UiAction(kind=kind)
    argument = record.get(field)
    if not isinstance(argument, str) or (kind == "scroll" and argument not in DIRECTIONS):
        raise DecodeError(f"its {field} is {argument!r:.40}")
    return UiAction(kind=kind, argument=argument)


def to_record(action: UiAction, width: int, height: int) -> dict[str, Any]:
    """An action as the dataset has it; ``from_record`` gives it back to half a pixel."""
    if action.kind in PLACED:
        assert action.place is not None
        x, y = action.place
        return {"action_type": action.kind, "x": round(x * width), "y": round(y * height)}
    field = {"scroll": "direction", "input_text": "text", "open_app": "app_name"}.get(action.kind)
    told = {field: action.argument} if field else {}
    return {"action_type": action.kind, **told}
