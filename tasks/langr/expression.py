"""Goals: trees of predicates under AND, OR, NAND and NOR, over instances of categories.

The trees follow habitat-lab's ``LogicalExpression``: a quantifier wraps the node it stands on.
``EXISTS`` is an OR over tuples of distinct instances, ``FORALL`` an AND; so ``EXISTS`` around a
``NAND`` says that some instance does not, and not that none does.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from ...core.errors import BadArgument

Operator = Literal["AND", "NAND", "OR", "NOR"]

PREDICATES = {
    "on_top": 2,
    "in": 2,
    "holding": 1,
    "not_holding": 0,
    "opened_cab": 1,
    "closed_cab": 1,
    "opened_fridge": 1,
    "closed_fridge": 1,
    "robot_at": 1,
    "robot_at_obj": 1,
}
"""Predicates and how many arguments they take."""

MOST_GROUNDED = 4096
"""Predicates that a goal may be written out to; goals of the task come to a dozen."""


class Predicate(msgspec.Struct, frozen=True, tag_field="type", tag="predicate"):
    """One statement about the home, e.g. ``on_top(X, Sofa)``.

    Attributes:
        name: a name in ``PREDICATES``.
        arguments: places, instances of objects, or variables.
    """

    name: str
    arguments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what is no predicate.

        Raises:
            BadArgument: an unknown name, or a wrong number of arguments.
        """
        wanted = PREDICATES.get(self.name)
        if wanted is None:
            raise BadArgument(f"'{self.name}' is no predicate; known: {', '.join(PREDICATES)}")
        if len(self.arguments) != wanted:
            raise BadArgument(f"{self}: {self.name} takes {wanted} arguments")

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


class Expression(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="expression"):
    """A node of a goal.

    Attributes:
        operator: how its parts are joined.
        parts: predicates and further nodes.
        quantifier: over the variables, or None.
        variables: name and category of each variable, in order.
    """

    operator: Operator
    parts: tuple[Predicate | Expression, ...]
    quantifier: Literal["EXISTS", "FORALL"] | None = None
    variables: tuple[tuple[str, str], ...] = ()


Goal = Predicate | Expression
"""A goal is a node or a single predicate."""

_CALL = re.compile(r"^\s*(\w+)\((.*)\)\s*$")


def parse_predicate(text: str) -> Predicate:
    """Reads ``name(argument, argument)``.

    Raises:
        BadArgument: not of that form, an unknown name, or a wrong number of arguments.
    """
    match = _CALL.match(text)
    if not match:
        raise BadArgument(f"{text!r} is no predicate; known: {', '.join(PREDICATES)}")
    arguments = tuple(part.strip() for part in match[2].split(",")) if match[2].strip() else ()
    return Predicate(match[1], arguments)


def substitute(goal: Goal, binding: Mapping[str, str]) -> Goal:
    """The same goal with names replaced."""
    if isinstance(goal, Predicate):
        return Predicate(goal.name, tuple(binding.get(name, name) for name in goal.arguments))
    return msgspec.structs.replace(
        goal, parts=tuple(substitute(part, binding) for part in goal.parts)
    )


def ground(goal: Goal, instances: Mapping[str, Sequence[str]]) -> Goal:
    """The goal without quantifiers.

    Args:
        goal: may hold quantified nodes at any depth.
        instances: names of the objects of each category.

    A quantified node without any fitting tuple is an empty OR (false) or an empty AND (true).

    Raises:
        BadArgument: written out, it would have more than ``MOST_GROUNDED`` predicates.
    """
    if grounded_size(goal, instances) > MOST_GROUNDED:
        raise BadArgument(f"the goal means more than {MOST_GROUNDED} predicates when written out")
    return _ground(goal, instances)


def grounded_size(goal: Goal, instances: Mapping[str, Sequence[str]]) -> int:
    """How many predicates a goal has without quantifiers, at most.

    Tuples in which an instance comes twice are counted too: going through them costs as much.
    """
    if isinstance(goal, Predicate):
        return 1
    inside = sum(grounded_size(part, instances) for part in goal.parts)
    return inside * math.prod(len(instances.get(category, ())) for _, category in goal.variables)


def _ground(goal: Goal, instances: Mapping[str, Sequence[str]]) -> Goal:
    if isinstance(goal, Predicate):
        return goal
    if goal.quantifier is None:
        return msgspec.structs.replace(
            goal, parts=tuple(_ground(part, instances) for part in goal.parts)
        )
    names = [name for name, _ in goal.variables]
    choices = [instances.get(category, ()) for _, category in goal.variables]
    inner = Expression(operator=goal.operator, parts=goal.parts)
    parts = tuple(
        _ground(substitute(inner, dict(zip(names, chosen, strict=True))), instances)
        for chosen in itertools.product(*choices)
        if len(set(chosen)) == len(chosen)
    )
    return Expression(operator="OR" if goal.quantifier == "EXISTS" else "AND", parts=parts)


def predicates_of(goal: Goal) -> tuple[Predicate, ...]:
    """All predicates of a goal, in order, each once."""
    if isinstance(goal, Predicate):
        return (goal,)
    found = [predicate for part in goal.parts for predicate in predicates_of(part)]
    return tuple(dict.fromkeys(found))


def variables_of(goal: Goal) -> frozenset[str]:
    """The names of all variables that a goal's quantifiers bring."""
    if isinstance(goal, Predicate):
        return frozenset()
    own = frozenset(name for name, _ in goal.variables)
    return own.union(*(variables_of(part) for part in goal.parts))
