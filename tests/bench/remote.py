"""What it costs to ask a policy's server on loopback instead of an agent in the process."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "remote"))
from serving import brief, connect, process

from polyathlon.agents.uniform import RandomAgent

STEPS = 400
SIDES = (0, 84, 224, 256)


def _median(agent: Any, seen: Any) -> float:
    """Of a step of one slot [ms]."""
    agent.reset([0], [brief(0)])
    taken = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        agent.act([seen], [0])
        taken.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(taken)


def added(pairs: int) -> list[tuple[Any, ...]]:
    """Milliseconds that a server adds to a step at the median: median, least, greatest of runs."""
    rows = []
    dice = np.random.default_rng(0)
    with process("random") as server:
        there = connect(server.address)
        for side in SIDES:
            pictures = dice.integers(0, 256, (2, side, side, 3), np.uint8)
            seen = {"state": np.zeros(39, np.float32)}
            if side:
                seen |= {"rgb": pictures[0], "wrist": pictures[1]}
            _median(there, seen)  # Warm.
            found = sorted(
                _median(there, seen) - _median(RandomAgent(), seen) for _ in range(pairs)
            )
            what = f"two pictures {side} x {side}" if side else "39 numbers"
            rows.append((what, statistics.median(found), found[0], found[-1]))
        there.close()
    return rows
