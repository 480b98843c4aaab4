"""A model of one's own as an agent: it chooses among names, or writes; all slots in one pass."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.agents.llm.local import LocalAgent, LocalSetting, read_local_setting
from polyathlon.agents.lm.small import Small, make_small
from polyathlon.core.command import CommandSpace
from polyathlon.core.errors import BadArgument
from polyathlon.core.specs import Brief, Embodiment

GRID = Embodiment(id="grid", kind="discrete", action_names=("open", "open the door", "turn left"))
PHONE = Embodiment(id="phone", kind="text")
SIZES = {"width": 16, "layers": 1, "heads": 2, "vision_width": 16, "vision_layers": 1}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {
        kind: make_small(root / kind, Small(kind=kind, **SIZES), ["Buy milk.", *GRID.action_names])
        for kind in ("llama", "llava-onevision")
    }


def brief(body: Embodiment) -> Brief:
    space = spaces.Discrete(3) if body is GRID else CommandSpace(("wait()", "type(<text>)"), 50)
    return Brief(
        instruction="Buy milk.", embodiment=body, action_space=space, max_episode_steps=9,
        agent_seed=0,
    )  # fmt: skip


def seen(seed: int) -> dict[str, object]:
    picture = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), np.uint8)
    return {"rgb": picture, "instruction": f"Buy milk {'again ' * seed}."}


@pytest.mark.parametrize("kind", ["llama", "llava-onevision"])
def test_slots_are_slots_and_names_are_actions(folders, kind):
    setting = LocalSetting(model=str(folders[kind]), image_tokens=4, max_tokens=5)
    together, alone = LocalAgent(setting), LocalAgent(setting)
    bodies = [GRID, PHONE, GRID]
    together.reset([2, 0, 1], [brief(body) for body in bodies])
    for slot, body in zip([2, 0, 1], bodies, strict=True):
        alone.reset([slot], [brief(body)])
    for step in range(2):
        observations = [seen(step), seen(step + 1), seen(step + 2)]
        both = together.act(observations, [2, 0, 1])
        assert both[0] in range(3)
        assert isinstance(both[1], str)
        each = [
            alone.act([one], [slot])[0] for one, slot in zip(observations, [2, 0, 1], strict=True)
        ]
        assert each == both
    assert together.spent(2)["tokens_in"] > together.spent(2)["tokens_out"] > 0


def test_written_names_are_parsed(folders):
    setting = LocalSetting(model=str(folders["llama"]), decoding="parsed", max_tokens=4)
    agent = LocalAgent(setting)
    agent.reset([0], [brief(GRID)])
    (action,) = agent.act([{"instruction": "Buy milk."}], [0])
    assert action in range(3) or isinstance(action, str)
    assert agent.settings["decoding"] == "parsed"
    assert len(agent.settings["model_fingerprint"]) == 64


def test_the_setting_names_what_is_amiss(folders):
    with pytest.raises(BadArgument, match="needs POLYATHLON_LLM_LOCAL"):
        read_local_setting({})
    known = {"POLYATHLON_LLM_LOCAL": str(folders["llama"])}
    assert read_local_setting({**known, "POLYATHLON_LLM_MAX_TOKENS": "7"}).max_tokens == 7
    with pytest.raises(BadArgument, match="POLYATHLON_LLM_DECODING is 'free'"):
        read_local_setting({**known, "POLYATHLON_LLM_DECODING": "free"})
    with pytest.raises(BadArgument, match="POLYATHLON_LLM_DTYPE is 'int3'"):
        read_local_setting({**known, "POLYATHLON_LLM_DTYPE": "int3"})
    with pytest.raises(BadArgument, match="no model folder"):
        LocalAgent(LocalSetting(model="./nowhere"))
    vector = Embodiment(id="arm", kind="continuous", action_names=("x",))
    agent = LocalAgent(LocalSetting(model=str(folders["llama"])))
    with pytest.raises(BadArgument, match="says its actions in words"):
        agent.reset([0], [Brief(
            instruction="", embodiment=vector, action_space=spaces.Box(-1, 1, (1,)),
            max_episode_steps=1, agent_seed=0,
        )])  # fmt: skip
