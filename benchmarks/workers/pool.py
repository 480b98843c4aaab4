"""All the slots of a run: waits for whichever speaks first, and closes them all for certain."""

from __future__ import annotations

import os
import select
import time
from types import TracebackType
from typing import Self

from .channel import PARENT_SLEEPS
from .slot import Event, Limits, Slot

CLOSING = 1.5
"""Time workers have to end by themselves before they are killed [s]."""

ROUND = 0.05
"""Deadlines are looked at this often [s]."""

FIRST_DOZE = 0.002
"""The first sleep is short [s]: a bell missed by two processors' store buffers costs no more."""

SPIN_WITH_A_CORE = 0.001
SPIN_WITHOUT = 0.00005
"""How long to look before sleeping [s], where each worker and the parent have a core to
themselves and where they have not. Waking a sleeper costs about 50 microseconds."""


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
    """

    def __init__(self, slots: int, limits: Limits) -> None:
        self.slots = [Slot(number, limits) for number in range(slots)]
        self.spin = SPIN_WITH_A_CORE if slots < available_cores() else SPIN_WITHOUT
        self._next_round = 0.0

    def wait(self, interactive: bool) -> list[Event]:
        """Waits until at least one slot has something to say, and returns all that have.

        Args:
            interactive: whether an agent acts from here, so that answers come within
                microseconds and looking for them pays.
        """
        busy = [slot for slot in self.slots if slot.at_work]
        if not busy:
            return []
        spin_until = time.perf_counter() + self.spin if interactive else 0.0
        doze = FIRST_DOZE
        while True:
            late = self._overdue(busy)
            if late:
                return late
            spoken = [slot for slot in busy if slot.has_spoken()]
            if not spoken and time.perf_counter() >= spin_until:
                spoken = self._sleep(busy, doze)
                doze = ROUND
            if spoken:
                return [slot.listen() for slot in spoken]

    def _sleep(self, busy: list[Slot], seconds: float) -> list[Slot]:
        """Sleeps until a bell, a death or the time is up; the slots to listen to."""
        poller = select.poll()
        sockets = {}
        for slot in busy:
            slot.channel.words[PARENT_SLEEPS] = 1
            poller.register(slot.channel.bell_in, select.POLLIN)
            poller.register(slot.control.fileno(), select.POLLIN)
            sockets[slot.control.fileno()] = slot
        readable = []
        # A worker may have answered between the last look and its being told to ring.
        if not any(slot.has_spoken() for slot in busy):
            readable = [descriptor for descriptor, _ in poller.poll(1000 * seconds)]
        for slot in busy:
            slot.channel.words[PARENT_SLEEPS] = 0
            slot.channel.drain()
        silent = [sockets[descriptor] for descriptor in readable if descriptor in sockets]
        return [slot for slot in busy if slot.has_spoken() or (slot in silent and slot.is_gone())]

    def _overdue(self, busy: list[Slot]) -> list[Event]:
        now = time.monotonic()
        if now < self._next_round:
            return []
        self._next_round = now + ROUND
        late = [(slot, slot.overdue(now)) for slot in busy]
        return [Event(slot, fault) for slot, fault in late if fault is not None]

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
