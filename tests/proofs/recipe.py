"""The recipe of docs/cluster.md as it stands there, with stand-ins for Slurm and two real nodes.

    python -m pytest tests/proofs/recipe.py

No part of ``make test``: on a busy machine a node of Ray does not stand within its own 15 s.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from run_evidence import evidence

pytest.importorskip("ray", reason="Ray is not installed")

PLAY = ("babyai.go-to-red-ball", "--agent", "random", "--episodes", "6", "--video", "0")

SRUN = """#!/bin/sh
while :; do
    case "$1" in
        -w) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
exec "$@"
"""
"""Starts here what Slurm would start there."""

SCONTROL = "#!/bin/sh\nprintf 'first\\nsecond\\n'\n"
POLYATHLON = f'#!/bin/sh\nexec "{sys.executable}" -P -m polyathlon.cli "$@"\n'
HOSTNAME = "#!/bin/sh\necho 127.0.0.1 ::1\n"


@pytest.fixture
def recipe(root: Path, tmp_path: Path) -> Path:
    """The script with another benchmark, agent, port and size, and beside it what it calls."""
    text = (root / "docs" / "cluster.md").read_text()
    (script,) = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for before, after in (
        ("metaworld --agent runs/my-policy", " ".join(PLAY)),
        ("--slots 120 --actor-slots 5", "--slots 2"),
        ("$ip:6379", f"$ip:{port}"),
    ):
        assert script.count(before) == 1, before
        script = script.replace(before, after)
    (tmp_path / "recipe.sh").write_text(script)
    (tmp_path / "bin").mkdir()
    for name, what in (
        ("srun", SRUN), ("scontrol", SCONTROL), ("polyathlon", POLYATHLON), ("hostname", HOSTNAME),
    ):  # fmt: skip
        file = tmp_path / "bin" / name
        file.write_text(what)
        file.chmod(0o755)
    return tmp_path


@pytest.fixture
def started(recipe: Path) -> Iterator[subprocess.Popen[str]]:
    """The script at work; what it leaves is ended as Slurm ends a job."""
    folders = (str(recipe / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
    slurm = {
        "SLURM_JOB_NODELIST": "first,second", "SLURM_NNODES": "2", "SLURM_CPUS_PER_TASK": "1",
        "SLURM_GPUS_PER_TASK": "1", "SCRATCH": str(recipe), "PATH": os.pathsep.join(folders),
    }  # fmt: skip
    with open(recipe / "out", "w") as out:
        process = subprocess.Popen(
            ["bash", "recipe.sh"], cwd=recipe, env={**os.environ, **slurm}, text=True,
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    yield process
    ours = [one for one in psutil.process_iter() if _session(one) == process.pid]
    for one in ours:
        with contextlib.suppress(psutil.NoSuchProcess):  # They end each other, too.
            one.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(ours, timeout=30)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()


def _session(process: psutil.Process) -> int:
    with contextlib.suppress(OSError):
        return os.getsid(process.pid)
    return -1


def test_the_recipe_plays_on_both_nodes(
    started: subprocess.Popen[str], recipe: Path, python: Callable[..., object]
) -> None:
    code = started.wait(timeout=300)
    assert code == 0, (recipe / "out").read_text()[-3000:]
    python("-m", "polyathlon.cli", "eval", *PLAY, "--out", "here", cwd=recipe)
    assert evidence(recipe / "metaworld") == evidence(recipe / "here")
    assert oct((recipe / ".ray-token").stat().st_mode)[-3:] == "600"
