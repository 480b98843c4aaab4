"""``polyathlon train`` as a user types it: seeds, the table, TensorBoard, a kill, and mistakes."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest
from point_mass import mixed_data

from polyathlon.agents.chronicle import LOG, Played
from polyathlon.agents.offline.checkpoint import load_checkpoint
from polyathlon.agents.offline.protocol import PROTOCOLS
from polyathlon.cli.course import Course, make_world
from polyathlon.cli.tensorboard_log import FOLDER, is_installed
from polyathlon.cli.trained import CHECKPOINT, is_trained, refuse_other_folder
from polyathlon.cli.training_summary import Figure, row_of, scale_of
from polyathlon.core.errors import BadArgument, EmbodimentMismatch
from polyathlon.core.journal import lock, unlock
from polyathlon.core.specs import TaskSpec
from polyathlon.core.trajectory import Trajectory
from polyathlon.tasks.dataset.layout import Dataset, DatasetWriter

TESTS = Path(__file__).resolve().parent
PATH = [str(TESTS / "plane"), str(TESTS / "offline"), os.environ.get("PYTHONPATH", "")]
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(filter(None, PATH))}

COMMAND = (
    "train", "dt", "plane.middle", "--dataset", "data", "--protocol", "smoke", "--offline", "60",
    "--online", "60", "--seeds", "2", "--set", "width=16", "--set", "layers=1",
    "--set", "context=4",
)  # fmt: skip


@pytest.fixture(scope="module")
def tasks() -> Mapping[str, TaskSpec]:
    """The family's tasks here; it is not on the path, where other tests would find it as well."""
    found = importlib.util.spec_from_file_location(
        "plane_world", TESTS / "plane" / "plane_world.py"
    )
    assert found is not None
    assert found.loader is not None
    module = sys.modules["plane_world"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return {task.id: task for task in module.FAMILY.tasks}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, typed: Callable[..., Any]) -> Path:
    """A folder with a data set."""
    folder = tmp_path_factory.mktemp("train")
    typed(
        *("data", "make", "plane.middle", "--tier", "mixed"),
        *("--episodes", "8", "--references", "4", "--out", "data"),
        cwd=folder, environment=ENVIRONMENT,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def whole(place: Path, typed: Callable[..., Any]) -> str:
    """What an undisturbed command printed; it trained into ``whole``."""
    done = typed(*COMMAND, "--out", "whole", cwd=place, environment=ENVIRONMENT, learns=True)
    printed: str = done.stdout
    return printed


def test_seeds_make_a_table_with_random_play_and_the_script(place: Path, whole: str) -> None:
    names = [line.split("  ")[0] for line in whole.splitlines()[3:8]]
    assert names == ["dt, offline", "dt, last", "dt, best", "random", "scripted"]
    summary = json.loads((place / "whole" / "summary.json").read_text())
    assert (summary["seeds"], summary["task"]) == ([0, 1], "plane.middle-v0")
    rows = {row["name"]: row for row in summary["rows"]}
    texts = [(place / "whole" / f"seed-{seed}" / LOG).read_text() for seed in (0, 1)]
    logs = [[json.loads(line) for line in text.splitlines()] for text in texts]
    last = [[one["score"], one["return"]] for log in logs for one in log[-1:]]
    assert rows["dt, last"]["values"] == last
    assert rows["dt, last"]["mean_return"]["value"] == pytest.approx(np.mean([x for _, x in last]))
    best = [max([one["score"], one["return"]] for one in log if "score" in one) for log in logs]
    assert rows["dt, best"]["values"] == best
    assert rows["random"]["n"] == rows["scripted"]["n"] == 2
    assert rows["scripted"]["mean_return"]["value"] > rows["random"]["mean_return"]["value"]
    parts = {one["step"] for log in logs for one in log if "return" in one.get("losses", {})}
    assert parts <= {100, 120}  # Practice is online alone.
    assert parts


def test_who_was_told_rewards_stands_in_the_record(place: Path, whole: str) -> None:
    run = place / "whole" / "seed-0" / "evaluations" / "0000120"
    assert json.loads((run / "manifest.json").read_text())["agent"]["observations"] == [
        "state", "reward"
    ]  # fmt: skip


def test_a_killed_command_ends_with_the_same_weights_and_curves(
    place: Path, whole: str, typed: Callable[..., Any]
) -> None:
    arguments = (*COMMAND, "--out", "killed")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "polyathlon.cli", *arguments], cwd=place,
        env={**os.environ, **ENVIRONMENT}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    log = place / "killed" / "seed-0" / LOG
    while process.poll() is None and not (log.exists() and '"step": 100' in log.read_text()):
        time.sleep(0.005)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = typed(*arguments, cwd=place, environment=ENVIRONMENT, learns=True)
    assert "resuming: " in done.stderr
    assert done.stdout == whole.replace("whole", "killed")
    for seed in ("seed-0", "seed-1"):
        one, other = (place / name / seed for name in ("whole", "killed"))
        assert load_checkpoint(one).digest == load_checkpoint(other).digest
        assert (one / LOG).read_text() == (other / LOG).read_text()
        assert curves(one) == curves(other)
    assert "evaluation/score" in curves(place / "killed" / "seed-0")


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / FOLDER)).Reload()
    shown = {
        tag: [(one.step, one.value) for one in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    assert all(len(dict(points)) == len(points) for points in shown.values()), "shown twice"
    return shown


def test_without_tensorboard_there_is_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_installed()
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    assert not is_installed()


def test_mistakes_are_one_line(place: Path, whole: str, typed: Callable[..., Any]) -> None:
    command = COMMAND[:5]
    held = lock(place / "whole" / "seed-1")
    try:
        for arguments, told in (
            (("--out", "whole"), "whole is not empty and holds no training"),
            (("--out", "whole/seed-1"), "another training is writing to whole/seed-1"),
        ):
            done = typed(
                *(*command, *arguments), cwd=place, environment=ENVIRONMENT, code=2, learns=True
            )
            assert told in done.stderr
            assert len(done.stderr.splitlines()) == 1
    finally:
        unlock(held)


# The data against the task, without a process.


def write(folder: Path, episodes: list[Trajectory], **metadata: Any) -> Dataset:
    writer = DatasetWriter(folder)
    for number, one in enumerate(episodes):
        writer.put(number, one)
    box = {"type": "Box", "shape": [2], "dtype": "float32", "low": [-1.0] * 2, "high": [1.0] * 2}
    writer.finish(len(episodes), {"action_space": json.dumps(box), **metadata})
    return Dataset(folder)


def test_data_that_do_not_fit_the_task_are_refused(
    tmp_path: Path, tasks: Mapping[str, TaskSpec]
) -> None:
    def course(dataset: Dataset, task: str = "middle") -> None:
        Course("bc", {}, tasks[f"plane.{task}-v0"], dataset, PROTOCOLS["smoke"]).close()

    good = mixed_data(2, 0)
    course(write(tmp_path / "good", good))
    own = {"embodiment": msgspec.to_builtins(tasks["plane.middle-v0"].embodiment)}
    named = write(tmp_path / "named", good, polyathlon=own)
    with pytest.raises(EmbodimentMismatch, match=r"'point', plane.ship-v0 expects 'ship'"):
        course(named, "ship")
    with pytest.raises(BadArgument, match=r"episode 0: its states .* \[2\]; plane.wide-v0 shows 5"):
        course(named, "wide")
    picture = good[1]._replace(observations={"state": np.zeros((26, 2, 2), np.float32)})
    with pytest.raises(BadArgument, match=r"episode 1: its states have the shape \[2, 2\]"):
        course(write(tmp_path / "picture", [good[0], picture]))
    thin = good[1]._replace(actions=good[1].actions[:, :1])
    with pytest.raises(BadArgument, match=r"episode 1: its actions have 1 numbers; .* have 2"):
        course(write(tmp_path / "thin", [good[0], thin]))
    spoilt = write(tmp_path / "spoilt", good)
    with h5py.File(tmp_path / "spoilt" / "data" / "main_data.hdf5", "a") as file:
        file["episode_1/rewards"][7] = np.nan
    with pytest.raises(BadArgument, match="episode_1 step 7: rewards are not finite"):
        course(spoilt)
    with h5py.File(tmp_path / "spoilt" / "data" / "main_data.hdf5", "a") as file:
        file["episode_1/rewards"][7] = 0.0
        file["episode_0/truncations"][-1] = False
    with pytest.raises(BadArgument, match="episode_0 does not say how it ends"):
        course(spoilt)


def test_numbered_tasks_are_practised_by_number(tasks: Mapping[str, TaskSpec]) -> None:
    spec = msgspec.structs.replace(tasks["plane.middle-v0"], numbered_episodes=5)
    world = make_world(spec)
    asked = [world.reset(seed=seed)[1]["options"] for seed in (3, 8)]
    assert asked == [{"episode": 3}, {"episode": 3}]
    world.close()


# The table.


def test_rows_know_their_spread() -> None:
    row = row_of("iql", [Played(0.2, 10.0), Played(0.6, 30.0), Played(0.4, 20.0)], "seeds", (0, 40))
    assert row.score == Figure(value=pytest.approx(0.4), low=pytest.approx(0.2), high=0.6)
    assert row.normalised is not None
    assert row.normalised.value == pytest.approx(50)
    alone = row_of("iql", [Played(0.2, 10.0)], "seeds", None)
    assert (alone.score, alone.normalised) == (Figure(value=0.2, low=None, high=None), None)
    assert alone.cells() == ("iql", "1 seed", "0.200", "10.0", "-")
    assert scale_of({"ref_min_score": 1, "ref_max_score": 2.5}) == (1.0, 2.5)
    assert scale_of({"ref_min_score": 1}) is None
    shortened = {"recipe": {"task_kwargs": {"max_episode_steps": 60}}}
    assert scale_of({"ref_min_score": 1, "ref_max_score": 2.5, "polyathlon": shortened}) is None


def test_a_folder_that_is_no_agent_says_where_agents_are(tmp_path: Path) -> None:
    for number in (0, 1):
        (tmp_path / "two" / f"seed-{number}").mkdir(parents=True)
        (tmp_path / "two" / f"seed-{number}" / CHECKPOINT).write_text("{}")
    one, other = (tmp_path / "two" / f"seed-{number}" for number in (0, 1))
    with pytest.raises(
        BadArgument, match=f"it has no checkpoint.json; those in it are: {one}, {other}"
    ):
        refuse_other_folder(str(tmp_path / "two"))
    with pytest.raises(BadArgument, match="polyathlon train makes one"):
        refuse_other_folder(str(tmp_path))
    refuse_other_folder(str(tmp_path / "nowhere"))
    assert is_trained(str(one))
