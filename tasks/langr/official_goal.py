"""Goals, start predicates and bindings of the official files, in our words.

A goal is there a dictionary of ``expr_type`` (how its parts are joined), ``sub_exprs`` (text or
further dictionaries) and, where it is quantified, ``quantifier`` and ``inputs`` (each with
``name`` and, as its ``expr_type``, a category).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from ...core.errors import BadArgument
from .expression import (
    PREDICATES,
    Expression,
    Goal,
    Operator,
    Predicate,
    ground,
    parse_predicate,
)
from .vocabulary import CATEGORIES, DRAWERS, FRIDGE, OFFICIAL_RECEPTACLES

DEEPEST = 8
"""Nodes within nodes; in the files there are two."""

MOST_PREDICATES = 64
"""Predicates of one goal; in the files there are four."""

LONGEST_TEXT = 300
"""Of a predicate [characters]."""

OPERATORS = get_args(Operator)

PLACES = frozenset({*OFFICIAL_RECEPTACLES.values(), *DRAWERS, FRIDGE})

_KINDS = {
    "on_top": ("thing", "place"),
    "in": ("thing", "place"),
    "holding": ("thing",),
    "not_holding": (),
    "opened_cab": ("drawer",),
    "closed_cab": ("drawer",),
    "opened_fridge": ("fridge",),
    "closed_fridge": ("fridge",),
    "robot_at": ("thing or place",),
    "robot_at_obj": ("thing",),
}
"""What each predicate is about."""

_FITTING = {"drawer": frozenset(DRAWERS), "fridge": frozenset({FRIDGE}), "place": PLACES}


def read_goal(raw: Any, instances: Mapping[str, Sequence[str]]) -> Goal:
    """A goal in our words.

    Args:
        raw: as it stands in the file.
        instances: names of the episode's objects, by category.

    Raises:
        BadArgument: it is not of that form, or names what does not exist.
    """
    goal = _node(raw, frozenset().union(*instances.values()), frozenset(), DEEPEST)
    if _count(goal) > MOST_PREDICATES:
        raise BadArgument(f"more than {MOST_PREDICATES} predicates")
    ground(goal, instances)  # Refuses one that cannot be judged.
    return goal


def read_start(raw: Any) -> tuple[Predicate, ...]:
    """What is made true at the start; only the fridge can be opened or closed.

    Raises:
        BadArgument: it is something else.
    """
    if not isinstance(raw, list | tuple) or len(raw) > MOST_PREDICATES:
        raise BadArgument("not a list of predicates")
    found = tuple(read_predicate(text, frozenset()) for text in raw)
    for predicate in found:
        if predicate.name not in ("opened_fridge", "closed_fridge"):
            raise BadArgument(f"{predicate} cannot be made true at the start")
    return found


def read_predicate(text: Any, things: frozenset[str]) -> Predicate:
    """One predicate, with our names of places.

    Args:
        text: e.g. ``on_top(X, receptacle_aabb_sink_kitchen_counter)``.
        things: variables and objects that it may name.

    Raises:
        BadArgument: not a predicate, or not about what it says it is.
    """
    if not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable():
        raise BadArgument("a predicate that is not a line of text")
    raw = parse_predicate(text)
    arguments = tuple(OFFICIAL_RECEPTACLES.get(name, name) for name in raw.arguments)
    predicate = Predicate(raw.name, arguments)
    check_arguments(predicate, things)
    return predicate


def check_arguments(predicate: Predicate, things: frozenset[str]) -> None:
    """Refuses a predicate that is not about what it says it is.

    Args:
        predicate: with our names of places.
        things: variables and objects that it may name.

    Raises:
        BadArgument: it names something else.
    """
    for name, kind in zip(predicate.arguments, _KINDS[predicate.name], strict=True):
        fits = name in _FITTING.get(kind, ()) or ("thing" in kind and name in things)
        if not fits and not (kind == "thing or place" and name in PLACES):
            raise BadArgument(f"{predicate} names '{name}', which is no {kind} of this episode")


def read_entities(raw: Any) -> dict[str, str]:
    """What the blanks of an instruction stand for, with our names of receptacles.

    Raises:
        BadArgument: a blank stands for neither a category nor a receptacle.
    """
    if not isinstance(raw, dict) or len(raw) > MOST_PREDICATES:
        raise BadArgument("not a dictionary")
    found = {}
    for blank, name in raw.items():
        if not isinstance(blank, str) or not blank.isidentifier() or len(blank) > LONGEST_TEXT:
            raise BadArgument(f"{str(blank)[:40]!r} is no name of a blank")
        if not isinstance(name, str) or name not in {*CATEGORIES, *OFFICIAL_RECEPTACLES, *PLACES}:
            raise BadArgument(f"'{blank}' stands for {str(name)[:80]!r}, which does not exist")
        found[blank] = OFFICIAL_RECEPTACLES.get(name, name)
    return found


def _node(raw: Any, things: frozenset[str], used: frozenset[str], depth: int) -> Goal:
    if isinstance(raw, str):
        return read_predicate(raw, things)
    if not isinstance(raw, dict):
        raise BadArgument(f"a node of type {type(raw).__name__}; it must be text or a dictionary")
    if depth == 0:
        raise BadArgument(f"nodes nested more than {DEEPEST} deep")
    operator, quantifier = raw.get("expr_type"), raw.get("quantifier")
    if operator not in OPERATORS:
        raise BadArgument(f"expr_type is {str(operator)[:40]!r}; known: {', '.join(OPERATORS)}")
    if quantifier not in (None, "EXISTS", "FORALL"):
        raise BadArgument(f"quantifier is {str(quantifier)[:40]!r}; known: EXISTS, FORALL")
    variables = _variables(raw.get("inputs") or [], used)
    if bool(variables) != (quantifier is not None):
        raise BadArgument("inputs and quantifier must come together")
    names = frozenset(name for name, _ in variables)
    parts = raw.get("sub_exprs")
    if not isinstance(parts, list | tuple) or not 0 < len(parts) <= MOST_PREDICATES:
        raise BadArgument(f"sub_exprs must be a list of 1 to {MOST_PREDICATES}")
    found: list[Goal] = []
    for part in parts:
        found.append(_node(part, things | names, used | names, depth - 1))
        if sum(map(_count, found)) > MOST_PREDICATES:
            raise BadArgument(f"more than {MOST_PREDICATES} predicates")
    return Expression(
        operator=cast(Operator, operator),
        parts=tuple(found),
        quantifier=quantifier,
        variables=variables,
    )


def _variables(raw: Any, used: frozenset[str]) -> tuple[tuple[str, str], ...]:
    if not isinstance(raw, list | tuple) or len(raw) > MOST_PREDICATES:
        raise BadArgument("inputs is not a list")
    found: list[tuple[str, str]] = []
    for entry in raw:
        if not isinstance(entry, Mapping):
            raise BadArgument("an input is not a dictionary")
        name, category = entry.get("name"), entry.get("expr_type")
        if not isinstance(name, str) or not name.isidentifier() or len(name) > LONGEST_TEXT:
            raise BadArgument(f"{str(name)[:40]!r} is no name of a variable")
        if name in used or name in [other for other, _ in found] or name in PREDICATES:
            raise BadArgument(f"the variable '{name}' is declared twice")
        if not isinstance(category, str) or category not in CATEGORIES:
            raise BadArgument(f"'{name}' is of the category {str(category)[:40]!r}, unknown here")
        found.append((name, category))
    return tuple(found)


def _count(goal: Goal) -> int:
    return 1 if isinstance(goal, Predicate) else sum(map(_count, goal.parts))
