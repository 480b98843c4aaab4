"""A served agent is the same agent: alone, among many, cut off, and beside those who misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import (
    BODY,
    SPACE,
    Echo,
    Raw,
    Served,
    asked,
    brief,
    connect,
    opening,
    page,
    seen,
    serving,
    until,
)

from polyathlon.agents.remote import wire
from polyathlon.agents.remote.register import Register
from polyathlon.agents.remote.server import Terms
from polyathlon.agents.remote.wire import Act, Begin
from polyathlon.agents.uniform import RandomAgent
from polyathlon.core.command import CommandSpace
from polyathlon.core.errors import (
    AgentFailed,
    EmbodimentMismatch,
    PolicyFailed,
    WorkerFault,
)

TOKEN = "a-token-of-twenty-four-letters"


@pytest.mark.parametrize(
    "space",
    [
        SPACE, spaces.Discrete(5, start=2), spaces.MultiDiscrete([3, 4]), spaces.MultiBinary(3),
        spaces.Text(9), CommandSpace(("click(<0..9>, <text>)", "wait()"), 99),
        spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (2, 2), np.float64)]),
        spaces.Dict({"a": spaces.Discrete(3), "b": SPACE}),
    ],
    ids=lambda space: type(space).__name__,
)  # fmt: skip
def test_every_kind_of_action_arrives_as_it_was_drawn(space: Any) -> None:
    here = RandomAgent()
    with serving(RandomAgent()) as server:
        there = connect(server.address)
        for agent in (here, there):
            agent.reset([0, 1], [brief(7, space), brief(8, space)])
        for _ in range(4):
            for mine, theirs in zip(
                here.act([{}, {}], [0, 1]), there.act([{}, {}], [0, 1]), strict=True
            ):
                assert space.contains(theirs) or isinstance(theirs, list)
                assert _plain(theirs) == _plain(mine)
        there.close()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.tolist())
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def play(address: str, client: int, episodes: int, steps: int, wrong: list[str]) -> None:
    """Plays two slots at once and checks that each answer is its own episode's."""
    agent = connect(address)
    dice = np.random.default_rng(client)
    for number in range(episodes):
        seeds = [client * 1000 + number * 2 + slot for slot in (0, 1)]
        agent.reset([0, 1], [brief(seed) for seed in seeds])
        sums = [0.0, 0.0]
        for step in range(steps):
            slots = [[0, 1], [1, 0], [0, 1]][int(dice.integers(3))]
            shown = {slot: float(dice.integers(100)) for slot in slots}
            for slot in slots:
                sums[slot] += shown[slot]
            actions = agent.act([seen(shown[slot]) for slot in slots], slots)
            for slot, action in zip(slots, actions, strict=True):
                if not np.array_equal(action, [seeds[slot], step + 1, sums[slot]]):
                    wrong.append(f"client {client} slot {slot} step {step}: {action}")
    agent.close()


