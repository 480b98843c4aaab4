"""What would happen if everyone went straight on: time to collision, and who resolves conflicts.

Time to collision is that of two discs, so that a lateral miss is a miss: with C from robot to
person, V the robot's velocity as seen by the person and R the sum of the radii, it is
``(C·V - sqrt((C·V)² - |V|²(|C|² - R²))) / |V|²`` where that is real, C·V > 0, and the two do not
stand, |V| being at least ``STANDING``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import geometry
from .declaration import FRANCIS, Metric
from .reading import TOUCH, Floats, Reading, once

SOON = 0.01
"""Below this time to collision fear is ``MOST_FEAR``: SocNav3, ``metrics.py`` [s]."""

MOST_FEAR = 10.0
"""SocNav3, ``metrics.py`` [1/s]; fear itself goes up to 1 / ``SOON``."""

STANDING = 1e-3
"""Two who close in on each other more slowly than this stand: what is less is rounding, and its
quotients say nothing [m/s]."""

PERSONAL = 0.5
"""Added to the radii where personal space is to be kept: the paper's default [m]."""

TAIL = (1.0, 2.0)
"""Times to collision whose exposure is reported [s]."""

CONFLICT = (1.2, 5.0)
"""Personal space [m], and how far ahead a conflict counts [s]."""


def time_to_collision(to: Floats, closing: Floats, radius: Floats) -> Floats:
    """TTC of discs [s], NaN where they do not meet or stand; 0 where they overlap.

    Args:
        to: from the robot to the other, `[..., 2]` [m].
        closing: the robot's velocity less the other's, `[..., 2]` [m/s].
        radius: the sum of the radii, `[...]` [m].
    """
    along = geometry.dot(to, closing)
    speed2 = geometry.dot(closing, closing)
    gap2 = np.maximum(geometry.dot(to, to) - radius**2, 0.0)
    root = along**2 - speed2 * gap2
    meeting = (along > 0) & (root > 0) & (speed2 >= STANDING**2)
    found = (along - np.sqrt(np.maximum(root, 0.0))) / np.where(speed2 > 0, speed2, 1.0)
    overlapping = geometry.norm(to) - radius < -TOUCH
    return np.where(overlapping, 0.0, np.where(meeting, found, np.nan))


def _radii(reading: Reading) -> Floats:
    return np.asarray(reading.log.robot.radius + reading.log.humans.radius)


def _closing(reading: Reading) -> Floats:
    """`[n, H, 2]` [m/s]."""
    return np.asarray(reading.robot_vel[:, np.newaxis] - reading.human_vel)


@once
def ttc(reading: Reading) -> Floats:
    """`[n, H]` [s], NaN where the two do not meet or nobody is."""
    return time_to_collision(reading.to_human, _closing(reading), _radii(reading))


@once
def ttc_first(reading: Reading) -> Floats:
    """`[n]` [s], of the person met first; infinite where nobody is met."""
    return np.asarray(np.fmin.reduce(ttc(reading), axis=1, initial=np.inf))


def ttc_min(reading: Reading) -> float | None:
    """The least time to collision [s]."""
    least = float(ttc_first(reading).min())
    return least if np.isfinite(least) else None


def ttc_min_personal(reading: Reading, theta: float) -> float | None:
    """The least time until the personal space of ``theta`` is entered [s]."""
    found = time_to_collision(reading.to_human, _closing(reading), _radii(reading) + theta)
    least = float(np.fmin.reduce(found, axis=None, initial=np.inf))
    return least if np.isfinite(least) else None


def ttc_below(reading: Reading, seconds: float) -> float | None:
    """Share of time in which a collision is less than that far ahead."""
    return reading.mean(ttc_first(reading) < seconds) if reading.anyone else None


@once
def fear(reading: Reading) -> Floats:
    """`[n]` [1/s], of the person met first; 0 where nobody is met."""
    first = ttc_first(reading)
    return np.where(first <= SOON, MOST_FEAR, 1 / np.maximum(first, SOON))


@once
def panic(reading: Reading) -> Floats:
    """`[n]` [1/s], the greatest over people approached who will be missed; else 0."""
    to, closing, radius = reading.to_human, _closing(reading), _radii(reading)
    speed, gap = geometry.norm(closing), reading.centre_distance
    side = np.abs(geometry.cross(to, closing))  # sqrt(|V|²|C|² - (C·V)²), without its rounding
    margin = side - speed * radius
    missed = (geometry.dot(to, closing) > 0) & (margin > SOON) & (gap >= radius)
    cost = speed / np.where(missed, gap, 1.0) * side / np.where(missed, margin, 1.0)
    return np.asarray(np.where(missed, cost, 0.0).max(axis=1, initial=0.0))


def conflict(to: Floats, closing: Floats, radius: Floats) -> Floats:
    """Predicted conflict `[...]`, 0 none to 1 contact, NaN where nobody is.

    Args:
        to: from the robot to the other, `[..., 2]` [m].
        closing: the robot's velocity less the other's, `[..., 2]` [m/s].
        radius: the sum of the radii, `[...]` [m].
    """
    space, horizon = CONFLICT
    speed2 = geometry.dot(closing, closing)
    when = geometry.dot(to, closing) / np.where(speed2 > 0, speed2, 1.0)
    miss = geometry.norm(to - when[..., np.newaxis] * closing) - radius
    ahead = (when > 0) & (when < horizon) & (speed2 >= STANDING**2)
    found = np.clip(1 - np.maximum(miss, 0.0) / space, 0.0, 1.0)
    return np.where(np.isnan(to[..., 0]), np.nan, np.where(ahead, found, 0.0))


