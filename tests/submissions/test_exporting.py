"""What is exported is what others read: by their own readers where these are installed."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import numpy as np
import pytest
import yaml

from polyathlon.cli import main
from polyathlon.core.episode import EpisodeResult, Fault, Outcome
from polyathlon.core.errors import BadArgument
from polyathlon.leaderboard import export
from polyathlon.leaderboard.evidence import Evidence, only_run, read_evidence
from polyathlon.leaderboard.intervals import mean_over_tasks, point
from polyathlon.leaderboard.submission import Card, pack
from polyathlon.leaderboard.summary import summarise

replace = msgspec.structs.replace


@pytest.fixture
def evidence(members, filed):
    return only_run(read_evidence(filed(members)))


def changed(evidence, change, **fields):
    """The same run with other episodes, its figures counted again."""
    results = tuple(map(change, evidence.results))
    result = summarise(evidence.manifest, results)
    return replace(evidence, results=results, result=result, **fields)


def spoiled(one, index=2):
    """An episode that the infrastructure spoiled."""
    if one.plan.index != index or one.plan.task != "babyai.go-to-obj-v0":
        return one
    fault = Fault(kind="worker-died", message="")
    return EpisodeResult(plan=one.plan, outcome=Outcome.INVALID, attempts=3, faults=(fault,) * 3)


def ended(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["leaderboard", *map(str, arguments)])
    return caught.value.code, capsys.readouterr()


# rliable


def test_matrices_are_runs_by_tasks(evidence):
    found = export.matrices([evidence])
    assert found.tasks == evidence.manifest.benchmark.tasks
    (table,) = found.scores.values()
    assert table.shape == (4, 2)
    for one in evidence.results:
        assert table[one.plan.index, found.tasks.index(one.plan.task)] == one.score
    assert point(table.T, mean_over_tasks) == evidence.result.overall.score.value


def test_the_files_say_the_same_without_pickles(evidence):
    second = changed(evidence, lambda one: one, name="../<Größe 道>")
    found = export.matrices([evidence, second])
    plain = json.loads(export.rliable_json(found))
    with np.load(io.BytesIO(export.rliable_npz(found)), allow_pickle=False) as file:
        names = [str(name) for name in file["agents"]]
        scores = {name: file[f"scores_{k}"] for k, name in enumerate(names)}
        assert file["tasks"].tolist() == plain["tasks"] == list(found.tasks)
    assert names == list(plain["scores"]) == ["Uniform play", "../<Größe 道>"]
    for name, table in found.scores.items():
        assert np.array_equal(scores[name], table)
        assert plain["scores"][name] == table.tolist()
    assert export.rliable_npz(found) == export.rliable_npz(found)


def test_rliable_takes_them(evidence):
    metrics = pytest.importorskip("rliable.metrics")
    (table,) = export.matrices([evidence]).scores.values()
    assert metrics.aggregate_mean(table) == pytest.approx(evidence.result.overall.score.value)
    assert metrics.aggregate_iqm(table) == pytest.approx(evidence.result.overall.score_iqm.value)


def test_a_matrix_has_no_gaps(evidence):
    found = export.matrices([changed(evidence, spoiled)])
    assert found.left_out == 1
    assert found.scores["Uniform play"].shape == (3, 2)
    nothing = changed(evidence, lambda one: spoiled(one, one.plan.index))
    with pytest.raises(BadArgument, match="nothing in these runs has a score"):
        export.matrices([nothing])
    with pytest.raises(BadArgument, match="no valid episode"):
        export.matrices([nothing], "run")


def test_trainings_of_one_agent_are_rows(evidence):
    with pytest.raises(BadArgument, match="--rows run"):
        export.matrices([evidence, evidence])
    table = export.matrices([evidence, evidence], "run").scores["Uniform play"]
    assert table.shape == (2, 2)
    due = [task.score.value for task in evidence.result.tasks]
    assert table[0].tolist() == pytest.approx(due)


def test_other_tasks_stand_in_other_matrices(evidence):
    tasks = tuple(replace(spec, ceiling=2.0) for spec in evidence.manifest.tasks)
    other = replace(evidence, name="B", manifest=replace(evidence.manifest, tasks=tasks))
    with pytest.raises(BadArgument, match="other references"):
        export.matrices([evidence, other])
    with pytest.raises(BadArgument, match="no run"):
        export.matrices([])


# Hugging Face


def test_the_hub_s_own_reader_takes_the_entries(evidence):
    hub = pytest.importorskip("huggingface_hub._eval_results")
    run = replace(evidence, url="https://example.org/x", name='A "quoted": {name} # 道 😀')
    entries = yaml.safe_load(export.eval_results([run], "polyathlon/suite-1.0"))
    found = hub.parse_eval_result_entries(entries)
    assert hub.eval_result_entries_to_yaml(found) == entries
    head, *tasks = found
    assert (head.dataset_id, head.task_id) == (
        "polyathlon/suite-1.0",
        evidence.manifest.benchmark.id,
    )
    assert head.value == evidence.result.headline.value
    assert head.date == evidence.manifest.created
    assert head.source_url == "https://example.org/x"
    assert 'A "quoted": {name} # 道 😀' in head.notes
    assert "n=8, 95% [" in head.notes
    assert "self-reported; submission " in head.notes
    assert [one.task_id for one in tasks] == list(evidence.manifest.benchmark.tasks)


@pytest.mark.parametrize("value", [1e-07, 0.1 + 0.2, -3e16, 1.0, 0.0])
def test_every_number_is_one_in_yaml(evidence, value):
    result = replace(evidence.result, headline=replace(evidence.result.headline, value=value))
    (head, *_) = yaml.safe_load(export.eval_results([replace(evidence, result=result)], "a/b"))
    assert head["value"] == value
    assert isinstance(head["value"], float)


def test_figures_that_do_not_exist_have_no_entry(evidence):
    run = changed(evidence, lambda one: spoiled(one, one.plan.index))
    entries = yaml.safe_load(export.eval_results([run], "a/b"))
    names = {one["dataset"]["task_id"] for one in entries}
    assert "babyai.go-to-obj-v0" not in names
    assert "babyai.open-v0" in names


@pytest.mark.parametrize("dataset", ["", "a", "a/", "a/b/c", "a/b\nvalue: 1", "../b", "a /b"])
def test_ids_that_the_hub_has_not(evidence, dataset):
    with pytest.raises(BadArgument, match="no id of a dataset"):
        export.eval_results([evidence], dataset)


# EvalAI


def test_an_evaluation_script_s_output(evidence):
    found = json.loads(export.evalai([evidence]))
    name = evidence.manifest.benchmark.id
    assert list(found) == ["result", "submission_result"]
    assert found["submission_result"] == found["result"][0]
    assert [list(split) for split in found["result"]] == [[name]]
    metrics = found["result"][0][name]
    assert all(isinstance(value, (int, float)) for value in metrics.values())
    assert metrics["headline"] == evidence.result.headline.value
    assert metrics["episodes"] == 8


# LeRobot


def test_an_eval_info(evidence):
    found = json.loads(export.lerobot(evidence))
    assert list(found) == ["per_task", "per_group", "overall"]
    assert [(one["task_group"], one["task_id"]) for one in found["per_task"]] == [
        ("babyai", 0),
        ("babyai", 1),
    ]
    rewards = [x for one in found["per_task"] for x in one["metrics"]["sum_rewards"]]
    wins = [x for one in found["per_task"] for x in one["metrics"]["successes"]]
    overall = found["overall"]
    assert overall["n_episodes"] == len(rewards) == 8
    assert overall["avg_sum_reward"] == pytest.approx(np.mean(rewards))
    assert overall["avg_sum_reward"] == pytest.approx(evidence.result.overall.mean_return)
    assert overall["pc_success"] == pytest.approx(100 * np.mean(wins))
    assert overall["eval_s"] == pytest.approx(evidence.result.overall.wall_time)
    assert found["per_group"]["babyai"]["n_episodes"] == 8
    assert "max_rewards" not in found["per_task"][0]["metrics"]


# CSV


def test_a_line_an_episode(evidence):
    run = changed(evidence, spoiled, name='=HYPERLINK("http://x","y")')
    rows = list(csv.DictReader(io.StringIO(export.table([run]).decode())))
    assert len(rows) == 8
    played = {one.plan.key: one for one in run.results}
    for row in rows:
        one = played[row["task"], int(row["index"])]
        assert row["name"].startswith("'=HYPERLINK")
        assert int(row["seed"]) == one.plan.seed
        assert row["outcome"] == one.outcome.value
        assert row["total_reward"] == (repr(one.total_reward) if one.valid else "")
        for name, value in one.metrics.items():
            assert float(row[f"metric:{name}"]) == value
    assert sum(row["outcome"] == "invalid" for row in rows) == 1


# The command


def test_the_command_writes_what_it_says(run, members, filed, tmp_path, capsys):
    path = filed(members)
    for kind, name, more in (
        ("rliable", "m.npz", []),
        ("rliable", "m.json", []),
        ("eval-results", "m.yaml", ["--dataset", "a/b"]),
        ("evalai", "e.json", []),
        ("lerobot", "eval_info.json", []),
        ("csv", "m.csv", []),
    ):
        out = tmp_path / name
        code, told = ended(["export", path, "--format", kind, "--out", out, *more], capsys)
        assert (code, told.err) == (0, "")
        assert f"{out.stat().st_size:,} bytes of {kind}" in told.out
    both = [run, path, "--format", "rliable", "--out", tmp_path / "both.json"]
    assert ended(["export", *both], capsys)[0] == 0
    assert len(json.loads((tmp_path / "both.json").read_text())["scores"]) == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--format", "csv", "--out", "there.csv"], "left as it is"),
        (["--format", "rliable", "--out", "m.csv"], ".npz or a .json"),
        (["--format", "eval-results", "--out", "m.yaml"], "--dataset owner/name"),
        (["--format", "csv", "--out", "m.csv", "--benchmark", "other"], "not 0 of 'other'"),
        (["--format", "csv", "--out", "no/m.csv"], "cannot write"),
    ],
)
def test_refusals(members, filed, tmp_path, capsys, monkeypatch, more, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    code, told = ended(["export", filed(members), *more], capsys)
    assert code == 2
    assert words in told.err
    assert not (tmp_path / "m.csv").exists()
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_one_submission_where_the_format_has_room_for_one(run, members, filed, tmp_path, capsys):
    path = filed(members)
    for kind in ("evalai", "lerobot"):
        words = ["export", path, run, "--format", kind, "--out", tmp_path / "x.json"]
        code, told = ended(words, capsys)
        assert code == 2
        assert "one submission" in told.err


def test_evidence_knows_its_submission(packed, filed, run):
    card = Card(url="https://example.org/y")
    (found,) = read_evidence(filed(pack("Named", [packed], card)))
    assert (found.name, found.url, found.status) == ("Named", card.url, "self-reported")
    assert len(found.digest) == 64
    (bare,) = read_evidence(run)
    assert (bare.name, bare.digest) == ("random", "")
    assert isinstance(bare, Evidence)
    with pytest.raises(BadArgument, match="holds runs of"):
        only_run([bare, bare])
