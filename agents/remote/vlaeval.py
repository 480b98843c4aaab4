"""Models served for vla-eval: a hello each, then episodes of observations and actions.

The protocol is that of ``protocol/messages.py`` and ``model_servers/serve.py`` in
allenai/vla-evaluation-harness. Its harness warns where formats differ; here the run is refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from ... import __version__
from ...core.errors import AgentFailed, EmbodimentMismatch
from .foreign import pack, unpack
from .link import Link, LinkLost, shown
from .mapping import ModelMapping
from .peer import Course, PeerAgent
from .setting import Setting
from .wire import WireError

PROTOCOL = 1
"""Their ``PROTOCOL_VERSION``."""


class VlaEvalAgent(PeerAgent):
    """Asks a vla-eval model server.

    Args:
        setting: where it is.
        mapping: of its keys.
    """

    scheme: ClassVar[str] = "vlaeval"

    def __init__(self, setting: Setting, mapping: ModelMapping) -> None:
        self._number = 0
        self._expected: dict[int, int] = {}
        super().__init__(setting, mapping)

    def greet(self, link: Link, deadline: float) -> Mapping[str, Any]:
        """What its hello says, less what may change from one to the next."""
        payload = {"harness_version": f"polyathlon {__version__}", "protocol_version": PROTOCOL}
        self._say(link, "hello", payload, deadline)
        kind, told = self._listen(link, deadline)
        if kind != "hello":
            raise WireError(f"it greets with '{kind}'")
        if told.get("protocol_version") != PROTOCOL:
            raise self._failed(
                f"speaks version {told.get('protocol_version')} of vla-eval's protocol, not "
                f"{PROTOCOL}"
            )
        return told

    def examine(self, told: Mapping[str, Any]) -> None:
        """The formats that it states for its action must be those of the mapping.

        Raises:
            EmbodimentMismatch: they are not.
        """
        spec = told.get("action_spec") or {}
        stated = {name: str(part.get("format")) for name, part in spec.items()}
        expected = self._mapping.action.formats
        if stated != expected and (stated or expected):
            words = ", ".join(f'{name} = "{form}"' for name, form in stated.items()) or "nothing"
            raise EmbodimentMismatch(
                f"the policy at {self._setting.address} states of its action: {words}; the "
                f"mapping expects {expected or 'nothing'}. Once that is what the task takes, write "
                "it under [action.formats]"
            )

    def begin(self, link: Link, course: Course, deadline: float) -> None:
        """Their EPISODE_START."""
        task = {"name": course.brief.instruction, "suite": "polyathlon"}
        self._say(link, "episode_start", {"task": task}, deadline)

    def ask(self, link: Link, shown: Mapping[str, Any], course: Course, deadline: float) -> None:
        """Their OBSERVATION."""
        self._expected[id(link)] = self._say(link, "observation", shown, deadline)

    def hear(self, link: Link, deadline: float) -> Any:
        """Their ACTION, of that observation and no other."""
        key = self._mapping.action.key
        kind, told = self._listen(link, deadline, self._expected[id(link)])
        if kind != "action" or key not in told:
            raise EmbodimentMismatch(
                f"the policy at {self._setting.address} answers with '{kind}' of "
                f"{', '.join(map(str, told))}, not with an action that has '{key}'"
            )
        return told[key]

    def end(self, slot: int) -> None:
        """Their EPISODE_END, for the episode that was before."""
        course, link = self._courses.get(slot), self._links.get(slot)
        if course is None or link is None or not course.begun:
            return
        result = {"metrics": {}, "steps": course.steps, "elapsed_sec": 0.0}
        try:
            self._say(link, "episode_end", result, time.monotonic() + 1.0)
        except (LinkLost, TimeoutError):
            self._links.pop(slot).close()

    def _say(self, link: Link, kind: str, payload: Mapping[str, Any], deadline: float) -> int:
        self._number += 1
        message = {
            "type": kind, "payload": payload, "seq": self._number, "timestamp": time.time(),
        }  # fmt: skip
        link.send(pack(message, binary=False), deadline)
        return self._number

    def _listen(
        self, link: Link, deadline: float, number: int | None = None
    ) -> tuple[str, dict[str, Any]]:
        data = link.receive(deadline)
        found = None if isinstance(data, str) else unpack(data)
        if not isinstance(found, dict) or not isinstance(found.get("payload"), dict):
            raise WireError("what it says is no message of vla-eval")
        kind, payload = str(found.get("type")), found["payload"]
        if kind == "error":
            told = shown(str(payload.get("error", payload)))
            raise AgentFailed(f"the policy at {self._setting.address} raised: {told}")
        if number is not None and found.get("seq") != number:
            raise LinkLost(f"it answered message {found.get('seq')}, not {number}")
        return kind, payload
