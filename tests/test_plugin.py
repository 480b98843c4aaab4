"""Families that come from other distributions, by entry point alone; and what bad ones do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from polyathlon.benchmarks.workers.slot import WORKER

FAMILY = Path(__file__).resolve().parent / "plugin_family"

Python = Callable[..., Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, python: Python) -> Path:
    """A folder into which the second distribution is installed."""
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    shutil.copytree(FAMILY, source, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps")
    python(*pip, "--no-build-isolation", "--target", folder / "site", source)
    return folder / "site"


@pytest.fixture
def with_toy(site: Path) -> Mapping[str, str]:
    return {"PYTHONPATH": str(site)}


def write_distribution(folder: Path, name: str, points: str, module: str = "") -> Path:
    """A distribution as pip would leave it: its metadata, and perhaps a module."""
    information = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[polyathlon.tasks]\n{points}\n")
    if module:
        (folder / f"{name.replace('-', '_')}.py").write_text(module)
    return folder


CLI = ("-m", "polyathlon.cli")


def test_list_shows_the_new_family(python: Python, with_toy: Mapping[str, str]) -> None:
    done = python(*CLI, "list", "toy", "--json", environment=with_toy)
    listed = json.loads(done.stdout)
    assert [task["id"] for task in listed["tasks"]] == ["toy.count-v0", "toy.find-v0"]
    assert listed["families"][0]["distribution"] == "polyathlon-toy"


def test_gymnasium_makes_the_new_tasks(python: Python, with_toy: Mapping[str, str]) -> None:
    program = (
        "import gymnasium, polyathlon\n"
        "env = gymnasium.make('polyathlon/toy.count-v0')\n"
        "observation, info = env.reset(seed=3)\n"
        "steps, over = 0, False\n"
        "while not over:\n"
        "    observation, reward, over, _, info = env.step(2)\n"
        "    steps += 1\n"
        "print(steps == int(observation['state'][1]), info['success'])\n"
        "vector = gymnasium.make_vec('polyathlon/toy.find-v0', num_envs=2)\n"
        "print(vector.reset(seed=0)[0]['state'].shape == (2, 2))\n"
    )
    done = python("-c", program, environment=with_toy)
    assert done.stdout.split() == ["True"] * 3


def test_the_evaluator_plays_the_new_tasks(
    python: Python, with_toy: Mapping[str, str], tmp_path: Path
) -> None:
    arguments = (
        "eval",
        "toy.count",
        "--agent",
        "oracle",
        "--episodes",
        "3",
        "--out",
        tmp_path / "run",
    )
    python(*CLI, *arguments, environment=with_toy)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    lines = (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()
    assert result
    assert len(lines) == 3
    assert all(json.loads(line)["episode"]["outcome"] == "success" for line in lines)


def test_a_name_claimed_twice_names_both(python: Python, site: Path, tmp_path: Path) -> None:
    other = write_distribution(tmp_path / "other", "rival-toy", "toy = rival_toy:FAMILY")
    environment = {"PYTHONPATH": f"{site}:{other}"}
    done = python(*CLI, "list", environment=environment, code=None)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("polyathlon: the family 'toy' is registered by both")
    assert "polyathlon-toy" in last
    assert "rival-toy" in last


@pytest.mark.parametrize(
    ("points", "module"),
    [
        ("lost = module_that_is_not_there:FAMILY", ""),
        ("lost = broken_toy:NOTHING", "FAMILY = None\n"),
        ("lost = broken_toy:FAMILY", "FAMILY = 'not a family'\n"),
        ("lost = broken_toy:FAMILY", "raise RuntimeError('the licence has run out')\n"),
    ],
    ids=["no module", "no attribute", "not a family", "raises"],
)
def test_a_broken_plugin_warns_and_the_rest_works(
    points: str, module: str, python: Python, site: Path, tmp_path: Path
) -> None:
    broken = write_distribution(tmp_path / "broken", "broken-toy", points, module)
    environment = {"PYTHONPATH": f"{site}:{broken}"}
    done = python(*CLI, "list", "--json", environment=environment)
    families = {family["name"] for family in json.loads(done.stdout)["families"]}
    assert {"metaworld", "babyai", "procgen", "atari", "toy"} <= families
    assert "lost" not in families
    assert "broken-toy" in done.stderr


MADE_OF_OURS = """
import gymnasium

import polyathlon
from polyathlon.core.specs import Family
from polyathlon.tasks.babyai import TASKS
from msgspec.structs import replace


class Mirror(gymnasium.Wrapper):
    def __init__(self, observations, render_mode=None):
        ours = gymnasium.make("polyathlon/babyai.go-to-obj-v0", observations=observations)
        super().__init__(ours)


(ours,) = (task for task in TASKS if task.id == "babyai.go-to-obj-v0")
TASK = replace(ours, id="mirror.babyai-v0", entry_point="mirror_toy:Mirror", kwargs={}, oracle=None)
FAMILY = Family(name="mirror", title="Ours again", extra="", packages=(), tasks=(TASK,))
"""


def test_a_strangers_world_may_be_made_of_ours(python: Python, tmp_path: Path) -> None:
    """Workers do not register what they are not asked to play, and yet it can be made by name."""
    write_distribution(tmp_path, "mirror-toy", "mirror = mirror_toy:FAMILY", MADE_OF_OURS)
    arguments = (
        "eval", "mirror.babyai,babyai.go-to-obj", "--agent", "random", "--episodes", "1",
        "--slots", "1", "--video", "0", "--obs", "state", "--out", tmp_path / "run",
    )  # fmt: skip
    python(*CLI, *arguments, environment={"PYTHONPATH": str(tmp_path)})
    lines = (tmp_path / "run" / "episodes.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert all(json.loads(line)["episode"]["outcome"] != "invalid" for line in lines)


def test_a_worker_does_not_read_what_it_is_not_asked_to_play(python: Python) -> None:
    told = "import sys, polyathlon.benchmarks.workers.process as _; print(*sys.modules)"
    for option, known in (((), True), (("-X", WORKER), False)):
        modules = python(*option, "-c", told).stdout.split()
        assert ("polyathlon.tasks.socialnav" in modules) == known
