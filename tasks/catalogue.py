"""Looks tasks up: by id, by glob pattern, by tag; and tells Gymnasium about all of them."""

from __future__ import annotations

import fnmatch
import functools
import importlib.util
import inspect
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec

from ..core.errors import (
    BadArgument,
    BrokenPlugin,
    NameClaimedTwice,
    UnknownName,
    did_you_mean,
)
from ..core.metric import MetricTable
from ..core.registry import load_object
from ..core.specs import TASK_ID, Family, TaskSpec
from . import FAMILIES


@functools.cache
def families() -> Mapping[str, Family]:
    """Every family that can be loaded, by name. A broken plug-in warns and is left out."""
    loaded: dict[str, Family] = {}
    for name in FAMILIES:
        try:
            loaded[name] = _checked(name, FAMILIES[name])
        except (BrokenPlugin, NameClaimedTwice) as error:
            warnings.warn(f"family '{name}' ({FAMILIES.owner(name)}): {error}", stacklevel=2)
    return loaded


def _checked(name: str, family: object) -> Family:
    if not isinstance(family, Family) or family.name != name:
        raise BrokenPlugin(f"the entry point '{name}' is not a Family named '{name}'")
    for task in family.tasks:
        matched = TASK_ID.match(task.id)
        if matched is None or matched["family"] != name:
            raise BrokenPlugin(f"task id '{task.id}' is not of the form '{name}.task-vN'")
    return family


@functools.cache
def all_tasks() -> Mapping[str, TaskSpec]:
    """Every task by id, families in the order of their table."""
    tasks: dict[str, TaskSpec] = {}
    for family in families().values():
        for task in family.tasks:
            if task.id in tasks:
                raise NameClaimedTwice(f"the family '{family.name}' lists '{task.id}' twice")
            tasks[task.id] = task
    return tasks


def _folded(task_id: str) -> str:
    return task_id.lower().removeprefix("polyathlon/").replace("-", "").replace("_", "")


@functools.cache
def _by_folded_name() -> Mapping[str, str]:
    """Ids with and without version, hyphens and case folded away; the newest version wins."""
    names: dict[str, str] = {}
    for task_id in sorted(all_tasks(), key=lambda one: int(one.rpartition("-v")[2])):
        names[_folded(task_id)] = task_id
        names[_folded(task_id.rpartition("-v")[0])] = task_id
    return names


def find(task_id: str) -> TaskSpec:
    """The task of that id; hyphens, case and the version may be left out.

    Raises:
        UnknownName: no such task; suggests the nearest.
    """
    exact = _by_folded_name().get(_folded(task_id))
    if exact is None:
        raise UnknownName("task", task_id, all_tasks(), " See: polyathlon list")
    return all_tasks()[exact]


def match(pattern: str) -> tuple[TaskSpec, ...]:
    """Tasks whose id fits a glob, or that carry a tag (``tag:mt10``), in catalogue order.

    Several patterns are joined by commas. A pattern without a wildcard names one task.

    Raises:
        UnknownName: a pattern fits nothing.
    """
    chosen: dict[str, TaskSpec] = {}
    for part in filter(None, (piece.strip() for piece in pattern.split(","))):
        found = _match_one(part)
        if not found:
            raise UnknownName(
                "pattern",
                part,
                [*all_tasks(), *_tag_names()],
                " It fits no task; see: polyathlon list",
            )
        chosen.update((task.id, task) for task in found)
    if not chosen:
        raise UnknownName("pattern", pattern, (), " It is empty; see: polyathlon list")
    return tuple(chosen.values())


def _match_one(pattern: str) -> list[TaskSpec]:
    if pattern.startswith("tag:"):
        return [task for task in all_tasks().values() if pattern[4:] in task.tags]
    if any(wildcard in pattern for wildcard in "*?["):
        wanted = pattern.removeprefix("polyathlon/")
        return [
            task
            for task in all_tasks().values()
            if fnmatch.fnmatchcase(task.id, wanted)
            or fnmatch.fnmatchcase(task.id.rpartition("-v")[0], wanted)
        ]
    if pattern in families():
        return list(families()[pattern].tasks)
    return [find(pattern)]


def _tag_names() -> list[str]:
    return sorted({f"tag:{tag}" for task in all_tasks().values() for tag in task.tags})


def metric_tables(tasks: Iterable[TaskSpec]) -> dict[str, MetricTable]:
    """What the further figures of some tasks mean, by family, where the family says so."""
    named = {task.family for task in tasks}
    return {
        name: load_object(family.metrics)()
        for name, family in families().items()
        if name in named and family.metrics
    }


def missing_packages(family: Family) -> list[str]:
    """The import names of a family's packages that are not installed; imports none of them."""
    return [name for name in family.packages if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def gymnasium_spec(task: TaskSpec) -> EnvSpec:
    """What Gymnasium is told of a task."""
    return EnvSpec(
        id=task.gym_id,
        entry_point=task.entry_point,
        max_episode_steps=task.max_episode_steps,
        kwargs=dict(task.kwargs),
        nondeterministic=task.determinism == "statistical",
    )


def build(task: TaskSpec, **kwargs: Any) -> gymnasium.Env[Any, Any]:
    """The environment of a task, registered or not, under Gymnasium's time limit.

    Raises:
        MissingExtra: the family's packages are not installed.
        BadArgument: an argument that the family does not accept.
    """
    _refuse_unknown(task, kwargs)
    return gymnasium.make(gymnasium_spec(task), disable_env_checker=True, **kwargs)


def _refuse_unknown(task: TaskSpec, kwargs: Mapping[str, Any]) -> None:
    """Says which argument is not the family's, before Python does it with a traceback."""
    if not kwargs:
        return
    parameters = inspect.signature(load_object(task.entry_point)).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    accepted = [parameter.name for parameter in parameters if parameter.name not in task.kwargs]
    for name in kwargs:
        if name not in (*accepted, "max_episode_steps"):  # the last is Gymnasium's
            raise BadArgument(
                f"{task.family} tasks have no argument '{name}'.{did_you_mean(name, accepted)} "
                f"They take: {', '.join(accepted)}"
            )


def register_gymnasium() -> None:
    """Makes ``gymnasium.make("polyathlon/<task id>")`` work. Imports no simulator.

    Runs when the package is imported, so two plug-ins at odds are a warning here; whoever looks
    a task up gets the error.
    """
    try:
        tasks = all_tasks()
    except NameClaimedTwice as error:
        warnings.warn(f"no task is registered: {error}", stacklevel=2)
        return
    for task in tasks.values():
        if task.gym_id not in gymnasium.registry:
            gymnasium.registry[task.gym_id] = gymnasium_spec(task)


__all__ = [
    "all_tasks",
    "build",
    "families",
    "find",
    "gymnasium_spec",
    "match",
    "metric_tables",
    "missing_packages",
    "register_gymnasium",
]
