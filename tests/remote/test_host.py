"""The file that users copy: it stands alone, on Python 3.9 too, and serves by the same protocol."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import BODY, Raw, answering, brief, connect
from websockets.frames import Frame, Opcode

from polyathlon.agents.remote import wire
from polyathlon.agents.remote.opening import open_agent
from polyathlon.agents.remote.wire import Act, Asked, Begin, Hello, Opening
from polyathlon.core.errors import AgentFailed, EmbodimentMismatch, PolicyFailed

HOST = Path(__file__).resolve().parents[2] / "examples" / "policy_host.py"

POLICY = '''
class Echo:
    """Says its episode's seed, the turn, and the sum of what it saw."""

    observations = ("state", "rgb")
    settings = {"weights": "none"}
    embodiment = {"id": "toy", "action_names": ["x", "y"], "action_units": ["m", "m"],
                  "low": [-1, -1], "high": [1, 1]}

    def __init__(self):
        self.episodes = {}

    def reset(self, slots, briefs):
        for slot, brief in zip(slots, briefs):
            assert brief["action_space"]["kind"] == "box"
            self.episodes[slot] = [brief["agent_seed"], 0, 0.0]

    def act(self, observations, slots):
        actions = []
        for seen, slot in zip(observations, slots):
            numbers = seen["state"].tolist()
            if 13 in numbers:
                raise RuntimeError("at /nowhere/somebody")
            assert seen["rgb"].shape == (2, 3, 3) and seen["rgb"].tolist()[1][2] == [7, 7, 7]
            episode = self.episodes[slot]
            episode[1] += 1
            episode[2] += sum(numbers)
            actions.append(list(episode))
        return actions
