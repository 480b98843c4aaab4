"""Where furniture and decoration of a home are, beyond what its layout says.

Decoration keeps away from receptacles and from where the robot works. All distances are of our
own design.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..home import Home, Outline, distance_to, fridge_pose, outlines, place_at
from ..layout import KITCHEN_BODY, Layout, Pose
from ..shells import Shell
from .decoration import PAINTINGS
from .sofa import RUG
from .wall import Wall, find_wall, find_walls, is_inside

GAP = 0.2
"""Farthest that a wall may be from the kitchen's back for cupboards to hang on it [m]."""

EYE_LEVEL = 1.62
"""Height of a picture's middle [m]."""


class Stand(msgspec.Struct, frozen=True):
    """A place in the home and a heading: x, y, z [m] and yaw [rad]."""

    x: float
    y: float
    z: float
    yaw: float


def arrange(layout: Layout, shell: Shell, home: Home) -> dict[str, Stand]:
    """Where each body stands, by its name in the model; what is missing is not shown.

    Args:
        layout: the home's.
        shell: its floor plan.
        home: its geometry, for where the robot goes.
    """
    kitchen, fridge = layout.kitchen, fridge_pose(layout)
    found = {name: _on_floor(pose) for name, pose in layout.pieces.items()}
    found["kitchen"], found["fridge"] = _on_floor(kitchen), _on_floor(fridge)
    walls = find_walls(shell)
    holes = _holes(shell, walls)
    if _is_backed(kitchen, walls, holes):
        found["cupboards"] = _on_floor(kitchen)
    rug = _rug(layout.pieces["Sofa"], shell)
    if rug is not None:
        found["rug"] = rug
    covered = outlines(layout)
    for number in _free_windows(shell, walls, covered):
        found[curtains_of(layout.shell, number)] = Stand(0.0, 0.0, 0.0, 0.0)
    table = layout.pieces["Tbl2"]
    found["pendant"] = Stand(table.x, table.y, shell.height, 0.0)
    for name, spot in zip(
        ("plant", "floor lamp"), _corners(shell, walls, holes, covered, home), strict=False
    ):
        found[name] = Stand(*spot, 0.0, layout.palette * 2.4)
    for number, stand in enumerate(_paintings(layout, walls, holes, covered)):
        found[f"painting {(number + layout.palette) % PAINTINGS}"] = stand
    return found


def curtains_of(shell: str, number: int) -> str:
    """The name of the body of a window's curtains, by the number of the opening."""
    return f"curtains {shell} {number}"


def _free_windows(shell: Shell, walls: list[Wall], covered: Mapping[str, Outline]) -> list[int]:
    """The windows before which nothing tall stands, so that curtains can hang there."""
    tall = {name: covered[name] for name in ("kitchen", "fridge", "TvStnd1")}
    found = []
    for number, opening in enumerate(shell.openings):
        if opening.kind != "window":
            continue
        wall, middle = find_wall(walls, opening)
        half = opening.width / 2 + 0.4
        along = np.linspace(middle - half, middle + half, 12)
        points = np.array([wall.point(float(one), 0.05, 0.0)[:2] for one in along])
        if _away(points, tall).min() > 0.1:
            found.append(number)
    return found


def _on_floor(pose: Pose) -> Stand:
    return Stand(pose.x, pose.y, 0.0, pose.yaw)


def _holes(shell: Shell, walls: list[Wall]) -> dict[Wall, list[tuple[float, float]]]:
    """From and to of each opening along its wall, curtains and casings included [m]."""
    found: dict[Wall, list[tuple[float, float]]] = {wall: [] for wall in walls}
    for opening in shell.openings:
        wall, middle = find_wall(walls, opening)
        half = opening.width / 2 + (0.42 if opening.kind == "window" else 0.1)
        found[wall].append((middle - half, middle + half))
    return found


def _is_backed(
    kitchen: Pose, walls: list[Wall], holes: Mapping[Wall, list[tuple[float, float]]]
) -> bool:
    """Whether a wall without openings runs along the kitchen's back."""
    ends = [place_at(kitchen, KITCHEN_BODY[0], y, 0.0) for y in KITCHEN_BODY[2:]]
    for wall in walls:
        places = [wall.place(x, y) for x, y, _ in ends]
        low, high = sorted(along for along, _ in places)
        if not all(-0.05 <= away <= GAP for _, away in places):
            continue
        if low < -0.1 or high > wall.length + 0.1:
            continue
        return not any(a < high and b > low for a, b in holes[wall])
    return False


