"""What came of a command's trainings: over its seeds, beside random play and the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np

from ..agents.chronicle import Outcome, Played
from ..core.files import write_atomically
from ..core.specs import TaskSpec, canonical_json
from ..leaderboard import intervals
from .table import WHOLE, lay_out

SUMMARY = "summary.json"

FORMAT = 1
"""Version of ``summary.json``; keys are added without a new one, never changed."""

COLUMNS = ("", "n", "score [95%]", "return [95%]", "of the scale [95%]")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and its 95% bootstrap interval, which one value does not have."""

    value: float
    low: float | None
    high: float | None

    def told(self, digits: int) -> str:
        """In a cell of a table."""
        if self.low is None or self.high is None:
            return f"{self.value:.{digits}f}"
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table.

    Attributes:
        name: who played.
        over: what is resampled: ``seeds`` (interquartile mean of their means) or ``episodes``
            (mean).
        n: how many of these.
        score: the task's score; None where nobody could play.
        mean_return: total reward.
        normalised: the return where the data set's random play is 0 and its solver 100.
        values: score and return of each seed or episode.
        note: why there is no figure.
    """

    name: str
    over: str
    n: int = 0
    score: Figure | None = None
    mean_return: Figure | None = None
    normalised: Figure | None = None
    values: tuple[tuple[float, float], ...] = ()
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """As a line of the table."""
        if self.score is None or self.mean_return is None:
            return (self.name, "0", self.note or "-", "-", "-")
        scale = "-" if self.normalised is None else self.normalised.told(1)
        count = f"{self.n} {self.over if self.n > 1 else self.over[:-1]}"
        return (self.name, count, self.score.told(3), self.mean_return.told(1), scale)


def row_of(
    name: str,
    played: Sequence[Played],
    over: str,
    scale: tuple[float, float] | None,
) -> Row:
    """One line from what was played.

    Args:
        name: who played.
        played: of each seed, or of each episode.
        over: ``seeds`` or ``episodes``.
        scale: returns that are 0 and 100, if the data set says.
    """
    values = np.array([tuple(one) for one in played], np.float64).reshape(-1, 2)
    figures = [_figure(column, over) for column in values.T]
    normalised = None
    if scale is not None and scale[1] > scale[0]:
        normalised = _figure(100 * (values[:, 1] - scale[0]) / (scale[1] - scale[0]), over)
    return Row(
        name=name,
        over=over,
        n=len(values),
        score=figures[0],
        mean_return=figures[1],
        normalised=normalised,
        values=tuple((float(one), float(other)) for one, other in values),
    )


def _figure(values: Any, over: str) -> Figure:
    statistic = intervals.pooled_iqm if over == "seeds" else intervals.mean_over_tasks
    value = intervals.point([values], statistic)
    if len(values) < 2:
        return Figure(value=value, low=None, high=None)
    low, high = intervals.stratified_bootstrap([values], statistic)
    return Figure(value=value, low=low, high=high)


def scale_of(metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """The returns that a data set gives as the ends of its scale, if it does.

    Not if it was made with arguments of the task, ``--set max_episode_steps=60``: trained agents
    play the task as it is, and its returns are of another size.
    """
    own = metadata.get("polyathlon")
    recipe = own.get("recipe") if isinstance(own, Mapping) else None
    if isinstance(recipe, Mapping) and recipe.get("task_kwargs"):
        return None
    ends = [metadata.get(f"ref_{end}_score") for end in ("min", "max")]
    if not all(isinstance(end, (int, float)) for end in ends):
        return None
    return float(ends[0]), float(ends[1])  # type: ignore[arg-type]


def learner_rows(
    learner: str, outcomes: Sequence[Outcome], online: bool, scale: tuple[float, float] | None
) -> list[Row]:
    """The learner's lines: after the offline part, at the end, and at best."""
    parts = {"offline": [one.offline for one in outcomes]} if online else {}
    parts |= {"last": [one.last for one in outcomes], "best": [one.best for one in outcomes]}
    return [row_of(f"{learner}, {part}", each, "seeds", scale) for part, each in parts.items()]


def write_summary(
    folder: Path,
    learner: str,
    spec: TaskSpec,
    protocol: Any,
    seeds: Sequence[int],
    rows: Sequence[Row],
    unit: str = "updates",
) -> None:
    """Writes ``summary.json`` and prints it as a table."""
    document = {
        "format": FORMAT,
        "learner": learner,
        "task": spec.id,
        "protocol": protocol,
        "seeds": list(seeds),
        "rows": list(rows),
    }
    text = msgspec.json.format(canonical_json(document), indent=1)
    write_atomically(folder / SUMMARY, text + b"\n")
    lengths = f"{protocol.steps:,} {unit}"
    if protocol.has_parts:
        lengths = f"{protocol.offline:,} {unit} offline and {protocol.online:,} online"
    click.echo(f"{learner} on {spec.id}, {lengths}")
    for line in lay_out([COLUMNS, None, *(row.cells() for row in rows)], WHOLE):
        click.echo(line.rstrip())
    click.echo(
        "Over seeds: interquartile mean. The best was chosen by these same episodes: for a score "
        "to quote, play it again with another --seed."
    )
