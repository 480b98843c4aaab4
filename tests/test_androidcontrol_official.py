"""The official layout: written with screens of our own, read, imported, played; and broken."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from polyathlon.cli.data import data_group
from polyathlon.core.errors import BadArgument, RunDirectoryError, UnknownName
from polyathlon.tasks import make
from polyathlon.tasks.androidcontrol import official_import
from polyathlon.tasks.androidcontrol.action import RECORDED, to_record
from polyathlon.tasks.androidcontrol.archive import open_split
from polyathlon.tasks.androidcontrol.generator import generate
from polyathlon.tasks.androidcontrol.message import messages, parse_forest, serialise_forest
from polyathlon.tasks.androidcontrol.official import read_episode, read_episodes, read_splits
from polyathlon.tasks.androidcontrol.protocol import PROTOCOLS
from polyathlon.tasks.androidcontrol.sample import write_sample
from polyathlon.tasks.androidcontrol.screen import ACTED_ON, Element, Episode, picture
from polyathlon.tasks.dataset.tfrecord import read_examples
from polyathlon.tasks.storage import VARIABLE

COUNT = 6
FIRST, SECOND = "android_control-00000-of-00002", "android_control-00001-of-00002"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files laid out like those of the release."""
    folder = tmp_path_factory.mktemp("release")
    write_sample(folder, COUNT)
    return folder


@pytest.fixture(scope="module")
def episodes(release: Path) -> dict[int, Episode]:
    files = (release / FIRST, release / SECOND)
    return {one.number: one for file in files for one in read_episodes(file) if one is not None}


