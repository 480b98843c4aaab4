"""Means of figures: shares of steps are summed up over all steps, not over episodes."""

from __future__ import annotations

import msgspec
import pytest

from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.metric import MetricSpec, MetricTable
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec, digest_of, digest_of_tasks
from polyathlon.leaderboard.metric_means import metric_means
from polyathlon.leaderboard.summary import summarise

EPISODES = [
    {"right": 1.0, "steps": 1.0},
    {"right": 0.5, "steps": 8.0},
    {"right": 0.25, "steps": 0.0},
    {"steps": 3.0},
    {"right": 0.0},
]

TASK = TaskSpec(
    id="phone.high-v1",
    entry_point="nowhere:Nothing",
    embodiment=Embodiment(id="none", kind="text"),
    instruction="Do it.",
    max_episode_steps=10,
)
BENCHMARK = Benchmark(id="one", title="One", tasks=(TASK.id,), episodes_per_task=2)


def manifest_of(*metrics: MetricSpec) -> Manifest:
    return Manifest(
        benchmark=BENCHMARK,
        benchmark_digest=BENCHMARK.digest(),
        tasks=(TASK,),
        agent=AgentRecord(name="someone", path="some:One", dialect="native"),
        max_attempts=3,
        metrics={"phone": MetricTable(metrics=metrics)},
    )


def episode(index: int, **fields: dict[str, float]) -> EpisodeResult:
    plan = EpisodePlan(task=TASK.id, index=index, seed=BENCHMARK.seed_of(TASK.id, index))
    return EpisodeResult(plan=plan, outcome=Outcome.SUCCESS, score=1.0, steps=5, **fields)


def test_an_episode_counts_by_its_weight() -> None:
    plain = metric_means(EPISODES[:2])["right"]
    assert (plain.value, plain.n) == (0.75, 2)
    weighted = metric_means(EPISODES, keys=["right"], weights={"right": "steps"})["right"]
    assert weighted.value == pytest.approx(5 / 9)
    # Neither what has no weight nor what weighs nothing is counted.
    assert weighted.n == 2
    assert weighted.low == pytest.approx(0.5)
    assert weighted.high == pytest.approx(1.0)


def test_a_weight_of_one_changes_nothing() -> None:
    episodes = [{"x": value, "one": 1.0} for value in (0.1, 0.4, 0.9, 0.2, 0.3)]
    assert metric_means(episodes, keys=["x"], weights={"x": "one"}) == metric_means(
        episodes, keys=["x"]
    )


def test_nothing_weighs_anything() -> None:
    found = metric_means([{"x": 1.0, "w": 0.0}], keys=["x"], weights={"x": "w"})["x"]
    assert (found.value, found.n) == (None, 0)


def test_a_result_weighs_figures_that_say_so() -> None:
    manifest = manifest_of(MetricSpec(key="right", title="right", weight="steps"))
    played = [episode(index, metrics=metrics) for index, metrics in enumerate(EPISODES[:2])]
    family = summarise(manifest, played).families[0]
    assert family.figures["right"].value == pytest.approx(5 / 9)
    assert family.metrics["right"] == 0.75


def test_figures_without_weights_keep_the_digest_that_they_had() -> None:
    manifest = manifest_of(MetricSpec(key="right", title="right"))
    before = msgspec.to_builtins(manifest.metrics)
    del before["phone"]["metrics"][0]["weight"]
    tasks = digest_of_tasks(manifest.tasks)
    assert manifest.tasks_digest() == digest_of({"tasks": tasks, "metrics": before})


def test_what_was_spent_is_summed_and_is_no_evidence() -> None:
    one, other = (
        summarise(manifest_of(), [
            episode(index, spent={"tokens": tokens, "dollars": 0.5}) for index in range(2)
        ])
        for tokens in (3.0, 4.0)
    )  # fmt: skip
    assert one.overall.spent == {"dollars": 1.0, "tokens": 6.0}
    assert one.episodes_digest == other.episodes_digest
