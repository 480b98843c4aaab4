"""What agents have in common that are served by the protocols of other suites.

A connection a slot: those protocols keep an episode's state by connection, or not at all. None can
say whether it still has an episode, so whatever breaks a connection in an episode loses it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import EmbodimentMismatch, PolicyFailed, WorkerFault
from ...core.protocols import Observation
from ...core.specs import Brief, digest_of
from .link import Link, LinkLost, LinkRefused, shown
from .mapping import ModelMapping
from .setting import Setting
from .wire import LARGEST, WireError

OPENING = 30.0
"""A server that takes longer to greet is given up [s]; some compile before they do."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Between two tries to reach a server [s]."""

UNANSWERED = 1011
"""The code with which ``websockets`` gives up a connection whose pings nobody answers."""

MOST_LATE = 3
"""So many answers in a row that did not come in time end the run."""


class Course:
    """An episode of a slot: its brief, what is left of a chunk, and why it cannot go on."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        self.chunk: deque[NDArray[Any]] = deque()
        self.seen: Observation | None = None
        self.steps = 0
        self.begun = False
        self.session: NDArray[Any] | None = None
        self.fault: WorkerFault | None = None


class PeerAgent:
    """Plays what a server of another suite says; what it says is mapped by a file.

    Args:
        setting: where it is.
        mapping: of its keys.

    Raises:
        PolicyFailed: it cannot be reached, or is no server of the protocol.
        EmbodimentMismatch: what it says of itself is not what the mapping says.
    """

    dialect = "native"
    scheme: ClassVar[str]
    authorization: ClassVar[str] = "Bearer"
    """How the token is introduced in a handshake."""

    def __init__(self, setting: Setting, mapping: ModelMapping) -> None:
        self._setting, self._mapping = setting, mapping
        self._courses: dict[int, Course] = {}
        self._links: dict[int, Link] = {}
        self._spare: list[Link] = []
        self._late = 0
        try:
            link, self._told = self._connect()
        except LinkLost as error:
            raise self._failed(f"cannot be reached: {error}") from None
        self._spare.append(link)
        try:
            self.examine(self._told)
        except BaseException:
            self.close()
            raise
        self.observations = mapping.fields
        self.settings: Mapping[str, str] = {
            "address": setting.address,
            "mapping": mapping.digest(),
            "revision": mapping.revision,
            "server": self._digest(self._told),
        }

    def greet(self, link: Link, deadline: float) -> Mapping[str, Any]:
        """What a server says of itself when a connection stands."""
        raise NotImplementedError

    def examine(self, told: Mapping[str, Any]) -> None:
        """Compares that with the mapping.

        Raises:
            EmbodimentMismatch: they do not agree.
        """

    @property
    def remembers(self) -> bool:
        """Whether the server keeps something of an episode from one observation to the next."""
        return True

    def begin(self, link: Link, course: Course, deadline: float) -> None:
        """Tells the server that an episode begins."""

    def ask(self, link: Link, shown: Mapping[str, Any], course: Course, deadline: float) -> None:
        """Sends an observation."""
        raise NotImplementedError

    def hear(self, link: Link, deadline: float) -> Any:
        """The numbers of the answer: `[D]`, or `[H, D]` for a chunk."""
        raise NotImplementedError

    def reset(self, slots: Sequence[int], briefs: Sequence[Brief]) -> None:
        """Forgets those slots.

        Raises:
            EmbodimentMismatch: the mapping is not for such a task.
        """
        for slot, brief in zip(slots, briefs, strict=True):
            self._mapping.check(brief, self._setting.address)
            self.end(slot)
            self._courses[slot] = Course(brief)

    def end(self, slot: int) -> None:
        """An episode is over, or given up."""

    def act(self, observations: Sequence[Observation], slots: Sequence[int]) -> list[Any]:
        """The next action of each slot's chunk; who has none left is asked for, all at once."""
        deadline = time.monotonic() + self._setting.timeout
        asked = []
        for slot, seen in zip(slots, observations, strict=True):
            course = self._courses[slot]
            if seen is course.seen:
                course.chunk.clear()  # What it said for this meant no action.
            course.seen = seen
            if not course.chunk and course.fault is None and self._send(slot, seen, deadline):
                asked.append(slot)
        for slot in asked:
            self._receive(slot, deadline)
        return [self._next(self._courses[slot]) for slot in slots]

    def close(self) -> None:
        """Says goodbye."""
        for link in (*self._links.values(), *self._spare):
            link.close()
        self._links, self._spare = {}, []

    def _next(self, course: Course) -> Any:
        if course.fault is not None:
            return course.fault
        course.steps += 1
        return self._mapping.act(course.chunk.popleft(), course.brief.action_space)

    def _send(self, slot: int, seen: Observation, deadline: float) -> bool:
        course = self._courses[slot]
        shown = self._mapping.show(seen, course.brief.instruction)
        try:
            if not course.begun:
                self.begin(self._fresh(slot), course, deadline)
                course.begun = True
            self._keep(slot)
            self.ask(self._links[slot], shown, course, deadline)
        except (LinkLost, TimeoutError) as error:
            self._lose(slot, error)
            return False
        return True

    def _receive(self, slot: int, deadline: float) -> None:
        course = self._courses[slot]
        try:
            numbers = np.asarray(self.hear(self._links[slot], deadline))
        except (LinkLost, TimeoutError) as error:
            self._lose(slot, error)
            return
        except WireError as error:
            raise self._failed(f"speaks another protocol ({shown(str(error))})") from None
        self._late = 0
        if numbers.dtype.kind not in "iuf" or numbers.ndim not in (1, 2) or not numbers.size:
            raise self._failed(
                f"answers with {numbers.dtype}{list(numbers.shape)}, not with an action or a chunk"
            )
        chunk = numbers[None] if numbers.ndim == 1 else numbers
        if len(chunk) < self._mapping.action.execute:
            raise EmbodimentMismatch(
                f"the policy at {self._setting.address} gives {len(chunk)} actions at once, the "
                f"mapping plays {self._mapping.action.execute} of them"
            )
        course.chunk.extend(chunk[: self._mapping.action.execute])

    def _fresh(self, slot: int) -> Link:
        """A connection for an episode: the slot's own if it has one, else a new one."""
        if slot not in self._links:
            self._links[slot] = self._spare.pop() if self._spare else self._reach()
        try:
            self._links[slot].refresh()
        except LinkLost:
            self._links.pop(slot).close()
            self._links[slot] = self._reach()
        return self._links[slot]

    def _keep(self, slot: int) -> None:
        """A connection that was given up because nobody answered pings is made anew, if it may be.

        We listen only while we wait for an answer, and a slow world can outlast a server's
        patience. That is no loss where the server keeps nothing of an episode.
        """
        try:
            self._links[slot].refresh()
        except LinkLost as error:
            if self.remembers or error.code != UNANSWERED:
                raise
            self._links.pop(slot).close()
            self._links[slot] = self._reach()

    def _lose(self, slot: int, error: Exception) -> None:
        link = self._links.pop(slot, None)
        if link is not None:
            link.close()
        late = isinstance(error, TimeoutError)
        told = f"no answer within {self._setting.timeout:g} s" if late else str(error)
        self._late += late
        if self._late >= MOST_LATE:
            raise self._failed(
                f"gave {told}, {MOST_LATE} times in a row. Finished episodes are kept, and the "
                "same command goes on"
            )
        kind = "policy-timeout" if late else "policy-lost"
        self._courses[slot].fault = WorkerFault(kind, f"{self._setting.address}: {told}")

    def _reach(self) -> Link:
        """A connection, made as often as patience allows; to the same server as at first."""
        until, pause = time.monotonic() + self._setting.patience, FIRST_PAUSE
        while True:
            try:
                link, told = self._connect()
                break
            except LinkLost as error:
                if time.monotonic() + pause > until:
                    raise self._failed(
                        f"cannot be reached: {error}. Waited {self._setting.patience:g} s; "
                        "finished episodes are kept, and the same command goes on"
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        if self._digest(told) != self.settings["server"]:
            link.close()
            raise self._failed("says other things of itself than when the run began")
        return link

    def _connect(self) -> tuple[Link, Mapping[str, Any]]:
        setting = self._setting
        deadline = time.monotonic() + min(OPENING, setting.timeout)
        address = setting.address.replace(f"{self.scheme}://", "ws://", 1)
        try:
            link = Link(address, self._headers(), LARGEST, deadline, setting.authority)
        except LinkRefused as error:
            told = setting.token.scrub(str(error))
            raise PolicyFailed(f"the policy at {setting.address}: {told}") from None
        except TimeoutError:
            raise LinkLost("it does not answer") from None
        try:
            return link, self.greet(link, deadline)
        except TimeoutError:
            link.close()
            raise self._failed(f"gives no greeting of the protocol of {self.scheme}") from None
        except WireError as error:
            link.close()
            raise self._failed(f"speaks another protocol ({shown(str(error))})") from None
        except BaseException:
            link.close()
            raise

    def _headers(self) -> Mapping[str, str]:
        shown = self._setting.token.header.items()
        return {name: part.replace("Bearer", self.authorization, 1) for name, part in shown}

    def _digest(self, told: Mapping[str, Any]) -> str:
        plain = {name: repr(part) for name, part in sorted(told.items())}
        return digest_of(plain)[:16]

    def _failed(self, what: str) -> PolicyFailed:
        return PolicyFailed(f"the policy at {self._setting.address} {what}")
