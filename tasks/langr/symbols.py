"""The symbolic observation ``state``: the home as numbers, from where the robot stands.

The layout is fixed: a block for the robot and the doors, then one row for each of
``ROWS_PER_CATEGORY`` objects of each category, in the order of the skills. What the home does not
hold is a row of zeros.
"""

from __future__ import annotations

import math

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .home import DRAWER_TRAVEL, FRIDGE_OPEN, Point
from .layout import Pose
from .rules import NEAR, NEAR_ANGLE, REACH, REACH_ANGLE, Rules
from .vocabulary import CATEGORIES, DRAWERS, NAVIGABLE, RECEPTACLES

ROWS_PER_CATEGORY = 4
"""Objects of one category that have a row; the official episodes hold four at most."""

PLACE_NAMES = tuple(f"at {place}" for place in NAVIGABLE)

HEAD_NAMES = ("holding", "fridge open", *(f"{drawer} open" for drawer in DRAWERS), *PLACE_NAMES)
"""The robot's block: 0 or 1 for the gripper; how far the doors are open, 1 for all the way; 0 or 1
for each place that the robot is at."""

ROW_NAMES = (
    "present",
    "held",
    "pickable",
    "ahead",
    "left",
    "height",
    *(f"on {name}" for name in RECEPTACLES),
)
"""A row: 0 or 1, 0 or 1, 0 or 1, then where it is in the robot's frame [m], then one-hot over the
receptacles."""

STATE_SIZE = len(HEAD_NAMES) + len(CATEGORIES) * ROWS_PER_CATEGORY * len(ROW_NAMES)
"""Numbers in ``state``."""

STATE_NAMES = HEAD_NAMES + tuple(
    f"{category} {row}: {name}"
    for category in CATEGORIES
    for row in range(ROWS_PER_CATEGORY)
    for name in ROW_NAMES
)
"""What each number of ``state`` is."""

COS_REACH, COS_NEAR = math.cos(REACH_ANGLE), math.cos(NEAR_ANGLE)

_ROWS = len(CATEGORIES) * ROWS_PER_CATEGORY

FARTHEST = 100.0
"""No home is larger [m]."""


def state_space() -> spaces.Box:
    """Space of ``state``: float32 ``[STATE_SIZE]``."""
    low = np.zeros(STATE_SIZE, np.float32)
    high = np.ones(STATE_SIZE, np.float32)
    rows_low = low[len(HEAD_NAMES) :].reshape(-1, len(ROW_NAMES))
    rows_high = high[len(HEAD_NAMES) :].reshape(-1, len(ROW_NAMES))
    rows_low[:, 3:6], rows_high[:, 3:6] = -FARTHEST, FARTHEST
    return spaces.Box(low, high, dtype=np.float32)


class Symbols:
    """Keeps the symbolic observation of one episode up to date.

    Args:
        rules: of the episode.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        rows: list[int] = []
        kept: list[int] = []
        for category, row in zip(CATEGORIES, range(0, _ROWS, ROWS_PER_CATEGORY), strict=True):
            names = rules.instances.get(category, ())[:ROWS_PER_CATEGORY]
            rows += range(row, row + len(names))
            kept += [rules.objects.index(name) for name in names]
        self._rows, self._kept = np.array(rows, int), kept
        self._row_of = dict(zip(kept, rows, strict=True))
        self._known: list[Point | None] = [None] * len(kept)
        # Objects first, then places: one turn into the robot's frame does for both.
        self._points = np.zeros((len(kept) + len(NAVIGABLE), 2))
        self._points[len(kept) :] = [rules.home.reference(place)[:2] for place in NAVIGABLE]
        self._boxed = np.zeros(len(kept), bool)
        places = len(NAVIGABLE)
        self._limit = np.array([REACH**2] * len(kept) + [NEAR**2] * places)
        self._slope = np.array([COS_REACH**2] * len(kept) + [COS_NEAR**2] * places)
        self._state = np.zeros(STATE_SIZE, np.float32)
        self._table = self._state[len(HEAD_NAMES) :].reshape(_ROWS, len(ROW_NAMES))
        self._table[self._rows, 0] = 1.0
        starts = len(HEAD_NAMES) + self._rows * len(ROW_NAMES)
        self._columns = [starts + column for column in range(5)]
        self._base: Pose | None = None
        self._held: int | None = None

    def read(self) -> NDArray[np.float32]:
        """A fresh copy of the observation for the state of the moment."""
        state, known = self._rules.state, self._known
        stale = state.base is not self._base or state.held != self._held
        for place, index in enumerate(self._kept):
            point = state.positions[index]
            if point is not known[place]:
                known[place], stale = point, True
                self._note(place, index, point)
        self._state[0] = state.held is not None
        self._state[1] = state.fridge / FRIDGE_OPEN
        for place, opened in enumerate(state.drawers.values(), start=2):
            self._state[place] = opened / DRAWER_TRAVEL
        if stale or self._boxed.any():
            self._look()
        return self._state.copy()

    def _look(self) -> None:
        """Turns everything into the robot's frame, and says what is within reach."""
        base, held, count = self._rules.state.base, self._rules.state.held, len(self._kept)
        self._base, self._held = base, held
        cos, sin = math.cos(base.yaw), math.sin(base.yaw)
        dx, dy = self._points[:, 0] - base.x, self._points[:, 1] - base.y
        ahead, left = dx * cos + dy * sin, dy * cos - dx * sin
        square = ahead * ahead
        distance = square + left * left
        # An angle is at most a limit when its cosine is at least the limit's; both limits are
        # below a right angle, so that squares will do for what is ahead.
        near = (distance <= self._limit) & (ahead >= 0) & (square >= distance * self._slope)
        state, (_, holding, pickable, x, y) = self._state, self._columns
        state[len(HEAD_NAMES) - len(NAVIGABLE) : len(HEAD_NAMES)] = near[count:]
        state[holding] = 0.0
        state[x], state[y] = ahead[:count], left[:count]
        if held is None:
            reachable = near[:count]
            for place in np.flatnonzero(reachable & self._boxed):
                reachable[place] = self._rules.shut_in(self._kept[place]) is None
            state[pickable] = reachable
            return
        state[pickable] = 0.0
        if held in self._row_of:
            self._table[self._row_of[held], 1] = 1.0

    def _note(self, place: int, index: int, point: Point) -> None:
        """Notes where an object is now, on what, and whether a drawer may hide it."""
        rules, row = self._rules, self._table[self._rows[place]]
        self._points[place] = point[:2]
        row[5] = point[2]
        row[6:] = 0.0
        receptacle = None if index == rules.state.held else rules.receptacle_of(index)
        if receptacle is not None:
            row[6 + RECEPTACLES.index(receptacle)] = 1.0
        self._boxed[place] = any(box.contains(point) for box in rules.home.drawers.values())
