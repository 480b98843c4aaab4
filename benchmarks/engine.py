"""Where planned episodes are played: an engine takes work and hands each episode back once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..core.episode import EpisodePlan
from ..core.journal import Entry
from ..core.manifest import Manifest
from ..core.protocols import Agent, DecodePolicy
from ..core.specs import TaskSpec
from .runner import Runner
from .tuning import Tuner
from .workers.pool import Pool
from .workers.slot import Limits


@dataclass(frozen=True, kw_only=True)
class Work:
    """Episodes to play, how, and who is told.

    Attributes:
        plans: the episodes.
        manifest: of the run.
        specs: task id to declaration.
        task_kwargs: task id to the arguments of its environment.
        on_invalid: what is done with an utterance that means no action.
        rewards: show the agent, as ``reward``, what its last action brought.
        interpreters: family to the Python that plays it, where it is not this one.
        films: how many episodes of each task are filmed.
        records: whether each episode's own log is kept, where the family has one.
        directory: of the run.
        finished: takes each finished episode with its actions, once.
        prepared: is told what draws a family's pictures.
        noted: is told what is no fault and yet worth knowing.
    """

    plans: Sequence[EpisodePlan]
    manifest: Manifest
    specs: Mapping[str, TaskSpec]
    task_kwargs: Mapping[str, Mapping[str, Any]]
    on_invalid: DecodePolicy
    rewards: bool
    interpreters: Mapping[str, str]
    films: int
    records: bool
    directory: Path
    finished: Callable[[Entry], None]
    prepared: Callable[[TaskSpec, Mapping[str, str]], None]
    noted: Callable[[str], None]

    def media(self, episode: EpisodePlan) -> str:
        """Path without suffix for the film of an episode, or empty for none."""
        if episode.index >= self.films:
            return ""
        return str(self.directory / "media" / f"{episode.task}-{episode.index}")

    def record(self, episode: EpisodePlan) -> str:
        """Path without suffix for an episode's own log, or empty for none."""
        if not self.records:
            return ""
        return str(self.directory / "records" / f"{episode.task}-{episode.index}")


class Engine(Protocol):
    """Plays work."""

    def play(self, work: Work) -> None:
        """Plays all of it.

        Raises:
            PolyathlonError: the run cannot go on; what has been handed over stays.
        """


class LocalEngine:
    """Worker processes of this one, on this machine.

    Args:
        agent: the agent; None lets the tasks' own oracles play.
        slots: worker processes; with ``tuned``, the most of them.
        limits: deadlines.
        tuned: find out by measuring how many of them play fastest.
    """

    def __init__(
        self, agent: Agent | None, slots: int, limits: Limits, tuned: bool = False
    ) -> None:
        self._agent, self._slots, self._limits = agent, slots, limits
        self._tuner = Tuner(slots) if tuned else None

    def play(self, work: Work) -> None:
        """Plays all of it; see :class:`Engine`."""
        # No more workers than episodes: a process that never plays is started for nothing.
        slots = min(self._slots, len(work.plans))
        if self._tuner is not None:
            self._tuner.told = work.noted
        with Pool(slots, self._limits, work.interpreters) as pool:
            Runner(
                pool,
                self._agent,
                work.specs,
                work.task_kwargs,
                work.manifest.max_attempts,
                finished=work.finished,
                prepared=work.prepared,
                noted=work.noted,
                media=work.media,
                on_invalid=work.on_invalid,
                record=work.record,
                rewards=work.rewards,
                tuner=self._tuner,
            ).run(work.plans)

    def conclude(self) -> None:
        """No more work will come: says what of the tuning is open."""
        if self._tuner is not None:
            self._tuner.close()
