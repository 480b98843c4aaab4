"""``polyathlon tokenizer``: fit adapters to actions, and show what they keep of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ..core.errors import BadArgument, RunDirectoryError
from ..core.files import write_atomically
from ..core.manifest import FILE_NAME as MANIFEST

if TYPE_CHECKING:
    from ..adapters.quantiser import Recipe
    from ..benchmarks.streams import Stream

ORACLES = "oracles"
"""Where, in the folder of a fit, the oracles' runs are kept."""


@click.group("tokenizer")
def tokenizer_group() -> None:
    """Fit action adapters to streams of actions, and report what they keep."""


@tokenizer_group.command("fit")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to fill.")
@click.option("--episodes", type=int, default=10, show_default=True, help="Of each task's oracle.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything.")
@click.option("--slots", type=int, help="Worker processes for the oracles [the number of cores].")
@click.option(
    "--held-out", type=float, default=0.2, show_default=True, help="Share of the episodes."
)
@click.option(
    "--body",
    "body_file",
    type=click.Path(path_type=Path),
    help="JSON of the embodiment that a Minari data set leaves unsaid.",
)
@click.option(
    "--recipe",
    type=click.Choice(["quick", "asa", "gea"]),
    default="quick",
    show_default=True,
    help="Sizes of the quantisers: ours, or those of the two studies.",
)
@click.option("--width", type=int, help="Hidden units of a layer.")
@click.option("--codes", type=int, help="Codes of a level.")
@click.option("--updates", type=int, help="Steps of training.")
@click.option("--threads", type=int, help="Cores a fit uses; another number, other last bits.")
def fit_command(sources: Sequence[str], out: Path, **options: Any) -> int:
    """Fit every adapter to the actions of SOURCE, and keep some episodes to report on.

    A SOURCE is a pattern of tasks (their oracles play), the directory of a run, or the folder of
    a Minari data set. The same command on the same folder goes on where it stood.
    """
    from ..benchmarks import fitting
    from .progress import FitWatcher

    recipe = _recipe(options)
    _check_folder(out, fitting.FILE_NAME)
    streams = _gather(sources, out, options)
    with FitWatcher() as watcher:
        record = fitting.fit_all(
            streams, out, recipe, options["held_out"], watcher, ("polyathlon", *sys.argv[1:])
        )
    for body in record.bodies:
        fitted, held = record.counts[body.id]["actions"]
        click.echo(f"{body.id}: {fitted:,} actions fitted on, {held:,} held out")
        clipped = record.counts[body.id].get("clipped", 0)
        if clipped:
            numbers = record.counts[body.id]["numbers"]
            click.echo(f"  {clipped:,} of {numbers:,} numbers were out of range and clipped")
        for name, why in record.refused.get(body.id, {}).items():
            click.echo(f"  {name}: {why}")
    click.echo(f"fitted   {out}")
    click.echo(f"next     polyathlon tokenizer report {out}")
    return 0


@tokenizer_group.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The page [FOLDER/report.html].")
def report_command(folder: Path, out: Path | None) -> int:
    """Make the page of FOLDER: error against bits, codes in use, actions over time."""
    from ..benchmarks.fidelity import measure
    from ..core.fidelity import FILE_NAME, write_fidelity
    from ..leaderboard.fidelity_page import render_fidelity
    from .report import is_page
    from .table import lay_out

    target = out or folder / "report.html"
    if target.exists() and not is_page(target):
        raise RunDirectoryError(
            f"{target} exists and is not a page; it was left as it is. Use another --out"
        )
    report = measure(
        folder, lambda what, done, total: click.echo(f"{done}/{total}  {what}", err=True)
    )
    for body in report.bodies:
        rows: list[tuple[str, ...] | None] = [("adapter", "tokens", "bits", "mse"), None]
        rows += [
            (
                f"{one.adapter}, {one.setting}",
                f"{one.tokens:.2f}",
                f"{one.bits:.1f}",
                f"{one.mse:.2e}",
            )
            for one in body.adapters
            if not one.refused
        ]
        click.echo(f"\n{body.body.id}: {body.actions[1]:,} held-out actions")
        for line in lay_out(rows, 120):
            click.echo(line)
    click.echo("\nThe error of reconstruction does not rank adapters; the page says why.")
    write_fidelity(
        target.with_name(FILE_NAME) if out is None else target.with_suffix(".json"), report
    )
    write_atomically(target, render_fidelity(report).encode())
    click.echo(f"page     {target}")
    return 0


