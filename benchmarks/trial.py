"""Tries a task out on a worker of the evaluator's own: an environment, a reset, and a step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..core.episode import EpisodePlan
from ..core.errors import PolyathlonError, WorkerFault
from ..core.specs import TaskSpec, derive_seed
from .workers.message import Finished, Play, Ready
from .workers.pool import Pool
from .workers.slot import Limits

LIMITS = Limits(startup=300.0, step=120.0)
"""A first start reads a whole environment from the disk [s]."""


class TrialFailed(PolyathlonError):
    """A task cannot be made, reset or stepped as it would be played."""


def try_out(
    spec: TaskSpec, kwargs: Mapping[str, Any] = {}, interpreters: Mapping[str, str] | None = None
) -> float:
    """Makes, resets and steps a task once, at random, as the evaluator would.

    Args:
        spec: the task.
        kwargs: arguments of its environment.
        interpreters: family to the Python that plays it; None for those that the user has named.

    Returns:
        How long it took [s].

    Raises:
        PolyathlonError: it does not work; says why.
    """
    begun = time.monotonic()
    plan = EpisodePlan(task=spec.id, index=0, seed=derive_seed("trial", spec.id))
    with Pool(1, LIMITS, interpreters) as pool:
        slot = pool.slots[0]
        slot.set_up(spec, kwargs, spin=0.0)
        _expect(pool, Ready)
        assert slot.action_space is not None
        slot.action_space.seed(0)
        slot.play(Play(plan=plan))
        _expect(pool, dict)
        slot.act(slot.action_space.sample())
        _expect(pool, (dict, Finished))
    return time.monotonic() - begun


def _expect(pool: Pool, kind: type | tuple[type, ...]) -> None:
    while not (events := pool.wait(interactive=False)):
        pass
    what = events[0].what
    if isinstance(what, WorkerFault):
        raise TrialFailed(" ".join(str(what).split())[:600])
    assert isinstance(what, kind)
