"""What ``make train-check`` claims of the learners, and whether the runs bear it out."""

from __future__ import annotations

import concurrent.futures
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import cheetah
import cooking
import numpy as np
import walking
from comparison import Plan, Run, interval, run
from crew import crew

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


def prove(proof: str, folder: Path, seeds: range, processes: int) -> Proven:
    """Runs every learner with every seed, or reads what was run before.

    Args:
        proof: a name in ``WORLDS``.
        folder: of data and results.
        seeds: of each learner.
        processes: runs side by side; the scores do not depend on it.
    """
    plan = _plan(proof, folder)
    returns = [one.total_reward for one in plan.data]
    steps = sum(one.steps for one in plan.data)
    print(
        f"data: {len(returns)} episodes, {steps:,} steps, mean return {np.mean(returns):.0f}, "
        f"{min(returns):.0f} to {max(returns):.0f}, sha256 {digest_of_trajectories(plan.data)}",
        flush=True,
    )
    learners = tuple(WORLDS[proof].LEARNERS)
    wanted = [(name, seed) for seed in seeds for name in reversed(learners)]  # The slowest first.
    found: dict[tuple[str, int], Run] = {}
    with crew(processes) as pool:
        for future in concurrent.futures.as_completed(
            [pool.submit(_run, proof, folder, name, seed) for name, seed in wanted]
        ):
            done = future.result()
            print(f"{done.learner}, seed {done.seed}: {done.mean:.2f}", flush=True)
            found[done.learner, done.seed] = done
    runs = {name: [found[name, seed] for seed in seeds] for name in learners}
    means = {name: [one.mean for one in each] for name, each in runs.items()}
    return Proven([_row(name, each) for name, each in runs.items()], CLAIMS[proof](means))


def _run(proof: str, folder: Path, name: str, seed: int) -> Run:
    plan = _plan(proof, folder)
    return run(plan, folder / proof, name, WORLDS[proof].LEARNERS[name], seed)


@functools.cache
def _plan(proof: str, folder: Path) -> Plan:
    """The plan of this process: what plays an episode cannot be sent to another."""
    plan: Plan = WORLDS[proof].plan(folder / "data")
    return plan


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
    """The published order, of those that are published apart."""
    published = cheetah.PUBLISHED
    return {
        f"{better} beats {worse} by more than both intervals": _apart(means, better, worse)
        for better in published
        for worse in published
        if published[better] > published[worse] + cheetah.APART
    }


CLAIMS: Mapping[str, Callable[[Means], dict[str, bool]]] = MappingProxyType(
    {"learners-a1": _walking, "learners-kitchen": _cooking, "learners-cheetah": _running}
)
