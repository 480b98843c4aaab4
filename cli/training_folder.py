"""The folder of a training: whose it is, and what is written into it once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from ..core.errors import RunDirectoryError
from ..core.files import write_atomically
from ..core.manifest import describe_machine, installed_versions
from ..core.specs import canonical_json
from .trained import is_trained

MANIFEST = "training.json"


def claim(out: Path) -> None:
    """Makes a training's folder if need be.

    Raises:
        RunDirectoryError: it cannot be made, or holds something else.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        present = {path.name for path in out.iterdir()}
    except OSError as error:
        raise RunDirectoryError(f"cannot use {out}: {error.strerror}") from error
    # A kill before the manifest stood may have left its beginnings; those are nobody else's.
    foreign = {name for name in present if not name.startswith(f".{MANIFEST}.")}
    if foreign and MANIFEST not in foreign:
        raise RunDirectoryError(f"{out} is not empty and holds no training; give --out another")


def write_manifest(out: Path, **facts: Any) -> None:
    """Writes what is trained beside the checkpoint, once.

    Where a training was stopped before its first checkpoint, what begins there now may be another.

    Args:
        out: the training's folder.
        facts: beside packages, machine and command.
    """
    path = out / MANIFEST
    if path.exists() and is_trained(str(out)):
        return
    document = {
        "format": 1,
        **facts,
        "packages": installed_versions(),
        "machine": describe_machine(),
        "command": ["polyathlon", *sys.argv[1:]],
    }
    write_atomically(path, msgspec.json.format(canonical_json(document), indent=1) + b"\n")
