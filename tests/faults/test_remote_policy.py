"""A policy that is served elsewhere: its faults cost attempts, never a score."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from relay import relaying, trickling
from serving import connect, process, serving, until

from polyathlon.agents.uniform import RandomAgent
from polyathlon.core.episode import Outcome
from polyathlon.core.errors import PolicyFailed

EPISODES = 6


@pytest.fixture
def undisturbed(play: Callable[..., Any]) -> Any:
    """What the random agent does in this process."""
    return play(["sound"], EPISODES)


def same(played: Any, undisturbed: Any) -> bool:
    rewards = {key: one.total_reward for key, one in played.results.items()}
    expected = {key: one.total_reward for key, one in undisturbed.results.items()}
    return rewards == expected and played.digests == undisturbed.digests


@pytest.mark.parametrize("slots", [1, 3])
def test_a_served_policy_plays_as_in_this_process(
    play: Callable[..., Any], undisturbed: Any, slots: int
) -> None:
    with serving(RandomAgent()) as server:
        agent = connect(server.address)
        assert same(play(["sound"], EPISODES, slots, agent), undisturbed)
        agent.close()


class Counting(RandomAgent):
    """Lets something happen at some of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.at = 0, {}

    def act(self, observations: Any, slots: Any) -> Any:
        self.calls += 1
        self.at.get(self.calls, lambda: None)()
        return super().act(observations, slots)


def test_a_network_that_is_cut_costs_not_even_an_attempt(
    play: Callable[..., Any], undisturbed: Any
) -> None:
    agent = Counting()
    with serving(agent) as server:
        agent.at = dict.fromkeys((1, 2, 17, 40, 41, 80), server.cut)
        client = connect(server.address)
        played = play(["sound"], EPISODES, 2, client)
        assert same(played, undisturbed)
        assert {one.attempts for one in played.results.values()} == {1}
        client.close()


def test_frames_that_come_twice_late_and_out_of_order_change_nothing(
    play: Callable[..., Any], undisturbed: Any
) -> None:
    with serving(RandomAgent()) as server, relaying(server.port, seed=1) as relay:
        client = connect(relay.address)
        played = play(["sound"], EPISODES, 2, client)
        assert same(played, undisturbed)
        assert relay.disorder > 20
        client.close()


def test_a_slow_network_changes_nothing(play: Callable[..., Any], undisturbed: Any) -> None:
    with serving(RandomAgent()) as server, trickling(server.port, seed=1) as wire:
        client = connect(wire.address)
        played = play(["sound"], EPISODES, 2, client)
        assert same(played, undisturbed)
        assert {one.attempts for one in played.results.values()} == {1}
        assert wire.pieces > 100
        client.close()


def test_a_server_that_is_killed_and_started_again_costs_attempts_alone(
    play: Callable[..., Any], undisturbed: Any
) -> None:
    with process("random") as server:
        client = connect(server.address, PATIENCE="60")
        done = threading.Event()

        def disturb() -> None:
            time.sleep(0.1)
            server.kill()
            server.start()
            done.set()

        thread = threading.Thread(target=disturb)
        first = client.act

        def act(observations: Any, slots: Any) -> Any:
            if not thread.ident:
                thread.start()
            if not done.is_set():
                time.sleep(0.01)  # The kill is to come in the middle.
            return first(observations, slots)

        client.act = act  # type: ignore[method-assign]
        played = play(["sound"], EPISODES, 2, client)
        thread.join()
        assert same(played, undisturbed)
        faults = [fault.kind for one in played.results.values() for fault in one.faults]
        assert set(faults) == {"policy-lost"}
        client.close()


def test_a_policy_that_is_lost_again_and_again_makes_an_episode_invalid(
    play: Callable[..., Any],
) -> None:
    with serving(RandomAgent(), keep=0.0) as server:
        client = connect(server.address)

        def lose() -> None:
            server.cut()
            until(lambda: not server.open_episodes)

        for call in (13, 8, 3):  # The first three attempts, each in the middle.
            client.act = _after(client.act, call, lose)  # type: ignore[method-assign]
        played = play(["sound"], 2, 1, client)
        first, second = (played.results[key] for key in sorted(played.results))
        assert first.outcome is Outcome.INVALID
        assert [fault.kind for fault in first.faults] == ["policy-lost"] * 3
        assert first.score == 0.0
        assert second.valid
        client.close()


def test_a_server_that_stays_away_ends_the_run_with_one_line(play: Callable[..., Any]) -> None:
    with serving(RandomAgent()) as server:
        client = connect(server.address, PATIENCE="0.3")
        client.act = _after(client.act, 30, server.close)  # type: ignore[method-assign]
        with pytest.raises(PolicyFailed, match="the same command goes on"):
            play(["sound"], EPISODES, 1, client)
        server.close = lambda: None  # type: ignore[method-assign]


def _after(act: Any, count: int, then: Callable[[], None]) -> Any:
    calls = iter(range(count + 1))

    def counted(observations: Any, slots: Any) -> Any:
        if next(calls, None) == count:
            then()
        return act(observations, slots)

    return counted


RUN = ("eval", "faulty.sound", "--episodes", "4", "--slots", "2", "--video", "0", "--out", "run")


def test_the_command_resumes_against_the_same_policy_and_no_other(
    polyathlon: Any, tmp_path: Path
) -> None:
    with process("random") as server:
        done = polyathlon.run(*RUN, "--agent", server.address)
        assert done.returncode == 0, done.stderr
        code, _, err = server.stop()
        assert (code, err) == (0, "")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["agent"]["placement"] == "remote"
    assert manifest["agent"]["name"] == "random"
    lines = (tmp_path / "run" / "episodes.jsonl").read_text()
    with process("serving:Echo") as server:
        other = polyathlon.run(*RUN, "--agent", server.address)
        assert other.returncode == 2
        assert "holds another plan" in other.stderr
        assert "Traceback" not in other.stderr
    assert (tmp_path / "run" / "episodes.jsonl").read_text() == lines
    gone = polyathlon.run(*RUN, "--agent", server.address)
    assert gone.returncode == 1
    assert "cannot be reached" in gone.stderr
    assert len(gone.stderr.strip().splitlines()) == 1


def test_nothing_is_left_of_a_server_that_is_ended(still_alive: Any) -> None:
    with process("serving:Hanging") as server:
        client = connect(server.address, TIMEOUT="0.3")
        from serving import brief

        client.reset([0], [brief(1)])
        (fault,) = client.act([{"state": 1.0}], [0])
        assert fault.kind == "policy-timeout"
        code, _, _ = server.stop()
        assert code == 0, "an agent that hangs kept its server from ending"
        assert until(lambda: not still_alive([server.process.pid]))
        client.close()
