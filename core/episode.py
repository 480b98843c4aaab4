"""An episode before, and after, it is played; both have one canonical JSON form.

Nothing here can refer to itself, so that Python's search for cycles may pass it over
(``gc=False``): a hundred thousand episodes in memory are otherwise searched again and again.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from .specs import canonical_struct, derive_seed

TIMES = ("policy", "environment", "rendering", "waiting")
"""Where an episode's time goes: the agent decides; the world steps; it draws, its films included;
and the rest, in which the slot is handed over, or waits for others in its batch."""


class Outcome(enum.Enum):
    """How an episode ended. INVALID means that the infrastructure failed, never the agent."""

    SUCCESS = "success"
    FAILURE = "failure"
    INVALID = "invalid"


class EpisodePlan(msgspec.Struct, frozen=True, kw_only=True, order=True, gc=False):
    """Names one episode for good: which task, which number, which seed."""

    task: str
    index: int
    seed: int

    @property
    def key(self) -> tuple[str, int]:
        """Task and index: unique within a run."""
        return self.task, self.index

    @property
    def agent_seed(self) -> int:
        """The seed of the agent's own dice, one way from the plan's."""
        return derive_seed("agent", self.task, self.index, self.seed)


class TraceRef(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an episode's actions lie in the run's ``actions.bin``.

    Attributes:
        offset: first byte [bytes].
        length: bytes of the compressed block [bytes].
        digest: SHA-256 of the uncompressed actions, in hexadecimal.
    """

    offset: int
    length: int
    digest: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt did not count: the kind of :class:`~polyathlon.core.errors.WorkerFault`."""

    kind: str
    message: str


class EpisodeResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came of one planned episode.

    Attributes:
        plan: the episode.
        outcome: success, failure or invalid.
        total_reward: undiscounted sum of rewards.
        score: normalised score: floor 0, ceiling 1; None where the task has none.
        steps: environment steps played.
        metrics: further figures of the family, all finite floats.
        instruction: the words of this episode.
        trace: where the actions lie; None for an invalid episode.
        reward_digest: SHA-256 of the float64 rewards in order, in hexadecimal.
        start_digest: SHA-256 of the first observation.
        end_digest: SHA-256 of the last observation.
        wall_time: seconds from reset to the last step [s].
        attempts: how often it was started, this time included.
        faults: one entry for each attempt that the infrastructure spoiled.
        invalid_utterances: steps at which what the agent first said meant no action.
        spent: what the agent used up in the attempt that counts, by name, where it keeps account.
        times: where ``wall_time`` went, by the names of ``TIMES`` [s]; left out where nobody
            looked, as in what was written before it was told.
    """

    plan: EpisodePlan
    outcome: Outcome
    total_reward: float = 0.0
    score: float | None = 0.0
    steps: int = 0
    metrics: Mapping[str, float] = {}
    instruction: str = ""
    trace: TraceRef | None = None
    reward_digest: str = ""
    start_digest: str = ""
    end_digest: str = ""
    wall_time: float = 0.0
    attempts: int = 1
    faults: tuple[Fault, ...] = ()
    invalid_utterances: int = 0
    spent: Mapping[str, float] = {}
    times: Mapping[str, float] | msgspec.UnsetType = msgspec.UNSET

    @property
    def valid(self) -> bool:
        """Whether the episode says anything about the agent."""
        return self.outcome is not Outcome.INVALID

    def canonical(self) -> bytes:
        """Its one JSON form: ``canonical_json`` of it.

        Raises:
            BadArgument: a figure is NaN or infinite.
        """
        figures = (self.total_reward, self.score, self.wall_time)
        tables = (self.metrics, self.spent, self.times or {})
        return canonical_struct(
            self, (*figures, *(one for table in tables for one in table.values()))
        )
