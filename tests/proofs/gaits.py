"""The search that found the gaits of ``polyathlon.tasks.d5rl.a1.expert``, and how they do.

Cross-entropy method: draw gaits around a mean, let each walk, and move mean and spread to the best
quarter. Everything follows from a seed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from polyathlon.tasks import catalogue
from polyathlon.tasks.d5rl.a1 import A1_TASKS, HIKE_STEPS, WALK_STEPS, WALKS
from polyathlon.tasks.d5rl.a1.environment import A1Hike, A1Walk
from polyathlon.tasks.d5rl.a1.expert import TrotExpert
from polyathlon.tasks.d5rl.a1.gait import Gait
from polyathlon.tasks.d5rl.a1.reward import walk_reward

START = Gait(frequency=2.28, stride=0.14, lift=0.09, height=0.27, shift=-0.03, steer=0.6, hurry=0.3)
"""Where a search begins unless told."""

SPREAD = Gait(
    frequency=0.3, stride=0.04, lift=0.02, height=0.015, shift=0.015, press=0.008, rear=0.1,
    steer=0.3, hurry=0.3,
)  # fmt: skip
"""Standard deviations of the first generation."""

SEARCHES: dict[str, tuple[dict[str, float], int, int]] = {
    "d5rl.a1-extrapolate-below-v1": ({"stride": 0.075, "frequency": 2.2, "lift": 0.07}, 150, 2),
    "d5rl.a1-interpolate-v1": ({"stride": 0.165, "frequency": 2.4, "lift": 0.09}, 150, 2),
    "d5rl.a1-walk-fast-v1": ({"stride": 0.19, "frequency": 2.5}, 200, 7),
    "d5rl.a1-extrapolate-above-v1": ({"stride": 0.19, "frequency": 2.5}, 200, 7),
}
"""The searches whose gaits were kept, all with seed 0 and before the expert's turns were limited:
where they departed from ``START``, steps of an episode, and the generation, from 0, whose best was
kept."""

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


def random_hikes(seeds: range) -> list[float]:
    """Returns of uniformly random actions on the hill course."""
    env, found = A1Hike(), []
    for seed in seeds:
        dice, total = np.random.default_rng(seed), 0.0
        env.reset(seed=seed)
        for _ in range(HIKE_STEPS):
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
    shrink: float = 1.0,
    told: Callable[[str], None] = print,
) -> Gait:
    """The best gait of a search; a few minutes."""
    dice = np.random.default_rng(seed)
    mean = np.array(dataclasses.astuple(start))
    spread = np.array(dataclasses.astuple(SPREAD)) * shrink
    best, most = start, play(task, start, seed, steps)[0]
    told(f"{task}: begins at {most:.0f}")
    for generation in range(generations):
        drawn = dice.normal(mean, spread, (population, len(NAMES)))
        drawn[:, [NAMES.index("steer"), NAMES.index("hurry"), NAMES.index("lift")]] = np.abs(
            drawn[:, [NAMES.index("steer"), NAMES.index("hurry"), NAMES.index("lift")]]
        )
        drawn[0] = dataclasses.astuple(best)
        gaits = [Gait(**dict(zip(NAMES, row.tolist(), strict=True))) for row in drawn]
        returns = [play(task, gait, seed + generation + 1, steps)[0] for gait in gaits]
        elite = drawn[np.argsort(returns)[-population // 4 :]]
        mean = 0.8 * elite.mean(axis=0) + 0.2 * mean
        spread = 0.8 * elite.std(axis=0) + 0.2 * spread
        best, most = gaits[int(np.argmax(returns))], max(returns)
        told(f"{task}: {generation} {most:.0f} {best}")
    return best


def measured(seeds: range) -> Iterator[tuple[str, list[tuple[float, bool, float]]]]:
    """Every task's episodes with its expert."""
    for task in A1_TASKS:
        yield task.id, [play(task.id, None, seed) for seed in seeds]
