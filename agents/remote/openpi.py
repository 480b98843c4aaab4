"""Models served by openpi, or for RoboArena: a connection, its metadata, an answer a question.

The protocol is that of ``websocket_policy_server.py`` in Physical-Intelligence/openpi, and of
``policy_server.py`` in robo-arena/roboarena, which adds an endpoint and a configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ...core.errors import AgentFailed, EmbodimentMismatch
from .foreign import pack, unpack
from .link import Link, shown
from .mapping import ModelMapping
from .peer import Course, PeerAgent
from .setting import Setting
from .wire import WireError

ROBOARENA = frozenset({"image_resolution", "action_space"})
"""What a RoboArena server's first message has, and openpi's has not."""


class OpenPiAgent(PeerAgent):
    """Asks an openpi or a RoboArena server.

    Args:
        setting: where it is.
        mapping: of its keys.
    """

    scheme: ClassVar[str] = "openpi"
    authorization: ClassVar[str] = "Api-Key"

    def __init__(self, setting: Setting, mapping: ModelMapping) -> None:
        self._arena = False
        self._sessions = 0
        super().__init__(setting, mapping)

    def greet(self, link: Link, deadline: float) -> Mapping[str, Any]:
        """Its metadata, which it sends unasked."""
        told = unpack(_binary(link.receive(deadline)))
        if not isinstance(told, dict):
            raise WireError("its first message is no map")
        return told

    def examine(self, told: Mapping[str, Any]) -> None:
        """RoboArena's configuration must be the mapping's.

        Raises:
            EmbodimentMismatch: pictures of another size, or another action space.
        """
        self._arena = told.keys() >= ROBOARENA
        if not self._arena:
            return
        stated = {"action_space": str(told["action_space"])}
        if self._mapping.action.formats != stated:
            raise EmbodimentMismatch(
                f"the policy at {self._setting.address} acts in {stated['action_space']}: once "
                "that is what the task takes, write [action.formats] action_space = "
                f'"{stated["action_space"]}" into the mapping'
            )
        wanted = told["image_resolution"]
        size = self._mapping.picture.size
        if wanted is not None and list(wanted) != [size, size]:
            raise EmbodimentMismatch(
                f"the policy at {self._setting.address} wants pictures of {wanted}, the mapping "
                f"sends {size}"
            )

    @property
    def remembers(self) -> bool:
        """Openpi's servers answer each question by itself; RoboArena's have sessions."""
        return self._arena

    def begin(self, link: Link, course: Course, deadline: float) -> None:
        """RoboArena's servers are told; openpi's keep nothing."""
        if not self._arena:
            return
        self._sessions += 1
        course.session = np.array([self._sessions], np.int32)
        link.send(pack({"endpoint": "reset", "session_id": course.session}, binary=True), deadline)
        answer = link.receive(deadline)
        if not isinstance(answer, str) or "reset" not in answer.splitlines()[0]:
            raise self._raised(answer if isinstance(answer, str) else "")

    def ask(self, link: Link, shown: Mapping[str, Any], course: Course, deadline: float) -> None:
        """The observation as it is; with an endpoint for RoboArena."""
        more: dict[str, Any] = {"endpoint": "infer"} if self._arena else {}
        if self._told.get("needs_session_id"):
            more["session_id"] = course.session
        link.send(pack({**shown, **more}, binary=True), deadline)

    def hear(self, link: Link, deadline: float) -> Any:
        """The numbers under the mapping's key, or the answer itself where it is an array."""
        data = link.receive(deadline)
        if isinstance(data, str):
            raise self._raised(data)
        found = unpack(data)
        if isinstance(found, dict):
            key = self._mapping.action.key
            if key not in found:
                known = ", ".join(map(str, found))
                raise EmbodimentMismatch(
                    f"the policy at {self._setting.address} answers with {known}, not '{key}'"
                )
            return found[key]
        return found

    def _raised(self, said: str) -> AgentFailed:
        # Such servers send their traceback; its last line says what it was.
        lines = [line for line in said.splitlines() if line.strip()]
        told = shown(lines[-1]) if lines else "without a word"
        return AgentFailed(f"the policy at {self._setting.address} raised: {told}")


def _binary(data: bytes | str) -> bytes:
    if isinstance(data, str):
        raise WireError(f"it says: {shown(data)}")
    return data
