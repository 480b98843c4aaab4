"""``polyathlon socialnav``: what it prints, what it writes, how it ends; and the means."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from polyathlon.cli import main
from polyathlon.leaderboard.intervals import wilson
from polyathlon.leaderboard.metric_means import metric_means
from polyathlon.tasks.socialnav.archive import load_log, save_log
from polyathlon.tasks.socialnav.log import EpisodeLog
from polyathlon.tasks.socialnav.metric import METRICS, score
from polyathlon.tasks.socialnav.socnav3_export import save_socnav3

Build = Callable[..., EpisodeLog]
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """Runs ``polyathlon socialnav`` in this process."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["socialnav", *map(str, arguments)])
        captured = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return run


@pytest.fixture
def logs(tmp_path: Path, something_of_everything: Build) -> list[Path]:
    """Two logs of ours, and one as another simulator would write it."""
    paths = [tmp_path / "a.npz", tmp_path / "b.npz", tmp_path / "c.json"]
    save_log(paths[0], something_of_everything(0))
    save_log(paths[1], something_of_everything(1))
    save_socnav3(paths[2], something_of_everything(2))
    return paths


def test_logs_of_both_kinds_are_scored_into_one_table(told: Told, logs: list[Path]) -> None:
    code, out, err = told("score", *logs)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["log", "success", "human_collisions"]
    assert [line.split()[0] for line in lines[2:5]] == [str(path) for path in logs]
    assert any(line.startswith("psc@0.5 ") for line in lines)
    assert "for parity  igibson_2021" in out


def test_the_json_holds_every_figure_and_what_it_means(
    told: Told, logs: list[Path], something_of_everything: Build
) -> None:
    code, out, err = told("score", "--json", *logs)
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert [one["file"] for one in document["episodes"]] == [str(path) for path in logs]
    figures = document["episodes"][0]["metrics"]
    expected = score(something_of_everything(0))
    assert {key: figures[key] for key in expected} == expected
    assert document["means"]["success"]["n"] == 3
    assert document["means"]["human_delay"] == {"value": None, "low": None, "high": None, "n": 0}
    assert document["metrics"]["psc@0.5"]["better"] == "higher"
    assert set(document["metrics"]) == set(METRICS)


def test_a_bad_file_is_one_line_and_the_rest_is_scored(
    told: Told, logs: list[Path], tmp_path: Path
) -> None:
    bad, out_file = tmp_path / "bad.json", tmp_path / "scores.json"
    bad.write_text('{"grid": {}}')
    code, out, err = told("score", logs[0], bad, tmp_path / "none.npz", "--out", out_file)
    assert code == 2
    assert str(logs[0]) in out
    assert err.splitlines() == [
        f"polyathlon: {bad}: walls: missing",
        f"polyathlon: {tmp_path / 'none.npz'}: cannot be read: No such file or directory",
        f"polyathlon: {out_file} is not written: not every file was scored",
    ]
    assert not out_file.exists()
    code, out, err = told("score", bad)
    assert (code, out) == (2, "")


def test_scores_are_written_to_a_file(told: Told, logs: list[Path], tmp_path: Path) -> None:
    out_file = tmp_path / "scores.json"
    code, out, _ = told("score", *logs, "--out", out_file)
    assert code == 0
    assert f"scores   {out_file}" in out
    code, out, err = told("score", "--json", *logs, "--out", out_file)
    assert json.loads(out_file.read_text()) == json.loads(out)
    assert str(out_file) in err


def test_people_are_compared_with_themselves(told: Told, logs: list[Path], tmp_path: Path) -> None:
    code, _, err = told("score", logs[0], "--alone", logs[0])
    assert code == 2
    assert "robot.pos: the log without the robot has it in the same places" in err
    log = load_log(logs[0])
    away = dataclasses.replace(log, robot=dataclasses.replace(log.robot, pos=log.robot.pos + 1e5))
    save_log(tmp_path / "away.npz", away)
    code, out, _ = told("score", "--json", logs[0], "--alone", tmp_path / "away.npz")
    assert code == 0
    assert json.loads(out)["episodes"][0]["metrics"]["human_delay"] == 0.0
    code, _, err = told("score", logs[0], "--alone", logs[1])
    assert code == 2
    assert err == f"polyathlon: {logs[0]}: meta.seed: 0 with the robot, 1 without; give the same\n"
    code, _, err = told("score", logs[0], logs[1], "--alone", logs[1])
    assert code == 2
    assert "1 logs without the robot for 2 with it" in err


def test_a_log_is_exported_and_scored_alike(told: Told, logs: list[Path], tmp_path: Path) -> None:
    code, out, _ = told("export", logs[0], tmp_path / "a.json")
    assert (code, out) == (0, f"written  {tmp_path / 'a.json'}\n")
    scores = [
        json.loads(told("score", "--json", path)[1]) for path in (logs[0], tmp_path / "a.json")
    ]
    one, other = (found["episodes"][0]["metrics"] for found in scores)
    assert other == one


def test_metrics_are_listed(told: Told) -> None:
    code, out, _ = told("metrics")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == list(METRICS)
    code, out, _ = told("metrics", "--json")
    assert json.loads(out)["metrics"]["spl"]["formula"] == METRICS["spl"].formula


def test_the_page_lists_what_is_declared(told: Told, root: Path) -> None:
    code, tables, _ = told("metrics", "--markdown")
    assert code == 0
    page = (root / "docs" / "socialnav-metrics.md").read_text()
    assert tables.strip() in page, "write it again: polyathlon socialnav metrics --markdown"
    assert told("metrics", "--markdown", "--json")[0] == 2


def test_means_leave_out_what_is_not_defined() -> None:
    episodes = [
        {"share": 1.0, "length": 2.0, "rare": None},
        {"share": 0.0, "length": 4.0, "rare": 3.0},
        {"share": 1.0, "length": 9.0, "rare": None},
        {"share": None, "length": 5.0, "rare": None},
    ]
    found = metric_means(episodes, {"share"})
    assert (found["share"].value, found["share"].n) == (pytest.approx(2 / 3), 3)
    assert (found["share"].low, found["share"].high) == wilson(2, 3)
    assert (found["length"].value, found["length"].n) == (5.0, 4)
    low, high = found["length"].low, found["length"].high
    assert low is not None
    assert high is not None
    assert 2.0 <= low < 5.0 < high <= 9.0
    assert (found["rare"].value, found["rare"].low, found["rare"].n) == (3.0, None, 1)
    assert metric_means([{"x": None}])["x"].value is None
    assert np.isclose(metric_means(episodes)["length"].value or 0, 5.0)
