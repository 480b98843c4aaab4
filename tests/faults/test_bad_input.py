"""A user's mistake is one line: what, where, what to do. Exit 2, and nothing on disk is lost."""

from __future__ import annotations

import errno
import os
import shutil
import textwrap
from pathlib import Path

import pytest

COMMAND = (
    "eval", "faulty.sound", "--agent", "random", "--episodes", "3", "--slots", "1", "--video", "0",
    "--out", "run",
)  # fmt: skip


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, command_line) -> Path:
    """What ``COMMAND`` leaves behind."""
    folder = tmp_path_factory.mktemp("played")
    done = command_line(folder).run(*COMMAND)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def run(played, tmp_path) -> Path:
    """A copy of it in the test's own folder."""
    return shutil.copytree(played, tmp_path / "run")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def one_line(done, code=2):
    assert done.returncode == code, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("polyathlon: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def evaluate(line, *arguments, agent="random"):
    few = ("--slots", "1", "--episodes", "1")
    return one_line(line.run("eval", *few, *arguments, "--agent", agent))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("metaworld.reech",), "Did you mean 'metaworld.reach-v3'"),
        (("warmpu",), "Did you mean"),
        (("faulty.zzz*",), "fits no task"),
        (("tag:mt1",), "Did you mean"),
        ((",",), "polyathlon list"),
        (("faulty.sound", "--episodes", "0"), "--episodes is 0"),
        (("faulty.sound", "--episodes", "-3"), "--episodes is -3"),
        (("faulty.sound", "--slots", "0"), "--slots"),
        (("faulty.sound", "--max-attempts", "0"), "--max-attempts"),
        (("faulty.sound", "--video", "-1"), "--video"),
        (("faulty.sound", "--seed", "-1"), "--seed is -1"),
        (("faulty.sound", "--step-timeout", "0"), "--step-timeout"),
        (("faulty.sound", "--obs", "sound"), "observations are rgb, depth, lidar"),
        (("babyai.open", "--set", "veiw=full"), "Did you mean 'view'?"),
        (("babyai.open", "--set", "view"), "--set takes NAME=VALUE"),
        (("babyai.open", "--set", "image_size=64"), "there is --image-size for that"),
        (("babyai.open", "--set", "view=NaN"), "view is 'NaN'"),
        (("faulty.null", "--obs", "instruction"), "offers the observations rgb, state"),
    ],
)
def test_mistakes_in_the_command(polyathlon, arguments, words):
    assert words in evaluate(polyathlon, *arguments)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("randm", "unknown agent 'randm'. Did you mean 'random'?"),
        ("no_such_module:Agent", "no module named 'no_such_module'"),
        ("mine:Missing", "module 'mine' has no 'Missing'"),
        ("mine:NotAnAgent", "is not an agent"),
    ],
)
def test_agents_that_are_not_there(polyathlon, tmp_path, agent, words):
    (tmp_path / "mine.py").write_text("class NotAnAgent:\n    pass\n")
    assert words in evaluate(polyathlon, "faulty.sound", agent=agent)


def write_agent(folder, answer, extra=""):
    (folder / "mine.py").write_text(
        textwrap.dedent(
            f"""
            import numpy as np
            from polyathlon.core.specs import Embodiment
            class Agent:
                dialect = "native"
                {extra}
                def reset(self, slots, briefs):
                    self.calls = 0
                def act(self, observations, slots):
                    self.calls += 1
                    good = np.zeros(2, np.float32)
                    return [good if self.calls < 3 else {answer} for _ in slots]
            """
        )
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("np.array([0.0, np.nan])", "NaN or infinity"),
        ("np.array([0.0, 2.0])", "dimension 1 is 2, outside [-1, 1]"),
        ("np.zeros(3)", "its shape is (3,)"),
        ("'left'", "not an array"),
    ],
)
def test_an_output_outside_the_action_space(polyathlon, tmp_path, answer, words):
    write_agent(tmp_path, answer)
    said = evaluate(polyathlon, "faulty.sound", agent="mine:Agent")
    assert words in said
    assert "faulty.sound-v0 episode" in said
    assert "step 2" in said


