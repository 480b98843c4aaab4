"""When somebody gets somewhere: starts from which robot and person meet at a place."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..robot import Body

SLACK = 0.5
"""Greatest difference between the times at which the two would be at the place [s]."""


class Meeting(NamedTuple):
    """Where two have to start so as to meet.

    Attributes:
        robot: its way to the place [m].
        person: theirs [m].
        time: at which the robot would be there, were it alone [s].
    """

    robot: float
    person: float
    time: float


def reach(time: float, body: Body) -> float:
    """How far a robot comes from rest, as fast as it can [m].

    Args:
        time: it has [s].
        body: it is.
    """
    ramp = body.v_max / body.a_max if math.isfinite(body.a_max) else 0.0
    if time >= ramp:
        return body.v_max * (time - 0.5 * ramp)
    return 0.5 * body.a_max * time * time


def duration(distance: float, body: Body) -> float:
    """How long a robot takes from rest, as fast as it can [s].

    Args:
        distance: to go [m].
        body: it is.
    """
    ramp = body.v_max / body.a_max if math.isfinite(body.a_max) else 0.0
    if distance >= 0.5 * ramp * body.v_max:
        return distance / body.v_max + 0.5 * ramp
    return math.sqrt(2.0 * distance / body.a_max)


def meet(
    body: Body, pace: float, robot_room: float, person_room: float, late: float = 0.0
) -> Meeting:
    """The farthest starts from which a robot and a person, unimpeded, come to a place together.

    Args:
        body: the robot's.
        pace: the person's, who walks at once [m/s].
        robot_room: the longest way to the place that there is for the robot [m].
        person_room: the same for the person [m].
        late: by how much the person comes after the robot, at most ``SLACK`` either way [s].
    """
    time = min(duration(robot_room, body), person_room / pace - late)
    return Meeting(reach(time, body), pace * (time + late), time)
