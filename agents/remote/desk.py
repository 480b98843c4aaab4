"""What a server answers: each request of a client, checked and turned into calls of the agent."""

from __future__ import annotations

import asyncio
from typing import Any

from ... import __version__
from ...core.errors import PolyathlonError
from ...core.manifest import AgentRecord
from ...core.protocols import Agent, Spending, embodiment_of
from ...core.specs import Brief, digest_of
from .batching import Batcher, Job, failure
from .contract import agree
from .gauge import Gauges
from .hand import Hand
from .register import Busy, Episode, Register, Session, brief_of
from .wire import (
    MOST_AT_ONCE,
    PROTOCOL,
    Act,
    Acted,
    Answer,
    Asked,
    Begin,
    Begun,
    End,
    Ended,
    Hello,
    Opening,
    Refused,
    ToClient,
    ToServer,
    Welcome,
    WireError,
)


class Desk:
    """Answers.

    Args:
        agent: that plays.
        record: of it.
        adapter_digest: of the fitted adapter that its dialect names; else empty.
        register: who plays what.
        batcher: asks the agent for actions.
        hand: touches the agent.
        gauges: are told.
    """

    def __init__(
        self,
        agent: Agent,
        record: AgentRecord,
        adapter_digest: str,
        register: Register,
        batcher: Batcher,
        hand: Hand,
        gauges: Gauges,
    ) -> None:
        self._agent, self._hand = agent, hand
        self._register, self._batcher, self._gauges = register, batcher, gauges
        self._identity = identity_of(agent, record, adapter_digest)

    def welcome(self, session: Session) -> Welcome:
        """Who plays here."""
        return Welcome(
            protocol=PROTOCOL,
            server=f"polyathlon {__version__}",
            session=session.name,
            accounts=isinstance(self._agent, Spending),
            identity=digest_of(self._identity),
            **self._identity,
        )

    async def reply(self, session: Session, request: ToServer) -> ToClient:
        """The answer to a request.

        Raises:
            WireError: it has no place here.
        """
        if isinstance(request, Hello):
            raise WireError("a second hello")
        parts = _parts(request)
        if len(parts) > MOST_AT_ONCE:
            raise WireError(f"it speaks of {len(parts)} episodes; at most {MOST_AT_ONCE} go")
        try:
            if isinstance(request, Begin):
                return await self._begin(session, request)
            if isinstance(request, Act):
                return await self._act(session, request)
            return await self._end(session, request)
        except Busy as error:
            self._gauges.refused.labels("busy").inc()
            return Refused(id=request.id, code="busy", message=str(error))

    async def _begin(self, session: Session, request: Begin) -> Begun:
        self._register.forget(session, request.forget)
        answers: list[Answer | Episode] = []
        fresh: list[tuple[Episode, Brief]] = []
        try:
            for opening in request.openings:
                known = session.episodes.get(opening.episode)
                if known is None:
                    answers.append(self._open(session, opening, fresh))
                elif known.opening == opening:
                    answers.append(known)  # It was asked for before a cut.
                else:
                    answers.append(Answer(code="protocol", message="the episode has begun"))
        finally:
            await self._reset(session, fresh)
        return Begun(id=request.id, answers=[await self._heard(one) for one in answers])

    def _open(
        self, session: Session, opening: Opening, fresh: list[tuple[Episode, Brief]]
    ) -> Answer | Episode:
        try:
            space = agree(self._agent, opening)
        except PolyathlonError as error:
            return self._counted(Answer(code="contract", message=str(error)))
        episode = self._register.open(session, opening)
        fresh.append((episode, brief_of(opening, space)))
        return episode

    async def _reset(self, session: Session, fresh: list[tuple[Episode, Brief]]) -> None:
        if not fresh:
            return
        slots = [episode.slot for episode, _ in fresh]
        briefs = [brief for _, brief in fresh]
        answer = Answer()
        try:
            await self._hand.call(lambda: self._agent.reset(slots, briefs))
        except Exception as error:
            answer = self._counted(failure(error))
        for episode, _ in fresh:
            episode.begun.set_result(answer)
            self._register.release(episode)
        if answer.code:
            self._register.forget(session, [episode.opening.episode for episode, _ in fresh])
        else:
            self._gauges.begun.inc(len(fresh))

    async def _heard(self, one: Answer | Episode) -> Answer:
        return one if isinstance(one, Answer) else await asyncio.shield(one.begun)

    async def _act(self, session: Session, request: Act) -> Acted:
        answers = [await self._take(session, asked) for asked in request.asked]
        # Not shielded, which costs a turn of the loop: nobody is cancelled until the server ends.
        return Acted(
            id=request.id,
            answers=[one if isinstance(one, Answer) else await one for one in answers],
        )

    async def _take(self, session: Session, asked: Asked) -> Answer | asyncio.Future[Answer]:
        """The answer, at once where it is known, or when the agent has given it."""
        episode = session.episodes.get(asked.episode)
        if episode is None or not episode.begun.done():
            return self._counted(Answer(code="lost", message="no such episode is played here"))
        if asked.turn == episode.turn - 1 and episode.answer is not None:
            return episode.answer  # It did not arrive; the agent is not asked twice.
        if asked.turn != episode.turn:
            told = f"turn {asked.turn} was asked for, {episode.turn} is next"
            return self._counted(Answer(code="order", message=told))
        if episode.pending is not None:
            return episode.pending
        trouble = episode.fits(asked.observation)
        if trouble:
            return self._counted(Answer(code="contract", message=trouble))
        return await self._batcher.put(Job(session, episode, asked.observation))

    async def _end(self, session: Session, request: End) -> Ended | Refused:
        """What the episodes have cost; then they are forgotten."""
        agent: object = self._agent
        known = [session.episodes.get(number) for number in request.episodes]

        def tell() -> list[dict[str, float]]:
            if not isinstance(agent, Spending):
                return [{} for _ in known]
            told = [{} if one is None else agent.spent(one.slot) for one in known]
            return [{str(name): float(n) for name, n in one.items()} for one in told]

        try:
            spent = await self._hand.call(tell)
        except Exception as error:
            answer = self._counted(failure(error))
            return Refused(id=request.id, code=answer.code, message=answer.message)
        self._register.forget(session, request.episodes)
        return Ended(id=request.id, spent=spent)

    def _counted(self, answer: Answer) -> Answer:
        self._gauges.refused.labels(answer.code).inc()
        return answer


def _parts(request: Begin | Act | End) -> list[Any]:
    if isinstance(request, Begin):
        return request.openings
    return request.asked if isinstance(request, Act) else request.episodes


def identity_of(agent: object, record: AgentRecord, adapter_digest: str) -> dict[str, Any]:
    """What makes it this agent and no other."""
    return {
        "name": record.name,
        "path": record.path,
        "dialect": record.dialect,
        "observations": record.observations,
        "embodiment": embodiment_of(agent),
        "image_size": getattr(agent, "image_size", None),
        "source_digest": record.source_digest,
        "adapter_digest": adapter_digest,
        "settings": dict(record.settings),
    }
