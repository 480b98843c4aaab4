"""The table at the end of an evaluation."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..leaderboard.result import Estimate, Result, Summary


def print_result(result: Result, directory: Path) -> None:
    """Prints a run's scores a task, a family and overall, and where the rest is."""
    console = Console()
    table = Table(title=f"{result.benchmark}: {result.agent.name}", title_justify="left")
    table.add_column("task", no_wrap=True)
    for column in ("episodes", "success", "95% interval", "score", "95% interval", "return"):
        table.add_column(column, justify="right", no_wrap=True)
    for summary in result.tasks:
        table.add_row(*_cells(summary))
    table.add_section()
    if len(result.families) > 1:
        for summary in result.families:
            table.add_row(*_cells(summary), style="bold")
    table.add_row(*_cells(result.overall), style="bold")
    # A pipe has no width of its own; a table cut to 80 columns helps nobody.
    Console(width=None if console.is_terminal else 120).print(table)
    print(f"{headline_words(result)}")
    print(f"result   {directory / 'result.json'}")
    print(f"page     polyathlon report {directory}")


def headline_words(result: Result) -> str:
    """The headline in words, e.g. ``headline: mean score 0.81 [0.74, 0.87], n=110``."""
    head = result.headline
    if head.value is None:
        return f"headline: {head.aggregation} {head.metric} - (no valid episode)"
    interval = "" if head.low is None else f" [{head.low:.3f}, {head.high:.3f}]"
    return f"headline: {head.aggregation} {head.metric} {head.value:.3f}{interval}, n={head.n}"


def _cells(summary: Summary) -> list[str]:
    episodes = f"{summary.n_valid}"
    if summary.n_valid != summary.n:
        episodes = f"{summary.n_valid} of {summary.n}"
    return [
        summary.name,
        episodes,
        _value(summary.success, percent=True),
        _interval(summary.success, percent=True),
        _value(summary.score),
        _interval(summary.score),
        "-" if summary.mean_return is None else f"{summary.mean_return:.2f}",
    ]


def _value(estimate: Estimate, percent: bool = False) -> str:
    if estimate.value is None:
        return "-"
    return f"{100 * estimate.value:.1f}%" if percent else f"{estimate.value:.3f}"


def _interval(estimate: Estimate, percent: bool = False) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    if percent:
        return f"{100 * estimate.low:.0f}-{100 * estimate.high:.0f}%"
    return f"{estimate.low:.2f} to {estimate.high:.2f}"
