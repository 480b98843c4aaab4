"""A robot that tries commands in thought and takes the best: the dynamic window on a scan.

After Fox, Burgard and Thrun, "The dynamic window approach to collision avoidance" (1997): each
command is followed for a while along its arc, and rated by where it leads, how clear that is and
how fast. The numbers are our own. Walls are what the scan shows; the people that are seen are
taken to walk on.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from .drive import Drive
from .pilot import Pilot
from .view import Floats, View

AHEAD, PIECES = 2.0, 8
"""How far a command is followed [s], and at how many times it is looked at."""

SPEEDS, TURNS, HEADINGS = 5, 13, 24
"""Commands tried: speeds, turning rates where it drives, headings where it is holonomic."""

MARGIN, COMFORT = 0.05, 0.6
"""Distance from everything in which a command is given up, and beyond which more does not count
[m]."""

PROGRESS, CLEARANCE, QUIET = 1.0, 0.8, 0.1
"""Weights of coming nearer to the goal, as a share of what can be had; of the distance from
everything, as a share of ``COMFORT``; and of keeping the command."""

BRAKE = 0.8
"""Deceleration that it reckons with [m/s^2]."""

SLACK, FAR = 0.01, 10.0
"""Where it is too near already it may come so much nearer; what is not in sight is so far [m]."""


class DynamicWindow(Pilot):
    """Takes the best of a fixed set of commands; stands where none is free."""

    observations = ("state", "lidar")

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        low, high = (tuple(bound.tolist()) for bound in drive.bounds)
        commands, ways = _tried(drive.drives, view.fastest, low, high)
        gap = _gaps(ways, view)
        speed = commands[:, 0] if drive.drives else np.hypot(commands[:, 0], commands[:, 1])
        # Whoever comes too near only later can still brake, if there is the time for it.
        least = min(MARGIN, float(_gaps(np.zeros((1, 1, 2)), view)[0, 0]) - SLACK)
        clear_for = (gap > least).cumprod(axis=1).sum(axis=1) * (AHEAD / PIECES)
        free = (clear_for > 0) & (clear_for >= speed / BRAKE)
        left = float(np.hypot(*view.goal))
        nearest = np.hypot(*(ways - view.goal).transpose(2, 0, 1)).min(axis=1)
        progress = (left - nearest) / max(min(left, view.fastest * AHEAD), 1e-9)
        clear = np.clip(gap.min(axis=1) / COMFORT, 0.0, 1.0)
        now = np.array([view.velocity[0], view.turning]) if drive.drives else view.velocity
        jolt = np.hypot(*((commands - now) / np.abs(commands).max(axis=0)).T)
        rated = PROGRESS * progress + CLEARANCE * clear - QUIET * jolt
        best = int(np.argmax(np.where(free, rated, -np.inf)))
        return drive.command(*commands[best]) if free[best] else drive.command(0.0, 0.0)


@functools.lru_cache(maxsize=64)
def _tried(
    drives: bool, fastest: float, low: tuple[float, ...], high: tuple[float, ...]
) -> tuple[Floats, Floats]:
    """The commands, `[C, 2]`, and where each leads, `[C, PIECES, 2]` [m]."""
    times = np.arange(1, PIECES + 1) * (AHEAD / PIECES)
    if not drives:
        turn = np.arange(HEADINGS) * (2 * np.pi / HEADINGS)
        speeds = fastest * np.arange(1, SPEEDS + 1) / SPEEDS
        unit = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        commands = np.concatenate([np.zeros((1, 2)), (speeds[:, None, None] * unit).reshape(-1, 2)])
        return commands, commands[:, None, :] * times[:, None]
    rates = np.linspace(low[1], high[1], TURNS)
    speeds = min(fastest, high[0]) * np.arange(SPEEDS + 1) / SPEEDS
    commands = np.stack(np.meshgrid(speeds, rates, indexing="ij"), axis=-1).reshape(-1, 2)
    heading = commands[:, 1:] * times
    # An arc's chord is as long as the arc times sin(a)/a of half its angle, and points half along.
    half = 0.5 * heading
    chord = commands[:, :1] * times * np.sinc(half / np.pi)
    return commands, np.stack([chord * np.cos(half), chord * np.sin(half)], axis=-1)


def _gaps(ways: Floats, view: View) -> Floats:
    """Distance of surfaces to whatever is nearest then, for each place, `[C, P]` [m].

    Walls stand; people are taken to walk on as they do.

    Args:
        ways: places, the last of them ``AHEAD`` from now where there are several, `[C, P, 2]` [m].
        view: the robot's.
    """
    pieces = ways.shape[1]
    times = np.arange(1, pieces + 1) * (AHEAD / PIECES) if pieces > 1 else np.zeros(1)
    gap = np.full(ways.shape[:2], FAR)
    if len(view.walls):
        gap = KDTree(view.walls).query(ways)[0]
    if len(view.people):
        then = view.people + times[:, None, None] * view.walking
        apart = np.hypot(*(ways[:, :, None] - then).transpose(3, 0, 1, 2))
        gap = np.minimum(gap, (apart - view.sizes).min(axis=2))
    return np.asarray(gap - view.radius)
