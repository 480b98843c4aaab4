"""All the slots of a run: waits for whichever speaks first, and closes them all for certain."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

from ...tasks.interpreter import named_interpreters
from .channel import PARENT_SLEEPS
from .slot import Event, Limits, Slot

CLOSING = 1.5
"""Time workers have to end by themselves before they are killed [s]."""

ROUND = 0.05
"""Deadlines are looked at this often [s]."""

FIRST_DOZE = 0.002
"""The first sleep is short [s]: a bell missed by two processors' store buffers costs no more."""


class Patience(NamedTuple):
    """How long each side looks before it sleeps [s]; waking a sleeper costs about 50 us."""

    parent: float
    worker: float


ROOMY = Patience(parent=0.001, worker=0.001)
"""Each worker and the parent have a core to themselves."""

CROWDED = Patience(parent=0.0, worker=0.00017)
"""They share cores. The parent's looking would take a core from a simulator; a worker's look
lasts about as long as a fast agent takes. Found by measuring: two slots on two cores play
Meta-World 1.45 times as fast as one, against 1.1 with no look at all and 0.8 with long ones."""


def available_cores() -> int:
    """Cores this process may use; containers and batch systems often grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """A fixed number of supervised slots.

    Use it as a context manager: leaving it ends every worker, whatever happened inside.

    Args:
        slots: how many.
        limits: the deadlines.
        interpreters: family to the Python that plays it, where it is not this one; None for
            those that the user has named.
        cores: that it has to itself; None for all that this process may use.
    """

    def __init__(
        self,
        slots: int,
        limits: Limits,
        interpreters: Mapping[str, str] | None = None,
        cores: int | None = None,
    ) -> None:
        if interpreters is None:
            interpreters = named_interpreters()
        self.slots = [Slot(number, limits, interpreters) for number in range(slots)]
        self.patience = ROOMY if slots < (cores or available_cores()) else CROWDED
        self._next_round = 0.0
        self._standing: list[subprocess.Popen[bytes] | None] = []
        self._listened: dict[int, Slot] = {}
        self._poll = select.poll()

    def wait(self, interactive: bool) -> list[Event]:
        """Waits until at least one slot has something to say, and returns all that have.

        Args:
            interactive: whether an agent acts from here, so that answers come within
                microseconds and looking for them pays.
        """
        busy = [slot for slot in self.slots if slot.at_work]
        if not busy:
            return []
        spin_until = time.perf_counter() + self.patience.parent if interactive else 0.0
        doze = FIRST_DOZE
        while True:
            late = self._overdue(busy)
            if late:
                return late
            spoken = [slot for slot in busy if slot.has_spoken()]
            if not spoken:
                if time.perf_counter() < spin_until:
                    os.sched_yield()
                    continue
                spoken = self._sleep(busy, doze)
                doze = ROUND
            if spoken:
                return [slot.listen() for slot in spoken]

    def _sleep(self, busy: list[Slot], seconds: float) -> list[Slot]:
        """Sleeps until a bell, a death or the time is up; the slots to listen to."""
        for slot in busy:
            slot.channel.words[PARENT_SLEEPS] = 1
        readable: list[tuple[int, int]] = []
        # A worker may have answered between the last look and its being told to ring.
        if not any(slot.has_spoken() for slot in busy):
            readable = self._poller().poll(1000 * seconds)
        gone = []
        for descriptor, _ in readable:
            slot = self._listened[descriptor]
            if descriptor == slot.channel.bell_in:
                slot.channel.drain()
            elif not slot.has_spoken() and slot.is_gone():
                gone.append(slot)
        for slot in busy:
            slot.channel.words[PARENT_SLEEPS] = 0
        return [slot for slot in busy if slot.has_spoken() or slot in gone]

    def _poller(self) -> select.poll:
        """One poll over the bells and sockets of all processes, made anew when one is replaced."""
        standing = [slot.process for slot in self.slots]
        if standing != self._standing:
            self._standing, self._listened, self._poll = standing, {}, select.poll()
            for slot in self.slots:
                if slot.process is not None:
                    for descriptor in (slot.channel.bell_in, slot.control.fileno()):
                        self._poll.register(descriptor, select.POLLIN)
                        self._listened[descriptor] = slot
        return self._poll

    def _overdue(self, busy: list[Slot]) -> list[Event]:
        now = time.monotonic()
        if now < self._next_round:
            return []
        self._next_round = now + ROUND
        late = [(slot, slot.overdue(now)) for slot in busy]
        return [Event(slot, fault) for slot, fault in late if fault is not None]

    def kill(self) -> None:
        """Kills every worker, from any thread: whoever waits for one goes on, and closes."""
        for slot in self.slots:
            slot.kill()

    def close(self) -> None:
        """Ends every worker and whatever it started, within ``CLOSING`` and a little."""
        for slot in self.slots:
            slot.ask_to_quit()
        deadline = time.monotonic() + CLOSING
        for slot in self.slots:
            slot.end(patience=max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
