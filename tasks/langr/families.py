"""The 17 families of instructions: what is asked, of which things and places, and when it is done.

Ids, groups and goals are those of the released ``instructions.yaml``; how a family is put into
words is in ``phrasing``. Blanks name what is drawn for an episode: ``X``, ``Y``, ``Z`` and ``O``
stand for categories, all other letters for receptacles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from .expression import Expression, Goal, Predicate, substitute
from .home import fridge_pose, place_at
from .layout import KITCHEN, Layout
from .vocabulary import CATEGORIES, FRIDGE, OPEN_AIR, TRAIN_CATEGORIES

THINGS = ("X", "Y", "Z", "O")
"""Blanks that stand for categories. ``O`` is mentioned and has no part in the goal."""

PAIR_CATEGORIES = tuple(name for number, name in enumerate(CATEGORIES) if number % 4)
"""24 kinds for moving two things; as many as in the release (a random 75%), chosen by us."""

PAIR_TARGETS = ("Tbl1", "Tbl2", "sink", "counter_right", "counter_left")
"""Where two things are moved to; the five that occur in the released files."""

TRIPLE_CATEGORIES = CATEGORIES[1::2]
"""16 kinds for three moves; as many as in the release (a random 50%), chosen by us."""

TRIPLE_PLACES = ("Tbl1", "Tbl2", "counter_left")
"""From where and to where three things are moved; the three of the released files."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of instruction.

    Attributes:
        id: of the release, e.g. ``f0917e29``.
        about: what is asked.
        goal: over the variables ``X``, ``Y`` and ``Z``, whose categories are the blanks of the
            same name, and over the blanks of receptacles.
        sources: the blank of the receptacle on which each thing starts.
        targets: further blanks of receptacles.
        apart: blanks that must not stand for the same receptacle.
        categories: what things are drawn from.
        source_places: what blanks of sources are drawn from.
        target_places: what blanks of targets are drawn from.
        start: what is made true at the start.
        instances: least and largest number of instances of ``X``.
        gathered: whether all instances start on the same receptacle.
    """

    id: str
    about: str
    goal: Goal
    sources: dict[str, str] = {}
    targets: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    categories: tuple[str, ...] = CATEGORIES
    source_places: tuple[str, ...] = OPEN_AIR
    target_places: tuple[str, ...] = OPEN_AIR
    start: tuple[Predicate, ...] = ()
    instances: tuple[int, int] = (1, 1)
    gathered: bool = True

    def goal_of(self, entities: Mapping[str, str]) -> Goal:
        """The goal with its blanks filled."""
        return fill_goal(self.goal, entities)


def fill_goal(goal: Goal, entities: Mapping[str, str]) -> Goal:
    """A family's goal with receptacles for their blanks and categories for the variables'."""
    places = {blank: name for blank, name in entities.items() if blank not in THINGS}
    if isinstance(goal, Predicate):
        return substitute(goal, places)
    return msgspec.structs.replace(
        goal,
        parts=tuple(fill_goal(part, entities) for part in goal.parts),
        variables=tuple((name, entities[blank]) for name, blank in goal.variables),
    )


# -- goals --------------------------------------------------------------------------------------

EMPTY_HAND = Predicate("not_holding")
"""Nothing is in the gripper."""

OPEN_FRIDGE = Predicate("opened_fridge", (FRIDGE,))
"""The fridge is open."""

CLOSED_FRIDGE = Predicate("closed_fridge", (FRIDGE,))
"""The fridge is closed."""


def on_top(thing: str, place: str) -> Predicate:
    """The statement that a thing is on a receptacle."""
    return Predicate("on_top", (thing, place))


def some(*parts: Goal) -> Expression:
    """There are things of which all parts hold, one for each variable in them."""
    named = {word for part in parts if isinstance(part, Predicate) for word in part.arguments}
    variables = tuple((name, name) for name in THINGS if name in named)
    return Expression(operator="AND", parts=parts, quantifier="EXISTS", variables=variables)


def every(*parts: Goal) -> Expression:
    """For all things of the kind of ``X``, all parts hold."""
    return Expression(operator="AND", parts=parts, quantifier="FORALL", variables=(("X", "X"),))


MOVED = some(on_top("X", "B"), EMPTY_HAND)
"""A thing is where it was to be put."""

REMOVED = Expression(
    operator="AND",
    parts=(
        EMPTY_HAND,
        Expression(
            operator="NAND",
            parts=(on_top("X", "A"),),
            quantifier="EXISTS",
            variables=(("X", "X"),),
        ),
    ),
)
"""Some thing of the kind is not where it was, which is where the release puts its quantifier."""

_ALL: tuple[Family, ...] = (
    Family(
        id="42f1b012",
        about="move X from A to B",
        goal=MOVED,
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
        categories=TRAIN_CATEGORIES,
    ),
    Family(
        id="f0917e29",
        about="move X to B, wherever it is",
        goal=MOVED,
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
        categories=TRAIN_CATEGORIES,
    ),
    Family(id="9a1dd6ee", about="take X off A", goal=REMOVED, sources={"X": "A"}),
    Family(
        id="fd8dd56c",
        about="move X and Y to B",
        goal=some(on_top("X", "B"), on_top("Y", "B"), EMPTY_HAND),
        sources={"X": "A", "Y": "C"},
        targets=("B",),
        apart=(("A", "B"), ("C", "B")),
        categories=PAIR_CATEGORIES,
        target_places=PAIR_TARGETS,
    ),
    Family(
        id="6e7f4383",
        about="swap X on A with Y on B",
        goal=some(on_top("X", "B"), on_top("Y", "A"), EMPTY_HAND),
        sources={"X": "A", "Y": "B"},
        apart=(("A", "B"),),
    ),
    Family(
        id="6e3da8a1",
        about="close the fridge",
        goal=Expression(operator="AND", parts=(CLOSED_FRIDGE,)),
        start=(OPEN_FRIDGE,),
    ),
    Family(
        id="68216d8c",
        about="open the fridge",
        goal=Expression(operator="AND", parts=(OPEN_FRIDGE,)),
        start=(CLOSED_FRIDGE,),
    ),
    Family(
        id="311525c5",
        about="go to B",
        goal=Expression(operator="AND", parts=(Predicate("robot_at", ("B",)),)),
        targets=("B",),
    ),
    Family(
        id="2f2d797d",
        about="find X",
        goal=some(Predicate("robot_at", ("X",))),
        sources={"X": "A"},
        categories=TRAIN_CATEGORIES,
    ),
    Family(
        id="8a66dec9",
        about="move to B what looks as described",
        goal=MOVED,
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
    ),
    Family(
        id="21e2ce5f",
        about="move to B what a situation calls for",
        goal=MOVED,
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
    ),
    Family(
        id="93b2ef41",
        about="move X to a place known by its relation to another",
        goal=MOVED,
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
        categories=TRAIN_CATEGORIES,
    ),
    Family(
        id="3ef02c70",
        about="move all X to B",
        goal=every(on_top("X", "B"), EMPTY_HAND),
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
        instances=(2, 4),
        gathered=False,
    ),
    Family(
        id="92bcf9b3",
        about="move all X from A to B",
        goal=every(on_top("X", "B"), EMPTY_HAND),
        sources={"X": "A"},
        targets=("B",),
        apart=(("A", "B"),),
        instances=(2, 4),
    ),
    Family(
        id="db3119cd",
        about="move X to B, Y to G and Z to H",
        goal=some(on_top("X", "B"), on_top("Y", "G"), on_top("Z", "H"), EMPTY_HAND),
        sources={"X": "A", "Y": "C", "Z": "E"},
        targets=("B", "G", "H"),
        apart=(("A", "B"), ("C", "G"), ("E", "H")),
        categories=TRIPLE_CATEGORIES,
        source_places=TRIPLE_PLACES,
        target_places=TRIPLE_PLACES,
    ),
    Family(
        id="5d5460d6",
        about="the fridge is open: X goes to B and Y stays",
        goal=some(OPEN_FRIDGE, on_top("X", "B"), on_top("Y", "C"), EMPTY_HAND),
        sources={"X": "A", "Y": "C"},
        targets=("B",),
        apart=(("A", "B"), ("C", "B")),
        start=(OPEN_FRIDGE,),
    ),
    Family(
        id="e75d9d69",
        about="the fridge is closed: Y goes to B and X stays",
        goal=some(CLOSED_FRIDGE, on_top("X", "A"), on_top("Y", "B"), EMPTY_HAND),
        sources={"X": "A", "Y": "C"},
        targets=("B",),
        apart=(("A", "B"), ("C", "B")),
        start=(CLOSED_FRIDGE,),
    ),
)

FAMILIES: Mapping[str, Family] = MappingProxyType({family.id: family for family in _ALL})
"""By id. The first nine are those of training."""

TRAINING_FAMILIES = tuple(family.id for family in _ALL[:9])
"""Families that training instructions come from."""


# -- places by their relation to others ---------------------------------------------------------

FACING = math.radians(35)
"""How far aside the sofa and the TV stand may be in one another's view to count as facing [rad];
of our own design."""


def place_by_relation(relation: str, layout: Layout) -> str | None:
    """The receptacle that a relation picks out in a home, or None where it holds for none.

    Args:
        relation: ``between-counters``, ``beside-left-counter``, ``beside-right-counter``,
            ``by-fridge``, ``away-from-fridge`` or ``facing-television``.
        layout: of the home.
    """
    if relation in ("between-counters", "beside-left-counter", "beside-right-counter"):
        return "sink"  # the same in every kitchen
    if relation == "facing-television":
        return "Sofa" if _sofa_faces_television(layout) else None
    fridge = fridge_pose(layout)
    counters = ("counter_left", "counter_right")

    def distance(name: str) -> float:
        x, y, _ = place_at(layout.kitchen, *KITCHEN[name].centre, 0.0)
        return math.hypot(x - fridge.x, y - fridge.y)

    near = layout.fridge == "left"
    by = counters[0] if near else counters[1]
    assert distance(by) < max(map(distance, counters))
    return by if relation == "by-fridge" else counters[near]


def _sofa_faces_television(layout: Layout) -> bool:
    """Whether each of the two is in front of the other."""
    for one, other in (("Sofa", "TvStnd1"), ("TvStnd1", "Sofa")):
        here, there = layout.pieces[one], layout.pieces[other]
        aside = math.atan2(there.y - here.y, there.x - here.x) - here.yaw
        if abs(math.remainder(aside, math.tau)) > FACING:
            return False
    return True
