"""``polyathlon data``: what it imports, what it says of the rest, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyathlon.cli.importer import IMPORTERS, importing
from polyathlon.tasks.dataset.lock import LOCK
from polyathlon.tasks.langr.archive import official_episodes
from polyathlon.tasks.storage import VARIABLE

Told = Callable[..., tuple[int, str, str]]

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 833547264\n"
TABLE = "receptacle_aabb_Tbl1_Top1_frl_apartment_table_01"


def episode_file(family: str = "21e2ce5f") -> bytes:
    """An official file of one episode: one ball on the floor, said to be on a table."""
    names = ["056_tennis_ball.object_config.json", "056_tennis_ball_:0000", TABLE]
    episode = {
        "scene_id": "data/replica_cad/configs/scenes/v3_sc3_staging_00.scene_instance.json",
        "ao_states": {},
        "rigid_objs": np.array([[0, 0]]),
        "name_to_receptacle": np.array([[1, 2]]),
        "instruction": "Bring something to play with.",
        "sampled_entities": {},
        "start_preds": [],
        "goal_preds": {"expr_type": "AND", "sub_exprs": ["not_holding()"]},
        "instruct_id": family,
    }
    content = {
        "all_transforms": np.eye(4, dtype=np.float32)[None],
        "idx_to_name": dict(enumerate(names)),
        "all_eps": [episode],
    }
    return pickle.dumps(content, protocol=4)


class Hostile:
    """Pickles as a call of the shell."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hit",)


@pytest.fixture
def data(typed: Callable[..., Any], tmp_path: Path) -> Told:
    """Runs ``polyathlon data`` with a data directory of its own."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        done = typed(
            *("data", *arguments),
            cwd=tmp_path,
            environment={VARIABLE: str(tmp_path / "data")},
            code=None,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone of the official repository may look like, on a bad day."""
    folder = tmp_path / "ml-llarp" / "rl" / "datasets"
    folder.mkdir(parents=True)
    (folder / "context.pickle").write_bytes(episode_file())
    (folder / "multiple_objects.pickle").write_bytes(episode_file("db3119cd"))
    (folder / "train.pickle").write_bytes(POINTER)
    (folder / "new_scenes.pickle").write_bytes(pickle.dumps(Hostile()))
    (folder / "rephrasing.pickle").write_bytes(episode_file()[:700])
    (folder / "spatial_relationships.pickle").write_bytes(episode_file("0badf00d"))
    (folder.parent / "results.pickle").write_bytes(pickle.dumps([1]))
    hidden = tmp_path / "ml-llarp" / ".cache" / "datasets"
    hidden.mkdir(parents=True)
    (hidden / "context.pickle").write_bytes(b"")
    return tmp_path / "ml-llarp"


def test_a_clone_with_good_and_bad_files(data: Told, clone: Path, tmp_path: Path) -> None:
    code, out, err = data("import", "langr", clone)
    assert code == 1
    imported = [line for line in out.splitlines() if line.startswith("imported")]
    assert [line.split()[1] for line in imported] == ["context", "multiple-rearrange"]
    assert "1 episode, 1 home, 1 object, context.pickle, sha256 " in imported[0]
    assert "1 objects lie outside" in out
    failed = [line for line in err.splitlines() if line.startswith("failed")]
    assert len(failed) == len(err.splitlines()) == 4
    assert "new_scenes.pickle asks for posix.system" in failed[0]
    assert "rephrasing.pickle is cut off" in failed[1]
    assert "fit no split: 0badf00d 1" in failed[2]
    assert "train.pickle is a Git LFS pointer; in its clone, type: git lfs pull" in failed[3]
    (missing,) = [line for line in out.splitlines() if line.startswith("not there")]
    assert "novel-objects (novel_objects.pickle)" in missing
    assert "train.pickle" not in missing
    assert not (tmp_path / "hit").exists()
    assert len(official_episodes("multiple-rearrange", tmp_path / "data")) == 1

    code, out, _ = data("list")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()[:2]] == [
        ["langr", "context", "intact"],
        ["langr", "multiple-rearrange", "intact"],
    ]
    code, out, _ = data("list", "--json")
    found = json.loads(out)
    assert (code, found["format"]) == (0, 1)
    assert [one["name"] for one in found["data"]["langr"]] == ["context", "multiple-rearrange"]
    assert len(found["data"]["langr"][0]["facts"]["sha256"]) == 64


