"""Models served with the packages of other suites, from interpreters that have them.

``OPENPI_PYTHON`` names one with ``openpi-client``, ``VLA_EVAL_PYTHON`` one with ``vla-eval``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from peer_servers import CHUNK, chunk
from serving import brief

from polyathlon.agents.remote.opening import open_agent
from polyathlon.core.errors import PolicyFailed

REMOTE = Path(__file__).resolve().parents[1] / "remote"
INTERPRETERS = {"openpi": "OPENPI_PYTHON", "vla-eval": "VLA_EVAL_PYTHON"}
PACKAGES = {"openpi": "openpi-client", "vla-eval": "vla-eval"}
TAKEN = [0, 6]

COMMON = """
name = "toy"
[action]
body = "toy"
take = [0, 6]
"""
MAPPINGS = {
    "openpi": COMMON + f"execute = {CHUNK}\n" + """
[observation]
"observation/image" = "rgb"
"observation/state" = "state"
prompt = "instruction"
""",
    "vla-eval": COMMON + """
[action.formats]
position = "delta_xyz"
rotation = "axis_angle"
gripper = "binary_close_positive"
[observation]
"images.agentview" = "rgb"
states = "state"
task_description = "instruction"
""",
}  # fmt: skip
EPISODES, STEPS = 3, 10


def played(suite: str) -> tuple[str, int, int]:
    """The package and its version, actions heard, and how many were what the model says."""
    python = os.environ.get(INTERPRETERS[suite])
    if not python:
        return "not installed", 0, 0
    code = f"from importlib.metadata import version; print(version({PACKAGES[suite]!r}))"
    version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [python, str(REMOTE / "peer_servers.py"), suite, str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        scheme = suite.replace("-", "")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "mapping.toml"
            file.write_text(MAPPINGS[suite])
            os.environ["POLYATHLON_REMOTE_MAPPING"] = str(file)
            agent = _patiently(f"{scheme}://127.0.0.1:{port}")
        equal = _play(agent)
    finally:
        server.kill()
        server.wait()
    return f"{PACKAGES[suite]} {version.stdout.strip()}", 2 * EPISODES * STEPS, equal


def _patiently(address: str) -> Any:
    until = time.monotonic() + 60
    while True:
        try:
            return open_agent(address)[1]
        except PolicyFailed:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _play(agent: Any) -> int:
    equal = 0
    for episode in range(EPISODES):
        agent.reset([0, 1], [brief(2 * episode), brief(2 * episode + 1)])
        states = [np.array([episode, slot / 4], np.float32) for slot in (0, 1)]
        for step in range(STEPS):
            seen = [
                {"rgb": np.zeros((48, 64, 3), np.uint8), "state": state, "instruction": "go"}
                for state in states
            ]
            for state, action in zip(states, agent.act(seen, [0, 1]), strict=True):
                equal += np.array_equal(action, chunk(state)[step % CHUNK][TAKEN])
    agent.close()
    return equal
