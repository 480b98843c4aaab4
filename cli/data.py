"""``polyathlon data``: data sets of our own making, and of others, from a copy the user has."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..core.errors import BadArgument, UnknownName
from ..tasks.dataset.origin import named_folders
from ..tasks.storage import VARIABLE, Imported, data_directory
from .data_fetch import fetch_command
from .data_list import FAILED, line_of, list_command, told
from .importer import importing

SAMPLERS = {"androidcontrol": "androidcontrol.sample"}
"""Family: the module below ``tasks`` that has ``write_sample``, for data in its official layout."""


@click.group("data")
def data_group() -> None:
    """Make, import, list and check data sets. Nothing is downloaded."""


@data_group.command("make")
@click.argument("tasks")
@click.option("--episodes", type=int, default=100, show_default=True)
@click.option("--tier", default="demonstration", show_default=True, help="How well it plays.")
@click.option("--noise", type=float, help="On the actions, share of half their range [tier's].")
@click.option("--seed", type=int, default=0, show_default=True, help="Of starts and noise.")
@click.option("--references", type=int, help="Episodes for the scale [20; of demonstrations 0].")
@click.option("--obs", help="Fields that are kept, e.g. state,rgb [state, else the task's own].")
@click.option("--image-size", type=int, help="Side of pictures [px; the task's own].")
@click.option("--keep-failures", is_flag=True, help="Keep demonstrations that fail as well.")
@click.option("--slots", type=int, help="Workers that play [one a core].")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="For the task.")
@click.option("--sample", is_flag=True, help="Of a family: data of ours in its official layout.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
def make_command(tasks: str, out: Path, sample: bool, **options: Any) -> int:
    """Record the scripted solver of each of TASKS as a Minari data set.

    TASKS is a task, or a pattern as of eval: then each that has a solver gets a folder below DIR.

    Tiers: demonstration (no noise, only what succeeds), expert, medium, noisy, random, and mixed,
    which takes turns; some tasks have more, which a wrong name lists. The same command makes the
    same bytes, whatever the number of slots, and goes on where it was cut short.

    With --sample, TASKS is a family whose data others publish: writes data of our own making in
    exactly that layout, to try out what reads it.
    """
    if sample:
        return _make_sample(tasks, out, options["episodes"], options["seed"])
    from ..benchmarks.making import is_made, make_dataset
    from ..benchmarks.workers.pool import available_cores
    from .progress import CountWatcher
    from .recipe import recipes_of

    slots = options.pop("slots") or available_cores()
    recipes = recipes_of(tasks, options)
    for recipe in recipes:
        folder = out if len(recipes) == 1 else out / recipe.task
        if len(recipes) > 1 and is_made(recipe, folder):
            click.echo(f"{recipe.task}  made already: {folder}")
            continue
        with CountWatcher(f"recording {recipe.task}", "episodes") as watcher:
            make_dataset(recipe, folder, watcher.told, slots)
        _print_dataset(folder)
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
        click.echo(f"{name:13} {line_of(fact)}")
    if inventory.trouble:
        click.echo(f"{'damaged':13} {line_of(inventory.trouble)}", err=True)
    return not inventory.trouble


@data_group.command("import", short_help="Convert the data of FAMILY at PATH.")
@click.argument("family")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path), help="The data directory.")
@click.option("--targets", help="Objects that count in kitchens: id or ood [id].")
@click.option("--most", type=click.IntRange(1), help="Episodes taken of each file [all].")
def import_command(family: str, path: Path | None, out: Path | None, **options: Any) -> int:
    """Convert the data of FAMILY at PATH: a clone of its repository, a folder, or a file.

    Without PATH, what the environment variables of the official code name, e.g. A1_DATASETS. Exits
    with 1 if a file could not be read; all others are imported all the same.
    """
    from .progress import CountWatcher

    directory = out or data_directory()
    importer = importing(family, "import_path")
    known = inspect.signature(importer).parameters
    wishes = {name: value for name, value in options.items() if value is not None}
    if foreign := [name for name in wishes if name not in known]:
        raise BadArgument(f"--{foreign[0]} means nothing to the data of {family}; leave it out")
    with CountWatcher("importing", "files") as watcher:
        if "told" in known:
            wishes["told"] = watcher.told
        paths = [path] if path else named_folders(family)
        results = (found for one in paths for found in importer(one, directory, **wishes))
        return _print_imported(results, directory, family)


def _print_imported(results: Iterator[Imported], directory: Path, family: str) -> int:
    """Prints what became of each file, as soon as it is known; the exit code."""
    failed, imported, missing = 0, 0, []
    for result in results:
        if result.trouble:
            failed += 1
            click.echo(f"failed    {line_of(result.trouble)}", err=True)
        elif not result.facts:
            missing.append(f"{result.name} ({result.source})")
        else:
            imported += 1
            click.echo(f"imported  {result.name:22} {told(result.facts)}")
            for note in result.notes:
                click.echo(f"{'':10}{line_of(note)}")
    if missing:
        click.echo(f"not there {', '.join(missing)}")
    if imported:
        click.echo(f"data      {directory / family}")
    if imported and directory.absolute() != data_directory().absolute():
        click.echo(f"to use    export {VARIABLE}={directory.absolute()}")
    return FAILED if failed else 0


data_group.add_command(fetch_command)
data_group.add_command(list_command)
