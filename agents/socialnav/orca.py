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

SLOWS = 1.0
"""Time in which it would be at the goal: CrowdNav's robot slows down over the last metre [s]."""


class Orca(Pilot):
    """Keeps ``safety`` [m] from people besides, so that it does well among those who see nothing.

    ORCA takes half of each evasion on itself and leaves the other half to the other. With people
    who do not see the robot that ends in a collision as often as not; the distance makes up for
    it. Of walls it knows nothing.
    """

    observations = ("state",)
    safety = 0.15

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        return drive.action(self._velocity(view, towards(view, SLOWS), drive.dt))

    def _velocity(self, view: View, wish: Floats, dt: float) -> Floats:
        rvo = _pyrvo().RVOSimulator(dt, NEAR, NEIGHBOURS, HORIZON, HORIZON, 0.3, 1.0)
        extra = MARGIN + self.safety
        mine = (view.radius + extra, view.fastest)
        velocity = tuple(view.velocity.tolist())
        rvo.add_agent((0.0, 0.0), NEAR, NEIGHBOURS, HORIZON, HORIZON, *mine, velocity)
        rvo.set_agent_pref_velocity(0, tuple(wish.tolist()))
        for place, moving, size in zip(
            view.people.tolist(), view.walking.tolist(), view.sizes.tolist(), strict=True
        ):
            # Where people go is not for this simulation to find out: they mind nobody.
            rvo.add_agent(tuple(place), 0.0, 0, HORIZON, HORIZON, size + extra, 1.0, tuple(moving))
        rvo.do_step()
        return np.array(rvo.get_agent_velocity(0).to_tuple())


class CrowdNavOrca(Orca):
    """The same without the distance: the baseline of CrowdNav's tables, ``safety_space`` 0."""

    safety = 0.0


def _pyrvo() -> Any:
    try:
        import pyrvo
    except ModuleNotFoundError as error:
        raise MissingExtra("socialnav", "socialnav", error.name or "pyrvo") from error
    return pyrvo
