"""The scripted expert: one skill after the other, again where it did not work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arm import PERIOD, Arm, rotation_error
from .element import ELEMENTS
from .skill import SKILLS, Move

RETREAT = 0.12
"""How far the hand goes back along its fingers between two skills [m]."""

TURN_RATE = 1.5
"""How fast the hand turns [rad/s]."""


class Expert:
    """Sees the whole state of a kitchen and does what is to be done in it.

    Args:
        kitchen: the environment, a :class:`.environment.Kitchen`.
    """

    def __init__(self, kitchen: Any) -> None:
        self._kitchen = kitchen

    def reset(self, observation: Any, info: Any) -> None:
        """Begins an episode."""
        self._arm = Arm(self._kitchen.model)
        self._arm.begin(self._kitchen.data)
        self._place, self._turned = self._arm.pose_of(self._kitchen.data)
        self._moves = self._programme()
        self._move: Move | None = None
        self._waited = 0

    def act(self, observation: Any) -> NDArray[np.float32]:
        """The next action `[9]`."""
        data = self._kitchen.data
        if self._move is None or self._arrived(self._move):
            self._move, self._waited = next(self._moves), 0
        self._advance(self._move)
        self._arm.aim(self._place, self._turned)
        return self._arm.action(data.qpos[:9], self._move.opening)

    def _arrived(self, move: Move) -> bool:
        """Whether the plan is there, and the arm is too or will not come nearer."""
        if np.linalg.norm(move.place - self._place) > 1e-3:
            return False
        if np.linalg.norm(rotation_error(move.turned, self._turned)) > 1e-2:
            return False
        tips, _ = self._arm.pose_of(self._kitchen.data)
        self._waited += 1
        close = np.linalg.norm(tips - move.place) < move.near and self._waited >= move.dwell
        return bool(close) or self._waited > move.patience

    def _advance(self, move: Move) -> None:
        """Moves what is aimed at towards where it should end, as fast as it may."""
        way = move.place - self._place
        length = float(np.linalg.norm(way))
        self._place = self._place + way * min(1.0, move.speed * PERIOD / max(length, 1e-9))
        turn = rotation_error(move.turned, self._turned)
        angle = float(np.linalg.norm(turn))
        blend = min(1.0, TURN_RATE * PERIOD / max(angle, 1e-9))
        mixed = self._turned + blend * (move.turned - self._turned)
        left, _, right = np.linalg.svd(mixed)
        self._turned = left @ right

    def _programme(self) -> Iterator[Move]:
        """Every element's skill in turn, until all are done; then the hand stays."""
        while True:
            for one in self._kitchen.elements:
                if not ELEMENTS[one.name].done(self._kitchen.data.qpos, strict=True):
                    yield from SKILLS[one.name](self._kitchen.model, self._kitchen.data)
                    yield self._retreat()
            yield Move(place=self._place, turned=self._turned)

    def _retreat(self) -> Move:
        tips, turned = self._arm.pose_of(self._kitchen.data)
        return Move(place=tips - RETREAT * turned[:, 2], turned=turned, opening=0.04, speed=0.5)


def make_expert(env: Any) -> Expert:
    """The expert of an environment, whatever it is wrapped in."""
    return Expert(env.unwrapped)