def test_damage_shows_in_the_list(data: Told, clone: Path, tmp_path: Path) -> None:
    data("import", "langr", clone)
    (path,) = (tmp_path / "data" / "langr").glob("context-*.jsonl")
    path.write_bytes(path.read_bytes().replace(b"play", b"prey"))
    code, out, _ = data("list")
    assert code == 1
    assert "is not what was written" in out.splitlines()[0]
    assert "intact" in out.splitlines()[1]


def test_one_file_to_another_place(data: Told, clone: Path, tmp_path: Path) -> None:
    (file,) = clone.glob("rl/datasets/context.pickle")
    elsewhere = tmp_path / "elsewhere"
    code, out, err = data("import", "langr", file, "--out", elsewhere)
    assert (code, err) == (0, "")
    assert "not there" not in out
    assert f"export {VARIABLE}={elsewhere}" in out
    assert len(official_episodes("context", elsewhere)) == 1
    assert not (tmp_path / "data").exists()


def test_a_folder_of_files(data: Told, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.pickle").write_bytes(episode_file())
    (folder / "b.pickle").write_bytes(episode_file())
    code, out, err = data("import", "langr", folder)
    assert code == 1
    assert "imported  context" in out
    assert f"b.pickle holds 'context', as {folder / 'a.pickle'} does; remove one" in err


def test_mistakes_are_one_line(data: Told, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "context.pickle").write_bytes(episode_file())
    for arguments, told in (
        (("import", "lngr", "empty"), "Did you mean 'langr'?"),
        (("import", "langr", "empty"), "has no file .pickle in it or below"),
        (("import", "langr", "nowhere"), "does not exist"),
        (("import", "langr", "context.pickle", "--out", "file"), "cannot make file/langr"),
    ):
        code, out, err = data(*arguments)
        assert (code, out) == (2, "")
        assert told in err
        assert len(err.splitlines()) == 1


def test_a_kitchen_of_other_targets(data: Told, tmp_path: Path) -> None:
    (tmp_path / "demos").mkdir()
    columns = {name: np.zeros((4, 9), np.float32) for name in ("action", "proprio")}
    for name in ("bottom burner", "slide cabinet"):
        columns[f"reward {name}"] = np.arange(4, dtype=np.float32)
    for number in range(3):
        np.savez(tmp_path / "demos" / f"{number}.npz", **columns)
    code, out, err = data("import", "d5rl", "demos", "--targets", "ood", "--most", "1")
    assert (code, err) == (0, "")
    assert "imported  kitchen-standard-demos-ood 3 episodes, 9 steps, sha256" in out
    code, _, err = data("import", "d5rl", "demos", "--targets", "odd")
    assert (code, err) == (2, "polyathlon: --targets is 'odd'; choose one of: id, ood\n")
    code, _, err = data("import", "langr", "demos", "--most", "1")
    assert (code, err) == (
        2,
        "polyathlon: --most means nothing to the data of langr; leave it out\n",
    )


def kitchen(path: Path, rows: int = 4) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: np.zeros((rows, 9), np.float32) for name in ("action", "robot_qp")}
    path.write_bytes(pickle.dumps({**columns, "reward_kettle": np.ones(rows)}))


