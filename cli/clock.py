"""Where the time of a run went, drawn a bar a task."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from ..core.episode import TIMES
from ..leaderboard.result import Result, Summary
from .table import WHOLE, lay_out, times_words

INKS: Mapping[str, str] = dict(zip(TIMES, "█▓▒░", strict=True))
"""What each part of a bar is drawn with."""

BAR = 40
"""Length of a bar [characters]."""


def print_times(result: Result) -> None:
    """Prints a bar for each task, and how long its steps took in a slot."""
    told = [one for one in result.tasks if one.times]
    if not told:
        print("no episode tells where its time went: they were played before that was recorded")
        return
    rows = [("where the time goes", "ms a step", " ".join(f"{INKS[t]} {t}" for t in TIMES)), None]
    rows += [(one.name, _pace(one), bar(one.times or {})) for one in told]
    rows += [None, ("overall", _pace(result.overall), times_words(result.overall))]
    print()
    for line in lay_out(rows, max(WHOLE, shutil.get_terminal_size().columns)):
        print(line)


def bar(times: Mapping[str, float], length: int = BAR) -> str:
    """Shares as a bar whose parts add up to its length, the largest taking what rounding leaves."""
    total = sum(times.values()) or 1.0
    parts = {name: round(length * times.get(name, 0.0) / total) for name in TIMES}
    largest = max(TIMES, key=lambda name: times.get(name, 0.0))
    parts[largest] += length - sum(parts.values())
    return "".join(INKS[name] * count for name, count in parts.items())


def _pace(summary: Summary) -> str:
    return f"{1e3 * sum((summary.times or {}).values()) / max(summary.steps, 1):.2f}"
