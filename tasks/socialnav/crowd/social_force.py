"""People who walk by Helbing's social force."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadArgument, MissingExtra
from ..dice import Dice
from ..force import HELBING_2000, ForceLaw
from ..scene import Scene
from .kernel import FASTEST, advance_numpy, compiled
from .visibility import Visibility, halted
from .walker import Walkers

Floats = NDArray[np.float64]

LONGEST_SUBSTEP = 0.02
"""Longest step of the integration [s]; with people pressed together 0.05 s can fling them apart."""

ARRIVAL = 0.5
"""Time constant with which people slow down before their goal [s]; our own choice, as those of the
paper never arrive."""

KERNELS = ("auto", "numpy", "numba")
"""How the forces are summed: ``auto`` takes numba where it is installed."""


class SocialForce:
    """A crowd that walks by the social force.

    Those who see the robot are pushed by it as by one another; while a step is taken the robot
    goes on at the velocity it has.

    Args:
        track: whether they see the robot; a name of ``visibility.TRACKS``.
        law: the constants of the force.
        kernel: one of ``KERNELS``. They agree to 1e-6 m after 15 s, and not to the last bit.
        dither: see ``Walkers``.

    Attributes:
        kernel: ``numpy`` or ``numba``, for the record.

    Raises:
        MissingExtra: numba was asked for and is not installed.
        BadArgument: no such kernel.
    """

    name = "social_force"
    walkers: Walkers

    def __init__(
        self,
        track: str = "visible",
        law: ForceLaw = HELBING_2000,
        kernel: str = "auto",
        dither: float = 0.01,
    ) -> None:
        if kernel not in KERNELS:
            raise BadArgument(f"kernel is {kernel!r}; it is one of {', '.join(KERNELS)}")
        fast = None if kernel == "numpy" else compiled()
        if kernel == "numba" and fast is None:
            raise MissingExtra("socialnav", "socialnav-fast", "numba")
        self.kernel = "numpy" if fast is None else "numba"
        self._advance = advance_numpy if fast is None else fast
        self.visibility, self._law, self._dither = Visibility.named(track), law, dither

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts the people of a scene on their places."""
        self.walkers = Walkers(scene, self.visibility, dice, self._dither, ARRIVAL)
        self._walls = np.concatenate([scene.floor.segments, _round(scene.floor.discs)])
        self._robot_radius = scene.body.radius
        aware = self.walkers.aware
        self._mixed = bool(aware.any()) and not aware.all()

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Everybody is pushed about and walks on; see ``CrowdModel``."""
        walkers = self.walkers
        wish = walkers.wish(robot_pos, robot_vel, dt)
        before = walkers.pos
        if self._mixed:
            seen = self._moved(wish, dt, (robot_pos, robot_vel))
            blind = self._moved(wish, dt, None)
            aware = walkers.aware[:, None]
            pos, vel = np.where(aware, seen[0], blind[0]), np.where(aware, seen[1], blind[1])
        else:
            robot = (robot_pos, robot_vel) if walkers.aware.any() else None
            pos, vel = self._moved(wish, dt, robot)
        if walkers.halts:
            drift = (pos - before) / dt
            kept = halted(before, drift, walkers.radius, robot_pos, self._robot_radius)
            pos = before + kept * dt
            vel = np.where((kept == drift).all(axis=1)[:, None], vel, kept)
        walkers.pos, walkers.vel = pos, vel
        walkers.settle(dt)
        return walkers.pos, walkers.vel

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return self.walkers.state()

    def _moved(
        self, wish: Floats, dt: float, robot: tuple[Floats, Floats] | None
    ) -> tuple[Floats, Floats]:
        walkers, count = self.walkers, len(self.walkers)
        pos, vel, radius = walkers.pos, walkers.vel, walkers.radius
        if robot is not None:
            pos, vel = np.vstack([pos, robot[0]]), np.vstack([vel, robot[1]])
            radius = np.append(radius, self._robot_radius)
        else:
            pos, vel = pos.copy(), vel.copy()
        substeps = max(1, math.ceil(dt / LONGEST_SUBSTEP - 1e-9))
        fastest = FASTEST * walkers.speed
        self._advance(pos, vel, radius, wish, fastest, self._walls, dt, substeps, self._law)
        return pos[:count], vel[:count]


def _round(discs: Floats) -> Floats:
    """Round things as rings of 24 wall segments, `[24 D, 4]` [m]."""
    turn = np.arange(25) * (2 * np.pi / 24)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    rings = discs[:, None, :2] + discs[:, None, 2:] * circle
    return np.concatenate([rings[:, :-1], rings[:, 1:]], axis=-1).reshape(-1, 4)
