"""Where data that users import lives on disk, and what an importer tells.

Nothing is downloaded and nothing ships: a family that can read data of others converts a copy that
the user has into files of its own, in a folder of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ..core.errors import BadArgument, RunDirectoryError

VARIABLE = "POLYATHLON_DATA"
"""The environment variable that names the data directory."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file that was to be imported.

    Attributes:
        source: the file.
        name: what it holds, e.g. a split; empty where it could not be read.
        trouble: why it was not imported; empty where it was.
        facts: what is known of it, in words, by name.
        notes: what a person should look at, a line each.
    """

    source: str
    name: str = ""
    trouble: str = ""
    facts: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One data set on disk.

    Attributes:
        name: what it holds, e.g. a split.
        trouble: what is wrong with it; empty where it is what was written.
        facts: what is known of it, in words, by name.
    """

    name: str
    trouble: str = ""
    facts: dict[str, str] = {}


def data_directory() -> Path:
    """``$POLYATHLON_DATA``, or else ``polyathlon`` in the user's data directory.

    That is ``$XDG_DATA_HOME``, or ``~/.local/share`` (XDG Base Directory Specification).

    Raises:
        BadArgument: the user has no home directory, or the variable names that of nobody.
    """
    if named := os.environ.get(VARIABLE):
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            raise BadArgument(f"{VARIABLE} is '{named}': {error}; name a folder") from error
    shared = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(shared):  # The specification asks that any other be ignored.
        return Path(shared) / "polyathlon"
    try:
        return Path.home() / ".local" / "share" / "polyathlon"
    except RuntimeError as error:
        raise BadArgument(f"there is no home directory; set {VARIABLE} to a folder") from error


def family_directory(family: str, directory: Path | None = None) -> Path:
    """The folder of a family's data; it need not exist.

    Args:
        family: e.g. ``langr``.
        directory: instead of ``data_directory()``.
    """
    return (directory or data_directory()) / family


def make_directory(path: Path) -> Path:
    """Makes a folder and those above it.

    Raises:
        RunDirectoryError: the disk refused.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot make {path}: {error.strerror or error}") from error
    return path
