"""What is said of an episode when it is over: every metric that is defined, and the card's word."""

from __future__ import annotations

import math

from ...core.metric import Composite, MetricSpec, MetricTable
from .log import EpisodeLog

COUNTS_BY = "labelled"
"""The figure that says whether the encounter that a card is about took place."""

CARD = (
    MetricSpec(
        key=COUNTS_BY,
        title="the encounter that the card is about took place",
        share=True,
    ),
    MetricSpec(
        key="ideal",
        title="it ended as the card wants it",
        better="higher",
        share=True,
        aspects=("P5",),
    ),
)
"""What a card says of an episode, besides the metrics of its log."""

SHOWN = (
    COUNTS_BY, "ideal", "human_collided", "time_to_goal", "spl", "human_distance_min", "psc@0.5",
    "human_delay",
)  # fmt: skip
"""What a report shows for each task; the others are folded away."""


def assess(log: EpisodeLog, alone: EpisodeLog | None = None) -> dict[str, float]:
    """Every metric of an episode that is defined, by its key.

    Args:
        log: the episode.
        alone: the same without the robot, for what the robot costs people.
    """
    from .metric import METRICS, score
    from .metric.composite import with_successes

    succ = tuple(key for key, metric in METRICS.items() if metric.successes)
    return {
        key: float(value)
        for key, value in with_successes(score(log, alone), succ).items()
        if value is not None and math.isfinite(value)
    }


def metric_table() -> MetricTable:
    """Every figure of these tasks as data that a run carries with it."""
    from .metric import METRICS, PRINCIPLES
    from .metric.composite import COMPOSITES, SUCCESSES

    declared = [
        MetricSpec(
            key=metric.key + suffix,
            title=metric.title + (", successes alone" if suffix else ""),
            unit=metric.unit,
            better=metric.better,
            share=metric.share,
            aspects=metric.principles,
        )
        for metric in METRICS.values()
        for suffix in ("", SUCCESSES)[: 1 + metric.successes]
    ]
    return MetricTable(
        metrics=(*CARD, *declared),
        counts_by=COUNTS_BY,
        shown=SHOWN,
        aspects=PRINCIPLES,
        heading="Principles",
        composites=tuple(
            Composite(key=one.key, title=one.title, weights=dict(one.weights)) for one in COMPOSITES
        ),
    )
