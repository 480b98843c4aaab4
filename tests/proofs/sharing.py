"""Runs on a Ray cluster of this machine, which says that it has two graphics cards.

    python -m pytest tests/proofs/sharing.py

No part of ``make test``: on a busy machine a node of Ray does not stand within its own 15 s.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from run_evidence import evidence

pytest.importorskip("ray", reason="Ray is not installed")

sys.path.append(str(Path(__file__).parents[1] / "remote"))
from serving import process

TASKS = "babyai.go-to-red-ball,babyai.open"
EPISODES = 4

TELLING = """
import os
from polyathlon.agents.uniform import RandomAgent

class Agent(RandomAgent):
    '''Tells which card it was given, as what it has spent.'''

    def spent(self, slot):
        return {"card": float(os.environ.get("CUDA_VISIBLE_DEVICES") or -1)}
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster with four cores, and two cards of which Ray does not ask what they are."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 4, "num_gpus": 2, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield made.address
    finally:
        made.shutdown()


Run = Callable[..., Path]


@pytest.fixture
def run(python: Callable[..., Any], tmp_path: Path) -> Run:
    """Plays, and returns the run's folder."""
    (tmp_path / "telling.py").write_text(TELLING)

    def played(out: str, agent: str, *more: str) -> Path:
        python(
            *("-m", "polyathlon.cli", "eval", TASKS, "--agent", agent, "--slots", "2"),
            *("--episodes", str(EPISODES), "--video", "0", "--out", out, *more),
            cwd=tmp_path,
        )
        return tmp_path / out

    return played


def test_a_benchmark_is_the_same_here_from_a_server_and_on_ray(run: Run, address: str) -> None:
    on_ray = ("--engine", "ray", "--address", address)
    here = evidence(run("here", "random"))
    assert len(here[0]) == 2 * EPISODES
    with process("random") as server:
        assert evidence(run("served", server.address)) == here
        assert evidence(run("both", server.address, *on_ray)) == here
    assert evidence(run("ray", "random", *on_ray)) == here


def cards(folder: Path) -> list[float]:
    lines = (folder / "episodes.jsonl").read_text().splitlines()
    return [json.loads(line)["episode"]["spent"]["card"] for line in lines]


@pytest.mark.parametrize(
    ("share", "known"),
    [("0.5", {0.0, 1.0}), ("1", {0.0, 1.0}), ("0", {-1.0})],
)
def test_each_actor_has_its_share_of_a_card(
    run: Run, address: str, share: str, known: set[float]
) -> None:
    """Half a card each, a whole one each, and none: Ray hides from an actor what is not its own."""
    slots = "4" if share == "0.5" else "2"
    folder = run(
        "cards", "telling:Agent", "--slots", slots, "--engine", "ray", "--address", address,
        "--actor-gpus", share,
    )  # fmt: skip
    assert set(cards(folder)) == known
