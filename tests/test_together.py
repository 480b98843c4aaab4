"""Several processes that ``torchrun`` starts teach one set of weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from polyathlon.cli import main

SCRIPT = Path(__file__).resolve().parent / "language_model" / "together.py"


def teach(folder: Path, updates: int, processes: int) -> list[str]:
    """Which agent each process ended with."""
    command = (
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
        str(processes), str(SCRIPT), str(folder), str(updates),
    )  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [(folder / f"{updates}-{number}").read_text() for number in range(processes)]


def test_two_processes_teach_one_set_of_weights(tmp_path):
    first, second = teach(tmp_path, 2, processes=2)
    assert first == second  # Of spans that each drew for itself.
    log = tmp_path / "agent" / "log.jsonl"
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [2]


def test_who_learns_in_one_process_is_told_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SystemExit) as ended:
        main(["train", "ppo", "babyai.go-to-obj-s4", "--out", str(tmp_path / "agent")])
    assert ended.value.code == 2
    assert "'ppo' learns in one: start it without torchrun" in capsys.readouterr().err
