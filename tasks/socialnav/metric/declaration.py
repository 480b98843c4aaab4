"""How a metric is declared: as data, with the function that computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .reading import Reading

Better = Literal["higher", "lower", "neither"]

Compute: TypeAlias = Callable[[Reading], "float | None"]
"""A metric of one episode; None where it is not defined."""

PRINCIPLES = {
    "P1": "safety",
    "P2": "comfort",
    "P3": "legibility",
    "P4": "politeness",
    "P5": "social competency",
    "P6": "understanding of others",
    "P7": "proactivity",
    "P8": "contextual appropriateness",
}
"""The eight principles of Francis et al., section 3, by which a report may group metrics."""

FRANCIS = "Francis et al. 2025, table 1"
"""arXiv 2306.16740, ACM Transactions on Human-Robot Interaction 14(2), article 34."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of an episode.

    Attributes:
        key: its name, thresholds included, as in ``psc@0.5``. What is after ``@`` is in SI units.
        title: what it is, in a few words.
        unit: ``1`` for none.
        better: the direction in which it gets better, if there is one.
        low: the least value it can have, or None.
        high: the greatest it can have, or None.
        principles: the keys of ``PRINCIPLES`` that it speaks of.
        formula: how it is computed.
        source: where it was published, or ``ours``.
        undefined: when it is None; empty if never.
        share: whether it is 0 or 1, so that its mean is a proportion.
        successes: whether its mean over successes alone is reported besides, as ``KEY_succ``.
        compute: from a reading to the figure.
    """

    key: str
    title: str
    unit: str = "1"
    better: Better = "neither"
    low: float | None = None
    high: float | None = None
    principles: tuple[str, ...] = ()
    formula: str
    source: str = "ours"
    undefined: str = ""
    share: bool = False
    successes: bool = False
    compute: Compute
