"""``polyathlon report``: the page of a run, one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.errors import RunDirectoryError
from ..core.files import write_atomically


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file [RUN/report.html].")
def report_command(run: Path, out: Path | None) -> int:
    """Make the page of RUN: scores with intervals, films, and how to repeat it."""
    from ..leaderboard.report import render_report

    target = out or run / "report.html"
    if target.exists() and not is_page(target):
        raise RunDirectoryError(
            f"{target} exists and is not a page; it was left as it is. Use another --out"
        )
    write_atomically(target, render_report(run).encode())
    click.echo(f"page     {target}")
    return 0


def is_page(path: Path) -> bool:
    """Whether a file begins as our pages do, so that it may be replaced by one."""
    try:
        with open(path, "rb") as file:
            return file.read(15).lower() == b"<!doctype html>"
    except OSError:
        return False