def test_a_wrong_number_of_actions(polyathlon, tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Agent:\n    dialect = 'native'\n    def reset(self, slots, briefs): pass\n"
        "    def act(self, observations, slots): return []\n"
    )
    said = evaluate(polyathlon, "faulty.sound", agent="mine:Agent")
    assert "asked for 1 actions and gave 0" in said


def test_an_agent_that_raises_shows_its_own_traceback(polyathlon, tmp_path):
    write_agent(tmp_path, "1 / 0")
    done = polyathlon.run("eval", "faulty.sound", "--agent", "mine:Agent", "--slots", "1")
    assert done.returncode == 1
    assert "mine.py" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("polyathlon: the agent raised ZeroDivisionError")


def test_a_dialect_that_is_not_there(polyathlon, tmp_path):
    write_agent(tmp_path, "good", extra="dialect = 'natve'")
    said = evaluate(polyathlon, "faulty.sound", agent="mine:Agent")
    assert "unknown dialect 'natve'. Did you mean 'native'?" in said


def test_another_convention_of_actions_is_an_error(polyathlon, tmp_path):
    body = (
        "embodiment = Embodiment(id='toy-walker', kind='continuous', action_names=('x', 'y'), "
        "action_units=('m/s', 'm/s'), low=(-1.0, -1.0), high=(1.0, 1.0))"
    )
    write_agent(tmp_path, "good", extra=body)
    said = evaluate(polyathlon, "faulty.sound", agent="mine:Agent")
    assert "action_units: ('m/s', 'm/s') against ('1', '1')" in said


