"""``polyathlon list``: every task, benchmark and agent by name. Imports no simulator."""

from __future__ import annotations

import shutil
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec

from ..core.specs import Benchmark, Family, TaskSpec
from ..tasks import FAMILIES, catalogue
from .table import WHOLE, lay_out

FORMAT = 1
"""Version of the ``--json`` output; keys are added without a new one, never changed."""

Row = tuple[str, ...]

TASK_COLUMNS = ("task", "steps", "observations", "body", "oracle", "score", "tags", "instruction")

SAID = 90
"""Letters of a task's instruction in a table; ``--json`` has them all."""


@click.command("list")
@click.argument("pattern", required=False)
@click.option("--json", "as_json", is_flag=True, help="For machines: everything that is declared.")
@click.option("--benchmarks", is_flag=True, help="The benchmarks instead of the tasks.")
@click.option("--agents", is_flag=True, help="The agents instead of the tasks.")
def list_command(pattern: str | None, as_json: bool, benchmarks: bool, agents: bool) -> None:
    """List the tasks that PATTERN names: an id, a glob, a family, or tag:NAME."""
    if benchmarks or agents:
        if pattern is not None:
            raise click.UsageError(
                "PATTERN chooses among tasks; leave out --benchmarks or --agents"
            )
        found: dict[str, list[dict[str, Any]]] = {}
        if benchmarks:
            found["benchmarks"] = describe_benchmarks()
        if agents:
            found["agents"] = describe_agents()
        if as_json:
            _print_json(found)
        else:
            _print_named(found)
        return
    tasks = catalogue.match(pattern) if pattern is not None else tuple(all_tasks())
    if as_json:
        _print_json(
            {
                "families": [describe_family(one) for one in _families_of(tasks)],
                "tasks": [describe_task(task) for task in tasks],
            }
        )
    else:
        _print_tasks(tasks)


def all_tasks() -> Iterable[TaskSpec]:
    """Every task, in catalogue order."""
    return catalogue.all_tasks().values()


def describe_task(task: TaskSpec) -> dict[str, Any]:
    """What ``--json`` says of a task: its declaration, and the names it goes by."""
    declared: dict[str, Any] = msgspec.to_builtins(task)
    return {
        "id": task.id,
        "gym_id": task.gym_id,
        "family": task.family,
        "title": title_of(task),
        **declared,
        "oracle": task.oracle is not None,
    }


def title_of(task: TaskSpec) -> str:
    """A few words for people: the name without family and version, e.g. ``button press``."""
    return task.id.partition(".")[2].rpartition("-v")[0].replace("-", " ")


def describe_family(family: Family) -> dict[str, Any]:
    """What ``--json`` says of a family."""
    return {
        "name": family.name,
        "title": family.title,
        "extra": family.extra,
        "packages": list(family.packages),
        "upstream": family.upstream,
        "distribution": FAMILIES.owner(family.name),
        "installed": not catalogue.missing_packages(family),
        "tasks": len(family.tasks),
    }


def describe_benchmarks() -> list[dict[str, Any]]:
    """Every benchmark: id, title, number of tasks and episodes, headline and digest."""
    from ..benchmarks import BENCHMARKS

    found = []
    for name in BENCHMARKS:
        try:
            benchmark = BENCHMARKS[name]()
            if not isinstance(benchmark, Benchmark):
                raise TypeError(f"it gives {type(benchmark).__name__}, not a Benchmark")
        except Exception as error:
            owner = BENCHMARKS.owner(name)
            warnings.warn(f"benchmark '{name}' of {owner} is left out: {error}", stacklevel=2)
            continue
        found.append(
            {
                "id": benchmark.id,
                "title": benchmark.title,
                "tasks": len(benchmark.tasks),
                "episodes_per_task": benchmark.episodes_per_task,
                "headline": benchmark.headline,
                "aggregation": benchmark.aggregation,
                "digest": benchmark.digest(),
            }
        )
    return found


def describe_agents() -> list[dict[str, Any]]:
    """Every agent: its name, import path, and the distribution that brings it."""
    from ..agents import AGENTS

    return [{"id": name, "path": AGENTS.path(name), "from": AGENTS.owner(name)} for name in AGENTS]


def _families_of(tasks: Sequence[TaskSpec]) -> list[Family]:
    named = dict.fromkeys(task.family for task in tasks)
    return [catalogue.families()[name] for name in named]


def _task_row(task: TaskSpec) -> Row:
    oracle = "-"
    if task.oracle is not None:
        oracle = "yes" if task.oracle_solves else "partly"
    returns = task.score == "return"
    score = f"return {task.floor:g}..{task.ceiling:g}" if returns else task.score
    return (
        task.id,
        str(task.max_episode_steps),
        "+".join(task.observations),
        task.embodiment.id,
        oracle,
        score,
        " ".join(task.tags),
        textwrap.shorten(task.instruction, SAID, placeholder=" ..."),
    )


def _print_tasks(tasks: Sequence[TaskSpec]) -> None:
    counts = Counter(task.family for task in tasks)
    for family in _families_of(tasks):
        lacking = (
            "" if not catalogue.missing_packages(family) else f"  (not installed: {family.extra})"
        )
        heading = f"{family.name}: {family.title}, {_count(counts[family.name], 'task')}{lacking}"
        rows = [_task_row(task) for task in tasks if task.family == family.name]
        _print_table(heading, TASK_COLUMNS, rows)
    click.echo(f"{_count(len(tasks), 'task')} of {_count(len(counts), 'family', 'families')}")


def _print_named(found: dict[str, list[dict[str, Any]]]) -> None:
    for kind, entries in found.items():
        columns = tuple(key for key in (entries[0] if entries else {}) if key != "digest")
        rows = [tuple(str(entry[key]) for key in columns) for entry in entries]
        _print_table(f"{len(rows)} {kind}", columns, rows)


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _print_table(heading: str, columns: Row, rows: Sequence[Row]) -> None:
    """A table; in a narrow terminal it loses columns from the right, never part of a name."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 2 if terminal else WHOLE
    click.echo(heading)
    for line in lay_out([columns, *rows], width, left=True):
        click.echo(f"  {line}")
    click.echo()


def _print_json(found: dict[str, Any]) -> None:
    document = msgspec.json.encode({"format": FORMAT, **found})
    click.echo(msgspec.json.format(document, indent=1).decode())
