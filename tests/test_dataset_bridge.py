"""BridgeData V2 in its four layouts, from small files in exactly these layouts."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from record_writer import tensor, write_examples

from polyathlon.core.errors import BadArgument
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks.dataset.bridge import SIDE, read_numpy, read_raw, read_tfrecord
from polyathlon.tasks.dataset.bridge_import import import_path, list_stored
from polyathlon.tasks.dataset.layout import Dataset
from polyathlon.tasks.dataset.tensor import parse_tensor

DICE = np.random.default_rng(0)
GREYS = (0, 60, 120, 180, 240)
"""Of the pictures of an episode, by which they are known again after JPEG."""


def floats(*shape: int) -> np.ndarray:
    return DICE.uniform(-1, 1, shape).astype(np.float32)


def grey(level: int, side: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", side, (level, level, level))


def greys_of(one: Trajectory) -> list[int]:
    return [round(float(picture.mean())) for picture in one.observations["rgb"]]


def raw(root: Path, date: str = "2022-01-01_00-00-00", number: int = 0, **more: Any) -> Path:
    """Writes a raw episode of five observations."""
    folder = root / "rss/toykitchen2/set_table/00" / date / f"raw/traj_group0/traj{number}"
    for camera in ("images0", "images1", "depth_images0"):
        (folder / camera).mkdir(parents=True)
    for step, level in enumerate(GREYS):
        grey(level).save(folder / "images0" / f"im_{step}.jpg")
    observed = {"full_state": floats(5, 7), "time_stamp": np.arange(5.0), "qpos": floats(5, 6)}
    decided = [{"actions": one, "policy_type": "VR"} for one in floats(4, 7)]
    files = {"obs_dict": observed, "policy_out": decided, "agent_data": {"traj_ok": True}, **more}
    for name, value in files.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
    (folder / "lang.txt").write_text("put the pot in the sink\nconfidence: 1\n\nmove the pot\n")
    return folder


@pytest.mark.parametrize("late", [False, True])
def test_a_raw_episode(tmp_path: Path, late: bool) -> None:
    date = "2021-07-22_23-59-59" if late else "2021-07-23_00-00-00"
    states, actions = floats(5, 7), floats(4, 7)
    decided = list(actions) if late else [{"actions": one} for one in actions]  # Both are found.
    folder = raw(tmp_path, date, obs_dict={"full_state": states}, policy_out=decided)
    (one,) = read_raw(folder)
    assert np.array_equal(one.observations["state"], states[1:] if late else states)
    assert np.array_equal(one.actions, actions[:-1] if late else actions)
    assert np.allclose(greys_of(one), GREYS[1:] if late else GREYS, atol=2)
    assert one.observations["rgb"].shape[1:] == (SIDE, SIDE, 3)
    assert one.instruction == "put the pot in the sink\nmove the pot"
    assert one.truncated.tolist() == [False] * (one.steps - 1) + [True]
    assert not one.terminated.any()
    (folder / "lang.txt").unlink()
    assert next(read_raw(folder)).instruction == ""


def listed(path: Path, steps: Sequence[int] = (3, 2)) -> list[dict[str, Any]]:
    """Writes the numpy layout."""
    found = []
    for count in steps:
        rows = [
            {
                "images0": DICE.integers(0, 256, (4, 4, 3), np.uint8),
                "images1": DICE.integers(0, 256, (4, 4, 3), np.uint8),
                "state": floats(7),
                "time_stamp": 0.5,
            }
            for _ in range(count + 1)
        ]
        found.append(
            {
                "observations": rows[:-1],
                "next_observations": rows[1:],
                "actions": list(floats(count, 7)),
                "terminals": [0] * count,
                "language": ["open the drawer", "pull"],
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, found, allow_pickle=True)
    return found


def columns(one: dict[str, Any]) -> dict[str, np.ndarray]:
    """The columns that the official script makes of an episode of the numpy layout."""
    return {
        **{
            f"{side}/{name}": np.array([row[name] for row in one[side]], kind)
            for side in ("observations", "next_observations")
            for name, kind in (("images0", np.uint8), ("state", np.float32))
        },
        "actions": np.array(one["actions"], np.float32),
        "terminals": np.zeros(len(one["actions"]), bool),
        "truncates": np.arange(len(one["actions"])) == len(one["actions"]) - 1,
    }


def test_numpy_and_tfrecord_hold_the_same(tmp_path: Path) -> None:
    written = listed(tmp_path / "train" / "out.npy")
    records = [
        {name: [tensor(array)] for name, array in columns(one).items()}
        | {"language": [tensor([b"open the drawer", b"pull"])]}
        for one in written
    ]
    write_examples(tmp_path / "train" / "out.tfrecord", records)
    episodes = list(read_numpy(tmp_path / "train" / "out.npy"))
    others = list(read_tfrecord(tmp_path / "train" / "out.tfrecord"))
    assert [one.steps for one in episodes] == [3, 2]
    for one, other, source in zip(episodes, others, written, strict=True):
        for name, key in (("rgb", "images0"), ("state", "state")):
            assert np.array_equal(one.observations[name], other.observations[name])
            assert np.array_equal(one.observations[name][-1], source["next_observations"][-1][key])
        assert np.array_equal(one.actions, other.actions)
        assert one.instruction == other.instruction == "open the drawer\npull"
        assert other.truncated.tolist() == [False] * (one.steps - 1) + [True]


def rlds(steps: int = 5, **more: Any) -> dict[str, Any]:
    """An episode as TensorFlow Datasets writes it: a column for each field of its steps."""
    pictures = []
    for level in GREYS[:steps]:
        file = io.BytesIO()
        grey(level, (256, 256)).save(file, "JPEG")
        pictures.append(file.getvalue())
    ends = np.arange(steps) == steps - 1
    return {
        "episode_metadata/file_path": [b"/somewhere/out.npy"],
        "episode_metadata/has_language": np.array([1]),
        "steps/action": floats(steps, 7),
        "steps/discount": np.ones(steps, np.float32),
        "steps/is_first": np.arange(steps) == 0,
        "steps/is_last": ends,
        "steps/is_terminal": ends,
        "steps/language_embedding": floats(steps, 512),
        "steps/language_instruction": [b"put the spoon on the towel"] * steps,
        "steps/observation/image_0": pictures,
        "steps/observation/image_1": [b""] * steps,
        "steps/observation/state": floats(steps, 7),
        "steps/reward": ends.astype(np.float32),
        **more,
    }


@pytest.mark.parametrize("compress", [False, True])
def test_rlds(tmp_path: Path, compress: bool) -> None:
    written = [rlds(5), rlds(3)]
    path = write_examples(tmp_path / "bridge-train.tfrecord-00000-of-00001", written, compress)
    first, second = read_tfrecord(path)
    assert (first.steps, second.steps) == (4, 2)
    assert np.array_equal(first.observations["state"], written[0]["steps/observation/state"])
    assert np.array_equal(first.actions, written[0]["steps/action"][:-1])
    assert np.allclose(greys_of(first), GREYS, atol=1)
    assert first.instruction == "put the spoon on the towel"


def test_a_folder_of_everything(tmp_path: Path) -> None:
    source, data = tmp_path / "bridge", tmp_path / "data"
    for number in range(20):
        raw(source / "raw", number=number)
    raw(source / "raw" / "lmdb_old")
    listed(source / "numpy/rss/toysink/00/train/out.npy")
    listed(source / "numpy/rss/toysink/00/val/out.npy", [4])
    write_examples(source / "rlds/bridge-train.tfrecord-00000-of-00002", [rlds()])
    write_examples(source / "rlds/bridge-train.tfrecord-00001-of-00002", [rlds(), rlds()])
    write_examples(source / "rlds/bridge-val.tfrecord-00000-of-00001", [rlds(4)])
    progress: list[tuple[int, int]] = []
    found = list(import_path(source, data, told=lambda *how: progress.append(how)))
    assert not any(one.trouble for one in found)
    kept = {one.name: int(one.facts["episodes"]) for one in found}
    assert kept.pop("raw-bridge-train") + kept.pop("raw-bridge-val") == 20
    assert kept == {
        "numpy-bridge-train": 2,
        "numpy-bridge-val": 1,
        "tfrecord-bridge-train": 3,
        "tfrecord-bridge-val": 1,
    }
    assert progress[-3:] == [(1, 2), (2, 2), (1, 1)]
    assert not any(one.trouble for one in list_stored(data))
    dataset = Dataset(data / "bridge" / "tfrecord-bridge-train")
    episodes = list(dataset.trajectories())
    assert episodes[2].instruction == "put the spoon on the towel"
    assert dataset.low == pytest.approx(np.min([one.actions.min(0) for one in episodes], 0))
    one = next(import_path(source / "numpy", data, most=1))
    assert one.facts["episodes"] == "1"


def test_what_is_wrong_is_named_and_the_rest_imported(tmp_path: Path) -> None:
    source, data = tmp_path / "bridge", tmp_path / "data"
    for number in range(9):
        raw(source, number=number)
    base = source / "rss/toykitchen2/set_table/00/2022-01-01_00-00-00/raw/traj_group0"
    (base / "traj0/obs_dict.pkl").unlink()
    (base / "traj1/policy_out.pkl").write_bytes(pickle.dumps([{"actions": floats(7)}]))
    (base / "traj2/images0/im_3.jpg").write_bytes(b"\xff\xd8 cut")
    (base / "traj3/obs_dict.pkl").write_bytes(pickle.dumps({"state": 1}))
    (base / "traj4/policy_out.pkl").write_bytes(pickle.dumps([{"actions": np.full(7, np.nan)}] * 4))
    (base / "traj5/images0/im_0.jpg").rename(base / "traj5/images0/im_5.jpg")
    raw(source, "yesterday")
    troubles = sorted(one.trouble for one in import_path(source, data) if one.trouble)
    for told in (
        "traj0/obs_dict.pkl: No such file",
        "traj1 has 1 actions for 5 observations",
        "im_3.jpg: a picture is cut off or none",
        "traj3 holds pickles of another layout: it lacks 'full_state'",
        "traj4 step 0: actions are not finite",
        "im_0.jpg: a picture is cut off or none",
        "nobody knows whether its pictures are late",
    ):
        assert len([one for one in troubles if told in one]) == 1, (told, troubles)
    assert len(troubles) == 7
    kept = {one.name: one.facts["episodes"] for one in list_stored(data)}
    assert sum(map(int, kept.values())) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadArgument, match="holds no BridgeData"):
        list(import_path(tmp_path / "empty", data))
    with pytest.raises(BadArgument, match="does not exist"):
        list(import_path(tmp_path / "nowhere", data))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"steps/action": floats(5, 6)}, "is of another layout"),
        ({"steps/observation/state": np.zeros(0, np.float32)}, "is of another layout"),
        ({"steps/observation/image_0": []}, "has 0 pictures for 5 steps"),
        ({"steps/observation/image_0": [b"none"] * 5}, "a picture is cut off or none"),
        ({"steps/is_first": np.zeros(0, int)}, "5 pictures for 0 steps"),
        ({"steps/observation/state": np.full((5, 7), np.nan)}, "state are not finite"),
    ],
)
def test_a_record_of_another_shape(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = write_examples(tmp_path / "a.tfrecord", [rlds(), rlds(**change)])
    with pytest.raises(BadArgument, match=f"a.tfrecord record 1.*{told}"):
        list(read_tfrecord(path))
    # The whole shard is left out: nobody knows what else is wrong with it.
    assert [bool(one.trouble) for one in import_path(path, tmp_path / "data")] == [True]


def test_a_record_without_a_column(tmp_path: Path) -> None:
    (one,) = listed(tmp_path / "out.npy", [3])
    record = {name: [tensor(array)] for name, array in columns(one).items()}
    del record["actions"]
    with pytest.raises(BadArgument, match="record 0 is of another layout: it lacks 'actions'"):
        list(read_tfrecord(write_examples(tmp_path / "a.tfrecord", [record])))
    record["actions"] = [tensor(floats(3, 7))[:-4]]
    with pytest.raises(BadArgument, match="a field is longer than what holds it"):
        list(read_tfrecord(write_examples(tmp_path / "a.tfrecord", [record])))
    np.save(tmp_path / "out.npy", [{"observations": []}], allow_pickle=True)
    with pytest.raises(BadArgument, match="trajectory 0 is of another layout: it lacks"):
        list(read_numpy(tmp_path / "out.npy"))


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "uint8", "int64", "bool"])
def test_tensors_of_every_type(kind: str) -> None:
    array = (DICE.uniform(0, 2, (2, 3)) > 1).astype(kind)
    found = parse_tensor(tensor(array))
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())


def test_the_bytes_of_tensors_that_protobuf_wrote() -> None:
    """Written by the messages that are generated from TensorFlow's own, in TensorBoard 2.21.0."""
    floats_ = "0801120812020802120208032218000000000000803f0000004000004040000080400000a040"
    found = parse_tensor(bytes.fromhex(floats_))
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    empty = parse_tensor(bytes.fromhex("0804120a12020802120012020803"))
    assert isinstance(empty, np.ndarray)
    assert (empty.shape, empty.dtype) == ((2, 0, 3), np.uint8)
    texts = parse_tensor(bytes.fromhex("080712041202080342076f70656e2069744200420470756c6c"))
    assert texts == [b"open it", b"", b"pull"]


def test_tensors_that_are_none() -> None:
    with pytest.raises(ValueError, match="type 0 are not read"):
        parse_tensor(b"")
    with pytest.raises(ValueError, match=r"shape \(2, 3\) has 20 bytes"):
        parse_tensor(tensor(floats(2, 3)).replace(b"\x22\x18", b"\x22\x14")[:-4])
