"""Plays a recorded episode again from its actions, without the agent, and compares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from ..core.actions import plain_action
from ..core.episode import EpisodeResult
from ..core.errors import AgentFailed, BadArgument, PlanMismatch, PolyathlonError, WorkerFault
from ..core.journal import read_actions
from ..core.manifest import Manifest, describe_machine
from ..core.specs import TaskSpec, as_read_back, digest_of_tasks
from ..tasks import catalogue
from .evaluate import task_kwargs
from .workers.message import Finished, Play, Ready
from .workers.pool import Pool
from .workers.slot import Limits

ROUNDING = 1e-6
"""Difference of figures, relative or absolute, that is put down to another processor's rounding."""

Tier: TypeAlias = Literal["bit", "outcome", "distribution"]


class Line(NamedTuple):
    """One thing compared."""

    same: bool
    text: str


class Comparison(NamedTuple):
    """What was compared.

    Attributes:
        lines: each figure, recorded against played.
        matches: every figure that decides is the same. Where a renderer drew part of the
            observations these do not decide: two renderers differ in the last bit of a pixel.
        notes: what else is worth knowing, e.g. that no film could be made.
        by: what decides: every ``bit``; the ``outcome`` alone, where the task is repeatable on one
            platform and this is another; or the ``distribution`` over many episodes.
        success: whether it was won this time.
        total_reward: of this time.
    """

    lines: tuple[Line, ...]
    matches: bool
    notes: tuple[str, ...]
    by: Tier = "bit"
    success: bool = False
    total_reward: float = 0.0

    @property
    def differing(self) -> str:
        """The first line that is not the same; empty if all are."""
        return next((line.text for line in self.lines if not line.same), "")


