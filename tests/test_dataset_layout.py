"""Data sets in Minari's layout: what is written is read, the same seed makes the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.benchmarks.inventory import take_inventory
from polyathlon.benchmarks.making import TIERS, Recipe, make_dataset
from polyathlon.cli import _polyathlon
from polyathlon.core.errors import BadArgument, PolyathlonError, RunDirectoryError
from polyathlon.core.trajectory import Trajectory, checked, digest_of_trajectories
from polyathlon.tasks.dataset.episode_group import StateReader
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter, describe_space

ACTIONS = spaces.Box(-1, 1, (2,), np.float32)
STATES = spaces.Dict({"state": spaces.Box(-np.inf, np.inf, (3,), np.float32)})


def trajectory(steps: int, seed: int = 0, wins: bool = True) -> Trajectory:
    dice = np.random.default_rng(seed)
    ends = np.zeros(steps, bool)
    cut = ends.copy()
    cut[-1] = True
    return Trajectory(
        {"state": dice.normal(size=(steps + 1, 3)).astype(np.float32)},
        dice.uniform(-1, 1, (steps, 2)).astype(np.float32),
        dice.normal(size=steps).astype(np.float32),
        ends,
        cut,
        cut.copy() if wins else None,
        seed,
    )


def written(folder: Path, episodes: list[Trajectory], **metadata: object) -> Path:
    writer = DatasetWriter(folder)
    for number, one in enumerate(episodes):
        writer.put(number, one)
    told = {
        "dataset_id": "test/point-v0",
        "observation_space": json.dumps(describe_space(STATES)),
        "action_space": json.dumps(describe_space(ACTIONS)),
        **metadata,
    }
    writer.finish(len(episodes), told)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_written_is_read(tmp_path: Path) -> None:
    episodes = [trajectory(4 + n, n) for n in range(12)]
    folder = written(tmp_path / "one", episodes)
    dataset = Dataset(folder)
    found = list(dataset.trajectories())
    assert len(dataset) == len(found) == 12
    assert digest_of_trajectories(found) == digest_of_trajectories(episodes)
    assert [one.seed for one in found] == list(range(12))
    assert dataset.low.tolist() == [-1, -1]
    assert hashes(folder) == hashes(written(tmp_path / "two", episodes))
    with pytest.raises(RunDirectoryError, match="holds a data set already"):
        DatasetWriter(folder)


def test_minari_reads_it(tmp_path: Path) -> None:
    import minari

    episodes = [trajectory(4 + n, n) for n in range(3)]
    folder = written(tmp_path / "point-v0", episodes, ref_min_score=0.0, ref_max_score=2.0)
    dataset = minari.MinariDataset(folder / "data")
    assert (dataset.total_episodes, dataset.total_steps) == (3, 15)
    for one, theirs in zip(episodes, dataset.iterate_episodes(), strict=True):
        assert np.array_equal(theirs.observations["state"], one.observations["state"])
        assert np.array_equal(theirs.actions, one.actions)
        assert np.array_equal(theirs.truncations, one.truncated)


@pytest.mark.parametrize("observations", ["state", "observation", "alone", "strange"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_states_alone_are_read_alike(tmp_path: Path, observations: str, kind: type) -> None:
    episodes = [trajectory(4 + n, n, wins=n > 1) for n in range(3)]
    folder = written(tmp_path / "one", episodes)
    with h5py.File(folder / "data" / "main_data.hdf5", "a") as file:
        for group in file.values():
            state = group["observations"].pop("state")[()].astype(kind)
            for name in ("actions", "rewards"):
                group[name] = group.pop(name)[()].astype(kind)
            if observations == "strange":  # Flags that HDF5 does not convert by itself.
                group["terminations"] = group.pop("terminations")[()].astype(np.float16)
            else:
                group["truncations"] = 2 * group.pop("truncations")[()].astype(np.int64)
            if observations == "alone":
                del group["observations"]
                group["observations"] = state
            else:
                name = "state" if observations == "strange" else observations
                group["observations"][name] = state
                group["observations"]["rgb"] = np.zeros((len(state), 2, 2, 3), np.uint8)
        reader = StateReader(file)
        fast = [reader.read(f"episode_{number}") for number in range(3)]
        assert all(one is None for one in fast) == (observations == "strange")
    found = list(Dataset(folder).trajectories(states_only=True))
    assert digest_of_trajectories(found) == digest_of_trajectories(episodes)


def test_damage_and_foreign_files_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", [trajectory(4)])
    arrays, metadata = (folder / "data" / name for name in ("main_data.hdf5", "metadata.json"))
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadArgument, match="is damaged or no data set"):
        list(Dataset(folder).trajectories())
    text = metadata.read_text()
    for wrong, told in (
        (text.replace('"hdf5"', '"arrow"'), "only hdf5 can be read"),
        (text.replace("action_space", "actions"), "does not say its action_space"),
        (text.replace('\\"Box\\", \\"dtype\\": \\"float32\\", \\"shape\\": [2]', "3"), "action"),
        ("[]", "no metadata"),
        ("{", "is not JSON"),
    ):
        metadata.write_text(wrong)
        with pytest.raises(BadArgument, match=told):
            Dataset(folder)
    with pytest.raises(BadArgument, match="is no data set"):
        Dataset(tmp_path)


@pytest.mark.parametrize("states_only", [True, False])
@pytest.mark.parametrize(
    ("name", "column", "told"),
    [
        ("terminations", None, "episode_1 lacks terminations; it has actions, infos, .*; export"),
        ("truncations", None, "episode_1 lacks truncations"),
        ("actions", None, "episode_1 lacks actions"),
        ("observations", None, "episode_1 lacks observations"),
        ("rewards", np.array([b"1"] * 5), "episode_1: rewards are text, not numbers; export it an"),
        ("rewards", "none", "episode_1: rewards are"),
        ("truncations", np.array([b"no"] * 5), "episode_1: truncations are text, not numbers"),
        ("terminations", np.full(5, np.nan), "episode_1 step 0: terminations are not finite"),
    ],
)
def test_what_an_episode_lacks_is_named_with_the_episode(
    tmp_path: Path, name: str, column: object, told: str, states_only: bool
) -> None:
    folder = written(tmp_path / "one", [trajectory(4 + n, n) for n in range(3)])
    with h5py.File(folder / "data" / "main_data.hdf5", "a") as file:
        del file["episode_1"][name]
        if column is not None:
            file["episode_1"][name] = column
    found = Dataset(folder).trajectories(states_only=states_only)
    assert next(found).steps == 4
    with pytest.raises(BadArgument, match=told):
        next(found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rewards": np.array([0, np.nan, 0, 0], np.float32)}, "step 1: rewards are not finite"),
        ({"rewards": np.zeros(3, np.float32)}, r"rewards have the shape \(3,\)"),
        ({"truncated": np.zeros(4, bool)}, "does not say how it ends"),
        ({"terminated": np.array([0, 1, 0, 0], bool)}, "ends at step 1 of 4"),
        ({"observations": {"state": np.zeros((4, 3), np.float32)}}, "4 observations 'state'"),
        ({"actions": np.zeros((4,), np.float32)}, r"not \[steps, size\]"),
        ({"actions": np.zeros((0, 2), np.float32)}, "has no step"),
    ],
)
def test_unsound_episodes_are_refused(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=told):
        checked(trajectory(4)._replace(**change), "here")
    with pytest.raises(BadArgument, match=f"episode 3.*{told}"):
        DatasetWriter(tmp_path / "one").put(3, trajectory(4)._replace(**change))


SHORT = {"max_episode_steps": 15}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "one"
    make_dataset(_recipe(), folder)
    return folder


def _recipe(**changes: Any) -> Recipe:
    whole = {
        "task": "metaworld.reach-v3", "episodes": 4, "tier": "mixed", "seed": 3,
        "references": 1, "task_kwargs": SHORT, **changes,
    }  # fmt: skip
    return Recipe(**whole)


def test_the_same_seed_makes_the_same_bytes_even_after_a_kill(made: Path, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(done: int, total: int) -> None:
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        make_dataset(_recipe(), tmp_path / "killed", kill)
    with pytest.raises(RunDirectoryError, match="another recipe"):
        make_dataset(_recipe(seed=4), tmp_path / "killed")
    make_dataset(_recipe(), tmp_path / "killed")
    assert hashes(tmp_path / "killed") == hashes(made)


def test_tiers_differ_and_the_scale_is_inside(made: Path) -> None:
    dataset = Dataset(made)
    expert, medium, noisy, at_random = dataset.trajectories()
    assert expert.observations["state"].shape == (16, 39)
    assert expert.truncated.tolist() == [False] * 14 + [True]
    gaps = [np.abs(np.diff(one.actions, axis=0)).mean() for one in (expert, medium, noisy)]
    assert gaps == sorted(gaps)
    assert np.abs(at_random.actions).mean() == pytest.approx(0.5, abs=0.1)
    assert dataset.metadata["ref_min_score"] < dataset.metadata["ref_max_score"]
    assert set(TIERS["mixed"].parts) < set(TIERS)


def test_an_inventory_finds_what_is_not_as_it_was_written(made: Path, tmp_path: Path) -> None:
    found = take_inventory(made)
    assert (found.trouble, found.facts["episodes"], found.facts["steps"]) == ("", "4", "60")
    folder = written(tmp_path / "one", [trajectory(4)], polyathlon={"content_sha256": "0" * 64})
    assert "it is not what was written" in take_inventory(folder).trouble


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tier": "best"}, "no tier 'best'"),
        ({"episodes": 0}, "at least 1"),
        ({"noise": -1.0}, "--noise is -1.0"),
        ({"observations": ("state", "depth")}, "names 'depth'"),
        ({"task": "atari.pong-v5"}, "has no oracle"),
        ({"task": "d5rl.adroit-pen-v1"}, "has no oracle"),
    ],
)
def test_recipes_that_make_no_sense(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=told):
        make_dataset(_recipe(task_kwargs={}, **changes), tmp_path / "one")
    assert not (tmp_path / "one").exists()


def test_trained_from_what_was_made_and_played(
    made: Path, typed: Callable[..., Any], tmp_path: Path
) -> None:
    agent = tmp_path / "agent"
    small = (
        "--protocol", "smoke", "--offline", "4", "--online", "0", "--set", "hidden=[8]",
        "--episodes", "1", "--no-tensorboard", "--out", agent,
    )  # fmt: skip
    typed("train", "bc", "metaworld.reach", "--dataset", made, *small, learns=True)
    document = json.loads((agent / "training.json").read_text())
    assert document["command"][:3] == ["polyathlon", "train", "bc"]
    assert (agent / "evaluations" / "0000004" / "result.json").is_file()
    played = ("--episodes", "1", "--video", "0", "--slots", "1", "--out", tmp_path / "run")
    typed("eval", "metaworld.reach", "--agent", agent, *played, learns=True)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["agent"]["name"] == "bc"
    assert len(manifest["agent"]["source_digest"]) == 64


@pytest.mark.parametrize(
    ("learner", "task", "more", "told"),
    [
        ("blc", "metaworld.reach", (), "Did you mean 'bc'"),
        ("bc", "metaworld.reach", ("--set", "hidde=3"), "Did you mean 'hidden'"),
        ("bc", "metaworld.reach", ("--protocol", "light"), "Did you mean 'lite'"),
        ("bc", "metaworld.reach", ("--offline", "0", "--online", "0"), "--offline"),
        ("bc", "procgen.coinrun-hard-test", (), "follow 'sawyer-xyz', procgen"),
    ],
)
def test_trainings_that_make_no_sense(
    made: Path, tmp_path: Path, learner: str, task: str, more: tuple[str, ...], told: str
) -> None:
    out = tmp_path / "agent"
    words = ["train", learner, task, "--dataset", str(made), "--out", str(out), *more]
    with pytest.raises(PolyathlonError, match=told):
        _polyathlon.main(words, standalone_mode=False)
    assert not out.exists()


def test_damaged_data_are_not_learnt_from(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    with h5py.File(copy / "data" / "main_data.hdf5", "r+") as file:
        file["episode_1/rewards"][0] = 123.0
    words = ["train", "bc", "metaworld.reach", "--dataset", str(copy), "--out", str(tmp_path / "x")]
    with pytest.raises(BadArgument, match="is damaged: its hash"):
        _polyathlon.main(words, standalone_mode=False)
    assert not (tmp_path / "x").exists()


def test_data_of_another_body_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", [trajectory(4)])
    words = ["train", "bc", "metaworld.reach", "--dataset", str(folder), "--out", str(tmp_path)]
    with pytest.raises(BadArgument, match=r"has 2 numbers to an action.*it is of another body"):
        _polyathlon.main(words, standalone_mode=False)
