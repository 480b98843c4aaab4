"""How far a number is from a band, as a factor from 1 (inside) down to 0.

The shapes are those of ``dm_control.utils.rewards.tolerance``, from which upstream's reward is
made; only the three that it uses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

Shape = Literal["linear", "quadratic", "gaussian"]


def tolerance(
    value: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    margin: ArrayLike,
    shape: Shape,
    at_margin: float = 0.0,
) -> Floats:
    """1 inside the band, ``at_margin`` one margin outside of it, falling between by a shape.

    Args:
        value: what is judged; all arguments but the last two may be arrays.
        low: the band's lower end.
        high: the band's upper end.
        margin: a distance from the band, positive.
        shape: ``linear`` and ``quadratic`` fall to 0 and stay there; ``gaussian`` never gets there.
        at_margin: the factor one margin outside: 0 or more for the first two, above 0 for the
            last, and below 1.
    """
    outside = np.maximum(np.maximum(np.subtract(low, value), np.subtract(value, high)), 0.0)
    return _SHAPES[shape](outside / np.asarray(margin, np.float64), at_margin)


def _linear(distance: Floats, at_margin: float) -> Floats:
    return np.maximum(1 - distance * (1 - at_margin), 0.0)


def _quadratic(distance: Floats, at_margin: float) -> Floats:
    return np.maximum(1 - distance**2 * (1 - at_margin), 0.0)


def _gaussian(distance: Floats, at_margin: float) -> Floats:
    return np.exp(distance**2 * math.log(at_margin))


_SHAPES: dict[Shape, Callable[[Floats, float], Floats]] = {
    "linear": _linear,
    "quadratic": _quadratic,
    "gaussian": _gaussian,
}
