"""The benchmarks of GEA (arXiv 2412.08442) that are played here: its tasks, counts and senses.

Six of its eleven families are here, each a benchmark with the paper's number of episodes
(appendix F, table 2 and tables 5 to 11), and ``gea`` is all of them with as many of each task. What
differs from the paper is said in ``docs/gea.md``. Observations of history are the agent's affair: 3
in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.specs import Benchmark, Group
from ..tasks import catalogue
from .langr import BEHAVIOUR, PARAPHRASE

SENSES: Mapping[str, Any] = {"observations": ["rgb", "instruction"]}
"""Pictures and words alone: no state of the robot, in any family."""

BABYAI = (
    "go-to-red-ball-grey-v0", "go-to-red-ball-v0", "go-to-red-ball-no-dists-v0", "go-to-obj-v0",
    "go-to-obj-s4-v0", "go-to-local-s8n7-v0", "go-to-red-blue-ball-v0", "go-to-door-v0", "open-v0",
    "open-red-door-v0", "open-door-color-v0", "open-door-loc-v0", "open-two-doors-v0",
    "open-red-blue-doors-v0", "pickup-v0", "pickup-loc-v0", "pickup-dist-v0",
)  # fmt: skip
"""The 17 levels of table 10."""

ATARI = (
    "alien", "amidar", "assault", "asterix", "atlantis", "bank-heist", "battle-zone", "beam-rider",
    "boxing", "breakout", "centipede", "chopper-command", "crazy-climber", "demon-attack",
    "double-dunk", "enduro", "fishing-derby", "freeway", "frostbite", "gopher", "gravitar", "hero",
    "ice-hockey", "jamesbond", "kangaroo", "krull", "kung-fu-master", "ms-pacman",
    "name-this-game", "phoenix", "pong", "qbert", "riverraid", "road-runner", "robotank",
    "seaquest", "space-invaders", "star-gunner", "time-pilot", "up-n-down", "video-pinball",
    "wizard-of-wor", "yars-revenge", "zaxxon",
)  # fmt: skip
"""The 44 games of table 11."""


def _metaworld() -> tuple[str, ...]:
    return tuple(task.id for task in catalogue.match("tag:ml45-train"))


def _babyai() -> tuple[str, ...]:
    return tuple(f"babyai.{level}" for level in BABYAI)


def _procgen() -> tuple[str, ...]:
    return tuple(task.id for task in catalogue.match("procgen.*-easy-test"))


def _atari() -> tuple[str, ...]:
    return tuple(f"atari.{game}-v5" for game in ATARI)


LANGR = (*PARAPHRASE, *BEHAVIOUR)
"""The nine splits with unseen language."""

PHONES = ("androidcontrol.high-v1",)
"""The test split, of which the goal alone is told; judged by the protocol ``gea-v1``."""


def metaworld() -> Benchmark:
    """45 tasks, 10 episodes each: 450, as the text says; scores in steps of 2% say 50."""
    return Benchmark(
        id="gea-metaworld", title="GEA: Meta-World, 45 tasks", tasks=_metaworld(),
        episodes_per_task=10, task_kwargs={**SENSES, "camera": "corner3"},
    )  # fmt: skip


def babyai() -> Benchmark:
    """17 levels, 100 episodes each, seen from above."""
    return Benchmark(
        id="gea-babyai", title="GEA: BabyAI, 17 levels", tasks=_babyai(), episodes_per_task=100,
        task_kwargs={**SENSES, "image_size": 336},
    )  # fmt: skip


def procgen() -> Benchmark:
    """16 games, easy, unseen levels, 50 episodes each, normalised by Cobbe et al.'s constants."""
    return Benchmark(
        id="gea-procgen", title="GEA: Procgen, 16 games", tasks=_procgen(), episodes_per_task=50,
        headline="score", task_kwargs=SENSES,
    )  # fmt: skip


def atari() -> Benchmark:
    """44 games, 10 episodes each, human-normalised, mean over games."""
    return Benchmark(
        id="gea-atari", title="GEA: Atari, 44 games", tasks=_atari(), episodes_per_task=10,
        headline="score", task_kwargs=SENSES,
    )  # fmt: skip


def langr() -> Benchmark:
    """Nine splits, 100 episodes each."""
    return Benchmark(
        id="gea-langr", title="GEA: Language Rearrangement, nine splits", tasks=LANGR,
        episodes_per_task=100, task_kwargs={**SENSES, "image_size": 336},
    )  # fmt: skip


def androidcontrol() -> Benchmark:
    """The whole test split by the goal alone, step by step, places within 5 of 50 cells."""
    return Benchmark(
        id="gea-androidcontrol", title="GEA: AndroidControl", tasks=PHONES,
        episodes_per_task=1543, headline="score", task_kwargs={**SENSES, "protocol": "gea-v1"},
    )  # fmt: skip


def gea() -> Benchmark:
    """All six families, ten episodes of every task; a family counts by its tasks' mean."""
    parts = {
        "metaworld": ("Meta-World", _metaworld()),
        "babyai": ("BabyAI", _babyai()),
        "procgen": ("Procgen", _procgen()),
        "atari": ("Atari", _atari()),
        "langr": ("Language Rearrangement", LANGR),
        "androidcontrol": ("AndroidControl", PHONES),
    }
    return Benchmark(
        id="gea",
        title="GEA: six families",
        tasks=tuple(task for _, tasks in parts.values() for task in tasks),
        episodes_per_task=10,
        headline="score",
        task_kwargs=SENSES,
        groups=tuple(
            Group(name=n, title=title, tasks=tasks) for n, (title, tasks) in parts.items()
        ),
    )
