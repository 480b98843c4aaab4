"""How a training goes, while it goes: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table

from ..core.episode import EpisodeResult

SHOWN = 12
"""Lines of the live table."""

EVERY = 10.0
"""Without a terminal, a line of losses is printed at most this often [s]."""


class SilentWatcher:
    """Watches an evaluation within a training, of which only the score is shown."""

    def begin(self, total: int, done: Sequence[EpisodeResult]) -> None:
        """Nothing is said."""

    def recorded(self, result: EpisodeResult) -> None:
        """Nothing is said."""

    def noted(self, text: str) -> None:
        """Nothing is said."""


class TrainingTable:
    """Draws updates, losses, score and time left on standard error; a context manager.

    Args:
        title: what is trained, on what.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        console = Console(stderr=True)
        self._live = Live(console=console, transient=False, auto_refresh=False)
        self._is_live = console.is_terminal
        self._rows: list[tuple[int, Mapping[str, float], float | None]] = []
        self._steps = self._first = 0
        self._started = self._last_line = time.monotonic()

    def begun(self, step: int, steps: int) -> None:
        """So many of the updates are done already."""
        self._steps, self._first = steps, step
        self._started = time.monotonic()
        if step:
            self._say(f"resuming: {step:,} of {steps:,} updates are done")

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""
        self._rows.append((step, losses, None))
        if self._is_live:
            self._draw()
        elif time.monotonic() - self._last_line >= EVERY or step == self._steps:
            self._last_line = time.monotonic()
            told = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
            self._say(f"{step:,}/{self._steps:,} updates  {told}  {self._left(step)}")

    def played(self, step: int, score: float) -> None:
        """An evaluation is done."""
        losses = self._rows[-1][1] if self._rows else {}
        self._rows.append((step, losses, score))
        if self._is_live:
            self._draw()
        else:
            self._say(f"{step:,}/{self._steps:,} updates  score {score:.4f}")

    def _draw(self) -> None:
        names = list(self._rows[-1][1])
        columns = ["updates", *names, "score"]
        table = Table(title=f"{self._title}  {self._left(self._rows[-1][0])}")
        for name in columns:
            table.add_column(name, justify="right")
        for step, losses, score in self._rows[-SHOWN:]:
            told = [f"{losses[name]:.4g}" if name in losses else "" for name in names]
            table.add_row(f"{step:,}", *told, "" if score is None else f"{score:.4f}")
        self._live.update(table, refresh=True)

    def _left(self, step: int) -> str:
        done = step - self._first
        if not done:
            return ""
        seconds = (time.monotonic() - self._started) / done * (self._steps - step)
        minutes, seconds = divmod(round(seconds), 60)
        return f"{minutes} min {seconds:02} s left"

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> TrainingTable:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_live:
            self._live.stop()
