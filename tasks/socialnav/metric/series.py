"""Step metrics: the series that task metrics reduce, to be stored and computed from again."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....core.files import write_atomically
from ..log import EpisodeLog
from . import anticipation, contact, influence, space
from .reading import Floats, Reading


@dataclass(frozen=True, kw_only=True)
class StepMetric:
    """One figure of each step.

    Attributes:
        key: its name.
        unit: ``1`` for none.
        shape: what its axes are: ``T`` steps, ``H`` people.
        title: what it is; NaN or infinite where nobody is.
        compute: from a reading to the series.
    """

    key: str
    unit: str
    shape: str
    title: str
    compute: Callable[[Reading], Floats]


def _padded(series: Floats, reading: Reading) -> Floats:
    """A series that begins later, with NaN before."""
    return np.concatenate([np.full(reading.n - len(series), np.nan), series])


def _norms(vectors: Floats, reading: Reading) -> Floats:
    return _padded(np.hypot(vectors[:, 0], vectors[:, 1]), reading)


SERIES: tuple[StepMetric, ...] = tuple(
    StepMetric(key=key, unit=unit, shape=shape, title=title, compute=compute)
    for key, unit, shape, title, compute in (
        ("t", "s", "T", "time", lambda reading: reading.t),
        ("speed", "m/s", "T", "|v|", lambda reading: reading.speed),
        ("accel", "m/s²", "T", "|a|, from step 1", lambda reading: _norms(reading.accel, reading)),
        ("jerk", "m/s³", "T", "|j|, from step 2", lambda reading: _norms(reading.jerk, reading)),
        ("goal_distance", "m", "T", "to the goal, straight", lambda reading: reading.goal_distance),
        ("clearance", "m", "T", "to walls and objects", lambda reading: reading.clearance),
        (
            "human_distance",
            "m",
            "T, H",
            "between surfaces",
            lambda reading: reading.human_distance,
        ),
        (
            "human_swept_distance",
            "m",
            "T, H",
            "the least between surfaces since the step before",
            lambda reading: reading.human_swept,
        ),
        ("human_centre_distance", "m", "T, H", "centres", lambda reading: reading.centre_distance),
        (
            "human_contact",
            "1",
            "T, H",
            "whether they touched since the step before",
            lambda reading: contact.human_contact(reading).astype(np.float64),
        ),
        ("ttc", "s", "T, H", "time to collision", anticipation.ttc),
        ("fear", "1/s", "T", "fear", anticipation.fear),
        ("panic", "1/s", "T", "panic", anticipation.panic),
        ("conflict", "1", "T", "predicted conflict", anticipation.conflict_series),
        ("personal_space_cost", "1", "T", "cost of personal space", space.personal_space_cost),
        ("social_force_on_agents", "N", "T", "robot on people", influence.on_agents),
        ("social_force_on_robot", "N", "T", "people on robot", influence.on_robot),
    )
)
"""Every step metric, up to the step at which the goal is reached."""


def series(log: EpisodeLog) -> dict[str, Floats]:
    """Every step metric of an episode by its key."""
    reading = Reading(log)
    return {one.key: np.asarray(one.compute(reading)) for one in SERIES}


def save_series(path: Path, log: EpisodeLog) -> None:
    """Writes every step metric to an ``.npz``, with the people's ids as ``human_id``.

    Raises:
        RunDirectoryError: the disk refused; an old file stays.
    """
    buffer = io.BytesIO()
    arrays = {**series(log), "human_id": log.humans.id}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())
