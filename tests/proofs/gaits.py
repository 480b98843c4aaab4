"""The search that found the gaits of ``polyathlon.tasks.d5rl.a1.expert``, and how they do.

Cross-entropy method: draw gaits around a mean, let each walk, and move mean and spread to the best
quarter. Everything follows from a seed.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from crew import crew

from polyathlon.tasks import catalogue
from polyathlon.tasks.d5rl.a1 import A1_TASKS, HIKE_STEPS, WALK_STEPS, WALKS
from polyathlon.tasks.d5rl.a1.environment import A1, A1Hike, A1Walk
from polyathlon.tasks.d5rl.a1.errand import A1RunTo
from polyathlon.tasks.d5rl.a1.expert import TrotExpert
from polyathlon.tasks.d5rl.a1.gait import Gait
from polyathlon.tasks.d5rl.a1.reward import walk_reward

START = Gait(frequency=2.28, stride=0.14, lift=0.09, height=0.27, shift=-0.03, steer=0.6, hurry=0.3)
"""Where a search begins unless told."""

SPREAD = Gait(
    frequency=0.3, stride=0.04, lift=0.02, height=0.015, shift=0.015, press=0.008, rear=0.1,
    steer=0.3, hurry=0.3,
)  # fmt: skip
"""Standard deviations of the first generation. What has none is not searched."""

HILLS_START = Gait(
    frequency=3.2, stride=0.19, lift=0.1, height=0.268, shift=-0.0342, press=0.0066, rear=0.0063,
    steer=0.2497, hurry=0.4, sway=0.3, right=-0.3, ease=2.0,
)  # fmt: skip
"""Where the hill course's search begins: the gait of 1.25 m/s with higher feet and balance."""

HILLS_SPREAD = dataclasses.replace(SPREAD, sway=0.1, right=0.2, ease=0.5)

SEARCHES: dict[str, dict[str, Any]] = {
    "d5rl.a1-extrapolate-below-v1": {
        "start": dataclasses.replace(START, stride=0.075, frequency=2.2, lift=0.07),
        "steps": 150,
        "generations": 3,
    },
    "d5rl.a1-interpolate-v1": {
        "start": dataclasses.replace(START, stride=0.165, frequency=2.4, lift=0.09),
        "steps": 150,
        "generations": 3,
    },
    "d5rl.a1-walk-fast-v1": {"start": dataclasses.replace(START, stride=0.19, frequency=2.5)},
    "d5rl.a1-extrapolate-above-v1": {
        "start": dataclasses.replace(START, stride=0.19, frequency=2.5)
    },
    "d5rl.a1-hiking-v1": {
        "start": HILLS_START,
        "spread": HILLS_SPREAD,
        "steps": 1000,
        "episodes": 3,
        "generations": 2,
    },
}
"""The searches whose last generation's best was kept, all with seed 0. The four walks' were made
before the expert's turns were limited. ``python tests/proofs/gaits.py TASK`` makes one again."""

NAMES = tuple(field.name for field in dataclasses.fields(Gait))


def play(
    task: str, gait: Gait | None, seed: int, steps: int | None = None
) -> tuple[float, bool, float]:
    """Return, success, and mean speed or distance of an episode with a gait or the expert's own."""
    env = catalogue.build(catalogue.find(task))
    expert = TrotExpert(env, gait)
    observation, info = env.reset(seed=seed)
    expert.reset(observation, info)
    total, over, count = 0.0, False, 0
    while not over and (steps is None or count < steps):
        observation, reward, terminated, truncated, info = env.step(expert.act(observation))
        total, over, count = total + reward, terminated or truncated, count + 1
    env.close()
    metrics = info["metrics"]
    return total, info["success"], metrics.get("speed", metrics.get("distance", 0.0))


def random_walks(seeds: range) -> dict[str, list[float]]:
    """Returns of uniformly random actions in every walk: one course, judged by each speed."""
    env = A1Walk(1.0)
    found: dict[str, list[float]] = {name: [] for name in WALKS}
    for seed in seeds:
        for name, total in zip(WALKS, _random_walk(env, seed), strict=True):
            found[name].append(total)
    return found


