"""Cards on tracks as one benchmark: what an episode is found to be, what counts, what is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyathlon.benchmarks import BENCHMARKS
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark
from polyathlon.leaderboard.metric_report import figure_sections
from polyathlon.leaderboard.report import render_report
from polyathlon.leaderboard.summary import summarise
from polyathlon.leaderboard.view import RunView
from polyathlon.tasks import catalogue
from polyathlon.tasks.socialnav.card import CARDS
from polyathlon.tasks.socialnav.environment import SocialNavigation
from polyathlon.tasks.socialnav.metric import METRICS, score

pytest.importorskip("pyrvo")
pytest.importorskip("shapely")

PATTERN = "socialnav.frontal-approach,socialnav.crowdnav-circle"
CARD, PROTOCOL = "socialnav.frontal-approach-v1", "socialnav.crowdnav-circle-v1"

Command = Callable[..., Any]


def test_every_card_is_in_it_on_each_of_its_tracks() -> None:
    benchmark = BENCHMARKS["socialnav"]()
    groups = {group.name: set(group.tasks) for group in benchmark.groups}
    assert set(CARDS) | set(benchmark.compared) == set(groups)
    for name, card in CARDS.items():
        specs = [catalogue.find(task) for task in groups[name]]
        tracks = {spec.kwargs["track"].partition("(")[0] for spec in specs}
        assert tracks == set(card.tracks)
    together: set[str] = set().union(*(groups[name] for name in benchmark.compared))
    assert together == set(benchmark.tasks)
    assert sum(len(groups[name]) for name in benchmark.compared) == len(benchmark.tasks)


def test_the_last_step_says_all_that_the_metrics_say() -> None:
    env = SocialNavigation("frontal-approach", robot="omni", track="visible")
    _, info = env.reset(seed=1)
    assert "spl" not in info["metrics"]
    over = False
    while not over:
        # The goal is along x, and people make room.
        _, _, terminated, truncated, info = env.step([1.0, 0.0])
        over = terminated or truncated
    said = info["metrics"]
    due = score(env.log(), env.alone())
    assert {key: said[key] for key in due if key in said} == {
        key: value for key, value in due.items() if value is not None
    }
    assert set(due) == set(METRICS)
    assert {"labelled", "ideal", "failure_collision"} <= set(said)
    assert all(math.isfinite(value) for value in said.values())
    assert "agent_collisions" not in said, "not defined here, and so not there"


def test_without_the_robot_people_walk_as_they_would_have() -> None:
    def alone(track: str) -> SocialNavigation:
        env = SocialNavigation("circle", robot="omni", track=track)
        env.reset(seed=7)
        for _ in range(40):
            env.step([0.1, 0.0])
        return env

    blind = alone("invisible")
    log, without = blind.log(), blind.alone()
    assert without is not None
    # Whoever does not see the robot walks the same way to the last bit.
    assert (log.humans.pos == without.humans.pos).all()
    seeing = alone("visible")
    other = seeing.alone()
    assert other is not None
    assert (seeing.log().humans.pos != other.humans.pos).any()
    quick = SocialNavigation("circle", robot="omni", track="visible", counterfactual=False)
    quick.reset(seed=7)
    assert quick.alone() is None
    joint = SocialNavigation("following", robot="omni", track="visible")
    joint.reset(seed=7)
    assert joint.alone() is None, "to follow somebody says nothing of what they do alone"


@pytest.fixture(scope="module")
def played(typed: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same few episodes, played on one slot and on three."""
    folder = tmp_path_factory.mktemp("runs")
    for slots in (1, 3):
        typed(
            "eval", PATTERN, "--agent", "orca", "--episodes", "4",
            "--slots", str(slots), "--out", f"{slots}", "--video", str(int(slots == 1)),
            *["--records"] * (slots == 3), cwd=folder,
        )  # fmt: skip
    return folder