def _recipe(options: dict[str, Any]) -> Recipe:
    from ..adapters.quantiser import ASA, GEA, Recipe

    recipe = {"quick": Recipe(), "asa": ASA, "gea": GEA}[options["recipe"]]
    changes = {
        name: options[name]
        for name in ("width", "codes", "updates", "threads")
        if options[name] is not None
    }
    return msgspec.structs.replace(recipe, seed=options["seed"], **changes)


def _check_folder(out: Path, record: str) -> None:
    """A folder that holds something else is left alone."""
    try:
        present = {path.name for path in out.iterdir()} if out.exists() else set()
    except OSError as error:
        raise RunDirectoryError(f"cannot use {out}: {error.strerror}") from error
    if present and not present & {record, ORACLES, "held_out.npz"}:
        raise RunDirectoryError(
            f"{out} is not empty and holds no fit; nothing in it was touched. Give --out a new or "
            "empty folder"
        )


def _gather(sources: Sequence[str], out: Path, options: dict[str, Any]) -> list[Stream]:
    from ..benchmarks import minari_source, streams

    body = minari_source.read_body(options["body_file"]) if options["body_file"] else None
    found: list[Stream] = []
    patterns: list[str] = []
    used = False
    for source in sources:
        folder = Path(source)
        if (folder / MANIFEST).is_file():
            found += streams.read_run(folder)
        elif minari_source.is_minari(folder):
            found.append(minari_source.read_minari(folder, body))
            used = True
        elif folder.is_dir():
            raise BadArgument(f"{source} is neither a run nor a Minari data set")
        else:
            patterns.append(source)
    if body is not None and not used:
        raise BadArgument("--body is for a Minari data set; none was named")
    if patterns:
        _play_oracles(",".join(patterns), out / ORACLES, options)
        found += streams.read_run(out / ORACLES)
    return streams.merged(found)


def _play_oracles(pattern: str, directory: Path, options: dict[str, Any]) -> None:
    """Lets the tasks' own oracles play what is missing of so many episodes of each."""
    from ..agents import AGENTS
    from ..benchmarks import programmes
    from ..benchmarks.agent_loading import ORACLE, load_agent
    from ..benchmarks.evaluate import (
        Settings,
        choose_benchmark,
        drop_tasks_without_oracle,
        evaluate,
    )
    from ..benchmarks.workers.pool import available_cores
    from .progress import ProgressWatcher

    chosen = choose_benchmark(pattern, options["episodes"], options["seed"])
    if chosen.id != programmes.CUSTOM:
        raise BadArgument(
            f"'{pattern}' is a benchmark; name tasks, e.g. metaworld or 'babyai.go-*'"
        )
    chosen, left_out = drop_tasks_without_oracle(chosen)
    if left_out:
        click.echo(f"left out, no oracle: {len(left_out)} tasks, e.g. {left_out[0]}", err=True)
    if not chosen.tasks:
        raise BadArgument(f"no task that fits '{pattern}' has an oracle to gather actions from")
    record, _ = load_agent(ORACLE, AGENTS)
    slots = available_cores() if options["slots"] is None else options["slots"]
    settings = Settings(slots=slots, command=("polyathlon", *sys.argv[1:]))
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(f"cannot use {directory.parent}: {error.strerror}") from error
    with ProgressWatcher() as watcher:
        evaluate(chosen, record, None, directory, settings, watcher)
