"""Models that are served for openpi, RoboArena and vla-eval play here as they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from gymnasium import spaces
from peer_servers import chunk, peer
from serving import BODY, answering, brief

from polyathlon.agents.remote.foreign import pack, unpack
from polyathlon.agents.remote.mapping import read_mapping, resized
from polyathlon.agents.remote.opening import open_agent
from polyathlon.agents.remote.wire import WireError
from polyathlon.core.errors import (
    AgentFailed,
    BadArgument,
    EmbodimentMismatch,
    PolicyFailed,
    WorkerFault,
)

OPENPI = """
name = "toy-pi"
revision = "step 1000"

[observation]
"observation/image" = "rgb"
"observation/state" = { field = "state", take = [2, 0] }
prompt = "instruction"

[action]
body = "toy"
take = [1, 0]
scale = [2.0, 1.0]
offset = [0.0, -0.5]
clip = true
execute = 3
"""
VLAEVAL = """
name = "toy-vla"

[observation]
"images.agentview" = "rgb"
states = "state"
task_description = "instruction"

[picture]
size = 32

[action]
body = "toy"
take = [0, 6]

[action.formats]
position = "delta_xyz"
gripper = "binary_close_positive"
"""
SPECS = {
    "position": {"name": "position", "dims": 3, "format": "delta_xyz", "range": [-1, 1]},
    "gripper": {"name": "gripper", "dims": 1, "format": "binary_close_positive"},
}
SPACE = spaces.Box(-1, 1, (2,), np.float32)


def seen(number: float) -> dict[str, Any]:
    return {
        "rgb": np.full((40, 60, 3), 200, np.uint8),
        "state": np.array([number, 5.0, 0.25], np.float32),
        "instruction": "put it there",
    }


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a mapping and names it as a user would."""

    def written(text: str) -> None:
        (tmp_path / "mapping.toml").write_text(text)
        monkeypatch.setenv("POLYATHLON_REMOTE_MAPPING", str(tmp_path / "mapping.toml"))
        monkeypatch.setenv("POLYATHLON_REMOTE_TIMEOUT", "20")

    return written


def mapped(row: Any) -> Any:
    return np.clip(row[[1, 0]] * np.float32([2, 1]) + np.float32([0, -0.5]), -1, 1)


def test_openpi_is_asked_for_a_chunk_and_it_is_played(use: Any) -> None:
    use(OPENPI)
    with peer("openpi", model="toy") as server:
        record, agent = open_agent(f"openpi://127.0.0.1:{server.port}")
        assert (record.name, record.placement) == ("toy-pi", "remote")
        assert record.observations == ("rgb", "state", "instruction")
        assert record.settings["revision"] == "step 1000"
        agent.reset([0, 1], [brief(1), brief(2)])
        actions = [agent.act([seen(0.1 * n), seen(0.5)], [0, 1]) for n in range(4)]
        first, second = chunk([0.25, 0.0]), chunk([0.25, np.float32(0.3)])
        for step, row in enumerate([*first[:3], second[0]]):
            assert np.allclose(actions[step][0], mapped(row))
        assert len(server.said) == 4, "three actions of each chunk of four are played"
        shown = server.said[0]
        assert shown["observation/image"].shape == (224, 224, 3)
        assert shown["observation/state"].tolist() == [0.25, 0.0]
        assert shown["prompt"] == "put it there"
        agent.close()  # type: ignore[attr-defined]


