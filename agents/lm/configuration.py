"""Configurations by name, from a file, and by single settings: each a plain mapping laid over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ...core.errors import BadArgument, UnknownName, did_you_mean
from .folder import read_json

Kind = TypeVar("Kind", bound=msgspec.Struct)

SHORT = {
    "device": "loading.device", "dtype": "loading.dtype", "model": "loading.model",
}  # fmt: skip
"""Settings that everybody sets, and where they stand."""


def configure(
    presets: Mapping[str, Kind], name: str, changes: Mapping[str, Any], file: Path | None = None
) -> Kind:
    """A configuration.

    Args:
        presets: by name.
        name: of the one to begin with.
        changes: settings in place of its own; a dot leads inside: ``ppo.clip``.
        file: JSON of settings that are laid over the preset before the changes; it may name
            another ``preset``.

    Raises:
        UnknownName: there is no such preset.
        BadArgument: a setting that there is not, or a value of another kind.
    """
    laid = read_json(file) if file is not None else {}
    name = str(laid.pop("preset", name))
    if name not in presets:
        raise UnknownName("configuration", name, presets, f" There are: {', '.join(presets)}")
    kind = type(presets[name])
    plain = msgspec.to_builtins(presets[name])
    _lay(plain, laid, "")
    for key, value in changes.items():
        parts = SHORT.get(key, key).split(".")
        nested: Any = value
        for part in reversed(parts):
            nested = {part: nested}
        _lay(plain, nested, "")
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise BadArgument(f"configuration: {error}") from error


def _lay(under: dict[str, Any], over: Mapping[str, Any], where: str) -> None:
    for key, value in over.items():
        if key not in under:
            raise BadArgument(
                f"there is no setting '{where}{key}'.{did_you_mean(key, under)} There are: "
                + ", ".join(f"{where}{one}" for one in under)
            )
        if isinstance(under[key], dict) and isinstance(value, Mapping) and under[key]:
            _lay(under[key], value, f"{where}{key}.")
        else:
            under[key] = value