@pytest.fixture
def imported(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory into which they were imported."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    results = list(official_import.import_path(release, tmp_path))
    assert not any(result.trouble for result in results)
    return tmp_path


def test_the_layout_is_that_of_the_release(release: Path) -> None:
    assert sorted(path.name for path in release.iterdir()) == [
        FIRST, SECOND, "splits.json", "test_subsplits.json",
    ]  # fmt: skip
    assert (release / FIRST).read_bytes().startswith(b"\x1f\x8b\x08")
    (one, *_) = read_examples(release / FIRST)
    assert set(one) == {
        "episode_id", "goal", "screenshots", "accessibility_trees", "screenshot_widths",
        "screenshot_heights", "actions", "step_instructions",
    }  # fmt: skip
    count = len(one["screenshots"])
    assert len(one["actions"]) == len(one["step_instructions"]) == count - 1
    assert list(one["screenshot_widths"]) == [1080] * count
    splits = read_splits(release)
    assert splits["train"] | splits["validation"] | splits["test"] == set(range(COUNT))
    parts = [splits[name] for name in ("IDD", "app_unseen", "task_unseen", "category_unseen")]
    assert frozenset().union(*parts) == splits["test"]


def test_the_same_arguments_make_the_same_bytes(release: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, 1)
    again = tmp_path / "again"
    write_sample(again, 1)
    assert (tmp_path / FIRST).read_bytes() == (again / FIRST).read_bytes()
    assert (again / FIRST).read_bytes() != (release / FIRST).read_bytes()


def test_what_was_written_is_read(episodes: dict[int, Episode]) -> None:
    assert sorted(episodes) == list(range(COUNT))
    read, drawn = episodes[1], generate("idd", 0)
    assert (read.goal, read.step_instructions) == (drawn.goal, drawn.step_instructions)
    assert [to_record(one, 1080, 2400) for one in read.actions] == [
        to_record(one, 1080, 2400) for one in drawn.actions
    ]
    for ours, theirs in zip(read.screens, drawn.screens, strict=True):
        assert np.array_equal(picture(ours, (800, 360)), picture(theirs, (800, 360)))
        # What has neither words nor use is left out when a forest is read.
        told = [one for one in theirs.elements if one.name or ACTED_ON & set(one.flags)]
        assert sorted(map(repr, ours.elements)) == sorted(map(repr, told))


def test_types_of_actions_in_a_larger_sample_are_all_there() -> None:
    kinds = {
        action.kind
        for split in ("idd", "app-unseen", "task-unseen", "category-unseen")
        for index in range(4)
        for action in generate(split, index).actions
    }
    assert kinds == set(RECORDED)


def test_what_was_imported_is_played(imported: Path, episodes: dict[int, Episode]) -> None:
    env = make("androidcontrol.low-task-unseen", episodes="official")
    assert env.unwrapped.render_info["episodes"].startswith("official, 1 of 1, SHA-256 ")
    observation, _ = env.reset(seed=0)
    assert observation["instruction"].startswith(episodes[4].goal)
    assert np.array_equal(observation["rgb"], picture(episodes[4].screens[0], (800, 360)))
    over = False
    while not over:
        *_, over, _, info = env.step(env.unwrapped.answer)
    assert info["success"]
    assert info["metrics"]["step_accuracy@exact-v1"] == 1.0


def test_a_split_has_its_episodes_in_order(imported: Path) -> None:
    assert [one.number for one in open_split("test")] == [1, 2, 4, 5]
    assert [one.number for one in open_split("train")] == [0, 3]
    with pytest.raises(BadArgument, match="no episode of androidcontrol's split 'validation'"):
        open_split("validation")
    with pytest.raises(BadArgument, match="from 0 to 3"):
        make("androidcontrol.high", episodes="official").reset(options={"episode": 4})


def test_files_can_be_imported_one_by_one(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for file, count in ((FIRST, 3), (SECOND, 6)):
        list(official_import.import_path(release / file, tmp_path))
        stored = list(official_import.list_stored(tmp_path))
        assert sum(int(one.facts["episodes"]) for one in stored) == count
    assert len(open_split("test")) == 4


def test_without_an_import_it_is_told_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(BadArgument, match="polyathlon data import androidcontrol PATH"):
        make("androidcontrol.high", episodes="official")


def test_damage_on_disk_is_found(imported: Path) -> None:
    file = imported / "androidcontrol" / f"{SECOND}.episodes"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    troubles = [one.trouble for one in official_import.list_stored(imported)]
    assert [bool(trouble) for trouble in troubles] == [False, True]
    assert "is not what was imported" in troubles[1]
    with pytest.raises(RunDirectoryError, match="import the data anew"):
        [list(open_split(split)) for split in ("test", "train")]


# -- bad input ----------------------------------------------------------------------------------


def broken(release: Path, tmp_path: Path, spoil: Callable[[bytes], bytes]) -> list[str]:
    """What an import says of a release whose second file is spoilt."""
    for path in release.iterdir():
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(spoil(data) if path.name == SECOND else data)
    results = official_import.import_path(tmp_path, tmp_path / "data")
    return [one.trouble for one in results if one.facts or one.trouble]


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (lambda data: data[: len(data) // 2], f"{SECOND} record 1 is cut off; get the file anew"),
        (lambda data: data[:5], f"{SECOND} record 0 is cut off"),
        (lambda data: data[:2000] + b"x" * 64 + data[2064:], f"{SECOND}"),
        (lambda _: b"no record at all", f"{SECOND} record 0"),
        (lambda _: b"", f"{SECOND} holds no record"),
        (lambda _: gzip.compress(b""), f"{SECOND} holds no record"),
        (lambda data: data + data, f"was in {SECOND} already"),
    ],
    ids=["half", "header", "flipped", "foreign", "empty", "nothing", "twice"],
)
def test_a_spoilt_file_is_named_and_the_others_are_imported(
    release: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], trouble: str
) -> None:
    first, second = broken(release, tmp_path, spoil)
    assert first == ""
    assert trouble in second
    folder = tmp_path / "data" / "androidcontrol"
    assert sorted(path.name for path in folder.iterdir()) == [f"{FIRST}.episodes", "index.json"]


def test_a_file_under_the_name_of_another_is_refused(release: Path, tmp_path: Path) -> None:
    data = (release / FIRST).read_bytes()
    first, second = broken(release, tmp_path, lambda _: data)
    assert first == ""
    assert f"{SECOND} record 0: episode " in second
    assert f"was in {FIRST} already" in second


def spoilt(example: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    return {**example, field: value}


@pytest.fixture(scope="module")
def example(release: Path) -> dict[str, Any]:
    return dict(next(read_examples(release / FIRST)))


@pytest.mark.parametrize(
    ("field", "value", "trouble"),
    [
        ("episode_id", [b"7"], "'episode_id': it holds no 1 whole numbers"),
        ("goal", [], "'goal': 0 texts"),
        ("goal", [b"\xff\xfe"], "'goal': it is no UTF-8"),
        ("screenshots", [], "'screenshots': there are 0"),
        ("actions", [b"{}"], "'actions': 1 for"),
        ("step_instructions", [], "'step_instructions': 0 for"),
        ("screenshot_widths", np.array([1080]), "'screenshot_widths': it holds no"),
        ("accessibility_trees", [b""], "'accessibility_trees': 1 for"),
    ],
)
def test_a_wrong_field_is_named(
    example: dict[str, Any], field: str, value: Any, trouble: str
) -> None:
    with pytest.raises(BadArgument, match=trouble):
        read_episode(spoilt(example, field, value), "some file record 3")


def test_wrong_parts_are_named(example: dict[str, Any]) -> None:
    count = len(example["screenshots"])
    for field, one, trouble in (
        ("actions", b"[", "action 0: Expecting"),
        ("actions", b"3", "action 0: it is no dictionary"),
        ("actions", b'{"action_type": "click", "x": 9999, "y": 3}', "is not on 1080 x 2400"),
        ("screenshots", b"GIF89a", "screen 0: its picture is no PNG of 1080 x 2400"),
        ("accessibility_trees", b"\x0a\xff", "screen 0: its accessibility tree is damaged"),
    ):
        values = [one, *example[field][1:]]
        with pytest.raises(BadArgument, match=trouble):
            read_episode(spoilt(example, field, values), "some file record 3")
    large = np.full(count, 100_000)
    with pytest.raises(BadArgument, match="it is 100000 x 2400 pixels large"):
        read_episode(spoilt(example, "screenshot_widths", large), "some file record 3")


def test_an_episode_in_which_nothing_is_done_is_left_out(example: dict[str, Any]) -> None:
    idle = {name: values[:1] for name, values in example.items()}
    # TensorFlow leaves out a feature that holds nothing.
    del idle["actions"], idle["step_instructions"]
    assert read_episode(idle, "some file record 3") is None


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (None, "splits.json: No such file"),
        ("{", "splits.json is no JSON"),
        ('{"train": [], "validation": []}', "has no list of episodes 'test'"),
        ('{"train": ["1"], "validation": [], "test": []}', "has no list of episodes 'train'"),
        ("[]", "has no list of episodes 'train'"),
    ],
)
def test_wrong_lists_are_named(tmp_path: Path, content: str | None, trouble: str) -> None:
    (tmp_path / FIRST).write_bytes(b"")
    if content is not None:
        (tmp_path / "splits.json").write_text(content)
    with pytest.raises(BadArgument, match=trouble):
        list(official_import.import_path(tmp_path, tmp_path / "data"))


