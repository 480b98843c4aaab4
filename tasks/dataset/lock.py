"""Hashes of files on the disk, written down once and held against ever after.

The file is what ``sha256sum`` writes and ``sha256sum -c`` reads: a hash and a path a line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...core.errors import BadArgument
from ...core.files import write_atomically

LOCK = "sha256.lock"

_HEX = frozenset("0123456789abcdef")


class Verdict(NamedTuple):
    """What became of the files of a lock.

    Attributes:
        lock: the file that holds the hashes.
        is_new: it was written just now: there was nothing to compare with.
        files: how many there are.
        size: of all of them [B].
        troubles: a line for each that changed, is gone, or came since.
    """

    lock: Path
    is_new: bool
    files: int
    size: int
    troubles: tuple[str, ...]


def verify(path: Path, told: Callable[[int, int], None] = lambda *_: None) -> Verdict:
    """Compares the files at a path with their lock, or writes it if there is none.

    Args:
        path: a folder, whose lock is in it, or a file, whose lock is beside it.
        told: hears how many files of how many are read.

    Raises:
        BadArgument: there is no file, one cannot be read, or the lock is damaged.
        RunDirectoryError: the lock cannot be written.
    """
    if not path.exists():
        raise BadArgument(f"{path} does not exist")
    root, lock = path, path / LOCK
    files = sorted(one for one in path.rglob("*") if one.is_file() and one != lock)
    if path.is_file():
        root, lock, files = path.parent, path.with_name(f"{path.name}.{LOCK}"), [path]
    if not files:
        raise BadArgument(f"{path} has no file in it")
    found = {}
    for number, file in enumerate(files):
        found[_name_of(file, root)] = _hash_of(file)
        told(number + 1, len(files))
    size = sum(file.stat().st_size for file in files)
    if not lock.exists():
        text = "".join(f"{hashed}  {name}\n" for name, hashed in found.items())
        write_atomically(lock, text.encode())
        return Verdict(lock, True, len(found), size, ())
    wanted = _read(lock)
    both = found.keys() & wanted.keys()
    troubles = [
        *(
            f"{name} is not what it was"
            for name in found
            if name in both and found[name] != wanted[name]
        ),
        *(f"{name} is gone" for name in wanted if name not in both),
        *(f"{name} came since" for name in found if name not in both),
    ]
    return Verdict(lock, False, len(found), size, tuple(troubles))


def _name_of(file: Path, root: Path) -> str:
    name = file.relative_to(root).as_posix()
    if "\n" in name or "\\" in name:
        raise BadArgument(f"{file!s:.200} has a name that cannot be written in a line; rename it")
    return name


def _hash_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadArgument(f"cannot read {file}: {error.strerror or error}") from error


def _read(lock: Path) -> dict[str, str]:
    try:
        lines = lock.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise BadArgument(f"cannot read {lock}: {error}") from error
    wanted = {}
    for number, line in enumerate(lines):
        hashed, _, name = line.partition("  ")
        if len(hashed) != 64 or not set(hashed) <= _HEX or not name:
            raise BadArgument(
                f"{lock} line {number + 1} is no hash and name; remove the file to record anew"
            )
        wanted[name] = hashed
    return wanted
