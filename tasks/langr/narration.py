"""The home in words, for agents that read: where the robot is, what it holds, what lies where.

Only what stands open to view is told: what lies in a closed drawer or fridge is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from .home import DRAWER_TRAVEL, FRIDGE_OPEN
from .rules import CLOSED, DRAWER_SLACK, FRIDGE_SLACK, Rules
from .vocabulary import DRAWERS, INSIDE, NAVIGABLE, RECEPTACLES, SKILLS, SPOKEN


def describe(rules: Rules) -> str:
    """The state of the moment, a line a fact, the same words for the same state."""
    state = rules.state
    here = _joined([f"the {SPOKEN[place]}" for place in _places_at(rules)])
    held = "nothing" if state.held is None else with_article(rules.categories[state.held])
    lines = [
        f"You are at {here or 'no place in particular'}.",
        f"You hold {held}.",
        f"The fridge is {_openness(state.fridge, CLOSED, FRIDGE_OPEN - FRIDGE_SLACK)}.",
    ]
    opened = [
        f"the {SPOKEN[drawer]}"
        for drawer in DRAWERS
        if state.drawers[drawer] > DRAWER_TRAVEL - DRAWER_SLACK
    ]
    lines.append(f"Open drawers: {_joined(opened) or 'none'}.")
    for receptacle in RECEPTACLES:
        things = _things_on(rules, receptacle)
        if things:
            where = "In" if receptacle in INSIDE else "On"
            lines.append(f"{where} the {SPOKEN[receptacle]}: {_joined(things)}.")
    return "\n".join(lines)


def with_article(category: str) -> str:
    """A category with ``a`` or ``an``."""
    return f"{'an' if category[0] in 'aeiou' else 'a'} {category}"


def choices(rules: Rules) -> tuple[str, ...]:
    """The skills that can be done now, in plain words, in their order."""
    return tuple(skill.spoken for skill in SKILLS if rules.is_valid(skill))


def _places_at(rules: Rules) -> list[str]:
    found = [place for place in NAVIGABLE if rules.is_at(place)]
    spoken: dict[str, str] = {}
    for place in found:
        spoken.setdefault(SPOKEN[place], place)  # a drawer is named once, not by its handle too
    return list(spoken.values())


def _things_on(rules: Rules, receptacle: str) -> list[str]:
    hidden = receptacle == "fridge-shelf" and rules.state.fridge < CLOSED
    return [
        with_article(category)
        for index, category in enumerate(rules.categories)
        if index != rules.state.held
        and not hidden
        and (rules.receptacle_of(index) or rules.drawn_out(index)) == receptacle
        and rules.shut_in(index) is None
    ]


def _openness(value: float, closed_below: float, open_above: float) -> str:
    if value < closed_below:
        return "closed"
    return "open" if value > open_above else "ajar"


def _joined(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
