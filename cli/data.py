"""``polyathlon data``: data sets of our own making, and of others, from a copy the user has."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from ..core.errors import UnknownName
from ..tasks.storage import VARIABLE, Imported, Stored, data_directory
from .table import WHOLE, lay_out

IMPORTERS = {
    "langr": "langr.official_import",
    "d5rl": "dataset.official_import",
    "androidcontrol": "androidcontrol.official_import",
}
"""Family: the module below ``tasks`` that has ``import_path`` and ``list_stored`` for it."""

SAMPLERS = {"androidcontrol": "androidcontrol.sample"}
"""Family: the module below ``tasks`` that has ``write_sample``, for data in its official layout."""

FORMAT = 1
"""Version of the ``--json`` output; keys are added without a new one, never changed."""

FAILED = 1
"""Exit code where a file could not be imported, or where stored data is damaged."""

DIGITS = 12
"""Of a digest that are shown."""


@click.group("data")
def data_group() -> None:
    """Make, import, list and check data sets. Nothing is downloaded."""


@data_group.command("make")
@click.argument("task")
@click.option("--episodes", type=int, default=100, show_default=True)
@click.option("--tier", default="expert", show_default=True, help="How well it plays.")
@click.option("--noise", type=float, help="On the actions, share of half their range [tier's].")
@click.option("--seed", type=int, default=0, show_default=True, help="Of starts and noise.")
@click.option(
    "--references", type=int, default=20, show_default=True, help="Episodes for the scale."
)
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="For the task.")
@click.option("--sample", is_flag=True, help="Of a family: data of ours in its official layout.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
def make_command(
    task: str, out: Path, assignments: tuple[str, ...], sample: bool, **options: Any
) -> int:
    """Record TASK's scripted solver, with noise on its actions, as a Minari data set.

    Tiers: expert, medium, noisy, random, and mixed, which takes turns. The same command makes the
    same bytes, and goes on where it was cut short.

    With --sample, TASK is a family whose data others publish: writes data of our own making in
    exactly that layout, to try out what reads it.
    """
    if sample:
        return _make_sample(task, out, options["episodes"], options["seed"])
    from ..benchmarks.making import Recipe, make_dataset
    from ..tasks import catalogue
    from .evaluate import assignment
    from .progress import CountWatcher

    recipe = Recipe(task=catalogue.find(task).id, task_kwargs=dict(map(assignment, assignments)),
                    **options)  # fmt: skip
    with CountWatcher("recording", "episodes") as watcher:
        make_dataset(recipe, out, watcher.told)
    _print_dataset(out)
    return 0


def _make_sample(family: str, out: Path, episodes: int, seed: int) -> int:
    from .progress import CountWatcher

    if family not in SAMPLERS:
        hint = f" Samples can be made for: {', '.join(SAMPLERS)}"
        raise UnknownName("family with samples", family, SAMPLERS, hint)
    module = importlib.import_module(f"..tasks.{SAMPLERS[family]}", __package__)
    with CountWatcher("drawing", "episodes") as watcher:
        counts: dict[str, int] = module.write_sample(out, episodes, seed, watcher.told)
    click.echo(f"{'sample':16} {out}")
    for split, count in counts.items():
        click.echo(f"{split:16} {count} episodes")
    click.echo(f"{'to import':16} polyathlon data import {family} {out}")
    return 0


@data_group.command("info")
@click.argument("folder", type=click.Path(path_type=Path))
def info_command(folder: Path) -> int:
    """Say what the data set in FOLDER holds, and check every episode of it.

    Exits with 1 if it is not what was written.
    """
    return 0 if _print_dataset(folder) else FAILED


def _print_dataset(folder: Path) -> bool:
    """Prints a data set's facts; whether it is what was written."""
    from ..benchmarks.inventory import take_inventory

    inventory = take_inventory(folder)
    for name, fact in inventory.facts.items():
        click.echo(f"{name:13} {_line(fact)}")
    if inventory.trouble:
        click.echo(f"{'damaged':13} {_line(inventory.trouble)}", err=True)
    return not inventory.trouble


@data_group.command("import", short_help="Convert the data of FAMILY at PATH.")
@click.argument("family")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The data directory.")
def import_command(family: str, path: Path, out: Path | None) -> int:
    """Convert the data of FAMILY at PATH: a clone of its repository, a folder, or a file.

    Exits with 1 if a file could not be read; all others are imported all the same.
    """
    directory = out or data_directory()
    results: Iterator[Imported] = _importer(family, "import_path")(path, directory)
    failed, imported, missing = 0, 0, []
    for result in results:
        if result.trouble:
            failed += 1
            click.echo(f"failed    {_line(result.trouble)}", err=True)
        elif not result.facts:
            missing.append(f"{result.name} ({result.source})")
        else:
            imported += 1
            click.echo(f"imported  {result.name:22} {_told(result.facts)}")
            for note in result.notes:
                click.echo(f"{'':10}{_line(note)}")
    if missing:
        click.echo(f"not there {', '.join(missing)}")
    if imported:
        click.echo(f"data      {directory / family}")
    if imported and directory.absolute() != data_directory().absolute():
        click.echo(f"to use    export {VARIABLE}={directory.absolute()}")
    return FAILED if failed else 0


@data_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_command(as_json: bool) -> int:
    """List what was imported, and check that it is what was written.

    Exits with 1 if something is damaged.
    """
    directory = data_directory()
    found: dict[str, list[Stored]] = {
        family: list(_importer(family, "list_stored")(directory)) for family in IMPORTERS
    }
    damaged = any(stored.trouble for each in found.values() for stored in each)
    if as_json:
        document = {"format": FORMAT, "directory": str(directory), "data": found}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=1).decode())
    else:
        _print_stored(directory, found)
    return FAILED if damaged else 0


def _print_stored(directory: Path, found: dict[str, list[Stored]]) -> None:
    rows = [
        (family, stored.name, _line(stored.trouble) or "intact", _told(stored.facts))
        for family, each in found.items()
        for stored in each
    ]
    for line in lay_out(rows, WHOLE, left=True) if rows else ():
        click.echo(line)
    click.echo(f"data      {directory}")
    if not rows:
        click.echo("It holds nothing. Type: polyathlon data import FAMILY PATH")


def _importer(family: str, name: str) -> Callable[..., Any]:
    if family not in IMPORTERS:
        hint = f" Data can be imported for: {', '.join(IMPORTERS)}"
        raise UnknownName("family with data", family, IMPORTERS, hint)
    module = importlib.import_module(f"..tasks.{IMPORTERS[family]}", __package__)
    found: Callable[..., Any] = getattr(module, name)
    return found


def _told(facts: dict[str, str]) -> str:
    """Facts in a line: ``100 episodes, 6 homes, context.pickle, sha256 1cc54abe57e7``."""
    words = {"source": "{}", "sha256": f"sha256 {{:.{DIGITS}}}"}
    return ", ".join(
        words.get(name, "{} " + (name.removesuffix("s") if fact == "1" else name)).format(fact)
        for name, fact in facts.items()
    )


def _line(text: str) -> str:
    """Text of a stranger's file in one line, without what could command a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
