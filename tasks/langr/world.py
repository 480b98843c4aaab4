"""What the rules ask of a world, and the state of a home that they change.

A world says what a home looks like: where its boxes and places are, and how it is drawn. What
happens in it is decided by ``rules`` alone, on a :class:`HomeState`. Two worlds exist: one drawn
with MuJoCo, and habitat-sim's in a process of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from .episode import Episode
from .home import Home, Point
from .layout import Pose

View = Literal["head", "third-person", "top-down"]

VIEWS: tuple[View, ...] = ("head", "third-person", "top-down")
"""The robot's own camera; one over its shoulder; the whole home from above, without its roof."""

Quaternion = tuple[float, float, float, float]


class HomeState(msgspec.Struct):
    """Everything that changes in a home. Plain numbers, so that rules run in microseconds.

    Attributes:
        base: the robot's place and heading.
        positions: of each object's origin, in the episode's order [m].
        rotations: unit quaternion w, x, y, z of each object.
        held: index of the object in the gripper, or None.
        fridge: angle of its door [rad].
        drawers: how far each drawer is open, by handle [m].
    """

    base: Pose
    positions: list[Point]
    rotations: list[Quaternion]
    held: int | None
    fridge: float
    drawers: dict[str, float]


class World(Protocol):
    """A place where episodes happen."""

    @property
    def info(self) -> Mapping[str, str]:
        """What draws: ``backend``, ``profile`` and, once a picture was made, ``device``."""

    def load(self, episode: Episode) -> Home:
        """Prepares the episode's home and objects, and gives its geometry.

        Objects of the same home are reused from one episode to the next.
        """

    def draw(self, state: HomeState, view: View) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]` of the home that was loaded last."""

    def close(self) -> None:
        """Frees windows and processes; may be called twice."""
