"""From the observations of many clients to calls of one agent, and back to whom they belong."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from typing import Any, NamedTuple

import msgspec

from ...core.errors import EmbodimentMismatch, PolyathlonError
from ...core.protocols import Agent
from .gauge import Gauges
from .hand import Hand
from .register import Episode, Register, Session
from .wire import Answer, WireError, encode_value

log = logging.getLogger("polyathlon.serve")


class Job(NamedTuple):
    """An observation that waits."""

    session: Session
    episode: Episode
    observation: dict[str, Any]


class Batcher:
    """Collects what waits, asks the agent once, and hands the actions out.

    It waits for others only where another client has open episodes and nothing in the batch: one
    client alone never waits. It is no task of its own: whoever puts something in asks the agent, if
    that is free, and so does the answer before, since each turn of the loop in between costs.

    Args:
        agent: is asked.
        hand: touches it.
        register: knows who might still ask.
        gauges: are told.
        most: observations of a call.
        wait: for others to fill it [s].
        queue: observations that may wait; whoever comes with more is not read any further.

    Attributes:
        fallen: has what broke, if something here does: nobody would be answered any more.
    """

    def __init__(
        self,
        agent: Agent,
        hand: Hand,
        register: Register,
        gauges: Gauges,
        most: int,
        wait: float,
        queue: int,
    ) -> None:
        self._agent, self._hand = agent, hand
        self._register, self._gauges = register, gauges
        self._most, self._wait = most, wait
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(queue)
        self._jobs: deque[Job] = deque()
        self._batch: list[Job] = []  # What the agent is at work on.
        self._alarm: asyncio.TimerHandle | None = None  # Others are waited for until it rings.
        self.fallen: asyncio.Future[None] = self._loop.create_future()

    @property
    def waiting(self) -> int:
        """Observations that wait for their action."""
        return len(self._batch) + len(self._jobs)

    async def put(self, job: Job) -> asyncio.Future[Answer]:
        """Queues an observation, when there is room; the answer comes later."""
        pending: asyncio.Future[Answer] = self._loop.create_future()
        job.episode.pending = pending
        await self._room.acquire()
        self._jobs.append(job)
        self._ask()
        return pending

    def _ask(self, patient: bool = True) -> None:
        """Asks the agent, if it is free, and nobody else is waited for."""
        if self._batch or not self._jobs:
            return
        count = self._count()
        grows = count == len(self._jobs) < self._most and not self._jobs[0].session.alone
        if patient and grows and self._wait and self._others():
            if self._alarm is None:
                self._alarm = self._loop.call_later(self._wait, self._ask, False)
            return
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._batch = [self._jobs.popleft() for _ in range(count)]
        observations = [job.observation for job in self._batch]
        slots = [job.episode.slot for job in self._batch]
        self._begun = time.perf_counter()
        self._hand.ask(lambda: list(self._agent.act(observations, slots)), self._tell)
        self._gauges.batch.observe(count)  # While its thread wakes.

    def _count(self) -> int:
        """Of those that wait, how many the agent is asked for at once."""
        if self._jobs[0].session.alone:
            return 1
        first = itertools.islice(self._jobs, self._most)
        return len(list(itertools.takewhile(lambda job: not job.session.alone, first)))

    def _others(self) -> bool:
        """Whether a client of whom nothing waits could still ask."""
        inside = {id(job.session) for job in self._jobs}
        return any(
            session.connection is not None and session.episodes and id(session) not in inside
            for session in self._register.sessions.values()
        )

    def _tell(self, said: list[Any] | None, error: BaseException | None) -> None:
        """Hands out what the agent has said, and asks it for what has come meanwhile."""
        try:
            self._gauges.seconds.observe(time.perf_counter() - self._begun)
            answers = self._answers(said or [], error)
            batch, self._batch = self._batch, []
            for job, answer in zip(batch, answers, strict=True):
                self._room.release()
                self._hand_out(job.episode, answer)
            self._ask()
        except BaseException as broken:
            if not self.fallen.done():
                self.fallen.set_exception(broken)

    def _hand_out(self, episode: Episode, answer: Answer) -> None:
        pending, episode.pending = episode.pending, None
        episode.turn += 1
        episode.answer = answer
        if pending is not None and not pending.done():
            pending.set_result(answer)
        self._register.release(episode)

    def _answers(self, said: list[Any], error: BaseException | None) -> list[Answer]:
        """One for each of the batch; what the agent raised becomes a code."""
        batch = self._batch
        if error is not None:
            answer = failure(error)
            sessions = {id(job.session): job.session for job in batch}
            if len(sessions) > 1 and answer.code == "agent-failed":
                # Whose observation it was cannot be told; from now on it can.
                for session in sessions.values():
                    session.alone = True
                answer = Answer(code="spoiled", message=answer.message)
            return [answer] * len(batch)
        if len(said) != len(batch):
            told = f"it was asked for {len(batch)} actions and gave {len(said)}"
            return [Answer(code="agent-failed", message=told)] * len(batch)
        self._gauges.actions.inc(len(batch))
        return [_packed(action) for action in said]


def _packed(action: Any) -> Answer:
    try:
        return Answer(action=msgspec.Raw(encode_value(action)))
    except WireError as error:
        return Answer(code="agent-failed", message=f"its action cannot be sent: {error}")


def failure(error: BaseException) -> Answer:
    """What a client is told of what an agent raised: no traceback, and nothing of this machine."""
    if isinstance(error, EmbodimentMismatch):
        return Answer(code="contract", message=str(error))
    if isinstance(error, PolyathlonError):
        return Answer(code="refused", message=str(error))
    log.error("the agent raised", exc_info=error)
    return Answer(code="agent-failed", message=f"{type(error).__name__}; the server's log has it")
