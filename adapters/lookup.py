"""The finite set of actions that a trained decoder can say, and the search through it."""

from __future__ import annotations

import functools
import math
from typing import Any, Self

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ..core.errors import BadArgument
from ..core.specs import Embodiment
from .batch import clip_and_count, continuous_range, rounding
from .quantiser import Floats, Quantiser, Whole

MOST_ENTRIES = 1 << 20
"""The longest table that is kept; two codebooks of 1,024, or four of 32."""

STEP = 2.0**-18
"""How far apart entries that fall together are set, as a share of half the range."""


NEAR = 4096
"""Neighbours within the distance that the tree is asked to look; tried on bodies of 4 to 14."""

FEW = 8
"""Dimensions up to which it is; in more, the tree is asked for a 64th of the neighbours."""


class Scale:
    """The range of a body's actions, mapped to [-1, 1] and clipped there.

    Args:
        low: lower end per dimension `[D]`, in the action's own unit and the space's dtype.
        high: upper end; a dimension whose ends are equal says nothing and maps to 0.
    """

    def __init__(self, low: NDArray[Any], high: NDArray[Any]) -> None:
        self.low, self.high, self.dtype = low, high, low.dtype
        self.middle = low.astype(np.float64) / 2 + high.astype(np.float64) / 2
        self.half = high.astype(np.float64) / 2 - low.astype(np.float64) / 2
        self._inverse = np.divide(1.0, self.half, out=np.zeros_like(self.half), where=self.half > 0)

    @classmethod
    def of(cls, actions: Floats, space: spaces.Box, embodiment: Embodiment, normalise: str) -> Self:
        """By the declared range (``range``), or by the 1 % and 99 % of the data (``quantile``).

        Where a range has no bound, the least and the greatest action stand for it. The quantiles
        are those of OpenVLA and of FAST.

        Raises:
            BadArgument: ``normalise`` is neither.
        """
        low, high = continuous_range(space, embodiment, "learned")
        if normalise == "quantile":
            ends = np.quantile(actions, (0.01, 0.99), axis=0).astype(low.dtype)
            return cls(np.clip(ends[0], low, high), np.clip(ends[1], low, high))
        if normalise != "range":
            raise BadArgument(f"normalise is {normalise!r:.40}; it must be 'range' or 'quantile'")
        least, most = actions.min(0).astype(low.dtype), actions.max(0).astype(low.dtype)
        bounded = np.isfinite(low) & np.isfinite(high)
        return cls(np.where(bounded, low, least), np.where(bounded, high, most))

    def normalise(self, actions: Floats) -> tuple[Floats, int]:
        """Actions `[..., D]` in [-1, 1], and how many numbers had to be clipped for it."""
        inside, outside = clip_and_count(actions, self.low, self.high, self.dtype)
        return (inside - self.middle) * self._inverse, outside

    def restore(self, rows: Floats) -> NDArray[Any]:
        """The actions of normalised rows `[N, D]`, in their own unit, inside the range."""
        actions = (rows * self.half + self.middle).astype(self.dtype)
        return np.asarray(np.clip(actions, self.low, self.high), self.dtype)


