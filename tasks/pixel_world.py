"""An environment whose world draws its own pixels: what BabyAI, Procgen and Atari have in common.

Such a world needs no OpenGL context, so the render profile changes nothing; it is accepted so
that every task takes the same arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument
from .observation import ImageSize, observation_space, parse_fields, parse_image_size, resize

RENDER_PROFILES = ("fast", "full")
"""Names of render profiles that every family accepts."""


class PixelWorld(gymnasium.Env[dict[str, Any], np.int64]):
    """A discrete-action world with the observation fields and pictures of this suite.

    A subclass calls :meth:`_offer` in its constructor and implements ``_picture``, ``_words`` and,
    where it offers one, ``_state``.

    Attributes:
        fields: the observation fields in use, in canonical order.
        image_size: ``(height, width)`` [px] of ``rgb`` and of ``render``.
        render_info: what draws the pictures, for the record of a run.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 15}  # type: ignore[misc]

    fields: tuple[str, ...]
    image_size: tuple[int, int]
    render_info: dict[str, str]

    def _offer(
        self,
        family: str,
        *,
        actions: int,
        observations: Sequence[str],
        offered: Sequence[str],
        image_size: ImageSize,
        render_profile: str,
        render_mode: str | None,
        state_space: spaces.Box | None = None,
    ) -> None:
        """Checks the arguments that all tasks share and declares the two spaces.

        Raises:
            BadArgument: a field, size, profile or mode that the family does not know.
        """
        if render_profile not in RENDER_PROFILES:
            raise BadArgument(
                f"render_profile is {render_profile!r}; {family} tasks know "
                + " and ".join(RENDER_PROFILES)
            )
        if render_mode not in (None, "rgb_array"):
            raise BadArgument(
                f"render_mode is {render_mode!r}; {family} tasks know 'rgb_array' and None"
            )
        self.fields = parse_fields(observations, offered, family)
        self.image_size = parse_image_size(image_size)
        self.render_mode = render_mode
        self.render_info = {"backend": "native", "profile": render_profile, "device": "cpu"}
        self.action_space = spaces.Discrete(actions)
        self.observation_space = observation_space(self.fields, self.image_size, state_space)

    def _picture(self) -> NDArray[np.uint8]:
        """The world as it looks now, `[H, W, 3]`, in its own size."""
        raise NotImplementedError

    def _state(self) -> NDArray[np.float32]:
        """The world as numbers, `[D]`, freshly allocated."""
        raise NotImplementedError

    def _words(self) -> str:
        """The instruction of this episode."""
        raise NotImplementedError

    def _observe(self) -> dict[str, Any]:
        """An observation that shares no memory with the world or with another observation."""
        observation: dict[str, Any] = {}
        if "rgb" in self.fields:
            observation["rgb"] = self._sized_picture()
        if "state" in self.fields:
            observation["state"] = self._state()
        if "instruction" in self.fields:
            observation["instruction"] = self._words()
        return observation

    def _sized_picture(self) -> NDArray[np.uint8]:
        return resize(self._picture(), self.image_size)

    def _checked_action(self, action: Any) -> int:
        """The action as a plain index.

        Raises:
            BadArgument: it is not in the action space.
        """
        index = int(action)
        if not self.action_space.contains(index):
            raise BadArgument(f"action {action!r} is not in {self.action_space}")
        return index

    def render(self) -> NDArray[np.uint8] | None:
        """The picture `[H, W, 3]` under ``rgb_array``, freshly allocated; else None."""
        return self._sized_picture() if self.render_mode == "rgb_array" else None
