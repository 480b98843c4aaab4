"""Metrics of social navigation: what each log of an episode reduces to.

``METRICS`` declares them all, as data. Every threshold stands in the key, and what is not defined
is None. There is no score of everything: people's comfort is not one number.
"""

from __future__ import annotations

from ..log import EpisodeLog
from . import anticipation, contact, influence, legibility, motion, outcome, pairing, space
from .declaration import PRINCIPLES, Metric
from .reading import Reading

GROUPS: dict[str, tuple[Metric, ...]] = {
    "Outcome": outcome.METRICS,
    "Collisions": contact.METRICS,
    "Motion": motion.METRICS,
    "Space": space.METRICS,
    "Anticipation": anticipation.METRICS,
    "Social force": influence.METRICS,
    "What the robot costs people": pairing.METRICS,
    "Legibility": legibility.METRICS,
}
"""Every metric by topic, in the order of reports."""

METRICS: dict[str, Metric] = {
    metric.key: metric for metrics in GROUPS.values() for metric in metrics
}
"""Every metric by its key, in the same order."""

__all__ = ["GROUPS", "METRICS", "PRINCIPLES", "Metric", "score"]


def score(log: EpisodeLog, alone: EpisodeLog | None = None) -> dict[str, float | None]:
    """Every metric of an episode by its key.

    Args:
        log: the episode.
        alone: the same seed played without the robot, for what the robot costs people.

    Raises:
        BadLog: the two do not belong together.
    """
    reading = Reading(log, alone)
    return {key: metric.compute(reading) for key, metric in METRICS.items()}
