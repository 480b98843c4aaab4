"""Demonstrations of every family: what is written, that it is read again, and which are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import minari
import numpy as np
import pytest

from polyathlon.benchmarks.inventory import take_inventory
from polyathlon.benchmarks.making import DEMONSTRATION, Recipe, is_made, make_dataset
from polyathlon.core.errors import BadArgument, RunDirectoryError
from polyathlon.tasks import catalogue
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter
from polyathlon.tasks.miniwob.browser import find_browser


def recipe(task: str, episodes: int = 2, **changes: Any) -> Recipe:
    usual = {"tier": DEMONSTRATION, "references": 0, "seed": 1}
    return Recipe(task=catalogue.find(task).id, episodes=episodes, **{**usual, **changes})


def made(folder: Path, *asked: Any, slots: int = 1, **changes: Any) -> Dataset:
    make_dataset(recipe(*asked, **changes), folder, slots=slots)
    return Dataset(folder)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_places_in_a_list_are_written_with_words_and_body(tmp_path: Path) -> None:
    data = made(tmp_path / "one", "babyai.go-to-local", 3)
    spec = catalogue.find("babyai.go-to-local")
    assert (data.kind, data.embodiment, data.task) == ("discrete", spec.embodiment, spec.id)
    for one in data.trajectories():
        assert (one.actions.dtype, one.actions.ndim) == (np.int64, 1)
        assert one.observations["state"].shape == (one.steps + 1, 151)
        assert one.instruction.startswith("go to")
        assert one.success is not None
        assert one.success[-1]
    assert not take_inventory(tmp_path / "one").trouble
    whole = minari.MinariDataset(tmp_path / "one" / "data")
    assert [len(one.actions) for one in whole] == [one.steps for one in data.trajectories()]


def test_recorded_actions_lead_where_they_led(tmp_path: Path) -> None:
    data = made(tmp_path / "one", "babyai.go-to-local", 1)
    (one,) = data.trajectories()
    env = catalogue.build(catalogue.find("babyai.go-to-local"))
    seen = [env.reset(seed=one.seed)[0]]
    seen += [env.step(action)[0] for action in one.actions]
    assert np.array_equal(np.stack([each["state"] for each in seen]), one.observations["state"])


def test_the_same_bytes_for_any_number_of_slots_and_after_a_kill(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def kill(done: int, _: int) -> None:
        if done == 2:
            raise Killed

    asked = recipe("babyai.go-to-local", 4)
    make_dataset(asked, tmp_path / "one")
    with pytest.raises(Killed):
        make_dataset(asked, tmp_path / "killed", kill, slots=2)
    assert not is_made(asked, tmp_path / "killed")
    make_dataset(asked, tmp_path / "killed", slots=2)
    assert is_made(asked, tmp_path / "killed")
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "one")


def test_failures_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    # In 20 steps the hand seldom gets to the goal, and now and then it does.
    short = {"task_kwargs": {"max_episode_steps": 34}}
    try:
        kept = made(tmp_path / "won", "metaworld.reach", 2, **short)
    except BadArgument as error:
        pytest.fail(str(error))
    assert all(one.success is not None and one.success.any() for one in kept.trajectories())
    everything = made(tmp_path / "all", "metaworld.reach", 2, keep_failures=True, **short)
    seeds = [one.seed for one in everything.trajectories()]
    assert set(seeds) - {one.seed for one in kept.trajectories()}


def test_a_solver_that_never_succeeds_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"of 2\d episodes 0 succeeded, and 2 are asked for"):
        made(tmp_path / "one", "metaworld.reach", 2, task_kwargs={"max_episode_steps": 2})


def test_pictures_are_kept_pixel_by_pixel(tmp_path: Path) -> None:
    short = {"image_size": 32, "max_episode_steps": 6}
    asked = {"observations": ("rgb", "state"), "task_kwargs": short, "keep_failures": True}
    data = made(tmp_path / "one", "metaworld.reach", 1, **asked)
    (one,) = data.trajectories()
    assert one.observations["rgb"].shape == (7, 32, 32, 3)
    assert one.actions.min() >= -1
    assert one.actions.max() <= 1
    env = catalogue.build(catalogue.find("metaworld.reach"), observations=("rgb",), image_size=32)
    assert np.array_equal(env.reset(seed=one.seed)[0]["rgb"], one.observations["rgb"][0])
    env.close()
    with h5py.File(tmp_path / "one" / "data" / "main_data.hdf5") as file:
        assert file["episode_0/observations/rgb"].compression == "gzip"
    (theirs,) = minari.MinariDataset(tmp_path / "one" / "data")
    assert np.array_equal(theirs.observations["rgb"], one.observations["rgb"])


@pytest.mark.parametrize(
    ("task", "fields", "kind", "size"),
    [
        ("langr.train", ("state",), "discrete", {}),
        ("langr.scene", ("rgb",), "discrete", {"image_size": 32}),
        ("socialnav.crowdnav-circle", (), "continuous", {}),
    ],
)
def test_other_families(
    tmp_path: Path, task: str, fields: tuple[str, ...], kind: str, size: dict[str, Any]
) -> None:
    data = made(tmp_path / "one", task, 2, observations=fields, task_kwargs=size)
    assert data.kind == kind
    one, other = data.trajectories()
    assert set(one.observations) == set(fields or ("state",))
    assert one.instruction
    assert not np.array_equal(*(each.actions[: min(one.steps, other.steps)] for each in
                                (one, other))) or one.steps != other.steps  # fmt: skip


def test_commands_in_writing(tmp_path: Path) -> None:
    try:
        find_browser()
    except Exception as error:
        pytest.skip(f"no browser: {error}")
    data = made(tmp_path / "one", "miniwob.click-test", 1, observations=("dom",))
    (one,) = data.trajectories()
    assert data.kind == "text"
    assert one.actions.dtype.kind == one.observations["dom"].dtype.kind == "U"
    assert "click" in one.actions[-1]
    assert not take_inventory(tmp_path / "one").trouble


def test_a_pattern_makes_a_data_set_for_each_task(
    typed: Callable[..., Any], tmp_path: Path
) -> None:
    command = ("data", "make", "babyai.put-next-s5*", "--episodes", "1")
    done = typed(*command, "--slots", "1", "--out", tmp_path / "all")
    names = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert names == ["babyai.put-next-s5n1-v0", "babyai.put-next-s5n2-v0"]
    assert "1 of 3 tasks have no solver: left out" in done.stdout
    again = typed(*command, "--slots", "1", "--out", tmp_path / "all")
    assert again.stdout.count("made already") == 2


def test_noise_on_a_list_of_actions_is_a_share_of_random_ones(tmp_path: Path) -> None:
    clean = made(tmp_path / "clean", "babyai.go-to-local", 4, keep_failures=True)
    noisy = made(tmp_path / "noisy", "babyai.go-to-local", 4, keep_failures=True, noise=0.5)
    lengths = [sum(one.steps for one in data.trajectories()) for data in (clean, noisy)]
    assert lengths[0] < lengths[1]


def test_a_part_that_is_damaged_is_named(tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path / "one")
    writer.part(0).write_bytes(b"no zip")
    with pytest.raises(RunDirectoryError, match=r"episode-0000000.npz is damaged.*remove it"):
        writer.success(0)


def test_what_was_asked_for_stands_beside_the_arrays(tmp_path: Path) -> None:
    made(tmp_path / "one", "babyai.go-to-local", 1)
    told = json.loads((tmp_path / "one" / "data" / "metadata.json").read_text())
    assert told["polyathlon"]["recipe"]["tier"] == DEMONSTRATION
    assert json.loads(told["action_space"]) == {
        "type": "Discrete", "dtype": "int64", "start": 0, "n": 7
    }  # fmt: skip
    assert "ref_max_score" not in told
