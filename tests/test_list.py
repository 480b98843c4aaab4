"""``polyathlon list``: what it names, in which words, and that it asks no simulator."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner

from polyathlon.cli import catalogue as listing
from polyathlon.core.errors import UnknownName
from polyathlon.core.specs import FIELDS
from polyathlon.tasks import catalogue


def listed(*arguments: str) -> str:
    result = CliRunner().invoke(listing.list_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_names_every_task_of_four_families() -> None:
    found = json.loads(listed("--json"))
    assert found["format"] == 1
    assert len(found["tasks"]) == len(catalogue.all_tasks()) >= 280
    assert {"metaworld", "babyai", "procgen", "atari"} <= {
        task["family"] for task in found["tasks"]
    }


def test_json_says_what_a_script_wants_to_know() -> None:
    (task,) = json.loads(listed("metaworld.reach", "--json"))["tasks"]
    assert task["id"] == "metaworld.reach-v3"
    assert task["gym_id"] == "polyathlon/metaworld.reach-v3"
    assert task["title"] == "reach"
    assert task["max_episode_steps"] == 500
    assert task["oracle"] is True
    assert task["score"] == "success"
    assert set(task["observations"]) <= set(FIELDS)
    assert len(task["embodiment"]["low"]) == len(task["embodiment"]["action_names"])
    assert "mt10" in task["tags"]


def test_json_counts_the_families() -> None:
    families = json.loads(listed("--json"))["families"]
    assert {family["name"]: family["tasks"] for family in families} == {
        name: len(family.tasks) for name, family in catalogue.families().items()
    }


def test_people_get_one_line_a_task() -> None:
    lines = listed("tag:mt10").splitlines()
    rows = [line for line in lines if line.startswith("  metaworld.")]
    assert len(rows) == 10
    assert lines[0].startswith("metaworld: ")
    assert lines[-1] == "10 tasks of 1 family"
    (page,) = (line for line in listed("miniwob.use-spinner").splitlines() if "spinner" in line)
    assert page.endswith("  Set a number with arrows.")


def test_a_pattern_may_be_a_glob_and_several() -> None:
    tasks = json.loads(listed("procgen.coinrun*,metaworld.reach", "--json"))["tasks"]
    assert {task["family"] for task in tasks} == {"procgen", "metaworld"}


@pytest.mark.parametrize("pattern", ["metaworld.raech", "nothing.like-this*", "tag:mt11", ""])
def test_a_pattern_that_fits_nothing_is_an_error(pattern: str) -> None:
    with pytest.raises(UnknownName, match="polyathlon list"):
        CliRunner().invoke(listing.list_command, [pattern], catch_exceptions=False)


def test_an_error_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"metaworld\.reach-v3"):
        CliRunner().invoke(listing.list_command, ["metaworld.raech"], catch_exceptions=False)


def test_benchmarks_and_agents_are_listed() -> None:
    found = json.loads(listed("--benchmarks", "--agents", "--json"))
    assert {"warmup", "metaworld-mt50", "babyai", "procgen", "atari"} <= {
        one["id"] for one in found["benchmarks"]
    }
    assert {"random", "oracle"} <= {one["id"] for one in found["agents"]}
    assert "warmup" in listed("--benchmarks")


def test_a_pattern_does_not_choose_benchmarks() -> None:
    result = CliRunner().invoke(listing.list_command, ["metaworld", "--benchmarks"])
    assert result.exit_code == 2
    assert "PATTERN chooses among tasks" in result.output


def test_a_terminal_gets_a_table_that_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    listing.list_command.callback("metaworld", False, False, False)  # type: ignore[misc]
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert sum("metaworld." in line for line in lines) == 50
    assert max(map(len, lines)) <= 100


def test_listing_imports_no_simulator(python: Callable[..., Any]) -> None:
    program = (
        "import sys\n"
        "from polyathlon.cli.catalogue import list_command\n"
        "list_command(['--json'], standalone_mode=False)\n"
        "heavy = {'mujoco', 'metaworld', 'minigrid', 'ale_py', 'envpool', 'torch', 'scipy.stats'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    assert python("-c", program).stderr.strip() == "[]"
