"""Official episodes on disk: imports, forgeries, damage, and where data lives."""

from __future__ import annotations

import concurrent.futures
import copy
import hashlib
import json
import os
import pickle
from pathlib import Path

import msgspec
import numpy as np
import pytest
from official_file import HOME, THINGS, Builder, import_all

from polyathlon.core.errors import BadArgument, RunDirectoryError, UnknownName
from polyathlon.tasks import storage
from polyathlon.tasks.langr import archive
from polyathlon.tasks.langr.archive import official_episodes, official_layouts
from polyathlon.tasks.langr.layout import replica_layouts
from polyathlon.tasks.langr.official import read_official
from polyathlon.tasks.langr.official_import import list_stored
from polyathlon.tasks.langr.official_split import FAMILIES_OF


def test_an_import_can_be_read_by_number(write, tmp_path):
    path = write(Builder(count=5).content())
    (told,) = import_all(path, tmp_path)
    assert told.facts["episodes"] == "5"
    stored, expected = official_episodes("context", tmp_path), list(read_official(path))
    assert len(stored) == 5
    assert [stored[number] for number in (3, 0, -1, np.int64(2))] == [
        expected[number] for number in (3, 0, 4, 2)
    ]
    assert stored[1:3] == expected[1:3]
    assert list(reversed(stored)) == expected[::-1]
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            stored[wrong]
    assert stored.about.source.sha256 == told.facts["sha256"]


def test_another_import_takes_the_place_of_the_first(write, tmp_path):
    import_all(write(Builder(count=2).content()), tmp_path)
    held = official_episodes("context", tmp_path)
    import_all(write(Builder(count=3).content()), tmp_path)
    assert len(official_episodes("context", tmp_path)) == 3
    assert len(list((tmp_path / "langr").iterdir())) == 2
    assert len(list(held)) == 2  # whoever reads goes on reading what was there


def test_splits_with_like_names_do_not_take_each_others_place(write, tmp_path):
    for split in ("train-validation", "train"):
        builder = Builder(count=0)
        builder.episodes = [builder.episode(THINGS, HOME, one) for one in FAMILIES_OF[split]]
        import_all(write(builder.content()), tmp_path)
    for split in ("train-validation", "train"):
        assert len(official_episodes(split, tmp_path)) == len(FAMILIES_OF[split])


def test_what_was_not_imported_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    with pytest.raises(BadArgument, match="type: polyathlon data import langr") as caught:
        official_episodes("context")
    assert "\n" not in str(caught.value)
    with pytest.raises(UnknownName, match="Did you mean 'context'"):
        official_episodes("contxt")


def test_the_tasks_find_the_episodes(write, tmp_path, monkeypatch):
    from polyathlon.tasks.langr.library import Library

    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    path = write(Builder().content())
    import_all(path, storage.data_directory())
    library = Library("context", "official")
    assert list(library) == list(read_official(path))
    origin = library.origin
    import_all(write(Builder().content(), "renamed.pickle"), storage.data_directory())
    assert Library("context", "official").origin == origin
    forge(tmp_path / "langr", b"Clear the ball", b"Move the ball")
    assert Library("context", "official").origin != origin