def test_openpi_s_pings_and_a_slow_world_cost_nothing(
    use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(OPENPI.replace("execute = 3", "execute = 1"))
    monkeypatch.setenv("POLYATHLON_REMOTE_TOKEN", "a-key-for-this-test")
    with peer("openpi", ping=0.2) as server:
        _, agent = open_agent(f"openpi://127.0.0.1:{server.port}")
        agent.reset([0], [brief(1)])
        for step in range(3):
            (action,) = agent.act([seen(0.1 * step)], [0])
            assert isinstance(action, np.ndarray), action
            time.sleep(0.8)
        assert len(server.connections) > 1, "the server did not lose patience"
        assert set(server.authorizations) == {"Api-Key a-key-for-this-test"}
        agent.close()  # type: ignore[attr-defined]


def test_roboarena_is_told_of_episodes_and_must_state_what_the_mapping_states(use: Any) -> None:
    config = {
        "image_resolution": [224, 224], "needs_wrist_camera": False, "n_external_cameras": 1,
        "needs_stereo_camera": False, "needs_session_id": True, "action_space": "joint_velocity",
    }  # fmt: skip
    with peer("roboarena", **config) as server:
        use(OPENPI)
        with pytest.raises(EmbodimentMismatch, match="acts in joint_velocity"):
            open_agent(f"openpi://127.0.0.1:{server.port}")
        use(OPENPI + '\n[action.formats]\naction_space = "joint_velocity"\n')
        _, agent = open_agent(f"openpi://127.0.0.1:{server.port}")
        agent.reset([0], [brief(1)])
        (action,) = agent.act([seen(0.5)], [0])
        assert np.allclose(action, mapped(chunk([0.25, 0.5])[0]))
        assert [one["endpoint"] for one in server.said] == ["reset", "infer"]
        assert server.said[1]["session_id"].shape == (1,)
        agent.close()  # type: ignore[attr-defined]


def test_vla_eval_hears_episodes_and_each_slot_is_its_own(use: Any) -> None:
    use(VLAEVAL)
    with peer("vlaeval", protocol_version=1, harness_version="9", action_spec=SPECS) as server:
        _, agent = open_agent(f"vlaeval://127.0.0.1:{server.port}")
        agent.reset([0, 1], [brief(1), brief(2)])
        for step in range(3):
            one, other = agent.act([seen(0.0), seen(0.5)], [0, 1])
            assert np.allclose(one, chunk(seen(0.0)["state"])[step][[0, 6]])
            assert np.allclose(other, chunk(seen(0.5)["state"])[step][[0, 6]])
        agent.reset([0], [brief(3)])
        (again,) = agent.act([seen(0.0)], [0])
        assert np.allclose(again, chunk(seen(0.0)["state"])[0][[0, 6]]), "an episode went on"
        kinds = [one["type"] for one in server.said]
        assert kinds.count("episode_start") == 3
        assert kinds.count("episode_end") == 1
        shown = next(one["payload"] for one in server.said if one["type"] == "observation")
        assert shown["images"]["agentview"].shape == (32, 32, 3)
        agent.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "spec",
    [SPECS | {"rotation": {"format": "euler_xyz"}}, {"position": {"format": "absolute_xyz"}}, {}],
)
def test_vla_eval_formats_that_differ_are_refused_before_the_first_step(
    use: Any, spec: Any
) -> None:
    use(VLAEVAL)
    with (
        peer("vlaeval", protocol_version=1, action_spec=spec) as server,
        pytest.raises(EmbodimentMismatch, match="states of its action"),
    ):
        open_agent(f"vlaeval://127.0.0.1:{server.port}")


def test_another_version_of_vla_eval_is_named(use: Any) -> None:
    use(VLAEVAL)
    with (
        peer("vlaeval", protocol_version=7) as server,
        pytest.raises(PolicyFailed, match="version 7 of vla-eval"),
    ):
        open_agent(f"vlaeval://127.0.0.1:{server.port}")


@pytest.mark.parametrize(("kind", "text"), [("openpi", OPENPI), ("vlaeval", VLAEVAL)])
def test_what_a_server_raises_ends_the_run_and_a_cut_loses_the_episode(
    use: Any, kind: str, text: str
) -> None:
    use(text.replace("execute = 3", "execute = 1"))
    with peer(kind, protocol_version=1, action_spec=SPECS) as server:
        _, agent = open_agent(f"{kind}://127.0.0.1:{server.port}")
        agent.reset([0], [brief(1)])
        agent.act([seen(0.1)], [0])
        server.cut()
        (fault,) = agent.act([seen(0.2)], [0])
        assert isinstance(fault, WorkerFault)
        assert fault.kind == "policy-lost"
        agent.reset([0], [brief(1)])
        assert isinstance(agent.act([seen(0.1)], [0])[0], np.ndarray)
        server.fail = "ValueError: no such camera"
        with pytest.raises(AgentFailed, match="no such camera") as caught:
            agent.act([seen(0.3)], [0])
        assert "secret" not in str(caught.value)
        agent.close()  # type: ignore[attr-defined]


def test_another_body_and_another_shape_are_refused(use: Any) -> None:
    use(OPENPI)
    with peer("openpi") as server:
        _, agent = open_agent(f"openpi://127.0.0.1:{server.port}")
        other = msgspec.structs.replace(BODY, id="another")
        with pytest.raises(EmbodimentMismatch, match="expects 'another'"):
            agent.reset([0], [brief(1, body=other)])
        with pytest.raises(EmbodimentMismatch, match="takes 3"):
            agent.reset([0], [brief(1, space=spaces.Box(-1, 1, (3,)))])
        with pytest.raises(EmbodimentMismatch, match="Discrete"):
            agent.reset([0], [brief(1, space=spaces.Discrete(3))])
        agent.close()  # type: ignore[attr-defined]