def test_slots_change_no_figure(played: Path) -> None:
    one, three = (json.loads((played / n / "result.json").read_text()) for n in "13")
    assert one["episodes_digest"] == three["episodes_digest"]
    assert one["tasks"][0]["figures"] == three["tasks"][0]["figures"]


def test_kept_logs_score_as_they_did(played: Path, typed: Command) -> None:
    episodes = [
        json.loads(line)["episode"]
        for line in (played / "3" / "episodes.jsonl").read_text().splitlines()
    ]
    kept = played / "3" / "records"
    names = [f"{one['plan']['task']}-{one['plan']['index']}" for one in episodes]
    logs = [kept / f"{name}.npz" for name in names]
    pairs = [part for name in names for part in ("--alone", kept / f"{name}.alone.npz")]
    done = typed("socialnav", "score", *logs, *pairs, "--json")
    scored = json.loads(done.stdout)["episodes"]
    assert len(scored) == 8
    for episode, again in zip(episodes, scored, strict=True):
        for key, value in again["metrics"].items():
            assert episode["metrics"].get(key) == value


def test_the_report_shows_figures_and_principles(played: Path) -> None:
    page = render_report(played / "1")
    assert "Figures of socialnav" in page
    assert "P1 safety" in page
    assert "personal space compliance" in page
    assert "iGibson" in page
    assert (played / "1" / "media" / f"{CARD}-0.png").exists()


def table_run(labels: tuple[float | None, ...]) -> tuple[Manifest, list[EpisodeResult]]:
    """A card's episodes in which the encounter took place or not; every one of them a success."""
    benchmark = Benchmark(id="one", title="", tasks=(CARD,), episodes_per_task=len(labels))
    spec = catalogue.find(CARD)
    manifest = Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=(spec,),
        agent=AgentRecord(name="a", path="a:A", dialect="native"),
        max_attempts=1,
        metrics=catalogue.metric_tables([spec]),
    )
    results = [
        EpisodeResult(
            plan=EpisodePlan(task=CARD, index=index, seed=benchmark.seed_of(CARD, index)),
            outcome=Outcome.SUCCESS if label else Outcome.FAILURE,
            score=float(bool(label)),
            metrics={"spl": 0.5 + index} | ({} if label is None else {"labelled": label}),
        )
        for index, label in enumerate(labels)
    ]
    return manifest, results


def test_an_episode_without_the_encounter_enters_no_figure() -> None:
    manifest, results = table_run((1.0, 0.0, 1.0, 0.0, 1.0))
    task = summarise(manifest, results).tasks[0]
    assert (task.n_valid, task.n_left_out, task.coverage) == (5, 2, 1.0)
    assert (task.success.value, task.success.n, task.score.n) == (1.0, 3, 3)
    assert task.metrics["spl"] == task.figures["spl"].value == 2.5
    labelled = task.figures["labelled"]
    assert (labelled.value, labelled.n) == (0.6, 5), "of this, all are counted"
    assert labelled.low is not None
    assert (task.figures["ttc_min"].value, task.figures["ttc_min"].n) == (None, 0)


def test_an_episode_that_says_nothing_of_it_counts(tmp_path: Path) -> None:
    manifest, results = table_run((None, 0.0))
    run = RunView(tmp_path, manifest, results)
    assert run.result.tasks[0].n_left_out == 1
    assert run.outcome_words(CARD, 0)[0] == "failure"
    kind, words = run.outcome_words(CARD, 1)
    assert kind == "uncounted"
    assert "not counted" in words
    page = figure_sections(run)
    assert page is not None
    assert "1 of 2 did not and enter no figure" in page


def test_where_none_counts_there_is_no_figure() -> None:
    manifest, results = table_run((0.0, 0.0))
    result = summarise(manifest, results)
    assert result.headline.value is None
    assert result.tasks[0].figures["labelled"].value == 0.0
    assert "spl" not in result.tasks[0].metrics
