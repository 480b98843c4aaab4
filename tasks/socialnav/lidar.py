"""A planar laser scanner: how far it is, all around, to walls and bodies.

Every distance is exact: where a ray meets a circle or a line is solved, not searched for. The
same scan is computed either with NumPy or, where numba is installed, by a compiled loop that
looks only at the rays that can meet each thing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import BadArgument, MissingExtra

Floats: TypeAlias = NDArray[np.float64]

Kernel = Literal["auto", "numpy", "numba"]
"""What computes: ``auto`` is numba where it is installed."""

Scan: TypeAlias = Callable[[Floats, Floats, Floats, Floats, float], Floats]

SEAM = 1e-9
"""By how much of its length each wall is longer than it says [1], so that no ray slips through
the corner of two walls for want of a last bit."""

STRADDLED = 3.141
"""A wall seen under a larger angle than this is met by rays on both of its sides [rad]."""

RAYS = 360
"""One a degree, as the scanners of indoor robots have."""

NO_DISCS: Floats = np.zeros((0, 3))
NO_WALLS: Floats = np.zeros((0, 4))


@dataclass(frozen=True, kw_only=True)
class Lidar:
    """A scanner at the robot's centre. Ray 0 looks ahead, the others follow to the left.

    The robot itself is not seen as long as it is not among the discs; where it is, say which one
    it is by ``skip``.

    Attributes:
        rays: in a full turn.
        reach: what is farther gives this distance [m].
        noise: standard deviation of the error of a measured distance [m]. What is out of reach
            is never measured, and stays exactly at ``reach``.
        kernel: what computes.

    Raises:
        BadArgument: a value that no scanner has, or no such kernel.
        MissingExtra: numba was asked for and is not installed.
    """

    rays: int = RAYS
    reach: float = 10.0
    noise: float = 0.01
    kernel: Kernel = "auto"

    def __post_init__(self) -> None:
        """Refuses what no scanner is."""
        if not isinstance(self.rays, int) or not 1 <= self.rays <= 100_000:
            raise BadArgument(f"lidar.rays is {self.rays!r}; it is a whole number from 1 up")
        for name, value, least in (("reach", self.reach, 1e-3), ("noise", self.noise, 0.0)):
            if not (isinstance(value, (int, float)) and least <= value < math.inf):
                raise BadArgument(f"lidar.{name} is {value!r}; it is a distance [m]")
        if self.kernel not in ("auto", "numpy", "numba"):
            raise BadArgument(f"lidar.kernel is {self.kernel!r}; choose auto, numpy or numba")
        if self.kernel == "numba" and compiled() is None:
            raise MissingExtra("socialnav", "socialnav-fast", "numba")

    def scan(
        self,
        pose: tuple[float, float, float],
        discs: ArrayLike = NO_DISCS,
        segments: ArrayLike = NO_WALLS,
        *,
        skip: int = -1,
        dice: np.random.Generator | None = None,
    ) -> Floats:
        """The distance along each ray, `[rays]` [m]; 0 where the scanner is inside of a disc.

        Args:
            pose: the scanner's x, y [m] and heading [rad].
            discs: x, y and radius of bodies, `[N, 3]` [m]; a NaN hides a body.
            segments: x1, y1, x2, y2 of walls, `[W, 4]` [m].
            skip: number of a disc that is not seen; -1 for none.
            dice: adds the noise; it throws as often whatever is in sight. No noise without.

        Raises:
            BadArgument: an array has another shape.
        """
        bodies = _checked("discs", discs, 3)
        walls = _checked("segments", segments, 4)
        if 0 <= skip < len(bodies):
            bodies = np.delete(bodies, skip, axis=0)
        fast = None if self.kernel == "numpy" else compiled()
        place = np.array(pose, np.float64)
        found = (fast or scan_numpy)(place, _turn(self.rays), bodies, walls, float(self.reach))
        if dice is not None and self.noise > 0.0:
            error = dice.normal(0.0, self.noise, self.rays)
            noisy = np.clip(found + error, 0.0, self.reach)
            found = np.where(found < self.reach, noisy, found)
        return found


def _checked(name: str, value: ArrayLike, columns: int) -> Floats:
    array = np.ascontiguousarray(value, np.float64)
    if array.size == 0:
        return np.zeros((0, columns))
    if array.ndim != 2 or array.shape[1] != columns:
        raise BadArgument(f"lidar: {name} has the shape {array.shape}; it is [N, {columns}]")
    return array


@functools.cache
def _turn(rays: int) -> Floats:
    """Cosine and sine of the angle of each ray to the heading, `[rays, 2]`."""
    angles = math.tau * np.arange(rays) / rays
    table = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    table.setflags(write=False)
    return table


def scan_numpy(pose: Floats, turn: Floats, discs: Floats, walls: Floats, reach: float) -> Floats:
    """Every ray against every thing, `[rays]` [m].

    Args:
        pose: x, y [m] and heading [rad], `[3]`.
        turn: cosine and sine of each ray's angle to the heading, `[rays, 2]`.
        discs: `[N, 3]` [m].
        walls: `[W, 4]` [m].
        reach: [m].
    """
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    dx = (cos * turn[:, 0] - sin * turn[:, 1])[:, None]
    dy = (sin * turn[:, 0] + cos * turn[:, 1])[:, None]
    nearest = np.full(len(turn), reach)
    with np.errstate(divide="ignore", invalid="ignore"):
        if len(discs):
            cx, cy = discs[:, 0] - pose[0], discs[:, 1] - pose[1]
            power = cx * cx + cy * cy - discs[:, 2] * discs[:, 2]
            along = dx * cx + dy * cy
            under = along * along - power
            # The nearer root, written so that no digits cancel.
            entry = power / (along + np.sqrt(under))
            entry = np.where((along > 0.0) & (under >= 0.0), entry, np.inf)
            entry = np.where(power <= 0.0, 0.0, entry)
            nearest = np.minimum(nearest, entry.min(axis=1))
        if len(walls):
            ax, ay = walls[:, 0] - pose[0], walls[:, 1] - pose[1]
            ex, ey = walls[:, 2] - walls[:, 0], walls[:, 3] - walls[:, 1]
            across = dx * ey - dy * ex
            away = (ax * ey - ay * ex) / across
            share = (ax * dy - ay * dx) / across
            met = (away >= 0.0) & (share >= -SEAM) & (share <= 1.0 + SEAM) & (across != 0.0)
            nearest = np.minimum(nearest, np.where(met, away, np.inf).min(axis=1))
    return nearest


def scan_loops(pose: Floats, turn: Floats, discs: Floats, walls: Floats, reach: float) -> Floats:
    """The same as ``scan_numpy``, for numba: each thing against the rays that can meet it."""
    rays = len(turn)
    pitch = 2.0 * math.pi / rays
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    nearest = np.full(rays, reach)
    for n in range(len(discs)):
        cx, cy = discs[n, 0] - pose[0], discs[n, 1] - pose[1]
        square = cx * cx + cy * cy
        power = square - discs[n, 2] * discs[n, 2]
        if power <= 0.0:
            nearest[:] = 0.0
            continue
        far = reach + discs[n, 2]
        if not square <= far * far:  # a NaN is out of reach, too
            continue
        middle = math.atan2(cy, cx) - pose[2]
        half = math.asin(min(discs[n, 2] / math.sqrt(square), 1.0))
        first = math.floor((middle - half) / pitch)
        for k in range(first, first + int(2.0 * half / pitch) + 3):
            ray = k % rays
            dx = cos * turn[ray, 0] - sin * turn[ray, 1]
            dy = sin * turn[ray, 0] + cos * turn[ray, 1]
            along = dx * cx + dy * cy
            under = along * along - power
            if along > 0.0 and under >= 0.0:
                nearest[ray] = min(nearest[ray], power / (along + math.sqrt(under)))
    for n in range(len(walls)):
        ax, ay = walls[n, 0] - pose[0], walls[n, 1] - pose[1]
        bx, by = walls[n, 2] - pose[0], walls[n, 3] - pose[1]
        ex, ey = walls[n, 2] - walls[n, 0], walls[n, 3] - walls[n, 1]
        area = ax * ey - ay * ex
        if area * area > reach * reach * (ex * ex + ey * ey):
            continue
        # The wall is seen under this angle, from its first end to its second.
        swept = math.atan2(ax * by - ay * bx, ax * bx + ay * by)
        start = math.atan2(ay, ax) - pose[2]
        if swept < 0.0:
            start, swept = start + swept, -swept
        first = math.floor(start / pitch) - 1
        count = int(swept / pitch) + 5
        if swept > STRADDLED:  # the scanner stands on the wall
            count = rays
        for k in range(first, first + count):
            ray = k % rays
            dx = cos * turn[ray, 0] - sin * turn[ray, 1]
            dy = sin * turn[ray, 0] + cos * turn[ray, 1]
            across = dx * ey - dy * ex
            if across == 0.0:
                continue
            away = area / across
            share = (ax * dy - ay * dx) / across
            if away >= 0.0 and -SEAM <= share <= 1.0 + SEAM:
                nearest[ray] = min(nearest[ray], away)
    return nearest


@functools.cache
def compiled() -> Scan | None:
    """``scan_loops`` compiled by numba, or None where that is not installed."""
    try:
        import numba
    except ModuleNotFoundError:
        return None
    line, table = (numba.types.Array(numba.float64, n, "C", readonly=True) for n in (1, 2))
    # One signature takes arrays that may be written and arrays that may not.
    signature = numba.float64[::1](line, table, table, table, numba.float64)
    fast: Scan = numba.njit(signature, cache=True, fastmath=False)(scan_loops)
    return fast
