"""Means over episodes of figures that some episodes do not have, each with its interval and n."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .intervals import mean_over_tasks, stratified_bootstrap, wilson
from .result import Estimate


def metric_means(
    episodes: Sequence[Mapping[str, float | None]], shares: Collection[str] = ()
) -> dict[str, Estimate]:
    """The mean of each figure over the episodes that have it.

    A proportion gets a Wilson interval, any other figure a bootstrap one, both 95%. There is no
    interval from one episode, nor of a figure that is not a proportion and always the same: that
    says nothing of its spread.

    Args:
        episodes: the figures of each, by key; None where one is not defined.
        shares: keys of figures that are 0 or 1.
    """
    keys = list(dict.fromkeys(key for episode in episodes for key in episode))
    return {key: _mean([episode.get(key) for episode in episodes], key in shares) for key in keys}


def _mean(values: Sequence[float | None], share: bool) -> Estimate:
    known = [value for value in values if value is not None]
    n = len(known)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0)
    mean = sum(known) / n
    low: float | None = None
    high: float | None = None
    if share:
        low, high = wilson(round(sum(known)), n)
    elif min(known) < max(known):
        low, high = stratified_bootstrap([known], mean_over_tasks)
    return Estimate(value=mean, low=low, high=high, n=n)
