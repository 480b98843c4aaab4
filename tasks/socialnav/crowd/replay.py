"""People who were once recorded, and walk again as they did; they cannot react to a robot."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.errors import BadLog, BadScene
from ..dice import Dice
from ..scene import Person, Scene
from .visibility import Visibility
from .walker import Walkers

Floats = NDArray[np.float64]

OBSMAT_COLUMNS = 8
"""frame, id, x, z, y, vx, vz, vy: an ``obsmat.txt`` of the ETH and UCY recordings."""

FRAME_RATES = {"eth": 15.0, "hotel": 15.0 * 10 / 6, "ucy": 25.0}
"""Frames a second of the recordings' frame numbers. A step of ``obsmat.txt`` is 0.4 s: 6 frames in
``seq_eth``, 10 in ``seq_hotel`` and UCY."""


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """Where people were when.

    Attributes:
        id: `[H]`, each once.
        t: times of each one's observations, increasing, H arrays `[K]` [s].
        pos: where they were then, H arrays `[K, 2]` [m].
    """

    id: NDArray[np.int64]
    t: tuple[Floats, ...]
    pos: tuple[Floats, ...]

    def window(self, begin: float, duration: float) -> Recording:
        """What was seen in a stretch of time, with its begin as 0.

        Whoever is seen only once in it is left out.
        """
        kept = []
        for number, times in enumerate(self.t):
            inside = (times >= begin - 1e-9) & (times <= begin + duration + 1e-9)
            if inside.sum() > 1:
                kept.append((self.id[number], times[inside] - begin, self.pos[number][inside]))
        ids, times_, places = zip(*kept, strict=True) if kept else ((), (), ())
        return Recording(np.array(ids, np.int64), tuple(times_), tuple(places))

    def people(self, radius: float = 0.3) -> tuple[Person, ...]:
        """Everybody as persons of a scene: first and last place, mean speed."""
        return tuple(
            Person(start=pos[0], goal=pos[-1], radius=radius, speed=_mean_speed(t, pos))
            for t, pos in zip(self.t, self.pos, strict=True)
        )


def read_obsmat(path: str | Path, frame_rate: float) -> Recording:
    """An ``obsmat.txt`` of the ETH or UCY recordings, from a copy of your own.

    Args:
        path: of the file.
        frame_rate: of its frame numbers, see ``FRAME_RATES`` [1/s].

    Raises:
        BadLog: not a table of eight columns, not finite, or somebody twice in one frame.
    """
    try:
        table = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise BadLog(f"{path} is not an obsmat file: {error}") from error
    if table.shape[1] != OBSMAT_COLUMNS or not len(table):
        raise BadLog(f"{path} has {table.shape[1]} columns; an obsmat file has {OBSMAT_COLUMNS}")
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise BadLog(f"{path}, row {row + 1}: a number is not finite")
    if not frame_rate > 0:
        raise BadLog(f"frame_rate is {frame_rate!r}; it is positive [1/s]")
    first = float(table[:, 0].min())
    ids, times, places = [], [], []
    for one in np.unique(table[:, 1]):
        rows = table[table[:, 1] == one]
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        if (np.diff(rows[:, 0]) <= 0).any():
            raise BadLog(f"{path}: person {one:g} is twice in one frame")
        ids.append(int(one))
        times.append((rows[:, 0] - first) / frame_rate)
        places.append(rows[:, [2, 4]].copy())
    return Recording(np.array(ids, np.int64), tuple(times), tuple(places))


class Replay:
    """A crowd that was recorded.

    Everybody is where the recording has them, in straight lines between its observations, and is
    in the world from their first to their last. The people of the scene are left aside.

    Args:
        recording: with time 0 at the start of the episode.
        radius: of everybody [m].
        track: accepted for the sake of the other models; nobody can react.
    """

    name = "replay"
    walkers: Walkers

    def __init__(self, recording: Recording, radius: float = 0.3, track: str = "replay") -> None:
        if Visibility.named(track).track not in ("replay", "invisible"):
            raise BadScene(f"recorded people cannot react: track is {track!r}, not 'replay'")
        self.visibility = Visibility("replay")
        self._recording, self._radius = recording, radius

    def reset(self, scene: Scene, dice: Dice) -> None:
        """Puts everybody where they were at time 0."""
        open_ = dataclasses.replace(
            scene, people=self._recording.people(self._radius), floor=type(scene.floor)()
        )
        self.walkers = Walkers(open_, self.visibility, dice, 0.0)
        self.walkers.identity = self._recording.id.copy()
        self._goals = self.walkers.goal.copy()
        pos, present = self._at(0.0)
        after, still = self._at(scene.dt)
        self.walkers.pos, self.walkers.present = pos, present
        both = (present & still)[:, None]
        self.walkers.vel = np.where(both, (after - pos) / scene.dt, 0.0)

    def step(self, robot_pos: Floats, robot_vel: Floats, dt: float) -> tuple[Floats, Floats]:
        """Time passes; see ``CrowdModel``."""
        walkers = self.walkers
        pos, present = self._at(walkers.time + dt)
        both = (present & walkers.present)[:, None]
        vel = np.where(both, (pos - walkers.pos) / dt, 0.0)
        walkers.pos, walkers.vel, walkers.present = pos, vel, present
        walkers.settle(dt)
        return pos, vel

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return self.walkers.state()

    def _at(self, time: float) -> tuple[Floats, NDArray[np.bool_]]:
        """Where everybody is, `[H, 2]` [m], and who is there, `[H]`."""
        record = self._recording
        pos = np.empty((len(record.id), 2))
        present = np.zeros(len(record.id), bool)
        for number, (t, places) in enumerate(zip(record.t, record.pos, strict=True)):
            present[number] = t[0] - 1e-9 <= time <= t[-1] + 1e-9
            pos[number, 0] = np.interp(time, t, places[:, 0])
            pos[number, 1] = np.interp(time, t, places[:, 1])
        return pos, present


def _mean_speed(t: Floats, pos: Floats) -> float:
    way = float(np.hypot(*np.diff(pos, axis=0).T).sum())
    return way / float(t[-1] - t[0])
