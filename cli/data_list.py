"""``polyathlon data list``: what was imported, what lies in a folder, and what could be had."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec

from ..core.errors import BadArgument
from ..tasks.storage import Stored, data_directory
from .importer import IMPORTERS, importing
from .table import WHOLE, lay_out

FORMAT = 1
"""Version of the ``--json`` output; keys are added without a new one, never changed."""

FAILED = 1
"""Exit code where a file could not be imported, or where stored data is damaged."""

DIGITS = 12
"""Of a digest that are shown."""


@click.command("list")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_command(folder: Path | None, as_json: bool) -> int:
    """List what was imported, checked, and what can be made, imported and fetched.

    With FOLDER, list the data sets in Minari's layout that lie in it or below instead; `data info`
    checks one of them. Exits with 1 if something is damaged.
    """
    directory = folder or data_directory()
    found: dict[str, list[Stored]] = (
        {family: list(importing(family, "list_stored")(directory)) for family in IMPORTERS}
        if folder is None
        else {"minari": list(_lying_below(folder))}
    )
    damaged = any(stored.trouble for each in found.values() for stored in each)
    if as_json:
        document = {
            "format": FORMAT,
            "directory": str(directory),
            "data": found,
            "to_be_had": _to_be_had(),
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
    else:
        _print_stored(directory, found)
        if folder is None:
            _print_to_be_had()
    return FAILED if damaged else 0


def told(facts: Mapping[str, str]) -> str:
    """Facts in a line: ``100 episodes, 6 homes, context.pickle, sha256 1cc54abe57e7``."""
    words = {"source": "{}", "sha256": f"sha256 {{:.{DIGITS}}}"}
    return ", ".join(
        words.get(name, "{} " + (name.removesuffix("s") if fact == "1" else name)).format(fact)
        for name, fact in facts.items()
    )


def line_of(text: str) -> str:
    """Text of a stranger's file in one line, without what could command a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _lying_below(folder: Path) -> Iterator[Stored]:
    """The data sets in a folder, by where they lie; their arrays are not read."""
    from ..tasks.dataset.layout import ARRAYS, METADATA, Dataset

    if not folder.is_dir():
        raise BadArgument(f"{folder} is no folder")
    for place, folders, names in os.walk(folder):
        folders.sort()
        if METADATA not in names:
            continue
        here = Path(place)
        name = str((here.parent if here.name == "data" else here).relative_to(folder))
        try:
            metadata = Dataset(here).metadata
            trouble = "" if ARRAYS in names else f"{here / ARRAYS} is not there"
            counted = {key: str(metadata.get(f"total_{key}", "?")) for key in ("episodes", "steps")}
            facts = {"source": str(metadata.get("dataset_id", name)), **counted}
            yield Stored(name=name, trouble=trouble, facts=facts)
        except BadArgument as error:
            yield Stored(name=name, trouble=str(error))


class Makeable(msgspec.Struct, frozen=True):
    """What can be recorded.

    Attributes:
        tasks: by id.
        tiers: that every task has; but for some.
        random_only: those of the tasks that no solver plays, so that they have the tier ``random``
            alone.
    """

    tasks: list[str]
    tiers: list[str]
    random_only: list[str]


class ToBeHad(msgspec.Struct, frozen=True, rename={"import_": "import"}):
    """What can be made, imported and fetched, by name."""

    make: Makeable
    import_: dict[str, tuple[str, ...]]
    fetch: list[str]


def _to_be_had() -> ToBeHad:
    from ..benchmarks.making import TIERS, recordable
    from ..tasks.catalogue import all_tasks
    from ..tasks.dataset.origin import ORIGINS

    tasks = {name: spec for name, spec in all_tasks().items() if recordable(spec)}
    unsolved = [name for name, spec in tasks.items() if spec.oracle is None]
    layouts = {family: one.layouts for family, one in IMPORTERS.items()}
    return ToBeHad(Makeable(list(tasks), list(TIERS), unsolved), layouts, list(ORIGINS))


def _print_to_be_had() -> None:
    had = _to_be_had()
    unsolved = had.make.random_only
    solved = [name for name in had.make.tasks if name not in unsolved]
    click.echo(f"to make   {_counted(solved)}; tiers {', '.join(had.make.tiers)}")
    if unsolved:
        click.echo(f"          {_counted(unsolved)}; tier random alone: no solver plays them")
    for family, layouts in had.import_.items():
        click.echo(f"to import {family}: {', '.join(layouts)}")
    click.echo(f"to fetch  {', '.join(had.fetch)}")


def _counted(tasks: list[str]) -> str:
    """Families and how many of the tasks each has."""
    counts = collections.Counter(name.partition(".")[0] for name in tasks)
    return ", ".join(f"{family} {count} tasks" for family, count in counts.items())


def _print_stored(directory: Path, found: Mapping[str, list[Stored]]) -> None:
    rows = [
        (family, line_of(stored.name), line_of(stored.trouble) or "intact",
         line_of(told(stored.facts)))
        for family, each in found.items()
        for stored in each
    ]  # fmt: skip
    for line in lay_out(rows, WHOLE, left=True) if rows else ():
        click.echo(line)
    click.echo(f"data      {directory}")
    if not rows:
        click.echo("It holds nothing. Type: polyathlon data import FAMILY PATH")
