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

AHEAD, PIECES = 3.0, 12
"""How far a command is followed [s], and at how many times it is looked at."""

SPEEDS, TURNS, HEADINGS = 5, 13, 24
"""Commands tried: speeds, turning rates where it drives, headings where it is holonomic."""

MARGIN, CLOSE, COMFORT = 0.05, 0.1, 0.6
"""Distance from walls and from people in which a command is given up, and beyond which more does
not count [m]."""

PROGRESS, CLEARANCE, COURTESY, QUIET = 1.0, 0.8, 1.5, 0.1
"""Weights of coming nearer to the goal, as a share of what can be had; of the distance from walls
and from people, as a share of ``COMFORT``; and of keeping the command."""

BRAKE = 0.8
"""Deceleration that it reckons with [m/s^2]."""

SLACK, FAR = 0.01, 10.0
"""Where it is too near already it may come so much nearer; what is not in sight is so far [m]."""


class DynamicWindow(Pilot):
    """Takes the best of a fixed set of commands; where none is free, what stays clear longest."""

    observations = ("state", "lidar")

    def decide(self, view: View, drive: Drive) -> Any:
        """The next action."""
        low, high = (tuple(bound.tolist()) for bound in drive.bounds)
        commands, ways = _tried(drive.drives, view.fastest, low, high)
        walls, people = _to_walls(ways, view), _to_people(ways, view)
        speed = commands[:, 0] if drive.drives else np.hypot(commands[:, 0], commands[:, 1])
        # Whoever comes too near only later can still brake, if there is the time for it.
        here = np.zeros((1, 1, 2))
        wall = min(MARGIN, float(_to_walls(here, view)[0, 0]) - SLACK)
        body = min(CLOSE, float(_to_people(here, view)[0, 0]) - SLACK)
        open_ = (walls > wall) & (people > body)
        clear_for = open_.cumprod(axis=1).sum(axis=1) * (AHEAD / PIECES)
        free = (clear_for > 0) & (clear_for >= speed / BRAKE)
        left = float(np.hypot(*view.goal))
        nearest = np.hypot(*(ways - view.goal).transpose(2, 0, 1)).min(axis=1)
        progress = (left - nearest) / max(min(left, view.fastest * AHEAD), 1e-9)
        clear = CLEARANCE * np.clip(walls.min(axis=1) / COMFORT, 0.0, 1.0)
        clear = clear + COURTESY * np.clip(people.min(axis=1) / COMFORT, 0.0, 1.0)
        now = np.array([view.velocity[0], view.turning]) if drive.drives else view.velocity
        jolt = np.hypot(*((commands - now) / np.abs(commands).max(axis=0)).T)
        rated = PROGRESS * progress + clear - QUIET * jolt
        if not free.any():
            # To stand is no way out among people who walk on: what stays clear longest is.
            rated, free = clear_for + clear, clear_for >= clear_for.max()
        best = int(np.argmax(np.where(free, rated, -np.inf)))
        return drive.command(*commands[best])


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


def _to_walls(ways: Floats, view: View) -> Floats:
    """Distance from the robot's surface to the nearest wall, for each place, `[C, P]` [m]."""
    if not len(view.walls):
        return np.full(ways.shape[:2], FAR)
    return np.asarray(KDTree(view.walls).query(ways)[0] - view.radius)


def _to_people(ways: Floats, view: View) -> Floats:
    """The same to the nearest person, who is taken to walk on, `[C, P]` [m].

    Args:
        ways: places, the last of them ``AHEAD`` from now where there are several, `[C, P, 2]` [m].
        view: the robot's.
    """
    if not len(view.people):
        return np.full(ways.shape[:2], FAR)
    pieces = ways.shape[1]
    times = np.arange(1, pieces + 1) * (AHEAD / PIECES) if pieces > 1 else np.zeros(1)
    then = view.people + times[:, None, None] * view.walking
    apart = np.hypot(*(ways[:, :, None] - then).transpose(3, 0, 1, 2))
    return np.asarray((apart - view.sizes).min(axis=2) - view.radius)
