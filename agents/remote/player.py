"""The agent that asks a policy's server: the evaluator sees an agent like any other.

A connection that is cut is made again. If the server still has the episodes they go on where they
were, since every request is numbered and answered once; if it does not, they are lost, and the
evaluator is told so in place of their actions. An episode is never played on by a policy that has
forgotten how it began.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ... import __version__
from ...core.errors import (
    AgentFailed,
    EmbodimentMismatch,
    PolicyFailed,
    PolyathlonError,
    WorkerFault,
)
from ...core.protocols import Observation
from ...core.spaces import space_to_data
from ...core.specs import Brief
from .link import Link, LinkLost, LinkRefused, shown
from .setting import Setting
from .wire import (
    LARGEST,
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
    Welcome,
    WireError,
    decode_reply,
    encode,
    layout_of,
)

OPENING = 10.0
"""A server that takes longer to say who it is is given up [s]."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Between two tries to reach a server [s]; the pause doubles."""

MOST_LATE = 3
"""So many requests in a row without an answer in time end the run."""

KINDS = {"lost": "policy-lost", "order": "policy-lost", "spoiled": "policy-lost"}
"""Codes that are nobody's fault: the episode is played again."""


class _Course:
    """An episode of a slot: its number, what it has asked, and why it cannot go on."""

    def __init__(self, number: int, brief: Brief) -> None:
        self.number, self.brief = number, brief
        self.turn = 0
        self.begun = False
        self.fault: WorkerFault | None = None


