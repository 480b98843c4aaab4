"""A robot that avoids people by ORCA, from what it observes.

Van den Berg et al., "Reciprocal n-body collision avoidance" (2011), by RVO2 through ``pyrvo``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.errors import MissingExtra
from .drive import Drive
from .pilot import Pilot
from .straight import towards
from .view import Floats, View

NEAR, NEIGHBOURS, HORIZON = 10.0, 10, 5.0
"""Distance up to which people are minded [m], how many of them, and the time for which a velocity
must be free of collision [s]: CrowdNav's ``orca.py``."""

MARGIN = 0.01
"""Added to every radius against rounding, likewise [m]."""

WALL_HORIZON, WALL_MARGIN = 1.5, 0.08
"""The time for walls [s], and the distance kept from them [m]: a robot cannot take every velocity
at once, as ORCA believes. Ours, for CrowdNav knows no walls."""

SIGHT, PIECE, GAP = 2.5, 0.15, 0.5
"""How far walls are looked at, of what pieces they are made of the scan, and the distance of two
points between which there may be a way [m]."""

SLOWS = 1.0
"""Time in which it would be at the goal: CrowdNav's robot slows down over the last metre [s]."""


class Orca(Pilot):
    """Keeps ``safety`` [m] from people besides, so that it does well among those who see nothing.

    ORCA takes half of each evasion on itself and leaves the other half to the other. With people
    who do not see the robot that ends in a collision as often as not; the distance makes up for
    it. Walls are what the scan shows; it knows no way around them.
    """

    observations = ("state", "lidar")
    safety = 0.15

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        return drive.action(self._velocity(view, towards(view, SLOWS), drive.dt))

    def _velocity(self, view: View, wish: Floats, dt: float) -> Floats:
        rvo = _pyrvo().RVOSimulator(dt, NEAR, NEIGHBOURS, HORIZON, WALL_HORIZON, 0.3, 1.0)
        timing = (HORIZON, WALL_HORIZON)
        # The distance is kept from people alone: doors are narrow.
        mine = view.radius + (WALL_MARGIN if len(view.walls) else MARGIN)
        theirs = view.sizes + view.radius + 2 * (MARGIN + self.safety) - mine
        velocity = tuple(view.velocity.tolist())
        rvo.add_agent((0.0, 0.0), NEAR, NEIGHBOURS, *timing, mine, view.fastest, velocity)
        rvo.set_agent_pref_velocity(0, tuple(wish.tolist()))
        for place, moving, size in zip(
            view.people.tolist(), view.walking.tolist(), theirs.tolist(), strict=True
        ):
            # Where people go is not for this simulation to find out: they mind nobody.
            rvo.add_agent(tuple(place), 0.0, 0, *timing, size, 1.0, tuple(moving))
        pieces = _pieces(view.walls[np.hypot(*view.walls.T) < SIGHT])
        for begin, end in pieces.tolist():
            rvo.add_obstacle([tuple(begin), tuple(end)])
        if len(pieces):
            rvo.process_obstacles()
        rvo.do_step()
        return np.array(rvo.get_agent_velocity(0).to_tuple())


def _pieces(walls: Floats) -> Floats:
    """Thin walls through the points of a scan, `[P, 2, 2]` [m]: neighbours are joined.

    Args:
        walls: in turn, `[K, 2]` [m].
    """
    kept: list[Floats] = []
    for point in walls:
        if not kept or np.hypot(*(point - kept[-1])) >= PIECE:
            kept.append(point)
    if len(kept) < 2:
        return np.zeros((0, 2, 2))
    ring = np.array(kept)
    pieces = np.stack([ring, np.roll(ring, -1, axis=0)], axis=1)
    lengths = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T)
    return np.asarray(pieces[(lengths < GAP) & (lengths > 1e-3)])


class CrowdNavOrca(Orca):
    """The same without the distance: the baseline of CrowdNav's tables, ``safety_space`` 0."""

    safety = 0.0


def _pyrvo() -> Any:
    try:
        import pyrvo
    except ModuleNotFoundError as error:
        raise MissingExtra("socialnav", "socialnav", error.name or "pyrvo") from error
    return pyrvo
