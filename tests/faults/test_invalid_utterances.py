"""What an agent says that means no action is settled as the user chose, counted, and replayed."""

from __future__ import annotations

import json
import shutil
import textwrap

import pytest

AGENTS = """
import numpy as np


class Mumbler:
    '''Speaks in words of its own; what it says means nothing now and then, by its own dice.'''

    dialect, share = "semlang", 0.3

    def __init__(self):
        self.dice = {}

    def reset(self, slots, briefs):
        for slot, brief in zip(slots, briefs):
            self.dice[slot] = np.random.default_rng(brief.agent_seed), brief.action_space

    def act(self, observations, slots):
        return [self.say(*self.dice[slot]) for slot in slots]

    def say(self, dice, space):
        row = space.table[dice.integers(len(space.table))].copy()
        return row * 0 - 7 if dice.random() < self.share else row


class Careful(Mumbler):
    share = 0.05


class Mute(Mumbler):
    share = 1.0


class Brute(Mumbler):
    '''The environment's own actions, NaN among them.'''

    dialect = "native"

    def say(self, dice, space):
        return space.low + (np.nan if dice.random() < self.share else 0.5)
"""


@pytest.fixture(scope="module")
def mumbled(tmp_path_factory, command_line):
    """Runs of the mumbling agent: one slot, two slots, asked again."""
    folder = tmp_path_factory.mktemp("mumbled")
    (folder / "mine.py").write_text(textwrap.dedent(AGENTS))
    line = command_line(folder)
    said = {}
    for name, agent, policy, slots in (
        ("one", "Mumbler", "no-op", "1"),
        ("two", "Mumbler", "no-op", "2"),
        ("re", "Careful", "resample", "2"),
    ):
        done = line.run(
            "eval", "faulty.sound-discrete,babyai.go-to-obj", "--agent", f"mine:{agent}",
            "--episodes", "3", "--on-invalid", policy, "--slots", slots, "--out", name,
            "--video", "0",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said[name] = done.stdout
    return line, folder, said


def read(folder, name):
    return json.loads((folder / name / "result.json").read_text())


@pytest.mark.parametrize("name", ["one", "re"])
def test_the_rate_is_in_every_summary_and_journal_line(mumbled, name):
    _, folder, said = mumbled
    result = read(folder, name)
    lines = (folder / name / "episodes.jsonl").read_text().splitlines()
    episodes = [json.loads(line)["episode"] for line in lines]
    for summary in (result["overall"], *result["families"], *result["tasks"]):
        mine = [one for one in episodes if summary["name"] in ("overall", one["plan"]["task"])]
        mine += [one for one in episodes if one["plan"]["task"].startswith(summary["name"] + ".")]
        invalid = sum(one["invalid_utterances"] for one in mine)
        assert summary["invalid_utterances"] == invalid
        assert summary["invalid_rate"] == invalid / sum(one["steps"] for one in mine)
    least, most = (0.2, 0.4) if name == "one" else (0.01, 0.12)
    assert least < result["overall"]["invalid_rate"] < most
    assert f"{result['overall']['invalid_utterances']} of" in said[name]
    assert "utterances meant no action" in said[name]


def test_the_number_of_slots_changes_nothing(mumbled):
    _, folder, _ = mumbled
    assert read(folder, "one")["episodes_digest"] == read(folder, "two")["episodes_digest"]


def test_what_is_recorded_are_the_actions_taken(mumbled):
    from polyathlon.core.journal import read_actions, read_journal
    from polyathlon.tasks.catalogue import find

    line, folder, _ = mumbled
    no_op = find("babyai.go-to-obj").no_op
    for one in read_journal(folder / "one"):
        if one.plan.task.startswith("babyai"):
            taken = read_actions(folder / "one", one.trace)
            assert taken.count(no_op) >= one.invalid_utterances > 0
    done = line.run("replay", "one", "babyai.go-to-obj", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "matches" in done.stdout


def test_a_run_cut_short_goes_on_to_the_same_figures(mumbled):
    line, folder, _ = mumbled
    shutil.copytree(folder / "one", folder / "cut")
    journal = folder / "cut" / "episodes.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:2]))
    arguments = ["eval", "faulty.sound-discrete,babyai.go-to-obj", "--agent", "mine:Mumbler"]
    arguments += ["--episodes", "3", "--out", "cut", "--video", "0"]
    refused = line.run(*arguments, "--on-invalid", "resample")
    assert refused.returncode == 2
    assert "invalid utterances: no-op" in refused.stderr
    done = line.run(*arguments, "--on-invalid", "no-op")
    assert done.returncode == 0, done.stderr
    for field in ("episodes_digest", "headline"):
        assert read(folder, "cut")[field] == read(folder, "one")[field]


def test_report_and_board_say_it(mumbled):
    line, folder, _ = mumbled
    assert line.run("report", "one").returncode == 0
    page = (folder / "one" / "report.html").read_text()
    assert "Invalid utterances" in page
    assert "no-op" in page
    assert line.run("leaderboard", "build", "one", "re", "--out", "board.json").returncode == 0
    rows = json.loads((folder / "board.json").read_text())["groups"][0]["rows"]
    assert {row["agent"]["on_invalid"] for row in rows} == {"no-op", "resample"}


@pytest.mark.parametrize(
    ("task", "agent", "policy", "words"),
    [
        ("faulty.sound-discrete", "Mute", "fail", "is not valid"),
        ("faulty.sound-discrete", "Mute", "resample", "nor did 3 more utterances"),
        ("langr.context", "Mute", "no-op", "declare no action that does nothing"),
        ("faulty.sound", "Brute", "no-op", "declare no action that does nothing"),
    ],
)
def test_a_policy_without_a_way_on_is_one_line(polyathlon, tmp_path, task, agent, policy, words):
    (tmp_path / "mine.py").write_text(textwrap.dedent(AGENTS))
    done = polyathlon.run(
        "eval", task, "--agent", f"mine:{agent}", "--episodes", "1", "--on-invalid", policy,
        "--out", "run",
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    if policy == "no-op":
        assert not (tmp_path / "run").exists()


def test_numbers_that_are_none_are_settled_too(polyathlon, tmp_path):
    (tmp_path / "mine.py").write_text(textwrap.dedent(AGENTS))
    done = polyathlon.run(
        "eval", "metaworld.reach", "--agent", "mine:Brute", "--episodes", "1", "--video", "0",
        "--on-invalid", "no-op", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 0.2 < read(tmp_path, "run")["overall"]["invalid_rate"] < 0.4
