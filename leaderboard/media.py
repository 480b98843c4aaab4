"""Pictures of a run, found on disk and turned into ``data:`` addresses within stated limits."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path
from typing import Literal

import msgspec
from PIL import Image

from ..core.errors import RunDirectoryError
from ..core.files import write_atomically
from ..core.specs import TASK_ID

FOLDER = "media"
"""Where in a run's directory its pictures lie: ``<task id>-<index>.webp`` and ``.png``."""

BESIDE = ".media"
"""Follows a submission's name in that of the folder of its pictures: ``N/`` for its run N."""

NOTE = "media.json"
"""In that folder: the SHA-256 of the submission that they are of."""

LARGEST = 4 * 2**20
"""Largest picture that is embedded [bytes]."""

BUDGET = 32 * 2**20
"""All the pictures of one report together [bytes]; base64 makes a third more of it."""

TALLEST = 512
"""Height of a storyboard's frames [px]; what we write is smaller."""

_KINDS = {".webp": ("image/webp", b"RIFF"), ".png": ("image/png", b"\x89PNG\r\n\x1a\n")}
"""Ending, media type, and the bytes a file of that kind begins with."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An episode in pictures.

    Attributes:
        still: address of the first frame, or None.
        moving: address of the animation, or None.
        left_out: names of the files that were too large.
    """

    still: str | None
    moving: str | None
    left_out: tuple[str, ...]


class Album:
    """Hands out the pictures of a run until the budget is spent.

    Args:
        directory: of the run.
    """

    def __init__(self, directory: Path) -> None:
        self._folder = directory / FOLDER
        self._left = BUDGET
        self.left_out: list[str] = []

    def picture(self, task: str, index: int) -> Picture | None:
        """The pictures of an episode; None where none was taken."""
        # A foreign manifest may name a task "../..": no such name reaches the file system.
        if TASK_ID.match(task) is None:
            return None
        before = len(self.left_out)
        still, moving = (self._embed(f"{task}-{index}{ending}") for ending in (".png", ".webp"))
        left_out = tuple(self.left_out[before:])
        if still is None and moving is None and not left_out:
            return None
        return Picture(still=still, moving=moving, left_out=left_out)

    def still(self, task: str, index: int) -> str | None:
        """The address of an episode's still picture alone; None where there is none."""
        return None if TASK_ID.match(task) is None else self._embed(f"{task}-{index}.png")

    def storyboard(self, task: str, index: int, count: int) -> list[str]:
        """The addresses of all frames of an episode; empty where they were not kept.

        Args:
            task: the task's id.
            index: the episode's number.
            count: frames that there must be: one more than steps.
        """
        path = self._folder / f"{task}-{index}.strip.webp"
        if TASK_ID.match(task) is None or path.is_symlink() or not path.is_file():
            return []
        try:
            if path.stat().st_size > min(LARGEST, self._left):
                self.left_out.append(path.name)
                return []
            with Image.open(path, formats=("WEBP",)) as sheet:
                width, height = sheet.size
                if width % count or height > TALLEST:
                    return []
                side = width // count
                boxes = [(number * side, 0, (number + 1) * side, height) for number in range(count)]
                frames = [self._encode(sheet.crop(box)) for box in boxes]
        except (OSError, ValueError, Image.DecompressionBombError):
            self.left_out.append(path.name)
            return []
        return frames

    def _encode(self, frame: Image.Image) -> str:
        data = io.BytesIO()
        frame.convert("RGB").save(data, format="WEBP", quality=75)
        self._left -= data.tell()
        return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"

    def _embed(self, name: str) -> str | None:
        path = self._folder / name
        kind, magic = _KINDS[path.suffix]
        try:
            if path.is_symlink() or not path.is_file():
                return None
            if path.stat().st_size > min(LARGEST, self._left):
                self.left_out.append(name)
                return None
            data = path.read_bytes()
        except OSError:
            self.left_out.append(name)
            return None
        if not data.startswith(magic):
            self.left_out.append(name)
            return None
        self._left -= len(data)
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what a folder of pictures is.

    Attributes:
        format: version of this file's format.
        submission: SHA-256 of the submission's file.
    """

    format: Literal[1] = 1
    submission: str


def folder_beside(submission: Path, digest: str) -> Path:
    """Where the pictures of a submission lie; a folder that is not there if they are of another.

    Args:
        submission: its file.
        digest: SHA-256 of it.
    """
    folder = submission.with_name(submission.name + BESIDE)
    try:
        note = msgspec.json.decode((folder / NOTE).read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return folder / "none"
    return folder if note.submission == digest else folder / "none"


def open_folder_beside(submission: Path, digest: str) -> Path:
    """Makes the folder for a submission's pictures; those of other bytes are thrown away.

    Args:
        submission: its file.
        digest: SHA-256 of it.

    Raises:
        RunDirectoryError: something else stands there, or the disk refused.
    """
    folder = submission.with_name(submission.name + BESIDE)
    if folder.exists() and not (folder / NOTE).is_file():
        raise RunDirectoryError(f"{folder} exists and holds no pictures of ours; it was left")
    try:
        if folder_beside(submission, digest) != folder:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot write {folder}: {error.strerror or error}") from error
    write_atomically(folder / NOTE, msgspec.json.encode(Note(submission=digest)))
    return folder
