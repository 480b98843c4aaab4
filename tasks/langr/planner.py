"""From a goal to skills: what must change, in which order, from where.

The plan comes from the goal expression alone. A goal is written out as alternatives, each a set of
statements that must hold or must not; the first alternative for which an order of errands is found
that works, tried out on a copy of the state, is the plan.
"""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from .expression import Goal, Predicate, ground
from .layout import Pose
from .rules import Rules
from .vocabulary import DRAWERS, FRIDGE, NAVIGABLE, OPEN_AIR, SKILL_INDEX, SKILLS

LONGEST = 32
"""No plan is longer than an episode [skills]."""

MOST_ALTERNATIVES = 256
"""Alternatives that are looked at; goals of the task have a dozen at most."""

MOST_ERRANDS_PERMUTED = 5
"""Errands of which every order is tried; of more, only rotations."""

MOST_TRIALS = 512
"""Orders of errands that are played on a copy for one plan; plans of the task take a handful."""

MOST_PARKED = 4
"""Objects put aside in one plan because they are in the way of another of their category."""

FAR = Pose(1e3, 1e3)
"""A start that is at no place, for plans that do not depend on the start."""

Literal = tuple[Predicate, bool]


class Step(msgspec.Struct, frozen=True):
    """One skill of a plan.

    Attributes:
        action: its number.
        takes: the object that a pick is meant to take, else None.
    """

    action: int
    takes: int | None = None


class Errand(msgspec.Struct, frozen=True):
    """Carry an object to a receptacle."""

    index: int
    receptacle: str


def plan(rules: Rules) -> list[Step] | None:
    """Skills that lead from the state of the moment to the goal, or None if none are found.

    The state is left as it is. An empty plan says that the goal holds already.
    """
    goal = ground(rules.episode.goal, rules.instances)
    reached = rules.fork().compile(goal)
    if reached():
        return []
    found = [a for a in itertools.islice(alternatives(goal), MOST_ALTERNATIVES) if is_sound(a)]
    found.sort(key=lambda alternative: _unmet(rules, alternative))
    tried = itertools.chain.from_iterable(_Attempt(rules, one).trials() for one in found)
    return next((s for s in itertools.islice(tried, MOST_TRIALS) if s is not None), None)


def alternatives(goal: Goal, wanted: bool = True) -> Iterator[frozenset[Literal]]:
    """The sets of statements of which any one makes a goal without quantifiers true (or false)."""
    if isinstance(goal, Predicate):
        yield frozenset({(goal, wanted)})
        return
    negated = goal.operator in ("NAND", "NOR")
    inner = wanted != negated
    conjunction = (goal.operator in ("AND", "NAND")) == inner
    if conjunction:
        # One part that nothing can fulfil would be found out last, after all others' choices.
        if all(any(True for _ in alternatives(part, inner)) for part in goal.parts):
            yield from _combined(goal.parts, inner)
    else:
        for part in goal.parts:
            yield from alternatives(part, inner)


def _combined(parts: Sequence[Goal], wanted: bool) -> Iterator[frozenset[Literal]]:
    """One alternative of each part together, in order; made as they are asked for.

    There may be more than memory holds, of which the first few are looked at.
    """
    if not parts:
        yield frozenset()
        return
    for first in alternatives(parts[0], wanted):
        for rest in _combined(parts[1:], wanted):
            yield first | rest


def is_sound(alternative: frozenset[Literal]) -> bool:
    """Whether the statements can hold together."""
    places: dict[str, str] = {}
    fridge = set()
    for predicate, wanted in alternative:
        if (predicate, not wanted) in alternative:
            return False
        if predicate.name == "on_top" and wanted:
            thing, receptacle = predicate.arguments
            if places.setdefault(thing, receptacle) != receptacle:
                return False
        if predicate.name in ("opened_fridge", "closed_fridge"):
            fridge.add((predicate.name == "opened_fridge") == wanted)
    return len(fridge) < 2


def _unmet(rules: Rules, alternative: frozenset[Literal]) -> tuple[int, list[str]]:
    """How much is left to do; the names only make the order of equals repeatable."""
    unmet = [str(p) for p, wanted in alternative if rules.holds(p) != wanted]
    return len(unmet), sorted(str(predicate) for predicate, _ in alternative)


