"""All parts of one layout: what stands still, and groups of parts that move as one."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from . import room
from .machine import flag, machine
from .primitive import Primitive, about_z, product
from .space import Plan, Space

Floats = NDArray[np.float64]

Pose = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Scenery:
    """The parts of a layout with a robot.

    Attributes:
        space: the layout's ground.
        indoors: whether it has a ceiling.
        segments: walls that hide what is behind, `[S, 4]` [m].
        still: parts in the world's frame.
        groups: the robot's parts, then each thing's, in their own frames.
        poses: where each thing begins: x, y [m] and heading [rad].
    """

    space: Space
    indoors: bool
    segments: Floats
    still: list[Primitive]
    groups: list[list[Primitive]]
    poses: list[Pose]

    @property
    def count(self) -> int:
        """Of all parts."""
        return len(self.still) + sum(len(group) for group in self.groups)


def build(plan: Plan, radius: float, eye: float, goal: Pose | None) -> Scenery:
    """The scenery of a layout.

    Args:
        plan: the layout.
        radius: of the robot [m].
        eye: height of its camera [m].
        goal: x, y and tolerance of its goal [m], or None.
    """
    space = Space(plan)
    setting = plan.setting(space)
    still = room.build(plan, space, setting)
    if goal is not None:
        x, y, tolerance = goal
        still += [
            part._replace(centre=(part.centre[0] + x, part.centre[1] + y, part.centre[2]))
            for part in flag(tolerance)
        ]
    poses = []
    for thing in plan.things:
        x, y = np.reshape(thing.pos, (-1, 2))[0]
        yaw = float(np.reshape(thing.yaw, -1)[0]) if np.size(thing.yaw) else 0.0
        poses.append((float(x), float(y), yaw))
    groups = [machine(radius, eye), *room.standing_things(plan)]
    return Scenery(space, setting != "square", plan.segments(), still, groups, poses)


class Movers:
    """Places groups of parts by the pose of each group, all at once.

    Args:
        groups: parts in their own frames.
    """

    def __init__(self, groups: list[list[Primitive]]) -> None:
        parts = [part for group in groups for part in group]
        self._owner = np.array([n for n, group in enumerate(groups) for _ in group], int)
        self._centres = np.array([part.centre for part in parts]).reshape(-1, 3)
        self._turns = [part.turn for part in parts]

    def place(self, poses: Floats) -> tuple[Floats, Floats]:
        """Centres `[M, 3]` [m] and quaternions `[M, 4]` of all parts.

        Args:
            poses: x, y [m] and heading [rad] of each group, `[G, 3]`.
        """
        x, y, yaw = poses[self._owner].T
        cos, sin = np.cos(yaw), np.sin(yaw)
        centres = self._centres.copy()
        centres[:, 0] = x + cos * self._centres[:, 0] - sin * self._centres[:, 1]
        centres[:, 1] = y + sin * self._centres[:, 0] + cos * self._centres[:, 1]
        turns = [
            product(about_z(float(angle)), turn)
            for angle, turn in zip(yaw, self._turns, strict=True)
        ]
        return centres, np.array(turns).reshape(-1, 4)
