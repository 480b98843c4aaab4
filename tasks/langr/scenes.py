"""Our own homes: four floor plans, each furnished in twenty ways.

Three plans are for training and one, of another shape, for evaluation alone. The furnishings are
drawn by ``furnish`` and kept as data, so that listing the homes costs nothing; ``design`` makes
that data anew.
"""

from __future__ import annotations

import functools
import importlib.resources
import itertools
import math
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...core.specs import derive_seed
from .home import (
    MARGIN,
    Box,
    Home,
    Outline,
    build_home,
    distance_to,
    outlines,
    place_at,
)
from .layout import KITCHEN_BODY, PIECES, Layout, Pose
from .shells import SHELLS, Shell
from .vocabulary import NAVIGABLE, OPEN_AIR

TRAINING_PLANS = ("terrace", "courtyard", "gallery")
"""Floor plans of the homes that training sees."""

EVALUATION_PLANS = ("annex",)
"""Floor plans that only evaluation sees."""

STAGINGS = 20
"""Furnishings of each plan."""

KITCHENS: Mapping[str, tuple[Pose, str]] = MappingProxyType(
    {
        "terrace": (Pose(1.7, 5.4, round(-math.pi / 2, 4)), "right"),
        "courtyard": (Pose(0.4, 4.6, 0.0), "right"),
        "gallery": (Pose(2.3, 0.4, round(math.pi / 2, 4)), "left"),
        "annex": (Pose(8.8, 4.75, round(math.pi, 4)), "left"),
    }
)
"""Where the kitchen's frame is in each plan, and at which end of the counter the fridge stands:
against a wall without windows."""

ROOM = 0.86
"""Free way around tables, and between one piece and another [m]: room to stop on it, with
``home.CLEARANCE`` to either side."""

KITCHEN_ROOM = 1.25
"""Free way in front of the kitchen and the fridge [m]. All distances here are our own design."""

DOOR_ROOM = 0.7
"""Free way around the middle of a door, in both directions of the floor [m]."""

FARTHEST_STAND = 1.4
"""How far a place may be from where ``nav`` goes for it [m]; inside every skill's reach."""

REACH = (1.5, 1.0)
"""Distance [m] and angle [rad] of ``pick``."""

GRID = tuple(itertools.product((-0.8, -0.4, 0.0, 0.4, 0.8), repeat=2))
"""Points of a receptacle that are probed, as fractions of its half sides; ``place`` lets go of
things within four fifths of them."""


@functools.cache
def layouts() -> Mapping[str, Layout]:
    """Our 80 homes by id, e.g. ``terrace_07``."""
    text = importlib.resources.files(__package__).joinpath("data/own_layouts.json").read_bytes()
    found = msgspec.json.decode(text, type=list[Layout])
    return MappingProxyType({layout.id: layout for layout in found})


