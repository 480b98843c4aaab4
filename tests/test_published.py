"""Published results beside a run's own: named, marked, and summed up as their source does."""

import numpy as np
import pytest

from polyathlon.benchmarks import BENCHMARKS
from polyathlon.core.manifest import AgentRecord, Manifest, write_manifest
from polyathlon.leaderboard.published import PUBLISHED
from polyathlon.leaderboard.report import render_report
from polyathlon.tasks import catalogue

ROWS = {row.agent: row for row in PUBLISHED["langr"][0].rows}


def test_rows_name_tasks_and_groups_of_their_benchmark():
    for name, publications in PUBLISHED.items():
        benchmark = BENCHMARKS[name]()
        groups = {group.name for group in benchmark.groups} | {"overall"}
        for publication in publications:
            for row in publication.rows:
                assert set(row.values) <= set(benchmark.tasks)
                assert set(row.groups) <= groups
                assert all(
                    0 <= value <= 1 for value in (*row.values.values(), *row.groups.values())
                )


@pytest.mark.parametrize("agent", ROWS)
def test_published_means_fit_the_published_splits(agent):
    """The chart's own means, to the point to which they are given."""
    row = ROWS[agent]
    for group in BENCHMARKS["langr"]().groups:
        mean = np.mean([row.values[task] for task in group.tasks])
        assert row.groups[group.name] == pytest.approx(mean, abs=0.012), group.name
    assert row.groups["overall"] == pytest.approx(np.mean(list(row.values.values())), abs=1e-4)


def test_the_report_shows_them_and_says_what_they_are(tmp_path):
    benchmark = BENCHMARKS["langr"]()
    manifest = Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tuple(catalogue.find(task) for task in benchmark.tasks),
        agent=AgentRecord(name="nobody", path="no:body", dialect="native"),
        max_attempts=3,
    )
    write_manifest(tmp_path, manifest)
    (tmp_path / "episodes.jsonl").write_bytes(b"")
    page = render_report(tmp_path)
    for words in ("LLaRP", "42.0%", "46.9%", "digitised", "another world", "Not to be ranked"):
        assert words in page


@pytest.mark.parametrize(
    ("name", "agent", "mean"),
    [
        ("gea-metaworld", "GEA", 0.947), ("gea-metaworld", "ASA, RVQ", 0.84),
        ("gea-babyai", "GEA", 0.911), ("gea-langr", "GEA", 0.50),
        ("gea-langr", "ASA, SemLang", 0.51),
    ],
)  # fmt: skip
def test_the_tables_of_generalists_give_their_papers_headlines(name, agent, mean):
    (row,) = [row for row in PUBLISHED[name][0].rows if row.agent == agent]
    assert set(row.values) == set(BENCHMARKS[name]().tasks)
    assert row.groups["overall"] == pytest.approx(np.mean(list(row.values.values())), abs=1e-4)
    assert row.groups["overall"] == pytest.approx(mean, abs=0.006)
