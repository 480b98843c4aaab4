"""Files that are not what they should be: named in a line, and nothing that stood is touched."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official_writer import a1_buffer, adroit, floats, kitchen_npz, kitchen_pickle, widowx

from polyathlon.core.trajectory import digest_of_trajectories
from polyathlon.tasks.dataset.layout import Dataset
from polyathlon.tasks.dataset.official_import import import_path, list_stored

Write = Callable[..., object]

LAYOUTS: dict[str, tuple[str, Write]] = {
    "kitchen-standard": ("one.npz", kitchen_npz),
    "kitchen-randomized": ("one.pkl", kitchen_pickle),
    "a1": ("buffer.pkl", a1_buffer),
    "widowx": ("out.npy", widowx),
    "adroit": ("pen.hdf5", adroit),
}
"""By layout: what its file is called, and who writes one."""

NAN = float("nan")

WRONG: dict[str, tuple[tuple[dict[str, Any], str], ...]] = {
    "kitchen-standard": (
        ({"reward kettle": np.full(6, NAN)}, "step 0: rewards are not finite"),
        ({"reward kettle": np.array(["1.0"] * 6)}, "'reward kettle' are text, not numbers; export"),
        ({"reward kettle": np.zeros((6, 2))}, "is of another layout"),
        ({"reward kettle": None, "reward microwave": None, "reward": None}, "no 'reward'; export"),
        ({"proprio": floats(5, 9)}, "differ in length"),
        ({"proprio": None}, "lacks proprio; it has"),
        ({"proprio": np.float32(1)}, "is of another layout"),
        ({"action": floats(6)}, "actions have the shape (5,)"),
        ({"action": floats(6, 12)}, "actions have 12 numbers, those of kitchen-standard 9"),
        ({"action": floats(1, 9)}, "differ in length"),
        ({"action": np.array(["turn"] * 6)}, "actions are text, not numbers; export it anew"),
        ({"extra_image_camera_12_rgb": np.zeros((6, 4, 5, 3), np.uint8)}, "another layout"),
    ),
    "kitchen-randomized": (
        ({"reward_switch": np.array([0, 0, NAN, 0, 0])}, "step 1: rewards are not finite"),
        ({"reward_switch": None}, "has no reward"),
        ({"action": floats(5, 7)}, "actions have 7 numbers"),
        ({"robot_qp": [1.0] * 5}, "states have the shape (5,), not [T + 1, size]"),
        ({"action": 3}, "is of another layout"),
        ({"camera_0_rgb": np.zeros((3, 4, 4, 3), np.uint8)}, "differ in length"),
    ),
    "a1": (
        ({"rewards": np.full(10, NAN)}, "episode 0 step 0: rewards are not finite"),
        ({"rewards": floats(10, 2)}, "rewards have the shape (6,), not (3,)"),
        ({"rewards": np.array(["1"] * 10)}, "'rewards': arrays of 'U1' are no numbers; export"),
        ({"rewards": ["1"] * 10}, "buffer.pkl episode 0: rewards are text, not numbers; export"),
        ({"masks": ["1"] * 10}, "masks are text, not numbers; export it anew"),
        ({"dones": np.full(10, NAN)}, "step 0: dones are not finite; export it anew"),
        ({"masks": np.ones(10), "dones": np.zeros(10)}, "flagged as the end of an episode; export"),
        ({"dones": None}, "buffer.pkl lacks dones; it has observations, next_observations, a"),
        ({"actions": floats(9, 12)}, "differ in length"),
        ({"actions": floats(10, 9)}, "those of a1 12: it is of another body"),
        ({"observations": floats(10, 57)}, "is of another layout"),
        ({"observations": 7}, "is of another layout"),
    ),
    "widowx": (
        ({"rewards": [NAN]}, "differ in length"),
        ({"rewards": [0.0, NAN, 0.0]}, "trajectory 0 step 1: rewards are not finite"),
        ({"rewards": None}, "is of another layout"),
        ({"rewards": ["0", "0", "1"]}, "trajectory 0: rewards are text, not numbers; export"),
        ({"terminals": ["no"] * 3}, "trajectory 0: terminals are text, not numbers; export"),
        ({"terminals": []}, "differ in length"),
        ({"observations": [{"pixels": 1}] * 3}, "its observations are of another layout"),
        ({"actions": list(floats(3, 6))}, "actions have 6 numbers, those of widowx 7"),
        ({"actions": [1.0, 2.0, 3.0]}, "actions have the shape (3,), not [steps, size]"),
        ({"next_observations": []}, "differ in length"),
    ),
    "adroit": (
        ({"rewards": np.array([0, 0, 0, 0, NAN, 0])}, "episode 1 step 1: rewards are not finite"),
        ({"terminals": None}, "pen.hdf5 lacks terminals; it has actions, masks"),
        ({"rewards": np.array([b"0"] * 6)}, "episode 0: rewards are text, not numbers; export"),
        ({"timeouts": np.zeros(6)}, "none of its 6 steps is flagged"),
        ({"actions": floats(6, 12)}, "those of adroit 24 or 26 or 28 or 30: it is of another body"),
        ({"next_observations": floats(6, 38)}, "is of another layout"),
        ({"observations": np.array([b"x"] * 6)}, "episode 0: observations are text, not numbers"),
    ),
}  # fmt: skip

CASES = [
    pytest.param(layout, change, told, id=f"{layout}-{number}")
    for layout, cases in WRONG.items()
    for number, (change, told) in enumerate(cases)
]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refused(source: Path, data: Path, before: dict[str, str]) -> str:
    """Imports a bad file over a good one; what was said of it."""
    (found,) = import_path(source, data)
    assert not found.name
    assert len(found.trouble.splitlines()) == 1
    assert hashes(data) == before
    return found.trouble


@pytest.mark.parametrize(("layout", "change", "told"), CASES)
def test_what_is_wrong_is_named(
    tmp_path: Path, layout: str, change: dict[str, Any], told: str
) -> None:
    name, write = LAYOUTS[layout]
    source, data = tmp_path / name, tmp_path / "data"
    write(source)
    (good,) = import_path(source, data)
    assert not good.trouble
    write(source, **change)
    trouble = refused(source, data, hashes(data))
    assert name in trouble
    assert told in trouble


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_cut_is_named(tmp_path: Path, layout: str) -> None:
    name, write = LAYOUTS[layout]
    source, data = tmp_path / name, tmp_path / "data"
    write(source)
    list(import_path(source, data))
    before, whole = hashes(data), source.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 9).astype(int):
        source.write_bytes(whole[:length])
        assert name in refused(source, data, before)
    source.write_bytes(b"This is a letter." * 100)
    assert name in refused(source, data, before)


@pytest.mark.parametrize("layout", ["kitchen-randomized", "a1", "widowx"])
def test_a_pickle_of_another_class(tmp_path: Path, layout: str) -> None:
    name, write = LAYOUTS[layout]
    source, data = tmp_path / name, tmp_path / "data"
    write(source)
    list(import_path(source, data))
    before = hashes(data)
    for value in (slice(3), [1, 2], {"a": 1}, np.zeros(3)):
        source.write_bytes(pickle.dumps(value))
        assert name in refused(source, data, before)


def test_other_episodes_in_the_same_folder(tmp_path: Path) -> None:
    demos = tmp_path / "demos"
    demos.mkdir()
    for number in range(5):
        kitchen_npz(demos / f"{number}.npz")
    kitchen_npz(demos / "1.npz", proprio=floats(6, 30))
    kitchen_npz(demos / "2.npz", extra_image_camera_12_rgb=np.zeros((6, 8, 8, 3), np.uint8),
                extra_image_camera_gripper_rgb=None)  # fmt: skip
    kitchen_npz(demos / "3.npz", action=floats(6, 7))
    *bad, good = import_path(demos, tmp_path / "data")
    assert [Path(one.source).name for one in bad] == ["1.npz", "2.npz", "3.npz"]
    assert "'state' is float32 [30], and float32 [9] in those before it" in bad[0].trouble
    assert "'rgb' is uint8 [8, 8, 3], and uint8 [4, 4, 6] in those before it" in bad[1].trouble
    assert "it is of another body" in bad[2].trouble
    assert good.facts["episodes"] == "2"
    dataset = Dataset(tmp_path / "data" / "d5rl" / good.name)
    assert digest_of_trajectories(dataset.trajectories()) == good.facts["sha256"]


def test_a_first_file_that_is_bad_sets_no_standard(tmp_path: Path) -> None:
    demos = tmp_path / "demos"
    demos.mkdir()
    kitchen_npz(demos / "0.npz", proprio=np.full((6, 5), NAN))
    kitchen_npz(demos / "1.npz")
    bad, good = import_path(demos, tmp_path / "data")
    assert "state are not finite" in bad.trouble
    assert good.facts["episodes"] == "1"
    assert [one.trouble for one in list_stored(tmp_path / "data")] == [""]


def test_a_kill_between_two_renames_loses_nothing(tmp_path: Path) -> None:
    source, data = tmp_path / "pen.hdf5", tmp_path / "data"
    adroit(source)
    list(import_path(source, data))
    before = hashes(data)
    target = data / "d5rl" / "adroit-pen"
    target.rename(target.with_name(".adroit-pen.former"))
    source.write_bytes(b"")
    refused(source, data, before)
    adroit(source, rewards=np.ones(6))
    (again,) = import_path(source, data)
    assert not again.trouble
    assert [path.name for path in (data / "d5rl").iterdir()] == ["adroit-pen"]
    assert next(Dataset(target).trajectories()).rewards.tolist() == [1, 1, 1]
