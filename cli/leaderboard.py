"""``polyathlon leaderboard``: from runs to one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .table import WHOLE, lay_out

if TYPE_CHECKING:
    from ..leaderboard.board import Row

HEADINGS = ("agent", "rank", "headline", "95%", "n", "coverage")


@click.group("leaderboard")
def leaderboard_group() -> None:
    """Build a leaderboard from runs."""


@leaderboard_group.command("build")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("leaderboard.json"), show_default=True
)
def build_command(runs: tuple[Path, ...], out: Path) -> int:
    """Recompute each of RUNS from its episodes and rank those that played the same."""
    from ..leaderboard.board import build_board, write_board

    board = build_board(runs)
    write_board(out, board)
    for group in board.groups:
        click.echo(f"{group.benchmark}: {group.title}")
        for line in lay_out([HEADINGS, *map(_cells, group.rows)], WHOLE):
            click.echo(f"  {line}")
        click.echo()
    click.echo(f"board    {out}")
    return 0


def _cells(row: Row) -> tuple[str, ...]:
    head = row.headline
    known = head.low is not None and head.high is not None
    return (
        row.agent.name,
        "-" if row.rank is None else str(row.rank),
        "-" if head.value is None else f"{head.metric} {head.value:.3f}",
        f"[{head.low:.3f}, {head.high:.3f}]" if known else "-",
        str(row.n_valid),
        f"{row.coverage:.0%}",
    )
