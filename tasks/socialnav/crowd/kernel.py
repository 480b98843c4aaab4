"""Helbing's crowd, step by small step: in NumPy, or by the same sums compiled where numba is."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..force import ForceLaw, crowd_force

Floats = NDArray[np.float64]

FASTEST = 1.3
"""Greatest speed, as a multiple of the desired one; from Helbing and Molnar, "Social force model
for pedestrian dynamics" (1995)."""

Constants = tuple[float, ...]
"""The constants of a force law, in the order of its fields."""

Advance = Callable[[Floats, Floats, Floats, Floats, Floats, Floats, float, int, ForceLaw], None]


def advance_numpy(
    pos: Floats,
    vel: Floats,
    radius: Floats,
    wish: Floats,
    fastest: Floats,
    walls: Floats,
    dt: float,
    substeps: int,
    law: ForceLaw,
) -> None:
    """Moves people on, in place, by semi-implicit Euler steps.

    Args:
        pos: of the people and then of those who only push, `[N, 2]` [m]. These go on at their
            velocity.
        vel: `[N, 2]` [m/s].
        radius: `[N]` [m].
        wish: desired velocities of the people, `[H, 2]` [m/s].
        fastest: their greatest speeds, `[H]` [m/s].
        walls: segments, `[W, 4]` [m].
        dt: of all substeps together [s].
        substeps: how many.
        law: the force law.
    """
    count, step = len(wish), dt / substeps
    for _ in range(substeps):
        push = crowd_force(pos, vel, radius, walls, count, law) / law.mass
        speed = vel[:count] + (push + (wish - vel[:count]) / law.relaxation) * step
        size = np.hypot(speed[:, 0], speed[:, 1])
        over = size > fastest
        if over.any():
            speed[over] *= (fastest[over] / size[over])[:, None]
        vel[:count] = speed
        pos += vel * step


def force_loops(
    pos: Floats, vel: Floats, radius: Floats, walls: Floats, law: Constants, force: Floats
) -> None:
    """``crowd_force`` in plain loops, for numba.

    Args:
        pos: `[N, 2]` [m].
        vel: `[N, 2]` [m/s].
        radius: `[N]` [m].
        walls: segments, `[W, 4]` [m].
        law: the seven constants of ``ForceLaw``, in its order.
        force: is written, `[P, 2]` [N]: on the first P bodies.
    """
    strength, reach, stiffness, friction, _, _, cutoff = law
    for i in range(len(force)):
        fx = 0.0
        fy = 0.0
        for j in range(len(pos) + len(walls)):
            if j == i:
                continue
            if j < len(pos):
                ax = pos[i, 0] - pos[j, 0]
                ay = pos[i, 1] - pos[j, 1]
                sx = vel[j, 0] - vel[i, 0]
                sy = vel[j, 1] - vel[i, 1]
                touch = radius[i] + radius[j]
            else:
                w = j - len(pos)
                lx = walls[w, 2] - walls[w, 0]
                ly = walls[w, 3] - walls[w, 1]
                squared = lx * lx + ly * ly
                offset = (pos[i, 0] - walls[w, 0]) * lx + (pos[i, 1] - walls[w, 1]) * ly
                share = min(max(offset / squared, 0.0), 1.0) if squared > 0.0 else 0.0
                ax = pos[i, 0] - walls[w, 0] - share * lx
                ay = pos[i, 1] - walls[w, 1] - share * ly
                sx = -vel[i, 0]
                sy = -vel[i, 1]
                touch = radius[i]
            away = math.sqrt(ax * ax + ay * ay)
            if away <= 0.0 or away > cutoff:
                continue
            nx = ax / away
            ny = ay / away
            overlap = touch - away
            pressed = max(overlap, 0.0)
            push = strength * math.exp(overlap / reach) + stiffness * pressed
            drag = friction * pressed * (sy * nx - sx * ny)
            fx += push * nx - drag * ny
            fy += push * ny + drag * nx
        force[i, 0] = fx
        force[i, 1] = fy


def move_loops(
    pos: Floats,
    vel: Floats,
    wish: Floats,
    fastest: Floats,
    force: Floats,
    law: Constants,
    step: float,
) -> None:
    """One step of ``advance_numpy`` in plain loops, for numba; the forces are known, `[P, 2]`."""
    mass, relaxation = law[4], law[5]
    for i in range(len(force)):
        vx = vel[i, 0] + (force[i, 0] / mass + (wish[i, 0] - vel[i, 0]) / relaxation) * step
        vy = vel[i, 1] + (force[i, 1] / mass + (wish[i, 1] - vel[i, 1]) / relaxation) * step
        size = math.sqrt(vx * vx + vy * vy)
        if size > fastest[i]:
            vx *= fastest[i] / size
            vy *= fastest[i] / size
        vel[i, 0] = vx
        vel[i, 1] = vy
    for i in range(len(pos)):
        pos[i, 0] += vel[i, 0] * step
        pos[i, 1] += vel[i, 1] * step


def loops(forces: Callable[..., None], moves: Callable[..., None]) -> Advance:
    """``advance_numpy`` by the two loops, compiled or not."""

    def advance(
        pos: Floats,
        vel: Floats,
        radius: Floats,
        wish: Floats,
        fastest: Floats,
        walls: Floats,
        dt: float,
        substeps: int,
        law: ForceLaw,
    ) -> None:
        constants = dataclasses.astuple(law)
        force = np.empty((len(wish), 2))
        for _ in range(substeps):
            forces(pos, vel, radius, walls, constants, force)
            moves(pos, vel, wish, fastest, force, constants, dt / substeps)

    return advance


@functools.cache
def compiled() -> Advance | None:
    """The loops compiled by numba, or None where that is not installed."""
    try:
        import numba
    except ModuleNotFoundError:
        return None
    njit: Any = numba.njit
    try:
        fast = njit(cache=True)
        return loops(fast(force_loops), fast(move_loops))
    except RuntimeError:  # no folder in which compiled code may be kept
        return loops(njit(force_loops), njit(move_loops))
