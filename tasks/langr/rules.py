"""What the 70 skills do and what is true, in any world: the logic of Language Rearrangement.

Skills act at once and without physics, as in the released task: the robot is moved, the object is
in the gripper, the drawer is open. Distances are planar, from the robot's axis; angles are between
its heading and the direction of the thing. Where a constant has no other source it is that of
``pddl_domain_replica_cad.yaml`` and of habitat-lab 0.3.0's predicates.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from .assets import ASSETS
from .episode import Episode, instance_names, instances_of
from .expression import Expression, Goal, Predicate, ground
from .home import DRAWER_RECEPTACLES, DRAWER_TRAVEL, FRIDGE_OPEN, Home, Point
from .layout import Pose
from .vocabulary import DRAWERS, FRIDGE, Skill
from .world import HomeState

NEAR = 2.0
"""How far a place may be for ``place``, opening and closing, and ``robot_at`` [m]."""

NEAR_ANGLE = 1.57
"""How far aside it may be [rad]."""

REACH = 1.5
"""How far an object may be for ``pick`` and ``robot_at_obj`` [m]."""

REACH_ANGLE = 1.0
"""How far aside it may be [rad]."""

CLOSED = 0.15
"""A drawer [m] or the fridge [rad] counts as closed below this."""

DRAWER_SLACK = 0.10
"""A drawer counts as open from this much before its end [m]."""

FRIDGE_SLACK = 0.15
"""The fridge counts as open from this much before its end [rad]."""

SHRINK = 0.8
"""``place`` draws a point in the receptacle's box shrunk by this about its middle."""

UPRIGHT = (1.0, 0.0, 0.0, 0.0)
"""The rotation of what was placed."""

Truth = Callable[[], bool]


