"""A row's performance profile: the share of its tasks above each score, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from .figures import HIGHEST, LOWEST
from .performance import average_band, average_profile
from .resample import Floats

FEWEST = 3
"""Tasks of a profile, and spokes of a radar, below which there is nothing to see."""

A_UNIT = 100
"""Thresholds from 0 to 1. Whatever success 5, 10, 20, 25, 50 or 100 episodes can have is one."""

DIGITS = 4
"""Decimals that are kept: a pixel is a hundredth of what they tell apart."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A falling staircase. What stands beside a threshold holds from there to the next.

    Attributes:
        at: thresholds, rising from -0.5 to 2 in hundredths: those at which something changes.
        share: share of the tasks whose mean score is above it.
        low: lower end of its pointwise stratified bootstrap interval, 95%; empty where some task
            has a single valid episode.
        high: upper end, likewise.
    """

    at: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


def profile_of(scores_by_task: Sequence[Floats]) -> Profile | None:
    """The profile of some scores; None where there are too few tasks for one.

    Args:
        scores_by_task: one array ``[n_t]`` for each task that has a score.
    """
    if len(scores_by_task) < FEWEST:
        return None
    thresholds = np.arange(round(LOWEST * A_UNIT), round(HIGHEST * A_UNIT) + 1) / A_UNIT
    rows = [average_profile(scores_by_task, thresholds)]
    if min(map(len, scores_by_task)) > 1:
        rows += average_band(scores_by_task, thresholds)
    table = np.round(rows, DIGITS)
    changes = np.append(True, np.diff(table, axis=1).any(axis=0))
    at, kept = thresholds[changes].tolist(), table[:, changes].tolist()
    low, high = kept[1:] or ((), ())
    return Profile(at=tuple(at), share=tuple(kept[0]), low=tuple(low), high=tuple(high))
