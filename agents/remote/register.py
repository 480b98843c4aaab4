"""Who is connected and what they play: sessions, episodes, and the slots an agent knows them by.

Nothing is shared between episodes: each has a slot of its own for as long as it lasts, and what a
client says of an episode that is not its own finds nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import secrets
from collections.abc import Iterable
from typing import Any

from ...core.specs import Brief
from .wire import Answer, Opening, layout_of


class Busy(Exception):
    """There is no room."""


class Episode:
    """One episode of one client.

    Attributes:
        slot: by which the agent knows it.
        opening: what it began with.
        turn: the turn that is answered next, from 0.
        answer: of the turn before, for a client that did not get it.
        pending: of the turn that is being answered.
        begun: set once the agent has heard of it.
    """

    def __init__(self, slot: int, opening: Opening) -> None:
        self.slot, self.opening = slot, opening
        self.turn = 0
        self.answer: Answer | None = None
        self.pending: asyncio.Future[Answer] | None = None
        self.begun: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.over = False

    def fits(self, observation: dict[str, Any]) -> str:
        """What is wrong with an observation, by the layout that the episode began with."""
        found = layout_of(observation)
        if found == self.opening.layout:
            return ""
        fields = {*found, *self.opening.layout}
        name = next(f for f in sorted(fields) if found.get(f) != self.opening.layout.get(f))
        return (
            f"observation '{name}' is {found.get(name, 'missing')}; the episode began with "
            f"{self.opening.layout.get(name, 'none of that name')}"
        )


class Session:
    """A client, over all its connections.

    Attributes:
        name: a secret between the two ends.
        episodes: by the client's own numbers.
        alone: its observations are put to the agent in batches of their own, since a batch with
            them in it has failed.
        connection: which of its connections counts, the latest.
        expires: when its episodes are forgotten, by the loop's clock; None while connected.
    """

    def __init__(self) -> None:
        self.name = secrets.token_urlsafe(16)
        self.episodes: dict[int, Episode] = {}
        self.alone = False
        self.connection: object = None
        self.expires: float | None = None


class Register:
    """All sessions.

    Args:
        most_sessions: of clients, connected or lately cut off.
        most_episodes: at one time, over all clients.
    """

    def __init__(self, most_sessions: int, most_episodes: int) -> None:
        self._most_sessions = most_sessions
        self._free = list(range(most_episodes))
        self.sessions: dict[str, Session] = {}

    @property
    def episodes(self) -> int:
        """Those that are open."""
        return sum(len(session.episodes) for session in self.sessions.values())

    def enter(self, name: str, connection: object) -> Session:
        """The session of that name, or a new one.

        Raises:
            Busy: there are too many.
        """
        session = self.sessions.get(name)
        if session is None:
            if len(self.sessions) >= self._most_sessions:
                raise Busy(f"{self._most_sessions} clients are connected already")
            session = Session()
            self.sessions[session.name] = session
        session.connection, session.expires = connection, None
        return session

    def open(self, session: Session, opening: Opening) -> Episode:
        """Gives an episode a slot.

        Raises:
            Busy: none is free.
        """
        if not self._free:
            raise Busy("every slot for an episode is taken")
        episode = Episode(heapq.heappop(self._free), opening)
        session.episodes[opening.episode] = episode
        return episode

    def forget(self, session: Session, numbers: Iterable[int]) -> None:
        """Ends some of a session's episodes; one that the agent is at work on keeps its slot."""
        for number in numbers:
            episode = session.episodes.pop(number, None)
            if episode is None:
                continue
            episode.over = True
            if episode.pending is None and episode.begun.done():
                heapq.heappush(self._free, episode.slot)

    def release(self, episode: Episode) -> None:
        """Gives back the slot of an episode that was forgotten while the agent was at work."""
        if episode.over:
            heapq.heappush(self._free, episode.slot)

    def leave(self, session: Session, until: float | None) -> None:
        """A connection has ended: its episodes are kept until then, or forgotten at once."""
        session.connection = None
        session.expires = until
        if until is None or not session.episodes:
            self._drop(session)

    def sweep(self, now: float) -> None:
        """Forgets who has not come back."""
        for session in list(self.sessions.values()):
            if session.expires is not None and session.expires <= now:
                self._drop(session)

    def _drop(self, session: Session) -> None:
        self.forget(session, list(session.episodes))
        self.sessions.pop(session.name, None)


def brief_of(opening: Opening, space: Any) -> Brief:
    """What the agent hears of an episode."""
    return Brief(
        instruction=opening.instruction,
        embodiment=opening.embodiment,
        action_space=space,
        max_episode_steps=opening.max_episode_steps,
        agent_seed=opening.agent_seed,
    )
