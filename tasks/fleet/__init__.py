"""Several worlds of one task at once, for those who learn by playing.

``separate`` steps the task's own environments one after the other; ``pool`` those of EnvPool, which
has some of the same tasks in C++. ``BACKENDS`` names both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import UnknownName
from ...core.specs import TaskSpec
from ...core.worlds import Worlds

BACKENDS = ("gymnasium", "envpool")


def make_worlds(
    spec: TaskSpec, count: int, seed: int, kwargs: Mapping[str, Any], backend: str = "gymnasium"
) -> Worlds:
    """Worlds of a task.

    Args:
        spec: the task.
        count: how many.
        seed: of their episodes.
        kwargs: arguments of the task's environment.
        backend: of ``BACKENDS``.

    Raises:
        UnknownName: no backend of that name.
        BadArgument: the backend does not have the task, or not with these arguments.
        MissingExtra: a package is not installed.
    """
    if backend not in BACKENDS:
        raise UnknownName("backend", backend, BACKENDS, f" There are: {', '.join(BACKENDS)}")
    if backend == "envpool":
        from .pool import PooledWorlds

        return PooledWorlds(spec, count, seed, kwargs)
    from .separate import SeparateWorlds

    return SeparateWorlds(spec, count, seed, kwargs)


def differences(spec: TaskSpec, backend: str) -> tuple[str, ...]:
    """In what the worlds of a backend are not the task's own, in words."""
    if backend != "envpool":
        return ()
    from .pool import translation

    return translation(spec).differences
