"""The milestones of an episode, for which the reward pays on the way to success.

The official files' subgoals are lists of everything that happened to be true after each skill of
a reference plan, in the geometry of the original scenes. Here they are computed anew on the home
at hand: what each skill of the planner's own plan is for, from a start that is at no place.
"""

from __future__ import annotations

from .expression import Predicate
from .planner import FAR, plan
from .rules import Rules
from .vocabulary import SKILLS


def subgoals(rules: Rules) -> tuple[Predicate, ...] | None:
    """One milestone for each skill of the reference plan.

    ``robot_at(place)`` for going, ``holding(object)`` for picking, ``on_top(object, receptacle)``
    for placing, and the state of the door for opening and closing: four for a single move, two
    for the fridge, one for going somewhere.

    Returns:
        The milestones in order, or None where no plan is found.
    """
    thinking = rules.fork()
    thinking.begin(FAR)
    steps = plan(thinking)
    if steps is None:
        return None
    found: list[Predicate] = []
    carried = ""
    for step in steps:
        skill = SKILLS[step.action]
        if skill.kind == "nav":
            found.append(Predicate("robot_at", (skill.target,)))
        elif skill.kind == "pick":
            carried = rules.objects[step.takes if step.takes is not None else 0]
            found.append(Predicate("holding", (carried,)))
        elif skill.kind == "place":
            found.append(Predicate("on_top", (carried, skill.target)))
        else:
            verb, _, thing = skill.kind.partition("_")
            state = "opened" if verb == "open" else "closed"
            found.append(Predicate(f"{state}_{thing}", (skill.target,)))
    return tuple(found)
