"""Evenly spaced bins, so many a dimension: one token for each dimension of an action.

The "Uniform" adapter of Szot et al., "Grounding Multimodal Large Language Models in Actions"
(2024): 512 bins, decoded to their centres.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument
from ..core.specs import Embodiment
from .batch import clip_and_count, codes_of, continuous_range, finite_actions, rounding

BINS = 512
"""Bins a dimension, as in the paper's section on the uniform adapter."""


class UniformAdapter:
    """Even bins over the body's declared range; a code is decoded to the centre of its bin.

    A dimension whose bounds are equal has one bin.

    Args:
        env_space: a flat Box of floats.
        embodiment: a continuous body with finite bounds.
        bins: how many a dimension.

    Attributes:
        resolution: half a bin per dimension, `[D]`, and what rounding may add.
        clipped: how many numbers given to ``encode`` lay outside their bounds.

    Raises:
        BadArgument: the space or body does not fit, a bound is infinite, or a range is so narrow
            that the dtype cannot tell its bins apart.
    """

    kinds = ("continuous",)

    def __init__(self, env_space: Space[Any], embodiment: Embodiment, *, bins: int = BINS) -> None:
        if bins < 1:
            raise BadArgument(f"{bins} bins: at least one is needed")
        low, high = continuous_range(env_space, embodiment, "uniform")
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            worst = int(np.argmax(~(np.isfinite(low) & np.isfinite(high))))
            raise BadArgument(
                f"dimension {worst} of '{embodiment.id}' has no finite bounds, so it cannot be "
                "cut into even bins; use pred, or quantile fitted on actions"
            )
        self.env_space, self.embodiment, self.bins = env_space, embodiment, bins
        self.clipped = 0
        self._low, self._high, self._dtype = low, high, low.dtype
        self._counts = np.where(low < high, bins, 1).astype(np.int64)
        self.agent_space: Space[Any] = spaces.MultiDiscrete(self._counts.copy())
        wide = high.astype(np.float64) - low
        half = wide / self._counts / 2
        self.resolution: NDArray[np.float64] = half + rounding(low, high)
        self._scale = np.divide(bins, wide, out=np.zeros_like(wide), where=wide > 0).astype(
            self._dtype
        )
        self._plain = bool((self._counts == bins).all())
        self._bits = np.dtype(f"u{self._dtype.itemsize}")
        self._past = int(np.asarray(bins, self._dtype).view(self._bits))
        self._below = np.nextafter(self._dtype.type(bins), self._dtype.type(0))
        codes = np.minimum(np.arange(bins)[:, None], self._counts - 1)
        centres = low + (2 * codes + 1) * half
        self._centres = np.ascontiguousarray(centres.astype(self._dtype).T)
        # Where all dimensions have the same range, as they mostly do, one table serves all, and
        # bounds are numbers rather than rows: numpy is twice as fast where nothing is broadcast.
        same = self._plain and bool((low == low[0]).all() and (high == high[0]).all())
        self._flat = self._centres[0] if same else self._centres.reshape(-1)
        self._offsets = None if same else np.arange(low.size) * bins
        self._least: Any = low[0] if same else low
        self._most: Any = high[0] if same else high
        self._factor: Any = self._scale[0] if same else self._scale
        if not np.array_equal(self.encode(self._centres.T), codes):
            raise BadArgument(
                f"{bins} bins over the range of '{embodiment.id}' are too narrow for "
                f"{self._dtype}: neighbours have the same centre; use fewer"
            )

    def decode(self, uttered: Any) -> Any:
        """The centres of the bins: tokens `[..., D]` to actions `[..., D]`.

        Raises:
            DecodeError: not whole numbers, another number of tokens, or no such bin.
        """
        codes = uttered
        if not (
            type(uttered) is np.ndarray and uttered.dtype == np.int64 and self._are_codes(uttered)
        ):
            codes = codes_of(uttered, self._counts)
        if self._offsets is not None:
            codes = codes + self._offsets
        return self._flat.take(codes, mode="clip")

    def _are_codes(self, codes: NDArray[np.int64]) -> bool:
        """Whether all are plainly in range, by one pass: a negative code is a huge unsigned one."""
        if not self._plain or codes.shape[-1:] != self._low.shape or not codes.size:
            return False
        return bool(codes.view(np.uint64).max() < self.bins)

    def encode(self, action: Any) -> Any:
        """The bins that actions `[..., D]` fall in, as tokens `[..., D]`.

        Numbers outside the range are clipped to it and counted in ``clipped``.

        Raises:
            InvalidAction: not numbers, another width, NaN or infinity.
        """
        array = action
        if (
            type(array) is not np.ndarray
            or not self._plain
            or array.dtype != self._dtype
            or array.shape[-1:] != self._low.shape
        ):
            return self._encode_carefully(action)
        with np.errstate(over="ignore"):
            position = array - self._least
            position *= self._factor
        # One pass for the common case: as unsigned numbers, floats from 0 up keep their order, and
        # what is negative or NaN comes after all of them.
        if array.size and position.view(self._bits).max() < self._past:
            return position.astype(np.int64)
        # An empty batch has no extremes, and a comparison with NaN is false.
        if not array.size or not (-np.inf < position.min() and position.max() < np.inf):
            return self._encode_carefully(action)
        self.clipped += int(np.count_nonzero(array < self._least))
        self.clipped += int(np.count_nonzero(array > self._most))
        np.minimum(position, self._below, out=position)
        return np.maximum(position, 0, out=position).astype(np.int64)

    def _encode_carefully(self, action: Any) -> Any:
        """The same for every dtype and shape; the errors are raised here."""
        array = finite_actions(action, self._low.size, self._dtype)
        inside, outside = clip_and_count(array, self._low, self._high, self._dtype)
        self.clipped += outside
        codes = ((inside - self._low) * self._scale).astype(np.int64)
        return np.minimum(codes, self._counts - 1, out=codes)