def test_without_a_path_the_official_variables_count(
    data: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("STANDARD_KITCHEN_DATASETS", "KITCHEN_DATASETS", "A1_DATASETS"):
        monkeypatch.delenv(variable, raising=False)
    code, _, err = data("import", "d5rl")
    assert code == 2
    assert "or set STANDARD_KITCHEN_DATASETS, KITCHEN_DATASETS, A1_DATASETS" in err
    for part in ("expert_demos", "play_data"):
        kitchen(tmp_path / "official" / part / "deep" / "0.pkl")
    monkeypatch.setenv("KITCHEN_DATASETS", str(tmp_path / "official"))
    code, out, err = data("import", "d5rl")
    assert (code, err) == (0, "")
    names = [line.split()[1] for line in out.splitlines() if line.startswith("imported")]
    assert names == ["kitchen-randomized-expert_demos", "kitchen-randomized-play_data"]


def test_fetch_prints_what_to_type(data: Told, tmp_path: Path) -> None:
    code, out, err = data("fetch")
    assert (code, err) == (0, "")
    names = [line.split()[0] for line in out.splitlines()]
    assert names == ["kitchen-standard", "kitchen-randomized", "a1", "widowx", "bridge"]
    code, out, _ = data("fetch", "kitchen-randomized", "--to", "my data")
    assert code == 0
    place = f"'{tmp_path / 'my data'}'"
    assert out.splitlines()[1:] == [
        f"mkdir -p {place} && cd {place}",
        'gsutil -m cp -r "gs://d5rl_datasets/KITCHEN_DATA/expert_demos" .',
        'gsutil -m cp -r "gs://d5rl_datasets/KITCHEN_DATA/play_data" .',
        f"export KITCHEN_DATASETS={place}",
        f"polyathlon data fetch --verify {place}",
        f"polyathlon data import d5rl {place}",
    ]
    assert not (tmp_path / "my data").exists()
    assert "No public place is known" in data("fetch", "widowx")[1]
    code, _, err = data("fetch", "kitchen-standart")
    assert code == 2
    assert "Did you mean 'kitchen-standard' or" in err


def test_hashes_are_recorded_and_held_against(data: Told, tmp_path: Path) -> None:
    folder = tmp_path / "official"
    kitchen(folder / "a.pkl", 3)
    kitchen(folder / "deep" / "b.pkl", 5)
    code, out, err = data("fetch", "--verify", folder)
    assert (code, err) == (0, "")
    assert "recorded  2 files" in out
    assert "nobody publishes hashes" in out
    lines = (folder / LOCK).read_text().splitlines()
    wanted = hashlib.sha256((folder / "deep" / "b.pkl").read_bytes()).hexdigest()
    assert lines[1] == f"{wanted}  deep/b.pkl"
    assert data("fetch", "--verify", folder)[1].startswith("intact    2 files")

    kitchen(folder / "a.pkl", 4)
    (folder / "deep" / "b.pkl").rename(folder / "c.pkl")
    code, out, err = data("fetch", "--verify", folder)
    assert (code, out) == (1, "")
    assert [line for line in err.splitlines() if line.startswith("changed")] == [
        "changed   a.pkl is not what it was",
        "changed   deep/b.pkl is gone",
        "changed   c.pkl came since",
    ]
    assert (folder / LOCK).read_text().splitlines() == lines
    (folder / LOCK).write_text("this is no lock\n")
    code, _, err = data("fetch", "--verify", folder)
    assert code == 2
    assert "line 1 is no hash and name; remove the file to record anew" in err
    assert "recorded  1 files" in data("fetch", "--verify", folder / "c.pkl")[1]
    assert (folder / f"c.pkl.{LOCK}").is_file()
    (tmp_path / "empty").mkdir()
    assert "has no file in it" in data("fetch", "--verify", "empty")[2]


def test_nothing_to_list_says_what_to_type(data: Told) -> None:
    code, out, _ = data("list")
    assert code == 0
    assert "polyathlon data import" in out
    assert "d5rl: kitchen-standard, kitchen-randomized, a1, widowx, adroit" in out
    assert "to fetch  kitchen-standard" in out
    had = json.loads(data("list", "--json")[1])["to_be_had"]
    families = {task.partition(".")[0] for task in had["make"]["tasks"]}
    assert {"metaworld", "d5rl"} <= families
    assert "babyai" in families
    assert "atari" not in families  # It has no solver.
    hands = {f"d5rl.adroit-{name}-v1" for name in ("pen", "door", "hammer", "relocate")}
    assert hands <= set(had["make"]["random_only"])
    assert "tier random alone: no solver plays them" in out
    assert had["import"]["bridge"] == ["raw", "numpy", "tfrecord", "rlds"]


def test_a_folder_s_data_sets(data: Told, tmp_path: Path) -> None:
    kitchen(tmp_path / "demos" / "0.pkl")
    data("import", "d5rl", "demos", "--out", "mine")
    broken = tmp_path / "mine" / "broken" / "data"
    broken.mkdir(parents=True)
    (broken / "metadata.json").write_text("{")
    code, out, _ = data("list", "mine")
    assert code == 1
    first, second, *_ = out.splitlines()
    assert first.split()[:2] == ["minari", "broken"]
    assert "is not JSON" in first
    assert second.split()[:3] == ["minari", "d5rl/kitchen-randomized-demos", "intact"]
    assert "d5rl/kitchen-randomized-demos-v0, 1 episode, 3 steps" in second
    code, _, err = data("list", "nowhere")
    assert (code, err) == (2, "polyathlon: nowhere is no folder\n")


@pytest.mark.parametrize("family", IMPORTERS)
def test_every_importer_has_both_functions(family: str) -> None:
    assert callable(importing(family, "import_path"))
    assert callable(importing(family, "list_stored"))
