"""How a training goes, while it goes: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

from ..core.episode import EpisodeResult

if TYPE_CHECKING:
    from ..agents.chronicle import Played, Watcher
    from ..agents.offline.protocol import Protocol

SHOWN = 12
"""Lines of the live table."""

EVERY = 10.0
"""Without a terminal, a line of losses is printed at most this often [s]."""

OWN = ("return",)
"""What a line tells besides losses: the mean return of the practice episodes that ended."""


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
        unit: what the steps of the training are.
    """

    def __init__(self, title: str, unit: str = "updates") -> None:
        self._title, self._unit = title, unit
        console = Console(stderr=True)
        self._live = Live(console=console, transient=False, auto_refresh=False)
        self._is_live = console.is_terminal
        self._rows: list[tuple[int, Mapping[str, float], Played | None]] = []
        self._steps = self._offline = self._first = 0
        self._started = self._last_line = time.monotonic()

    def begun(self, step: int, protocol: Protocol) -> None:
        """So many of the protocol's updates are done already."""
        self._steps, self._offline = protocol.steps, protocol.offline
        self._start(step)
        if step:
            self._say(f"resuming: {step:,} of {self._steps:,} {self._unit} are done")

    def _start(self, step: int) -> None:
        """Begins to measure the speed anew: updates online are slower than offline."""
        self._first, self._started = step, time.monotonic()

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""
        self._rows.append((step, losses, None))
        if self._is_live:
            self._draw()
        elif time.monotonic() - self._last_line >= EVERY or step in (self._offline, self._steps):
            self._last_line = time.monotonic()
            told = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
            self._say(f"{self._so_far(step)}  {told}  {self._left(step)}".rstrip())
        if step == self._offline:
            self._start(step)

    def played(self, step: int, played: Played) -> None:
        """An evaluation is done."""
        losses = self._rows[-1][1] if self._rows else {}
        self._rows.append((step, losses, played))
        if self._is_live:
            self._draw()
        else:
            told = f"score {played.score:.4f}  return {played.mean_return:.2f}"
            self._say(f"{self._so_far(step)}  {told}")
        if step == self._offline:
            self._start(step)

    def noted(self, text: str) -> None:
        """Says it in a line of its own."""
        self._say(text)

    def _so_far(self, step: int) -> str:
        return f"{step:,}/{self._steps:,} {self._unit}  {self._part(step)}".rstrip()

    def _part(self, step: int) -> str:
        if not 0 < self._offline < self._steps:
            return ""  # It is all of one part.
        return "offline" if step <= self._offline else "online"

    def _draw(self) -> None:
        shown = self._rows[-SHOWN:]
        names = dict.fromkeys(name for _, losses, _ in shown for name in losses)
        columns = [self._unit, "part", *names, "score", "mean return"]
        table = Table(title=f"{self._title}  {self._left(shown[-1][0])}")
        for name in columns:
            table.add_column("practice" if name in OWN else name, justify="right")
        for step, losses, played in shown:
            told = [f"{losses[name]:.4g}" if name in losses else "" for name in names]
            ends = ("", "") if played is None else (f"{played[0]:.4f}", f"{played[1]:.2f}")
            table.add_row(f"{step:,}", self._part(step), *told, *ends)
        self._live.update(table, refresh=True)

    def _left(self, step: int) -> str:
        done = step - self._first
        if done <= 0:
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


class Everybody:
    """Tells several watchers of the same training."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def begun(self, step: int, protocol: Protocol) -> None:
        """So many of the protocol's updates are done already."""
        for one in self._watchers:
            one.begun(step, protocol)

    def logged(self, step: int, losses: Mapping[str, float]) -> None:
        """The mean losses since the line before."""
        for one in self._watchers:
            one.logged(step, losses)

    def played(self, step: int, played: Played) -> None:
        """An evaluation is done."""
        for one in self._watchers:
            one.played(step, played)

    def noted(self, text: str) -> None:
        """Something worth knowing."""
        for one in self._watchers:
            one.noted(text)
