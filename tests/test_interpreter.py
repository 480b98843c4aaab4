"""A family in another Python: named once it has played there, used, recorded, and refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from click.testing import CliRunner, Result

import polyathlon
from polyathlon.benchmarks.runner import Runner
from polyathlon.benchmarks.trial import try_out
from polyathlon.benchmarks.workers.pool import Pool
from polyathlon.benchmarks.workers.slot import Limits
from polyathlon.cli import doctor
from polyathlon.cli.interpreter import env_group
from polyathlon.core.episode import EpisodePlan
from polyathlon.core.errors import BadArgument, BrokenPlugin, PolyathlonError
from polyathlon.tasks import catalogue, interpreter
from polyathlon.tasks.interpreter import InterpreterUnfit

FAMILY, TASK = "babyai", "babyai.go-to-red-ball-v0"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings that is the test's own."""
    monkeypatch.setenv(interpreter.VARIABLE, str(tmp_path / "settings"))
    return tmp_path / "settings"


def make_environment(folder: Path, *entries: str) -> Path:
    """A virtual environment, bare but for folders of packages that it shares."""
    venv.create(folder, symlinks=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "lib" / version / "site-packages" / "shared.pth").write_text(
        "".join(f"import site; site.addsitedir({entry!r})\n" for entry in entries)
    )
    return folder / "bin" / "python"


def this_path() -> list[str]:
    """Where this process has its packages, the package itself first."""
    own = str(Path(polyathlon.__file__).parent.parent)
    return [own, *(entry for entry in sys.path if entry.endswith("site-packages"))]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another Python that has all that this one has."""
    folder = tmp_path_factory.mktemp("other")
    # The package by its name, whatever the folder of the clone is called.
    (folder / "path").mkdir()
    (folder / "path" / "polyathlon").symlink_to(Path(polyathlon.__file__).parent)
    return make_environment(folder / "venv", str(folder / "path"), *this_path()[1:])


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another Python that has nothing."""
    return make_environment(tmp_path_factory.mktemp("bare") / "venv")


def told(*arguments: str) -> Result:
    return CliRunner().invoke(env_group, arguments)


def played_by(python: Path | None) -> Iterator[tuple[str, str]]:
    """Digests of some episodes of two families, and the program that played each."""
    named = {FAMILY: str(python)} if python else {}
    tasks = [TASK, "procgen.coinrun-easy-test-v0"]
    specs = {task: catalogue.find(task) for task in tasks}
    plans = [EpisodePlan(task=task, index=k, seed=k) for task in tasks for k in range(2)]
    from polyathlon.agents.uniform import RandomAgent

    found = []
    with Pool(1, Limits(), named) as pool:

        def finished(entry: object) -> None:
            process = pool.slots[0].process
            assert process is not None
            program = psutil.Process(process.pid).cmdline()[0]
            found.append((msgspec.to_builtins(entry.result)["end_digest"], program))

        Runner(pool, RandomAgent(), specs, {task: {} for task in tasks}, 1, finished).run(plans)
    yield from found


def test_a_family_is_named_once_it_has_played(other: Path, settings: Path) -> None:
    done = told("add", FAMILY, "--python", str(other))
    assert done.exit_code == 0, done.output
    assert f"plays on Python {sys.version.split()[0]} in {other}" in done.output
    assert interpreter.named_interpreters() == {FAMILY: str(other)}
    assert str(other) in told("list").output
    assert "played by this Python again" in told("remove", FAMILY).output
    assert interpreter.named_interpreters() == {}
    assert "every family is played by this Python" in told("list").output
    assert "no Python is named for 'babyai'" in str(told("remove", FAMILY).exception)


def test_its_workers_run_there_and_the_others_here(other: Path) -> None:
    here, there = list(played_by(None)), list(played_by(other))
    assert [digest for digest, _ in here] == [digest for digest, _ in there]
    assert [program for _, program in here] == [sys.executable] * 4
    assert [program for _, program in there] == [str(other)] * 2 + [sys.executable] * 2