@once
def conflict_series(reading: Reading) -> Floats:
    """`[n]`, the greatest conflict with anyone."""
    found = conflict(reading.to_human, _closing(reading), _radii(reading))
    return np.asarray(np.fmax.reduce(found, axis=1, initial=0.0))


def robot_responsibility(reading: Reading) -> float | None:
    """Share of the reduction of predicted conflict that the robot's own changes brought.

    At each step the change of velocity since the step before is taken for robot and person
    alone, the other's held; what lowered the conflict is added up for each.
    """
    if reading.n < 2 or not reading.anyone:
        return None
    to, radius = reading.to_human[1:], _radii(reading)
    robot_old, robot_new = reading.robot_vel[:-1, np.newaxis], reading.robot_vel[1:, np.newaxis]
    human_old, human_new = reading.human_vel[:-1], reading.human_vel[1:]
    before = conflict(to, robot_old - human_old, radius)
    by_robot = np.fmax(before - conflict(to, robot_new - human_old, radius), 0.0)
    by_human = np.fmax(before - conflict(to, robot_old - human_new, radius), 0.0)
    both = ~np.isnan(human_old[..., 0]) & ~np.isnan(human_new[..., 0])
    own, theirs = float(by_robot[both].sum()), float(by_human[both].sum())
    return own / (own + theirs) if own + theirs > 1e-9 else None


def _greatest(reading: Reading, series: Callable[[Reading], Floats]) -> float | None:
    return float(series(reading).max()) if reading.anyone else None


def _mean(reading: Reading, series: Callable[[Reading], Floats]) -> float | None:
    return reading.mean(series(reading)) if reading.anyone else None


_NOBODY = "nobody is there"


def _pair(
    stem: str,
    words: str,
    unit: str,
    principles: tuple[str, ...],
    formula: str,
    source: str,
    series: Callable[[Reading], Floats],
    thresholds: str = "",
) -> tuple[Metric, Metric]:
    def one(name: str, word: str, undefined: str, compute: partial[float | None]) -> Metric:
        return Metric(
            key=f"{stem}_{name}{thresholds}",
            title=f"{word} {words}",
            unit=unit,
            better="lower",
            low=0,
            principles=principles,
            formula=f"{name} over t of {formula}",
            source=source,
            undefined=undefined,
            compute=compute,
        )

    return (
        one("avg", "mean", f"{_NOBODY}; one step only", partial(_mean, series=series)),
        one("max", "greatest", _NOBODY, partial(_greatest, series=series)),
    )


METRICS: tuple[Metric, ...] = (
    Metric(
        key="ttc_min",
        title="least time to collision",
        unit="s",
        better="higher",
        low=0,
        principles=("P1", "P6"),
        formula="min over t and i of (C·V - √((C·V)² - |V|²(|C|² - R²))) / |V|², R = r_r + r_i",
        source=f"{FRANCIS}; SocNav3",
        undefined="no one is ever on a course to meet the robot",
        compute=ttc_min,
    ),
    Metric(
        key=f"ttc_min@{PERSONAL:g}",
        title="least time until personal space is entered",
        unit="s",
        better="higher",
        low=0,
        principles=("P2", "P6"),
        formula=f"the same with R = r_r + r_i + {PERSONAL:g} m",
        source=FRANCIS,
        undefined="no one is ever on such a course",
        compute=partial(ttc_min_personal, theta=PERSONAL),
    ),
    *(
        Metric(
            key=f"ttc_below@{seconds:g}",
            title="share of time shortly before a collision",
            better="lower",
            low=0,
            high=1,
            principles=("P1", "P6"),
            formula=f"share of time with min over i of TTC < {seconds:g} s",
            undefined=f"{_NOBODY}; one step only",
            compute=partial(ttc_below, seconds=seconds),
        )
        for seconds in TAIL
    ),
    *_pair(
        "fear",
        "fear",
        "1/s",
        ("P2",),
        f"1 / min over i of TTC; {MOST_FEAR:g} where TTC <= {SOON:g} s",
        "SocNav3",
        fear,
    ),
    *_pair(
        "panic",
        "panic",
        "1/s",
        ("P2",),
        "max over people approached and missed of |V|/|C| · g / (g - |V|R), g = |C × V|, where "
        f"g - |V|R > {SOON:g}",
        "SocNav3",
        panic,
    ),
    *_pair(
        "conflict",
        "predicted conflict",
        "1",
        ("P4", "P6"),
        "max over i of (1 - d/{:g} m)₊, d the gap at closest approach, if within {:g} s".format(
            *CONFLICT
        ),
        "after Wenzel and Probst 2025 (arXiv 2509.12912), in a form of ours",
        conflict_series,
        thresholds="@{:g},{:g}".format(*CONFLICT),
    ),
    Metric(
        key="robot_responsibility@{:g},{:g}".format(*CONFLICT),
        title="the robot's share in resolving conflicts",
        better="higher",
        low=0,
        high=1,
        principles=("P4",),
        formula="Σ conflict taken away by the robot's changes of velocity, the person's held, over "
        "that plus the same by people",
        source="after Wenzel and Probst 2025 (arXiv 2509.12912), in a form of ours",
        undefined="no change of velocity took away any",
        compute=robot_responsibility,
    ),
)
