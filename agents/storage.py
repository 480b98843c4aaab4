"""What was learnt, on disk: arrays as safetensors, the rest as JSON that names them.

The arrays' file carries their hash in its name and is written first; ``checkpoint.json`` is
renamed into place after it. A crash between the two leaves the checkpoint before, never half of
one. Nothing is pickled: a checkpoint from a stranger is data.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ..core.errors import BadArgument
from ..core.files import write_atomically
from ..core.specs import digest_of

FILE_NAME = "checkpoint.json"

DICE = "dice"
"""The key of a state of NumPy's dice, whose numbers have 128 bits."""


class Stored(NamedTuple):
    """What was read.

    Attributes:
        document: all that is not an array.
        arrays: by name.
        digest: SHA-256 of the arrays.
    """

    document: Mapping[str, Any]
    arrays: Mapping[str, torch.Tensor]
    digest: str


def write_state(
    folder: Path, document: Mapping[str, Any], arrays: Mapping[str, torch.Tensor]
) -> str:
    """Writes a checkpoint, and removes the one before.

    Args:
        folder: must exist.
        document: ready for JSON; ``arrays``, ``arrays_sha256`` and ``sha256`` are added.
        arrays: by name.

    Returns:
        SHA-256 of the arrays.

    Raises:
        RunDirectoryError: the disk refused; what was there stays.
    """
    from safetensors.torch import save

    packed = save({name: arrays[name].contiguous() for name in sorted(arrays)})
    digest = hashlib.sha256(packed).hexdigest()
    whole = {
        **document,
        "arrays": f"arrays-{digest[:16]}.safetensors",
        "arrays_sha256": digest,
    }
    whole["sha256"] = digest_of(_without_large_numbers(whole))
    write_atomically(folder / whole["arrays"], packed)
    text = json.dumps(whole, indent=1, sort_keys=True).encode()
    write_atomically(folder / FILE_NAME, text + b"\n")
    for other in folder.glob("arrays-*.safetensors"):
        if other.name != whole["arrays"]:
            with contextlib.suppress(OSError):
                other.unlink()
    return digest


def read_state(folder: Path, formats: Collection[int]) -> Stored:
    """Reads what ``write_state`` wrote, or says why it cannot be trusted.

    Args:
        folder: of the checkpoint.
        formats: versions of the document that the caller understands.

    Raises:
        BadArgument: a file is missing or damaged, or of a newer version.
    """
    from safetensors.torch import load

    document = read_document(folder, formats)
    path = folder / str(document["arrays"])
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}; copy it anew") from error
    digest = hashlib.sha256(packed).hexdigest()
    if digest != document["arrays_sha256"]:
        raise BadArgument(f"{path} is damaged: its hash is not the one that {FILE_NAME} states")
    return Stored(document, load(packed), digest)


def read_document(folder: Path, formats: Collection[int]) -> dict[str, Any]:
    """The part of a checkpoint that is no array.

    Raises:
        BadArgument: it is missing or damaged, or of a newer version.
    """
    path = folder / FILE_NAME
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise BadArgument(
            f"{path.parent} is no trained agent: it has no {path.name} ({error.strerror})"
        ) from error
    except ValueError as error:
        raise BadArgument(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") not in formats:
        found = document.get("format") if isinstance(document, dict) else None
        raise BadArgument(f"{path} is of format {found!r:.40}; this version reads {max(formats)}")
    stated = document.pop("sha256", None)
    if digest_of(_without_large_numbers(document)) != stated:
        raise BadArgument(f"{path} was edited or damaged: its hash is not the one it states")
    return document


def below(arrays: Mapping[str, torch.Tensor], room: str) -> dict[str, torch.Tensor]:
    """The arrays whose names begin with a room's, without it."""
    prefix = f"{room}/"
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """What an optimiser remembers of each parameter; its settings are its ``param_groups``."""
    return {
        f"{number}/{key}": torch.as_tensor(value)
        for number, values in optimiser.state_dict()["state"].items()
        for key, value in values.items()
    }


def restore_optimiser(
    optimiser: torch.optim.Optimizer, arrays: Mapping[str, torch.Tensor], groups: Any
) -> None:
    """Gives an optimiser back what it remembered.

    Args:
        optimiser: of the same parameters.
        arrays: of ``optimiser_arrays``.
        groups: the ``param_groups`` of its ``state_dict``.

    Raises:
        ValueError: it has other parameters.
    """
    state: dict[int, dict[str, Any]] = {}
    for key, value in arrays.items():
        number, _, field = key.partition("/")
        state.setdefault(int(number), {})[field] = value
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _without_large_numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its dice as text."""
    if DICE not in document:
        return dict(document)
    return {**document, DICE: json.dumps(document[DICE], sort_keys=True)}