def test_stored_episodes_are_copied_and_pickled(write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    stored = official_episodes("context", tmp_path)
    assert list(copy.deepcopy(stored)) == list(pickle.loads(pickle.dumps(stored))) == list(stored)


def test_two_imports_at_once_leave_one_of_them_whole(write, tmp_path):
    files = [write(Builder(count=count).content(), f"{count}.pickle") for count in (1, 2)]
    out = tmp_path / "data"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        loops = [
            pool.submit(lambda path: [import_all(path, out) for _ in range(20)], path)
            for path in files
        ]
        seen = set()
        while not all(loop.done() for loop in loops):
            if (out / "langr" / "context.json").exists():
                seen.add(len(list(official_episodes("context", out))))
        told = [one for loop in loops for each in loop.result() for one in each]
    assert not any(one.trouble for one in told)
    assert seen <= {1, 2}
    assert len(list((out / "langr").iterdir())) == 2


def forge(folder, old, new):
    """Edits the stored episodes by hand, and makes the index fit them."""
    (data,) = folder.glob("context-*.jsonl")
    content = data.read_bytes()
    assert old in content
    altered = content.replace(old, new)
    index = msgspec.json.decode((folder / "context.json").read_bytes(), type=archive.Index)
    digest = hashlib.sha256(altered).hexdigest()
    sealed = msgspec.structs.replace(
        index,
        data=msgspec.structs.replace(index.data, sha256=digest, size=len(altered)),
        lengths=tuple(len(line) for line in altered.splitlines(keepends=True)),
    ).sealed()
    data.write_bytes(altered)
    (folder / "context.json").write_bytes(msgspec.json.encode(sealed))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"name":"on_top"', b'"name":"levitates"'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["X"]'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["X","Mars"]'),
        (b'"arguments":["X","Tbl1"]', b'"arguments":["Y","Tbl1"]'),
        (b'"assets":0', b'"assets":-1'),
        (b'"assets":0', b'"assets":7'),
        (b'"places":[', b'"places":[-1,'),
        (b'"goal":{', b'"goal":' + b'{"type":"expression","operator":"AND","parts":[' * 2000),
        (b'"poses":[[', b'"poses":[[1e308'),
        (b'"Clear the ball from the black table."', b'""'),
        (b'"home":"v3_sc3_staging_00"', b'"home":"terrace_07"'),
        (b'"arguments":["fridge_push_point"]', b'"arguments":["zzz"]'),
    ],
)
def test_a_forged_episode_is_one_line(old, new, write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    forge(tmp_path / "langr", old, new)
    with pytest.raises(BadArgument, match="is damaged") as caught:
        official_episodes("context", tmp_path)[0]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    "shorter gone altered edited empty pipe lengths index index-pipe index-edited index-bytes "
    "shell format elsewhere".split(),
)
def test_damaged_files_are_named(damage, write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    folder = tmp_path / "langr"
    (data,) = folder.glob("context-*.jsonl")
    index = folder / "context.json"
    if damage == "shorter":
        data.write_bytes(data.read_bytes()[:-5])
    elif damage == "gone":
        data.unlink()
    elif damage == "altered":
        data.write_bytes(data.read_bytes().replace(b"{", b"[", 1))
    elif damage == "edited":
        data.write_bytes(data.read_bytes().replace(b"ball", b"bowl", 1))
    elif damage == "empty":
        data.write_bytes(b"")
        told = json.loads(index.read_bytes())
        told |= {"lengths": [], "data": told["data"] | {"size": 0}}
        index.write_text(json.dumps(told))
    elif damage == "pipe":
        data.unlink()
        os.mkfifo(data)
    elif damage == "lengths":
        told = json.loads(index.read_bytes())
        index.write_text(json.dumps(told | {"lengths": [*told["lengths"], -1, 1]}))
    elif damage == "index-pipe":
        index.unlink()
        os.mkfifo(index)
    elif damage == "index-edited":
        index.write_bytes(index.read_bytes().replace(b'"homes":{', b'"homes":{"nowhere":1,'))
    elif damage == "index-bytes":
        index.write_bytes(index.read_bytes().replace(b"some", b"s\xffme"))
    elif damage == "shell":
        known = msgspec.json.decode(index.read_bytes(), type=archive.Index)
        layout = msgspec.structs.replace(replica_layouts()[HOME], shell="igloo")
        forged = msgspec.structs.replace(known, layouts=(layout,)).sealed()
        index.write_bytes(msgspec.json.encode(forged))
    elif damage == "index":
        index.write_bytes(index.read_bytes()[:-40])
    elif damage == "format":
        index.write_bytes(index.read_bytes().replace(b'"format":1', b'"format":2'))
    else:
        name = data.name.encode()
        index.write_bytes(index.read_bytes().replace(name, b"../../etc/passwd"))
    with pytest.raises(BadArgument, match=r"polyathlon data import langr|ordinary file") as caught:
        official_episodes("context", tmp_path)[0]
    assert "\n" not in str(caught.value)
    (listed,) = list_stored(tmp_path)
    assert listed.trouble


def test_a_write_that_fails_leaves_nothing(write, tmp_path):
    path = write(Builder().content())
    (tmp_path / "langr" / "context.json").mkdir(parents=True)  # cannot be replaced by a file
    with pytest.raises(RunDirectoryError):
        import_all(path, tmp_path)
    assert os.listdir(tmp_path / "langr") == ["context.json"]
    blocked = write(b"", "blocked")
    with pytest.raises(RunDirectoryError):
        import_all(path, blocked)


def test_a_broken_file_changes_nothing(write, tmp_path):
    import_all(write(Builder().content()), tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "langr").iterdir()}
    content = Builder(count=3).content()
    content["all_eps"][2]["instruction"] = None
    (told,) = import_all(write(content), tmp_path)
    assert "episode 2, field 'instruction'" in told.trouble
    assert {path: path.read_bytes() for path in (tmp_path / "langr").iterdir()} == before