@settings(max_examples=3, deadline=None)
@given(st.integers(2, 8), st.sampled_from([0.0, 0.002, 0.02]), st.integers(1, 3))
def test_ten_clients_at_once_never_hear_each_other(most: int, wait: float, episodes: int) -> None:
    agent, wrong = Echo(), []
    with serving(agent, max_batch=most, max_wait=wait) as server:
        threads = [
            threading.Thread(target=play, args=(server.address, client, episodes, 8, wrong))
            for client in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert sum(agent.batches) == 10 * 2 * episodes * 8
        assert max(agent.batches) <= most
        until(lambda: server.open_episodes == 0)


def test_batches_are_seen_in_the_metrics() -> None:
    with serving(Echo(), max_wait=1.0) as server:
        clients = [connect(server.address) for _ in range(5)]
        threads = [
            threading.Thread(target=lambda c=c: (c.reset([0], [brief(1)]), c.act([seen(1)], [0])))
            for c in clients
        ]
        for client in clients:  # All have an episode: then whoever asks is waited for.
            client.reset([0], [brief(0)])
            client.act([seen(0.0)], [0])
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status, text = page(server.address, "/metrics")
        assert status == 200
        figures = dict(
            line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")
        )
        assert float(figures["polyathlon_actions_total"]) == 10
        assert float(figures["polyathlon_batch_size_count"]) < 10
        assert float(figures["polyathlon_clients"]) == 5
        for client in clients:
            client.close()
        assert page(server.address, "/health") == (200, "ok\n")


def test_a_cut_connection_goes_on_where_it_was() -> None:
    agent = Echo()
    with serving(agent) as server:
        client = connect(server.address)
        client.reset([0], [brief(5)])
        for step in range(12):
            if step % 3 == 1:
                assert server.cut() == 1
            (action,) = client.act([seen(1.0)], [0])
            assert action.tolist() == [5, step + 1, step + 1], "an episode went on as another"
        assert sum(agent.batches) == 12, "an observation was shown to the agent twice"
        client.close()


class Slow(Echo):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let, self.asked = threading.Event(), threading.Event()

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        self.asked.set()
        assert self.let.wait(30)
        return super().act(observations, slots)


def test_an_answer_that_was_on_its_way_when_the_network_fell_is_given_again() -> None:
    agent = Slow()
    with serving(agent) as server:
        client = connect(server.address)
        client.reset([0], [brief(5)])

        def cut() -> None:
            agent.asked.wait(30)
            server.cut()
            time.sleep(0.1)
            agent.let.set()

        thread = threading.Thread(target=cut)
        thread.start()
        (action,) = client.act([seen(2.0)], [0])
        thread.join()
        assert action.tolist() == [5, 1, 2]
        assert agent.batches == [1]
        client.close()


def test_a_slow_answer_is_a_fault_of_the_infrastructure_and_at_last_the_end() -> None:
    agent = Slow()
    with serving(agent) as server:
        client = connect(server.address, TIMEOUT="0.2")
        for _ in range(2):
            client.reset([0], [brief(5)])
            (fault,) = client.act([seen(2.0)], [0])
            assert isinstance(fault, WorkerFault)
            assert fault.kind == "policy-timeout"
        client.reset([0], [brief(5)])
        with pytest.raises(PolicyFailed, match="3 times in a row"):
            client.act([seen(2.0)], [0])
        agent.let.set()
        client.close()
        until(lambda: server.open_episodes == 0)


def test_episodes_that_were_kept_too_long_are_lost_and_played_again() -> None:
    with serving(Echo(), keep=0.0) as server:
        client = connect(server.address)
        client.reset([0, 1], [brief(5), brief(6)])
        client.act([seen(1.0), seen(1.0)], [0, 1])
        server.cut()
        until(lambda: server.open_episodes == 0)
        faults = client.act([seen(1.0), seen(1.0)], [0, 1])
        assert [fault.kind for fault in faults] == ["policy-lost"] * 2
        client.reset([0], [brief(5)])
        assert client.act([seen(4.0)], [0])[0].tolist() == [5, 1, 4]
        client.close()


class Raising(Echo):
    """Raises at the number 13."""

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        if any(13 in one["state"] for one in observations):
            raise RuntimeError("at /nowhere/somebody/secret")
        return super().act(observations, slots)


def test_an_agent_that_raises_is_told_by_a_code_and_goes_on_serving_others() -> None:
    with serving(Raising()) as server:
        bad, good = connect(server.address), connect(server.address)
        for client in (bad, good):
            client.reset([0], [brief(1)])
            client.act([seen(0.0)], [0])
        with pytest.raises(AgentFailed, match="RuntimeError; the server's log") as caught:
            bad.act([seen(13.0)], [0])
        assert "secret" not in str(caught.value)
        assert good.act([seen(1.0)], [0])[0].tolist() == [1, 2, 1]
        for client in (bad, good):
            client.close()


class Tensor:
    """Refuses to become an array, as a tensor does that has a gradient."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("can't call numpy() on a tensor that requires grad")


class Graded(Echo):
    """Gives such a one, for the number 13."""

    def act(self, observations: Sequence[Any], slots: Sequence[int]) -> list[Any]:
        given = super().act(observations, slots)
        graded = any(13 in one["state"] for one in observations)
        return [Tensor() if graded else one for one in given]


def test_an_action_that_cannot_be_sent_is_its_agents_failure_and_not_the_servers_end() -> None:
    with serving(Graded()) as server:
        bad, good = connect(server.address), connect(server.address)
        for client in (bad, good):
            client.reset([0], [brief(1)])
        with pytest.raises(AgentFailed, match="requires grad"):
            bad.act([seen(13.0)], [0])
        assert good.act([seen(1.0)], [0])[0].tolist() == [1, 1, 1]
        for client in (bad, good):
            client.close()


def test_a_batcher_that_falls_ends_the_server_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any) -> None:
        raise ArithmeticError("nobody thought of this")

    server = Served(Echo(), Terms(port=0), "", None)
    client = connect(server.address)
    client.reset([0], [brief(1)])
    client.act([seen(1.0)], [0])
    monkeypatch.setattr(Register, "release", fall)
    client.act([seen(1.0)], [0])
    assert isinstance(until(lambda: server.error), ArithmeticError)
    client.close()


def test_whoever_spoils_a_batch_spoils_no_second_one() -> None:
    with serving(Raising(), max_wait=2.0) as server:
        bad, good = connect(server.address), connect(server.address)
        heard: dict[str, Any] = {}

        def ask(name: str, client: Any, number: float) -> None:
            try:
                heard[name] = client.act([seen(number)], [0])[0]
            except AgentFailed as error:
                heard[name] = error

        for tries in range(2):
            for client in (bad, good):
                client.reset([0], [brief(1)])
                client.act([seen(0.0)], [0])
            threads = [
                threading.Thread(target=ask, args=("bad", bad, 13.0)),
                threading.Thread(target=ask, args=("good", good, 1.0)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if not tries:
                assert [heard[name].kind for name in ("bad", "good")] == ["policy-lost"] * 2
        assert isinstance(heard["bad"], AgentFailed)
        assert heard["good"].tolist() == [1, 2, 1]
        for client in (bad, good):
            client.close()


class Particular(Echo):
    """Has a body and must see pictures."""

    embodiment = BODY
    observations = ("rgb",)


def test_another_body_or_a_missing_sense_is_refused_before_the_first_step() -> None:
    other = msgspec.structs.replace(BODY, action_units=("rad", "m"))
    with serving(Particular()) as server:
        client = connect(server.address)
        assert client.embodiment == BODY
        assert client.observations == ("rgb",)
        client.reset([0], [brief(1, body=other)])
        with pytest.raises(EmbodimentMismatch, match="action_units"):
            client.act([{"rgb": np.zeros((2, 2, 3), np.uint8)}], [0])
        client.reset([0], [brief(1)])
        with pytest.raises(EmbodimentMismatch, match="must see 'rgb'"):
            client.act([seen(1.0)], [0])
        client.close()


def test_an_observation_of_another_form_than_the_episode_began_with_is_refused() -> None:
    with serving(Echo()) as server:
        client = connect(server.address)
        client.reset([0], [brief(1)])
        client.act([seen(1.0)], [0])
        with pytest.raises(EmbodimentMismatch, match=r"'state' is <f8\[2\]"):
            client.act([seen(1.0, 2.0)], [0])
        client.close()


def test_turns_come_in_order_and_each_is_answered_once() -> None:
    agent = Echo()
    with serving(agent) as server:
        raw = Raw(server.address)
        raw.hello()
        assert [one.code for one in raw.say(Begin(id=1, openings=[opening(4)])).answers] == [""]
        first = raw.say(Act(id=2, asked=[asked(4, 0)])).answers[0]
        again = raw.say(Act(id=3, asked=[asked(4, 0)])).answers[0]
        assert first.action.tolist() == again.action.tolist() == [4, 1, 1]
        late = raw.say(Act(id=4, asked=[asked(4, 2), asked(4, 1), asked(9, 0)])).answers
        assert [one.code for one in late] == ["order", "", "lost"]
        assert agent.batches == [1, 1]
        same = raw.say(Begin(id=5, openings=[opening(4)])).answers[0]
        other = raw.say(Begin(id=6, openings=[opening(4, {"kind": "discrete", "n": 2})])).answers[0]
        assert (same.code, other.code) == ("", "protocol")
        raw.close()


def test_a_client_sees_no_episode_of_another() -> None:
    with serving(Echo()) as server:
        one, other = Raw(server.address), Raw(server.address)
        assert one.hello().session != other.hello().session
        one.say(Begin(id=1, openings=[opening(1)]))
        assert other.say(Act(id=1, asked=[asked(1, 0)])).answers[0].code == "lost"
        assert other.say(wire.End(id=2, episodes=[1])).spent == [{}]
        assert one.say(Act(id=2, asked=[asked(1, 0)])).answers[0].code == ""
        for raw in (one, other):
            raw.close()


SPACES: list[Any] = [
    {"kind": "box", "dtype": "<f4", "shape": [2**40], "low": 0, "high": 1},
    {"kind": "box", "dtype": "|O", "shape": [1], "low": 0, "high": 1},
    {"kind": "discrete", "n": 2**70, "start": 0}, {"kind": "discrete", "n": -1, "start": 0},
    {"kind": "text", "min": 0, "max": 2**50, "chars": "a"}, {"kind": "what"}, {"no": "kind"},
    {"kind": "dict", "parts": {"a": {"kind": "tuple", "parts": [{"kind": "discrete"}]}}},
    {"kind": "multi-discrete", "nvec": "abc"}, {"kind": "box", "dtype": "<f4", "shape": "x"},
]  # fmt: skip


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_space_that_is_none_is_refused_and_the_next_is_served(space: Any) -> None:
    with serving(Echo()) as server:
        raw = Raw(server.address)
        raw.hello()
        try:
            reply = raw.say(msgspec.msgpack.encode(
                msgspec.to_builtins(Begin(id=1, openings=[opening(1, space)])) | {"type": "begin"}
            ))  # fmt: skip
        except OverflowError:
            pytest.skip("no msgpack holds it")
        assert reply.answers[0].code == "contract"
        assert raw.say(Begin(id=2, openings=[opening(2)])).answers[0].code == ""
        raw.close()
