"""``polyathlon data fetch``: where official data comes from, and whether it is still the same."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.errors import BadArgument, UnknownName
from ..tasks.dataset.lock import LOCK, Verdict, verify
from ..tasks.dataset.origin import ORIGINS, steps_for
from .progress import CountWatcher

SHOWN = 20
"""Files that are not what they were which are named one by one."""


@click.command("fetch", short_help="Print how to get the official data set NAME.")
@click.argument("name", required=False)
@click.option("--to", type=click.Path(path_type=Path), help="The folder for it [datasets/NAME].")
@click.option(
    "--verify", "checked", type=click.Path(path_type=Path), help="Hash what lies there, compare."
)
def fetch_command(name: str | None, to: Path | None, checked: Path | None) -> int:
    """Print the official commands that get data set NAME; without NAME, say which there are.

    Nothing is downloaded. With --verify, the files at a path are hashed: the first time the hashes
    are written down, later they are compared. Exits with 1 if something has changed.
    """
    if checked is not None:
        with CountWatcher("hashing", "files") as watcher:
            verdict = verify(checked, watcher.told)
        return _print_verdict(verdict)
    if name is None:
        if to is not None:
            raise BadArgument("--to is for a data set; name one")
        for known, origin in ORIGINS.items():
            click.echo(f"{known:20} {origin.title}")
        return 0
    if name not in ORIGINS:
        hint = f" There are: {', '.join(ORIGINS)}"
        raise UnknownName("official data set", name, ORIGINS, hint)
    folder = (to or Path("datasets") / name).absolute()
    for line in steps_for(name, folder):
        click.echo(line)
    return 0


def _print_verdict(verdict: Verdict) -> int:
    size = f"{verdict.files:,} files, {verdict.size / 1e9:.3f} GB"
    if verdict.is_new:
        click.echo(f"recorded  {size}: {verdict.lock}")
        click.echo(
            "note      nobody publishes hashes of this data: what was recorded says that the files "
            "stay as they are now, not that they arrived whole"
        )
        return 0
    for trouble in verdict.troubles[:SHOWN]:
        click.echo(f"changed   {trouble}", err=True)
    more = len(verdict.troubles) - SHOWN
    if more > 0:
        click.echo(f"          and {more} more", err=True)
    if verdict.troubles:
        click.echo(f"to record what is there now, remove {verdict.lock}", err=True)
        return 1
    click.echo(f"intact    {size}, as in {LOCK}")
    return 0