@functools.cache
def homes_of(plans: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the homes with these floor plans."""
    return tuple(f"{plan}_{staging:02d}" for plan in plans for staging in range(STAGINGS))


def design(plans: tuple[str, ...] = (*TRAINING_PLANS, *EVALUATION_PLANS)) -> list[Layout]:
    """All furnishings of some plans, drawn anew: what ``data/own_layouts.json`` holds."""
    return [furnish(plan, staging) for plan in plans for staging in range(STAGINGS)]


def furnish(plan: str, staging: int) -> Layout:
    """One furnishing of a floor plan, the same for the same number.

    Args:
        plan: a name in ``KITCHENS``.
        staging: counts from 0.
    """
    dice = np.random.default_rng(derive_seed("langr-home", 1, plan, staging))
    kitchen, fridge = KITCHENS[plan]
    number = (*TRAINING_PLANS, *EVALUATION_PLANS).index(plan) * STAGINGS + staging
    empty = Layout(
        id=f"{plan}_{staging:02d}",
        shell=plan,
        kitchen=kitchen,
        fridge=fridge,
        pieces={},
        palette=number,
    )
    while True:
        layout = _Room(empty, dice).furnished()
        if layout is not None and is_sound(build_home(layout)):
            return layout


def is_sound(home: Home) -> bool:
    """Whether all places can be reached, and all that lies on them or is put there."""
    for place in NAVIGABLE:
        stand, point = home.stands[place], home.reference(place)
        if math.hypot(point[0] - stand.x, point[1] - stand.y) > FARTHEST_STAND:
            return False
    return all(
        is_within_reach(home.stands[name], home.receptacles[name].point(x, y, 0.0))
        for name in OPEN_AIR
        for x, y in GRID
    )


def is_within_reach(stand: Pose, point: tuple[float, float, float], slack: float = 0.0) -> bool:
    """Whether a thing at a point can be picked by a robot that stands there.

    Args:
        stand: of the robot.
        point: of the thing [m].
        slack: how much to keep from the limits [m] and [rad].
    """
    dx, dy = point[0] - stand.x, point[1] - stand.y
    aside = math.remainder(math.atan2(dy, dx) - stand.yaw, math.tau)
    return math.hypot(dx, dy) <= REACH[0] - slack and abs(aside) <= REACH[1] - slack


def top_of(box: Box) -> tuple[float, float, float]:
    """Half the depth and width of where things lie in a receptacle's box, and its height [m]."""
    return (
        box.half[0] - MARGIN,
        box.half[1] - MARGIN,
        box.centre[2] - box.half[2] + MARGIN,
    )


def wall_points(shell: Shell) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points along the outer walls `[N, 2]` [m], and at each the direction into the room."""
    points: list[NDArray[np.float64]] = []
    inward: list[NDArray[np.float64]] = []
    for x0, y0, x1, y1 in shell.rooms:
        for normal, start, end in (
            ((1.0, 0.0), (x0, y0), (x0, y1)),
            ((-1.0, 0.0), (x1, y0), (x1, y1)),
            ((0.0, 1.0), (x0, y0), (x1, y0)),
            ((0.0, -1.0), (x0, y1), (x1, y1)),
        ):
            count = round(math.dist(start, end) / 0.05)
            along = np.linspace(start, end, count + 1)[1:-1]
            outer = ~is_inside(shell, along - 0.02 * np.array(normal))
            points.append(along[outer])
            inward.append(np.tile(normal, (int(outer.sum()), 1)))
    return np.concatenate(points), np.concatenate(inward)


def is_inside(shell: Shell, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of some points `[N, 2]` are on the floor."""
    inside = np.zeros(len(points), bool)
    for room in np.array(shell.rooms):
        inside |= ((points >= room[:2]) & (points <= room[2:])).all(axis=-1)
    return inside


class _Room:
    """A home that is being furnished, one piece after another.

    Args:
        layout: with its kitchen and nothing else.
        dice: what draws.
    """

    def __init__(self, layout: Layout, dice: np.random.Generator) -> None:
        self._layout, self._dice = msgspec.structs.replace(layout, pieces={}), dice
        self._shell = SHELLS[layout.shell]
        self._walls, self._inward = wall_points(self._shell)
        self._partitions: list[Outline] = [
            (Pose((x0 + x1) / 2, (y0 + y1) / 2), (x1 - x0) / 2, (y1 - y0) / 2)
            for x0, y0, x1, y1 in self._shell.partitions
        ]
        _, high, left, right = KITCHEN_BODY
        x, y, _ = place_at(layout.kitchen, high + KITCHEN_ROOM / 2, (left + right) / 2, 0.0)
        self._kept_free: list[Outline] = [
            (Pose(x, y, layout.kitchen.yaw), KITCHEN_ROOM / 2, (right - left) / 2 + 0.8)
        ]
        for opening in self._shell.openings:
            if opening.kind == "door":
                middle = Pose(*opening.centre)
                self._kept_free.append((middle, DOOR_ROOM, DOOR_ROOM))

    def furnished(self) -> Layout | None:
        """The layout with all its pieces, or None where one found no place."""
        for place in (self._stand, self._sofa, self._table, self._table, self._chair):
            for _ in range(40):
                found = place()
                if found is not None:
                    self._layout.pieces[found[0]] = found[1]
                    break
            else:
                return None
        return self._layout

    # -- pieces ---------------------------------------------------------------------------------

    def _stand(self) -> tuple[str, Pose] | None:
        """The TV stand: its back to a wall."""
        pose = self._against_wall("TvStnd1", gap=float(self._dice.uniform(0.03, 0.08)))
        return ("TvStnd1", pose) if self._fits("TvStnd1", pose, room=0.6, back=0.12) else None

    def _sofa(self) -> tuple[str, Pose] | None:
        """The sofa: opposite the TV stand, now and then turned a little."""
        television = self._layout.pieces["TvStnd1"]
        ahead, aside, turn = self._dice.uniform((2.1, -0.45, -0.4), (3.4, 0.45, 0.4)).tolist()
        if self._dice.random() < 0.7:
            turn = 0.0
        x, y, _ = place_at(television, ahead, aside, 0.0)
        pose = _rounded(x, y, television.yaw + math.pi + turn)
        low, _, half = PIECES["Sofa"].body
        behind = min(
            self._wall_distance(np.array([place_at(pose, low, side * half, 0.0)[:2]]))
            for side in (-0.9, 0.0, 0.9)
        )
        # Against the wall, or far enough from it to walk behind; no gap that is neither.
        if 0.3 < behind < 0.8:
            return None
        return ("Sofa", pose) if self._fits("Sofa", pose, room=0.35, others=0.9) else None

    def _table(self) -> tuple[str, Pose] | None:
        """A table: free on all sides, or its far side or one end against a wall."""
        name = "Tbl1" if "Tbl1" not in self._layout.pieces else "Tbl2"
        low, high, half = PIECES[name].body
        kind = self._dice.choice(3, p=(0.5, 0.3, 0.2))
        gap = float(self._dice.uniform(0.04, 0.1))
        if kind == 0:
            rooms = np.array(self._shell.rooms)
            room = rooms[int(self._dice.integers(len(rooms)))]
            x, y = self._dice.uniform(room[:2], room[2:]).tolist()
            pose = _rounded(x, y, int(self._dice.integers(4)) * math.pi / 2)
            return (name, pose) if self._fits(name, pose, room=ROOM, others=ROOM) else None
        if kind == 1:
            pose = self._against_wall(name, gap)
            return (name, pose) if self._fits(name, pose, room=0.0, back=0.15) else None
        # The end of a long side: a quarter turn from standing with its back to the wall.
        back = self._against_wall(name, gap + half + low)
        pose = _rounded(back.x, back.y, back.yaw + math.pi / 2)
        free = [place_at(pose, x, y, 0.0)[:2] for x in (low, high) for y in (-0.3, 0.0, 0.3)]
        roomy = self._wall_distance(np.array(free)) >= ROOM - 0.45
        return (name, pose) if roomy and self._fits(name, pose, room=0.0) else None

    def _chair(self) -> tuple[str, Pose] | None:
        """The chair: drawn up to a table, or by the TV stand or the sofa."""
        names = ("Tbl1", "Tbl2", "TvStnd1", "Sofa")
        anchor = names[int(self._dice.choice(4, p=(0.2, 0.2, 0.35, 0.25)))]
        at = self._layout.pieces[anchor]
        low, high, half = PIECES[anchor].body
        gap = float(self._dice.uniform(0.05, 0.2 if anchor.startswith("Tbl") else 0.6)) + 0.24
        side = int(self._dice.integers(2)) * 2 - 1
        if anchor.startswith("Tbl"):  # at one end
            x, y, _ = place_at(at, (low + high) / 2, side * (half + gap), 0.0)
            pose = _rounded(x, y, at.yaw - side * math.pi / 2)
        else:  # beside it, looking the same way
            forward = float(self._dice.uniform(-0.1, 0.5))
            x, y, _ = place_at(at, forward, side * (half + gap), 0.0)
            pose = _rounded(x, y, at.yaw - side * float(self._dice.uniform(0.0, 0.6)))
        fits = self._fits("Chr1", pose, room=0.03, others=0.75, beside=anchor)
        return ("Chr1", pose) if fits else None

    # -- geometry -------------------------------------------------------------------------------

    def _against_wall(self, name: str, gap: float) -> Pose:
        """A pose with the back to a random point of the walls."""
        number = int(self._dice.integers(len(self._walls)))
        point, normal = self._walls[number], self._inward[number]
        x, y = point + normal * (gap - PIECES[name].body[0])
        return _rounded(float(x), float(y), math.atan2(normal[1], normal[0]))

    def _wall_distance(self, points: NDArray[np.float64]) -> float:
        """Least distance from some points `[N, 2]` to an outer wall [m]."""
        offsets = points[:, None] - self._walls[None]
        return float(np.hypot(offsets[..., 0], offsets[..., 1]).min())

    def _fits(
        self,
        name: str,
        pose: Pose,
        *,
        room: float,
        others: float = ROOM,
        back: float | None = None,
        beside: str = "",
    ) -> bool:
        """Whether a piece can stand somewhere.

        Args:
            name: of the piece.
            pose: where.
            room: least distance to walls, but for the one behind it where ``back`` is given [m].
            others: least distance to other furniture [m].
            back: greatest distance of both ends of its back to a wall [m].
            beside: another piece that it may be as near to as it likes without touching it.
        """
        trial = msgspec.structs.replace(self._layout, pieces={name: pose})
        around = outlines(trial)
        outline = around[name]
        if not is_inside(self._shell, np.array([[outline[0].x, outline[0].y]]))[0]:
            return False
        to_walls = float(distance_to(self._walls, *outline).min())
        if to_walls < (0.02 if back is not None else max(room, 0.02)):
            return False
        if back is not None:
            low, _, half = PIECES[name].body
            ends = [np.array([place_at(pose, low, side * half, 0.0)[:2]]) for side in (-1, 1)]
            if max(self._wall_distance(end) for end in ends) > back:
                return False
        edge = boundary(outline)
        if not is_inside(self._shell, edge).all():
            return False
        if any(_gap(edge, outline, free) < 0.02 for free in self._kept_free):
            return False
        present = {**outlines(self._layout), **{str(n): p for n, p in enumerate(self._partitions)}}
        return all(
            _gap(edge, outline, other) >= (0.04 if known == beside else others)
            for known, other in present.items()
        )


def boundary(outline: Outline) -> NDArray[np.float64]:
    """Points along the edge of a rectangle `[N, 2]` [m]."""
    pose, depth, width = outline
    steps = np.linspace(-1.0, 1.0, 21)
    ones = np.ones_like(steps)
    x = np.concatenate([steps, steps, ones, -ones]) * depth
    y = np.concatenate([ones, -ones, steps, steps]) * width
    cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
    return np.stack([pose.x + x * cos - y * sin, pose.y + x * sin + y * cos], axis=1)


def _gap(edge: NDArray[np.float64], outline: Outline, other: Outline) -> float:
    """Distance between two rectangles, 0 where they touch or overlap [m]."""
    return min(
        float(distance_to(edge, *other).min()),
        float(distance_to(boundary(other), *outline).min()),
    )


def _rounded(x: float, y: float, yaw: float) -> Pose:
    return Pose(round(x, 3), round(y, 3), round(yaw % math.tau, 4))
