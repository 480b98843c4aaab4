"""The benchmarks of AndroidControl: the test split, and what its parts hold out."""

from __future__ import annotations

from ..core.specs import Benchmark, Group

PARTS = ("idd", "app-unseen", "task-unseen", "category-unseen")
"""Of the test split."""


def androidcontrol() -> Benchmark:
    """The test split with goals of both levels; the headline is that of the goal alone.

    The score is the mean over episodes of the step accuracy under ``gea-v1``; the figures of every
    protocol stand beside it. With the official episodes: ``--set episodes=official --episodes
    1543``.
    """
    levels = {"high": "told the goal alone", "low": "told each step"}
    return Benchmark(
        id="androidcontrol",
        title="AndroidControl, test split",
        tasks=tuple(f"androidcontrol.{level}-v1" for level in levels),
        episodes_per_task=100,
        headline="score",
        groups=tuple(
            Group(name=level, title=title, tasks=(f"androidcontrol.{level}-v1",))
            for level, title in levels.items()
        ),
        headline_group="high",
        compared=tuple(levels),
    )


def parts() -> Benchmark:
    """The four parts of the test split by themselves, told the goal alone."""
    return Benchmark(
        id="androidcontrol-parts",
        title="AndroidControl, parts of the test split",
        tasks=tuple(f"androidcontrol.high-{part}-v1" for part in PARTS),
        episodes_per_task=50,
        headline="score",
        groups=tuple(
            Group(name=part, title=f"part {part}", tasks=(f"androidcontrol.high-{part}-v1",))
            for part in PARTS
        ),
        compared=PARTS,
    )
