"""The floor of every table among people: straight to the goal, whoever is in the way."""

from __future__ import annotations

from typing import Any

from .drive import Drive
from .pilot import Pilot
from .view import Floats, View


def towards(view: View, time: float) -> Floats:
    """The velocity to the goal, `[2]` [m/s]: the greatest, or what brings it there in a time.

    Args:
        view: the robot's.
        time: in which it is to be there, if it can [s].
    """
    left = float((view.goal @ view.goal) ** 0.5)
    if left < 1e-9:
        return view.goal * 0.0
    return view.goal * (min(view.fastest, left / time) / left)


class Straight(Pilot):
    """Goes straight to the goal at full speed."""

    observations = ("state",)

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        return drive.action(towards(view, drive.dt))
