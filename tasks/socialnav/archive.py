"""Logs on disk: one ``.npz`` of plain arrays, with everything else in it as JSON text.

Nothing is pickled, neither written nor read. A file is written beside and renamed into place,
and the same log makes the same bytes.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BadLog
from ...core.files import write_atomically
from .log import EpisodeLog, Event, Goal, RobotTrack, Thing, Tracks

FORMAT = 1
"""Version of the file; raised when an older reader would misunderstand it."""

WORDS = "json"
"""The entry that holds what is not an array, as UTF-8."""

ZIP = b"PK"
"""First bytes of every ``.npz``."""

Arrays = dict[str, NDArray[Any]]


def save_log(path: Path, log: EpisodeLog) -> None:
    """Writes ``log`` to ``path``, which should end in ``.npz``.

    Raises:
        RunDirectoryError: the disk refused; an old file stays.
    """
    arrays: Arrays = {"t": log.t, "walls": log.walls}
    words: dict[str, Any] = {
        "format": FORMAT,
        "meta": log.meta,
        "events": [dataclasses.asdict(event) for event in log.events],
        "robot": _parted("robot", log.robot, arrays),
        "goal": _parted("goal", log.robot.goal, arrays),
        "humans": _parted("humans", log.humans, arrays),
        "agents": _parted("agents", log.agents, arrays),
        "objects": [
            _parted(f"objects.{index}", thing, arrays) for index, thing in enumerate(log.objects)
        ],
    }
    text = json.dumps(words, sort_keys=True, allow_nan=False)
    arrays[WORDS] = np.frombuffer(text.encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())


def load_log(path: Path) -> EpisodeLog:
    """Reads what ``save_log`` wrote.

    Raises:
        BadLog: there is no such file, it is something else, or a field of it is amiss.
    """
    try:
        return _assembled(_read(path))
    except BadLog as error:
        raise BadLog(f"{path}: {error}") from error


def _parted(name: str, part: Any, arrays: Arrays) -> dict[str, Any]:
    """What of a part is not an array; the arrays are put aside under ``name.field``."""
    words = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            arrays[f"{name}.{field.name}"] = value
        elif not isinstance(value, Goal):
            words[field.name] = value
    return words


def _read(path: Path) -> Arrays:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadLog(f"cannot be read: {error.strerror or error}") from error
    if not data.startswith(ZIP):
        raise BadLog("is no log of arrays: not an .npz")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise BadLog("is no log of arrays: not a whole .npz")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except ValueError as error:
        what = "it holds Python objects" if "pickle" in str(error) else str(error).splitlines()[0]
        raise BadLog(f"is no log of arrays: {what}") from error
    except (EOFError, OSError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise BadLog(f"is no log of arrays: {str(error).splitlines()[0]}") from error


def _assembled(arrays: Arrays) -> EpisodeLog:
    if WORDS not in arrays:
        raise BadLog(f"{WORDS}: missing; this .npz was not written as a log")
    try:
        words = json.loads(arrays.pop(WORDS).tobytes().decode())
        version = words["format"]
        if version != FORMAT:
            raise BadLog(f"format: {version!r}; this version reads format {FORMAT}")
        footprint = words["robot"]["footprint"]
        words["robot"]["footprint"] = footprint and tuple(footprint)
        goal = Goal(**_joined(Goal, "goal", words["goal"], arrays))
        for crowd in ("humans", "agents"):
            words[crowd]["model"] = tuple(words[crowd]["model"])
        return EpisodeLog(
            t=arrays["t"],
            walls=arrays["walls"],
            robot=RobotTrack(goal=goal, **_joined(RobotTrack, "robot", words["robot"], arrays)),
            humans=Tracks(**_joined(Tracks, "humans", words["humans"], arrays)),
            agents=Tracks(**_joined(Tracks, "agents", words["agents"], arrays)),
            objects=tuple(
                Thing(**_joined(Thing, f"objects.{index}", each, arrays))
                for index, each in enumerate(words["objects"])
            ),
            events=tuple(Event(**event) for event in words["events"]),
            meta=words["meta"],
        )
    except BadLog:
        raise
    except KeyError as error:
        raise BadLog(f"{error.args[0]}: missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise BadLog(f"{WORDS}: {error}") from error


def _joined(part: type[Any], name: str, words: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    stem = f"{name}."
    found = {
        key.removeprefix(stem): value
        for key, value in arrays.items()
        if key.startswith(stem) and "." not in key.removeprefix(stem)
    }
    needed = {
        field.name
        for field in dataclasses.fields(part)
        if field.name != "goal" or part is not RobotTrack
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    if not isinstance(words, dict):
        raise BadLog(f"{WORDS}.{name}: no object")
    for key in sorted(needed - found.keys() - words.keys()):
        raise BadLog(f"{stem}{key}: missing")
    return {**words, **found}
