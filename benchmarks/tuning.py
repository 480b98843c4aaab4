"""How many slots play fastest, found by measuring while the run is under way.

Real episodes are played meanwhile: a score is the same for any number of slots, so that nothing
is wasted and nothing is at stake but time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .workers.channel import PROGRESS
from .workers.slot import Slot, State

WINDOW = 3.0
"""How long a number of slots is looked at [s]."""

LEAST_STEPS = 50
"""Fewer steps say nothing; then it is looked at for longer."""

LONGEST = 60.0
"""Longer is not waited for slow worlds [s]."""

WORTH = 1.1
"""More slots must be this much faster: each costs memory, and measuring is noisy."""


class Tuner:
    """Doubles the slots that play, as long as that is worth it.

    Args:
        most: of them.
        told: hears what was found.
        clock: gives the time [s].

    Attributes:
        active: slots that may play now.
        rates: steps a second, by slots.
        told: as above.
    """

    def __init__(
        self,
        most: int,
        told: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self.told, self._clock = most, told, clock
        self.active = 1
        self.rates: dict[int, float] = {}
        self._settled = most == 1
        self._begun: float | None = None
        self._seen: list[int] = []

    def look(self, slots: Sequence[Slot]) -> bool:
        """Takes a look, now and then; True when other slots may play than before."""
        if self._settled:
            return False
        playing = slots[: self.active]
        if any(slot.state not in (State.BUSY, State.WAITING) for slot in playing):
            # One is being made, or has nothing to do: that is not what is being measured.
            self._begun = None
            return False
        now, seen = self._clock(), [int(slot.channel.words[PROGRESS]) for slot in playing]
        if self._begun is None or any(a < b for a, b in zip(seen, self._seen, strict=True)):
            self._begun, self._seen = now, seen
            return False
        steps, took = sum(seen) - sum(self._seen), now - self._begun
        if took < WINDOW or (steps < LEAST_STEPS and took < LONGEST):
            return False
        self._begun = None
        return self._judge(steps / took)

    def _judge(self, rate: float) -> bool:
        before = self.rates.get(self.active // 2, 0.0)
        self.rates[self.active] = rate
        if rate < WORTH * before:
            self.active //= 2
        elif self.active * 2 <= self._most:
            self.active *= 2
            return True
        self._settled = True
        self.told(f"{self.active} slots play fastest ({self._found()})")
        return True

    def close(self) -> None:
        """The run is over; says so where that was too soon."""
        if not self._settled:
            self._settled = True
            found = f" ({self._found()})" if self.rates else ""
            self.told(f"the run was over before the best number of slots was known{found}")

    def _found(self) -> str:
        found = ", ".join(f"{count}: {rate:,.0f}" for count, rate in self.rates.items())
        return f"steps a second by slots: {found}"
