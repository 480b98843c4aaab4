"""Writing files so that a crash leaves either the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import RunDirectoryError

_UNFINISHED = re.compile(r"\..+\.[a-z0-9_]{8}")
"""Names of files that are being written: that of the file in the making between a dot and what
``tempfile`` adds."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside, which is flushed to the disk and takes the place of ``path`` at the end.

    Where what is done meanwhile raises, the file beside goes and the old one stays.

    Raises:
        RunDirectoryError: the disk refused (full, read-only, no permission).
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise RunDirectoryError(f"cannot write {path}: {error.strerror or error}") from error
        raise


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside, flushes to the disk, renames into place.

    Raises:
        RunDirectoryError: the disk refused (full, read-only, no permission); the old file stays.
    """
    with replacing(path) as file:
        file.write(data)


def sweep(folder: Path) -> None:
    """Removes what writes that never came to their end left in a folder: nobody else's files.

    Only for folders that one process writes at a time.
    """
    for path in folder.glob(".*.*"):
        if _UNFINISHED.fullmatch(path.name):
            with contextlib.suppress(OSError):
                path.unlink()
