"""Processes that fail, are killed or are forgotten; and what the doctor says of them."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from habitat_room import SCENE, SHORT, Make, episode, is_running, pid_of

from polyathlon.core.errors import WorkerFault
from polyathlon.tasks.langr.habitat import settings
from polyathlon.tasks.langr.habitat.bridge import Deadlines
from polyathlon.tasks.langr.habitat.settings import HabitatUnavailable
from polyathlon.tasks.langr.habitat.world import HabitatWorld
from polyathlon.tasks.langr.layout import Pose
from polyathlon.tasks.langr.rules import Rules

HEADER = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
"""
"""Begins a program for this interpreter; a path with a space cannot stand after ``#!``."""


def is_gone(pid: int, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_running(pid)


def state_of(world: HabitatWorld) -> Any:
    rules = Rules(world.load(episode()), episode())
    rules.begin(Pose(0.0, -3.0))
    return rules.state


def test_chatter_harms_nobody(make: Make, stand_in: Callable[..., None]) -> None:
    stand_in("chatter")
    world = make()
    assert world.draw(state_of(world), "head").shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("fault", "deadlines", "kind", "told"),
    [
        ("raise", SHORT, "env-raised", "RuntimeError: the picture tore"),
        ("die", SHORT, "worker-died", "by SIGKILL; it said: a last word"),
        ("hang", Deadlines(draw=1.0), "step-timeout", "no answer to 'draw' within 1 s"),
    ],
)
def test_a_process_that_fails_is_named_ended_and_replaced(
    make: Make,
    stand_in: Callable[..., None],
    fault: str,
    deadlines: Deadlines,
    kind: str,
    told: str,
) -> None:
    stand_in(fault)
    world = make(deadlines=deadlines)
    state = state_of(world)
    pid = pid_of(world)
    with pytest.raises(WorkerFault, match=told) as caught:
        world.draw(state, "head")
    assert caught.value.kind == kind
    assert is_gone(pid)
    with pytest.raises(WorkerFault, match="reset to start anew"):
        world.draw(state, "head")
    stand_in()
    assert world.draw(state_of(world), "head").shape == (48, 64, 3)
    assert pid_of(world) != pid


def test_a_process_that_is_killed_between_two_calls_is_replaced(make: Make) -> None:
    world = make()
    state = state_of(world)
    pid = pid_of(world)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerFault, match="worker-died"):
        world.draw(state, "head")
    assert world.load(episode()).id == SCENE
    assert is_gone(pid)