class Rules:
    """The skills and predicates of one episode.

    Args:
        home: geometry of the episode's home.
        episode: its objects and goal.
        stale_predicates: judge success and progress after a skill with the truth values that the
            skill's own precondition looked up before it acted, as the released task's cache does:
            in the step of a successful pick ``not_holding()`` still holds there.

    Attributes:
        state: what changes; set by ``begin``.
        objects: names of the episode's objects, in its order.
        categories: the category of each.
        instances: names of the objects of each category, in the order in which a skill tries them.
    """

    def __init__(self, home: Home, episode: Episode, *, stale_predicates: bool = False) -> None:
        self.home, self.episode = home, episode
        assets = tuple(placement.asset for placement in episode.objects)
        self.objects = instance_names(assets)
        self.categories = tuple(ASSETS[asset].category for asset in assets)
        self._index = {name: index for index, name in enumerate(self.objects)}
        self.instances: Mapping[str, tuple[str, ...]] = instances_of(assets)
        self._of_category = {
            category: [self._index[name] for name in names]
            for category, names in self.instances.items()
        }
        self._stale = stale_predicates
        self._remembered: dict[Predicate, bool] = {}
        self._start = [placement.position for placement in episode.objects]
        self._rotations = [placement.rotation for placement in episode.objects]
        self._gripper = home.gripper
        self.state = self._fresh(Pose(0.0, 0.0))

    def _fresh(self, base: Pose) -> HomeState:
        return HomeState(
            base=base,
            positions=list(self._start),
            rotations=list(self._rotations),
            held=None,
            fridge=0.0,
            drawers=dict.fromkeys(DRAWERS, 0.0),
        )

    def begin(self, base: Pose) -> None:
        """Everything back to where the episode starts, with the robot at a place."""
        self.state = self._fresh(base)
        self._remembered.clear()
        for predicate in self.episode.start:
            if predicate.name in ("opened_fridge", "closed_fridge"):
                self.state.fridge = FRIDGE_OPEN if predicate.name == "opened_fridge" else 0.0

    def fork(self) -> Rules:
        """The same episode with a state of its own, to think ahead in; nothing is stale there."""
        twin = copy.copy(self)
        twin.state = msgspec.structs.replace(
            self.state,
            positions=list(self.state.positions),
            rotations=list(self.state.rotations),
            drawers=dict(self.state.drawers),
        )
        twin._stale, twin._remembered = False, {}
        return twin

    # -- geometry -------------------------------------------------------------------------------

    def is_within(self, point: Point, distance: float, angle: float) -> bool:
        """Whether a point is near enough to the robot and in front of it.

        Args:
            point: in the home's frame [m].
            distance: largest planar distance [m].
            angle: largest angle to the heading, to either side [rad].
        """
        base = self.state.base
        dx, dy = point[0] - base.x, point[1] - base.y
        if dx * dx + dy * dy > distance * distance:
            return False
        aside = math.atan2(dy, dx) - base.yaw
        return abs(math.remainder(aside, math.tau)) <= angle

    def is_at(self, place: str) -> bool:
        """Whether the robot is at a place, near enough to put, open or close."""
        return self.is_within(self.home.reference(place), NEAR, NEAR_ANGLE)

    def is_reachable(self, index: int) -> bool:
        """Whether an object is near enough to be picked."""
        return self.is_within(self.state.positions[index], REACH, REACH_ANGLE)

    def shut_in(self, index: int) -> str | None:
        """The closed drawer in which an object lies, or None; a closed fridge hides nothing."""
        point = self.state.positions[index]
        for drawer, opened in self.state.drawers.items():
            if abs(opened) < CLOSED and self.home.drawers[drawer].contains(point):
                return drawer
        return None

    def can_pick(self, category: str) -> int | None:
        """The object of a category that ``pick`` would take, or None."""
        if self.state.held is not None:
            return None
        for index in self._of_category.get(category, ()):
            if self.is_reachable(index) and self.shut_in(index) is None:
                return index
        return None

    def receptacle_of(self, index: int) -> str | None:
        """The receptacle in whose box an object is; the first in their order, or None."""
        point = self.state.positions[index]
        for name, box in self.home.receptacles.items():
            if box.contains(point):
                return name
        return None

    def drawn_out(self, index: int) -> str | None:
        """The receptacle in whose open drawer an object lies; its box stays where it was."""
        point = self.state.positions[index]
        for receptacle, drawer in DRAWER_RECEPTACLES.items():
            by = self._along(self.state.drawers[drawer])
            if by != (0.0, 0.0, 0.0) and self.home.drawers[drawer].moved(by).contains(point):
                return receptacle
        return None

    # -- skills ---------------------------------------------------------------------------------

    def is_valid(self, skill: Skill) -> bool:
        """Whether the precondition of a skill holds."""
        kind, target, state = skill.kind, skill.target, self.state
        if kind == "nav":
            return True
        if kind == "pick":
            return self.can_pick(target) is not None
        if kind == "place":
            return state.held is not None and self.is_at(target)
        if not self.is_at(target):
            return False
        if kind == "open_fridge":
            return abs(state.fridge) < CLOSED
        if kind == "close_fridge":
            return state.fridge > FRIDGE_OPEN - FRIDGE_SLACK
        if kind == "open_cab":
            return abs(state.drawers[target]) < CLOSED
        return state.drawers[target] > DRAWER_TRAVEL - DRAWER_SLACK

    def apply(self, skill: Skill, dice: np.random.Generator) -> bool:
        """Does a skill, or nothing where its precondition fails.

        Args:
            skill: one of ``SKILLS``.
            dice: where a thing lands when it is placed.

        Returns:
            Whether it was done.
        """
        self._remembered.clear()
        if self._stale:
            self._remember(skill)
        if not self.is_valid(skill):
            return False
        state, target = self.state, skill.target
        if skill.kind == "nav":
            state.base = self.home.stands[target]
            self._carry()
        elif skill.kind == "pick":
            state.held = self.can_pick(target)
            self._carry()
        elif skill.kind == "place":
            self._place(target, dice)
        elif skill.kind == "open_fridge":
            state.fridge = FRIDGE_OPEN
        elif skill.kind == "close_fridge":
            state.fridge = 0.0
        else:
            self._slide(target, DRAWER_TRAVEL if skill.kind == "open_cab" else 0.0)
        return True

    def gripper_point(self) -> Point:
        """Where the gripper is [m]."""
        base, (ahead, left, up) = self.state.base, self._gripper
        cos, sin = math.cos(base.yaw), math.sin(base.yaw)
        return (base.x + ahead * cos - left * sin, base.y + ahead * sin + left * cos, up)

    def _carry(self) -> None:
        """What is held goes where the gripper goes, and turns with the robot."""
        state = self.state
        if state.held is not None:
            state.positions[state.held] = self.gripper_point()
            half = state.base.yaw / 2
            state.rotations[state.held] = (math.cos(half), 0.0, 0.0, math.sin(half))

    def _place(self, receptacle: str, dice: np.random.Generator) -> None:
        """Lets go: the object is at a random point of the box, upright, whether or not it is high.

        Nothing falls and nothing collides; a fridge or drawer need not be open.
        """
        state = self.state
        assert state.held is not None
        x, y, z = dice.uniform(-SHRINK, SHRINK, 3).tolist()
        state.positions[state.held] = self.home.receptacles[receptacle].point(x, y, z)
        state.rotations[state.held] = UPRIGHT
        state.held = None

    def _slide(self, drawer: str, opened: float) -> None:
        """Moves a drawer, and what lies in it."""
        state, box = self.state, self.home.drawers[drawer]
        inside = box.moved(self._along(state.drawers[drawer]))
        step = self._along(opened - state.drawers[drawer])
        for index, (x, y, z) in enumerate(state.positions):
            if index != state.held and inside.contains((x, y, z)):
                state.positions[index] = (x + step[0], y + step[1], z + step[2])
        state.drawers[drawer] = opened

    def _along(self, distance: float) -> Point:
        x, y, z = self.home.drawer_axis
        return (x * distance, y * distance, z * distance)

    # -- predicates -----------------------------------------------------------------------------

    def compile(self, goal: Goal) -> Truth:
        """A function that tells whether a goal holds in the state of the moment.

        Quantifiers are written out over the episode's objects.
        """
        return self._compile(ground(goal, self.instances))

    def holds(self, goal: Goal) -> bool:
        """Whether a goal holds now; ``compile`` it where that is asked often."""
        return self.compile(goal)()

    def _compile(self, goal: Goal) -> Truth:
        if isinstance(goal, Predicate):
            return self._leaf(goal)
        parts = tuple(self._compile(part) for part in goal.parts)
        return _joined(goal, parts)

    def _leaf(self, predicate: Predicate) -> Truth:
        fresh = self._fresh_leaf(predicate)
        if not self._stale:
            return fresh
        remembered = self._remembered

        def stale() -> bool:
            known = remembered.get(predicate)
            return fresh() if known is None else known

        return stale

    def _fresh_leaf(self, predicate: Predicate) -> Truth:
        """The truth of one predicate, from the state alone."""
        name, words = predicate.name, predicate.arguments
        if name == "on_top":
            index, box = self._index[words[0]], self.home.receptacles[words[1]]
            return lambda: box.contains(self.state.positions[index])
        if name == "in":
            index, inside = self._index[words[0]], self._inside(words[1])
            return lambda: inside(self.state.positions[index])
        if name == "holding":
            index = self._index[words[0]]
            return lambda: self.state.held == index
        if name == "not_holding":
            return lambda: self.state.held is None
        if name == "opened_fridge":
            return lambda: self.state.fridge > FRIDGE_OPEN - FRIDGE_SLACK
        if name == "closed_fridge":
            return lambda: abs(self.state.fridge) < CLOSED
        if name == "opened_cab":
            return lambda: self.state.drawers[words[0]] > DRAWER_TRAVEL - DRAWER_SLACK
        if name == "closed_cab":
            return lambda: abs(self.state.drawers[words[0]]) < CLOSED
        distance, angle = (REACH, REACH_ANGLE) if name == "robot_at_obj" else (NEAR, NEAR_ANGLE)
        if words[0] in self._index:
            index = self._index[words[0]]
            return lambda: self.is_within(self.state.positions[index], distance, angle)
        point = self.home.reference(words[0])
        return lambda: self.is_within(point, distance, angle)

    def _inside(self, place: str) -> Callable[[Point], bool]:
        if place in self.home.drawers:
            box = self.home.drawers[place]
            return lambda point: box.moved(self._along(self.state.drawers[place])).contains(point)
        return self.home.fridge.contains

    def _remember(self, skill: Skill) -> None:
        """Fills the cache as the released task's precondition does, before the skill acts."""
        asked: list[Predicate] = []
        if skill.kind == "pick":
            asked.append(Predicate("not_holding"))
            for index in self._of_category.get(skill.target, ()):
                asked.append(Predicate("robot_at_obj", (self.objects[index],)))
                if self.state.held is None and self.is_reachable(index):
                    break
        elif skill.kind == "place":
            asked += [Predicate("holding", (name,)) for name in self.objects]
            asked.append(Predicate("robot_at", (skill.target,)))
        elif skill.kind in ("open_fridge", "close_fridge"):
            wanted = "closed_fridge" if skill.kind == "open_fridge" else "opened_fridge"
            asked += [Predicate("robot_at", (FRIDGE,)), Predicate(wanted, (FRIDGE,))]
        elif skill.kind != "nav":
            wanted = "closed_cab" if skill.kind == "open_cab" else "opened_cab"
            asked += [
                Predicate("robot_at", (skill.target,)),
                Predicate(wanted, (skill.target,)),
            ]
        for predicate in asked:
            self._remembered[predicate] = self._fresh_leaf(predicate)()


def _joined(goal: Expression, parts: Sequence[Truth]) -> Truth:
    """AND, OR and their negations, stopping at the first part that decides."""
    if goal.operator in ("AND", "NAND"):
        wanted = goal.operator == "AND"

        def all_hold() -> bool:
            for part in parts:
                if not part():
                    return not wanted
            return wanted

        return all_hold
    wanted = goal.operator == "OR"

    def any_holds() -> bool:
        for part in parts:
            if part():
                return wanted
        return not wanted

    return any_holds
