"""Whether people mind the robot: the tracks on which a robot is tried."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, did_you_mean
from ..dice import Dice

Floats = NDArray[np.float64]

TRACKS = ("visible", "invisible", "aware_no_yield", "mixed", "replay")
"""``visible``: people make room for the robot as for one another. ``invisible``: they do not see
it, as in CrowdNav. ``aware_no_yield``: they go their way and stop before they would walk into it,
as in the iGibson challenge of 2021. ``mixed(p)``: each sees it with probability p. ``replay``:
recorded people, who cannot react."""

HALT = 0.5
"""Time ahead in which people who do not yield stop before the robot [s]."""

MARGIN = 0.05
"""How far before it they stop [m]: at touch, rounding would say whether they collide."""


@dataclasses.dataclass(frozen=True)
class Visibility:
    """A track.

    Attributes:
        track: one of ``TRACKS``.
        share: the probability of ``mixed``.
    """

    track: str = "visible"
    share: float = 1.0

    @classmethod
    def named(cls, text: str) -> Visibility:
        """From a name such as ``invisible`` or ``mixed(0.5)``.

        Raises:
            BadArgument: no such track, or a probability outside 0 to 1.
        """
        found = re.fullmatch(r"mixed\((.*)\)", str(text))
        if found:
            try:
                share = float(found[1])
            except ValueError:
                share = np.nan
            if not 0.0 <= share <= 1.0:
                raise BadArgument(f"track is {text!r}; mixed(p) takes a probability from 0 to 1")
            return cls("mixed", share)
        known = [name for name in TRACKS if name != "mixed"]
        if text not in known:
            raise BadArgument(
                f"there is no track {text!r}.{did_you_mean(str(text), known)} "
                f"Tracks: {', '.join(known)}, mixed(p)"
            )
        return cls(text)

    def __str__(self) -> str:
        return f"mixed({self.share:g})" if self.track == "mixed" else self.track

    @property
    def halts(self) -> bool:
        """Whether people stop before the robot rather than make room."""
        return self.track == "aware_no_yield"

    def aware(self, count: int, dice: Dice) -> NDArray[np.bool_]:
        """Who makes room for the robot, `[count]`."""
        if self.track == "mixed":
            return np.array([dice.of("aware", i).random() < self.share for i in range(count)], bool)
        return np.full(count, self.track == "visible")


def halted(
    pos: Floats, vel: Floats, radius: Floats, robot_pos: Floats, robot_radius: float
) -> Floats:
    """Velocities of people who stop rather than walk into the robot, `[H, 2]` [m/s].

    Who would come within ``MARGIN`` of the robot, were it to stand still, within ``HALT`` goes
    only so fast that they do not; who walks away from it goes on.

    Args:
        pos: of the people, `[H, 2]` [m].
        vel: that they would take, `[H, 2]` [m/s].
        radius: theirs, `[H]` [m].
        robot_pos: `[2]` [m].
        robot_radius: [m].
    """
    from ..sweep import disc_contact

    contact = disc_contact(robot_pos - pos, -vel * HALT, radius + robot_radius + MARGIN)
    approaching = ((robot_pos - pos) * vel).sum(axis=-1) > 0
    share = np.where(approaching, np.minimum(contact.share, 1.0), 1.0)
    return np.asarray(vel * share[:, None])
