"""The scripted solver: it does what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium


class Recorded:
    """Says the recorded command of the step that is due.

    Args:
        env: an AndroidControl environment, wrapped or not.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._world: Any = env.unwrapped

    def reset(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        """Has nothing to forget."""

    def act(self, observation: Mapping[str, Any]) -> str:
        """The recorded command."""
        return str(self._world.answer)
