from __future__ import annotations

import json

import msgspec
import pytest

from polyathlon.cli import main
from polyathlon.core.episode import EpisodePlan, EpisodeResult, Outcome
from polyathlon.core.errors import BadArgument
from polyathlon.core.journal import Entry, Journal
from polyathlon.core.manifest import AgentRecord, Manifest, write_manifest
from polyathlon.core.specs import Benchmark, Embodiment, TaskSpec
from polyathlon.leaderboard.generalist import generalist_score
from polyathlon.leaderboard.intervals import iqm

WORLDS = {
    "arm.a-v1": (0.1, 0.3), "arm.b-v1": (0.5, 0.5), "arm.c-v1": (0.6, 0.8), "arm.d-v1": (1.0, 1.0),
    "arm.e-v1": (0.9, 0.7), "maze.a-v1": (0.0, 0.2),
}  # fmt: skip


def run(worlds, name="agent", base_seed=0, ceiling=10.0, invalid=()):
    """A run of two episodes a task; returns run from 0 to the ceiling."""
    tasks = tuple(
        TaskSpec(
            id=task, entry_point="nowhere:Nothing", instruction="", max_episode_steps=9,
            embodiment=Embodiment(id="none", kind="discrete"), score="return", ceiling=ceiling,
        )
        for task in worlds
    )  # fmt: skip
    benchmark = Benchmark(
        id="all", title="", tasks=tuple(worlds), episodes_per_task=2, base_seed=base_seed,
        headline="score",
    )  # fmt: skip
    manifest = Manifest(
        benchmark=benchmark,
        benchmark_digest=benchmark.digest(),
        tasks=tasks,
        agent=AgentRecord(name=name, path="some:One", dialect="native"),
        max_attempts=3,
    )
    results = []
    for task, scores in worlds.items():
        for index, score in enumerate(scores):
            plan = EpisodePlan(task=task, index=index, seed=benchmark.seed_of(task, index))
            reward = score * ceiling
            one = EpisodeResult(
                plan=plan, outcome=Outcome.FAILURE, total_reward=reward,
                score=manifest.spec(task).normalise(reward, False), steps=1,
            )  # fmt: skip
            lost = EpisodeResult(plan=plan, outcome=Outcome.INVALID)
            results.append(lost if (task, index) in invalid else one)
    return manifest, results


def test_families_count_alike_whatever_their_tasks():
    found = generalist_score([run(WORLDS)], ["arm", "maze"])
    arm = iqm([0.2, 0.5, 0.7, 1.0, 0.8])
    assert found.families[0].score.value == pytest.approx(arm)
    assert found.families[1].score.value == pytest.approx(0.1)
    assert found.score.value == pytest.approx((arm + 0.1) / 2)
    assert found.score.low <= found.score.value <= found.score.high
    assert (found.coverage, found.score.n) == (1.0, 12)


def test_it_may_come_from_several_runs():
    arm = {task: scores for task, scores in WORLDS.items() if task.startswith("arm")}
    maze = {task: scores for task, scores in WORLDS.items() if task.startswith("maze")}
    both = generalist_score([run(arm), run(maze)], ["arm", "maze"])
    assert both.score == generalist_score([run(WORLDS)], ["arm", "maze"]).score
    assert both.task_set == generalist_score([run(maze), run(arm)], ["arm", "maze"]).task_set
    with pytest.raises(BadArgument, match=r"maze\.a-v1 was played in two"):
        generalist_score([run(WORLDS), run(maze)], ["arm", "maze"])


@pytest.mark.parametrize("change", [{"base_seed": 1}, {"ceiling": 5.0}])
def test_other_tasks_are_another_set(change):
    one = generalist_score([run(WORLDS)], ["arm", "maze"])
    other = generalist_score([run(WORLDS, **change)], ["arm", "maze"])
    assert one.task_set != other.task_set


def test_it_is_refused_below_the_coverage():
    with pytest.raises(BadArgument, match=r"1 of 2 families were played; snow are missing"):
        generalist_score([run(WORLDS)], ["arm", "snow"])
    spoiled = run(WORLDS, invalid={("arm.a-v1", 0)})
    with pytest.raises(BadArgument, match=r"90\.0% of the episodes of arm are valid"):
        generalist_score([spoiled], ["arm", "maze"])
    assert generalist_score([spoiled], ["arm", "maze"], least=0.9).coverage == 11 / 12
    gone = run(WORLDS, invalid={("arm.a-v1", 0), ("arm.a-v1", 1)})
    with pytest.raises(BadArgument, match="4 of its 5 tasks have a score"):
        generalist_score([gone], ["arm", "maze"], least=0.1)
    with pytest.raises(BadArgument, match="at least one family"):
        generalist_score([run(WORLDS)], [])


def written(folder, manifest, results):
    folder.mkdir()
    write_manifest(folder, manifest)
    with Journal(folder) as journal:
        journal.append(map(Entry, results))
    return str(folder)


def test_the_command(tmp_path, capsys):
    one = written(tmp_path / "one", *run(WORLDS))
    with pytest.raises(SystemExit) as ended:
        main(["leaderboard", "generalist", one, "--families", "arm,maze", "--json"])
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["family"] for row in found["families"]] == ["arm", "maze"]
    with pytest.raises(SystemExit):
        main(["leaderboard", "generalist", one, "--families", "arm,maze"])
    assert "generalist      6      100%" in capsys.readouterr().out
    manifest, results = run({"snow.a-v1": (1.0, 1.0)}, name="another")
    two = written(tmp_path / "two", msgspec.structs.replace(manifest), results)
    with pytest.raises(SystemExit) as ended:
        main(["leaderboard", "generalist", one, two, "--families", "arm,snow"])
    assert ended.value.code == 2
    assert "several agents" in capsys.readouterr().err
