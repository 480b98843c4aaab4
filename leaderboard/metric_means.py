"""Means over episodes of figures that some episodes do not have, each with its interval and n."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from .intervals import bootstrap_means, wilson
from .resample import Floats
from .result import Estimate


def metric_means(
    episodes: Sequence[Mapping[str, float | None]],
    shares: Collection[str] = (),
    keys: Sequence[str] | None = None,
    weights: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Estimate]:
    """The mean of each figure over the episodes that have it.

    A proportion gets a Wilson interval, any other figure a bootstrap one, both 95%; whole episodes
    are redrawn, with all their figures. There is no interval from one episode, nor of a figure
    that is not a proportion and always the same: that says nothing of its spread.

    Args:
        episodes: the figures of each, by key; None where one is not defined, as if it were not
            there.
        shares: keys of figures that are 0 or 1.
        keys: of the figures to take, in their order; None for all that occur.
        weights: by key, the figure by which an episode counts in that mean; one without it does
            not. All others count alike.
    """
    if keys is None:
        keys = list(dict.fromkeys(key for episode in episodes for key in episode))
    table = np.array(
        [[_or_nan(episode.get(key)) for key in keys] for episode in episodes], np.float64
    ).reshape(len(episodes), len(keys))
    counts = np.array(
        [[_weight(episode, weights.get(key)) for key in keys] for episode in episodes], np.float64
    ).reshape(table.shape)
    table[counts == 0.0] = np.nan
    spread = [
        column
        for column, key in enumerate(keys)
        if key not in shares and len(np.unique(_known(table[:, column]))) > 1
    ]
    drawn = bootstrap_means(table[:, spread], weights=counts[:, spread]) if spread else []
    ends = dict(zip(spread, drawn, strict=True))
    return {
        key: _mean(table[:, column], counts[:, column], key in shares, ends.get(column))
        for column, key in enumerate(keys)
    }


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _known(column: Floats) -> Floats:
    return column[~np.isnan(column)]


def _weight(episode: Mapping[str, float | None], key: str | None) -> float:
    return 1.0 if key is None else episode.get(key) or 0.0


def _mean(
    column: Floats, counts: Floats, share: bool, ends: tuple[float, float] | None
) -> Estimate:
    known, weights = _known(column).tolist(), counts[~np.isnan(column)].tolist()
    n = len(known)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0)
    low, high = wilson(round(sum(known)), n) if share else ends or (None, None)
    total = sum(weight * value for weight, value in zip(weights, known, strict=True))
    return Estimate(value=total / sum(weights), low=low, high=high, n=n)
