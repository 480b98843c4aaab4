"""Prediction by a head of one's own: an index for discrete bodies, numbers for continuous ones.

Nothing becomes a token here: a categorical head utters the index of an action, a regression head
a vector in ``[-1, 1]^D``. Called "Pred" in Szot et al., "Grounding Multimodal Large Language
Models in Actions" (2024).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument, DecodeError, InvalidAction
from ..core.specs import Embodiment
from .batch import (
    alone_as_int,
    clip_and_count,
    continuous_range,
    discrete_range,
    finite_actions,
    indices_of,
    rounding,
)


class PredAdapter:
    """The index of an action, or its numbers scaled to ``[-1, 1]``.

    A continuous dimension whose bounds are infinite or equal is passed through unscaled.

    Args:
        env_space: Discrete, or a flat Box of floats.
        embodiment: the body; its declared bounds are those that become -1 and 1.

    Attributes:
        clipped: how many numbers given to ``encode`` lay outside their bounds.

    Raises:
        BadArgument: another kind of space, or a body that does not fit it.
    """

    kinds = ("continuous", "discrete")

    agent_space: Space[Any]

    def __init__(self, env_space: Space[Any], embodiment: Embodiment) -> None:
        self.env_space, self.embodiment = env_space, embodiment
        self.clipped = 0
        self._discrete = isinstance(env_space, spaces.Discrete)
        if isinstance(env_space, spaces.Discrete):
            self._first, self._count = discrete_range(env_space, embodiment, "pred")
            self.agent_space = spaces.Discrete(self._count, start=self._first)
            self.resolution: NDArray[np.float64] = np.zeros(1)
        elif isinstance(env_space, spaces.Box):
            self._scale(env_space)
        else:
            raise BadArgument(f"the pred adapter needs Discrete or a flat Box, not {env_space}")

    def _scale(self, env_space: spaces.Box) -> None:
        low, high = continuous_range(env_space, self.embodiment, "pred")
        self._low, self._high = low, high
        scaled = np.isfinite(low) & np.isfinite(high) & (low < high)
        with np.errstate(invalid="ignore", over="ignore"):
            # Halves first: the difference of the two largest floats would overflow.
            middle, half = low / 2 + high / 2, high / 2 - low / 2
        self._middle = np.where(scaled, middle, 0).astype(env_space.dtype)
        self._half = np.where(scaled, half, 1).astype(env_space.dtype)
        self._agent_low = np.where(scaled, -1, low).astype(env_space.dtype)
        self._agent_high = np.where(scaled, 1, high).astype(env_space.dtype)
        self.agent_space = spaces.Box(
            self._agent_low.copy(), self._agent_high.copy(), dtype=env_space.dtype.type
        )
        unchanged = (self._middle == 0) & (self._half == 1)
        bounded = rounding(np.where(scaled, low, 0), np.where(scaled, high, 0))
        self.resolution = np.where(unchanged, 0.0, bounded)

    def decode(self, uttered: Any) -> Any:
        """The action for a head's output: `[...]` for an index, `[..., D]` for numbers.

        Raises:
            DecodeError: the output is outside ``agent_space``, not finite, or of another shape.
        """
        if self._discrete:
            return alone_as_int(indices_of(uttered, self._first, self._count, DecodeError))
        dtype = self._low.dtype
        try:
            numbers = finite_actions(uttered, self._low.size, dtype)
        except InvalidAction as error:
            raise DecodeError(str(error)) from error
        inside, outside = clip_and_count(numbers, self._agent_low, self._agent_high, dtype)
        if outside:
            raise DecodeError(
                f"{outside} of the head's numbers are outside [-1, 1]; clip them in the head, or "
                "bound it by tanh"
            )
        # Rounding may carry the ends over the bounds by a unit in the last place.
        return np.clip(inside * self._half + self._middle, self._low, self._high)

    def encode(self, action: Any) -> Any:
        """What the head should have said: right inverse of ``decode`` up to rounding.

        Raises:
            InvalidAction: not an action of this body; NaN or infinity.
        """
        if self._discrete:
            return alone_as_int(indices_of(action, self._first, self._count, InvalidAction))
        dtype = self._low.dtype
        numbers = finite_actions(action, self._low.size, dtype)
        inside, outside = clip_and_count(numbers, self._low, self._high, dtype)
        self.clipped += outside
        scaled = (inside - self._middle) / self._half
        return np.clip(scaled, self._agent_low, self._agent_high)
