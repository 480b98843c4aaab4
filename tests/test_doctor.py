"""``polyathlon doctor``: it finds what works, and survives what does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from polyathlon.cli import doctor, machine
from polyathlon.cli.check import Check
from polyathlon.core import inquiry
from polyathlon.tasks import FAMILIES
from polyathlon.tasks.miniwob.binary import BrowserMissing, find_browser


def test_a_probe_reads_the_last_answer() -> None:
    answer = inquiry.ask(["-c", "print('babble'); print('{\"ok\": true}'); print('more')"], 30)
    assert answer.values == {"ok": True}
    assert answer.trouble == ""


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import os; os.abort()", "SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("raise SystemExit(3)", "code 3"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("print('[1, 2]'); print('not json')", "code 0"),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)) * 8192)", "code 0"),
    ],
    ids=["aborts", "segfaults", "exits", "raises", "answers otherwise", "floods"],
)
def test_a_probe_survives(program: str, told: str) -> None:
    answer = inquiry.ask(["-c", program], 60)
    assert answer.values == {}
    assert told in answer.trouble


def test_a_probe_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    program = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    answer = inquiry.ask(["-c", program], 5)
    assert "no answer within 5 s" in answer.trouble
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.1)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_doctor_finds_every_family_and_a_renderer() -> None:
    try:
        find_browser()
    except BrowserMissing as missing:  # It rightly finds one family broken then.
        pytest.skip(str(missing))
    result = CliRunner().invoke(doctor.doctor_command, ["--json"])
    found = json.loads(result.stdout)
    assert found["format"] == 1
    states = {(check["group"], check["name"]): check["state"] for check in found["checks"]}
    assert {name for group, name in states if group == "family"} == set(FAMILIES)
    assert {states["family", name] for name in FAMILIES} == {"ok"}, found["checks"]
    assert "ok" in {states["renderer", "egl"], states["renderer", "osmesa"]}
    assert {name for group, name in states if group == "machine"} >= {"cores", "memory", "shared"}
    assert found["ok"] is True
    assert result.exit_code == 0
    mendable = [check for check in found["checks"] if check["state"] != "ok"]
    assert all(check["remedy"] for check in mendable)


def test_a_renderer_that_does_not_draw_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.RENDERER_REMEDIES, "sextant", "apt-get install -y sextant")
    check = doctor.check_renderer("sextant")
    assert check.state == "broken"
    assert check.remedy == "apt-get install -y sextant"


def test_a_renderer_without_its_library_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", {"egl": (("libSextant.so.1", "libSextant.so"),)})
    check = doctor.check_renderer("egl")
    assert check.state == "absent"
    assert "libSextant.so.1" in check.detail
    assert "apt-get install -y libegl1" in check.remedy


@pytest.fixture
def lost_family(tmp_path: Path) -> Callable[..., Check]:
    """Asks the doctor, in a fresh process, about a family whose module is given."""

    def ask(module: str, packages: tuple[str, ...], timeout: float = 60.0) -> Check:
        (tmp_path / "lost_cause.py").write_text(FAMILY_MODULE.format(packages=packages) + module)
        information = tmp_path / "lost_cause-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: lost-cause\nVersion: 1.0\n"
        )
        (information / "entry_points.txt").write_text(
            "[polyathlon.tasks]\nlost = lost_cause:FAMILY\n"
        )
        program = (
            "import msgspec, sys\n"
            "from polyathlon.cli import doctor\n"
            f"doctor.FAMILY_TIMEOUT = {timeout}\n"
            "sys.stdout.write(msgspec.json.encode(doctor.check_family('lost')).decode())\n"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", program],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=Check)

    return ask


FAMILY_MODULE = """
from polyathlon.core.specs import Embodiment, Family, TaskSpec
BODY = Embodiment(id="none", kind="discrete", action_names=("wait",))
TASK = TaskSpec(id="lost.cause-v0", entry_point="lost_cause:Cause", embodiment=BODY,
                instruction="", max_episode_steps=1)
FAMILY = Family(name="lost", title="Lost", extra="lost", packages={packages!r}, tasks=(TASK,))
"""


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("def Cause(**kwargs): raise ValueError('no such world')\n", "no such world"),
        ("def Cause(**kwargs): import os; os.abort()\n", "SIGABRT"),
        ("def Cause(**kwargs): import time; time.sleep(600)\n", "no answer within"),
    ],
    ids=["raises", "aborts", "hangs"],
)
def test_a_family_that_is_broken_is_named(
    module: str, told: str, lost_family: Callable[..., Check]
) -> None:
    check = lost_family(module, ("lost_cause",), 3.0 if "sleep" in module else 60.0)
    assert check.state == "broken"
    assert told in check.detail
    assert "pip install" in check.remedy
    assert not doctor.verdict([check])


def test_a_family_that_is_not_installed_is_no_failure(lost_family: Callable[..., Check]) -> None:
    check = lost_family("Cause = None\n", ("a_simulator_of_no_such_name",))
    assert check.state == "absent"
    assert "a_simulator_of_no_such_name" in check.detail
    assert check.remedy == 'pip install "lost-cause[lost]"'
    assert doctor.verdict([check])


def test_a_plugin_that_does_not_import_is_broken(lost_family: Callable[..., Check]) -> None:
    check = lost_family("import a_simulator_of_no_such_name\n", ())
    assert check.state == "broken"
    assert "lost-cause" in check.detail
    assert "pip uninstall -y lost-cause" in check.remedy


def test_the_machine_is_described() -> None:
    checks = [look() for look in machine.MACHINE_CHECKS]
    assert [check.name for check in checks] == [
        "python", "cores", "memory", "disk", "temporary", "shared",
    ]  # fmt: skip
    assert all(check.group == "machine" for check in checks)
    assert 1 <= machine.usable_cores() <= (os.cpu_count() or 1)


def test_too_little_room_is_a_warning_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_SHARED_MEMORY", 1 << 62)
    check = machine.check_shared_memory()
    assert check.state == "warning"
    assert "--shm-size" in check.remedy
    assert doctor.verdict([check])


def test_a_pipe_gets_plain_lines_and_a_terminal_a_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checks = [
        Check(group="family", name="one", state="ok", detail="one 1.0; one.a-v0 plays"),
        Check(
            group="family", name="two", state="broken", detail="[red] no", remedy="pip install two"
        ),
    ]
    doctor._print_plain(checks)
    plain = capsys.readouterr().out
    assert "broken family    two" in plain
    assert "type: pip install two" in plain
    doctor._print_rich(checks)
    assert "[red] no" in capsys.readouterr().out


def test_a_missing_browser_is_said_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("miniwob", reason="the miniwob package is not installed")
    monkeypatch.setenv("POLYATHLON_CHROMIUM", "/no/such/browser")
    found = doctor.check_family("miniwob")
    assert found.state == "broken"
    assert "'/no/such/browser', which is not a program" in found.detail
    assert found.remedy == "unset POLYATHLON_CHROMIUM"
    monkeypatch.delenv("POLYATHLON_CHROMIUM")
    monkeypatch.setattr("polyathlon.tasks.miniwob.binary.INSTALLED", ())
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/no/such/folder")
    found = doctor.check_family("miniwob")
    assert found.state == "absent"
    assert found.remedy == "apt-get install -y chromium-headless-shell"
