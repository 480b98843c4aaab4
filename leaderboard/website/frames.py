"""Pictures of an episode with the step at which each was taken, for a player that shows both.

An animation holds at most 64 pictures, thinned evenly, and its encoder lets one picture that
stays the same stand for several. What was taken when follows from the number of steps and from
how long each picture is shown; where the two do not agree there is no film, rather than one that
runs beside its actions.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image

from ...core.specs import TASK_ID
from ..media import LARGEST, TALLEST

MOST = 64
"""Pictures at which an animation is thinned to every other one."""

SECONDS = 5.0
"""How long an animation lasts [s]: from this and the number of pictures follows their time."""

SHORTEST = 20
"""The shortest time of a picture [ms]."""

COLUMNS = 8
"""Pictures side by side in a sheet: a single row could be wider than WebP allows."""

QUALITY = 72
"""Of the sheet's WebP."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """All pictures of an episode in one.

    Attributes:
        image: its address, ``data:``.
        columns: pictures side by side.
        width: of one picture [px].
        height: of one picture [px].
        steps: after how many steps each was taken, rising from 0.
    """

    image: str
    columns: int
    width: int
    height: int
    steps: tuple[int, ...]


def taken_at(steps: int) -> list[int]:
    """After how many steps the pictures of an animation were taken, the last one included.

    Args:
        steps: of the episode.
    """
    kept: list[int] = []
    stride = 1
    for step in range(steps + 1):
        if step % stride and step != steps:
            continue
        kept.append(step)
        if len(kept) >= MOST:
            kept, stride = kept[::2], 2 * stride
    return kept if kept[-1] == steps else [*kept, steps]


def sheet_of(folder: Path, task: str, index: int, steps: int) -> Sheet | None:
    """The pictures of an episode; None where there are none that can be shown with its actions.

    Args:
        folder: of the run's pictures.
        task: the task's id.
        index: the episode's number.
        steps: how many it had.
    """
    # A foreign manifest may name a task "../..": no such name reaches the file system.
    if TASK_ID.fullmatch(task) is None or not folder.is_dir():
        return None
    name = f"{task}-{index}"
    whole = list(range(steps + 1))
    frames = _side_by_side(folder / f"{name}.strip.webp", len(whole))
    if frames is not None:
        return _sheet(frames, whole)
    due = taken_at(steps)
    frames = _animated(folder / f"{name}.webp", len(due))
    return None if frames is None else _sheet(frames, due)


def _side_by_side(path: Path, count: int) -> list[Image.Image] | None:
    with_strip = _open(path)
    if with_strip is None:
        return None
    with with_strip as strip:
        try:
            width, height = strip.size
            if width % count or height > TALLEST:
                return None
            side = width // count
            return [
                strip.crop((number * side, 0, (number + 1) * side, height)).convert("RGB")
                for number in range(count)
            ]
        except (OSError, ValueError, Image.DecompressionBombError):
            return None


def _animated(path: Path, count: int) -> list[Image.Image] | None:
    animation = _open(path)
    if animation is None:
        return None
    each = max(SHORTEST, int(1000 * SECONDS / count))
    frames: list[Image.Image] = []
    with animation:
        try:
            for number in range(getattr(animation, "n_frames", 1)):
                animation.seek(number)
                picture = animation.convert("RGB")
                if max(picture.size) > TALLEST:
                    return None
                shown = animation.info.get("duration", each)
                frames += [picture] * max(1, round(shown / each))
                if len(frames) > count:
                    return None
        except (OSError, ValueError, EOFError, Image.DecompressionBombError):
            return None
    return frames if len(frames) == count else None


def _open(path: Path) -> Image.Image | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return Image.open(path, formats=("WEBP",))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _sheet(frames: Sequence[Image.Image], steps: Sequence[int]) -> Sheet:
    width, height = frames[0].size
    columns = min(COLUMNS, len(frames))
    whole = Image.new("RGB", (columns * width, math.ceil(len(frames) / columns) * height))
    for number, frame in enumerate(frames):
        whole.paste(frame, (number % columns * width, number // columns * height))
    data = io.BytesIO()
    whole.save(data, format="WEBP", quality=QUALITY, method=4)
    return Sheet(
        image=f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}",
        columns=columns,
        width=width,
        height=height,
        steps=tuple(steps),
    )