def _random_walk(env: A1Walk, seed: int) -> list[float]:
    dice, totals = np.random.default_rng(seed), [0.0] * len(WALKS)
    env.reset(seed=seed)
    for _ in range(WALK_STEPS):
        _, _, over, _, _ = env.step(dice.uniform(-1, 1, 12).astype(np.float32))
        motion = env.simulation.motion()
        for number, (speed, *_) in enumerate(WALKS.values()):
            totals[number] += walk_reward(motion, speed)
        if over:
            break
    return totals


def random_returns(kind: Callable[[], A1], seeds: range, steps: int) -> list[float]:
    """Returns of uniformly random actions in one of the other tasks."""
    env, found = kind(), []
    for seed in seeds:
        dice, total = np.random.default_rng(seed), 0.0
        env.reset(seed=seed)
        for _ in range(steps):
            _, reward, over, _, _ = env.step(dice.uniform(-1, 1, 12).astype(np.float32))
            total += reward
            if over:
                break
        found.append(total)
    return found


def search(
    task: str,
    start: Gait = START,
    *,
    seed: int = 0,
    generations: int = 8,
    population: int = 12,
    steps: int = 200,
    spread: Gait = SPREAD,
    episodes: int = 1,
    told: Callable[[str], None] = print,
) -> Gait:
    """The best gait of a search by mean return; a few minutes, or 40 on the hill course."""

    def judge(gait: Gait, generation: int) -> float:
        first = seed + generation * episodes
        return float(np.mean([play(task, gait, first + n, steps)[0] for n in range(episodes)]))

    dice = np.random.default_rng(seed)
    names = [name for name in NAMES if getattr(spread, name)]
    mean, around = (np.array([getattr(one, name) for name in names]) for one in (start, spread))
    positive = [names.index(name) for name in ("steer", "hurry", "lift")]
    best, most = start, judge(start, 0)
    told(f"{task}: begins at {most:.0f}")
    for generation in range(generations):
        drawn = dice.normal(mean, around, (population, len(names)))
        drawn[:, positive] = np.abs(drawn[:, positive])
        drawn[0] = [getattr(best, name) for name in names]
        gaits = [
            dataclasses.replace(start, **dict(zip(names, row.tolist(), strict=True)))
            for row in drawn
        ]
        returns = [judge(gait, generation + 1) for gait in gaits]
        elite = drawn[np.argsort(returns)[-population // 4 :]]
        mean = 0.8 * elite.mean(axis=0) + 0.2 * mean
        around = 0.8 * elite.std(axis=0) + 0.2 * around
        best, most = gaits[int(np.argmax(returns))], max(returns)
        told(f"{task}: {generation} {most:.0f} {best}")
    return best


def experts_play(task: str, seeds: range) -> list[tuple[float, bool, float]]:
    """A task's episodes with its expert."""
    return [play(task, None, seed) for seed in seeds]


class Measured(NamedTuple):
    """One task.

    Attributes:
        task: its id.
        played: the expert's episodes, each as ``play`` gives it.
        by_chance: returns of uniformly random actions.
    """

    task: str
    played: list[tuple[float, bool, float]]
    by_chance: list[float]


def measured(episodes: int, processes: int) -> Iterator[Measured]:
    """Every task with its expert, from seed 100, and with random actions, from seed 0."""
    seeds = range(episodes)
    with crew(processes) as pool:
        walks = pool.submit(random_walks, seeds)
        others = {
            "hiking": pool.submit(random_returns, A1Hike, seeds, HIKE_STEPS),
            "runto": pool.submit(random_returns, A1RunTo, seeds, WALK_STEPS),
        }
        experts = {
            task.id: pool.submit(experts_play, task.id, range(100, 100 + episodes))
            for task in A1_TASKS
        }
        for task, playing in experts.items():
            name = task.removeprefix("d5rl.a1-").removesuffix("-v1")
            by_chance = others[name].result() if name in others else walks.result()[name]
            yield Measured(task, playing.result(), by_chance)


if __name__ == "__main__":
    search(sys.argv[1], **SEARCHES[sys.argv[1]])
