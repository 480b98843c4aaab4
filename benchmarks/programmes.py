"""The benchmarks of this distribution, as data over the catalogue of tasks."""

from __future__ import annotations

from ..core.specs import Benchmark
from ..tasks import catalogue

CUSTOM = "custom"
"""The id of a programme made from a pattern: one task has the same seeds in all of them."""


def custom(pattern: str, episodes: int) -> Benchmark:
    """The tasks that fit a pattern, as a benchmark of its own.

    Raises:
        UnknownName: the pattern fits nothing.
    """
    tasks = catalogue.match(pattern)
    returns = any(task.score == "return" for task in tasks)
    return Benchmark(
        id=CUSTOM,
        title=f"Tasks that fit '{pattern}'",
        tasks=tuple(task.id for task in tasks),
        episodes_per_task=episodes,
        headline="score" if returns else "success",
    )


def _ids(pattern: str) -> tuple[str, ...]:
    return tuple(task.id for task in catalogue.match(pattern))


def warmup() -> Benchmark:
    """A few tasks of each family, about two minutes on two cores."""
    return Benchmark(
        id="warmup",
        title="Warm-up: a few tasks of each family",
        tasks=(
            "metaworld.reach-v3",
            "metaworld.push-v3",
            "metaworld.drawer-open-v3",
            "metaworld.button-press-topdown-v3",
            "babyai.go-to-red-ball-v0",
            "babyai.open-v0",
            "babyai.pickup-loc-v0",
            "procgen.coinrun-easy-test-v0",
            "procgen.bigfish-easy-test-v0",
            "atari.pong-v5",
            "atari.breakout-v5",
        ),
        episodes_per_task=10,
        headline="score",
    )


def metaworld_mt10() -> Benchmark:
    """The ten training tasks of MT10, fresh start states."""
    return Benchmark(
        id="metaworld-mt10", title="Meta-World MT10", tasks=_ids("tag:mt10"), episodes_per_task=50
    )


def metaworld_mt50() -> Benchmark:
    """All fifty Meta-World tasks, goals visible in the state."""
    return Benchmark(
        id="metaworld-mt50", title="Meta-World MT50", tasks=_ids("tag:mt50"), episodes_per_task=50
    )


def metaworld_ml45_test() -> Benchmark:
    """The five tasks that ML45 holds out."""
    return Benchmark(
        id="metaworld-ml45-test",
        title="Meta-World ML45, held-out tasks",
        tasks=_ids("tag:ml45-test"),
        episodes_per_task=50,
    )


def babyai() -> Benchmark:
    """Every BabyAI level."""
    return Benchmark(id="babyai", title="BabyAI", tasks=_ids("babyai"), episodes_per_task=20)


def procgen() -> Benchmark:
    """Sixteen games, easy, on levels that no agent may have trained on."""
    return Benchmark(
        id="procgen",
        title="Procgen, easy, unseen levels",
        tasks=_ids("procgen.*-easy-test"),
        episodes_per_task=50,
        headline="score",
    )


def atari() -> Benchmark:
    """The games with published random and human scores; interquartile mean over episodes."""
    return Benchmark(
        id="atari",
        title="Atari, human-normalised",
        tasks=_ids("tag:human-reference"),
        episodes_per_task=10,
        headline="score",
        aggregation="iqm",
    )
