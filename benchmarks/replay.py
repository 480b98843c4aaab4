"""Plays a recorded episode again from its actions, without the agent, and compares."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..core.actions import plain_action
from ..core.episode import EpisodeResult
from ..core.errors import BadArgument, PlanMismatch, PolyathlonError, WorkerFault
from ..core.journal import read_actions
from ..core.manifest import Manifest
from ..core.specs import TaskSpec, as_read_back, digest_of
from ..tasks import catalogue
from .evaluate import task_kwargs
from .workers.message import Finished, Play, Ready
from .workers.pool import Pool
from .workers.slot import Limits, Slot


class Line(NamedTuple):
    """One thing compared."""

    same: bool
    text: str


class Comparison(NamedTuple):
    """What was compared.

    Attributes:
        lines: each figure, recorded against played.
        matches: everything is the same to the bit. Only where a renderer drew part of the
            observations do these not count: two renderers differ in the last bit of a pixel.
        notes: what else is worth knowing, e.g. that no film could be made.
    """

    lines: tuple[Line, ...]
    matches: bool
    notes: tuple[str, ...]


def replay(directory: Path, manifest: Manifest, recorded: EpisodeResult, film: str) -> Comparison:
    """Plays one episode of a run again, in a worker of its own.

    Args:
        directory: the run.
        manifest: its manifest.
        recorded: the episode.
        film: path without suffix for a film of it, or empty.

    Raises:
        BadArgument: the episode is invalid, so that there is nothing to play.
        JournalCorrupt: its actions are damaged.
        PolyathlonError: the world cannot be made, or failed.
    """
    if recorded.trace is None:
        raise BadArgument(
            f"{recorded.plan.task} #{recorded.plan.index} is INVALID; it has no actions to replay"
        )
    spec = _our_own(manifest.spec(recorded.plan.task))
    actions = tuple(plain_action(one) for one in read_actions(directory, recorded.trace))
    order = Play(plan=recorded.plan, actions=actions, media=film.removesuffix(".webp"))
    kwargs = task_kwargs(spec, manifest, filmed=bool(film))
    with Pool(1, Limits()) as pool:
        slot = pool.slots[0]
        slot.start()
        slot.set_up(spec, kwargs, pool.patience.worker)
        _await(pool, slot)
        slot.play(order)
        played = _await(pool, slot)
    assert isinstance(played, Finished)
    seed = manifest.benchmark.seed_of(recorded.plan.task, recorded.plan.index)
    fields = kwargs.get("observations", spec.default_observations)
    drawn = spec.renderer != "none" and not {"rgb", "depth"}.isdisjoint(fields)
    return compare(recorded, played, seed, drawn)


def _our_own(declared: TaskSpec) -> TaskSpec:
    """The task as this installation declares it.

    A manifest may come from a stranger, and a declaration names code to call: what is called is
    what is installed here, and it must be what the manifest says.

    Raises:
        UnknownName: the task is not registered here.
        PlanMismatch: it is declared otherwise here.
    """
    ours = as_read_back(catalogue.find(declared.id))
    if digest_of(ours) != digest_of(declared):
        raise PlanMismatch(
            f"the run declares {declared.id} otherwise than this installation does; "
            "replay it with the version of polyathlon that its manifest names"
        )
    return ours


def _await(pool: Pool, slot: Slot) -> Ready | Finished:
    while True:
        for event in pool.wait(interactive=False):
            if isinstance(event.what, WorkerFault):
                raise PolyathlonError(f"the replay failed: {event.what}")
            assert not isinstance(event.what, dict)
            return event.what


def compare(
    recorded: EpisodeResult, played: Finished, planned_seed: int, drawn: bool
) -> Comparison:
    """Holds what was played against what was recorded.

    Args:
        recorded: what the journal says.
        played: what came of it here.
        planned_seed: the seed that the benchmark gives this episode.
        drawn: whether a renderer drew part of the observations; then they do not decide.
    """
    assert recorded.trace is not None
    outcome = "success" if played.success else "failure"
    compared = [
        ("seed", recorded.plan.seed, planned_seed),
        ("outcome", recorded.outcome.value, outcome),
        ("steps", recorded.steps, played.steps),
        ("total reward", recorded.total_reward, played.total_reward),
        ("rewards, step by step", recorded.reward_digest[:12], played.reward_digest[:12]),
        ("actions", recorded.trace.digest[:12], played.action_digest[:12]),
        ("first observation", recorded.start_digest[:12], played.start_digest[:12]),
        ("last observation", recorded.end_digest[:12], played.end_digest[:12]),
    ]
    lines = tuple(
        Line(was == now, f"{name}: {was}" + ("" if was == now else f" recorded, {now} here"))
        for name, was, now in compared
    )
    decisive = [line for line in lines if not (drawn and "observation" in line.text)]
    return Comparison(lines, all(line.same for line in decisive), tuple(played.notes))
