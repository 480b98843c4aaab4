"""Verdicts are right as often as they say, and never given on unlike runs."""

from __future__ import annotations

import functools
import json

import msgspec
import numpy as np
import pytest

from polyathlon.cli import main
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.errors import BadArgument
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.comparison import compare, compare_pairs, sign_flip
from polyathlon.leaderboard.sequence import confidence_sequence, success_so_far

TASKS = ("arm.push-v1", "arm.pull-v1")


def manifest(episodes=4, seed=0, ceiling=1.0):
    tasks = tuple(
        TaskSpec(
            id=task, entry_point="nowhere:Nothing", instruction="", max_episode_steps=9,
            embodiment=Embodiment(id="none", kind="discrete"), ceiling=ceiling,
        )
        for task in TASKS
    )  # fmt: skip
    benchmark = Benchmark(
        id="pair", title="", tasks=TASKS, episodes_per_task=episodes, base_seed=seed
    )
    return Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tasks,
        agent=AgentRecord(name="a", path="some:One", dialect="native"),
        max_attempts=3,
    )


def episodes(declared, wins):
    """For each task a string: 1 won, 0 lost, x invalid."""
    found = []
    for task, row in zip(TASKS, wins, strict=True):
        for index, mark in enumerate(row):
            plan = EpisodePlan(task=task, index=index, seed=declared.benchmark.seed_of(task, index))
            outcome = {"1": Outcome.SUCCESS, "0": Outcome.FAILURE, "x": Outcome.INVALID}[mark]
            found.append(EpisodeResult(plan=plan, outcome=outcome, score=float(mark == "1")))
    return found


def test_a_worked_example():
    one = manifest()
    found = compare((one, episodes(one, ("1101", "11x1"))), (one, episodes(one, ("0100", "1011"))))
    assert [(task.pairs, task.only_first, task.only_second) for task in found.tasks] == [
        (4, 2, 0),
        (3, 1, 0),
    ]
    assert found.difference.value == pytest.approx((2 / 4 + 1 / 3) / 2)
    assert found.difference.n == 7
    assert (found.metric, found.verdict) == ("success", "inconclusive")
    assert found.improvement == pytest.approx((1 / 2 + 0.5 / 2 + (0.5 + 1 / 6)) / 2, abs=0.1)


def test_other_numbers_of_episodes_are_paired_where_both_have_them():
    short, long = manifest(2), manifest(4)
    found = compare(
        (short, episodes(short, ("11", "11"))), (long, episodes(long, ("0011", "0011")))
    )
    assert [task.pairs for task in found.tasks] == [2, 2]


@pytest.mark.parametrize("other", [manifest(seed=1), manifest(ceiling=2.0)])
def test_other_programmes_are_not_compared(other):
    with pytest.raises(BadArgument, match="different programmes"):
        compare((manifest(), []), (other, []))
    with pytest.raises(BadArgument, match="share no episode"):
        compare((manifest(), []), (manifest(), []))


def thrown(dice, first, second, n=100):
    return np.stack([dice.random(n) < first, dice.random(n) < second], axis=1).astype(float)


@functools.cache
def is_a_verdict(first, telling):
    return sign_flip([np.repeat([1.0, -1.0], [first, telling - first])]) < 0.05


