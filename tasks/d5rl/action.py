"""What a robot of this family takes as an action."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidAction


def limited(action: Any, size: int, who: str) -> NDArray[np.float64]:
    """An action, with what lies beyond -1 or 1 moved there.

    Upstream's worlds do so as well (``gymnasium_robotics``: ``franka_env.py``, ``adroit_*.py``;
    github.com/d5rlbenchmark/d5rl: the A1's targets and the WidowX's actuators are clipped). A
    policy with a Gaussian head can thus be trained in the bare environment; the evaluator is
    stricter, and refuses what is outside of the action space.

    Args:
        action: what was given to ``step``.
        size: how many numbers it must have.
        who: takes it, for the message.

    Returns:
        `[size]`, from -1 to 1.

    Raises:
        InvalidAction: it is something else than so many finite numbers.
    """
    try:
        chosen = np.asarray(action)
    except ValueError:  # Lists within lists, of different lengths.
        chosen = np.asarray(None)
    plain = chosen.shape == (size,) and chosen.dtype.kind in "fiu"
    if not plain or not np.isfinite(chosen).all():
        raise InvalidAction(f"{who} takes {size} finite numbers, not {action!r:.200}")
    return np.clip(chosen.astype(np.float64), -1.0, 1.0)
