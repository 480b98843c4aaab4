"""Means over successes, and the single figures by which two challenges ranked robots.

The composites are here so that results can be held against published ones, under the names of
those who made them. There is none of our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SUCCESSES = "_succ"
"""Suffix of a metric that is averaged over successes only."""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """A weighted sum of means.

    Attributes:
        key: its name.
        title: whose it is.
        weights: of each metric's mean.
    """

    key: str
    title: str
    weights: Mapping[str, float]

    def of(self, means: Mapping[str, float | None]) -> float | None:
        """Its value; None where a mean is."""
        terms = [(weight, means.get(key)) for key, weight in self.weights.items()]
        if any(mean is None for _, mean in terms):
            return None
        return sum(weight * mean for weight, mean in terms if mean is not None)


COMPOSITES: tuple[Composite, ...] = (
    Composite(
        key="igibson_2021",
        title="iGibson social navigation challenge 2021: (STL + PSC) / 2, with our T_ref in STL",
        weights={"stl": 0.5, "psc@0.5": 0.5},
    ),
    Composite(
        key="robosense_2025",
        title="RoboSense 2025, track 2: 0.4 SR + 0.3 SPL + 0.3 PSC",
        weights={"success": 0.4, "spl": 0.3, "psc_center@1.0": 0.3},
    ),
)


def with_successes(
    values: Mapping[str, float | None], keys: tuple[str, ...]
) -> dict[str, float | None]:
    """The figures of an episode, and ``KEY_succ`` for each key: None unless it was a success.

    Args:
        values: of one episode, ``success`` among them.
        keys: of the metrics that are averaged over successes besides.
    """
    found = dict(values)
    for key in keys:
        found[key + SUCCESSES] = values[key] if values["success"] == 1 else None
    return found
