"""The lines that a training leaves beside its snapshots: what it came to, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.files import write_atomically
from .many import rank

LOG = "log.jsonl"


class Ledger:
    """One JSON object a line, kept by the first process alone.

    Args:
        folder: of the training.
        key: of a line, that says where the training stood.
        last: where it stands now; lines beyond it are dropped, for they are written again.
    """

    def __init__(self, folder: Path, key: str, last: int) -> None:
        self._path = folder / LOG
        if not self._path.is_file() or rank() > 0:
            return
        kept = []
        for line in self._path.read_text(errors="replace").splitlines():
            try:
                if json.loads(line)[key] <= last:
                    kept.append(line + "\n")
            except (ValueError, KeyError, TypeError):
                continue  # A kill may cut the last line.
        write_atomically(self._path, "".join(kept).encode())

    def write(self, line: Mapping[str, Any]) -> None:
        """Adds a line."""
        if rank() == 0:
            with self._path.open("a") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")