ALL_OVER = [
    ("056_tennis_ball", place)
    for place in ("Tbl1", "Tbl2", "TvStnd1", "Sofa", "sink", "counter_left", "counter_right")
    for _ in range(4)
]


def test_a_new_home_is_laid_out(write, tmp_path):
    """Objects all over the furniture of a known home, said to be in one that is not known."""
    builder = Builder(ALL_OVER, home="v3_sc1_staging_07", count=1)
    (told,) = import_all(write(builder.content()), tmp_path)
    assert told.notes == ()
    (found,) = official_layouts(tmp_path).values()
    known = replica_layouts()[HOME]
    assert found.id == "v3_sc1_staging_07"
    for name in ("Tbl1", "Tbl2", "TvStnd1", "Sofa"):
        pose, expected = found.pieces[name], known.pieces[name]
        assert (pose.x, pose.y) == pytest.approx((expected.x, expected.y), abs=0.05)
    assert (found.kitchen.x, found.kitchen.y) == pytest.approx(
        (known.kitchen.x, known.kitchen.y), abs=0.1
    )


def test_a_new_home_with_too_little_in_it_is_named(write, tmp_path):
    builder = Builder(ALL_OVER[1:], home="v3_sc1_staging_07", count=1)
    (told,) = import_all(write(builder.content()), tmp_path)
    assert "v3_sc1_staging_07" in told.trouble
    assert "3 objects lie on Tbl1" in told.trouble
    assert not (tmp_path / "langr").exists()


def test_objects_outside_what_they_lie_on_are_told(write, tmp_path):
    content = Builder().content()
    content["all_transforms"][1, 1, 3] += 0.5
    (told,) = import_all(write(content), tmp_path)
    assert told.trouble == ""
    assert told.notes[0].startswith("1 objects lie outside")
    assert told.notes[1].startswith("episode 0, object 1: 0.")
    assert told.notes[1].endswith(" m outside Tbl1")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"POLYATHLON_DATA": "/data/here"}, "/data/here"),
        ({"POLYATHLON_DATA": "~/here"}, "/nowhere/somebody/here"),
        ({"XDG_DATA_HOME": "/share"}, "/share/polyathlon"),
        ({"XDG_DATA_HOME": "relative"}, "/nowhere/somebody/.local/share/polyathlon"),
        ({"POLYATHLON_DATA": "", "XDG_DATA_HOME": ""}, "/nowhere/somebody/.local/share/polyathlon"),
    ],
)
def test_the_data_directory(variables, expected, monkeypatch):
    monkeypatch.setenv("HOME", "/nowhere/somebody")
    for name in ("POLYATHLON_DATA", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert storage.data_directory() == Path(expected)
    assert storage.family_directory("langr") == Path(expected) / "langr"
    assert storage.family_directory("langr", Path("/x")) == Path("/x/langr")
    assert archive.FAMILY == "langr"


def test_a_data_directory_of_nobody(monkeypatch):
    monkeypatch.setenv(storage.VARIABLE, "~no-such-person/here")
    with pytest.raises(BadArgument, match="POLYATHLON_DATA is '~no-such-person/here'"):
        storage.data_directory()