class Table:
    """Every action that an adapter can say, entry by entry, no two alike.

    Args:
        actions: `[codes ** levels, D]` in the dtype of the environment's space.
        scale: distances are taken between actions normalised by it.
    """

    def __init__(self, actions: NDArray[Any], scale: Scale) -> None:
        from scipy.spatial import cKDTree

        self.actions, self._scale = actions, scale
        actions.setflags(write=False)
        points, _ = scale.normalise(actions)
        self._tree = cKDTree(points, leafsize=16, compact_nodes=True, balanced_tree=False)
        size = points.shape[1]
        others = min(NEAR if size <= FEW else NEAR // 64, len(points))
        crowd = self._tree.query(points[:: max(1, len(points) // 256)], k=[others])
        # In one or two dimensions the tree is quick however far the neighbour is.
        self._reach = np.inf if size <= 2 else max(float(np.median(crowd[0])), 1e-6)

    @classmethod
    def of(cls, quantiser: Quantiser, scale: Scale) -> tuple[Self, int]:
        """The table of a quantiser, and how many of its entries had to be set apart.

        Entries fall together where the decoder leaves the range and is clipped, most often in a
        corner. The first of them stays; the others are moved off the bounds, each to a place of
        its own on a grid so fine that the move is far below the quantiser's own error.

        Raises:
            BadArgument: the table would be too long, or the range has no room for its entries.
        """
        entries = entries_of(quantiser.codes, quantiser.levels)
        codes = np.stack(
            np.unravel_index(np.arange(entries), (quantiser.codes,) * quantiser.levels), axis=1
        )
        rows = np.clip(quantiser.decode(codes)[:, : len(scale.low)].astype(np.float64), -1.0, 1.0)
        actions, moved = _separate(rows, scale)
        return cls(actions, scale), moved

    def nearest(self, rows: Floats) -> Whole:
        """The entries nearest to normalised actions `[N, D]`; of equals, the tree's or the first.

        A tree finds near neighbours at once and far ones slowly, in many dimensions more slowly
        than a look at every entry would. It is asked as far as the distance within which an entry
        has ``NEAR`` others, and what lies beyond is compared with all.
        """
        _, found = self._tree.query(rows, distance_upper_bound=self._reach)
        found = np.asarray(found, np.int64)
        lost = np.flatnonzero(found == len(self.actions))
        for start in range(0, len(lost), 4):
            far = lost[start : start + 4]
            found[far] = self._nearest_of_all(rows[far])
        return found

    @functools.cached_property
    def _columns(self) -> Floats:
        """What the product of a row and a one must be taken with to order entries, `[D + 1, N]`."""
        points = np.asarray(self._tree.data)
        halves = -0.5 * np.einsum("nd,nd->n", points, points)
        return np.ascontiguousarray(np.c_[points, halves].T, np.float32)

    def _nearest_of_all(self, rows: Floats) -> Whole:
        """Single precision finds the candidates, double precision decides between them."""
        scores = np.c_[rows, np.ones(len(rows))].astype(np.float32) @ self._columns
        doubt = 4 * np.finfo(np.float32).eps * len(self._columns)
        likely = np.flatnonzero(scores >= scores.max(1, keepdims=True) - doubt)
        row, entry = np.divmod(likely, scores.shape[1])
        apart = np.asarray(self._tree.data)[entry] - rows[row]
        order = np.lexsort((entry, np.einsum("nd,nd->n", apart, apart), row))
        _, first = np.unique(row[order], return_index=True)
        return np.asarray(entry[order][first], np.int64)


def entries_of(codes: int, levels: int) -> int:
    """How many actions a table has.

    Raises:
        BadArgument: more than ``MOST_ENTRIES``.
    """
    if codes**levels > MOST_ENTRIES:
        raise BadArgument(
            f"{levels} codebooks of {codes} say more than {MOST_ENTRIES} actions, which is too "
            "long a table; take fewer codes or levels"
        )
    return int(codes**levels)


def _separate(rows: Floats, scale: Scale) -> tuple[NDArray[Any], int]:
    """The actions of normalised rows, after those that fall together were set apart."""
    free = np.flatnonzero(scale.half > 0)
    if len(free) == 0:
        raise BadArgument("no dimension of this body varies: there is nothing to say with codes")
    # The step must be seen in the space's own dtype, also far from zero.
    step = np.maximum(STEP, rounding(scale.low, scale.high)[free] / scale.half[free])
    moved: set[int] = set()
    for turn in range(64):
        actions = scale.restore(rows)
        twins = _twins(scale.normalise(actions)[0])
        if not len(twins):
            return actions, len(moved)
        moved.update(twins.tolist())
        base = math.ceil((len(twins) + 1) ** (1 / len(free)))
        digits = (np.arange(1, len(twins) + 1)[:, None] // base ** np.arange(len(free))) % base
        # From one turn to the next by odd factors, or two groups could meet again and again.
        shift = digits * step * (2 * turn + 1)
        chosen = rows[twins[:, None], free]
        rows[twins[:, None], free] = chosen - np.where(chosen > 0, 1, -1) * shift
    raise BadArgument(
        f"the range of this body has no room for {len(rows)} different actions in {scale.dtype}"
    )


def _twins(points: Floats) -> Whole:
    """The rows that equal an earlier one, in order."""
    packed = np.ascontiguousarray(points + 0.0)  # A negative zero is a zero.
    whole = packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel()
    _, first = np.unique(whole, return_index=True)
    alone = np.zeros(len(points), bool)
    alone[first] = True
    return np.flatnonzero(~alone)
