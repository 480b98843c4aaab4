"""What a server checks before an episode begins: body, space and observations, all of them sized.

The client has compared bodies too; a server does not take its word for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...core.errors import EmbodimentMismatch, PolyathlonError
from ...core.protocols import embodiment_of
from ...core.spaces import space_from_data
from ...core.specs import check_handshake
from .wire import DTYPES, MOST_AXES, Opening

LARGEST_SPACE = 1 << 20
"""An action has at most so many numbers, or letters."""

DEEPEST_SPACE = 8


def agree(agent: object, opening: Opening) -> Any:
    """The action space of an episode that the agent can play.

    Args:
        agent: may declare ``embodiment`` and ``observations``.
        opening: what a client says of the episode.

    Raises:
        EmbodimentMismatch: another body, a space that is none, or an observation is lacking.
    """
    check_handshake(embodiment_of(agent), opening.embodiment, "the episode's task")
    wanted = getattr(agent, "observations", None) or ()
    wanted = (wanted,) if isinstance(wanted, str) else wanted
    lacking = [field for field in wanted if field not in opening.layout]
    if lacking:
        shown = ", ".join(sorted(opening.layout)) or "nothing"
        raise EmbodimentMismatch(f"the agent must see '{lacking[0]}'; the episode shows {shown}")
    try:
        _measure(opening.action_space, DEEPEST_SPACE)
        return space_from_data(opening.action_space)
    except PolyathlonError as error:
        raise EmbodimentMismatch(f"its action space is none: {error}") from None
    except (TypeError, ValueError, KeyError, AssertionError, OverflowError, ArithmeticError,
            AttributeError, IndexError) as error:  # fmt: skip
        raise EmbodimentMismatch(f"its action space is none: {type(error).__name__}") from None


def _measure(data: Any, deepest: int) -> None:
    """Refuses what would take much memory to make, before it is made."""
    if not isinstance(data, Mapping) or deepest < 0:
        raise ValueError
    for size in (data.get("n"), data.get("max"), data.get("min")):
        for one in size if isinstance(size, list) else (size,):
            if one is not None and not (type(one) is int and 0 <= one <= LARGEST_SPACE):
                raise ValueError
    shape = data.get("shape", [])
    if len(shape) > MOST_AXES or not all(type(axis) is int and axis >= 0 for axis in shape):
        raise ValueError
    if math.prod(shape) > LARGEST_SPACE or data.get("dtype", "|u1") not in DTYPES:
        raise ValueError
    parts = data.get("parts", [])
    for part in parts.values() if isinstance(parts, Mapping) else parts:
        _measure(part, deepest - 1)
