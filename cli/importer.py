"""The families whose data can be imported, and where their importers are."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ..core.errors import UnknownName


class Importer(NamedTuple):
    """Who imports the data of a family.

    Attributes:
        module: below ``tasks``, with the functions ``import_path`` and ``list_stored``.
        layouts: that it reads, in a word each.
    """

    module: str
    layouts: tuple[str, ...]


IMPORTERS: Mapping[str, Importer] = MappingProxyType(
    {
        "langr": Importer("langr.official_import", ("episodes",)),
        "d5rl": Importer(
            "dataset.official_import",
            ("kitchen-standard", "kitchen-randomized", "a1", "widowx", "adroit"),
        ),
        "androidcontrol": Importer("androidcontrol.official_import", ("tfrecord",)),
        "bridge": Importer("dataset.bridge_import", ("raw", "numpy", "tfrecord", "rlds")),
    }
)
"""By family."""


def importing(family: str, name: str) -> Callable[..., Any]:
    """A function of a family's importer.

    Raises:
        UnknownName: the family has none.
    """
    if family not in IMPORTERS:
        hint = f" Data can be imported for: {', '.join(IMPORTERS)}"
        raise UnknownName("family with data", family, IMPORTERS, hint)
    module = importlib.import_module(f"..tasks.{IMPORTERS[family].module}", __package__)
    found: Callable[..., Any] = getattr(module, name)
    return found