def test_no_such_server_is_one_line(use: Any) -> None:
    for text, kind in ((OPENPI, "openpi"), (VLAEVAL, "vlaeval")):
        use(text)
        page = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>hi</html>"
        with answering(page) as address, pytest.raises(PolicyFailed, match="a web page"):
            open_agent(address.replace("ws://", f"{kind}://"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("body", "bodi"), "unknown field `bodi`"), (("scale = [2.0, 1.0]", "scale = [2.0]"), "of"),
        (('"rgb"', '"rgbd"'), "Invalid enum value 'rgbd'"), (("execute = 3", "execute = 0"), "1"),
        (("[1, 0]", "[1, -1]"), "from 0"), (("name = ", "name ="), ""),
        (("take = [2, 0]", "take = [-1]"), "from 0"), (("take = [2, 0]", "take = []"), "numbers"),
        (('"state", take', '"instruction", take'), "numbers of state"),
        (('"observation/image"', '"prompt.image"'), "'prompt.image' within 'prompt'"),
        (("[action]", "[picture]\nsize = 100000\n[action]"), "at most 4096"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_mistake_names_it(use: Any, change: Any, told: str) -> None:
    use(OPENPI.replace(*change))
    if not told:
        assert read_mapping().name == "toy-pi"
        return
    with pytest.raises(BadArgument, match=told):
        read_mapping()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("take = [2, 0]", "take = [2, 39]"), "takes number 39"),
        (("take = [1, 0]", "take = [1, 7]"), "the mapping takes the 7"),
        (("take = [1, 0]\nscale = [2.0, 1.0]\noffset = [0.0, -0.5]", ""), "say which with take"),
    ],
    ids=["of the state", "of the action", "none named"],
)
def test_numbers_that_are_not_there_are_named(use: Any, change: Any, told: str) -> None:
    assert change[0] in OPENPI
    use(OPENPI.replace(*change))
    with peer("openpi") as server:
        _, agent = open_agent(f"openpi://127.0.0.1:{server.port}")
        agent.reset([0], [brief(1)])
        with pytest.raises(EmbodimentMismatch, match=told):
            agent.act([seen(0.1)], [0])
        agent.close()  # type: ignore[attr-defined]


def test_whole_numbers_are_scaled_by_parts_of_one(use: Any) -> None:
    use(OPENPI.replace("scale = [2.0, 1.0]", "scale = [0.25, 0.5]"))
    action = read_mapping().act(np.arange(7), spaces.Box(-1, 1, (2,)))
    assert action.tolist() == [0.25, -0.5]


def test_a_mapping_must_be_named() -> None:
    with pytest.raises(BadArgument, match="POLYATHLON_REMOTE_MAPPING names no file"):
        read_mapping({})


def test_pictures_are_padded_and_keep_their_shape() -> None:
    picture = resized(np.full((40, 60, 3), 200, np.uint8), 30)
    assert picture.shape == (30, 30, 3)
    assert (picture[5:25] == 200).all()
    assert (picture[:5] == 0).all()
    assert (picture[25:] == 0).all()


@pytest.mark.parametrize(
    "value",
    [
        {"__ndarray__": True, "data": b"1234", "dtype": "|O", "shape": [1]},
        {"__ndarray__": True, "data": b"1234", "dtype": "<f4", "shape": [2**40]},
        {"__ndarray__": True, "data": "text", "dtype": "<f4", "shape": [1]},
        {"__ndarray__": True, "data": b"1234", "dtype": "<f4", "shape": [-1]},
        {"__ndarray__": True, "data": b"1234", "dtype": "<f4"},
    ],
)
@pytest.mark.parametrize("binary", [True, False])
def test_foreign_arrays_that_are_none_are_refused(value: Any, binary: bool) -> None:
    named = {name.encode() if binary else name: part for name, part in value.items()}
    with pytest.raises(WireError):
        unpack(msgspec.msgpack.encode({"a": [named]}))
    with pytest.raises(WireError):
        unpack(b"\x91" * 100_000)


def test_foreign_values_arrive_as_they_were() -> None:
    value = {"a": np.arange(6, dtype="<i4").reshape(2, 3), "b": ["x", 1, None, np.float32(0.5)]}
    for binary in (True, False):
        found = unpack(pack(value, binary))
        assert np.array_equal(found["a"], value["a"])
        assert found["b"] == ["x", 1, None, 0.5]