def test_the_oracle_on_a_task_without_one(polyathlon):
    said = evaluate(polyathlon, "faulty.null,faulty.sound", agent="oracle")
    assert "--skip-unsupported" in said
    done = polyathlon.run(
        "eval", "faulty.null,faulty.sound", "--agent", "oracle", "--skip-unsupported",
        "--episodes", "1", "--slots", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "left out, no oracle: faulty.null-v0" in done.stderr


def test_a_directory_of_another_plan_is_left_alone(polyathlon, run):
    before = contents(run)
    said = one_line(polyathlon.run(*COMMAND, "--episodes", "4"))
    assert "episodes per task: 3 there, 4 asked for" in said
    assert "seed: 0 there, 5 asked for" in one_line(polyathlon.run(*COMMAND, "--seed", "5"))
    assert contents(run) == before


def test_a_foreign_directory_is_left_alone(polyathlon, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("mine")
    said = evaluate(polyathlon, "faulty.sound", "--out", "thesis")
    assert "holds no run" in said
    assert os.listdir(tmp_path / "thesis") == ["chapter.tex"]


def test_a_file_in_the_place_of_the_directory(polyathlon, tmp_path):
    (tmp_path / "taken").write_text("mine")
    assert "cannot use taken" in evaluate(polyathlon, "faulty.sound", "--out", "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_place_where_no_directory_can_be_made(polyathlon):
    assert "cannot use /proc/run" in evaluate(polyathlon, "faulty.sound", "--out", "/proc/run")


def test_a_disk_that_takes_no_more(polyathlon, tmp_path):
    """A limit on file sizes stands for a full disk: the same write fails at the same place."""
    command = (*COMMAND, "--episodes", "60")
    polyathlon.largest_file = 20_000
    said = one_line(polyathlon.run(*command))
    assert "cannot write to run: " + os.strerror(errno.EFBIG) in said
    path = tmp_path / "run" / "episodes.jsonl"
    kept = path.read_bytes()
    assert 0 < kept.count(b"\n") < 60
    polyathlon.largest_file = None
    done = polyathlon.run(*command)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes().startswith(kept[: kept.rindex(b"\n")])
    assert path.read_bytes().count(b"\n") == 60


def test_a_corrupt_journal_is_named_and_kept(polyathlon, run):
    path = run / "episodes.jsonl"
    forged = path.read_text().replace('"steps":20', '"steps":21', 1)
    path.write_text(forged)
    for broken in (COMMAND, ("report", "run"), ("replay", "run", "faulty.sound", "0")):
        assert "episodes.jsonl, line" in one_line(polyathlon.run(*broken))
    assert path.read_text() == forged


def test_a_torn_journal_is_mended(polyathlon, run):
    path = run / "episodes.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    done = polyathlon.run(*COMMAND)
    assert done.returncode == 0, done.stderr
    assert "resuming: 2 of 3" in done.stderr
    lines = whole.splitlines()
    assert path.read_bytes().splitlines()[:2] == lines[:2]


@pytest.mark.parametrize("command", ["report", "replay"])
def test_a_run_that_is_none(polyathlon, tmp_path, command):
    (tmp_path / "empty").mkdir()
    extra = ("faulty.sound", "0") if command == "replay" else ()
    said = one_line(polyathlon.run(command, "empty", *extra))
    assert "empty is not a run" in said


def test_an_unknown_command_gets_a_suggestion(polyathlon):
    done = polyathlon.run("evaluate")
    assert done.returncode == 2
    assert "Did you mean 'eval'" in done.stderr


def test_a_replay_of_what_is_not_there(polyathlon, run):
    assert "faulty.sound-v0" in one_line(polyathlon.run("replay", "run", "faulty.sond", "0"))
    assert "#7" in one_line(polyathlon.run("replay", "run", "faulty.sound", "7"))


def test_without_a_renderer_numbers_are_played_and_pictures_refused(polyathlon, tmp_path):
    polyathlon.environment["MUJOCO_GL"] = "disable"
    command = ("eval", "metaworld.reach", "--agent", "oracle", "--episodes", "1", "--slots", "1")
    done = polyathlon.run(*command, "--out", "numbers")
    assert done.returncode == 0, done.stderr
    assert "metaworld: no film: RenderingUnavailable" in done.stderr
    assert '"backend": "unavailable"' in (tmp_path / "numbers" / "manifest.json").read_text()
    said = one_line(polyathlon.run(*command, "--out", "pictures", "--obs", "rgb"))
    assert "MUJOCO_GL is 'disable'" in said


def test_nobody_reading_does_not_end_a_run(polyathlon, tmp_path):
    process = polyathlon.start(*COMMAND, "--episodes", "150")
    process.stderr.close()
    process.wait()
    assert (tmp_path / "run" / "episodes.jsonl").read_bytes().count(b"\n") == 150


@pytest.mark.parametrize(
    "files",
    [
        {"actions.bin": b"mine", "notes.txt": b"mine"},
        {"manifest.json": b'{"name": "webext"}', "actions.bin": b"mine", "episodes.jsonl": b"mine"},
        {"episodes.jsonl": b"mine"},
    ],
)
def test_files_that_happen_to_be_called_like_ours_are_left_alone(polyathlon, tmp_path, files):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    evaluate(polyathlon, "faulty.sound", "--out", "theirs")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_another_plan_touches_nothing_even_where_the_journal_is_lost(polyathlon, run):
    (run / "episodes.jsonl").unlink()
    before = contents(run)
    assert "the journal beside it holds 0" in one_line(polyathlon.run(*COMMAND))
    one_line(polyathlon.run(*COMMAND, "--episodes", "4"))
    assert contents(run) == before


def test_a_mistake_does_not_spoil_the_directory(polyathlon):
    polyathlon.environment["MUJOCO_GL"] = "disable"
    command = (
        "eval", "metaworld.reach", "--agent", "oracle", "--episodes", "1", "--slots", "1",
        "--video", "0", "--out", "run",
    )  # fmt: skip
    one_line(polyathlon.run(*command, "--obs", "rgb"))
    done = polyathlon.run(*command)
    assert done.returncode == 0, done.stderr


def test_a_page_replaces_only_a_page(polyathlon, run):
    journal = (run / "episodes.jsonl").read_bytes()
    said = one_line(polyathlon.run("report", "run", "--out", "run/episodes.jsonl"))
    assert "is not a page" in said
    assert (run / "episodes.jsonl").read_bytes() == journal
    for _ in range(2):
        assert polyathlon.run("report", "run").returncode == 0


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("placement = 'worker'", "only the oracle plays inside the worker"),
        ("embodiment = 'franka'", "not a polyathlon.core.specs.Embodiment"),
        ("observations = 5", "declares observations 5"),
        ("observations = ('sound',)", "declares observations"),
        ("dialect = 5", "it must be a name"),
        ("__init__ = lambda self: 1 / 0", "could not be made without arguments: ZeroDivisionError"),
        ("__init__ = lambda self: exit(0)", "could not be made without arguments: SystemExit"),
    ],
)
def test_agents_that_declare_something_odd(polyathlon, tmp_path, extra, words):
    write_agent(tmp_path, "good", extra=extra)
    done = polyathlon.run("eval", "faulty.sound", "--agent", "mine:Agent", "--slots", "1")
    assert done.returncode in (1, 2)
    assert words in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["mine", "mine.Agent", "mine.py:Agent", "../mine.py:Agent"])
