"""From the observations of many clients to calls of one agent, and back to whom they belong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence
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
    client alone never waits.

    Args:
        agent: is asked.
        hand: touches it.
        register: knows who might still ask.
        gauges: are told.
        most: observations of a call.
        wait: for others to fill it [s].
        queue: observations that may wait; whoever comes with more is not read any further.
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
        self._room = asyncio.Semaphore(queue)
        self._jobs: deque[Job] = deque()
        self._arrived = asyncio.Event()

    async def put(self, job: Job) -> asyncio.Future[Answer]:
        """Queues an observation, when there is room; the answer comes later."""
        pending: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        job.episode.pending = pending
        await self._room.acquire()
        self._gauges.waiting.inc()
        self._jobs.append(job)
        self._arrived.set()
        return pending

    async def run(self) -> None:
        """Serves until it is cancelled; then nobody waits for an answer any more."""
        batch: list[Job] = []
        try:
            while True:
                batch = await self._collect()
                answers = await self._ask(batch)
                for job, answer in zip(batch, answers, strict=True):
                    self._room.release()
                    self._gauges.waiting.dec()
                    self._hand_out(job.episode, answer)
        finally:
            for job in (*batch, *self._jobs):
                if job.episode.pending is not None:
                    job.episode.pending.cancel()

    def _hand_out(self, episode: Episode, answer: Answer) -> None:
        pending, episode.pending = episode.pending, None
        episode.turn += 1
        episode.answer = answer
        if pending is not None and not pending.done():
            pending.set_result(answer)
        self._register.release(episode)

    async def _collect(self) -> list[Job]:
        while not self._jobs:
            self._arrived.clear()
            await self._arrived.wait()
        batch = [self._jobs.popleft()]
        until = time.monotonic() + self._wait
        while len(batch) < self._most and not batch[0].session.alone:
            if self._jobs:
                if self._jobs[0].session.alone:
                    break
                batch.append(self._jobs.popleft())
                continue
            left = until - time.monotonic()
            if left <= 0 or not self._others(batch):
                break
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), left)
        return batch

    def _others(self, batch: Sequence[Job]) -> bool:
        """Whether a client who is not in the batch could still ask."""
        inside = {id(job.session) for job in batch}
        return any(
            session.connection is not None and session.episodes and id(session) not in inside
            for session in self._register.sessions.values()
        )

    async def _ask(self, batch: Sequence[Job]) -> list[Answer]:
        """One call of the agent; what it raises becomes a code."""
        observations = [job.observation for job in batch]
        slots = [job.episode.slot for job in batch]
        self._gauges.batch.observe(len(batch))
        begun = time.perf_counter()
        try:
            said = await self._hand.call(lambda: list(self._agent.act(observations, slots)))
        except Exception as error:
            answer = failure(error)
            sessions = {id(job.session): job.session for job in batch}
            if len(sessions) > 1 and answer.code == "agent-failed":
                # Whose observation it was cannot be told; from now on it can.
                for session in sessions.values():
                    session.alone = True
                answer = Answer(code="spoiled", message=answer.message)
            return [answer] * len(batch)
        finally:
            self._gauges.seconds.observe(time.perf_counter() - begun)
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
