"""A row's profile and its band, against the plain way of computing them."""

from __future__ import annotations

import numpy as np
import pytest

from polyathlon.leaderboard.curve import profile_of
from polyathlon.leaderboard.intervals import resampled_means
from polyathlon.leaderboard.performance import average_band, average_profile
from polyathlon.leaderboard.website.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, band_path


def tasks(kind, n=10, count=6):
    dice = np.random.default_rng(3)
    chances = np.linspace(0.1, 0.9, count)[:, None]
    wins = (dice.random((count, n)) < chances).astype(float)
    return list(wins if kind == "wins" else wins + dice.normal(0, 0.4, (count, n)))


@pytest.mark.parametrize("kind", ["wins", "returns"])
def test_the_band_is_the_quantiles_of_resampled_profiles(kind):
    by_task, thresholds = tasks(kind), np.arange(-50, 201) / 100
    means = resampled_means(by_task)
    above = (means[:, :, np.newaxis] > thresholds).mean(axis=1)
    due = np.quantile(above, (0.025, 0.975), axis=0)
    low, high = average_band(by_task, thresholds)
    assert np.array([low, high]) == pytest.approx(due, abs=1e-12)
    share = average_profile(by_task, thresholds)
    # Where a task's mean is the threshold itself, half of the resamples are above and it is not.
    assert (low <= share).mean() > 0.9
    assert (share <= high).mean() > 0.9


@pytest.mark.parametrize("kind", ["wins", "returns"])
def test_a_profile_says_where_it_changes(kind):
    """Read as a staircase, it is the share at every threshold."""
    by_task, thresholds = tasks(kind), np.arange(-50, 201) / 100
    found = profile_of(by_task)
    places = np.searchsorted(found.at, thresholds, side="right") - 1
    share = average_profile(by_task, thresholds)
    assert np.array(found.share)[places] == pytest.approx(share, abs=1e-4)
    low, high = average_band(by_task, thresholds)
    assert np.array(found.low)[places] == pytest.approx(low, abs=1e-4)
    assert np.array(found.high)[places] == pytest.approx(high, abs=1e-4)
    assert len(found.at) <= (12 if kind == "wins" else 251)


def test_a_band_needs_two_episodes_and_a_profile_three_tasks():
    assert profile_of(tasks("wins", count=2)) is None
    found = profile_of([*tasks("wins"), np.array([1.0])])
    assert (found.low, found.high) == ((), ())
    assert found.share[0] == 1


def test_a_band_is_drawn_between_its_ends():
    """Right along the upper end, back along the lower, closed; nothing where there is no band."""
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    middle = (LEFT + right) / 2
    path = band_path([(-0.5, 1.0, 1.0), (0.5, 0.0, 1.0), (1.0, 0.0, 0.0)], 0.0, 1.0)
    assert path == (
        f"M{LEFT} {TOP}H{middle}V{TOP}H{right}V{floor}H{right}V{floor}"
        f"H{right}V{floor}H{middle}V{TOP}H{LEFT}Z"
    )
    assert band_path([], 0.0, 1.0) == ""
