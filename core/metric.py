"""What a family's further figures mean: the words that a report shows them under.

A run carries these with it in its manifest, so that it can be read where the family is not
installed. They are data; what computes a figure stays in the family.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec


class MetricSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of an episode.

    Attributes:
        key: its name in ``EpisodeResult.metrics``; thresholds stand in it, as in ``psc@0.5``.
        title: what it is, in a few words.
        unit: of its value; ``1`` for none.
        better: the direction in which it gets better, if there is one.
        share: whether it is 0 or 1 in every episode, so that its mean is a proportion.
        aspects: keys of the table's ``aspects`` that it speaks of.
        weight: the figure by which an episode counts in its mean, such as a number of steps: so
            shares of steps are summed up over all steps. Empty where every episode counts alike.
    """

    key: str
    title: str
    unit: str = "1"
    better: Literal["higher", "lower", "neither"] = "neither"
    share: bool = False
    aspects: tuple[str, ...] = ()
    weight: str = ""


class Composite(msgspec.Struct, frozen=True, kw_only=True):
    """A weighted sum of means by which somebody else ranks: for parity with their results only.

    Attributes:
        key: its name.
        title: whose it is, and how it is made.
        weights: of the mean of each metric.
    """

    key: str
    title: str
    weights: Mapping[str, float]

    def of(self, means: Mapping[str, float | None]) -> float | None:
        """Its value; None where a mean is missing."""
        terms = [(weight, means.get(key)) for key, weight in self.weights.items()]
        known = [weight * mean for weight, mean in terms if mean is not None]
        return sum(known) if len(known) == len(terms) else None


class MetricTable(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a family.

    Attributes:
        metrics: in the order of reports.
        counts_by: the figure that says whether an episode counts: where it is 0 what the task is
            about did not happen, and the episode is left out of every figure of the task. One
            that does not state it counts. Empty where all do.
        shown: keys that a report shows for each task; the others are folded away.
        aspects: points of view from which the figures are grouped, each with its title.
        heading: what the aspects are called.
        composites: of others, for parity.
    """

    metrics: tuple[MetricSpec, ...]
    counts_by: str = ""
    shown: tuple[str, ...] = ()
    aspects: Mapping[str, str] = {}
    heading: str = ""
    composites: tuple[Composite, ...] = ()

    def counts(self, metrics: Mapping[str, float]) -> bool:
        """Whether an episode with these figures counts."""
        return not self.counts_by or metrics.get(self.counts_by, 1.0) != 0.0
