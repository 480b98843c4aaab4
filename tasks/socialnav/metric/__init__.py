"""Metrics of social navigation: what each log of an episode reduces to.

``METRICS`` declares them all, as data. Every threshold stands in the key, and what is not defined
is None. There is no score of everything: people's comfort is not one number.
"""

from __future__ import annotations

from ..log import EpisodeLog
from . import anticipation, contact, influence, legibility, motion, outcome, pairing, space
from .declaration import PRINCIPLES, Metric
from .trace import Trace

METRICS: dict[str, Metric] = {
    metric.key: metric
    for part in (outcome, contact, motion, space, anticipation, influence, pairing, legibility)
    for metric in part.METRICS
}
"""Every metric by its key, in the order of reports."""

__all__ = ["METRICS", "PRINCIPLES", "Metric", "score"]


def score(log: EpisodeLog, alone: EpisodeLog | None = None) -> dict[str, float | None]:
    """Every metric of an episode by its key.

    Args:
        log: the episode.
        alone: the same seed played without the robot, for what the robot costs people.

    Raises:
        BadLog: the two do not belong together.
    """
    trace = Trace(log, alone)
    return {key: metric.compute(trace) for key, metric in METRICS.items()}