class _Attempt:
    """The search for a plan that makes one alternative true."""

    def __init__(self, rules: Rules, alternative: frozenset[Literal]) -> None:
        self._rules = rules
        self._index = {name: number for number, name in enumerate(rules.objects)}
        self._literals = sorted(alternative, key=lambda literal: str(literal[0]))
        self._forbidden: dict[int, set[str]] = collections.defaultdict(set)
        self._wanted: dict[int, str] = {}
        for predicate, wanted in self._literals:
            if predicate.name == "on_top":
                thing, receptacle = predicate.arguments
                if wanted:
                    self._wanted[self._index[thing]] = receptacle
                else:
                    self._forbidden[self._index[thing]].add(receptacle)

    def trials(self) -> Iterator[list[Step] | None]:
        """For each order of errands a plan, or None where that order does not work."""
        return map(self._try, self._orders(self._errands()))

    def _errands(self) -> list[Errand]:
        rules = self._rules
        errands = [
            Errand(index, receptacle)
            for index, receptacle in self._wanted.items()
            if not rules.home.receptacles[receptacle].contains(rules.state.positions[index])
            or rules.state.held == index
        ]
        for index, receptacles in self._forbidden.items():
            point = rules.state.positions[index]
            if index not in self._wanted and any(
                rules.home.receptacles[name].contains(point) for name in receptacles
            ):
                errands.append(Errand(index, self._elsewhere(rules, index)))
        return errands

    def _orders(self, errands: list[Errand]) -> Iterator[tuple[Errand, ...]]:
        held = self._rules.state.held
        carried = tuple(errand for errand in errands if errand.index == held)
        rest = [errand for errand in errands if errand.index != held]
        if held is not None and not carried and not self._is_to_hold(held):
            carried = (Errand(held, self._elsewhere(self._rules, held)),)
        if len(rest) <= MOST_ERRANDS_PERMUTED:
            orders: Iterator[tuple[Errand, ...]] = itertools.permutations(rest)
        else:
            orders = (tuple(rest[n:] + rest[:n]) for n in range(len(rest)))
        for order in orders:
            yield carried + order

    def _is_to_hold(self, index: int) -> bool:
        name = self._rules.objects[index]
        return (Predicate("holding", (name,)), True) in self._literals

    def _elsewhere(self, rules: Rules, index: int, shunned: Mapping[str, float] = {}) -> str:
        """A receptacle where an object does no harm: one at hand first, then the nearest.

        Args:
            rules: with the state of the moment.
            index: of the object.
            shunned: receptacles to avoid with the distance that they should be away [m].
        """
        base, forbidden = rules.state.base, self._forbidden[index]
        here = rules.receptacle_of(index)

        def cost(name: str) -> tuple[float, float]:
            centre = rules.home.receptacles[name].centre
            return shunned.get(name, 0.0), math.hypot(centre[0] - base.x, centre[1] - base.y)

        allowed = [name for name in OPEN_AIR if name not in forbidden and name != here]
        return min(allowed, key=cost)

    def _try(self, order: tuple[Errand, ...]) -> list[Step] | None:
        """Plays the errands, and then the rest of the statements, on a copy."""
        trial = _Trial(self._rules)
        pending = collections.deque(order)
        parked = 0
        while pending:
            errand = pending.popleft()
            blocker = trial.fetch(errand.index)
            if blocker is not None:
                parked += 1
                if blocker < 0 or parked > MOST_PARKED:
                    return None
                aside = self._elsewhere(trial.rules, blocker, trial.crowding(errand.index))
                pending.appendleft(errand)
                pending.appendleft(Errand(blocker, aside))
                if blocker in self._wanted and not any(e.index == blocker for e in order):
                    pending.append(Errand(blocker, self._wanted[blocker]))
                continue
            trial.deliver(errand.receptacle)
            if len(trial.steps) > LONGEST:
                return None
        for predicate, wanted in sorted(self._literals, key=_lateness):
            if trial.rules.holds(predicate) != wanted:
                trial.settle(predicate, wanted)
        done = all(trial.rules.holds(predicate) == wanted for predicate, wanted in self._literals)
        return trial.steps if done and len(trial.steps) <= LONGEST else None


