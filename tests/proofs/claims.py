"""What ``make train-check`` claims of the learners, and whether the runs bear it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import cheetah
import cooking
import numpy as np
import walking
from comparison import Run, interval, run

from polyathlon.core.trajectory import digest_of_trajectories

WORLDS = MappingProxyType(
    {"learners-a1": walking, "learners-kitchen": cooking, "learners-cheetah": cheetah}
)

SUBTASKS = 1.5
"""Of the kitchen's four, that cloning has to complete on average."""

Means = Mapping[str, Sequence[float]]
"""Of each learner, a mean a seed."""


class Proven(NamedTuple):
    """Rows of a table, and claims that hold or do not."""

    rows: list[tuple[str, ...]]
    claims: dict[str, bool]


def prove(proof: str, folder: Path, seeds: range) -> Proven:
    """Runs every learner with every seed, seed by seed, or reads what was run before."""
    world = WORLDS[proof]
    plan = world.plan(folder / "data")
    returns = [one.total_reward for one in plan.data]
    steps = sum(one.steps for one in plan.data)
    print(
        f"data: {len(returns)} episodes, {steps:,} steps, mean return {np.mean(returns):.0f}, "
        f"{min(returns):.0f} to {max(returns):.0f}, sha256 {digest_of_trajectories(plan.data)}",
        flush=True,
    )
    runs: dict[str, list[Run]] = {name: [] for name in world.LEARNERS}
    for seed in seeds:
        for name, changes in world.LEARNERS.items():
            done = run(plan, folder / proof, name, changes, seed)
            print(f"{name}, seed {seed}: {done.mean:.2f}", flush=True)
            runs[name].append(done)
    means = {name: [one.mean for one in found] for name, found in runs.items()}
    return Proven([_row(name, found) for name, found in runs.items()], CLAIMS[proof](means))


def _row(name: str, runs: Sequence[Run]) -> tuple[str, ...]:
    means = [one.mean for one in runs]
    low, high = interval(means)
    training, playing = np.mean([one.seconds for one in runs], axis=0)
    return (
        name,
        f"{np.mean(means):.2f}",
        f"[{low:.2f}, {high:.2f}]",
        ", ".join(f"{mean:.2f}" for mean in means),
        f"{training:.0f} s",
        f"{playing:.0f} s",
    )


def _apart(means: Means, better: str, worse: str) -> bool:
    """Whether the whole interval of the one lies above that of the other."""
    return interval(means[better])[0] > interval(means[worse])[1]


def _walking(means: Means) -> dict[str, bool]:
    return {
        f"{name} beats bc by more than both intervals": _apart(means, name, "bc")
        for name in ("iql", "idql")
    }


def _cooking(means: Means) -> dict[str, bool]:
    best = max(means, key=lambda name: interval(means[name])[0])
    words = f"at least {SUBTASKS} things are done on average, by {best}, at the interval's low end"
    return {words: interval(means[best])[0] >= SUBTASKS}


def _running(means: Means) -> dict[str, bool]:
    """The published order on such replays (arXiv 2106.06860, 2110.06169, 2304.10573)."""
    return {
        f"{name} is above bc": float(np.mean(means[name])) > float(np.mean(means["bc"]))
        for name in ("bc-10", "td3-bc", "iql", "idql")
    }


CLAIMS: Mapping[str, Callable[[Means], dict[str, bool]]] = MappingProxyType(
    {"learners-a1": _walking, "learners-kitchen": _cooking, "learners-cheetah": _running}
)
