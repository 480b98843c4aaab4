"""How an evaluation goes, while it goes: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ..core.episode import EpisodeResult, Outcome

EVERY = 10.0
"""Without a terminal, a line is printed at most this often [s]."""


class ProgressWatcher:
    """Draws episodes done, rate, time left and success so far on standard error.

    Use it as a context manager around the evaluation.
    """

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[score]}"),
            console=console,
            transient=True,
        )
        self._bar: TaskID | None = None
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._total = self._done = self._new = self._valid = self._successes = 0
        self._started = self._last_line = time.monotonic()

    def begin(self, total: int, done: Sequence[EpisodeResult]) -> None:
        """Takes note of the plan and of what an earlier start has left on the disk."""
        self._total = total
        self._started = self._last_line = time.monotonic()
        for result in done:
            self._count(result)
        if done:
            self._say(f"resuming: {len(done)} of {total} episodes are on the disk already")
        if self._live:
            self._bar = self._progress.add_task(
                "playing", total=total, completed=self._done, rate="", score=self._score()
            )

    def recorded(self, result: EpisodeResult) -> None:
        """Counts an episode that has reached the disk."""
        with self._lock:
            self._count(result)
            self._new += 1
            if result.faults:
                fault = result.faults[-1]
                fate = f"played at start {result.attempts}" if result.valid else "INVALID"
                why = f"{fault.kind}: {fault.message.splitlines()[0][:160]}"
                self._say(f"{fate}: {result.plan.task} #{result.plan.index}: {why}")
            if self._bar is not None:
                self._progress.update(
                    self._bar, completed=self._done, rate=self._rate(), score=self._score()
                )
            elif time.monotonic() - self._last_line >= EVERY or self._done == self._total:
                self._last_line = time.monotonic()
                self._say(
                    f"{self._done}/{self._total} episodes  {self._rate()}  "
                    f"{self._left()}  {self._score()}"
                )

    def noted(self, text: str) -> None:
        """Says what is no fault and yet worth knowing, once."""
        with self._lock:
            if text not in self._noted:
                self._noted.add(text)
                self._say(text)

    def _count(self, result: EpisodeResult) -> None:
        self._done += 1
        self._valid += result.valid
        self._successes += result.outcome is Outcome.SUCCESS

    def _rate(self) -> str:
        seconds = max(time.monotonic() - self._started, 1e-9)
        return f"{self._new / seconds:.1f} episodes/s"

    def _left(self) -> str:
        seconds = time.monotonic() - self._started
        left = seconds / max(self._new, 1) * (self._total - self._done)
        return f"{left:.0f} s left"

    def _score(self) -> str:
        share = f"{self._successes / self._valid:.0%}" if self._valid else "-"
        invalid = self._done - self._valid
        return f"success {share}" + (f", {invalid} invalid" if invalid else "")

    def _say(self, line: str) -> None:
        # Nobody reading any more is no reason to stop playing.
        with contextlib.suppress(OSError):
            if self._live:
                self._progress.console.print(line, markup=False, highlight=False)
            else:
                print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> ProgressWatcher:
        if self._live:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._progress.stop()


class FitWatcher:
    """Says on standard error which adapter is being fitted, and how far it has come."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._bar: TaskID | None = None
        self._what, self._last_line = "", time.monotonic()

    def fitting(self, what: str, done: int, total: int) -> None:
        """One of the fits begins."""
        self._what, self._last_line = f"{done + 1}/{total} {what}", time.monotonic()
        if self._bar is not None:
            self._progress.remove_task(self._bar)
            self._bar = None
        self._say(f"fitting {self._what}")

    def training(self, update: int, updates: int) -> None:
        """The quantiser that is being fitted has come so far."""
        if self._live:
            if self._bar is None:
                self._bar = self._progress.add_task(self._what, total=updates)
            self._progress.update(self._bar, completed=update)
        elif time.monotonic() - self._last_line >= EVERY:
            self._last_line = time.monotonic()
            self._say(f"  {update}/{updates} updates")

    def kept(self, what: str) -> None:
        """One stands already."""
        self._say(f"kept {what}")

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):
            if self._live:
                self._progress.console.print(line, markup=False, highlight=False)
            else:
                print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> FitWatcher:
        if self._live:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._progress.stop()


class CountWatcher:
    """Says on standard error how many of something are done.

    Args:
        doing: a word for it, e.g. ``recording``.
        things: what is counted, e.g. ``episodes``.
    """

    def __init__(self, doing: str, things: str) -> None:
        console = Console(stderr=True)
        self._live, self._doing, self._things = console.is_terminal, doing, things
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
        self._progress = Progress(
            *columns, MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
        )
        self._bar: TaskID | None = None
        self._last_line = time.monotonic()

    def told(self, done: int, total: int) -> None:
        """So many are done."""
        if self._live:
            if self._bar is None:
                self._bar = self._progress.add_task(self._doing, total=total)
            self._progress.update(self._bar, completed=done)
        elif time.monotonic() - self._last_line >= EVERY:
            self._last_line = time.monotonic()
            with contextlib.suppress(OSError):
                print(f"{self._doing} {done}/{total} {self._things}", file=sys.stderr, flush=True)

    def __enter__(self) -> CountWatcher:
        if self._live:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._progress.stop()
