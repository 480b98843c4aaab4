"""An agent that asks for its rewards is told them; nothing else changes, for it or for others."""

from __future__ import annotations

import numpy as np

from polyathlon.agents.uniform import RandomAgent
from polyathlon.benchmarks.evaluate import task_kwargs, wanted_fields
from polyathlon.core.manifest import AgentRecord, Manifest
from polyathlon.core.specs import Benchmark


class Listener(RandomAgent):
    """Plays at random, and notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told, self.expected, self._last = [], [], {}

    def reset(self, slots, briefs):
        super().reset(slots, briefs)
        self._last.update(dict.fromkeys(slots))

    def act(self, observations, slots):
        actions = super().act(observations, slots)
        for seen, action, slot in zip(observations, actions, slots, strict=True):
            self.told.append(seen.get("reward"))
            self.expected.append(0.0 if self._last[slot] is None else self._last[slot])
            # What the world pays: see faulty_worlds. The state drifts a little after the payment.
            self._last[slot] = float(np.mean(action)) * float(seen["state"][0])
        return actions


def test_rewards_are_told_to_those_who_ask(play):
    for slots in (1, 3):
        agent = Listener()
        play(["sound"], episodes=4, slots=slots, agent=agent, rewards=True)
        assert len(agent.told) == 4 * 20
        assert np.allclose(agent.told, agent.expected, atol=1e-5)
        assert np.count_nonzero(agent.told) == 4 * 19


def test_to_others_nothing_is_told_and_nothing_differs(play):
    deaf, hearing = Listener(), Listener()
    one = play(["sound"], episodes=3, slots=2, agent=deaf)
    other = play(["sound"], episodes=3, slots=2, agent=hearing, rewards=True)
    assert set(deaf.told) == {None}
    assert one.digests == other.digests
    digests = [
        {key: (result.reward_digest, result.start_digest, result.end_digest)
         for key, result in played.results.items()}
        for played in (one, other)
    ]  # fmt: skip
    assert digests[0] == digests[1]


def test_the_world_is_not_asked_for_rewards(worlds):
    spec = worlds["sound"]
    asking = AgentRecord(name="a", path="a:A", dialect="native", observations=("state", "reward"))
    for said, wanted in (({}, True), ({"observations": ("state",)}, False)):
        manifest = Manifest(
            benchmark=Benchmark(
                id="one", title="", tasks=(spec.id,), episodes_per_task=1, task_kwargs=said
            ),
            benchmark_digest="",
            tasks=(spec,),
            agent=asking,
            max_attempts=1,
        )
        assert ("reward" in wanted_fields(manifest)) is wanted
        assert "reward" not in task_kwargs(spec, manifest, filmed=False)["observations"]
