"""Plain words for the actions of a body whose names are a program's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...core.specs import Embodiment

SPOKEN: Mapping[str, str] = {
    "Chr1": "chair",
    "Tbl1": "black table",
    "Tbl2": "brown table",
    "TvStnd1": "TV stand",
    "Sofa": "sofa",
    "counter_right": "right counter",
    "counter_left": "left counter",
    "fridge-shelf": "fridge",
    "drawer_left": "left drawer",
    "drawer_right": "right drawer",
    "cab_push_point_7": "left drawer handle",
    "cab_push_point_6": "middle drawer handle",
    "cab_push_point_5": "right drawer handle",
    "cab_push_point_4": "bottom drawer handle",
    "fridge_push_point": "fridge handle",
    "open_cab": "open",
    "close_cab": "close",
    "open_fridge": "open",
    "close_fridge": "close",
}
"""What people call the parts of Language Rearrangement's names: ASA's prompt for it (arXiv
2406.07904, appendix) for places, and the usual words for handles, which it does not tell apart."""

_PARTS = re.compile("|".join(re.escape(one) for one in sorted(SPOKEN, key=len, reverse=True)))


def spoken(name: str) -> str:
    """An action's name in plain words: ``pick_apple(robot_0)`` is ``pick apple``."""
    told = _PARTS.sub(lambda found: SPOKEN[found[0]], name.replace("(robot_0)", ""))
    return " ".join(re.split(r"[\s_()]+", told)).strip()


def phrases_of(body: Embodiment) -> tuple[str, ...]:
    """The words of each action; the names as they are where two would sound alike."""
    told = tuple(spoken(name) for name in body.action_names)
    return told if len(set(told)) == len(told) else tuple(body.action_names)