BROKEN = {
    "garbage": ("line.sendall(b'this is no frame at all, not at all')", "protocol", "no frame"),
    "truncated": (
        "line.sendall(PREFIX.pack(b'PLYH', 100, 0) + b'{\"half\"')",
        "worker-died",
        "ended during 'hello', with code 0",
    ),
    "endless": (
        "line.sendall(PREFIX.pack(b'PLYH', 1 << 31, 1 << 60))",
        "protocol",
        "does not begin a frame",
    ),
    "another's": (
        "text = b'{\"ok\": true, \"number\": 99, \"arrays\": []}'\n"
        "line.sendall(PREFIX.pack(b'PLYH', len(text), 0) + text)",
        "protocol",
        "no answer to what was asked",
    ),
    "exits": ("print('no room on this machine'); sys.exit(3)", "worker-died", "code 3.*no room"),
    "hangs": ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)", "startup-timeout",
              "within 2 s"),
    "dribbles": ("while True: line.sendall(b'P'); line.sendall(b''); time.sleep(600)",
                 "startup-timeout", "within 2 s"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_process_that_cannot_be_spoken_with_is_named_and_ended(
    make: Make, tmp_path: Path, name: str
) -> None:
    program, kind, told = BROKEN[name]
    script = tmp_path / "broken"
    script.write_text(
        HEADER + "import os, signal, socket, struct, sys, time\n"
        "open(sys.argv[0] + '.pid', 'w').write(str(os.getpid()))\n"
        "PREFIX = struct.Struct('<4sIQ')\n"
        "line = socket.socket(fileno=os.dup(0))\n"
        f"{program}\n"
    )
    script.chmod(0o755)
    deadlines = Deadlines(hello=2.0 if "timeout" in kind else 30.0)
    with pytest.raises(WorkerFault, match=told) as caught:
        make(python=script, deadlines=deadlines)
    assert caught.value.kind == kind
    assert is_gone(int((tmp_path / "broken.pid").read_text()))


def test_its_children_end_with_it(make: Make, tmp_path: Path) -> None:
    script = tmp_path / "parent"
    script.write_text(
        HEADER + "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[0] + '.pid', 'w').write(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    script.chmod(0o755)
    with pytest.raises(WorkerFault, match="startup-timeout"):
        make(python=script, deadlines=Deadlines(hello=3.0))
    assert is_gone(int((tmp_path / "parent.pid").read_text()))


def test_a_program_that_does_not_start_is_told(make: Make, tmp_path: Path) -> None:
    script = tmp_path / "empty"
    script.touch(0o755)
    with pytest.raises(HabitatUnavailable, match="does not start"):
        make(python=script)


def test_closing_twice_ends_the_process_once(make: Make) -> None:
    world = make()
    world.load(episode())
    pid = pid_of(world)
    world.close()
    world.close()
    assert not is_running(pid)
    with pytest.raises(WorkerFault, match="nothing is loaded"):
        world.draw(None, "head")  # type: ignore[arg-type]


def test_a_world_that_is_forgotten_takes_its_process_along(assets: Path, stand_in: object) -> None:
    world = HabitatWorld((8, 8), python=sys.executable, assets=assets)
    world.load(episode())
    pid = pid_of(world)
    del world
    gc.collect()
    assert is_gone(pid)


def test_a_fork_leaves_the_process_to_its_owner(make: Make) -> None:
    world = make()
    state = state_of(world)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Of threads that others started.
        child = os.fork()
    if not child:
        try:
            world.draw(state, "head")
        except WorkerFault as fault:
            world.close()
            os._exit(7 if "another process" in str(fault) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert world.draw(state, "head").shape == (48, 64, 3)


FORGETFUL = """
import os, signal, sys
import habitat_room as here
world = here.HabitatWorld((8, 8), python=sys.executable, assets=sys.argv[1])
world.load(here.episode())
print(here.pid_of(world), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["ends", "killed"])
def test_no_process_outlives_its_owner(assets: Path, stand_in: object, how: str) -> None:
    path = f"{os.environ['PYTHONPATH']}{os.pathsep}{Path(__file__).parent}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORGETFUL, str(assets), how],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if how == "ends" else -signal.SIGKILL), done.stderr
    assert is_gone(int(done.stdout))


def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, assets: Path) -> None:
    from polyathlon.cli.habitat_probe import check_habitat

    for name in (settings.PYTHON, settings.ASSETS):
        monkeypatch.delenv(name, raising=False)
    check = check_habitat()
    assert check.state == "absent"
    assert settings.ASSETS in check.detail
    assert "polyathlon env add habitat" in check.remedy
    assert "conda env create -f environment-habitat.yml" in check.remedy
    monkeypatch.setenv(settings.PYTHON, sys.executable)
    check = check_habitat()
    assert check.state == "broken"
    assert settings.ASSETS in check.detail
    assert "rearrange_task_assets" in check.remedy


def test_the_doctor_tries_it(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch, assets: Path
) -> None:
    from polyathlon.cli.habitat_probe import check_habitat

    monkeypatch.setenv(settings.PYTHON, sys.executable)
    monkeypatch.setenv(settings.ASSETS, str(assets))
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "ok"
    assert "0.3.0-stand-in" in check.detail
    assert check.remedy == ""
    stand_in("no-bullet")
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "broken"
    assert "withbullet" in check.remedy
    monkeypatch.delenv("PYTHONPATH")
    settings.probe.cache_clear()
    check = check_habitat()
    assert check.state == "broken"
    assert "cannot import habitat_sim" in check.detail
    settings.probe.cache_clear()


def test_the_environment_file_makes_what_the_bridge_needs() -> None:
    import yaml

    text = (Path(__file__).parents[2] / "environment-habitat.yml").read_text()
    loaded = yaml.safe_load(text)
    assert loaded["name"] in settings.MAKE
    assert loaded["channels"][:2] == ["conda-forge", "aihabitat"]
    wanted = loaded["dependencies"]
    assert "python=3.9" in wanted
    assert {"withbullet", "headless"} <= set(wanted)
    assert any(str(one).startswith("habitat-sim=0.3") for one in wanted)
