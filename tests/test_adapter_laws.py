"""What holds for every adapter registered: decode is total, encode its right inverse."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from polyathlon.adapters import DIALECTS
from polyathlon.core.specs import Embodiment

BODIES = {
    "continuous": (
        spaces.Box(-1, 1, (4,), np.float32),
        Embodiment(
            id="toy-arm",
            kind="continuous",
            action_names=("x", "y", "z", "gripper"),
            action_units=("1",) * 4,
            low=(-1.0,) * 4,
            high=(1.0,) * 4,
        ),
    ),
    "discrete": (
        spaces.Discrete(7),
        Embodiment(id="toy-keys", kind="discrete", action_names=tuple("abcdefg")),
    ),
}


@pytest.fixture(params=[(dialect, body) for dialect in DIALECTS for body in BODIES], ids=str)
def adapter(request):
    dialect, body = request.param
    return DIALECTS[dialect](*BODIES[body])


def test_decode_is_total_on_the_agents_space(adapter):
    adapter.agent_space.seed(0)
    for _ in range(200):
        assert adapter.env_space.contains(adapter.decode(adapter.agent_space.sample()))


def test_a_round_trip_stays_within_the_resolution(adapter):
    adapter.env_space.seed(1)
    for _ in range(200):
        action = adapter.env_space.sample()
        error = np.abs(np.asarray(adapter.decode(adapter.encode(action)), float) - action)
        assert np.all(error <= np.asarray(adapter.resolution) + 1e-7)


def test_encode_after_decode_is_the_identity(adapter):
    adapter.agent_space.seed(2)
    for _ in range(200):
        uttered = adapter.agent_space.sample()
        assert np.array_equal(adapter.encode(adapter.decode(uttered)), uttered)