def test_other_lists_than_before_are_refused(release: Path, imported: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for path in release.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    (other / "splits.json").write_text(json.dumps({"train": [0], "validation": [], "test": [1]}))
    with pytest.raises(BadArgument, match="lists other splits than what was imported before"):
        list(official_import.import_path(other, imported))


def test_wrong_paths_are_named(tmp_path: Path) -> None:
    for path, trouble in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path, "has no file called like android_control-00000-of-00020"),
    ):
        with pytest.raises(BadArgument, match=trouble):
            list(official_import.import_path(path, tmp_path))


def test_a_sample_overwrites_nothing(release: Path) -> None:
    with pytest.raises(RunDirectoryError, match="holds files of AndroidControl already"):
        write_sample(release, 1)
    with pytest.raises(BadArgument, match="--episodes is 0"):
        write_sample(release, 0)


# -- accessibility trees ------------------------------------------------------------------------


def test_a_forest_says_what_is_visible() -> None:
    forest = messages()["Forest"]()
    window = forest.windows.add(window_type=1, layer=0)
    shown = window.tree.nodes.add(
        unique_id=1, class_name="androidx.widget.Toolbar$Title", text="Inbox",
        is_visible_to_user=True, is_enabled=True, view_id_resource_name="mail:id/title",
    )  # fmt: skip
    shown.bounds_in_screen.right = shown.bounds_in_screen.bottom = 5000
    window.tree.nodes.add(unique_id=2, text="hidden").bounds_in_screen.right = 10
    nameless = window.tree.nodes.add(unique_id=3, is_visible_to_user=True, is_enabled=True)
    nameless.bounds_in_screen.right = nameless.bounds_in_screen.bottom = 10
    switch = window.tree.nodes.add(
        unique_id=4, is_visible_to_user=True, is_clickable=True, hint_text="Wi-Fi"
    )
    switch.bounds_in_screen.left, switch.bounds_in_screen.right = 1, 9
    switch.bounds_in_screen.bottom = 4
    assert parse_forest(forest.SerializeToString(), 1080, 2400, "here") == (
        Element(box=(0, 0, 1080, 2400), role="Title", text="Inbox"),
        Element(
            box=(1, 0, 9, 4), role="View", description="Wi-Fi", flags=("clickable", "disabled")
        ),
    )


