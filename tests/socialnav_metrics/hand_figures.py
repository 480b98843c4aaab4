"""Figures of a log as the tests of metrics ask for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from polyathlon.tasks.socialnav.log import EpisodeLog
from polyathlon.tasks.socialnav.metric import score

Build = Callable[..., EpisodeLog]

Way = Callable[..., np.ndarray]


def absent(log: EpisodeLog) -> EpisodeLog:
    """The same people, and the robot far away."""
    away = dataclasses.replace(log.robot, pos=log.robot.pos + 1e5)
    return dataclasses.replace(log, robot=away)


def figures(log: EpisodeLog, *keys: str, alone: EpisodeLog | None = None) -> list[float | None]:
    found = score(log, alone)
    return [found[key] for key in keys]


def near(*values: float | None) -> Any:
    return [value if value is None else pytest.approx(value, abs=1e-9) for value in values]
