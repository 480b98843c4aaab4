"""The worlds: one family a module or folder, tasks as data, simulators imported when made.

``FAMILIES`` names every family. Other distributions add theirs through the entry-point group
``polyathlon.tasks``, whose objects are :class:`polyathlon.core.specs.Family` values.
"""

from __future__ import annotations

from typing import Any

import gymnasium

from ..core.registry import Registry

FAMILIES = Registry(
    "tasks",
    "family",
    {
        "metaworld": "polyathlon.tasks.metaworld:FAMILY",
        "babyai": "polyathlon.tasks.babyai:FAMILY",
        "procgen": "polyathlon.tasks.procgen:FAMILY",
        "atari": "polyathlon.tasks.atari:FAMILY",
        "langr": "polyathlon.tasks.langr:FAMILY",
        "socialnav": "polyathlon.tasks.socialnav:FAMILY",
        "d5rl": "polyathlon.tasks.d5rl:FAMILY",
        "miniwob": "polyathlon.tasks.miniwob:FAMILY",
        "androidcontrol": "polyathlon.tasks.androidcontrol:FAMILY",
    },
)


def make(task_id: str, **kwargs: Any) -> gymnasium.Env[Any, Any]:
    """One environment; like ``gymnasium.make``, but forgiving about how the id is spelt.

    Args:
        task_id: e.g. ``metaworld.reach-v3`` or ``metaworld.reach`` (the newest version).
        **kwargs: ``observations``, ``image_size``, ``render_profile`` and whatever the family
            documents.

    Raises:
        UnknownName: no such task; suggests the nearest.
        MissingExtra: the family's packages are not installed; says what to type.
    """
    from . import catalogue

    return catalogue.build(catalogue.find(task_id), **kwargs)


def make_vec(
    task_id: str, num_envs: int = 1, **kwargs: Any
) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    """Several environments of one task under Gymnasium's vector API; see ``make``."""
    from . import catalogue

    spec = catalogue.find(task_id)
    return gymnasium.make_vec(spec.gym_id, num_envs=num_envs, **kwargs)