def test_an_agent_by_a_wrong_kind_of_name_is_told_the_right_one(polyathlon, tmp_path, name):
    write_agent(tmp_path, "good")
    said = evaluate(polyathlon, "faulty.sound", agent=name)
    assert "module:Class" in said or "name its module: mine:Agent" in said


def test_an_agent_that_leaves_counts_as_one_that_raised(polyathlon, tmp_path):
    write_agent(tmp_path, "exit(0)")
    done = polyathlon.run("eval", "faulty.sound", "--agent", "mine:Agent", "--slots", "1")
    assert done.returncode == 1
    assert "the agent raised SystemExit" in done.stderr


def test_an_agent_that_changed_does_not_go_on_in_the_same_run(polyathlon, tmp_path):
    write_agent(tmp_path, "good")
    command = (*COMMAND, "--agent", "mine:Agent")
    assert polyathlon.run(*command).returncode == 0
    write_agent(tmp_path, "-good")
    assert "agent's source file" in one_line(polyathlon.run(*command))


def test_an_agent_cannot_widen_the_space_it_is_shown(polyathlon, tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Agent:\n    dialect = 'native'\n"
        "    def reset(self, slots, briefs):\n"
        "        for brief in briefs: brief.action_space.high[:] = 100\n"
        "    def act(self, observations, slots): return [[50.0, 50.0]] * len(slots)\n"
    )
    assert "is 50, outside [-1, 1]" in evaluate(polyathlon, "faulty.sound", agent="mine:Agent")


def test_a_slow_agent_is_no_fault_of_the_world(polyathlon, tmp_path):
    """Deadlines count the environment's time alone, however many slots wait meanwhile."""
    (tmp_path / "mine.py").write_text(
        "import time\n"
        "class Agent:\n    dialect = 'native'\n    calls = 0\n"
        "    def reset(self, slots, briefs): pass\n"
        "    def act(self, observations, slots):\n"
        "        self.calls += 1\n"
        "        time.sleep(2.5 if self.calls == 7 else 0.02)\n"
        "        return [[0.0, 0.0]] * len(slots)\n"
    )
    done = polyathlon.run(
        "eval", "faulty.sound,faulty.slow", "--agent", "mine:Agent", "--episodes", "2",
        "--slots", "2", "--step-timeout", "2", "--episode-timeout", "2", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "timeout" not in done.stderr


def test_a_stray_file_called_like_the_package_is_not_taken_for_it(polyathlon, tmp_path):
    (tmp_path / "polyathlon.py").write_text("raise RuntimeError('a stray file')\n")
    write_agent(tmp_path, "good")
    program = (
        "import sys; sys.path.remove('') if '' in sys.path else None\n"
        "from polyathlon.cli import main; main(sys.argv[1:])\n"
    )
    done = polyathlon.run_python(
        "-P", "-c", program, "eval", "faulty.sound", "--agent", "mine:Agent", "--episodes", "1"
    )
    assert done.returncode == 0, done.stderr


def test_nohup_outlives_the_terminal(polyathlon, tmp_path, until):
    import signal

    journal = tmp_path / "run" / "episodes.jsonl"
    process = polyathlon.start(
        "eval", "faulty.slow", "--agent", "random", "--episodes", "30", "--out", "run", nohup=True
    )
    until(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 2)
    process.send_signal(signal.SIGHUP)
    process.communicate()
    assert process.returncode == 0
    assert journal.read_bytes().count(b"\n") == 30
