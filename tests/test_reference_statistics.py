"""Our statistics beside those of rliable and statsmodels, on the same numbers.

The figures in the tables were computed with rliable 1.2.0, arch 7.2.0, statsmodels 0.15.0, pandas
2.3.3, numpy 2.4.6 and scipy 1.17.1. Where these packages are installed they are asked again.
"""

from __future__ import annotations

import numpy as np
import pytest

from polyathlon.leaderboard.comparison import sign_flip
from polyathlon.leaderboard.intervals import (
    bootstrap_intervals,
    iqm,
    mean_over_tasks,
    point,
    pooled_iqm,
    wilson,
)
from polyathlon.leaderboard.performance import (
    average_profile,
    clustered_bootstrap,
    improvement_interval,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    profile_band,
)

THRESHOLDS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.2])


def runs(seed):
    """8 runs of 6 tasks ``[8, 6]`` by arithmetic alone, so that any program can make them again."""
    run, task = np.arange(8)[:, None], np.arange(6)[None]
    return ((run * 37 + task * 61 + seed * 17) % 101) / 80.0


A, B = runs(1), runs(5) * 0.9 + 0.1


def test_points_of_rliable():
    assert point(A.T, mean_over_tasks) == pytest.approx(0.6338541666666667, abs=1e-12)
    assert iqm(A) == pytest.approx(0.6354166666666666, abs=1e-12)
    assert point(A.T, pooled_iqm) == pytest.approx(0.6354166666666666, abs=1e-12)
    assert point(A.T, optimality_gap) == pytest.approx(0.3940104166666667, abs=1e-12)
    assert probability_of_improvement(A.T, B.T) == pytest.approx(0.484375, abs=1e-12)


def test_profiles_of_rliable():
    due = np.array([47, 38, 28, 19, 9, 2]) / 48
    assert performance_profile(A.T, THRESHOLDS) == pytest.approx(due, abs=1e-12)
    assert average_profile(A.T, THRESHOLDS).tolist() == [1, 1, 1, 0, 0, 0]
    for share, (low, high) in zip(due, profile_band(A.T, THRESHOLDS, resamples=300), strict=True):
        assert low <= share <= high


def test_intervals_of_rliable():
    """2,000 resamples on either side: ends agree to a few per cent of the width."""
    found = bootstrap_intervals(A.T, [mean_over_tasks, pooled_iqm, optimality_gap])
    due = [
        (0.5319921875, 0.7409049479),
        (0.4890494792, 0.7739583333),
        (0.3020638021, 0.4861979167),
    ]
    for mine, theirs in zip(found, due, strict=True):
        assert mine == pytest.approx(theirs, abs=0.05 * np.ptp(theirs))


@pytest.mark.parametrize(
    ("won", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.27753279986288926),
        (3, 10, 0.10779126740630104, 0.6032218525388546),
        (9, 10, 0.5958499732047614, 0.982123786904927),
        (45, 50, 0.7863976856252034, 0.9565242350681095),
        (450, 500, 0.8705780903680599, 0.9233224372626984),
        (17, 110, 0.09878652361939871, 0.23361837713206013),
    ],
)
def test_wilson_of_statsmodels(won, n, low, high):
    assert wilson(won, n) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "exact"),
    [
        (10, 2, 0.03857421875),
        (35, 15, 0.006600447966810918),
        (0, 6, 0.03125),
        (32, 18, 0.06490864707227217),
    ],
)
def test_mcnemar_of_statsmodels(first, second, exact):
    """Ours counts ties half: it is less by the probability of what was seen (Lancaster 1961)."""
    from scipy.stats import binom

    seen = binom.pmf(first, first + second, 0.5)
    found = sign_flip([np.repeat([1.0, -1.0], [first, second])])
    assert found == pytest.approx(exact - seen, abs=1e-12)


def test_clustered_interval_beside_a_cluster_robust_error():
    """30 tasks that differ: the interval is as wide as statsmodels' robust error says."""
    dice = np.random.default_rng(8)
    scores = [dice.normal(dice.normal(0.5, 0.2), 0.3, size=12) for _ in range(30)]
    low, high = clustered_bootstrap(scores)
    # OLS on a constant, cov_type="cluster", no small-sample correction: the square root of
    # sum over tasks of (sum of residuals)^2, over n.
    flat = np.concatenate(scores)
    sums = [(one - flat.mean()).sum() for one in scores]
    error = np.sqrt(np.square(sums).sum()) / len(flat)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)
    stratified = bootstrap_intervals(scores, [mean_over_tasks])[0]
    assert high - low > 1.5 * (stratified[1] - stratified[0])


def test_improvement_interval_of_rliable():
    """500 resamples there."""
    found = improvement_interval(A.T, B.T)
    assert found == pytest.approx((0.3619791667, 0.5859375), abs=0.1 * 0.224)


def test_improvement_interval():
    dice = np.random.default_rng(4)
    mine, theirs = dice.normal(0.5, 1, (5, 40)), dice.normal(0, 1, (5, 40))
    low, high = improvement_interval(mine, theirs, resamples=500)
    # Normal scores half a deviation apart: the chance is Phi(0.5 / sqrt 2) = 0.638.
    assert low < 0.638 < high
    assert low < probability_of_improvement(mine, theirs) < high
    assert high - low < 0.2


def test_with_rliable_itself():
    metrics = pytest.importorskip("rliable.metrics")
    assert probability_of_improvement(A.T, B.T) == pytest.approx(
        metrics.probability_of_improvement(A, B)
    )
    assert point(A.T, optimality_gap) == pytest.approx(metrics.aggregate_optimality_gap(A))
    assert iqm(A) == pytest.approx(metrics.aggregate_iqm(A))


def test_with_statsmodels_itself():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    for won, n in ((3, 10), (450, 500)):
        due = proportion.proportion_confint(won, n, method="wilson")
        assert wilson(won, n) == pytest.approx(due, abs=1e-12)
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    exact = tables.mcnemar([[0, 32], [18, 0]], exact=True).pvalue
    assert sign_flip([np.repeat([1.0, -1.0], [32, 18])]) < exact
