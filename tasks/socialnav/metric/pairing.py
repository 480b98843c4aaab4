"""What the robot costs people: the same episode played with and without it.

A person is compared with itself: the same id in a log of the same seed from which the robot was
taken away. That only says something where people are moved by a deterministic model and walk the
same way until they meet the robot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....core.errors import BadLog
from ..log import EpisodeLog
from . import geometry
from .declaration import Metric
from .reading import Floats, Reading, once


@once
def _pairs(reading: Reading) -> list[tuple[int, int]]:
    """Columns of the same person with and without the robot.

    Raises:
        BadLog: the other log is of another seed or scenario, or knows none of the people.
    """
    alone = reading.alone
    if alone is None:
        return []
    for name in ("seed", "scenario"):
        one, other = reading.log.meta.get(name), alone.meta.get(name)
        if one != other:
            raise BadLog(f"meta.{name}: {one!r} with the robot, {other!r} without; give the same")
    _same_times(reading.log, alone)
    ids = alone.humans.id.tolist()
    found = [
        (k, ids.index(who)) for k, who in enumerate(reading.log.humans.id.tolist()) if who in ids
    ]
    if len(reading.log.humans) and not found:
        raise BadLog("humans.id: the log without the robot knows none of these people")
    return found


def _same_times(log: EpisodeLog, alone: EpisodeLog) -> None:
    """Refuses a log of other steps, or one that has the robot where it was.

    Raises:
        BadLog: it is such a one.
    """
    mine, theirs = log.t - log.t[0], alone.t - alone.t[0]
    if len(mine) != len(theirs) or not np.allclose(mine, theirs, rtol=0, atol=1e-6):
        raise BadLog(
            f"t: {len(mine)} steps in {mine[-1]:g} s with the robot, {len(theirs)} in "
            f"{theirs[-1]:g} s without; give one of the same steps"
        )
    if np.array_equal(log.robot.pos, alone.robot.pos):
        raise BadLog("robot.pos: the log without the robot has it in the same places")


def _way(pos: Floats, t: Floats, until: float) -> float:
    """Length of one person's way up to a time [m]."""
    there = ~np.isnan(pos[:, 0]) & (t <= until + 1e-9)
    return geometry.path_length(pos[there])


def _both_arrived(reading: Reading) -> list[tuple[int, int]]:
    if reading.alone is None:
        return []
    mine, theirs = reading.log.humans.reached_t, reading.alone.humans.reached_t
    return [
        (one, other)
        for one, other in _pairs(reading)
        if not np.isnan(mine[one]) and not np.isnan(theirs[other])
    ]


def human_delay(reading: Reading) -> float | None:
    """Mean over people who arrived in both of how much later they did [s]."""
    alone = reading.alone
    pairs = _both_arrived(reading)
    if alone is None or not pairs:
        return None
    offset = float(reading.log.t[0] - alone.t[0])
    late = [
        float(reading.log.humans.reached_t[one] - alone.humans.reached_t[other]) - offset
        for one, other in pairs
    ]
    return float(np.mean(late))


def human_path_excess(reading: Reading) -> float | None:
    """Mean over people who arrived in both of how much longer their way was [m]."""
    alone = reading.alone
    pairs = _both_arrived(reading)
    if alone is None or not pairs:
        return None
    mine, theirs = reading.log.humans, alone.humans
    excess = [
        _way(mine.pos[:, one], reading.log.t, float(mine.reached_t[one]))
        - _way(theirs.pos[:, other], alone.t, float(theirs.reached_t[other]))
        for one, other in pairs
    ]
    return float(np.mean(excess))


def human_speed_loss(reading: Reading) -> float | None:
    """Mean over people of how much slower they were while both logs know them [m/s]."""
    alone = reading.alone
    if alone is None:
        return None
    losses = []
    for one, other in _pairs(reading):
        fast = _mean_speeds(reading, one, other)
        if fast is not None:
            losses.append(fast[1] - fast[0])
    return float(np.mean(losses)) if losses else None


def _mean_speeds(reading: Reading, one: int, other: int) -> tuple[float, float] | None:
    """Of a person with and without the robot, over the time that both logs have [m/s]."""
    assert reading.alone is not None
    sides = []
    for log, column in ((reading.log, one), (reading.alone, other)):
        there = log.humans.valid[:, column]
        sides.append((log.t[there] - log.t[0], geometry.norm(log.humans.vel[there, column])))
    begin = max(times[0] for times, _ in sides)
    end = min(times[-1] for times, _ in sides)
    if end <= begin:
        return None
    found = []
    for times, fast in sides:
        # A velocity is that of the interval that ends with its step.
        inside = (times > begin + 1e-9) & (times <= end + 1e-9)
        if not inside.any():
            return None
        edges = np.concatenate([[begin], times[inside]])
        found.append(float((fast[inside] * np.diff(edges)).sum() / (edges[-1] - begin)))
    return found[0], found[1]


def _metric(
    key: str, title: str, unit: str, formula: str, compute: Callable[[Reading], float | None]
) -> Metric:
    return Metric(
        key=key,
        title=title,
        unit=unit,
        better="lower",
        principles=("P4", "P6"),
        formula=f"{formula}, against the same seed without the robot",
        undefined="there is no such log; no person can be compared",
        compute=compute,
    )


METRICS: tuple[Metric, ...] = (
    _metric(
        "human_delay",
        "how much later people arrive",
        "s",
        "mean over people who arrive in both of t_with - t_without",
        human_delay,
    ),
    _metric(
        "human_path_excess",
        "how much farther people walk",
        "m",
        "mean over people who arrive in both of PL_with - PL_without",
        human_path_excess,
    ),
    _metric(
        "human_speed_loss",
        "how much slower people walk",
        "m/s",
        "mean over people of mean |v|_without - mean |v|_with, over the time both logs have",
        human_speed_loss,
    ),
)
