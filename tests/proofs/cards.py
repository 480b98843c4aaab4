"""Every card of social navigation played by its oracle, and by a robot that minds nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from polyathlon.tasks.socialnav.card import CARDS
from polyathlon.tasks.socialnav.card.evidence import Evidence
from polyathlon.tasks.socialnav.card.oracle import Straight
from polyathlon.tasks.socialnav.card.play import play
from polyathlon.tasks.socialnav.policy import Policy

__all__ = ["CARDS", "COLUMNS", "Shown", "shown"]

COLUMNS = (
    "labelled", "ideal", "success", "touched", "psc@0.5",
    "straight: labelled", "ideal", "success", "touched", "psc@0.5",
)  # fmt: skip
"""Shares of episodes, and the mean share of time at 0.5 m or more from everybody."""

LABELLED, MOST = 0.9, 0.5
"""Share of episodes that have to be labelled, and that the oracle has to end as it should."""

GOING_FIRST = ("intersection-proceed", "exiting-room")
"""Cards that ask the robot to go first: there, to go straight at full speed is all but right."""


class Rates(NamedTuple):
    """Shares of the episodes of one robot on one card."""

    labelled: float
    ideal: float
    success: float
    touched: float
    compliance: float


class Shown(NamedTuple):
    """What a card shows."""

    name: str
    oracle: Rates
    straight: Rates

    @property
    def holds(self) -> bool:
        """Whether it is met, the oracle mostly succeeds, and the reckless robot does harm."""
        oracle, straight = self.oracle, self.straight
        met = min(oracle.labelled, straight.labelled) >= LABELLED
        good = min(oracle.success, oracle.ideal) > MOST
        worse = (
            straight.touched > oracle.touched
            or straight.compliance < oracle.compliance - 0.02
            or straight.success < oracle.success - 0.3
        )
        return met and good and (worse or self.name in GOING_FIRST)

    def cells(self) -> tuple[str, ...]:
        """Its figures as text."""
        return tuple(f"{rate:.2f}" for rate in (*self.oracle, *self.straight))


def shown(name: str, episodes: int) -> Shown:
    """Plays the seeds from 0 on.

    Args:
        name: of the card.
        episodes: how many.
    """
    return Shown(name, _rates(name, CARDS[name].oracle, episodes), _rates(name, Straight, episodes))


def _rates(name: str, make: Callable[[], Policy], episodes: int) -> Rates:
    found = []
    for seed in range(episodes):
        log = play(CARDS[name], make(), seed)
        seen, said = Evidence(log), CARDS[name].judge(log)
        apart = float((seen.gap.min(axis=1, initial=np.inf) >= 0.5).mean())
        found.append((said.labelled, said.ideal, seen.arrived, seen.touched, apart))
    return Rates(*(float(rate) for rate in np.mean(np.array(found, np.float64), axis=0)))
