"""Puts episodes on the disk while the next ones are being played.

Flushing to a disk takes milliseconds, a short episode takes fewer: a thread flushes what has
come in meanwhile as one group. An episode is reported as done only once it is on the disk.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ..core.episode import EpisodeResult
from ..core.journal import Entry, Journal

BACKLOG = 512
"""Episodes that may wait for the disk before playing waits too."""


class Recorder:
    """A thread that appends to a journal.

    Args:
        journal: open for appending; only this object appends from now on.
        recorded: called, on that thread, with each episode that is safe.
    """

    def __init__(self, journal: Journal, recorded: Callable[[EpisodeResult], None]) -> None:
        self._journal, self._recorded = journal, recorded
        self._queue: queue.Queue[Entry | None] = queue.Queue(BACKLOG)
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Hands over a finished episode.

        Raises:
            RunDirectoryError: the disk refused an earlier one.
        """
        if self._trouble is not None:
            raise self._trouble
        self._queue.put(entry)

    def close(self) -> None:
        """Waits until everything handed over is on the disk.

        Raises:
            RunDirectoryError: the disk refused one.
        """
        self._queue.put(None)
        self._thread.join()
        if self._trouble is not None:
            raise self._trouble

    def _write(self) -> None:
        more = True
        while more:
            group = [self._queue.get()]
            while not self._queue.empty():
                group.append(self._queue.get())
            entries = [entry for entry in group if entry is not None]
            more = len(entries) == len(group)
            if self._trouble is not None or not entries:
                continue  # Keeps taking, so that nobody waits for room in the queue for ever.
            try:
                self._journal.append(entries)
                for entry in entries:
                    self._recorded(entry.result)
            except BaseException as error:
                self._trouble = error