def test_a_forest_of_ours_comes_back_with_its_windows() -> None:
    elements = (
        Element(box=(0, 0, 10, 10), role="Button", text="OK", flags=("clickable", "selected")),
        Element(box=(0, 20, 10, 30), role="Key", text="q", flags=("clickable",), window="keyboard"),
    )
    assert parse_forest(serialise_forest(elements, 100, 100), 100, 100, "here") == elements


# -- the command line ---------------------------------------------------------------------------


def test_the_commands_make_import_and_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "data"))

    def data(*words: str) -> str:
        return CliRunner().invoke(data_group, words, catch_exceptions=False).output

    folder = str(tmp_path / "ac")
    made = data("make", "androidcontrol", "--sample", "--episodes", "2", "--out", folder)
    assert "IDD              1 episodes" in made
    assert f"polyathlon data import androidcontrol {folder}" in made
    told = data("import", "androidcontrol", folder)
    assert told.count("imported  android_control-0000") == 2
    assert "not there validation (validation)" in told
    assert data("list").count("intact") == 2
    with pytest.raises(UnknownName, match="Samples can be made for: androidcontrol"):
        data("make", "metaworld", "--sample", "--out", folder)


def test_one_evaluation_gives_the_figures_of_all_protocols(
    imported: Path, typed: Callable[..., Any], tmp_path: Path
) -> None:
    typed(
        *("eval", "androidcontrol.high", "--agent", "oracle"),
        *("--episodes", "4", "--video", "0", "--slots", "1", "--set", "episodes=official"),
        *("--obs", "instruction", "--out", tmp_path / "run"),
    )
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    figures = result["families"][0]["figures"]
    for name in PROTOCOLS:
        assert figures[f"step_accuracy@{name}"]["value"] == 1.0
        assert figures[f"episode_success@{name}"]["value"] == 1.0
        assert figures[f"accuracy.click@{name}"]["value"] == 1.0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["renderers"]["androidcontrol"]["episodes"].startswith("official, 4 of 4")