'''


def old_python() -> str | None:
    """A Python 3.9 that starts, if there is one."""
    found = shutil.which("python3.9")
    if found is None:
        return None
    done = subprocess.run([found, "-c", "import sys; print(sys.version_info[:2])"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    return found if done.stdout.strip() == "(3, 9)" else None


PYTHONS = [
    pytest.param([sys.executable, "-I", "-S"], id="without packages"),
    pytest.param([sys.executable, "-I"], id="with numpy"),
    pytest.param(
        [old_python(), "-I", "-S"], id="3.9",
        marks=pytest.mark.skipif(old_python() is None, reason="no python3.9 on the path"),
    ),
]  # fmt: skip


@contextmanager
def hosting(python: list[str], folder: Path, policy: str = "echo_policy:Echo") -> Iterator[str]:
    """The copied file, run in a folder of its own."""
    shutil.copy(HOST, folder)
    (folder / "echo_policy.py").write_text(POLICY)
    boot = (
        "import sys; sys.path.insert(0, '.'); sys.argv[0] = 'policy_host.py'\n"
        "import policy_host; policy_host.main()"
    )
    process = subprocess.Popen(
        [*python, "-c", boot, policy, "--port", "0"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"ws://\S+", line)
        assert found, line + (process.communicate()[1] if not line else "")
        yield found[0]
    finally:
        process.kill()
        process.communicate()


def seen(number: float) -> dict[str, Any]:
    return {"state": np.array([number, 0.5], np.float32), "rgb": np.full((2, 3, 3), 7, np.uint8)}


@pytest.mark.parametrize("python", PYTHONS)
def test_the_copied_file_serves(python: list[str], tmp_path: Path) -> None:
    with hosting(python, tmp_path) as address:
        record, agent = open_agent(address)
        assert (record.name, record.path) == ("Echo", "echo_policy:Echo")
        assert record.settings == {"weights": "none"}
        assert len(record.source_digest) == 64
        assert agent.embodiment == BODY  # type: ignore[attr-defined]
        agent.reset([0, 1], [brief(5), brief(6)])
        for step in range(3):
            actions = agent.act([seen(1.0), seen(2.0)], [0, 1])
            assert actions == [
                [5, step + 1, 1.5 * (step + 1)],
                [6, step + 1, 2.5 * (step + 1)],
            ]
        agent.reset([1], [brief(7)])
        assert agent.act([seen(0.0)], [1]) == [[7, 1, 0.5]]
        with pytest.raises(AgentFailed, match="RuntimeError; the host's log") as caught:
            agent.act([seen(13.0)], [0])
        assert "somebody" not in str(caught.value)
        agent.reset([0], [brief(1, body=msgspec.structs.replace(BODY, frame="world"))])
        with pytest.raises(EmbodimentMismatch, match="another body: frame"):
            agent.act([seen(1.0)], [0])
        agent.close()  # type: ignore[attr-defined]


REACHER = """
class Reacher:
    observations = ("state",)

    def reset(self, slots, briefs):
        pass

    def act(self, observations, slots):
        actions = []
        for seen in observations:
            state = seen["state"].tolist()
            move = [10 * (there - here) for there, here in zip(state[36:39], state[:3])]
            actions.append([max(-1.0, min(1.0, one)) for one in move] + [0.0])
        return actions
"""


@pytest.mark.parametrize("python", PYTHONS[::2])
def test_a_policy_in_an_old_environment_drives_meta_world(
    python: list[str], tmp_path: Path
) -> None:
    (tmp_path / "reacher.py").write_text(REACHER)
    arguments = ("metaworld.reach", "--episodes", "2", "--video", "0", "--json", "--out", "run")
    with hosting(python, tmp_path, "reacher:Reacher") as address:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "polyathlon.cli", "eval", *arguments, "--agent", address],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    overall = json.loads(done.stdout)["overall"]
    assert (overall["n_valid"], overall["success"]["value"]) == (2, 1.0)


def test_it_is_python_3_9_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(HOST.read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - {"numpy"} <= set(sys.stdlib_module_names)


@pytest.fixture(scope="module")
def host() -> Any:
    """The file as a module."""
    spec = importlib.util.spec_from_file_location("policy_host", HOST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=60)
@given(VALUES)
def test_its_msgpack_is_everybody_s(host: Any, value: Any) -> None:
    assert msgspec.msgpack.decode(host.pack(value)) == value
    assert host.unpack(msgspec.msgpack.encode(value)) == value


@settings(max_examples=300)
@given(st.binary(max_size=100))
def test_its_reader_takes_noise_for_what_it_is(host: Any, noise: bytes) -> None:
    try:
        found = host.unpack(noise)
    except host.Malformed:
        return
    assert msgspec.msgpack.encode(found) is not None


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
def test_masks_come_off(host: Any, data: bytes, mask: bytes) -> None:
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    assert host.unmask(masked, mask) == data


@pytest.mark.parametrize("numbers", [True, False], ids=["NumPy", "none"])
def test_masks_come_off_a_message_of_pictures(
    host: Any, numbers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not numbers:
        monkeypatch.setattr(host, "numpy", None)
    for size in range(100_000, 100_005):
        data = np.random.default_rng(size).bytes(size)
        masked = Frame(Opcode.BINARY, data).serialize(mask=True)
        assert host.unmask(masked[14:], masked[10:14]) == data


def test_an_action_that_refuses_to_be_an_array_is_the_policy_s_failure(host: Any) -> None:
    class Tensor:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("can't call numpy() on a tensor that requires grad")

    class Policy:
        def reset(self, slots: Any, briefs: Any) -> None:
            pass

        def act(self, observations: Any, slots: Any) -> Any:
            return [Tensor() for _ in slots]

    desk, episodes = host.Desk(Policy(), "graded"), {}
    opening = {"episode": 1, "embodiment": {"id": "toy"}, "layout": {}}
    desk.reply({"type": "begin", "id": 1, "openings": [opening]}, episodes)
    asked = {"episode": 1, "turn": 0, "observation": {}}
    (answer,) = desk.reply({"type": "act", "id": 2, "asked": [asked]}, episodes)["answers"]
    assert answer["code"] == "agent-failed"
    assert "requires grad" in answer["message"]


def test_it_goes_on_after_those_who_misbehave(tmp_path: Path) -> None:
    with hosting([sys.executable, "-I", "-S"], tmp_path) as address:
        for frame in (b"\xc1", "text", b"\x91" * 1000, wire.encode(Hello(protocol=3, client="x"))):
            raw = Raw(address)
            assert raw.say(frame).code == "protocol"
            raw.close()
        raw = Raw(address)
        raw.hello()
        opening = Opening(
            episode=1, instruction="", embodiment=BODY, max_episode_steps=3, agent_seed=9,
            action_space={"kind": "box"}, layout={"state": "<f4[2]", "rgb": "|u1[2,3,3]"},
        )  # fmt: skip
        codes = [
            raw.say(message).answers[0].code
            for message in (
                Begin(id=1, openings=[opening]),
                Act(id=2, asked=[Asked(episode=1, turn=0, observation=seen(1))]),
                Act(id=3, asked=[Asked(episode=1, turn=0, observation=seen(1))]),
                Act(id=4, asked=[Asked(episode=1, turn=5, observation=seen(1))]),
                Act(id=5, asked=[Asked(episode=2, turn=0, observation=seen(1))]),
            )
        ]
        assert codes == ["", "", "", "order", "lost"]
        raw.close()


def test_its_token_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "a-token-for-this-test"
    monkeypatch.setenv("POLYATHLON_REMOTE_TOKEN", token)
    with hosting([sys.executable, "-I", "-S"], tmp_path) as address:
        connect(address, TOKEN=token).close()
        with pytest.raises(PolicyFailed, match="401"):
            connect(address, TOKEN=token + "x")
    with answering(None) as other, pytest.raises(PolicyFailed, match="no greeting"):
        connect(other, TIMEOUT="0.2")
