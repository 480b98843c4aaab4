"""Pictures for a page are played again here, in the real simulator, and go with its actions."""

from __future__ import annotations

import json

import pytest

from polyathlon.agents import AGENTS
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.benchmarks.evaluate import Settings, choose_benchmark, evaluate
from polyathlon.cli import main
from polyathlon.core.journal import read_journal
from polyathlon.leaderboard.archive import read_archive, write_archive
from polyathlon.leaderboard.submission import pack, pack_run
from polyathlon.leaderboard.summary import summarise, write_result
from polyathlon.leaderboard.website.build import build_site

TASK = "babyai.go-to-obj-s4-v0"


class Silent:
    def begin(self, total, done): ...

    def recorded(self, result): ...

    def noted(self, text): ...


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A real run of two short episodes, packed."""
    folder = tmp_path_factory.mktemp("films")
    record, agent = load_agent("random", AGENTS)
    benchmark = choose_benchmark(TASK, 2)
    manifest = evaluate(benchmark, record, agent, folder / "run", Settings(slots=1), Silent())
    write_result(folder / "run", summarise(manifest, read_journal(folder / "run")))
    path = folder / "uniform.zip"
    path.write_bytes(write_archive(pack("Uniform play", [pack_run(folder / "run")])))
    return path


def film(path, *options):
    with pytest.raises(SystemExit) as ended:
        main(["leaderboard", "film", str(path), *options])
    return ended.value.code


def films_on(site):
    """What the scripts of a site hold of pictures: a sheet each, and the actions."""
    found = []
    for path in sorted((site / "film").glob("*.js")):
        text = path.read_text().partition(",")[2].rpartition(")")[0]
        value = json.loads(json.loads(text))
        if "sheet" in value:
            found.append(value)
    return found


def test_a_submission_is_filmed_by_playing_it_again(played, tmp_path, capsys):
    assert film(played) == 0
    assert f"filmed   {TASK} #0" in capsys.readouterr().out
    folder = played.with_name("uniform.zip.media")
    assert sorted(one.name for one in (folder / "0").iterdir())[0] == f"{TASK}-0.png"
    build_site([played], tmp_path / "site")
    (shown,) = films_on(tmp_path / "site")
    actions, sheet = shown["actions"], shown["sheet"]
    assert sheet["steps"] == list(range(len(actions["rows"]) + 1))
    assert actions["names"][:3] == ["left", "right", "forward"]
    assert film(played, "--episodes", "2") == 0
    build_site([played], tmp_path / "both")
    assert len(films_on(tmp_path / "both")) == 2


def test_what_comes_out_otherwise_is_not_kept(played, tmp_path, capsys):
    """The pictures of a forged episode would be pictures of something else."""
    members = read_archive(played.read_bytes(), "uniform.zip")
    run = pack_run(played.with_name("run"))
    import msgspec

    from polyathlon.core.episode import Outcome

    def forged(one):
        other = Outcome.FAILURE if one.outcome is Outcome.SUCCESS else Outcome.SUCCESS
        return msgspec.structs.replace(one, outcome=other, score=1.0 - one.score)

    results = tuple(map(forged, run.results))
    run = msgspec.structs.replace(run, results=results, result=summarise(run.manifest, results))
    path = tmp_path / "forged.zip"
    path.write_bytes(write_archive(pack("Forged", [run])))
    assert members.keys() == read_archive(path.read_bytes(), "forged.zip").keys()
    assert film(path) == 1
    assert f"DIFFERS  {TASK} #0" in capsys.readouterr().out
    assert list((tmp_path / "forged.zip.media" / "0").iterdir()) == []
    build_site([path], tmp_path / "site")
    assert films_on(tmp_path / "site") == []


def test_a_folder_of_something_else_is_left(played, tmp_path, capsys):
    path = tmp_path / "copy.zip"
    path.write_bytes(played.read_bytes())
    beside = tmp_path / "copy.zip.media"
    beside.mkdir()
    (beside / "notes.txt").write_text("mine")
    assert film(path) == 2
    assert "holds no pictures of ours" in capsys.readouterr().err
    assert (beside / "notes.txt").read_text() == "mine"
