"""Finds the layout of a home from what lies where in its episodes.

The official files hold no furniture, only objects and what each lies on. Every piece has the same
size in all scenes, so a few dozen objects fix where it stands: the smallest turn and shift of its
known rectangle that covers them. Which side is the front is not in the data; backs are put to the
nearest wall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .home import distance_to, outlines
from .layout import KITCHEN, PIECES, Layout, Pose
from .shells import SHELLS

Points = NDArray[np.float64]

SQUARE_TOLERANCE = 0.03
"""How far objects may lie beyond a piece that is taken to stand square to the walls [m]. Under
the 0.1 m by which a piece turned by five degrees would stick out."""

WALL_REACH = 1.3
"""A back counts as against a wall up to this distance [m]."""

FRIDGE_SIDES = {"v3_sc0": "right", "v3_sc3": "left"}
"""Beside which end of the counter the fridge stands, by macro scene: from which places are
reached together in the official files' subgoals."""


def infer_layout(home: str, supported: Mapping[str, Points]) -> Layout:
    """The layout that explains where objects lie.

    Args:
        home: id of the scene.
        supported: by receptacle, where the objects on it have their origins `[N, 2]` [m].
    """
    kitchen = _fit_kitchen(supported)
    pieces = {
        name: _fit(supported[name], PIECES[name].receptacle)
        for name in ("Tbl1", "Tbl2", "TvStnd1", "Sofa")
        if len(supported.get(name, ()))
    }
    macro = home.rpartition("_staging_")[0]
    layout = Layout(
        id=home,
        shell="loft",
        kitchen=kitchen,
        fridge=FRIDGE_SIDES.get(macro, "right"),
        pieces=pieces,
        palette=int(home[-2:]) if home[-2:].isdigit() else 0,
    )
    for name, towards in (("TvStnd1", "Sofa"), ("Sofa", "TvStnd1")):
        pieces[name] = _facing(layout, name, pieces[towards])
    pieces["Chr1"] = _chair(layout)
    return layout


def _excess(local: Points, size: tuple[float, float]) -> tuple[float, Points]:
    """How far points stick out of a rectangle wherever it is best put, and where that is."""
    low, high = local.min(axis=0), local.max(axis=0)
    return float(np.maximum((high - low) - np.array(size), 0.0).max()), (low + high) / 2


def _turned(points: Points, yaw: float) -> Points:
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.stack(
        [points[:, 0] * cos + points[:, 1] * sin, points[:, 1] * cos - points[:, 0] * sin], axis=1
    )


def _fit(points: Points, size: tuple[float, float]) -> Pose:
    """Where a rectangle stands that covers the points; square to the walls if that will do."""
    candidates = [0.0, math.pi / 2]
    square = min(candidates, key=lambda yaw: _excess(_turned(points, yaw), size)[0])
    best = square
    if _excess(_turned(points, square), size)[0] > SQUARE_TOLERANCE:
        best = min(
            (math.radians(degrees) for degrees in range(180)),
            key=lambda yaw: _excess(_turned(points, yaw), size)[0] + _spread(points, yaw),
        )
    _, middle = _excess(_turned(points, best), size)
    cos, sin = math.cos(best), math.sin(best)
    x, y = middle[0] * cos - middle[1] * sin, middle[0] * sin + middle[1] * cos
    return Pose(round(float(x), 3), round(float(y), 3), round(best, 4))


def _spread(points: Points, yaw: float) -> float:
    """Tells apart turns that all cover the points: a hundredth of the area around them."""
    local = _turned(points, yaw)
    return 0.01 * float(np.prod(local.max(axis=0) - local.min(axis=0)))


def _fit_kitchen(supported: Mapping[str, Points]) -> Pose:
    """The kitchen's frame: its three receptacles keep their places to one another."""
    best, pose = math.inf, Pose(0.0, 0.0)
    for quarter in range(4):
        yaw = quarter * math.pi / 2
        lows, highs = [], []
        for name, part in KITCHEN.items():
            if not len(supported.get(name, ())):
                continue
            local = _turned(supported[name], yaw) - np.array(part.centre)
            half = np.array(part.size) / 2
            # The frame's origin may lie anywhere between these without leaving a point out.
            lows.append(local.max(axis=0) - half)
            highs.append(local.min(axis=0) + half)
        low, high = np.max(lows, axis=0), np.min(highs, axis=0)
        excess, middle = float(np.maximum(low - high, 0.0).max()), (low + high) / 2
        if excess < best - 1e-9:
            cos, sin = math.cos(yaw), math.sin(yaw)
            best = excess
            pose = Pose(
                round(float(middle[0] * cos - middle[1] * sin), 3),
                round(float(middle[0] * sin + middle[1] * cos), 3),
                round(yaw, 4),
            )
    return pose


def _wall_distance(layout: Layout, x: float, y: float) -> float:
    """Distance from a point of the floor to the nearest wall; negative outside [m]."""
    rooms = SHELLS[layout.shell].rooms
    return max(min(x - x0, x1 - x, y - y0, y1 - y) for x0, y0, x1, y1 in rooms)


def _facing(layout: Layout, name: str, other: Pose) -> Pose:
    """The pose, half turned if its back is then to a wall, or else its front to the other."""
    pose = layout.pieces[name]

    def cost(yaw: float) -> float:
        ahead = (math.cos(yaw), math.sin(yaw))
        behind = _wall_distance(layout, pose.x - 0.5 * ahead[0], pose.y - 0.5 * ahead[1])
        towards = ahead[0] * (other.x - pose.x) + ahead[1] * (other.y - pose.y)
        return min(behind, WALL_REACH) - 0.05 * math.tanh(towards)

    turned = min((pose.yaw, pose.yaw + math.pi), key=cost)
    return Pose(pose.x, pose.y, round(turned % (2 * math.pi), 4))


def _chair(layout: Layout) -> Pose:
    """A free place for the chair: beside the TV stand or the sofa, as most scenes have it."""
    taken = list(outlines(layout).values())
    places: list[tuple[float, Pose]] = []
    for name in ("TvStnd1", "Sofa", "Tbl2"):
        anchor = layout.pieces[name]
        for step in range(48):
            angle = step * math.tau / 48
            for radius in (1.15, 1.4, 1.7):
                x, y = anchor.x + radius * math.cos(angle), anchor.y + radius * math.sin(angle)
                point = np.array([[x, y]])
                free = min(float(distance_to(point, *outline)[0]) for outline in taken)
                wall = _wall_distance(layout, x, y)
                # Room for the robot all round, or snug to a wall and away from the rest.
                if wall < 0.3 or free < 0.35:
                    continue
                crowd = max(0.0, 1.25 - free) + 0.3 * min(wall, 1.5)
                yaw = math.atan2(anchor.y - y, anchor.x - x)
                places.append((crowd, Pose(round(x, 3), round(y, 3), round(yaw, 4))))
        if places:
            break
    return min(places, key=lambda entry: entry[0])[1] if places else Pose(2.4, -3.0)


def supports(placed: Sequence[tuple[str, float, float]]) -> dict[str, Points]:
    """Groups ``(receptacle, x, y)`` of many episodes by receptacle, for ``infer_layout``."""
    found: dict[str, list[tuple[float, float]]] = {}
    for receptacle, x, y in placed:
        found.setdefault(receptacle, []).append((x, y))
    return {name: np.array(points) for name, points in found.items()}
