"""What holds for every agent registered: outputs in its space, slots are slots, reset forgets."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from gymnasium import spaces
from stub_endpoint import serving

from polyathlon.agents import AGENTS
from polyathlon.agents.lm.small import Small, make_small
from polyathlon.core.command import CommandSpace
from polyathlon.core.errors import EmbodimentMismatch
from polyathlon.core.protocols import Agent
from polyathlon.core.specs import Brief, Embodiment, check_handshake

BODY = Embodiment(id="toy", kind="continuous", action_names=("x",), low=(-1.0,), high=(1.0,))
HOLONOMIC = Embodiment(
    id="slider", kind="continuous", action_names=("vx", "vy"), action_units=("m/s", "m/s"),
    frame="world", control_hz=10.0, low=(-1.0, -1.0), high=(1.0, 1.0),
)  # fmt: skip
WHEELED = Embodiment(
    id="roller", kind="continuous", action_names=("v", "omega"), action_units=("m/s", "rad/s"),
    frame="robot", control_hz=10.0, low=(0.0, -1.5), high=(1.0, 1.5),
)  # fmt: skip
SPOKEN = [
    (BODY, spaces.Discrete(7)),
    (Embodiment(id="screen", kind="text"), CommandSpace(("click(<0..9>, <0..9>)", "wait()"), 99)),
]
TOYS = [
    (BODY, space)
    for space in (
        spaces.Box(-1, 1, (4,), np.float32), spaces.Discrete(7), spaces.MultiDiscrete([5, 5])
    )
]  # fmt: skip
ROBOTS = [
    (body, spaces.Box(np.array(body.low, np.float32), np.array(body.high, np.float32)))
    for body in (HOLONOMIC, WHEELED)
]


GROUNDS = {"socialnav": ROBOTS, "llm": SPOKEN}
"""Bodies for the agents of a folder, where not every body will do."""


@pytest.fixture(autouse=True, scope="module")
def _model(tmp_path_factory):
    """A language model for those that ask one: it does what the dice of the episode say."""

    def answer(body):
        spoken = "click" in body["messages"][0]["content"]
        return f"ACTION: click({body['seed'] % 9}, 1)" if spoken else f"ACTION: {body['seed'] % 7}"

    with serving(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYATHLON_LLM_URL", server.url)
        patch.setenv("POLYATHLON_LLM_MODEL", "stub")
        patch.setenv("NO_PROXY", "*")
        # And one of its own for those that load one; untrained, it says what its dice once said.
        sizes = Small(kind="llava-onevision", width=16, layers=1, vision_width=16, vision_layers=1)
        local = make_small(tmp_path_factory.mktemp("model") / "small", sizes, ["Walk."])
        patch.setenv("POLYATHLON_LLM_LOCAL", str(local))
        patch.setenv("POLYATHLON_LLM_IMAGE_TOKENS", "4")
        patch.setenv("POLYATHLON_LLM_MAX_TOKENS", "6")
        yield


def in_the_evaluator():
    return [name for name in AGENTS if getattr(AGENTS[name], "placement", "") != "worker"]


def grounds():
    """Every agent on bodies that it can play: those of its own family, if it has one."""
    return [
        pytest.param(name, *ground, id=f"{name}-{ground[0].id}-{ground[1]}")
        for name in in_the_evaluator()
        for ground in GROUNDS.get(AGENTS[name].__module__.split(".")[2], TOYS)
    ]


every_agent = pytest.mark.parametrize(("name", "body", "space"), grounds())


def brief(body, space, seed):
    return Brief(
        instruction="Walk.",
        embodiment=body,
        action_space=space,
        max_episode_steps=9,
        agent_seed=seed,
    )


def crowd(rng):
    """The state of a robot among two people, as socialnav has it; numbers to all others."""
    robot = [4.0, 0.6, 0.8, 0.3, 0.1, 1.0, 0.25, 30.0, 0.0]
    people = np.array([[2.0, 0.2, -1.0, 0.0, 0.3, 0.0, -1.0, -1.0], [-3, 2, 0.5, 0, 0.3, 0, 1, -1]])
    people[:, :4] += rng.normal(scale=0.2, size=(2, 4))
    return np.array([*robot, *people.ravel(), 1.0, 1.0], np.float32)


def observations(count):
    rng = np.random.default_rng(0)
    return [
        {
            "rgb": rng.integers(0, 256, (16, 16, 3), np.uint8),
            "state": crowd(rng),
            "lidar": rng.uniform(0.5, 10.0, 90).astype(np.float32),
            "instruction": "Walk.",
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("name", AGENTS)
def test_it_is_an_agent(name):
    made = AGENTS[name]()
    assert made.dialect
    assert isinstance(made, Agent) or made.placement == "worker"


@every_agent
def test_outputs_lie_in_its_space(name, body, space):
    agent = AGENTS[name]()
    agent.reset([0, 1, 2], [brief(body, space, seed) for seed in range(3)])
    for _ in range(30):
        actions = list(agent.act(observations(3), [0, 1, 2]))
        assert len(actions) == 3
        assert all(space.contains(action) for action in actions)


@every_agent
def test_permuting_slots_permutes_actions(name, body, space):
    seen = observations(3)

    def trace(order):
        agent = AGENTS[name]()
        agent.reset(order, [brief(body, space, 100 + slot) for slot in order])
        turns = [list(agent.act([seen[slot] for slot in order], order)) for _ in range(10)]
        return {slot: [np.asarray(turn[order.index(slot)]) for turn in turns] for slot in order}

    one, other = trace([0, 1, 2]), trace([2, 0, 1])
    assert all(np.array_equal(one[slot], other[slot]) for slot in range(3))


@every_agent
def test_reset_forgets_and_other_slots_do_not_matter(name, body, space):
    seen = observations(1)

    def play(agent, slot):
        agent.reset([slot], [brief(body, space, 7)])
        return [np.asarray(agent.act(seen, [slot])[0]) for _ in range(10)]

    fresh, used = AGENTS[name](), AGENTS[name]()
    used.reset([0, 1], [brief(body, space, 1), brief(body, space, 2)])
    used.act(observations(2), [0, 1])
    assert np.array_equal(play(fresh, 0), play(used, 1))


def test_the_handshake_names_what_differs():
    check_handshake(None, BODY, "toy.walk-v0")
    check_handshake(BODY, BODY, "toy.walk-v0")
    faster = Embodiment(
        id="toy", kind="continuous", action_names=("x",), low=(-1.0,), high=(1.0,), control_hz=20.0
    )
    with pytest.raises(EmbodimentMismatch, match=r"toy.walk-v0 .*control_hz: 20.0 against None"):
        check_handshake(faster, BODY, "toy.walk-v0")


def test_bodies_of_many_joints_differ_in_a_line():
    names = tuple(f"joint {number}" for number in range(30))
    body = Embodiment(id="toy", kind="continuous", action_names=names, low=(-1.0,) * 30)
    wider = msgspec.structs.replace(body, low=(-2.0,) * 29 + (-1.0,))
    fewer = msgspec.structs.replace(body, action_names=names[:20])
    assert wider.differences(body) == ["low 0: -2.0 against -1.0 and 28 more"]
    assert fewer.differences(body) == ["action_names: 20 against 30"]
