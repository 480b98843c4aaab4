"""Reads the official files of AndroidControl, an episode at a time.

The release (``gs://gresearch/android_control``) is 20 files ``android_control-00000-of-00020`` and
so on, TFRecord compressed by gzip, and ``splits.json`` and ``test_subsplits.json``, which list the
episodes of each split by ``episode_id``. Fields: README of ``google-research/android_control``.
Everything is checked as if a stranger had made it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np

from ...core.errors import BadArgument, DecodeError
from ..dataset.tfrecord import Values, read_examples
from .action import UiAction, from_record
from .message import parse_forest
from .screen import LARGEST_SIDE, Element, Episode, Screen, open_png

NAME = re.compile(r"android_control-\d{5}-of-\d{5}")
"""Names of the files of episodes."""

SPLITS_FILE, SUBSPLITS_FILE = "splits.json", "test_subsplits.json"

MOST_STEPS = 1000
"""Of an episode; the longest is said to have 91."""

PNG = b"\x89PNG\r\n\x1a\n"

T = TypeVar("T")


class RecordedScreen(Screen, frozen=True, kw_only=True):
    """A screen with its picture as it is in the file.

    Attributes:
        png: the picture.
    """

    png: bytes = b""


def make_screen(
    width: int, height: int, elements: tuple[Element, ...], png: bytes, where: str
) -> RecordedScreen:
    """A screen whose picture is read when it is asked for."""
    image = functools.partial(open_png, png, where)
    return RecordedScreen(width=width, height=height, elements=elements, image=image, png=png)


def read_episodes(path: Path) -> Iterator[Episode | None]:
    """The episodes of a file, in order; one is held in memory at a time.

    Yields:
        Each episode; None in place of one in which nothing is done, of which there are a few.

    Raises:
        BadArgument: the file is damaged or cut off, or a record is no episode; names it.
        MissingExtra: a library that reads it is not installed.
    """
    for number, example in enumerate(read_examples(path)):
        yield read_episode(example, f"{path} record {number}")


def read_episode(example: Mapping[str, Values], where: str) -> Episode | None:
    """The episode of a record.

    Args:
        example: its features.
        where: file and record, for messages.

    Raises:
        BadArgument: something in it is not as it should be; names the field.
    """
    (number,) = _numbers(example, "episode_id", where, 1)
    where = f"{where}, episode {number}"
    goal = _texts(example, "goal", where)
    if len(goal) != 1:
        _refuse(where, "goal", f"{len(goal)} texts in place of one")
    pictures = _bytes(example, "screenshots", where)
    count = len(pictures)
    if not 0 < count <= MOST_STEPS:
        _refuse(where, "screenshots", f"there are {count}, not 1 to {MOST_STEPS}")
    records = _texts(example, "actions", where)
    words = _texts(example, "step_instructions", where)
    if len(records) != count - 1:
        _refuse(where, "actions", f"{len(records)} for {count} screenshots; one less is due")
    if len(words) != len(records):
        _refuse(where, "step_instructions", f"{len(words)} for {len(records)} actions")
    if not records:
        return None
    widths = _numbers(example, "screenshot_widths", where, count)
    heights = _numbers(example, "screenshot_heights", where, count)
    forests = _bytes(example, "accessibility_trees", where)
    if len(forests) != count:
        _refuse(where, "accessibility_trees", f"{len(forests)} for {count} screenshots")
    screens = tuple(
        _screen(place, sides, forest, png, where)
        for place, (*sides, forest, png) in enumerate(
            zip(widths, heights, forests, pictures, strict=True)
        )
    )
    return Episode(
        number=number,
        goal=goal[0],
        screens=screens,
        actions=tuple(
            _action(record, screen, f"{where}, action {place}")
            for place, (record, screen) in enumerate(zip(records, screens, strict=False))
        ),
        step_instructions=tuple(words),
    )


def _screen(place: int, sides: list[int], forest: bytes, png: bytes, where: str) -> Screen:
    where = f"{where}, screen {place}"
    width, height = sides
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise BadArgument(f"{where}: it is {width} x {height} pixels large")
    # Only its head is looked at: to decode all of them would take hours.
    size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
    if not png.startswith(PNG) or size != (width, height):
        raise BadArgument(f"{where}: its picture is no PNG of {width} x {height} pixels")
    return make_screen(width, height, parse_forest(forest, width, height, where), png, where)


def _action(record: str, screen: Screen, where: str) -> UiAction:
    try:
        parsed = json.loads(record)
        if not isinstance(parsed, dict):
            raise DecodeError("it is no dictionary")
        return from_record(parsed, screen.width, screen.height)
    except (ValueError, DecodeError, RecursionError) as error:
        raise BadArgument(f"{where}: {error}") from error


def _values(example: Mapping[str, Values], field: str) -> Values:
    """What a field holds; TensorFlow leaves a field out that holds nothing."""
    return example.get(field, [])


def _bytes(example: Mapping[str, Values], field: str, where: str) -> list[bytes]:
    values = _values(example, field)
    if not isinstance(values, list):
        _refuse(where, field, "it holds numbers in place of bytes")
    return values


def _texts(example: Mapping[str, Values], field: str, where: str) -> list[str]:
    try:
        return [value.decode() for value in _bytes(example, field, where)]
    except UnicodeDecodeError as error:
        _refuse(where, field, f"it is no UTF-8: {error.reason}")


def _numbers(example: Mapping[str, Values], field: str, where: str, count: int) -> list[int]:
    values = _values(example, field)
    if not isinstance(values, np.ndarray) or values.dtype.kind != "i" or len(values) != count:
        _refuse(where, field, f"it holds no {count} whole numbers")
    return [int(value) for value in values]


def _refuse(where: str, field: str, trouble: str) -> NoReturn:
    raise BadArgument(f"{where}, field '{field}': {trouble}")


def read_splits(folder: Path) -> dict[str, frozenset[int]]:
    """The episodes of every split by its official name, from the two files.

    Raises:
        BadArgument: a file is missing, or is not as it should be.
    """
    splits = _read_lists(folder / SPLITS_FILE, ("train", "validation", "test"))
    parts = ("IDD", "app_unseen", "task_unseen", "category_unseen")
    return splits | _read_lists(folder / SUBSPLITS_FILE, parts)


def _read_lists(path: Path, names: tuple[str, ...]) -> dict[str, frozenset[int]]:
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArgument(
            f"cannot read {path}: {error.strerror or error}. It is part of the release, beside "
            "the files of episodes"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadArgument(f"{path} is no JSON: {error}") from error
    found: dict[str, frozenset[int]] = {}
    for name in names:
        numbers = content.get(name) if isinstance(content, dict) else None
        if not isinstance(numbers, list) or not all(type(one) is int for one in numbers):
            raise BadArgument(f"{path} has no list of episodes '{name}'")
        found[name] = frozenset(numbers)
    return found