def chance_of_a_verdict(first, second, n=100):
    """Exactly, over all outcomes of n independent pairs."""
    from scipy.stats import binom

    wins, losses = first * (1 - second), (1 - first) * second
    total = 0.0
    for telling in range(1, n + 1):
        weight = binom.pmf(telling, n, wins + losses)
        if weight < 1e-9:
            continue
        half = np.array([is_a_verdict(k, telling) for k in range(telling // 2 + 1)])
        both = np.concatenate([half, half[: telling - len(half) + 1][::-1]])
        share = wins / (wins + losses)
        total += weight * binom.pmf(np.arange(telling + 1), telling, share)[both].sum()
    return total


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_equal_agents_are_inconclusive_in_95_of_100(share):
    assert chance_of_a_verdict(share, share) <= 0.05


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_twenty_points_are_found_in_80_of_100(share):
    assert chance_of_a_verdict(share, share + 0.2) >= 0.8


def test_twenty_points_over_tasks_of_all_kinds():
    """Ten tasks of ten episodes: 60 comparisons, of which 48 are 80 in 100."""
    dice = np.random.default_rng(5)
    shares = np.linspace(0.2, 0.7, 10)
    verdicts = [
        sign_flip([np.subtract(*thrown(dice, p + 0.2, p, 10).T) for p in shares]) < 0.05
        for _ in range(60)
    ]
    assert sum(verdicts) >= 48


def test_the_thrown_signs_give_the_exact_test():
    """One weight that is a hair off makes the dice be thrown; McNemar's mid-p is closed."""
    from scipy.stats import binom, binomtest

    signs = np.repeat([1.0, -1.0], [32, 18])
    exact = sign_flip([signs])
    assert exact == pytest.approx(binomtest(18, 50).pvalue - binom.pmf(18, 50, 0.5))
    nudged = signs.copy()
    nudged[0] *= 1 + 1e-10
    assert sign_flip([nudged], flips=40_000) == pytest.approx(exact, abs=0.004)


def test_further_episodes_settle_it():
    """What is promised is held: with so many more, four of five comparisons have a verdict."""
    dice = np.random.default_rng(2)
    pairs = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [12, 6, 22], axis=0)
    found = compare_pairs({"t": pairs})
    assert (found.verdict, found.difference.value) == ("inconclusive", pytest.approx(0.15))
    n = len(pairs) + found.further
    verdicts = [
        sign_flip([dice.choice([1.0, -1.0, 0.0], n, p=[0.3, 0.15, 0.55])]) < 0.05
        for _ in range(400)
    ]
    assert np.mean(verdicts) == pytest.approx(0.8, abs=0.06)
    assert compare_pairs({"t": np.ones((9, 2))}).further is None
    close = np.concatenate([np.tile([[1.0, 0.0], [0.0, 1.0]], (500, 1)), [[1.0, 0.0]]])
    assert compare_pairs({"t": close}).further is None


def test_swapping_the_two_swaps_the_verdict():
    dice = np.random.default_rng(1)
    pairs = thrown(dice, 0.9, 0.4)
    one, other = compare_pairs({"t": pairs}), compare_pairs({"t": pairs[:, ::-1]})
    assert (one.verdict, other.verdict) == ("better", "worse")
    assert one.p_value == other.p_value
    assert one.difference.value == -other.difference.value
    assert one.improvement == pytest.approx(1 - other.improvement)


# Confidence sequences


def test_peeking_after_every_round_is_wrong_in_5_of_100_at_most():
    """200 runs of three unequal tasks, looked at 25 times in 300 rounds; Wilson fails at it."""
    from polyathlon.leaderboard.intervals import wilson

    dice = np.random.default_rng(17)
    chances = np.array([0.2, 0.5, 0.8])
    looks = np.unique(np.geomspace(2, 300, 25).astype(int))
    wins = (dice.random((200, 300, 3)) < chances).sum(axis=2).cumsum(axis=1)
    outside = {confidence_sequence: 0, wilson: 0}
    for row in wins:
        for method in outside:
            ends = [method(int(row[look - 1]), 3 * int(look)) for look in looks]
            outside[method] += any(not low <= 0.5 <= high for low, high in ends)
    assert outside[confidence_sequence] <= 10
    assert outside[wilson] > 10


@pytest.mark.parametrize(("won", "n"), [(0, 10), (3, 10), (10, 10), (450, 500), (1, 100_000)])
def test_the_ends_are_where_the_bet_pays_twenty_to_one(won, n):
    from scipy.special import betaln

    low, high = confidence_sequence(won, n)
    assert 0 <= low <= won / n <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            bet = betaln(1 + won, 1 + n - won) - won * np.log(end) - (n - won) * np.log(1 - end)
            assert bet == pytest.approx(np.log(20), abs=1e-5)


def test_it_is_wider_than_an_interval_for_one_look_and_narrows():
    from polyathlon.leaderboard.intervals import wilson

    widths = [np.ptp(confidence_sequence(n // 2, n)) for n in (10, 100, 1000, 10_000)]
    assert widths == sorted(widths, reverse=True)
    assert all(w > np.ptp(wilson(n // 2, n)) for w, n in zip(widths, (10, 100, 1000), strict=False))
    assert confidence_sequence(0, 0) == (0.0, 1.0)
    with pytest.raises(BadArgument, match="scores from 0 to 1"):
        confidence_sequence(3, 2)
    with pytest.raises(BadArgument, match="between 0 and 1"):
        confidence_sequence(1, 2, 1.0)


def test_only_whole_rounds_count():
    declared = manifest(5)
    found = success_so_far(declared, episodes(declared, ("1101", "1x11")))
    assert (found.rounds, found.value) == (3, pytest.approx(4 / 6 + 1 / 6))
    assert success_so_far(declared, []).width == 1.0


# The commands


def ended(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code, capsys.readouterr()


def test_compare_on_the_command_line(run, members, filed, capsys):
    path = filed(members)
    code, told = ended(["compare", str(run), str(path)], capsys)
    assert code == 0
    assert "inconclusive: no pair of episodes differs" in told.out
    code, told = ended(["compare", str(run), str(path), "--json"], capsys)
    assert json.loads(told.out)["verdict"] == "inconclusive"
    code, told = ended(["compare", str(run), str(path.parent)], capsys)
    assert code == 2
    assert "is not a run" in told.err


def test_eval_stops_once_it_is_known(tmp_path, capsys):
    """22 rounds of 60 suffice for a wide interval, and the same command plays no further."""
    command = ["eval", "babyai.go-to-obj", "--agent", "random", "--episodes", "60", "--slots", "1"]
    command += ["--video", "0", "--until-width", "0.5", "--out", str(tmp_path / "run")]
    code, told = ended(command, capsys)
    assert code == 0
    assert "stopped  after" in told.err
    lines = (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()
    assert 10 <= len(lines) < 60
    code, _ = ended(command, capsys)
    assert code == 0
    assert (tmp_path / "run" / "episodes.jsonl").read_text().splitlines() == lines


def test_a_comparison_survives_json():
    found = compare_pairs({"t": np.ones((3, 2))})
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found