def _lateness(literal: Literal) -> int:
    """Doors first, then what is to be held; where to stand comes last."""
    name = literal[0].name
    return {"holding": 1, "robot_at": 2, "robot_at_obj": 2}.get(name, 0)


class _Trial:
    """A copy of the state in which skills are played and written down."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules.fork()
        self.steps: list[Step] = []
        self._index = {name: number for number, name in enumerate(rules.objects)}
        self._dice = np.random.default_rng(0)  # where a thing lands is guessed

    def _do(self, name: str, takes: int | None = None) -> bool:
        action = SKILL_INDEX[name]
        self.steps.append(Step(action, takes))
        return self.rules.apply(SKILLS[action], self._dice)

    def _stands_by_distance(self, index: int) -> list[str]:
        x, y, _ = self.rules.state.positions[index]
        own = self.rules.receptacle_of(index)

        def cost(place: str) -> tuple[bool, float]:
            stand = self.rules.home.stands[place]
            return place != own, math.hypot(stand.x - x, stand.y - y)

        return sorted(NAVIGABLE, key=cost)

    def fetch(self, index: int) -> int | None:
        """Takes an object; None when it is held, else which other one is in the way, or -1."""
        rules, category = self.rules, self.rules.categories[index]
        if rules.state.held == index:
            return None
        drawer = rules.shut_in(index)
        if drawer is not None:
            self._approach(drawer)
            self._do(f"open_cab({drawer})")
        before, blocker = rules.state.base, -1
        for place in (None, *self._stands_by_distance(index)):
            rules.state.base = before if place is None else rules.home.stands[place]
            taken = rules.can_pick(category)
            if taken == index:
                rules.state.base = before
                if place is not None:
                    self._do(f"nav({place})")
                self._do(f"pick_{category}(robot_0)", takes=index)
                return None
            if taken is not None and blocker < 0 and rules.is_reachable(index):
                blocker = taken
        rules.state.base = before
        return blocker

    def crowding(self, index: int) -> dict[str, float]:
        """How unwelcome each receptacle is for a thing that must be out of the way of another."""
        x, y, _ = self.rules.state.positions[index]
        return {
            name: -math.hypot(box.centre[0] - x, box.centre[1] - y)
            for name, box in self.rules.home.receptacles.items()
        }

    def deliver(self, receptacle: str) -> None:
        """Puts what is held on a receptacle."""
        if not self.rules.is_at(receptacle):
            self._do(f"nav({receptacle})")
        self._do(f"place({receptacle})")

    def settle(self, predicate: Predicate, wanted: bool) -> None:
        """Makes a statement true that is not about where an object lies; else does nothing."""
        name, words = predicate.name, predicate.arguments
        if name in ("opened_fridge", "closed_fridge"):
            opening = (name == "opened_fridge") == wanted
            self._approach(FRIDGE)
            self._do(f"{'open' if opening else 'close'}_fridge({FRIDGE})")
        elif name in ("opened_cab", "closed_cab") and words[0] in DRAWERS:
            opening = (name == "opened_cab") == wanted
            self._approach(words[0])
            self._do(f"{'open' if opening else 'close'}_cab({words[0]})")
        elif name == "holding" and wanted:
            self.fetch(self._index[words[0]])
        elif name in ("robot_at", "robot_at_obj") and wanted:
            self._go_to(words[0], predicate)

    def _approach(self, place: str) -> None:
        if not self.rules.is_at(place):
            self._do(f"nav({place})")

    def _go_to(self, what: str, predicate: Predicate) -> None:
        """Goes where a statement about the robot's place becomes true."""
        rules = self.rules
        near = self._stands_by_distance(self._index[what]) if what in self._index else [what]
        before = rules.state.base
        for place in near:
            rules.state.base = rules.home.stands[place]
            there = rules.holds(predicate)
            rules.state.base = before
            if there:
                self._do(f"nav({place})")
                return
