"""The table at the end of an evaluation."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..core.episode import TIMES
from ..leaderboard.result import Estimate, Result, Summary

Row = tuple[str, ...]

COLUMNS: Row = ("task", "n", "success [95%]", "score [95%]", "return", "invalid")

WHOLE = 10_000
"""A width at which every column is shown: through a pipe, lines are for grep and awk."""

SHOWN = 10
"""Invalid episodes that are named one by one."""

RETRY = "the same command with --retry-invalid plays them again"


def print_result(result: Result, title: str, directory: Path) -> None:
    """Prints a run's scores a task, a family and overall, and where the rest is."""
    families = result.families if len(result.families) > 1 else ()
    rows: list[Row | None] = [COLUMNS, None]
    rows += [_cells(line) for line in result.tasks]
    rows += [None, *(_cells(line) for line in (*result.groups, *families))]
    # Returns of different games are different units: a mean over families means nothing.
    rows.append(_cells(result.overall, with_return=not families))
    if not result.may_err:
        rows = [row and row[:-1] for row in rows]
    print(f"{result.agent.name} on {result.benchmark}: {title}")
    for line in lay_out(rows, shutil.get_terminal_size((120, 24)).columns):
        print(line)
    print()
    print(f"{headline_words(result)}")
    if result.overall.invalid_utterances:
        print(invalid_words(result))
    if result.overall.spent:
        print(spent_words(result))
    if result.overall.times:
        print(f"time     {times_words(result.overall)}")
    for lost in result.invalid[:SHOWN]:
        print(f"INVALID  {lost.task} #{lost.index}: {', '.join(lost.faults)}")
    if result.invalid:
        more = len(result.invalid) - SHOWN
        print((f"         and {more} more; " if more > 0 else "         ") + RETRY)
    print(f"result   {directory / 'result.json'}")
    print(f"page     polyathlon report {shlex.quote(str(directory))}")


def headline_words(result: Result) -> str:
    """The headline in words, e.g. ``headline: mean score 0.81 [0.74, 0.87], n=110``."""
    head = result.headline
    if head.value is None:
        return f"headline: {head.aggregation} {head.metric} - (no valid episode)"
    interval = "" if head.low is None else f" [{head.low:.3f}, {head.high:.3f}]"
    over = f" over {head.group}" if head.group else ""
    figure = f"{head.aggregation} {head.metric}{over} {head.value:.3f}{interval}"
    return f"headline: {figure}, n={head.n}"


def invalid_words(result: Result) -> str:
    """How often what the agent said meant no action, and what was done then."""
    overall = result.overall
    return (
        f"invalid: {overall.invalid_utterances:,} of {overall.steps:,} utterances meant no action "
        f"({100 * overall.invalid_rate:.2f}%); --on-invalid {result.agent.on_invalid}"
    )


def spent_words(result: Result) -> str:
    """What the agent used up, e.g. ``spent    requests 12, tokens_in 34,567``."""
    spent = result.overall.spent
    return "spent    " + ", ".join(
        f"{name} {value:,.0f}" if value == round(value) else f"{name} {value:,.4g}"
        for name, value in spent.items()
    )


def times_words(summary: Summary) -> str:
    """Where the time went, e.g. ``policy 61%, environment 20%, rendering 15%, waiting 4%``."""
    times = summary.times or {}
    total = sum(times.values()) or 1.0
    return ", ".join(f"{name} {100 * times[name] / total:.0f}%" for name in TIMES if name in times)


def lay_out(rows: Sequence[Row | None], width: int, left: bool = False) -> list[str]:
    """Lines of columns; None is a rule. What does not fit goes from the right, never a name.

    Args:
        rows: cells, as many in each row.
        width: of the terminal [characters].
        left: cells to the left, as words are; else all but the first to the right.
    """
    full = [row for row in rows if row is not None]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    shown = len(widths)
    while shown > 2 and sum(widths[:shown]) + 2 * (shown - 1) > width:
        shown -= 1
    rule = "-" * (sum(widths[:shown]) + 2 * (shown - 1))
    return [rule if row is None else _line(row, widths[:shown], left) for row in rows]


def _line(row: Row, widths: Sequence[int], left: bool) -> str:
    cells = [
        cell.ljust(width) if left or position == 0 else cell.rjust(width)
        for position, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]
    return "  ".join(cells).rstrip()


def _cells(summary: Summary, with_return: bool = True) -> Row:
    episodes = f"{summary.n_valid}"
    if summary.n_valid != summary.n:
        episodes = f"{summary.n_valid}/{summary.n}"
    mean_return = summary.mean_return if with_return else None
    return (
        summary.name,
        episodes,
        _percent(summary.success),
        _number(summary.score),
        "-" if mean_return is None else f"{mean_return:.2f}",
        f"{100 * summary.invalid_rate:.2f}%",
    )


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    value = f"{100 * estimate.value:.0f}%"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{100 * estimate.low:3.0f}, {100 * estimate.high:3.0f}]"


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    value = f"{estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{estimate.low:5.2f}, {estimate.high:5.2f}]"
