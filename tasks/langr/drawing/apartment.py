"""Floors, walls, ceilings, windows and doors of a floor plan.

Walls and ceilings are drawn from their inner side alone: a camera outside looks through them, as
into a doll's house, and sees only their cut edges. All measures are of our own design.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from ..shells import Shell
from .form import Form
from .opening import DOOR_TOP, LINTEL, SILL, add_curtains, add_door, add_sunlight, add_window
from .wall import Triple, Wall, find_wall, find_walls, is_inside

THICK = 0.14
"""Of outer walls [m]."""

BOARDS = 2.2
"""Metres of floor in one repeat of its picture."""

SKIRTING = 0.09
"""Height of skirting boards [m]."""

RIM = 0.55
"""How far walls darken the floor [m]."""

Hole = tuple[float, float, float, float]
"""From and to along a wall, lowest and highest point [m]."""


def add_apartment(spec: Any, body: Any, name: str, shell: Shell) -> None:
    """Adds a floor plan to a body.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies, at the origin.
        name: of the plan, unique in the spec.
        shell: its walls.
    """
    walls = find_walls(shell)
    forms = {wall: Form() for wall in walls}
    holes: dict[Wall, list[Hole]] = {wall: [] for wall in walls}
    for opening in shell.openings:
        wall, middle = find_wall(walls, opening)
        half = opening.width / 2
        low, high = (SILL, LINTEL) if opening.kind == "window" else (0.0, DOOR_TOP)
        holes[wall].append((middle - half, middle + half, low, high))
        if opening.kind == "window":
            add_window(forms[wall], wall, middle, opening.width)
            add_sunlight(forms[wall], shell, wall, middle, opening.width)
        else:
            add_door(forms[wall], wall, middle, opening.width)
    accent = _accent(walls, holes)
    for number, (wall, form) in enumerate(forms.items()):
        colour = "accent" if wall == accent else "wall"
        _add_wall(form, wall, shell.height, holes[wall], colour)
        # A form of its own each, so that what is behind the camera need not be drawn.
        form.add(spec, body, f"{name} {number}")
    form = Form()
    for x0, y0, x1, y1 in shell.partitions:
        _add_partition(form, (x0, y0, x1, y1), shell.height)
    _add_floor(form, shell, walls)
    form.add(spec, body, name)


def add_window_curtains(spec: Any, body: Any, name: str, shell: Shell, number: int) -> None:
    """Adds the curtains of one window to a body of their own, since furniture may stand there.

    Args:
        spec: a ``mujoco.MjSpec``.
        body: one of its bodies, at the origin.
        name: unique in the spec.
        shell: the floor plan.
        number: of the opening in it.
    """
    opening = shell.openings[number]
    wall, middle = find_wall(find_walls(shell), opening)
    form = Form()
    add_curtains(form, wall, middle, opening.width)
    form.add(spec, body, name)


def _accent(walls: list[Wall], holes: dict[Wall, list[Hole]]) -> Wall:
    """The one wall of another colour: the longest of those with the fewest openings."""
    return max(walls, key=lambda wall: (-len(holes[wall]), wall.length))


def _wall_shade(wall: Wall, along: float, height: float, top: float) -> float:
    """How much light reaches a wall near its edges; 1 in the middle."""
    light = 1 - 0.30 * math.exp(-height / 0.22) - 0.17 * math.exp(-(top - height) / 0.30)
    for bends, away in zip(wall.bends, (along, wall.length - along), strict=True):
        light -= 0.20 * math.exp(-away / 0.30) * bends
    return light - 0.05 * (1 - height / top)


def _add_wall(form: Form, wall: Wall, top: float, holes: list[Hole], colour: str) -> None:
    """Its face with holes for the openings, its skirting, its cut edge."""
    length = wall.length
    columns = {0.0, length}
    for away in (0.12, 0.35, 0.8):
        columns |= {away, length - away}
    count = math.ceil(length / 1.6)
    columns |= {length * number / count for number in range(1, count)}
    rows = {0.0, 0.12, 0.32, 0.7, 1.5, top - 0.8, top - 0.35, top - 0.12, top}
    for low, high, below, above in holes:
        columns |= {low, high}
        rows |= {below, above}
    xs = sorted({round(x, 4) for x in columns if 0 <= x <= length})
    for (x0, x1), (z0, z1) in itertools.product(
        itertools.pairwise(xs), itertools.pairwise(sorted({round(z, 4) for z in rows}))
    ):
        x, z = (x0 + x1) / 2, (z0 + z1) / 2
        if any(low < x < high and below < z < above for low, high, below, above in holes):
            continue
        corners = [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]
        shade = [_wall_shade(wall, x, z, top) for x, z in corners]
        points = [wall.point(x, 0, z) for x, z in corners]
        form.quad(points, colour, cell=9, shade=shade)
    _add_skirting(form, wall, holes)
    before, after = (THICK if bends else 0.0 for bends in wall.bends)
    edge = [(-before, -THICK), (-before, 0.0), (length + after, 0.0), (length + after, -THICK)]
    form.quad([wall.point(x, y, top) for x, y in edge], "cut", cell=99, shade=[1.0] * 4)


def _add_skirting(form: Form, wall: Wall, holes: list[Hole]) -> None:
    gaps = sorted((low, high) for low, high, below, _ in holes if below == 0)
    starts = [0.0, *(high + 0.07 for _, high in gaps)]
    stops = [*(low - 0.07 for low, _ in gaps), wall.length]
    thick = 0.016
    for start, stop in zip(starts, stops, strict=True):
        if stop - start < 0.05:
            continue
        foot = [(start, thick, 0.0), (stop, thick, 0.0)]
        head = [(stop, thick, SKIRTING), (start, thick, SKIRTING)]
        front = [wall.point(*corner) for corner in foot + head]
        form.quad(front, "trim", cell=9, shade=[0.66, 0.66, 0.92, 0.92])
        back = [wall.point(stop, 0.0, SKIRTING), wall.point(start, 0.0, SKIRTING)]
        form.quad([front[3], front[2], *back], "trim", cell=9, shade=[0.97] * 4)


def _add_partition(form: Form, rectangle: tuple[float, float, float, float], top: float) -> None:
    """An inner wall, seen from all sides."""
    x0, y0, x1, y1 = rectangle
    ring = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
    for start, end in zip(ring, ring[1:] + ring[:1], strict=True):
        # Around a partition the room is on the outside, so its corners come forward to nobody.
        _add_wall(form, Wall(end, start, (False, False)), top, [], "wall")
    corners = [(x0, y0, top), (x1, y0, top), (x1, y1, top), (x0, y1, top)]
    form.quad([(x, y, z + 0.002) for x, y, z in corners], "cut", cell=99, shade=[1.0] * 4)


def _add_floor(form: Form, shell: Shell, walls: list[Wall]) -> None:
    """Boards, the ceiling above, and the dark rims where walls stand on the floor."""
    for low, high in _tiles(shell, (0.3, 0.9)):
        corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
        shade = [_ceiling_shade(walls, x, y) for x, y in corners]
        above = [(x, y, shell.height) for x, y in corners]
        form.quad(above[::-1], "ceiling", cell=99, shade=shade[::-1])
    for low, high in _tiles(shell, ()):
        corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
        lengthwise = _lengthwise(shell)
        uv = [
            (x / BOARDS, y / BOARDS) if lengthwise else (y / BOARDS, x / BOARDS) for x, y in corners
        ]
        form.quad([(x, y, 0.0) for x, y in corners], "floor", cell=2.0, uv=uv)
    for wall in walls:
        _add_rim(form, wall, 0.0, wall.length)
    for x0, y0, x1, y1 in shell.partitions:
        ring = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
        for start, end in zip(ring, ring[1:] + ring[:1], strict=True):
            wall = Wall(end, start)
            _add_rim(form, wall, 0.0, wall.length)


def _lengthwise(shell: Shell) -> bool:
    """Whether boards run along x: the longer side of the plan."""
    width = max(room[2] for room in shell.rooms) - min(room[0] for room in shell.rooms)
    depth = max(room[3] for room in shell.rooms) - min(room[1] for room in shell.rooms)
    return width >= depth


def _add_rim(form: Form, wall: Wall, start: float, stop: float) -> None:
    corners = [(start, 0.0), (start, RIM), (stop, RIM), (stop, 0.0)]
    points: list[Triple] = [wall.point(x, y, 0.003) for x, y in corners]
    half = 0.5 / 64
    uv = [(0.5, half), (0.5, 1 - half), (0.5, 1 - half), (0.5, half)]
    form.quad(points, "rim", cell=99, uv=uv)


def _ceiling_shade(walls: list[Wall], x: float, y: float) -> float:
    light = 1.0
    for wall in walls:
        along, away = wall.place(x, y)
        if -0.01 <= along <= wall.length + 0.01 and away > -0.01:
            light -= 0.22 * math.exp(-max(away, 0) / 0.35)
    return max(light, 0.5)


def _tiles(
    shell: Shell, margins: tuple[float, ...]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Rectangles that cover the floor once, finer near walls."""
    lines = []
    for axis in (0, 1):
        cuts = {room[side] for room in shell.rooms for side in (axis, axis + 2)}
        cuts |= {cut + sign * margin for cut in cuts for margin in margins for sign in (-1, 1)}
        lines.append(sorted(round(cut, 4) for cut in cuts))
    return [
        ((x0, y0), (x1, y1))
        for x0, x1 in itertools.pairwise(lines[0])
        for y0, y1 in itertools.pairwise(lines[1])
        if is_inside(shell, (x0 + x1) / 2, (y0 + y1) / 2)
    ]