def test_an_evaluation_records_it_and_goes_on_with_no_other(
    other: Path, tmp_path: Path, settings: Path
) -> None:
    interpreter.name_interpreters({FAMILY: str(other)})
    command = [
        sys.executable, "-P", "-m", "polyathlon.cli", "eval", TASK, "--agent", "random",
        "--episodes", "2", "--video", "0", "--slots", "1", "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "babyai: played by a Python of its own" in done.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    recorded = manifest["interpreters"][FAMILY]
    assert recorded["python"] == sys.version.split()[0]
    assert recorded["minigrid"] == manifest["packages"]["minigrid"]
    assert str(other) not in json.dumps(recorded)
    interpreter.name_interpreters({})
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "an interpreter of its own for babyai: there and not now" in again.stderr


def test_one_without_polyathlon_is_refused_in_one_line(bare: Path, settings: Path) -> None:
    done = told("add", FAMILY, "--python", str(bare))
    assert isinstance(done.exception, InterpreterUnfit)
    line = str(done.exception)
    assert f"{bare} has no polyathlon" in line
    assert f"{bare} -m pip install polyathlon=={polyathlon.__version__}" in line
    assert "\n" not in line
    assert interpreter.named_interpreters() == {}


FALSE = """#!/bin/sh
echo noise
echo '{answer}'
"""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"python": "3.9.18", "name": "cpython"}, "is Python 3.9.18; the workers need 3.11"),
        ({"python": "3.11.2", "name": "cpython", "polyathlon": "0.0.1"}, "has polyathlon 0.0.1"),
        (
            {"missing": ["minigrid"], "digest": "", "packages": {}},
            r'lacks minigrid for the babyai tasks. Type: .* install "polyathlon\[babyai\]"',
        ),
        ({"missing": [], "digest": "0", "packages": {}}, "declares other babyai tasks"),
        ({"error": "BadArgument: no family is called 'x' there"}, "no family is called 'x'"),
    ],
    ids=["too old", "another version", "no simulator", "other tasks", "no such family"],
)
def test_one_that_answers_otherwise_is_refused(
    answer: dict[str, object], words: str, tmp_path: Path
) -> None:
    known = {"python": "3.11.2", "name": "cpython", "polyathlon": polyathlon.__version__}
    program = tmp_path / "python"
    told = answer if "python" in answer else {**known, **answer}
    program.write_text(FALSE.format(answer=json.dumps(told).replace("'", "'\\''")))
    program.chmod(0o755)
    with pytest.raises(InterpreterUnfit, match=words):
        interpreter.examine(str(program), FAMILY)


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InterpreterUnfit, match="is not a program"):
        interpreter.find_program(str(tmp_path / "none"))
    with pytest.raises(InterpreterUnfit, match=r"no Python that answers: .* code 1$"):
        interpreter.examine("/bin/false", FAMILY)
    done = told("add", "babyay", "--python", sys.executable)
    assert "Did you mean 'babyai'?" in str(done.exception)


@pytest.mark.parametrize(
    ("does", "told"),
    [("sleep 600 & echo $! > child; wait", "no answer within 2 s"), ("echo '{}'", "else"),
     ("yes | head -c 50000000", "code 0")],
    ids=["hangs with a child", "says something else", "floods"],
)  # fmt: skip
def test_one_that_never_answers_is_ended_with_its_children(
    does: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(interpreter, "PATIENCE", 2.0)
    with pytest.raises(InterpreterUnfit, match=told):
        interpreter.examine(str(program), FAMILY)
    if "child" in does:
        child = int((tmp_path / "child").read_text())
        assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"


def test_what_to_type_can_be_pasted(tmp_path: Path) -> None:
    with pytest.raises(InterpreterUnfit) as caught:
        interpreter.examine(str(make_environment(tmp_path / "two words" / "venv")), FAMILY)
    assert f"Type: '{tmp_path}/two words/venv/bin/python' -m pip" in str(caught.value)


def test_why_a_family_is_none_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "families", dict)
    monkeypatch.setitem(interpreter.FAMILIES._paths, FAMILY, ("nowhere_at_all:FAMILY", "it"))
    with pytest.raises(BrokenPlugin, match="no module named 'nowhere_at_all'"):
        interpreter.describe(FAMILY)


def test_a_trial_that_fails_names_the_python(other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> float:
        raise PolyathlonError("startup-failed: no libGL")

    monkeypatch.setattr("polyathlon.cli.interpreter.try_out", fails)
    done = told("add", FAMILY, "--python", str(other))
    assert f"{other} does not play it: startup-failed" in str(done.exception)


def test_one_that_went_bad_is_named_before_the_run(bare: Path) -> None:
    with pytest.raises(InterpreterUnfit, match="polyathlon env remove babyai"):
        interpreter.examine_all({FAMILY: str(bare)}, [FAMILY, "procgen"])


def test_a_file_that_is_none_is_named(settings: Path) -> None:
    settings.mkdir()
    (settings / interpreter.FILE).write_text("babyai = 3\n")
    with pytest.raises(BadArgument, match="it must be a path"):
        interpreter.named_interpreters()
    (settings / interpreter.FILE).write_text("babyai\n")
    with pytest.raises(BadArgument, match="cannot be read"):
        interpreter.named_interpreters()


def test_the_trial_names_what_does_not_play() -> None:
    with pytest.raises(PolyathlonError, match="have no argument 'colour'"):
        try_out(catalogue.find(TASK), {"colour": 1}, {})


def test_the_doctor_tries_it(other: Path, bare: Path) -> None:
    interpreter.name_interpreters({FAMILY: str(other)})
    found = doctor.check_family(FAMILY)
    assert (found.state, found.values["interpreter"]) == ("ok", str(other))
    interpreter.name_interpreters({FAMILY: str(bare)})
    found = doctor.check_family(FAMILY)
    assert found.state == "broken"
    assert "has no polyathlon" in found.detail
    assert found.remedy.startswith("polyathlon env remove babyai")


def test_a_named_habitat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyathlon.tasks.langr.habitat import settings as habitat

    monkeypatch.delenv(habitat.PYTHON, raising=False)
    with pytest.raises(habitat.HabitatUnavailable, match="polyathlon env add habitat"):
        habitat.find_python()
    interpreter.name_interpreters({habitat.NAME: sys.executable})
    assert habitat.find_python() == sys.executable
    monkeypatch.setenv(habitat.PYTHON, os.devnull)
    with pytest.raises(habitat.HabitatUnavailable, match="not a program"):
        habitat.find_python()
