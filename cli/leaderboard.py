"""``polyathlon leaderboard``: from runs to one table."""

from __future__ import annotations

from pathlib import Path

import click


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
    click.echo(f"board    {out}")
    return 0
