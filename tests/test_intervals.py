from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyathlon.core.errors import BadArgument
from polyathlon.leaderboard import resample
from polyathlon.leaderboard.intervals import (
    bootstrap_intervals,
    bootstrap_means,
    bootstrap_together,
    iqm,
    iqm_over_tasks,
    mean_over_tasks,
    point,
    pooled_iqm,
    resampled_means,
    stratified_bootstrap,
    wilson,
)
from polyathlon.leaderboard.performance import optimality_gap
from polyathlon.leaderboard.resample import Counted, Drawn, Pool, spans_of, trimmed_mean

STATISTICS = [mean_over_tasks, pooled_iqm, iqm_over_tasks]


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (9, 10, 59.6, 98.2),
        (45, 50, 78.6, 95.7),
        (450, 500, 87.1, 92.3),
        (0, 10, 0.0, 27.8),
        (10, 10, 72.2, 100.0),
        (0, 0, 0.0, 100.0),
    ],
)
def test_wilson_agrees_with_published_figures(successes, n, low, high):
    assert [round(100 * end, 1) for end in wilson(successes, n)] == [low, high]


@settings(deadline=None)
@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy_and_holds_the_share(counts):
    from scipy.stats import binomtest

    successes, n = counts
    low, high = wilson(successes, n, confidence=0.9)
    expected = binomtest(successes, n).proportion_ci(confidence_level=0.9, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / n <= high <= 1


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_wilson_refuses_impossible_counts(successes, n):
    with pytest.raises(BadArgument, match=r"give 0 <= successes <= n"):
        wilson(successes, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_is_a_share(confidence):
    with pytest.raises(BadArgument, match="between 0 and 1"):
        wilson(1, 2, confidence)
    with pytest.raises(BadArgument, match="between 0 and 1"):
        stratified_bootstrap([[0.0, 1.0]], mean_over_tasks, confidence=confidence)


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_iqm_is_scipys_trimmed_mean(values):
    from scipy.stats import trim_mean

    assert iqm(values) == pytest.approx(trim_mean(values, 0.25), rel=1e-9, abs=1e-6)


def test_iqm_of_nothing_is_refused():
    with pytest.raises(BadArgument, match="no values"):
        iqm([])


def test_points_of_a_worked_example():
    by_task = [[0.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.5]]
    assert point(by_task, mean_over_tasks) == pytest.approx((0.5 + 1 + 0.25) / 3)
    # Sorted and pooled: 0 0 .5 1 1 1 1 1; two cut at each end.
    assert point(by_task, pooled_iqm) == pytest.approx((0.5 + 1 + 1 + 1) / 4)
    # Three tasks: a quarter of three rounds down to none.
    assert point(by_task, iqm_over_tasks) == pytest.approx((0.5 + 1 + 0.25) / 3)


def test_the_bootstrap_is_the_plain_one_done_at_once():
    """Against a loop that draws task by task, over many resamples of ragged tasks."""
    dice = np.random.default_rng(5)
    by_task = [dice.normal(task, 1 + task, size=5 + 3 * task) for task in range(4)]
    means = [
        np.mean([dice.choice(scores, scores.size).mean() for scores in by_task])
        for _ in range(4000)
    ]
    expected = np.quantile(means, [0.025, 0.975])
    found = stratified_bootstrap(by_task, mean_over_tasks, resamples=4000)
    assert found == pytest.approx(expected, abs=0.05 * (expected[1] - expected[0]))


def test_resampling_never_crosses_tasks():
    """Two tasks that are constant in themselves: whatever is drawn, nothing moves."""
    by_task = [[0.0] * 7, [1.0] * 3]
    assert stratified_bootstrap(by_task, mean_over_tasks) == (0.5, 0.5)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_same_episodes_give_the_same_interval(statistic):
    by_task = list(np.random.default_rng(1).random((6, 9)))
    assert stratified_bootstrap(by_task, statistic) == stratified_bootstrap(by_task, statistic)
    assert stratified_bootstrap(by_task, statistic) != stratified_bootstrap(
        by_task, statistic, seed=1
    )


@pytest.mark.parametrize("statistic", STATISTICS)
def test_blocks_do_not_change_the_draws(statistic, monkeypatch):
    by_task = list(np.random.default_rng(2).random((3, 8)))
    whole = stratified_bootstrap(by_task, statistic, resamples=100)
    monkeypatch.setattr(resample, "_BLOCK", 7 * 24)
    assert stratified_bootstrap(by_task, statistic, resamples=100) == whole


def test_several_statistics_share_their_resamples():
    by_task = list(np.random.default_rng(3).random((5, 6)))
    assert bootstrap_intervals(by_task, STATISTICS) == [
        stratified_bootstrap(by_task, statistic) for statistic in STATISTICS
    ]


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """200 experiments of 5 tasks x 30 episodes; 95% of 200 is 190, with a spread of 3."""
    dice = np.random.default_rng(11)
    chances = np.array([0.3, 0.5, 0.6, 0.7, 0.9])
    covered = 0
    for _ in range(200):
        wins = (dice.random((5, 30)) < chances[:, None]).astype(float)
        low, high = stratified_bootstrap(list(wins), mean_over_tasks, resamples=500)
        covered += low <= chances.mean() <= high
    assert 180 <= covered <= 198


@pytest.mark.parametrize("by_task", [[], [[1.0], []], [[[1.0, 2.0]]]])
def test_tasks_without_episodes_are_refused(by_task):
    with pytest.raises(BadArgument, match="at least one score"):
        stratified_bootstrap(by_task, mean_over_tasks)
    with pytest.raises(BadArgument, match="at least 1"):
        stratified_bootstrap([[1.0, 2.0]], mean_over_tasks, resamples=0)


@pytest.mark.parametrize("n", [999, 1003, 4001])
def test_iqm_of_many_values_is_the_same_mean(n):
    from scipy.stats import trim_mean

    values = np.random.default_rng(n).normal(size=n).round(1)
    assert iqm(values) == pytest.approx(trim_mean(values, 0.25))


@pytest.mark.parametrize("n", [5, 40, 1003, 5001])
@pytest.mark.parametrize("kind", ["zeros and ones", "equal", "ties", "far apart", "reals"])
def test_ranks_that_are_counted_give_the_mean_of_what_is_sorted(n, kind):
    """Every resample of the bootstrap, to rounding; with a value a million million times off."""
    dice = np.random.default_rng(n)
    values = dice.normal(size=n)
    values = {
        "zeros and ones": (values > 0).astype(float),
        "equal": np.full(n, 0.1),
        "ties": values.round(),
        "far apart": np.append(values[1:], 1e12),
        "reals": values,
    }[kind]
    columns = dice.integers(0, n, (50, n))
    pool = Pool([values])
    times = np.array([np.bincount(row, minlength=n) for row in columns], np.uint16)
    counted = Counted(pool, times, spans_of(pool.counts))
    due = trimmed_mean(values[columns])
    for found in (Drawn(pool, columns).trimmed_mean(), counted.trimmed_mean()):
        assert found == pytest.approx(due, rel=1e-12, abs=1e-12)
        if kind in ("zeros and ones", "equal"):
            kept = n - 2 * (n // 4)
            exact = np.sort(values[columns])[:, n // 4 : n - n // 4]
            assert np.array_equal(found, exact[:, 0] if kind == "equal" else exact.sum(1) / kept)


@pytest.mark.parametrize("span", [1, 20, 10**6])
def test_wide_resamples_are_the_same_held_as_counts(span, monkeypatch):
    """Ragged tasks, among them one of a single value and one of wins, to the last digits."""
    dice = np.random.default_rng(8)
    by_task = [dice.normal(size=9), [0.5] * 4, dice.integers(0, 2, 30), dice.random(7), [1.0, 2.0]]
    statistics = [*STATISTICS, optimality_gap]
    table = dice.random((40, 3))
    narrow = bootstrap_intervals(by_task, statistics), bootstrap_means(table)
    monkeypatch.setattr(resample, "_WIDE", 1)
    monkeypatch.setattr(resample, "_SPAN", span)
    wide = bootstrap_intervals(by_task, statistics), bootstrap_means(table)
    for one, other in zip(narrow, wide, strict=True):
        assert np.array(other) == pytest.approx(np.array(one), rel=1e-12, abs=1e-12)


def test_figures_of_the_same_episodes_are_drawn_once():
    dice = np.random.default_rng(6)
    scores, wins = dice.random((4, 12)), dice.integers(0, 2, (4, 12)).astype(float)
    both = bootstrap_together([(scores, STATISTICS), (wins, STATISTICS[:1])])
    assert both == [
        bootstrap_intervals(scores, STATISTICS),
        bootstrap_intervals(wins, STATISTICS[:1]),
    ]
    with pytest.raises(BadArgument, match="as many episodes"):
        bootstrap_together([(scores, STATISTICS), (wins[:, 1:], STATISTICS)])


def test_the_means_of_every_resample_are_those_that_the_interval_is_of():
    by_task = [np.arange(5.0), np.arange(3.0) * 7]
    means = resampled_means(by_task)
    assert means.shape == (2000, 2)
    assert means[:, 0].max() <= 4
    assert np.unique(means[:, 1] * 3 / 7).round(9).tolist() == list(range(7))
    found = np.quantile(means.mean(axis=1), (0.025, 0.975))
    assert stratified_bootstrap(by_task, mean_over_tasks) == pytest.approx(found)
