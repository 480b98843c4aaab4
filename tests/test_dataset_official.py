"""The official layouts of D5RL, from small files in exactly these layouts; none runs any code."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official_writer import a1_buffer, adroit, floats, kitchen_npz, kitchen_pickle, widowx

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.dataset.inert_pickle import load_inert
from polyathlon.tasks.dataset.layout import Dataset
from polyathlon.tasks.dataset.official import (
    read_a1,
    read_adroit,
    read_kitchen_npz,
    read_kitchen_pickle,
    read_widowx,
)
from polyathlon.tasks.dataset.official_import import import_path, list_stored


def test_the_standard_kitchen_is_shifted_by_a_row(tmp_path: Path) -> None:
    columns = kitchen_npz(tmp_path / "one.npz")
    (one,) = read_kitchen_npz(tmp_path / "one.npz")
    assert np.array_equal(one.observations["state"], columns["proprio"])
    assert np.array_equal(one.actions, columns["action"][1:])
    assert one.rewards.tolist() == [0, 0, 1, 2, 2]  # The parts, not the stored sum; no hinge.
    assert one.observations["rgb"].shape == (6, 4, 4, 6)
    assert np.array_equal(
        one.observations["rgb"][..., 3:], columns["extra_image_camera_gripper_rgb"]
    )
    assert (one.terminated.any(), one.truncated.tolist()) == (False, [False] * 4 + [True])


def test_the_randomised_kitchen_bootstraps(tmp_path: Path) -> None:
    columns = kitchen_pickle(tmp_path / "one.pkl")
    (one,) = read_kitchen_pickle(tmp_path / "one.pkl")
    assert np.array_equal(one.actions, columns["action"][1:])
    assert one.rewards.tolist() == [1] * 4
    assert not one.terminated.any()


def test_the_a1_s_buffer_is_read_without_its_classes(tmp_path: Path) -> None:
    columns = a1_buffer(tmp_path / "buffer.pkl")
    episodes = list(read_a1(tmp_path / "buffer.pkl"))
    assert [one.steps for one in episodes] == [3, 3, 2]
    assert [bool(one.terminated[-1]) for one in episodes] == [True, False, False]
    assert [bool(one.truncated[-1]) for one in episodes] == [False, True, True]
    states = episodes[1].observations["state"]
    assert np.array_equal(states[:-1], columns["observations"][3:6])
    assert np.array_equal(states[-1], columns["next_observations"][5])


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_of_pickle_is_read(tmp_path: Path, protocol: int) -> None:
    value = {"a": floats(3, 2), "f": np.asfortranarray(floats(3, 2)), "n": np.float64(2.5)}
    (tmp_path / "one").write_bytes(pickle.dumps(value, protocol))
    if protocol < 3:
        # Bytes are a call of codecs.encode there, which nobody makes.
        with pytest.raises(BadArgument, match="cut off or no pickle of data"):
            load_inert(tmp_path / "one")
        return
    found = load_inert(tmp_path / "one")
    assert found["n"] == 2.5
    assert all(np.array_equal(found[name], value[name]) for name in "af")


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hit",)


def test_nothing_of_a_pickle_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "buffer.pkl").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(BadArgument, match=r"holds a posix.system, not a replay buffer"):
        list(read_a1(tmp_path / "buffer.pkl"))
    np.save(tmp_path / "out.npy", np.array([Hostile()], object), allow_pickle=True)
    with pytest.raises(BadArgument, match="does not hold a list of trajectories"):
        list(read_widowx(tmp_path / "out.npy"))
    assert not (tmp_path / "hit").exists()
    (tmp_path / "bomb").write_bytes(b"\x80\x04Nr\xff\xff\xff\x7f.")  # LONG_BINPUT 2**31 - 1
    with pytest.raises(BadArgument, match="numbers more values"):
        load_inert(tmp_path / "bomb")


def test_the_widowx_s_list_of_lists(tmp_path: Path) -> None:
    written = widowx(tmp_path / "out.npy")
    episodes = list(read_widowx(tmp_path / "out.npy"))
    assert [one.steps for one in episodes] == [3, 2]
    assert episodes[0].observations["state"].shape == (4, 17)
    assert episodes[0].observations["rgb"].shape == (4, 4, 4, 3)
    last = written[0]["next_observations"][-1]["end_effector_pos"]
    assert np.array_equal(episodes[0].observations["state"][-1, :3], last)
    assert episodes[1].rewards.tolist() == [0, 1]
    assert episodes[1].truncated.tolist() == [False, True]


def test_the_adroit_hand_s_flat_file(tmp_path: Path) -> None:
    adroit(tmp_path / "door_binary.hdf5")
    episodes = list(read_adroit(tmp_path / "door_binary.hdf5"))
    assert [one.steps for one in episodes] == [3, 3]
    assert not any(one.terminated.any() for one in episodes)


def test_what_is_missing_cut_off_or_foreign_is_named(tmp_path: Path) -> None:
    kitchen_npz(tmp_path / "one.npz", proprio=floats(5, 9))
    with pytest.raises(BadArgument, match=r"columns of .*one.npz differ in length"):
        list(read_kitchen_npz(tmp_path / "one.npz"))
    whole = (tmp_path / "one.npz").read_bytes()
    (tmp_path / "one.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadArgument, match=r"one.npz is cut off"):
        list(read_kitchen_npz(tmp_path / "one.npz"))
    kitchen_npz(tmp_path / "two.npz", **{"reward kettle": np.full(6, np.nan)})
    with pytest.raises(BadArgument, match=r"two.npz step 0: rewards are not finite"):
        list(read_kitchen_npz(tmp_path / "two.npz"))
    (tmp_path / "one.pkl").write_bytes(pickle.dumps({"action": floats(3, 9)}))
    with pytest.raises(BadArgument, match=r"one.pkl lacks robot_qp; it has action"):
        list(read_kitchen_pickle(tmp_path / "one.pkl"))
    a1_buffer(tmp_path / "buffer.pkl", masks=None)
    with pytest.raises(BadArgument, match=r"buffer.pkl lacks masks"):
        list(read_a1(tmp_path / "buffer.pkl"))
    a1_buffer(tmp_path / "buffer.pkl")
    (tmp_path / "buffer.pkl").write_bytes((tmp_path / "buffer.pkl").read_bytes()[:-300])
    with pytest.raises(BadArgument, match=r"buffer.pkl is cut off"):
        list(read_a1(tmp_path / "buffer.pkl"))
    np.save(tmp_path / "out.npy", np.zeros(3))
    with pytest.raises(BadArgument, match="no list of trajectories: it holds float64"):
        list(read_widowx(tmp_path / "out.npy"))
    adroit(tmp_path / "pen.hdf5", timeouts=None)
    with pytest.raises(BadArgument, match="lacks trajectory_ends"):
        list(read_adroit(tmp_path / "pen.hdf5"))
    (tmp_path / "pen.hdf5").write_bytes((tmp_path / "pen.hdf5").read_bytes()[:-900])
    with pytest.raises(BadArgument, match="cut off or no HDF5"):
        list(read_adroit(tmp_path / "pen.hdf5"))


def test_a_folder_of_everything_is_imported_and_the_bad_is_named(tmp_path: Path) -> None:
    source, data = tmp_path / "d5rl", tmp_path / "data"
    (source / "demos").mkdir(parents=True)
    for number in range(3):
        kitchen_npz(source / "demos" / f"{number}.npz")
    (source / "demos" / "1.npz").write_bytes(b"PK")
    (source / "a1_interpolate" / "buffers").mkdir(parents=True)
    a1_buffer(source / "a1_interpolate" / "buffers" / "buffer.pkl")
    widowx(source / "sorting_sparse0" / "train" / "out.npy")
    adroit(source / "door_binary.hdf5")
    found = list(import_path(source, data))
    assert [Path(one.source).name for one in found if one.trouble] == ["1.npz"]
    kept = {one.name: one.facts["episodes"] for one in found if one.facts}
    assert kept == {
        "kitchen-standard-d5rl": "2",
        "a1-d5rl-a1_interpolate-buffer": "3",
        "widowx-d5rl-sorting_sparse0-train": "2",
        "adroit-d5rl-door_binary": "2",
    }
    stored = list(list_stored(data))
    assert {one.name for one in stored} == set(kept)
    assert not any(one.trouble for one in stored)
    dataset = Dataset(data / "d5rl" / "a1-d5rl-a1_interpolate-buffer")
    assert dataset.low.shape == (12,)
    assert next(dataset.trajectories(states_only=True)).observations["state"].shape == (4, 58)

    # A second import that fails leaves what the first one made.
    (source / "door_binary.hdf5").write_bytes(b"")
    again = list(import_path(source / "door_binary.hdf5", data))
    assert [bool(one.trouble) for one in again] == [True]
    assert {one.name for one in list_stored(data)} == set(kept)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadArgument, match="no file in a layout of D5RL"):
        list(import_path(tmp_path / "empty", data))


@pytest.mark.parametrize(
    ("targets", "rewards"), [("id", [0, 0, 1, 2, 2]), ("ood", [5, 5, 6, 7, 7])]
)
def test_the_objects_that_count_in_a_kitchen(
    tmp_path: Path, targets: str, rewards: list[float]
) -> None:
    kitchen_npz(tmp_path / "one.npz", **{"reward bottom burner": np.full(6, 5.0)})
    (one,) = read_kitchen_npz(tmp_path / "one.npz", targets)
    assert one.rewards.tolist() == rewards
    kitchen_pickle(tmp_path / "one.pkl", reward_slide=np.full(5, 3.0))
    (one,) = read_kitchen_pickle(tmp_path / "one.pkl", targets)
    assert one.rewards.tolist() == [4.0 if targets == "id" else 2.0] * 4


def test_a_stored_sum_is_that_of_the_usual_objects(tmp_path: Path) -> None:
    parts = dict.fromkeys(("reward microwave", "reward kettle"))
    kitchen_npz(tmp_path / "one.npz", **parts)
    (one,) = read_kitchen_npz(tmp_path / "one.npz")
    assert one.rewards.tolist() == [9] * 5
    with pytest.raises(BadArgument, match="no reward for these targets: no 'reward microwave'"):
        list(read_kitchen_npz(tmp_path / "one.npz", "ood"))


def test_the_widowx_s_eight_folders(tmp_path: Path) -> None:
    names = [
        f"actionnoise{action}_binnoise{place}_policy{policy}_sparse0"
        for action in ("0.0", "0.05")
        for place in ("0.0", "0.1")
        for policy in ("sorting", "pickplace")
    ]
    for name in names:
        for split in ("train", "test"):
            widowx(tmp_path / "official" / name / split / "out.npy")
    found = list(import_path(tmp_path / "official", tmp_path / "data", most=1))
    assert not any(one.trouble for one in found)
    assert {one.facts["episodes"] for one in found} == {"1"}
    assert sorted(one.name for one in found) == sorted(
        f"widowx-official-{name}-{split}" for name in names for split in ("train", "test")
    )
