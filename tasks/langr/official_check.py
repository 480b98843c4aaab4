"""What holds for every official episode, wherever it is read from: a file of theirs or of ours."""

from __future__ import annotations

import math

from ...core.errors import BadArgument
from .episode import Episode, instances_of
from .expression import ground, predicates_of, variables_of
from .official_goal import check_arguments
from .official_pose import FARTHEST
from .scenes import layouts as own_layouts

LONGEST_INSTRUCTION = 1000
"""[characters]; the longest in the files has 28 words."""

UNIT = 1e-3
"""How far the length of a quaternion may be from 1."""


def check_episode(episode: Episode) -> None:
    """Refuses an episode that cannot be played.

    Raises:
        BadArgument: names what is wrong.
    """
    check_home(episode.home)
    check_instruction(episode.instruction)
    for placement in episode.objects:
        if not all(abs(value) <= FARTHEST for value in placement.position):
            raise BadArgument(f"{placement.asset} lies further than {FARTHEST:.0f} m away")
        if not abs(math.hypot(*placement.rotation) - 1) <= UNIT:
            raise BadArgument(f"the rotation of {placement.asset} is none")
    instances = instances_of(tuple(placement.asset for placement in episode.objects))
    things = frozenset().union(*instances.values())
    for predicate in predicates_of(episode.goal):
        check_arguments(predicate, things | variables_of(episode.goal))
    if not predicates_of(ground(episode.goal, instances)):
        raise BadArgument("the goal asks for nothing")
    for predicate in episode.start:
        if predicate.name not in ("opened_fridge", "closed_fridge"):
            raise BadArgument(f"{predicate} cannot be made true at the start")
        check_arguments(predicate, frozenset())


def check_home(home: str) -> None:
    """Refuses the name of a home of ours: its furniture stands elsewhere.

    Raises:
        BadArgument: it is one.
    """
    if home in own_layouts():
        raise BadArgument(f"'{home}' is a home of this package, not of the official scenes")


def check_instruction(text: str) -> None:
    """Refuses what is no line of text.

    Raises:
        BadArgument: it is empty, too long, or has unprintable characters.
    """
    if not text.strip() or not text.isprintable():
        raise BadArgument("not a line of text")
    if len(text) > LONGEST_INSTRUCTION:
        raise BadArgument(f"longer than {LONGEST_INSTRUCTION} characters")
