"""Adapters on disk: arrays as safetensors, everything else as JSON, each with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, EmbodimentMismatch
from ..core.files import write_atomically
from ..core.specs import Embodiment, canonical_json, digest_of

FORMAT = 1
"""Version of the layout below; it rises whenever an older reader would misunderstand."""

ARRAYS_FILE = "arrays.safetensors"
MANIFEST_FILE = "adapter.json"

Arrays = dict[str, NDArray[Any]]


def save_adapter(
    folder: str | Path,
    name: str,
    arrays: Mapping[str, NDArray[Any]],
    options: Mapping[str, Any],
    embodiment: Embodiment,
) -> None:
    """Writes a fitted adapter; the same adapter gives the same bytes.

    The arrays go first and the manifest, which holds their hash, last: a crash between the two
    leaves a folder that ``load_adapter`` refuses, never one that it misreads.

    Args:
        folder: made where it does not exist.
        name: which adapter this is, e.g. ``quantile``.
        arrays: what was learnt; may be empty.
        options: what JSON can hold: numbers, text, lists, mappings, None.
        embodiment: the body whose actions were learnt.

    Raises:
        BadArgument: the folder is a file, or the options hold what JSON has no word for.
        RunDirectoryError: the disk refused.
    """
    from safetensors.numpy import save

    folder = Path(folder)
    whole = {key: np.ascontiguousarray(arrays[key]) for key in sorted(arrays)}
    packed = save(whole)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "adapter": name,
        "options": dict(options),
        "embodiment": msgspec.to_builtins(embodiment),
        "arrays_sha256": hashlib.sha256(packed).hexdigest(),
    }
    manifest["sha256"] = digest_of(manifest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadArgument(f"cannot make the folder {folder}: {error.strerror}") from error
    write_atomically(folder / ARRAYS_FILE, packed)
    _write_manifest(folder, manifest)


def load_adapter(folder: str | Path, name: str) -> tuple[Arrays, dict[str, Any], Embodiment]:
    """Reads what ``save_adapter`` wrote, or says why it cannot be trusted.

    Args:
        folder: where it was saved.
        name: the adapter that is expected there.

    Returns:
        Arrays by name, options, and the embodiment the adapter was fitted for.

    Raises:
        BadArgument: a file is missing or damaged, or of another version or adapter.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder, name)
    packed = _read(folder / ARRAYS_FILE)
    found = hashlib.sha256(packed).hexdigest()
    if found != manifest["arrays_sha256"]:
        raise BadArgument(
            f"{folder / ARRAYS_FILE} has the hash {found[:12]}, its manifest says "
            f"{str(manifest['arrays_sha256'])[:12]}: the file is damaged or of another adapter; "
            "fit it again, or copy both files anew"
        )
    try:
        embodiment = msgspec.convert(manifest["embodiment"], Embodiment)
    except msgspec.ValidationError as error:
        raise BadArgument(f"the embodiment in {folder / MANIFEST_FILE}: {error}") from error
    return _unpack(packed), dict(manifest["options"]), embodiment


def save_vocabulary(folder: str | Path, vocabulary: Mapping[str, Any]) -> None:
    """Puts a token table beside a saved adapter, in the manifest and under its one hash.

    Args:
        folder: where an adapter was saved.
        vocabulary: the table as plain JSON; it replaces the one before.

    Raises:
        BadArgument: no adapter is saved there, or it is damaged.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder, None)
    manifest["vocabulary"] = dict(vocabulary)
    manifest["sha256"] = digest_of(manifest)
    _write_manifest(folder, manifest)


def read_vocabulary(folder: str | Path) -> tuple[str, dict[str, Any]]:
    """The name of the adapter saved in a folder, and the token table beside it.

    Raises:
        BadArgument: no adapter is saved there, it is damaged, or it has no table.
    """
    manifest = _read_manifest(Path(folder), None)
    if not isinstance(manifest.get("vocabulary"), dict):
        raise BadArgument(
            f"the adapter in {folder} has no vocabulary: save one with Speaker(adapter, table)"
            ".save(folder)"
        )
    return str(manifest["adapter"]), dict(manifest["vocabulary"])


def check_embodiment(fitted: Embodiment, asked: Embodiment, name: str) -> None:
    """Refuses an adapter fitted for another convention of actions.

    Raises:
        EmbodimentMismatch: any field differs; says which, fitted against asked.
    """
    differing = fitted.differences(asked)
    if differing:
        raise EmbodimentMismatch(
            f"the {name} adapter was fitted for '{fitted.id}' and asked to serve '{asked.id}': "
            + "; ".join(differing)
            + f". Fit one for '{asked.id}'."
        )


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(
        json.loads(canonical_json(manifest)), indent=1, sort_keys=True, ensure_ascii=False
    )
    write_atomically(folder / MANIFEST_FILE, text.encode() + b"\n")


def _read_manifest(folder: Path, name: str | None) -> dict[str, Any]:
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(_read(path))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadArgument(f"{path} is not JSON: {error}") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise BadArgument(f"{path} is not the manifest of an adapter: it has no 'format'")
    if manifest["format"] != FORMAT:
        raise BadArgument(
            f"{path} is of format {manifest['format']!r:.40}, this version reads {FORMAT}: "
            "fit the adapter again, or read it with the version that wrote it"
        )
    stated = manifest.pop("sha256", None)
    try:
        found = digest_of(manifest)
    except BadArgument as error:
        raise BadArgument(f"{path}: {error}") from error
    if stated != found:
        raise BadArgument(
            f"{path} has the hash {found[:12]} and says {str(stated)[:12]}: it was edited or "
            "damaged; fit the adapter again"
        )
    missing = {"adapter", "options", "embodiment", "arrays_sha256"} - manifest.keys()
    if missing:
        raise BadArgument(f"{path} lacks {', '.join(sorted(missing))}")
    if name is not None and manifest["adapter"] != name:
        raise BadArgument(f"{folder} holds the adapter '{manifest['adapter']!s:.40}', not '{name}'")
    return manifest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadArgument(f"cannot read {path}: {error.strerror}") from error


def _unpack(packed: bytes) -> Arrays:
    from safetensors.numpy import load

    return dict(load(packed))
