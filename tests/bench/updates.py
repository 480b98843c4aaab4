"""An update of IQL: against the matrix products in it, and against d3rlpy's.

d3rlpy needs an old Gymnasium, so that it has an environment of its own:
``D3RLPY_PYTHON=/path/to/its/python python tests/bench updates``.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measure
import numpy as np
import torch
from measure import Ratio
from rival_updates import ACTION, BATCH, HIDDEN, STATE, STEPS, columns

from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.learner import configured
from polyathlon.agents.offline.transition import Transitions, fit_frame
from polyathlon.core.trajectory import Trajectory

VARIABLE = "D3RLPY_PYTHON"

Work = Callable[[], Any]


def updates(pairs: int) -> list[Ratio]:
    """Ratios of updates a second, by processor time, on one thread."""
    torch.set_num_threads(1)
    data, dice = _data(), np.random.default_rng(0)
    kind = LEARNERS["iql"]
    learner = kind(configured(kind.kind, {}), STATE, ACTION, 10**6)
    assert (learner.config.batch_size, learner.config.hidden) == (BATCH, HIDDEN)
    batch = learner.draw(data, dice)
    works: dict[str, Work] = {
        "update": lambda: learner.update(batch, 0),
        "drawn": lambda: learner.update(learner.draw(data, dice), 0),
        "products": _products(),
    }
    rates = {name: _rate_of(work) for name, work in works.items()}
    return [
        measure.ratio(
            "IQL update / its matrix products", rates["update"], rates["products"], pairs
        ),
        measure.ratio("IQL update / d3rlpy's", rates["update"], lambda: _rival("update"), pairs),
        measure.ratio(
            "IQL update and its batch / d3rlpy's", rates["drawn"], lambda: _rival("drawn"), pairs
        ),
    ]


def _rate_of(work: Work) -> Callable[[], float]:
    def rate() -> float:
        begun = time.process_time()
        for _ in range(STEPS):
            work()
        return STEPS / (time.process_time() - begun)

    return rate


def _rival(what: str) -> float | None:
    if VARIABLE not in os.environ:
        return None
    script = Path(__file__).with_name("rival_updates.py")
    command = [os.environ[VARIABLE], "-P", str(script), what]
    alone = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=alone)
    return float(done.stdout.splitlines()[-1])


def _data() -> Transitions:
    low, high = (np.full(ACTION, end, np.float32) for end in (-1, 1))
    states, actions, rewards, ends = columns()
    episodes = [
        Trajectory({"state": s}, a, r, np.zeros(len(r), bool), e)
        for s, a, r, e in zip(states, actions, rewards, ends, strict=True)
    ]
    return Transitions(episodes, fit_frame(episodes, low, high, normalise=True), 0.99)


def _products() -> Work:
    """The products of an update and nothing else, their results into memory that stands.

    Target critics and the next value go forward; value, critics and policy forward and back. Going
    back, every layer has a product for its weights and, but for the first, one for what came in.
    """
    value = (STATE, *HIDDEN, 1)
    critic = (STATE + ACTION, *HIDDEN, 1)
    policy = (STATE, *HIDDEN, ACTION)
    shapes = []
    for widths, goes_back in (
        (critic, False), (critic, False), (value, False),
        (value, True), (critic, True), (critic, True), (policy, True),
    ):  # fmt: skip
        for number, (before, after) in enumerate(itertools.pairwise(widths)):
            shapes.append((BATCH, before, after))
            if goes_back:
                shapes.append((before, BATCH, after))
            if goes_back and number:
                shapes.append((BATCH, after, before))
    sides = [(torch.randn(a, b), torch.randn(b, c), torch.empty(a, c)) for a, b, c in shapes]

    def multiply() -> None:
        for left, right, out in sides:
            torch.mm(left, right, out=out)

    return multiply
