"""Bins that follow the data: as many codes where actions are common as where they are rare.

Two ways to place 256 codes in each dimension: by mass (each code stands for about as many of the
fitted actions), and evenly between two quantiles of the data, as OpenVLA (2024) does between the
1st and the 99th percentile; 256 codes a dimension are those of RT-2 (2023) and OpenVLA.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument
from ..core.specs import Embodiment
from .batch import clip_and_count, codes_of, continuous_range, finite_actions, rounding
from .storage import check_embodiment, load_adapter, save_adapter

BINS = 256
"""Codes a dimension, as RT-2 and OpenVLA use."""

Spacing = Literal["mass", "even"]

TAILS: dict[Spacing, float] = {"mass": 0.0, "even": 0.01}
"""Share of the data beyond the outermost codes at either end: none, or OpenVLA's percentile."""


class QuantileAdapter:
    """The nearest of at most so many values a dimension, which were fitted on actions.

    A code stands for one value, and an action is encoded to the nearest: so values on which many
    actions fall together (a gripper that is open or closed, a constant dimension) get one code of
    their own, hit exactly, and the dimension has fewer codes than asked for. ``agent_space`` says
    how many each has.

    Args:
        env_space: a flat Box of floats.
        embodiment: a continuous body.
        values: per dimension the value of each code, strictly ascending.
        low: the least fitted action per dimension, `[D]`; what is below is clipped to it.
        high: the greatest, `[D]`.
        options: how it was fitted, for the record.

    Attributes:
        resolution: per dimension the largest distance from a number in the fitted range to the
            nearest value, `[D]`, and what rounding may add.
        clipped: how many numbers given to ``encode`` lay outside the fitted range.

    Raises:
        BadArgument: nothing was fitted, or it does not fit the space or the body.
    """

    kinds = ("continuous",)

    def __init__(
        self,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        values: Sequence[NDArray[Any]] | None = None,
        low: NDArray[Any] | None = None,
        high: NDArray[Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        least, most = continuous_range(env_space, embodiment, "quantile")
        if values is None or low is None or high is None:
            raise BadArgument(
                f"the quantile adapter has learnt nothing for '{embodiment.id}': make it with "
                "QuantileAdapter.fit(actions, ...) or QuantileAdapter.load(folder, ...)"
            )
        self.env_space, self.embodiment, self.clipped = env_space, embodiment, 0
        self.options = dict(options or {})
        dtype = self._dtype = least.dtype
        self._low, self._high = np.asarray(low, dtype), np.asarray(high, dtype)
        self._values = [np.asarray(one, dtype) for one in values]
        self._check(least, most)
        counts = np.array([one.size for one in self._values], np.int64)
        self.agent_space: Space[Any] = spaces.MultiDiscrete(counts.copy())
        self._counts = counts
        self._edges = [_edges(one) for one in self._values]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self._flat, self._starts = np.concatenate(self._values), starts
        gaps = [
            max(
                float(np.diff(one.astype(np.float64)).max(initial=0.0)) / 2,
                float(one[0]) - float(below),
                float(above) - float(one[-1]),
            )
            for one, below, above in zip(self._values, self._low, self._high, strict=True)
        ]
        self.resolution: NDArray[np.float64] = np.array(gaps) + rounding(self._low, self._high)

    def _check(self, least: NDArray[Any], most: NDArray[Any]) -> None:
        """Refuses values that are not for this body, whoever gave them."""
        width = least.size
        if not len(self._values) == self._low.size == self._high.size == width:
            raise BadArgument(
                f"the values are of {len(self._values)} dimensions, the action space has {width}"
            )
        for number, one in enumerate(self._values):
            sound = one.ndim == 1 and one.size > 0 and np.isfinite(one).all()
            if not sound or (np.diff(one) <= 0).any():
                raise BadArgument(f"the values of dimension {number} are not strictly ascending")
            low, high = self._low[number], self._high[number]
            if not least[number] <= low <= one[0] <= one[-1] <= high <= most[number]:
                raise BadArgument(
                    f"the fitted range [{low:g}, {high:g}] of dimension {number} is not inside "
                    f"[{least[number]:g}, {most[number]:g}] or does not hold its values"
                )

    @classmethod
    def fit(
        cls,
        actions: Any,
        env_space: Space[Any],
        embodiment: Embodiment,
        *,
        bins: int = BINS,
        spacing: Spacing = "mass",
        tail: float | None = None,
    ) -> QuantileAdapter:
        """Places the codes where the actions are.

        Args:
            actions: `[..., D]`, from wherever the policy is to learn; clipped to the body's
                declared range first, and counted in ``options["clipped"]``.
            env_space: a flat Box of floats.
            embodiment: a continuous body.
            bins: the most codes a dimension may get.
            spacing: ``mass`` or ``even``; see the module.
            tail: share of the data, at either end, that is beyond the fitted range; by default
                that of ``TAILS``.

        Raises:
            BadArgument: no actions, or options out of range.
            InvalidAction: NaN, infinity or another width among the actions.
        """
        if bins < 1 or spacing not in TAILS:
            raise BadArgument(f"bins={bins} and spacing={spacing!r}: at least 1, and mass or even")
        tail = TAILS[spacing] if tail is None else tail
        if not 0 <= tail < 0.5:
            raise BadArgument(f"tail={tail} is not in [0, 0.5)")
        low, high = continuous_range(env_space, embodiment, "quantile")
        array = finite_actions(actions, low.size, low.dtype)
        if not array.size:
            raise BadArgument(f"there are no actions of '{embodiment.id}' to fit bins on")
        clipped, outside = clip_and_count(array.reshape(-1, low.size), low, high, low.dtype)
        ends = np.quantile(clipped, [tail, 1 - tail], axis=0, method="nearest")
        values = [
            _values(np.clip(column, below, above), bins, spacing)
            for column, below, above in zip(clipped.T, *ends, strict=True)
        ]
        options = {"bins": bins, "spacing": spacing, "tail": tail}
        options |= {"actions": int(clipped.shape[0]), "clipped": outside}
        return cls(env_space, embodiment, values=values, low=ends[0], high=ends[1], options=options)

    def save(self, folder: str | Path) -> None:
        """Writes it to a folder; the same adapter gives the same bytes."""
        arrays = {
            "values": self._flat, "counts": self._counts, "low": self._low, "high": self._high
        }  # fmt: skip
        save_adapter(folder, "quantile", arrays, self.options, self.embodiment)

    @classmethod
    def load(
        cls, folder: str | Path, env_space: Space[Any], embodiment: Embodiment
    ) -> QuantileAdapter:
        """Reads it back for a body.

        Raises:
            BadArgument: the files are missing, damaged, or of another version or adapter.
            EmbodimentMismatch: it was fitted for another body.
        """
        arrays, options, fitted = load_adapter(folder, "quantile")
        check_embodiment(fitted, embodiment, "quantile")
        if not arrays.keys() >= {"values", "counts", "low", "high"}:
            raise BadArgument(f"the quantile adapter in {folder} lacks some of its arrays")
        values = np.split(arrays["values"], np.cumsum(arrays["counts"])[:-1])
        return cls(
            env_space,
            embodiment,
            values=values,
            low=arrays["low"],
            high=arrays["high"],
            options=options,
        )

    def decode(self, uttered: Any) -> Any:
        """The values of the codes: tokens `[..., D]` to actions `[..., D]`.

        Raises:
            DecodeError: not whole numbers, another number of tokens, or no such code.
        """
        return self._flat.take(codes_of(uttered, self._counts) + self._starts, mode="clip")

    def encode(self, action: Any) -> Any:
        """The codes of the nearest values: actions `[..., D]` to tokens `[..., D]`.

        Numbers outside the fitted range are clipped to it and counted in ``clipped``.

        Raises:
            InvalidAction: not numbers, another width, NaN or infinity.
        """
        array = finite_actions(action, self._low.size, self._dtype)
        inside, outside = clip_and_count(array, self._low, self._high, self._dtype)
        self.clipped += outside
        codes = np.empty(inside.shape, np.int64)
        for number, edges in enumerate(self._edges):
            codes[..., number] = edges.searchsorted(inside[..., number])
        return codes


def _edges(values: NDArray[Any]) -> NDArray[Any]:
    """Halfway between neighbours; what equals an edge belongs to the code below."""
    # Halves first: the sum of two large floats would overflow. And never the upper neighbour
    # itself, which the midpoint of two adjacent floats may round to.
    middles = values[:-1] / 2 + values[1:] / 2
    return np.asarray(np.minimum(middles, np.nextafter(values[1:], values[:-1])))


def _values(column: NDArray[Any], bins: int, spacing: Spacing) -> NDArray[Any]:
    """The distinct values of one dimension's codes."""
    if spacing == "even":
        low, high = float(column.min()), float(column.max())
        centres = low + (np.arange(bins) + 0.5) * (high - low) / bins
        return np.unique(centres.astype(column.dtype))
    # The middle of each share of the mass; "nearest" keeps to values that occur, so that a value
    # which many actions have is hit exactly and counts once.
    middles = (np.arange(bins) + 0.5) / bins
    return np.unique(np.quantile(column, middles, method="nearest"))
