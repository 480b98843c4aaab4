"""MiniWoB++: small web pages with an instruction, in one real headless browser.

The pages are those of Farama's ``miniwob`` package; nothing but its HTML is used. See
``environment`` for what a task is, and ``browser`` for how it is driven.
"""

from __future__ import annotations

from ...core.specs import Embodiment, Family, TaskSpec
from .environment import DEFAULT_OBSERVATIONS, STEP
from .gesture import VERBS
from .oracle import ORACLES
from .roster import CHORES, OFFERED, Chore
from .wording import SENTENCES

EMBODIMENT = Embodiment(
    id="screen-commands", kind="text", action_names=tuple(VERBS), frame="screen"
)
"""Commands in writing; places are pixels of the task from its upper left corner."""


def _task(chore: Chore) -> TaskSpec:
    solved = chore.name in ORACLES
    return TaskSpec(
        id=f"miniwob.{chore.name.replace('.', '-').lower()}-v1",
        entry_point=f"{__name__}.environment:MiniWoB",
        embodiment=EMBODIMENT,
        instruction=SENTENCES[chore.name],  # What differs by episode is left open.
        max_episode_steps=int(1000 * chore.limit / STEP),
        kwargs={"task": chore.name},
        observations=OFFERED,
        default_observations=DEFAULT_OBSERVATIONS,
        oracle=f"{__name__}.oracle:Solver" if solved else None,
        oracle_solves=solved,
        determinism="platform",
        tags=("miniwob-oracle",) if solved else (),
    )


TASKS = tuple(_task(chore) for _, chore in sorted(CHORES.items()))

FAMILY = Family(
    name="miniwob",
    title="MiniWoB++, web pages in a real browser",
    extra="miniwob",
    packages=("miniwob",),
    tasks=TASKS,
    upstream="https://github.com/Farama-Foundation/miniwob-plusplus",
)
