"""Names to lazily imported objects: a literal table, plus what other distributions add.

A room's table maps a name to ``module:attribute``. Entry points of the group
``polyathlon.<room>`` add to it. Nothing is imported until a name is asked for.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from .errors import BrokenPlugin, NameClaimedTwice, UnknownName, did_you_mean


def load_object(path: str) -> Any:
    """The object at ``module:attribute``.

    Raises:
        BrokenPlugin: the module does not import or has no such attribute; says which.
    """
    module_name, colon, attribute = path.partition(":")
    named = [*module_name.split("."), *attribute.split(".")]
    if not colon or not all(part.isidentifier() for part in named):
        raise BrokenPlugin(
            f"'{path}' is not of the form module:Class, e.g. my_agent:MyAgent for the class "
            "MyAgent in my_agent.py"
        )
    if module_name.endswith(".py"):
        raise BrokenPlugin(
            f"'{path}' names a file; name its module: {module_name.removesuffix('.py')}:{attribute}"
        )
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise BrokenPlugin(
            f"'{path}' cannot be imported: no module named '{error.name}'. "
            "Is it installed, or its folder on PYTHONPATH?"
        ) from error
    except (Exception, SystemExit) as error:
        # Whatever a stranger's module does when imported is that module's trouble, by name.
        raise BrokenPlugin(
            f"'{path}' cannot be imported: {type(error).__name__}: {error}"
        ) from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise BrokenPlugin(
                f"module '{module_name}' has no '{attribute}'.{did_you_mean(part, dir(found))}"
            ) from error
    return found


class Registry(Mapping[str, Any]):
    """A read-only mapping of names to objects, imported when first looked up.

    Args:
        room: names the entry-point group ``polyathlon.<room>``.
        kind: what one entry is called in messages, e.g. ``agent``.
        table: the literal entries of this package, name to ``module:attribute``.
    """

    def __init__(self, room: str, kind: str, table: Mapping[str, str]) -> None:
        self.room, self.kind, self._table = room, kind, dict(table)

    @functools.cached_property
    def _paths(self) -> dict[str, tuple[str, str]]:
        """Name to (import path, distribution)."""
        merged = {name: (path, "polyathlon") for name, path in self._table.items()}
        for point in metadata.entry_points(group=f"polyathlon.{self.room}"):
            owner = point.dist.name if point.dist else "an unnamed distribution"
            claimed = merged.get(point.name)
            if claimed is None:
                merged[point.name] = (point.value, owner)
            elif claimed != (point.value, owner):
                raise NameClaimedTwice(
                    f"the {self.kind} '{point.name}' is registered by both {claimed[1]} "
                    f"({claimed[0]}) and {owner} ({point.value}); uninstall one of them"
                )
        return merged

    def __getitem__(self, name: str) -> Any:
        if name not in self._paths:
            raise UnknownName(self.kind, name, self._paths)
        return load_object(self._paths[name][0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def path(self, name: str) -> str:
        """The import path of an entry, without importing it."""
        return self._paths[name][0]

    def owner(self, name: str) -> str:
        """The distribution that registered an entry."""
        return self._paths[name][1]
