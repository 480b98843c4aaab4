"""Streams of actions: from runs and Minari data sets, split by episode, refused if unsound."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from polyathlon.benchmarks.minari_source import is_minari, read_body, read_minari
from polyathlon.benchmarks.streams import Episode, Stream, checked, merged, split
from polyathlon.core.errors import BadArgument, InvalidAction
from polyathlon.core.specs import Embodiment

ARM = Embodiment(
    id="arm", kind="continuous", action_names=("x", "y"), low=(-1.0, -1.0), high=(1.0, 1.0)
)
KEYS = Embodiment(id="keys", kind="discrete", action_names=("left", "right", "go"))


def episodes(count: int, source: str = "task", steps: int = 5) -> list[Episode]:
    chance = np.random.default_rng(0)
    return [
        Episode(source, number, chance.uniform(-1, 1, (steps, 2)).astype(np.float32))
        for number in range(count)
    ]


def names(stream: Stream) -> set[tuple[str, int]]:
    return {(one.source, one.number) for one in stream.episodes}


def test_whole_episodes_are_held_out_and_the_seed_says_which() -> None:
    stream = checked(ARM, [*episodes(10, "one"), *episodes(20, "two")])
    fitted, held = split(stream, 0.2, seed=0)
    assert names(fitted) | names(held) == names(stream)
    assert not names(fitted) & names(held)
    assert sorted(source for source, _ in names(held)) == ["one"] * 2 + ["two"] * 4
    assert names(split(stream, 0.2, seed=0)[1]) == names(held)
    assert names(split(stream, 0.2, seed=1)[1]) != names(held)
    assert len(held.actions) == 30


def test_the_lot_of_an_episode_depends_on_no_other_source() -> None:
    one = checked(ARM, episodes(10, "one"))
    both = checked(ARM, [*episodes(10, "one"), *episodes(9, "two")])
    alone, beside = (names(split(stream, 0.3, 5)[1]) for stream in (one, both))
    assert alone == {name for name in beside if name[0] == "one"}


def test_few_episodes_still_leave_one_to_hold_out() -> None:
    stream = checked(ARM, [*episodes(1, "one"), *episodes(1, "two"), *episodes(1, "three")])
    fitted, held = split(stream, 0.2, seed=0)
    assert (len(fitted.episodes), len(held.episodes)) == (2, 1)
    with pytest.raises(BadArgument, match="has one episode"):
        split(checked(ARM, episodes(1)), 0.2, 0)
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(BadArgument, match="share held out"):
            split(stream, share, 0)
    with pytest.raises(BadArgument, match="holds out every episode"):
        split(stream, 0.99, 0)


def bad(value: float) -> list[Episode]:
    good = episodes(3)
    good[1].actions[2, 1] = value
    return good


@pytest.mark.parametrize(
    ("body", "given", "error", "words"),
    [
        (ARM, [], BadArgument, "is empty"),
        (ARM, [Episode("task", 0, np.empty((0, 2), np.float32))], BadArgument, "is empty"),
        (ARM, bad(np.nan), InvalidAction, "task episode 1 step 2: dimension 1 is nan"),
        (ARM, bad(-np.inf), InvalidAction, "step 2: dimension 1 is -inf"),
        (ARM, [Episode("task", 4, np.zeros((3, 5)))], InvalidAction, "task episode 4.*rows of 2"),
        (ARM, [Episode("task", 4, np.zeros(3, int))], InvalidAction, "rows of 2 numbers"),
        (KEYS, [Episode("task", 0, np.array([0, 3]))], InvalidAction, r"outside \[0, 2\]"),
        (KEYS, [Episode("task", 0, np.array([0.5]))], InvalidAction, "not whole numbers"),
        (
            Embodiment(id="pen", kind="text"),
            [Episode("task", 0, np.array(["a"]))],
            BadArgument,
            "no adapter fits 'pen'",
        ),
    ],
)
def test_streams_that_are_unsound_are_refused(body, given, error, words) -> None:
    with pytest.raises(error, match=words):
        checked(body, given)


def test_one_body_from_two_sources_is_one_stream() -> None:
    first, second = checked(ARM, episodes(2, "one")), checked(ARM, episodes(2, "two"))
    keys = checked(KEYS, [Episode("task", 0, np.array([0, 1, 2]))])
    whole = merged([keys, first, second])
    assert [stream.body.id for stream in whole] == ["arm", "keys"]
    assert len(whole[0].episodes) == 4
    assert whole[0].digest() != first.digest()
    other = checked(msgspec.structs.replace(ARM, frame="world"), episodes(1, "three"))
    with pytest.raises(BadArgument, match="two bodies are called 'arm': frame: 'none' against"):
        merged([first, other])
    with pytest.raises(BadArgument, match="given twice"):
        merged([first, first])


# Minari.


def dataset(
    folder: Path, space: dict[str, object], actions: list[np.ndarray], **other: object
) -> Path:
    """A data set as Minari 0.5 writes it."""
    h5py = pytest.importorskip("h5py")
    (folder / "data").mkdir(parents=True)
    metadata = {
        "data_format": "hdf5",
        "dataset_id": "Arm/human-v0",
        "action_space": json.dumps(space),
    }
    (folder / "data" / "metadata.json").write_text(json.dumps({**metadata, **other}))
    with h5py.File(folder / "data" / "main_data.hdf5", "w") as file:
        for number, one in enumerate(actions):
            group = file.create_group(f"episode_{number}")
            group.attrs["id"] = number
            group.create_dataset("actions", data=one)
    return folder


BOX = {"type": "Box", "dtype": "float64", "shape": [2], "low": [-2.0, -1.0], "high": [2.0, 1.0]}


def test_a_minari_data_set_is_a_stream(tmp_path: Path) -> None:
    actions = [np.full((3 + n, 2), n / 20) for n in range(12)]
    folder = dataset(tmp_path / "human-v0", BOX, actions)
    assert is_minari(folder)
    stream = read_minari(folder)
    assert stream.body.id == "minari-arm-human-v0"
    assert stream.body.low == (-2.0, -1.0)
    assert [one.number for one in stream.episodes] == list(range(12))
    assert np.array_equal(stream.actions, np.concatenate(actions).astype(np.float32))
    told = msgspec.structs.replace(stream.body, id="my-arm", action_units=("m/s", "rad/s"))
    (tmp_path / "body.json").write_bytes(msgspec.json.encode(told))
    assert read_minari(folder, read_body(tmp_path / "body.json")).body == told
    with pytest.raises(BadArgument, match="'arm' has low"):
        read_minari(folder, ARM)


def test_discrete_and_unbounded_data_sets(tmp_path: Path) -> None:
    keys = dataset(tmp_path / "keys", {"type": "Discrete", "n": 4, "start": 0}, [np.array([3, 0])])
    assert len(read_minari(keys).body.action_names) == 4
    space = {**BOX, "low": [float("-inf")] * 2, "high": [float("inf")] * 2}
    free = dataset(tmp_path / "free", space, [np.zeros((2, 2))])
    assert read_minari(free).body.low == ()


@pytest.mark.parametrize(
    ("space", "other", "words"),
    [
        ({"type": "Dict"}, {}, "no adapter fits the actions"),
        ({**BOX, "shape": [2, 2]}, {}, "no adapter fits the actions"),
        ({"type": "Discrete", "n": 2, "start": 1}, {}, "do not count from 0"),
        ({"type": "Box", "shape": [2]}, {}, "action space in the metadata"),
        (BOX, {"data_format": "arrow"}, "only hdf5 can be read"),
        (BOX, {"action_space": "{"}, "does not say its action space"),
    ],
)
def test_data_sets_that_cannot_be_read_say_why(tmp_path: Path, space, other, words) -> None:
    folder = dataset(tmp_path / "data-set", space, [np.zeros((2, 2))], **other)
    with pytest.raises(BadArgument, match=words):
        read_minari(folder)


def test_damaged_data_sets_are_one_error(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "one", BOX, [np.full((2, 2), np.nan)])
    with pytest.raises(InvalidAction, match=r"minari-arm-human-v0 episode 0 step 0"):
        read_minari(folder)
    (folder / "data" / "main_data.hdf5").write_bytes(b"no HDF5 at all")
    with pytest.raises(BadArgument, match="no data of a Minari data set"):
        read_minari(folder)
    (folder / "data" / "metadata.json").write_text("[")
    with pytest.raises(BadArgument, match="is not JSON"):
        read_minari(folder)
    for wrong in ("nowhere.json", "main.json"):
        (tmp_path / "main.json").write_text('{"id": 3}')
        with pytest.raises(BadArgument, match=r"cannot read|declares no embodiment"):
            read_body(tmp_path / wrong)
