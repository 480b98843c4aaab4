"""``polyathlon compare``: two agents on the same episodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..core.errors import BadArgument
from .table import WHOLE, lay_out

if TYPE_CHECKING:
    from ..leaderboard.comparison import Comparison
    from ..leaderboard.evidence import Evidence

HEADINGS = ("task", "pairs", "first", "second", "only first", "only second")


@click.command("compare")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--metric", type=click.Choice(["success", "score"]), help="[the headline's]")
@click.option("--benchmark", help="Which, by name or digest, where they share several.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare_command(
    first: Path, second: Path, metric: str | None, benchmark: str | None, as_json: bool
) -> int:
    """Say whether run FIRST is better than run SECOND, worse, or whether it cannot be told.

    Both are run directories or submissions of the same tasks and seeds; their episodes are paired.
    """
    from ..leaderboard.comparison import compare

    one, other = _pair(first, second, benchmark)
    first_run, second_run = ((run.manifest, run.results) for run in (one, other))
    found = compare(first_run, second_run, metric)  # type: ignore[arg-type]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return 0
    rows = [
        (
            task.task,
            *(str(task.pairs), f"{task.first:.3f}", f"{task.second:.3f}"),
            *(str(task.only_first), str(task.only_second)),
        )
        for task in found.tasks
    ]
    click.echo(f"first    {one.name} ({first})\nsecond   {other.name} ({second})")
    for line in lay_out([HEADINGS, None, *rows], WHOLE):
        click.echo(line)
    for line in _words(found):
        click.echo(line)
    return 0


def _pair(first: Path, second: Path, benchmark: str | None) -> tuple[Evidence, Evidence]:
    """A run of each path, counted again: the two that played the same.

    Raises:
        BadArgument: they share several programmes, or none and one of them holds several.
    """
    from ..leaderboard.comparison import are_alike
    from ..leaderboard.evidence import named, only_run, read_evidence, runs_of

    mine, theirs = read_evidence(first), read_evidence(second)
    pairs = [
        (one, other)
        for one in runs_of(mine, benchmark)
        for other in runs_of(theirs, benchmark)
        if are_alike(one.manifest, other.manifest)
    ]
    if len(pairs) > 1:
        shared = ", ".join(named(one) for one, _ in pairs)
        raise BadArgument(
            f"{first} and {second} share {shared}; choose one, by name or digest, by --benchmark"
        )
    return pairs[0] if pairs else (only_run(mine, benchmark), only_run(theirs, benchmark))


def _words(found: Comparison) -> list[str]:
    difference = found.difference
    known = difference.low is not None and difference.high is not None
    interval = f" [{difference.low:+.3f}, {difference.high:+.3f}]" if known else ""
    lines = [
        f"{found.metric}: first - second = {difference.value:+.3f}{interval}, "
        f"n={difference.n} pairs, p={found.p_value:.3g}; an episode of the first scores higher "
        f"with probability {found.improvement:.3f}"
    ]
    if found.verdict != "inconclusive":
        return [*lines, f"verdict  {found.verdict}: the first is {found.verdict} than the second"]
    if not found.detectable:
        return [*lines, "verdict  inconclusive: no pair of episodes differs"]
    lines.append(
        f"verdict  inconclusive: so many episodes find a difference of {found.detectable:.3f} "
        "with probability 0.8"
    )
    if found.further is not None:
        lines.append(
            f"         if it is what it seems, {found.further:,} more episodes of each task would "
            "settle it, with probability 0.8"
        )
    else:
        lines.append("         even a hundred times as many would hardly settle it")
    return lines