class RemoteAgent:
    """Plays what a server says.

    Args:
        setting: where it is.

    Attributes:
        welcome: what the server said of itself.

    Raises:
        PolicyFailed: it cannot be reached, lets nobody in, or is no server of this protocol.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._link: Link | None = None
        self._courses: dict[int, _Course] = {}
        self._forget: list[int] = []
        self._numbers, self._ids = itertools.count(1), itertools.count(1)
        self._late = 0
        self._session = ""
        self.welcome = self._connect()
        self.dialect = self.welcome.dialect
        self.observations = self.welcome.observations
        self.embodiment = self.welcome.embodiment
        self.image_size = self.welcome.image_size
        self.settings: Mapping[str, str] = self.welcome.settings

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots; the server hears of the new episodes with their first picture."""
        for slot, brief in zip(slots, briefs, strict=True):
            before = self._courses.get(slot)
            if before is not None and before.begun:
                self._forget.append(before.number)
            self._courses[slot] = _Course(next(self._numbers), brief)

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """The server's action for each, or a :class:`WorkerFault` where the episode is lost.

        Raises:
            PolicyFailed: the server is away for too long, or refuses.
            EmbodimentMismatch: it does not play such bodies or observations.
            AgentFailed: the agent's code raised over there.
        """
        courses = [self._courses[slot] for slot in slots]
        pairs = list(zip(courses, observations, strict=True))
        try:
            self._begin([(c, seen) for c, seen in pairs if not c.begun and c.fault is None])
            able = [(c, seen) for c, seen in pairs if c.fault is None]
            actions = self._act(able) if able else {}
        except TimeoutError:
            actions = {}
            self._give_up(courses)
        return [c.fault or actions[c.number] for c in courses]

    def spent(self, slot: int) -> Mapping[str, float]:
        """What the episode of a slot has cost, where the server keeps account and is there."""
        course = self._courses[slot]
        if not self.welcome.accounts or course.fault is not None:
            return {}
        try:
            reply = self._exchange(End(id=next(self._ids), episodes=[course.number]))
        except TimeoutError:
            return {}
        return reply.spent[0] if isinstance(reply, Ended) and reply.spent else {}

    def close(self) -> None:
        """Says goodbye; the server forgets the episodes."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _begin(self, fresh: Sequence[tuple[_Course, Observation]]) -> None:
        if not fresh:
            return
        openings = [
            Opening(
                episode=course.number,
                instruction=course.brief.instruction,
                embodiment=course.brief.embodiment,
                action_space=space_to_data(course.brief.action_space),
                max_episode_steps=course.brief.max_episode_steps,
                agent_seed=course.brief.agent_seed,
                layout=layout_of(seen),
            )
            for course, seen in fresh
        ]
        reply = self._exchange(Begin(id=next(self._ids), openings=openings, forget=self._forget))
        if not isinstance(reply, Begun) or len(reply.answers) != len(fresh):
            raise self._failed("answers a beginning with something else")
        self._forget = []
        for (course, _), answer in zip(fresh, reply.answers, strict=True):
            course.begun = True
            self._settle(course, answer)

    def _act(self, able: Sequence[tuple[_Course, Observation]]) -> dict[int, Any]:
        """Actions by the episode's number."""
        asked = [
            Asked(episode=course.number, turn=course.turn, observation=dict(seen))
            for course, seen in able
        ]
        for course, _ in able:
            course.turn += 1
        reply = self._exchange(Act(id=next(self._ids), asked=asked))
        if not isinstance(reply, Acted) or len(reply.answers) != len(able):
            raise self._failed("answers observations with something else than actions")
        for (course, _), answer in zip(able, reply.answers, strict=True):
            self._settle(course, answer)
        return {
            course.number: answer.action
            for (course, _), answer in zip(able, reply.answers, strict=True)
        }

    def _settle(self, course: _Course, answer: Answer) -> None:
        if not answer.code:
            return
        if answer.code not in KINDS:
            raise self._refusal(answer.code, answer.message)
        course.fault = WorkerFault(
            KINDS[answer.code], f"{self._setting.address}: {answer.code}: {shown(answer.message)}"
        )

    def _give_up(self, courses: Sequence[_Course]) -> None:
        """Nothing has come in time; whatever comes later is for nobody."""
        self._drop()
        self._late += 1
        told = f"no answer within {self._setting.timeout:g} s"
        if self._late >= MOST_LATE:
            raise self._failed(
                f"gave {told}, {MOST_LATE} times in a row. Finished episodes are kept, and the "
                "same command goes on"
            )
        for course in courses:
            course.fault = WorkerFault("policy-timeout", f"{self._setting.address}: {told}")
            self._forget.append(course.number)

    def _exchange(self, message: Begin | Act | End) -> ToClient:
        """A request and its answer, over as many connections as it takes.

        Raises:
            TimeoutError: it is there, and does not answer.
            PolicyFailed: it is away for too long, or answers what is no answer.
        """
        data = self._encoded(message)
        pause, away = FIRST_PAUSE, 0.0
        while True:
            try:
                link = self._link or self._come_back()
                reply = self._ask(link, data, message.id)
            except LinkLost as error:
                self._drop()
                now = time.monotonic()
                away = away or now + self._setting.patience
                self._wait(pause, away, str(error))
            else:
                if not isinstance(reply, Refused):
                    self._late = 0
                    return reply
                if reply.code != "busy":
                    raise self._refusal(reply.code, reply.message)
                away = away or time.monotonic() + self._setting.patience
                self._wait(pause, away, f"busy: {shown(reply.message)}")
            pause = min(2 * pause, LONGEST_PAUSE)

    def _encoded(self, message: Begin | Act | End) -> bytes:
        try:
            data = encode(message)
        except WireError as error:
            raise PolicyFailed(f"an observation cannot be sent to a server: {error}") from None
        if len(data) > LARGEST:
            raise PolicyFailed(
                f"observations of {len(data) >> 20} MiB are more than the {LARGEST >> 20} MiB of a "
                "message; take fewer --slots or a smaller --image-size"
            )
        return data

    def _ask(self, link: Link, data: bytes, number: int) -> ToClient:
        deadline = time.monotonic() + self._setting.timeout
        link.send(data, deadline)
        while True:
            reply = self._read(link.receive(deadline))
            if isinstance(reply, Welcome):
                raise self._failed("greets twice")
            if reply.id == number or (isinstance(reply, Refused) and not reply.id):
                return reply
            if reply.id > number:
                raise self._failed("answers what was not asked")
            # What was asked before a cut, and has been asked again since.

    def _wait(self, pause: float, until: float, why: str) -> None:
        if time.monotonic() + pause > until:
            raise self._failed(
                f"cannot be reached: {why}. Waited {self._setting.patience:g} s; finished episodes "
                "are kept, and the same command goes on"
            )
        time.sleep(pause)

    def _come_back(self) -> Link:
        """A new connection; whatever the server has forgotten it will call lost when asked."""
        try:
            now = self._greet()
        except TimeoutError:
            raise LinkLost(f"no greeting within {self._opening():g} s") from None
        if now.identity != self.welcome.identity:
            raise self._failed(
                f"serves another agent since the run began ({now.name}); finished episodes are "
                "kept; use another --out for it"
            )
        assert self._link is not None
        return self._link

    def _connect(self) -> Welcome:
        """The first connection."""
        try:
            return self._greet()
        except LinkLost as error:
            raise self._failed(
                f"cannot be reached: {error}. Start it with: polyathlon serve AGENT"
            ) from None
        except TimeoutError:
            raise self._failed(f"gave no greeting within {self._opening():g} s") from None

    def _opening(self) -> float:
        return min(OPENING, self._setting.timeout)

    def _greet(self) -> Welcome:
        setting = self._setting
        deadline = time.monotonic() + self._opening()
        try:
            link = Link(setting.address, setting.token.header, LARGEST, deadline, setting.authority)
        except LinkRefused as error:
            told = setting.token.scrub(str(error))
            raise PolicyFailed(f"the policy at {setting.address}: {told}") from None
        try:
            hello = Hello(
                protocol=PROTOCOL, client=f"polyathlon {__version__}", session=self._session
            )
            link.send(encode(hello), deadline)
            reply = self._read(link.receive(deadline))
            if isinstance(reply, Refused):
                if reply.code == "busy":
                    raise LinkLost(f"busy: {shown(reply.message)}")
                raise self._refusal(reply.code, reply.message)
            if not isinstance(reply, Welcome) or reply.protocol != PROTOCOL:
                raise self._failed("does not greet as this protocol does")
        except BaseException:
            link.close()
            raise
        self._link, self._session = link, reply.session
        return reply

    def _read(self, data: bytes | str) -> ToClient:
        if isinstance(data, str):
            raise self._failed(f"speaks another protocol; it says: {shown(data)}")
        try:
            return decode_reply(data)
        except WireError as error:
            raise self._failed(f"speaks another protocol ({shown(str(error))})") from None

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _refusal(self, code: str, message: str) -> PolyathlonError:
        told = f"{shown_long(message)}"
        if code == "contract":
            return EmbodimentMismatch(f"the policy at {self._setting.address} refuses: {told}")
        if code == "agent-failed":
            return AgentFailed(f"the agent at {self._setting.address} raised: {told}")
        return self._failed(f"refuses ({code}): {told}")

    def _failed(self, what: str) -> PolicyFailed:
        return PolicyFailed(f"the policy at {self._setting.address} {what}")


def shown_long(text: str, most: int = 1000) -> str:
    """A whole message of a server, fit for a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:most]).strip()