def _rug(sofa: Pose, shell: Shell) -> Stand | None:
    """In front of the sofa, as far as there is floor."""
    for ahead in (0.95, 0.85, 0.75, 0.65, 0.5):
        points = [
            place_at(sofa, ahead + dx * RUG[0] / 2, dy * RUG[1] / 2, 0.0)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
        ]
        if all(
            is_inside(shell, x, y)
            and not any(a < x < c and b < y < d for a, b, c, d in shell.partitions)
            for x, y, _ in points
        ):
            x, y, _ = place_at(sofa, ahead, 0.0, 0.0)
            return Stand(x, y, 0.0, sofa.yaw)
    return None


def _away(points: NDArray[np.float64], covered: Mapping[str, Outline]) -> NDArray[np.float64]:
    """Distance of points `[N, 2]` from the nearest furniture [m]."""
    distances = [distance_to(points, *outline) for outline in covered.values()]
    return np.asarray(np.min(distances, axis=0))


def _corners(
    shell: Shell,
    walls: list[Wall],
    holes: Mapping[Wall, list[tuple[float, float]]],
    covered: Mapping[str, Outline],
    home: Home,
) -> list[tuple[float, float]]:
    """The two spots by the walls that are least in the way, far from each other."""
    inset = 0.24
    spots = []
    for wall in walls:
        count = max(2, round(wall.length / 0.3))
        for along in np.linspace(inset, wall.length - inset, count):
            if any(low - 0.15 < along < high + 0.15 for low, high in holes[wall]):
                continue
            spots.append(wall.point(float(along), inset, 0.0)[:2])
    points = np.array(spots)
    floor = np.asarray(home.floor)
    lanes = np.linalg.norm(points[:, None] - floor[None], axis=2).min(axis=1)
    stands = np.array([(stand.x, stand.y) for stand in home.stands.values()])
    busy = np.linalg.norm(points[:, None] - stands[None], axis=2).min(axis=1)
    beside = _away(points, covered)
    partition = np.full(len(points), 9.0)
    for x0, y0, x1, y1 in shell.partitions:
        pose = Pose((x0 + x1) / 2, (y0 + y1) / 2)
        partition = np.minimum(partition, distance_to(points, pose, (x1 - x0) / 2, (y1 - y0) / 2))
    fits = (beside > 0.24) & (busy > 0.75) & (lanes > 0.24) & (partition > 0.22)
    chosen: list[tuple[float, float]] = []
    score = np.where(fits, np.minimum(lanes, 0.6) + 0.02 * np.minimum(beside, 2.0), -1.0)
    while len(chosen) < 2 and score.max() > 0:
        best = points[int(np.argmax(score))]
        chosen.append((float(best[0]), float(best[1])))
        score[np.linalg.norm(points - best, axis=1) < 1.2] = -1.0
    return chosen


def _paintings(
    layout: Layout,
    walls: list[Wall],
    holes: Mapping[Wall, list[tuple[float, float]]],
    covered: Mapping[str, Outline],
) -> list[Stand]:
    """Free stretches of wall, over the sofa first, well apart."""
    kitchen = {name: covered[name] for name in ("kitchen", "fridge", "TvStnd1")}
    spots, stands = [], []
    for wall in walls:
        count = max(2, round(wall.length / 0.25))
        for along in np.linspace(0.55, wall.length - 0.55, count):
            if any(low - 0.36 < along < high + 0.36 for low, high in holes[wall]):
                continue
            x, y, _ = wall.point(float(along), 0.0, 0.0)
            spots.append((x, y))
            heading = math.atan2(wall.inward[1], wall.inward[0])
            stands.append(Stand(x, y, EYE_LEVEL, heading))
    points = np.array(spots).reshape(-1, 2)
    if not len(points):
        return []
    free = _away(points, kitchen) > 0.6
    sofa = layout.pieces["Sofa"]
    score = np.where(free, 9.0 - np.hypot(points[:, 0] - sofa.x, points[:, 1] - sofa.y), -9.0)
    chosen: list[Stand] = []
    while len(chosen) < PAINTINGS and score.max() > -9.0:
        best = int(np.argmax(score))
        chosen.append(stands[best])
        score[np.linalg.norm(points - points[best], axis=1) < 1.9] = -9.0
    return chosen
