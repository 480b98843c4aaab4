"""A model's folder: what must lie in it, and which one it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ...core.errors import BadArgument

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
"""Any of these is a vocabulary."""

HEAD = 1 << 20
"""Bytes of a weights' file that count for a fingerprint: names, shapes, and the first weights."""


def is_folder(name: str) -> bool:
    """Whether a model is named by where it lies, and not by its name on a hub."""
    return Path(name).is_dir() or name.startswith((".", "/", "~")) or name.count("/") > 1


def check_folder(name: str, *, words: bool = True, weights: bool = True) -> Path:
    """The folder of a model in which nothing is missing.

    Args:
        name: its path.
        words: whether a tokenizer belongs there.
        weights: whether weights belong there.

    Raises:
        BadArgument: it is no folder, or a file is missing; names it.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise BadArgument(f"there is no model folder {folder}; give a folder, or a name on a hub")
    if not (folder / CONFIG).is_file():
        raise BadArgument(f"the model folder {folder} lacks {CONFIG}: copy the whole folder")
    if weights and not (folder / WEIGHTS).is_file():
        if not (folder / INDEX).is_file():
            raise BadArgument(
                f"the model folder {folder} lacks {WEIGHTS} (or {INDEX} and the parts it names); "
                "weights are read as safetensors alone"
            )
        for part in sorted(set(read_json(folder / INDEX).get("weight_map", {}).values())):
            if not (folder / str(part)).is_file():
                raise BadArgument(f"the model folder {folder} lacks {part}, which {INDEX} names")
    if words and not any((folder / one).is_file() for one in TOKENIZERS):
        raise BadArgument(
            f"the model folder {folder} lacks a tokenizer: one of {', '.join(TOKENIZERS)}"
        )
    return folder


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        BadArgument: the file cannot be read, or is none.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadArgument(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadArgument(f"{path} holds no JSON object")
    return found


def fingerprint(name: str) -> str:
    """SHA-256 that tells models apart without reading all of their weights.

    Over the configuration, the vocabulary, and of every file of weights its size and its first
    mebibyte, which names every tensor and its place. For a name on a hub, over the name.
    """
    digest = hashlib.sha256()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        digest.update(name.encode())
        return digest.hexdigest()
    for path in sorted(folder.iterdir()):
        if path.name in (CONFIG, INDEX, *TOKENIZERS):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        elif path.suffix == ".safetensors":
            with path.open("rb") as file:
                head = file.read(HEAD)
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + head)
    return digest.hexdigest()
