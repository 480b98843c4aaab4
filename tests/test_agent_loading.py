"""What an agent is recorded as, and what is settled before it plays."""

import sys
from pathlib import Path

import numpy as np
import pytest
from gymnasium.spaces import Box

from polyathlon.adapters.quantile import QuantileAdapter
from polyathlon.benchmarks.agent_loading import load_agent
from polyathlon.tasks import catalogue

AGENT = """
class Fitted:
    dialect = "quantile:{folder}"

    def reset(self, slots, briefs):
        pass

    def act(self, observations, slots):
        return []
"""


def fit(folder: Path, seed: int) -> None:
    actions = np.random.default_rng(seed).uniform(-1, 1, (500, 4)).astype(np.float32)
    body = catalogue.find("metaworld.reach").embodiment
    space = Box(-1, 1, (4,), np.float32)
    QuantileAdapter.fit(actions, space, body).save(folder)


def test_another_adapter_in_the_same_folder_is_another_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "fitted_agent.py").write_text(AGENT.format(folder=tmp_path / "adapter"))
    digests = []
    for seed in (0, 0, 7):
        fit(tmp_path / "adapter", seed)
        digests.append(load_agent("fitted_agent:Fitted", {})[0].source_digest)
    sys.modules.pop("fitted_agent")
    assert digests[0] == digests[1] != digests[2]
    assert all(len(digest) == 64 for digest in digests)
