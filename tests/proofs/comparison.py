"""Learners side by side on one data set: each run trains, plays, and is written down for good.

A run is a learner and a seed. What it scored lies in a file of its own, so that a comparison that
was cut short goes on with the next run, and a finished one only prints.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from polyathlon.agents.offline import LEARNERS
from polyathlon.agents.offline.learner import Learner, configured
from polyathlon.agents.offline.past import Past
from polyathlon.agents.offline.transition import Frame, Transitions, fit_frame
from polyathlon.core.files import write_atomically
from polyathlon.core.trajectory import Trajectory, digest_of_trajectories

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]
Play = Callable[[Act, int], float]
"""Plays one episode from a seed with a policy; its score."""


class Plan(NamedTuple):
    """What is common to the runs of a comparison.

    Attributes:
        data: what all learn from.
        low: lower bounds of an action.
        high: upper bounds of an action.
        play: plays an episode.
        updates: of each run.
        episodes: each run plays after its last update.
    """

    data: Sequence[Trajectory]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    play: Play
    updates: int
    episodes: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One learner, one seed, and what came of it.

    Attributes:
        learner: its name.
        changes: hyper-parameters that are not its defaults.
        seed: of networks, batches and play.
        updates: done.
        dataset: digest of the data.
        scores: of the episodes, in order of their seeds.
        seconds: of training, of playing.
    """

    learner: str
    changes: dict[str, Any]
    seed: int
    updates: int
    dataset: str
    scores: tuple[float, ...]
    seconds: tuple[float, float]

    @property
    def mean(self) -> float:
        """Mean score of the episodes."""
        return float(np.mean(self.scores))


def run(plan: Plan, folder: Path, learner: str, changes: Mapping[str, Any], seed: int) -> Run:
    """Trains and plays, or reads what an earlier call wrote of the same run.

    Args:
        plan: the comparison.
        folder: of its results.
        learner: a name in ``LEARNERS``.
        changes: its hyper-parameters.
        seed: of the run; episodes have seeds of their own, the same for all learners.
    """
    path = folder / f"{learner}-{seed}.json"
    wanted = {"learner": learner, "changes": dict(changes), "seed": seed, "updates": plan.updates,
              "dataset": digest_of_trajectories(plan.data)}  # fmt: skip
    if path.is_file():
        found = msgspec.json.decode(path.read_bytes(), type=Run)
        same = all(_plain(getattr(found, name)) == _plain(value) for name, value in wanted.items())
        if same and len(found.scores) == plan.episodes:
            return found
    start = time.process_time()
    trained, frame = train(plan, learner, changes, seed)
    middle = time.process_time()
    dice = torch.Generator().manual_seed(seed)

    scores = [
        plan.play(acting(trained, frame, dice), _episode_seed(seed, number))
        for number in range(plan.episodes)
    ]
    seconds = (middle - start, time.process_time() - middle)
    done = Run(**wanted, scores=tuple(scores), seconds=seconds)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(done), indent=1) + b"\n")
    return done


def train(plan: Plan, name: str, changes: Mapping[str, Any], seed: int) -> tuple[Learner, Frame]:
    """A learner after all of its updates, ready to act, and the scales of its numbers."""
    torch.set_num_threads(1)
    kind = LEARNERS[name]
    config = configured(kind.kind, changes)
    torch.manual_seed(seed)
    frame = fit_frame(plan.data, plan.low, plan.high, config.normalise)
    size, width = plan.data[0].observations["state"].shape[1], len(plan.low)
    learner = kind(config, size, width, plan.updates)
    chosen = learner.choose(plan.data)
    rows = Transitions(chosen, frame, config.discount, config.reward_scale, config.reward_shift)
    learner.begin(rows)
    dice = np.random.default_rng(seed)
    learner.train(True)
    for step in range(plan.updates):
        learner.update(learner.draw(rows, dice), step)
    learner.train(False)
    return learner, frame


def acting(learner: Learner, frame: Frame, dice: torch.Generator) -> Act:
    """What a learner does in one episode, of which it may remember what it saw and did."""
    past = Past()

    def act(state: NDArray[np.float32]) -> NDArray[np.float32]:
        past.see(torch.from_numpy(frame.observe(state)[None]))
        action = learner.play(past, dice)
        past.did(action[None])
        return frame.stretch(action.numpy())

    return act


def _episode_seed(seed: int, number: int) -> int:
    """Starts that no data set and no other run has."""
    return 1_000_000 + 10_000 * seed + number


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def interval(means: Sequence[float]) -> tuple[float, float]:
    """Mean of the seeds' means with a 95% interval of Student's t, one mean a seed."""
    middle = float(np.mean(means))
    half = stats.t.ppf(0.975, len(means) - 1) * np.std(means, ddof=1) / len(means) ** 0.5
    return middle - float(half), middle + float(half)