class Replayer:
    """Plays recorded episodes of one run again, one after the other, in a worker of its own.

    Use it as a context manager. A task's environment stands until another task's turn comes.

    Args:
        manifest: the run's; it may come from a stranger.
        limits: the deadlines.
    """

    def __init__(self, manifest: Manifest, limits: Limits | None = None) -> None:
        self._manifest = manifest
        self._pool = Pool(1, limits or Limits())
        self._standing: tuple[TaskSpec, bool] | None = None
        self._same_platform = is_this_platform(manifest.machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def play(self, recorded: EpisodeResult, actions: Sequence[Any], film: str = "") -> Comparison:
        """Plays one episode and compares.

        Args:
            recorded: what the journal says of it.
            actions: what was done in it.
            film: path without suffix for a film of it, or empty.

        Raises:
            UnknownName: the task is not registered here.
            PlanMismatch: it is declared otherwise here.
            PolyathlonError: the world cannot be made, or failed.
        """
        spec = _our_own(self._manifest.spec(recorded.plan.task))
        kwargs = task_kwargs(spec, self._manifest, filmed=bool(film))
        order = Play(
            plan=recorded.plan,
            actions=tuple(plain_action(one) for one in actions),
            media=film.removesuffix(".webp"),
        )
        slot = self._pool.slots[0]
        try:
            if self._standing != (spec, bool(film)):
                self._standing = None
                slot.set_up(spec, kwargs, self._pool.patience.worker)
                self._await()
                self._standing = spec, bool(film)
            slot.play(order)
            played = self._await()
        except AgentFailed as error:  # Nobody but the recording acts here.
            self._standing = None
            slot.end()
            return Comparison((Line(False, f"actions: {error}"),), False, ())
        except PolyathlonError:
            self._standing = None
            slot.end()
            raise
        assert isinstance(played, Finished)
        seed = self._manifest.benchmark.seed_of(recorded.plan.task, recorded.plan.index)
        fields = kwargs.get("observations", spec.default_observations)
        drawn = spec.renderer != "none" and not {"rgb", "depth"}.isdisjoint(fields)
        found = compare(recorded, played, seed, drawn, self._tier(spec))
        if spec.determinism == "platform" and found.by == "bit" and not found.matches:
            return _but_for_last_bits(found, recorded, played)
        return found

    def _tier(self, spec: TaskSpec) -> Tier:
        if spec.determinism == "statistical":
            return "distribution"
        if spec.determinism == "platform" and not self._same_platform:
            return "outcome"
        return "bit"

    def _await(self) -> Ready | Finished:
        while True:
            for event in self._pool.wait(interactive=False):
                if isinstance(event.what, WorkerFault):
                    raise PolyathlonError(f"the replay failed: {event.what}")
                assert not isinstance(event.what, dict)
                return event.what


def is_this_platform(machine: Mapping[str, Any]) -> bool:
    """Whether a manifest's machine has this one's system and kind of processor."""
    here = describe_machine()
    return all(machine.get(field) == here[field] for field in ("system", "processor"))


def replay(directory: Path, manifest: Manifest, recorded: EpisodeResult, film: str) -> Comparison:
    """Plays one episode of a run again.

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
    with Replayer(manifest) as replayer:
        return replayer.play(recorded, read_actions(directory, recorded.trace), film)


def _our_own(declared: TaskSpec) -> TaskSpec:
    """The task as this installation declares it.

    A manifest may come from a stranger, and a declaration names code to call: what is called is
    what is installed here, and it must be what the manifest says.

    Raises:
        UnknownName: the task is not registered here.
        PlanMismatch: it is declared otherwise here.
    """
    ours = as_read_back(catalogue.find(declared.id))
    if digest_of_tasks([ours]) != digest_of_tasks([declared]):
        raise PlanMismatch(
            f"the run declares {declared.id} otherwise than this installation does; "
            "replay it with the version of polyathlon that its manifest names"
        )
    return ours


def compare(
    recorded: EpisodeResult, played: Finished, planned_seed: int, drawn: bool, by: Tier = "bit"
) -> Comparison:
    """Holds what was played against what was recorded.

    Args:
        recorded: what the journal says.
        played: what came of it here.
        planned_seed: the seed that the benchmark gives this episode.
        drawn: whether a renderer drew part of the observations; then they do not decide.
        by: what decides.
    """
    assert recorded.trace is not None
    outcome = "success" if played.success else "failure"
    compared: list[tuple[str, object, object]] = [
        ("seed", recorded.plan.seed, planned_seed),
        ("outcome", recorded.outcome.value, outcome),
        ("steps", recorded.steps, played.steps),
        ("total reward", recorded.total_reward, played.total_reward),
        ("rewards, step by step", recorded.reward_digest[:12], played.reward_digest[:12]),
        ("actions", recorded.trace.digest[:12], played.action_digest[:12]),
        ("first observation", recorded.start_digest[:12], played.start_digest[:12]),
        ("last observation", recorded.end_digest[:12], played.end_digest[:12]),
        ("instruction", recorded.instruction, played.instruction),
        *_figures(recorded.metrics, played.metrics),
    ]
    lines = tuple(
        Line(was == now, f"{name}: {was}" + ("" if was == now else f" recorded, {now} here"))
        for name, was, now in compared
    )
    # What is bit for bit the same in one world is all that counts; elsewhere the first lines do.
    deciding = {"bit": lines, "outcome": lines[:2], "distribution": lines[:1]}[by]
    seen = ("first observation", "last observation")
    same = all(line.same for line in deciding if not (drawn and line.text.startswith(seen)))
    notes = list(played.notes)
    if by == "outcome":
        notes.append("it was played on another platform: seed and outcome decide, not every bit")
    if by == "distribution":
        notes.append("this task differs from time to time: only many episodes together can tell")
    return Comparison(lines, same, tuple(notes), by, played.success, played.total_reward)


def _but_for_last_bits(found: Comparison, recorded: EpisodeResult, played: Finished) -> Comparison:
    """Lets the outcome decide where only rounding differs.

    Two processors of one kind have different instructions, and libraries of linear algebra choose
    other kernels for each: a manifest does not say which.
    """
    seed, outcome, steps, *_ = found.lines
    same = seed.same and outcome.same and steps.same
    was = {"total reward": recorded.total_reward, **recorded.metrics}
    now = {"total reward": played.total_reward, **played.metrics}
    near = was.keys() == now.keys() and all(
        math.isclose(was[name], now[name], rel_tol=ROUNDING, abs_tol=ROUNDING) for name in was
    )
    if not (same and near and recorded.instruction == played.instruction):
        return found
    note = "only last digits differ, as on another processor of this kind: the outcome decides"
    return found._replace(matches=True, by="outcome", notes=(*found.notes, note))


def _figures(
    was: Mapping[str, float], now: Mapping[str, float]
) -> list[tuple[str, object, object]]:
    """The further figures that differ, one by one; in one line if none does."""
    names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    if not names:
        return [("further figures", len(was), len(now))] if was else []
    return [(f"figure {name}", was.get(name), now.get(name)) for name in names]
