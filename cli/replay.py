"""``polyathlon replay``: a recorded episode once more, from its actions alone."""

from __future__ import annotations

from pathlib import Path

import click

from ..benchmarks.replay import Comparison, replay
from ..core.errors import UnknownName
from ..core.journal import read_journal
from ..core.manifest import read_manifest


@click.command("replay")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("task")
@click.argument("index", type=int)
@click.option("--video", type=click.Path(path_type=Path), help="Film it to VIDEO.webp.")
def replay_command(run: Path, task: str, index: int, video: Path | None) -> int:
    """Play episode INDEX of TASK in RUN again, and say whether it comes out the same.

    Exit codes: 0 it matches, 1 it does not.
    """
    manifest = read_manifest(run)
    results = {result.plan.key: result for result in read_journal(run)}
    known = [spec.id for spec in manifest.tasks]
    named = next((one for one in known if task in (one, one.rpartition("-v")[0])), None)
    if named is None:
        raise UnknownName("task of this run", task, known)
    if (named, index) not in results:
        raise UnknownName(
            "episode", f"{named} #{index}", (), f" {run} holds {len(results)} episodes so far"
        )
    comparison = replay(run, manifest, results[named, index], str(video) if video else "")
    for line in comparison.lines:
        click.echo(("  same     " if line.same else "  DIFFERS  ") + line.text)
    for note in comparison.notes:
        click.echo(note, err=True)
    click.echo(_verdict(comparison, f"{named} #{index}"))
    return 0 if comparison.matches else 1


def _verdict(comparison: Comparison, name: str) -> str:
    if comparison.matches:
        return f"{name} matches: the recorded actions give the recorded episode"
    return f"{name} DOES NOT MATCH: the recorded actions give another episode"
