"""The identity: the agent speaks the environment's own actions."""

from __future__ import annotations

from typing import Any

from gymnasium import Space

from ..core.specs import Embodiment


class NativeAdapter:
    """Passes actions through unchanged, so nothing is lost and nothing is hidden.

    Args:
        env_space: the environment's action space.
        embodiment: the convention of its actions; kept for the record.
    """

    resolution = 0.0

    def __init__(self, env_space: Space[Any], embodiment: Embodiment) -> None:
        self.env_space = self.agent_space = env_space
        self.embodiment = embodiment

    def decode(self, uttered: Any) -> Any:
        """The utterance itself."""
        return uttered

    def encode(self, action: Any) -> Any:
        """The action itself."""
        return action
