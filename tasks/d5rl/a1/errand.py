"""The A1 runs to one place after the other, as they are drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .environment import A1, GOAL_REACHED, STATE_SIZE
from .reward import Motion, hike_reward

FARTHEST = 10.0
"""A goal is drawn from the square that reaches so far from the start [m] (upstream's ``runto``)."""


class A1RunTo(A1):
    """Run to a goal on a field, then to the next.

    ``state`` begins with the bearing of the goal [rad], left positive. The field is level or
    bumpy; this, its friction, the trunk's mass and the goals are drawn from the seed. An episode
    ends when the robot falls.

    ``info["metrics"]``: ``goals`` reached, ``distance`` to the next one [m], ``fallen`` (0 or 1).
    Success is the first goal reached.

    Args:
        speed: to keep [m/s].
        **settings: as for :class:`A1`, without ``ground`` and ``instruction``.
    """

    state_size = STATE_SIZE + 1

    def __init__(self, speed: float = 1.0, **settings: Any) -> None:
        words = f"Run to the goal, and from there to the next, at {speed:g} m/s."
        super().__init__(ground="field", instruction=words, speed=speed, **settings)

    @property
    def bearing(self) -> float:
        """Where the goal is, as the trunk sees it, left positive [rad]."""
        ahead, aside = self._way()
        off = math.atan2(aside, ahead) - self.simulation.motion().yaw
        return math.remainder(off, 2 * math.pi)

    def _way(self) -> tuple[float, float]:
        x, y = self.simulation.place()
        return self.goal[0] - x, self.goal[1] - y

    def _draw_goal(self) -> None:
        x, y = self.np_random.uniform(-FARTHEST, FARTHEST, 2).tolist()
        self.goal: tuple[float, float] = (x, y)

    def _begin(self) -> None:
        self._goals = 0
        self._draw_goal()
        # A picture's context keeps the ground that it was made with.
        self.close()

    def _reward(self, motion: Motion) -> float:
        if math.hypot(*self._way()) < GOAL_REACHED:
            self._goals += 1
            self._draw_goal()
        return hike_reward(motion, self.speed, self.bearing)

    def _senses(self) -> NDArray[np.float64]:
        return np.concatenate(([self.bearing], self.simulation.senses()))

    def _info(self, motion: Motion) -> dict[str, Any]:
        metrics = {
            "goals": float(self._goals),
            "distance": math.hypot(*self._way()),
            "fallen": float(motion.fallen),
        }
        return {"success": self._goals > 0, "metrics": metrics}
